//! Partial aggregates of a box of cells, exact over any number of levels.
//!
//! Let a cell of level L stand for the base cells whose indices, divided by the factors L times,
//! give its index. Then count, sum, minimum and maximum over those base cells follow from those of
//! the cells one level down, in any grouping. A [`Partial`] holds them for a box of one level, so
//! that the mean of every level is a mean of base cells and never a mean of means. (Sums of floats
//! are added in double precision; every other quantity is exact.) The nearest cell is the first of
//! its group in every dimension, missing or not.

use ziggurat_core::Region;
use ziggurat_core::region::offset;

use super::sample::Sample;

/// Which quantities are needed; the count always is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each stands for one buffer")]
pub(crate) struct Channels {
    pub(crate) sum: bool,
    pub(crate) min: bool,
    pub(crate) max: bool,
    pub(crate) nearest: bool,
}

/// Quantities of each cell of `region`, in C order; a channel that is not needed is empty.
#[derive(Clone, Debug)]
pub(crate) struct Partial<T: Sample> {
    pub(crate) region: Region,
    pub(crate) count: Vec<u64>,
    pub(crate) sum: Vec<T::Sum>,
    pub(crate) min: Vec<T>,
    pub(crate) max: Vec<T>,
    pub(crate) nearest: Vec<T>,
}

/// Values of base cells: a C-order array over the box `stored`, of which the box `valid` counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cells<'a, T> {
    pub(crate) values: &'a [T],
    pub(crate) stored: &'a Region,
    pub(crate) valid: &'a Region,
    /// The value that means missing; NaN always does.
    pub(crate) nodata: Option<T>,
}

impl<T: Sample> Partial<T> {
    /// The aggregate of nothing; `absent` is what the nearest cell of nothing is.
    pub(crate) fn new(region: Region, channels: Channels, absent: T) -> Self {
        let unused = Self {
            region: Region::whole(&[]),
            count: Vec::new(),
            sum: Vec::new(),
            min: Vec::new(),
            max: Vec::new(),
            nearest: Vec::new(),
        };
        unused.renewed(region, channels, absent)
    }

    /// As [`new`](Self::new), in the memory of `self`.
    pub(crate) fn renewed(mut self, region: Region, channels: Channels, absent: T) -> Self {
        fn renew<V: Copy>(values: &mut Vec<V>, n: usize, value: V) {
            values.clear();
            values.reserve_exact(n);
            values.resize(n, value);
        }
        let n = usize::try_from(region.len()).unwrap_or(0);
        let cells = |wanted| if wanted { n } else { 0 };
        renew(&mut self.count, n, 0);
        renew(&mut self.sum, cells(channels.sum), T::Sum::default());
        renew(&mut self.min, cells(channels.min), T::TOP);
        renew(&mut self.max, cells(channels.max), T::BOTTOM);
        renew(&mut self.nearest, cells(channels.nearest), absent);
        self.region = region;
        self
    }

    /// The aggregate of one base cell of this value, as the only cell of a level of this rank.
    pub(crate) fn constant(rank: usize, channels: Channels, value: T) -> Self {
        let mut one = Self::new(Region::whole(&vec![1; rank]), channels, value);
        one.add_constant(&one.region.clone(), value, &vec![vec![1]; rank]);
        one
    }

    /// Adds base cells, each to the cell that stands for it one level up.
    pub(crate) fn add_cells(&mut self, cells: Cells<'_, T>, factors: &[u64]) {
        // Two loops, so that neither asks for each cell whether there is a nodata value.
        match cells.nodata {
            None => self.add_valid(cells, factors, |v| !v.is_nan()),
            Some(nodata) => self.add_valid(cells, factors, |v| !v.is_nan() && v != nodata),
        }
    }

    fn add_valid(&mut self, cells: Cells<'_, T>, factors: &[u64], valid: impl Fn(T) -> bool) {
        for row in rows(cells.valid, cells.stored, &self.region, factors) {
            let values = &cells.values[row.from..row.from + row.len];
            let group = row.group;
            group.fold(values, &mut self.count[row.to..], |n, v| {
                *n += u64::from(valid(v));
            });
            if !self.sum.is_empty() {
                group.fold(values, &mut self.sum[row.to..], |sum, v| {
                    *sum += if valid(v) {
                        v.widen()
                    } else {
                        T::Sum::default()
                    };
                });
            }
            if !self.min.is_empty() {
                group.fold(values, &mut self.min[row.to..], |min, v| {
                    *min = if valid(v) && v < *min { v } else { *min };
                });
            }
            if !self.max.is_empty() {
                group.fold(values, &mut self.max[row.to..], |max, v| {
                    *max = if valid(v) && v > *max { v } else { *max };
                });
            }
            if !self.nearest.is_empty() && row.first {
                group.firsts(values, &mut self.nearest[row.to..]);
            }
        }
    }

