//! Quantities of one bin, cell by cell.

use std::ops::Range;

use ziggurat_core::Region;

use super::NEVER;
use super::value::Value;
use crate::aggregate::{Channels, Partial, Sample};

/// Which quantities of a bin are needed.
#[derive(Clone, Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each stands for one buffer")]
pub(super) struct Needs {
    pub(super) channels: Channels,
    pub(super) min_time: bool,
    pub(super) max_time: bool,
    pub(super) first: bool,
    pub(super) last: bool,
    /// One for each longest hold.
    pub(super) areas: usize,
}

/// Quantities of each cell; one that is not needed is empty.
#[derive(Debug)]
pub(super) struct Cells<T: Value> {
    pub(super) partial: Partial<T>,
    pub(super) min_time: Vec<i64>,
    pub(super) max_time: Vec<i64>,
    pub(super) first: Vec<T>,
    pub(super) first_time: Vec<i64>,
    pub(super) last: Vec<T>,
    pub(super) last_time: Vec<i64>,
    pub(super) areas: Vec<Area<T>>,
    /// Frames in which no cell of the block at hand is missing: they are counted at its end.
    whole: u64,
}

/// The sum of values times the time for which they hold.
#[derive(Debug)]
pub(super) struct Area<T: Value> {
    pub(super) sum: Vec<<T::Wide as Sample>::Sum>,
    /// The time for which a value is known.
    pub(super) time: Vec<u64>,
}

/// Frames of consecutive events: contiguous cells, the tick of each, and for each area the time for
/// which each holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frames<'a, T> {
    pub(super) values: &'a [T],
    pub(super) ticks: &'a [i64],
    pub(super) holds: &'a [Vec<u64>],
    /// The value that means missing; NaN always does.
    pub(super) nodata: Option<T>,
}

/// Cells whose quantities stay in the first cache while frame after frame is added to them.
const BLOCK: usize = 1024;

impl<T: Value> Cells<T> {
    /// The quantities of nothing.
    pub(super) fn new(cells: usize, needs: &Needs, missing: T) -> Self {
        let times = |needed| vec![NEVER; if needed { cells } else { 0 }];
        let values = |needed| vec![missing; if needed { cells } else { 0 }];
        let area = || Area {
            sum: vec![Default::default(); cells],
            time: vec![0; cells],
        };
        Self {
            partial: Partial::new(Region::whole(&[cells as u64]), needs.channels, missing),
            min_time: times(needs.min_time),
            max_time: times(needs.max_time),
            first: values(needs.first),
            first_time: times(needs.first),
            last: values(needs.last),
            last_time: times(needs.last),
            areas: (0..needs.areas).map(|_| area()).collect(),
            whole: 0,
        }
    }

    /// As [`new`](Self::new), in the memory of `self`.
    pub(super) fn renewed(mut self, needs: &Needs, missing: T) -> Self {
        self.partial = {
            let region = self.partial.region.clone();
            self.partial.renewed(region, needs.channels, missing)
        };
        for times in [
            &mut self.min_time,
            &mut self.max_time,
            &mut self.first_time,
            &mut self.last_time,
        ] {
            times.fill(NEVER);
        }
        self.first.fill(missing);
        self.last.fill(missing);
        for area in &mut self.areas {
            area.sum.fill(Default::default());
            area.time.fill(0);
        }
        self
    }

    /// Adds events to the bin, which are later than all before.
    pub(super) fn add(&mut self, frames: Frames<'_, T>) {
        self.blocks(frames, Self::add_block);
    }

    /// Adds the time for which values hold that came before the bin.
    pub(super) fn hold(&mut self, frames: Frames<'_, T>) {
        self.blocks(frames, |_, _| ());
    }

