//! Making all levels and all aggregators from one decode of the base.
//!
//! The tiles of all levels form a forest: a tile is made from its children one level down, base
//! tiles are read. The forest is walked depth first, so that at any moment a thread holds one
//! unfinished tile per level and no more; finished tiles are cut into blocks and encoded at once,
//! their memory is used again, and their superchunk is written when its last block has come.
//!
//! **Memory law**: for each thread, `levels` tiles with 8 bytes per cell for the count, 8 for a sum
//! and one element for each further aggregator, plus at most 64 MiB of *encoded* blocks of superchunks
//! that are not complete, plus two copies of one superchunk while it is written. It grows with the
//! array up to these bounds and no further.

mod occupancy;
mod plan;
mod pool;
mod sink;
mod waiting;

use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use ziggurat_core::progress::Progress;
use ziggurat_core::{Array, ElementType, Error, Region, Result, Variable};

use crate::aggregate::{Aggregator, Cells, Channels, Output, Partial, Sample};
use occupancy::Occupancy;
use plan::Plan;
use pool::Pool;
use sink::Sink;
use waiting::Held;

/// The levels of one aggregator of one variable.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) aggregator: Aggregator,
    /// What [`Aggregator::output`] makes of the variable.
    pub(crate) made: Variable,
    /// The arrays of level 1, 2, ...
    pub(crate) arrays: Vec<Array>,
}

/// Fills `targets` from `base`, whose values mean what `variable` says.
///
/// # Errors
/// If a superchunk cannot be read or written, or the work is cancelled; then the levels are
/// incomplete and must be built again.
pub(crate) fn build(
    base: &Array,
    variable: &Variable,
    factors: &[u64],
    targets: &[Target],
    progress: &dyn Progress,
) -> Result<()> {
    build_within(Held::default(), base, variable, factors, targets, progress)
}

/// [`build`] with another bound of memory.
fn build_within(
    held: Held,
    base: &Array,
    variable: &Variable,
    factors: &[u64],
    targets: &[Target],
    progress: &dyn Progress,
) -> Result<()> {
    if targets.is_empty() {
        return Ok(());
    }
    macro_rules! run {
        ($t:ty) => {
            Builder::<$t>::new(held, base, variable, factors, targets, progress)?.run()
        };
    }
    match base.element() {
        ElementType::Bool | ElementType::UInt8 => run!(u8),
        ElementType::UInt16 => run!(u16),
        ElementType::UInt32 => run!(u32),
        ElementType::UInt64 => run!(u64),
        ElementType::Int8 => run!(i8),
        ElementType::Int16 => run!(i16),
        ElementType::Int32 => run!(i32),
        ElementType::Int64 => run!(i64),
        ElementType::Float16 => run!(half::f16),
        ElementType::Float32 => run!(f32),
        ElementType::Float64 => run!(f64),
        ElementType::Complex64 | ElementType::Complex128 => {
            let what = format!("levels of {} values; make none", base.element());
            Err(Error::unsupported(base.place(), what))
        }
    }
}

struct Builder<'a, T: Sample> {
    plan: Plan<'a>,
    occupied: Occupancy,
    /// By level (from 1), one per target.
    outputs: Vec<Vec<(Output<T>, Sink<'a>)>>,
    channels: Channels,
    nodata: Option<T>,
    fill: T,
    held: Held,
    progress: &'a dyn Progress,
    partials: Pool<Partial<T>>,
    /// One decoded block of the base.
    blocks: Pool<Vec<T>>,
    /// The bytes of one tile of one aggregator.
    tiles: Pool<Vec<u8>>,
}

/// The aggregates of a tile, from its first child on.
type Gathering<T> = Mutex<Option<Partial<T>>>;

impl<'a, T: Sample> Builder<'a, T> {
    fn new(
        held: Held,
        base: &'a Array,
        variable: &Variable,
        factors: &[u64],
        targets: &'a [Target],
        progress: &'a dyn Progress,
    ) -> Result<Self> {
        let levels = targets.iter().map(|t| t.arrays.len()).max().unwrap_or(0);
        let plan = Plan::new(base, factors, levels);
        let fill: T = value(base, &base.metadata().fill)?;
        let nodata = variable.nodata.and_then(T::from_scalar);
        // Where nothing can be missing the value is never asked.
        let missing = nodata.or(T::NAN).unwrap_or(fill);
        let fill_is_missing = fill.is_nan() || Some(fill) == nodata;
        let mut channels = Channels::default();
        let mut outputs: Vec<Vec<_>> = (0..levels).map(|_| Vec::new()).collect();
        for target in targets {
            for (i, array) in target.arrays.iter().enumerate() {
                let output = Output::new(target.aggregator, variable, &target.made, missing);
                output.needs(&mut channels);
                outputs[i].push((output, Sink::new(array, i + 1)));
            }
        }
        // Where nothing was written nothing is visited, if the levels say by their own fill value
        // what the fill value of the base amounts to. A count, for one, does not.
        let unwritten = Partial::constant(factors.len(), channels, fill);
        let tells = |(output, sink): &(Output<T>, Sink<'_>)| {
            let mut bytes = Vec::new();
            output.write(&unwritten, &mut bytes);
            bytes == sink.fill()
        };
        let occupied = match fill_is_missing || outputs.iter().flatten().all(tells) {
            true => Occupancy::of_base(&plan)?,
            false => Occupancy::full(levels),
        };
        Ok(Self {
            plan,
            occupied,
            outputs,
            channels,
            nodata,
            fill,
            held,
            progress,
            partials: Pool::new(),
            blocks: Pool::new(),
            tiles: Pool::new(),
        })
    }