    /// Adds the cells of the level below, each to the cell that stands for it.
    pub(crate) fn add_partial(&mut self, below: &Self, factors: &[u64]) {
        for row in rows(&below.region, &below.region, &self.region, factors) {
            let (span, group) = (row.from..row.from + row.len, row.group);
            group.fold(
                &below.count[span.clone()],
                &mut self.count[row.to..],
                |n, v| *n += v,
            );
            if !self.sum.is_empty() {
                group.fold(
                    &below.sum[span.clone()],
                    &mut self.sum[row.to..],
                    |sum, v| *sum += v,
                );
            }
            // A cell without a count still holds TOP or BOTTOM, which never wins.
            if !self.min.is_empty() {
                group.fold(
                    &below.min[span.clone()],
                    &mut self.min[row.to..],
                    |min, v| {
                        *min = if v < *min { v } else { *min };
                    },
                );
            }
            if !self.max.is_empty() {
                group.fold(
                    &below.max[span.clone()],
                    &mut self.max[row.to..],
                    |max, v| {
                        *max = if v > *max { v } else { *max };
                    },
                );
            }
            if !self.nearest.is_empty() && row.first {
                group.firsts(&below.nearest[span], &mut self.nearest[row.to..]);
            }
        }
    }

    /// Adds `value` to each cell of `part`, a box of this level, as often as the product of its
    /// `counts`, one list per dimension, says.
    pub(crate) fn add_constant(&mut self, part: &Region, value: T, counts: &[Vec<u64>]) {
        for index in part.indices() {
            let at = part.start.iter().zip(&index).map(|(s, i)| small(i - s));
            let n: u64 = counts.iter().zip(at).map(|(list, i)| list[i]).product();
            let relative: Vec<u64> = index
                .iter()
                .zip(&self.region.start)
                .map(|(i, s)| i - s)
                .collect();
            let to = small(offset(&relative, &self.region.shape));
            self.count[to] += n;
            if let Some(sum) = self.sum.get_mut(to) {
                *sum += value.times(n);
            }
            if let Some(min) = self.min.get_mut(to).filter(|min| value < **min) {
                *min = value;
            }
            if let Some(max) = self.max.get_mut(to).filter(|max| value > **max) {
                *max = value;
            }
            if let Some(nearest) = self.nearest.get_mut(to) {
                *nearest = value;
            }
        }
    }
}

/// One row of cells and the row, one level up, that it goes to. Positions are in elements.
#[derive(Clone, Copy, Debug)]
struct Row {
    from: usize,
    len: usize,
    to: usize,
    /// Whether it is the first row of its group in every dimension but the last.
    first: bool,
    group: Group,
}

/// The rows of `cells`, which is a part of the C-order array over `stored`, on their way to the
/// C-order array over `target` one level up.
fn rows<'a>(
    cells: &'a Region,
    stored: &'a Region,
    target: &'a Region,
    factors: &'a [u64],
) -> impl Iterator<Item = Row> + 'a {
    let last = factors.len() - 1;
    let group = Group {
        size: small(factors[last]),
        phase: small(cells.start[last] % factors[last]),
    };
    let mut heads = cells.clone();
    heads.shape[last] = heads.shape[last].min(1);
    heads.indices().map(move |head| {
        let relative = |i: u64, origin: u64| i - origin;
        let from: Vec<u64> = head
            .iter()
            .zip(&stored.start)
            .map(|(&i, &o)| relative(i, o))
            .collect();
        let to: Vec<u64> = (0..=last)
            .map(|d| relative(head[d] / factors[d], target.start[d]))
            .collect();
        Row {
            from: small(offset(&from, &stored.shape)),
            len: small(cells.shape[last]),
            to: small(offset(&to, &target.shape)),
            first: (0..last).all(|d| head[d].is_multiple_of(factors[d])),
            group,
        }
    })
}

/// How neighbours in a row are grouped: `size` to one, the first group short by `phase`.
#[derive(Clone, Copy, Debug)]
struct Group {
    size: usize,
    phase: usize,
}

impl Group {
    /// Folds each group of `values` into its element of `out`.
    fn fold<V: Copy, O>(self, values: &[V], out: &mut [O], mut add: impl FnMut(&mut O, V)) {
        match (self.size, self.phase) {
            (1, _) => out.iter_mut().zip(values).for_each(|(o, &v)| add(o, v)),
            // By far the most frequent, and worth unrolling.
            (2, 0) => {
                let (pairs, rest) = values.as_chunks::<2>();
                for (o, &[a, b]) in out.iter_mut().zip(pairs) {
                    add(o, a);
                    add(o, b);
                }
                if let [v] = rest {
                    add(&mut out[pairs.len()], *v);
                }
            }
            (size, phase) => {
                let (mut at, mut left) = (0, size - phase);
                for &v in values {
                    add(&mut out[at], v);
                    left -= 1;
                    if left == 0 {
                        (at, left) = (at + 1, size);
                    }
                }
            }
        }
    }

    /// Copies the first value of each group that begins in `values`.
    fn firsts<V: Copy>(self, values: &[V], out: &mut [V]) {
        let skip = (self.size - self.phase) % self.size;
        let begin = usize::from(skip != 0);
        let values = values.iter().skip(skip).step_by(self.size);
        out.iter_mut()
            .skip(begin)
            .zip(values)
            .for_each(|(o, &v)| *o = v);
    }
}

/// Sizes and offsets of memory that exists.
#[allow(
    clippy::cast_possible_truncation,
    reason = "it indexes memory that exists"
)]
fn small(n: u64) -> usize {
    n as usize
}
