//! How a datastore is laid out.

use ziggurat_core::codec::CodecSpec;
use ziggurat_core::layout::{Layout, Targets, automatic};
use ziggurat_core::{Axis, Dimension, Error, Result, Variable};

use crate::Aggregator;

/// How many levels above the base.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Levels {
    /// Until the coarsest level is no larger than 256 cells in every dimension that is aggregated.
    #[default]
    Auto,
    /// So many.
    Count(usize),
}

/// Cells of the coarsest level, in each aggregated dimension, where levels are counted automatically.
const COARSEST: u64 = 256;

/// Most levels: 2^40 cells become one.
const MOST_LEVELS: usize = 40;

/// A size of blocks, chunks or superchunks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Size {
    /// Chosen from the shape of the variable.
    #[default]
    Auto,
    /// About so many bytes.
    Bytes(u64),
    /// So many cells in the last dimensions, 1 in the dimensions before.
    Shape(Vec<u64>),
}

/// How cells of one level are grouped into cells of the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Factors {
    /// The same factor in X and Y (or the last two dimensions), 1 in all others.
    Spatial(u64),
    /// A factor by dimension name, 1 in all others.
    Named(Vec<(String, u64)>),
}

impl Default for Factors {
    fn default() -> Self {
        Self::Spatial(2)
    }
}

/// Everything that is chosen when a datastore is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Levels above the base.
    pub levels: Levels,
    /// Cells grouped into one.
    pub factors: Factors,
    /// Aggregators; the first makes the levels of the store itself, the others `agg/<name>`.
    pub aggregators: Vec<Aggregator>,
    /// Unit that is decoded alone.
    pub block: Size,
    /// Unit that is fetched in one request.
    pub chunk: Size,
    /// One object of the store.
    pub superchunk: Size,
    /// Whether each chunk is an object of its own (for readers without sharding).
    pub unsharded: bool,
    /// Codec of blocks.
    pub codec: CodecSpec,
    /// What superchunks are besides Zarr shards: the name of a registered
    /// [framing](ziggurat_core::shard::Framing).
    pub framing: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            levels: Levels::Auto,
            factors: Factors::default(),
            aggregators: vec![Aggregator::Mean],
            block: Size::Auto,
            chunk: Size::Auto,
            superchunk: Size::Auto,
            unsharded: false,
            codec: CodecSpec::default(),
            framing: None,
        }
    }
}

impl Options {
    /// Factors of each dimension of each variable; a dimension that variables share has one factor.
    ///
    /// # Errors
    /// [`Error::Caller`] for a factor of 0 or 1, a name that is no dimension, or no aggregated dimension.
    pub fn factors_of(&self, variables: &[Variable]) -> Result<Vec<Vec<u64>>> {
        let refuse = |what: String| Err(Error::caller("factor", what));
        let dims = || variables.iter().flat_map(|v| &v.dims);
        match &self.factors {
            Factors::Spatial(f) if *f < 2 => refuse(format!("{f} groups nothing; use 2 or more")),
            Factors::Spatial(f) => {
                // Series beside maps are not aggregated: they share the time of the maps.
                let maps = dims().any(|d| matches!(d.axis, Axis::X | Axis::Y));
                let of = |v: &Variable| match maps && v.axis(Axis::X).or(v.axis(Axis::Y)).is_none()
                {
                    true => vec![1; v.dims.len()],
                    false => v.spatial_factors(*f),
                };
                Ok(variables.iter().map(of).collect())
            }
            Factors::Named(named) => {
                let known = |name: &str| dims().any(|d| d.name == name);
                if let Some((name, _)) = named.iter().find(|(n, _)| !known(n)) {
                    let mut all: Vec<&str> = dims().map(|d| d.name.as_str()).collect();
                    all.sort_unstable();
                    all.dedup();
                    let what = format!("{name:?} is no dimension; there are {}", all.join(", "));
                    return refuse(what);
                }
                if named.iter().any(|(_, f)| *f == 0) || named.iter().all(|(_, f)| *f == 1) {
                    return refuse("at least one factor must be 2 or more, and none 0".into());
                }
                let of = |d: &Dimension| {
                    let given = named.iter().find(|(n, _)| *n == d.name);
                    given.map_or(1, |(_, f)| *f)
                };
                Ok(variables
                    .iter()
                    .map(|v| v.dims.iter().map(of).collect())
                    .collect())
            }
        }
    }

