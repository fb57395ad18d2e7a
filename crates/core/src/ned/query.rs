//! Which events are asked for.

use std::ops::{Range, RangeInclusive};

use super::{Direction, RangeTable, Ticks};
use crate::Result;

/// A question for events by their coordinates. Nothing is interpolated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// All from one tick to another, both included.
    Within(RangeInclusive<i64>),
    /// The one nearest to a tick.
    Near {
        /// From where it is looked for.
        tick: i64,
        /// On which side.
        direction: Direction,
        /// How far away it may be.
        tolerance: u64,
    },
}

/// Events, in the order of their coordinates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Events {
    /// Their indices, as runs; one run, where the record is sorted.
    pub runs: Vec<Range<u64>>,
    /// The tick of each.
    pub ticks: Vec<i64>,
}

impl Query {
    /// All in `[start, stop]`; the nearest to `start` if that is all; the last if neither is given.
    ///
    /// ```
    /// use ziggurat_core::ned::{Query, RangeTable, Ticks};
    /// let ticks = vec![10, 30, 20];
    /// let table = RangeTable::of(4, &ticks)?;
    /// let known = Ticks::from([(0, ticks)]);
    /// let last = Query::new(None, None).find(&table, &known)?;
    /// assert_eq!((last.runs, last.ticks), (vec![1..2], vec![30]));
    /// let late = Query::new(Some(15), Some(30)).find(&table, &known)?;
    /// assert_eq!((late.runs, late.ticks), (vec![2..3, 1..2], vec![20, 30]));
    /// # Ok::<(), ziggurat_core::Error>(())
    /// ```
    #[must_use]
    pub fn new(start: Option<i64>, stop: Option<i64>) -> Self {
        let near = |tick, direction| Self::Near {
            tick,
            direction,
            tolerance: u64::MAX,
        };
        match (start, stop) {
            (None, None) => near(i64::MAX, Direction::Previous),
            (Some(start), None) => near(start, Direction::Nearest),
            (start, Some(stop)) => Self::Within(start.unwrap_or(i64::MIN)..=stop),
        }
    }

    /// All in the half-open interval `[start, stop)`.
    #[must_use]
    pub fn between(start: i64, stop: i64) -> Self {
        // Nothing is before the first tick of all.
        let last = stop.checked_sub(1).filter(|last| start <= *last);
        Self::Within(last.map_or_else(|| RangeInclusive::new(0, -1), |last| start..=last))
    }

    /// All that are at most `tolerance` away from `tick`.
    #[must_use]
    pub fn around(tick: i64, tolerance: u64) -> Self {
        let first = tick.saturating_sub_unsigned(tolerance);
        Self::Within(first..=tick.saturating_add_unsigned(tolerance))
    }

    /// The chunks whose ticks are needed to answer, in order.
    #[must_use]
    pub fn chunks(&self, table: &RangeTable) -> Vec<u64> {
        match self {
            Self::Within(span) => table.meeting(span.clone()).collect(),
            Self::Near {
                tick,
                direction,
                tolerance,
            } => {
                let Self::Within(near) = Self::around(*tick, *tolerance) else {
                    return Vec::new();
                };
                let meets = |chunk: &u64| {
                    table
                        .extremes(*chunk)
                        .is_some_and(|e| e.start() <= near.end() && e.end() >= near.start())
                };
                let mut chunks = table.beside(*tick, *direction);
                chunks.retain(meets);
                chunks
            }
        }
    }

    /// The answer; `ticks` holds those of [`chunks`](Self::chunks) at least.
    ///
    /// # Errors
    /// Those of [`RangeTable::known`].
    pub fn find(&self, table: &RangeTable, ticks: &Ticks) -> Result<Events> {
        let mut found = Vec::new();
        for chunk in self.chunks(table) {
            let known = table.known(ticks, chunk)?;
            let indices = chunk * table.chunk_length()..;
            let events = known.iter().copied().zip(indices);
            match self {
                Self::Within(span) => found.extend(events.filter(|(tick, _)| span.contains(tick))),
                Self::Near { .. } => {
                    let best = events.chain(found.pop()).filter_map(|e| self.rank(e));
                    found.extend(best.min().map(|(_, tick, index)| (tick, index)));
                }
            }
        }
        found.sort_unstable();
        let mut events = Events::default();
        for (tick, index) in found {
            events.ticks.push(tick);
            match events.runs.last_mut() {
                Some(run) if run.end == index => run.end += 1,
                _ => events.runs.push(index..index + 1),
            }
        }
        Ok(events)
    }

    /// What is least for the event that is looked for; `None` for one that is not.
    fn rank(&self, (at, index): (i64, u64)) -> Option<(u64, i64, u64)> {
        let Self::Near {
            tick,
            direction,
            tolerance,
        } = *self
        else {
            return None;
        };
        let is_there = match direction {
            Direction::Previous => at <= tick,
            Direction::Next => at >= tick,
            Direction::Nearest => true,
        };
        let distance = at.abs_diff(tick);
        (is_there && distance <= tolerance).then_some((distance, at, index))
    }
}
