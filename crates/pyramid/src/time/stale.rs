//! What must be made anew after a change of events, and from what.

use std::collections::BTreeSet;
use std::ops::Range;

use ziggurat_core::{Error, Result};

use super::{Statistic, TickBins};

impl TickBins {
    /// The events, by their position in `events` (sorted ticks), that consecutive bins are made from:
    /// those in the bins, and the one before them if its value may hold into them.
    #[must_use]
    pub fn needed(
        &self,
        numbers: Range<i128>,
        events: &[i64],
        statistics: &[Statistic],
    ) -> Range<usize> {
        let ticks = self.ticks(numbers.start).start..self.ticks(numbers.end - 1).end;
        let first = events.partition_point(|&tick| tick < ticks.start);
        let stop = events.partition_point(|&tick| tick < ticks.end);
        let before = usize::from(
            statistics
                .iter()
                .any(|s| matches!(s, Statistic::TimeMean(_))),
        );
        first.saturating_sub(before)..stop.max(first)
    }

    /// The bins to make anew after events at the ticks `changed` came, went or got other values.
    ///
    /// `events` are the sorted ticks of all events after the change. The bins are those that hold a
    /// changed tick; for a time-weighted mean also those in which another value holds now, or holds for
    /// another time, because of it. Ranges are in order and apart.
    ///
    /// # Errors
    /// [`Error::Data`] if a tick is beyond the range of years; [`Error::Limit`] if more than 2^24 bins
    /// must be made anew.
    pub fn stale(
        &self,
        changed: &[i64],
        events: &[i64],
        statistics: &[Statistic],
    ) -> Result<Vec<Range<i128>>> {
        let changed: BTreeSet<i64> = changed.iter().copied().collect();
        let mut stale: Vec<Range<i128>> = Vec::new();
        for &tick in &changed {
            let number = self.number(tick)?;
            stale.push(number..number + 1);
        }
        for statistic in statistics {
            if let Statistic::TimeMean(hold) = statistic {
                let hold = hold.map(super::Hold::nanoseconds);
                self.add_held(&changed, events, hold, &mut stale)?;
            }
        }
        let stale = merged(stale);
        let count: i128 = stale.iter().map(|range| range.end - range.start).sum();
        if count > MOST {
            let what = format!(
                "{count} bins of {} to make anew, at most {MOST}",
                self.binning()
            );
            return Err(Error::limit(
                "events",
                what + "; give the mean a longest hold",
            ));
        }
        Ok(stale)
    }

    /// Adds the bins in which what holds is changed.
    fn add_held(
        &self,
        changed: &BTreeSet<i64>,
        events: &[i64],
        hold: Option<i128>,
        stale: &mut Vec<Range<i128>>,
    ) -> Result<()> {
        let Some(last_changed) = changed.last() else {
            return Ok(());
        };
        let reach = |from: i128, stop: i128| hold.map_or(stop, |hold| stop.min(from + hold));
        let end = |tick: i64| Ok::<_, Error>(self.bin(tick)?.1.end);
        for &tick in changed {
            let at = events.partition_point(|&event| event <= tick);
            let next = events[at..].iter().find(|event| !changed.contains(event));
            let from = self.moment(tick)?;
            if let Some(&next) = next {
                // Between its unchanged neighbours a change reaches from its tick to the later one.
                stale.push(self.spanned(from..reach(from, self.moment(next)?)));
                continue;
            }
            stale.push(self.spanned(from..reach(from, end(*last_changed)?)));
            let before = events[..at].iter().rfind(|&event| !changed.contains(event));
            if let Some(&before) = before {
                // The last event that stayed held to the end of its bin, or does so now.
                let to = reach(self.moment(before)?, from);
                stale.push(self.spanned(end(before)?..to));
            }
        }
        Ok(())
    }
}

/// More bins are hardly meant: 16 years of 30 seconds.
const MOST: i128 = 1 << 24;

/// The same numbers in order, in as few ranges as can be.
fn merged(mut ranges: Vec<Range<i128>>) -> Vec<Range<i128>> {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_unstable_by_key(|range| range.start);
    let mut merged: Vec<Range<i128>> = Vec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}
