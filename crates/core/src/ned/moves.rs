//! Where events go when the record is sorted or parts of it are cleared.

use std::ops::Range;

/// A run of events that keep together and get other indices.
///
/// The moves of one change are simultaneous: all are read before any is written. Where all go down
/// ([`closing`]) they may be done one by one from the first, where all go up (an insertion) from the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    /// First index before.
    pub from: u64,
    /// First index after.
    pub to: u64,
    /// Events.
    pub length: u64,
}

/// The moves that bring events with these ticks into order; events of one tick keep theirs.
///
/// Nothing before the first event that is out of place moves, nor any behind it that is in place.
/// None if they are in order.
///
/// ```
/// use ziggurat_core::ned::{Move, sorting};
/// let moves = sorting(&[1, 2, 5, 6, 3, 7]);
/// let run = |from, to, length| Move { from, to, length };
/// assert_eq!(moves, [run(4, 2, 1), run(2, 3, 2)]);
/// ```
#[must_use]
pub fn sorting(ticks: &[i64]) -> Vec<Move> {
    // The first event that some later one comes before.
    let mut earliest = i64::MAX;
    let mut from = ticks.len();
    for (at, &tick) in ticks.iter().enumerate().rev() {
        if tick > earliest {
            from = at;
        }
        earliest = earliest.min(tick);
    }
    let mut order: Vec<usize> = (from..ticks.len()).collect();
    order.sort_by_key(|&at| ticks[at]);
    runs(from as u64, order.into_iter().map(|at| Some(at as u64)))
}

/// The moves that close `gaps`, from which the events are cleared, in a record of `length` events.
///
/// Gaps may come in any order; they do not overlap and lie within the record.
#[must_use]
pub fn closing(gaps: &[Range<u64>], length: u64) -> Vec<Move> {
    let mut gaps: Vec<_> = gaps.iter().filter(|gap| !gap.is_empty()).cloned().collect();
    gaps.sort_unstable_by_key(|gap| gap.start);
    let ends = gaps.iter().skip(1).map(|gap| gap.start).chain([length]);
    let mut moves = Vec::new();
    let mut to = gaps.first().map_or(length, |gap| gap.start);
    for (gap, end) in gaps.iter().zip(ends) {
        let run = end.saturating_sub(gap.end);
        if run > 0 {
            moves.push(Move {
                from: gap.end,
                to,
                length: run,
            });
        }
        to += run;
    }
    moves
}

/// `values` after the moves, `length` of them; what no move writes stays as it is.
///
/// Places behind the end to which nothing moves take the value `new`.
#[must_use]
pub fn moved<T: Copy>(values: &[T], moves: &[Move], length: usize, new: T) -> Vec<T> {
    let mut out = values[..values.len().min(length)].to_vec();
    out.resize(length, new);
    let index = |i: u64| usize::try_from(i).unwrap_or(usize::MAX);
    for run in moves {
        let (from, to, n) = (index(run.from), index(run.to), index(run.length));
        out[to..to + n].copy_from_slice(&values[from..from + n]);
    }
    out
}

/// The moves that put the events of the indices `order`, where they are old ones, at `first` and what follows.
pub(super) fn runs(first: u64, order: impl Iterator<Item = Option<u64>>) -> Vec<Move> {
    let mut moves: Vec<Move> = Vec::new();
    for (to, from) in (first..).zip(order) {
        let Some(from) = from.filter(|&from| from != to) else {
            continue;
        };
        match moves.last_mut() {
            Some(run) if run.from + run.length == from && run.to + run.length == to => {
                run.length += 1;
            }
            _ => moves.push(Move {
                from,
                to,
                length: 1,
            }),
        }
    }
    moves
}