    /// Adds frame after frame to each block of cells: what holds, and the rest by `add`.
    fn blocks(&mut self, frames: Frames<'_, T>, add: impl Fn(&mut Self, &Block<'_, T>)) {
        let cells = self.partial.count.len();
        for start in (0..cells).step_by(BLOCK) {
            let at = start..cells.min(start + BLOCK);
            for (i, &tick) in frames.ticks.iter().enumerate() {
                let values = &frames.values[i * cells..][at.clone()];
                let block = Block {
                    // Two loops, and no early end: both are vectors of cells.
                    complete: !match frames.nodata {
                        None => values.iter().fold(false, |any, v| any | v.is_nan()),
                        Some(nodata) => values.iter().fold(false, |any, &v| {
                            let same = v == nodata;
                            any | same | v.is_nan()
                        }),
                    },
                    at: at.clone(),
                    values,
                    tick,
                    nodata: frames.nodata,
                };
                add(self, &block);
                for (area, times) in self.areas.iter_mut().zip(frames.holds) {
                    area.add(&block, times[i]);
                }
            }
            let whole = std::mem::take(&mut self.whole);
            self.partial.count[at].iter_mut().for_each(|n| *n += whole);
        }
    }

    fn add_block(&mut self, block: &Block<'_, T>) {
        // Two loops, so that where nothing is missing no cell is asked.
        match (block.complete, block.nodata) {
            (true, _) => {
                self.whole += 1;
                self.add_valid(block, |_| true);
            }
            (false, None) => self.add_counted(block, |v| !v.is_nan()),
            (false, Some(nodata)) => self.add_counted(block, |v| !v.is_nan() && v != nodata),
        }
    }

    fn add_counted(&mut self, block: &Block<'_, T>, valid: impl Fn(T) -> bool) {
        let count = part(&mut self.partial.count, &block.at).iter_mut();
        for (n, &v) in count.zip(block.values) {
            *n += u64::from(valid(v));
        }
        self.add_valid(block, valid);
    }

    fn add_valid(&mut self, block: &Block<'_, T>, valid: impl Fn(T) -> bool) {
        let (values, at, tick) = (block.values, &block.at, block.tick);
        for (sum, &v) in part(&mut self.partial.sum, at).iter_mut().zip(values) {
            *sum += if valid(v) {
                v.widen()
            } else {
                T::Sum::default()
            };
        }
        extreme(
            (&mut self.partial.min, &mut self.min_time),
            block,
            &valid,
            |v, min| v < min,
        );
        extreme(
            (&mut self.partial.max, &mut self.max_time),
            block,
            &valid,
            |v, max| v > max,
        );
        let first_time = part(&mut self.first_time, at);
        // Soon all cells have their first value.
        if first_time.contains(&NEVER) {
            let first = part(&mut self.first, at).iter_mut().zip(first_time);
            for ((first, time), &v) in first.zip(values) {
                if *time == NEVER && valid(v) {
                    (*first, *time) = (v, tick);
                }
            }
        }
        let last = part(&mut self.last, at).iter_mut();
        let last = last.zip(part(&mut self.last_time, at));
        for ((last, time), &v) in last.zip(values) {
            let new = valid(v);
            *last = if new { v } else { *last };
            *time = if new { tick } else { *time };
        }
    }
}

/// The cells `at` of one frame.
struct Block<'a, T> {
    at: Range<usize>,
    values: &'a [T],
    tick: i64,
    nodata: Option<T>,
    /// Whether none of them is missing.
    complete: bool,
}

impl<T: Value> Area<T> {
    fn add(&mut self, block: &Block<'_, T>, time: u64) {
        // Infinity for no time would be NaN.
        if time == 0 {
            return;
        }
        let cells = self.sum[block.at.clone()].iter_mut();
        let cells = cells
            .zip(&mut self.time[block.at.clone()])
            .zip(block.values);
        for ((sum, known), &v) in cells {
            if block.complete || !(v.is_nan() || Some(v) == block.nodata) {
                *sum += v.wide().times(time);
                *known += time;
            }
        }
    }
}

/// Takes the values that are `better` than the extremes so far, with their time if it is needed.
fn extreme<T: Value>(
    (best, times): (&mut Vec<T>, &mut Vec<i64>),
    block: &Block<'_, T>,
    valid: impl Fn(T) -> bool,
    better: impl Fn(T, T) -> bool,
) {
    let best = part(best, &block.at).iter_mut().zip(block.values);
    if times.is_empty() {
        for (best, &v) in best {
            *best = if valid(v) && better(v, *best) {
                v
            } else {
                *best
            };
        }
        return;
    }
    for ((best, &v), time) in best.zip(part(times, &block.at)) {
        // The first value may be no better than what the search starts with: infinity.
        let new = valid(v) && (better(v, *best) || *time == NEVER);
        *best = if new { v } else { *best };
        *time = if new { block.tick } else { *time };
    }
}

/// Part of a quantity, empty if it is not needed.
fn part<'a, V>(values: &'a mut [V], at: &Range<usize>) -> &'a mut [V] {
    values.get_mut(at.clone()).unwrap_or_default()
}