    fn run(&self) -> Result<()> {
        let top = self.plan.levels();
        if top == 0 {
            return Ok(());
        }
        self.progress
            .start("levels", self.occupied.count(0, &self.plan.grid(0)));
        self.occupied
            .tiles(top, &self.plan.grid(top))
            .par_iter()
            .try_for_each(|tile| {
                let done = self.gather(top, tile)?;
                self.partials.give_back(done);
                Ok(())
            })?;
        self.outputs
            .iter()
            .flatten()
            .try_for_each(|(_, sink)| sink.clear_rest(&self.plan, &self.occupied))
    }

    /// Makes `tile` of `level` (at least 1) from its children, and writes it.
    fn gather(&self, level: usize, tile: &[u64]) -> Result<Partial<T>> {
        let region = self.plan.region(level, tile);
        let gathering = Gathering::default();
        self.plan
            .children(level, tile)
            .par_iter()
            .try_for_each(|child| self.contribute(level - 1, child, &region, &gathering))?;
        let gathered = gathering.into_inner();
        let partial = gathered
            .unwrap_or_else(PoisonError::into_inner)
            .unwrap_or_else(|| self.nothing(&region));
        let mut bytes = self.tiles.take().unwrap_or_default();
        for (output, sink) in &self.outputs[level - 1] {
            output.write(&partial, &mut bytes);
            sink.put(&self.plan, &self.occupied, &region, &bytes, &self.held)?;
        }
        self.tiles.give_back(bytes);
        self.bound_memory()?;
        Ok(partial)
    }

    /// The aggregates of nothing.
    fn nothing(&self, region: &Region) -> Partial<T> {
        match self.partials.take() {
            Some(used) => used.renewed(region.clone(), self.channels, self.fill),
            None => Partial::new(region.clone(), self.channels, self.fill),
        }
    }

    /// Adds to what is gathered of `region`. Children lie side by side there, so their order does
    /// not matter; adding is short beside making them, so that they hardly wait for each other.
    fn add(&self, region: &Region, into: &Gathering<T>, add: impl FnOnce(&mut Partial<T>)) {
        let mut gathered = into.lock().unwrap_or_else(PoisonError::into_inner);
        add(gathered.get_or_insert_with(|| self.nothing(region)));
    }

    /// Writes unfinished superchunks until no more is held than may be: those of the coarsest levels
    /// first, since they wait longest.
    fn bound_memory(&self) -> Result<()> {
        let sinks = || self.outputs.iter().rev().flatten().map(|(_, sink)| sink);
        for sink in sinks() {
            while self.held.is_too_much() && sink.spill(&self.held)? {}
        }
        Ok(())
    }

    /// Adds `tile` of `level` to the cells of `region`, one level up, that stand for it.
    fn contribute(
        &self,
        level: usize,
        tile: &[u64],
        region: &Region,
        into: &Gathering<T>,
    ) -> Result<()> {
        if !self.occupied.contains(level, tile) {
            self.contribute_fill(level, tile, region, into);
            return Ok(());
        }
        if level > 0 {
            let below = self.gather(level, tile)?;
            self.add(region, into, |above| {
                above.add_partial(&below, &self.plan.factors);
            });
            self.partials.give_back(below);
            return Ok(());
        }
        self.progress.check("making levels")?;
        self.contribute_base(tile, region, into)?;
        self.progress.advance(1);
        Ok(())
    }

    fn contribute_base(&self, tile: &[u64], above: &Region, into: &Gathering<T>) -> Result<()> {
        let base = self.plan.base;
        let block_shape = base.layout().block();
        let region = self.plan.region(0, tile);
        let mut values = self.blocks.take().unwrap_or_default();
        values.resize(base.codec().decoded_size() / size_of::<T>(), self.fill);
        for index in region.cells(block_shape).indices() {
            if !base.read_block_into(&index, bytemuck::cast_slice_mut(&mut values))? {
                if self.is_missing(self.fill) {
                    continue;
                }
                values.fill(self.fill);
            }
            let stored = Region::of_cell(&index, block_shape);
            if let Some(valid) = stored.intersect(&region) {
                let cells = Cells {
                    values: &values,
                    stored: &stored,
                    valid: &valid,
                    nodata: self.nodata,
                };
                self.add(above, into, |sum| sum.add_cells(cells, &self.plan.factors));
            }
        }
        self.blocks.give_back(values);
        Ok(())
    }

    /// Adds a tile in which nothing was ever written.
    fn contribute_fill(&self, level: usize, tile: &[u64], region: &Region, into: &Gathering<T>) {
        if self.is_missing(self.fill) {
            return;
        }
        let above = self.plan.above(&self.plan.region(level, tile));
        let counts = self.plan.base_cells(level + 1, &above);
        self.add(region, into, |sum| {
            sum.add_constant(&above, self.fill, &counts);
        });
    }

    fn is_missing(&self, value: T) -> bool {
        value.is_nan() || Some(value) == self.nodata
    }
}

/// The value in the bytes of one element.
fn value<T: Sample>(array: &Array, bytes: &[u8]) -> Result<T> {
    ziggurat_core::element::to_values(bytes)
        .first()
        .copied()
        .ok_or_else(|| {
            Error::data(
                array.place(),
                "its fill value has not the size of an element",
            )
        })
}

#[cfg(test)]
mod tests;
