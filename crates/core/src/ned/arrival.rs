//! Events that arrive, in any order.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::{Identity, Plan, Record, Ticks};
use crate::{Error, Result};

/// What becomes of an event that is already there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnMatch {
    /// The values of the one that arrived last are stored.
    Replace,
    /// The values of the one that arrived first stay.
    Keep,
    /// Nothing at all is stored, and the caller is told.
    #[default]
    Error,
}

/// Events that arrived together, at least in one call.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// In the order of their cells.
    events: Vec<Arrived>,
}

/// The arrived events of one cell, which are one event.
#[derive(Clone, Debug)]
struct Arrived {
    cell: RangeInclusive<i64>,
    /// The smallest of their ticks.
    tick: i64,
    /// The one that came first, and the one that came last.
    sources: (usize, usize),
}

impl Arrival {
    /// Events with these ticks, in the order in which they arrived.
    #[must_use]
    pub fn new(identity: Identity, ticks: &[i64]) -> Self {
        let mut order: Vec<usize> = (0..ticks.len()).collect();
        order.sort_by_key(|&source| ticks[source]);
        let mut events: Vec<Arrived> = Vec::new();
        for source in order {
            let tick = ticks[source];
            match events.last_mut().filter(|e| e.cell.contains(&tick)) {
                Some(event) => {
                    let (first, last) = event.sources;
                    event.sources = (first.min(source), last.max(source));
                }
                None => events.push(Arrived {
                    cell: identity.cell(tick),
                    tick,
                    sources: (source, source),
                }),
            }
        }
        Self { events }
    }

    /// The chunks whose ticks are needed for a plan: those that may hold the same events, and the open one.
    #[must_use]
    pub fn chunks(&self, record: &Record) -> Vec<u64> {
        let (Some(first), Some(last)) = (self.events.first(), self.events.last()) else {
            return Vec::new();
        };
        let table = record.table();
        let meets = |chunk: &u64| {
            table.extremes(*chunk).is_some_and(|extremes| {
                let at = self.behind(*extremes.start());
                let event = self.events.get(at);
                event.is_some_and(|e| e.cell.start() <= extremes.end())
            })
        };
        let all = *first.cell.start()..=*last.cell.end();
        let mut chunks: Vec<u64> = table.meeting(all).filter(meets).collect();
        let (open, _) = record.open();
        if open < table.chunks() && chunks.last() != Some(&open) {
            chunks.push(open);
        }
        chunks
    }

    /// The first arrived event whose cell does not end before `tick`.
    fn behind(&self, tick: i64) -> usize {
        self.events
            .partition_point(|event| *event.cell.end() < tick)
    }

    /// What becomes of the events; `known` holds the ticks of [`chunks`](Self::chunks) at least.
    ///
    /// Those that are there already are placed where they are, as `on_match` says. The smallest of the
    /// ticks that arrived is the coordinate of an event, whichever values are stored. New events go
    /// into the open chunk, in order, unless they belong before it: then behind everything, and the
    /// record is not sorted. So they do if it is not sorted already.
    ///
    /// # Errors
    /// [`Error::Conflict`] for an event that is there, if that is what `on_match` asks for; those
    /// of [`RangeTable::known`](super::RangeTable::known).
    pub fn plan(&self, record: &Record, known: &Ticks, on_match: OnMatch) -> Result<Plan> {
        let matches = self.matches(record, known)?;
        if on_match == OnMatch::Error {
            self.refuse(&matches)?;
        }
        let mut plan = Plan::unchanged(record);
        for (&at, &(present, index)) in &matches {
            let event = &self.events[at];
            let source = (on_match == OnMatch::Replace).then_some(event.sources.1);
            plan.settle(record, known, (present, index), event.tick, source);
        }
        let new = |(at, event): (usize, &Arrived)| {
            let (first, last) = event.sources;
            let source = if on_match == OnMatch::Keep {
                first
            } else {
                last
            };
            (!matches.contains_key(&at)).then_some((event.tick, source))
        };
        let new: Vec<_> = self.events.iter().enumerate().filter_map(new).collect();
        if !new.is_empty() {
            plan.insert(record, known, &new)?;
        }
        plan.placed.sort_unstable_by_key(|placed| placed.index);
        Ok(plan)
    }

    /// For each arrived event that is there its tick and index.
    fn matches(&self, record: &Record, known: &Ticks) -> Result<BTreeMap<usize, (i64, u64)>> {
        let mut matches = BTreeMap::new();
        for chunk in self.chunks(record) {
            let ticks = record.table().known(known, chunk)?;
            let indices = chunk * record.table().chunk_length()..;
            for (&tick, index) in ticks.iter().zip(indices) {
                let at = self.behind(tick);
                if self.events.get(at).is_some_and(|e| e.cell.contains(&tick)) {
                    let found = matches.entry(at).or_insert((tick, index));
                    *found = (*found).min((tick, index));
                }
            }
        }
        Ok(matches)
    }

    /// Refuses events that are there already, or came twice.
    fn refuse(&self, matches: &BTreeMap<usize, (i64, u64)>) -> Result<()> {
        let twice = |at: &usize| self.events[*at].sources.0 != self.events[*at].sources.1;
        let first = (0..self.events.len()).find(|at| matches.contains_key(at) || twice(at));
        let Some(at) = first else { return Ok(()) };
        let how = match matches.get(&at) {
            Some((tick, index)) => format!("is there, as event {index} at tick {tick}"),
            None => "came twice".to_owned(),
        };
        let tick = self.events[at].tick;
        let what = format!("the event {how}; nothing was stored; choose replace or keep");
        Err(Error::conflict(format!("event at tick {tick}"), what))
    }
}