    /// Number of levels above the base for variables of these shapes and factors.
    ///
    /// # Errors
    /// [`Error::Limit`] for more than 40.
    pub fn count_levels(&self, variables: &[(Vec<u64>, Vec<u64>)]) -> Result<usize> {
        match self.levels {
            Levels::Count(n) if n > MOST_LEVELS => Err(Error::limit(
                "levels",
                format!("{n} asked, at most {MOST_LEVELS} are possible"),
            )),
            Levels::Count(n) => Ok(n),
            Levels::Auto => {
                let needed = |size: u64, factor: u64| match factor {
                    1 => 0,
                    f => (0..64)
                        .take_while(|&l| size.div_ceil(f.saturating_pow(l)) > COARSEST)
                        .count(),
                };
                let by_dimension = variables.iter().flat_map(|(shape, factors)| {
                    shape.iter().zip(factors).map(|(&s, &f)| needed(s, f))
                });
                Ok(by_dimension.max().unwrap_or(0))
            }
        }
    }

    /// The layout of the base of `variable`, whose factors are `factors`.
    ///
    /// # Errors
    /// [`Error::Caller`] if given shapes do not nest.
    pub fn layout_of(&self, variable: &Variable, factors: &[u64]) -> Result<Layout> {
        let shape = variable.shape();
        let size = variable.element.size() as u64;
        let mut targets = Targets::default();
        if let CodecSpec::Extension(_) = self.codec {
            // Such a codec divides blocks further: they may be as large as what is fetched at once.
            targets.block = targets.chunk;
        }
        for (given, target) in [
            (&self.block, &mut targets.block),
            (&self.chunk, &mut targets.chunk),
            (&self.superchunk, &mut targets.superchunk),
        ] {
            if let Size::Bytes(bytes) = given {
                *target = (*bytes).max(size);
            }
        }
        targets.chunk = targets.chunk.max(targets.block);
        targets.superchunk = targets.superchunk.max(targets.chunk);
        let grow: Vec<bool> = factors.iter().map(|&f| f > 1).collect();
        let [superchunk, chunk, block] = automatic(&shape, size, &grow, targets);
        let whole = |given: &Size, auto: Vec<u64>, name: &str| match given {
            Size::Shape(sizes) if sizes.len() > shape.len() || sizes.contains(&0) => {
                let what = format!(
                    "{sizes:?} does not fit the {} dimensions of {}",
                    shape.len(),
                    variable.name
                );
                Err(Error::caller(name, what))
            }
            Size::Shape(sizes) => {
                let leading = vec![1; shape.len() - sizes.len()];
                Ok([leading, sizes.clone()].concat())
            }
            _ => Ok(auto),
        };
        // What was given stands; what is automatic follows it.
        let given_block = matches!(self.block, Size::Shape(_));
        let given_chunk = matches!(self.chunk, Size::Shape(_));
        let chunk = whole(&self.chunk, chunk, "chunk")?;
        if self.unsharded {
            return Layout::unsharded(&chunk);
        }
        let mut block = whole(&self.block, block, "block")?;
        let mut superchunk = whole(&self.superchunk, superchunk, "superchunk")?;
        let round_up = |outer: &[u64], inner: &[u64]| -> Vec<u64> {
            outer
                .iter()
                .zip(inner)
                .map(|(o, i)| o.div_ceil(*i).max(1) * i)
                .collect()
        };
        if given_chunk && !given_block {
            block = divisors(&block, &chunk);
        }
        let chunk = if given_chunk {
            chunk
        } else {
            round_up(&chunk, &block)
        };
        let chunk = match &self.superchunk {
            Size::Shape(_) if !given_chunk => fit(&chunk, &block, &superchunk),
            _ => chunk,
        };
        if !matches!(self.superchunk, Size::Shape(_)) {
            superchunk = round_up(&superchunk, &chunk);
        }
        Layout::sharded(&superchunk, &chunk, &block)
    }
}

/// In each dimension the largest divisor of `whole` that is no larger than `most`.
fn divisors(most: &[u64], whole: &[u64]) -> Vec<u64> {
    let largest = |most: u64, whole: u64| {
        (1..=most.min(whole))
            .rev()
            .find(|d| whole.is_multiple_of(*d))
    };
    most.iter()
        .zip(whole)
        .map(|(&m, &w)| largest(m, w).unwrap_or(1))
        .collect()
}

/// Chunks of whole blocks, no larger than `chunk`, that divide `superchunk` where that is possible.
fn fit(chunk: &[u64], block: &[u64], superchunk: &[u64]) -> Vec<u64> {
    let one = |d: usize| {
        let (c, b, s) = (chunk[d], block[d], superchunk[d]);
        (1..=c / b)
            .rev()
            .map(|n| n * b)
            .find(|c| s.is_multiple_of(*c))
            .unwrap_or(b)
    };
    (0..chunk.len()).map(one).collect()
}
