//! What an arrival does to a record.

use super::moves::runs;
use super::{Move, Record, Ticks};
use crate::Result;

/// An index of which something is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Index after the moves.
    pub index: u64,
    /// The coordinate there.
    pub tick: i64,
    /// Which of the arrived events gives the values; `None` if those there stay.
    pub source: Option<usize>,
}

/// What is done when events arrive: first the moves, then what is placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Runs of the open chunk that make room, which go up.
    pub moves: Vec<Move>,
    /// What is written, in the order of indices. Arrived events that are not in it are dropped.
    pub placed: Vec<Placed>,
    /// The ticks of every chunk whose coordinates change, as they are afterwards.
    pub ticks: Ticks,
    /// Events afterwards.
    pub length: u64,
    /// Whether the indices are in order afterwards.
    pub is_sorted: bool,
}

impl Plan {
    /// That nothing changes.
    pub(super) fn unchanged(record: &Record) -> Self {
        Self {
            moves: Vec::new(),
            placed: Vec::new(),
            ticks: Ticks::new(),
            length: record.table().length(),
            is_sorted: record.is_sorted(),
        }
    }

    /// An event arrived that is there at `(tick, index)`; the earlier tick becomes the coordinate.
    pub(super) fn settle(
        &mut self,
        record: &Record,
        known: &Ticks,
        (present, index): (i64, u64),
        tick: i64,
        source: Option<usize>,
    ) {
        if tick < present {
            let length = record.table().chunk_length();
            let chunk = index / length;
            let ticks = self.ticks.entry(chunk);
            let ticks = ticks.or_insert_with(|| known.get(&chunk).cloned().unwrap_or_default());
            let at = usize::try_from(index % length).ok();
            if let Some(changed) = at.and_then(|at| ticks.get_mut(at)) {
                *changed = tick;
            }
        }
        if tick < present || source.is_some() {
            self.placed.push(Placed {
                index,
                tick: tick.min(present),
                source,
            });
        }
    }

    /// Puts new events, of which tick and source are given in the order of ticks, into the open chunk
    /// and behind it.
    pub(super) fn insert(
        &mut self,
        record: &Record,
        known: &Ticks,
        new: &[(i64, usize)],
    ) -> Result<()> {
        let table = record.table();
        let (open, base) = record.open();
        let present = match self.ticks.get(&open) {
            Some(changed) => changed.clone(),
            None if open < table.chunks() => table.known(known, open)?.to_vec(),
            None => Vec::new(),
        };
        // What comes into the open chunk lies behind the chunks before it.
        let before = open.checked_sub(1).and_then(|chunk| table.extremes(chunk));
        let late = match before {
            _ if !record.is_sorted() => new.len(),
            Some(before) => new.partition_point(|(tick, _)| tick <= before.end()),
            None => 0,
        };
        let (late, in_time) = new.split_at(late);

        let old = present
            .iter()
            .zip(base..)
            .map(|(&tick, index)| (tick, Event::Old(index)));
        let arrived = |&(tick, source): &(i64, usize)| (tick, Event::New(source));
        let mut events: Vec<_> = old.chain(in_time.iter().map(arrived)).collect();
        if record.is_sorted() {
            events.sort_by_key(|(tick, _)| *tick);
        }
        events.extend(late.iter().map(arrived));

        let order = events.iter().map(|(_, event)| match *event {
            Event::Old(index) => Some(index),
            Event::New(_) => None,
        });
        self.moves = runs(base, order);
        for placed in &mut self.placed {
            // What matched in the open chunk moves with it.
            let at = self.moves.partition_point(|run| run.from <= placed.index);
            let run = at.checked_sub(1).map(|at| self.moves[at]);
            if let Some(run) = run.filter(|run| placed.index - run.from < run.length) {
                placed.index = placed.index - run.from + run.to;
            }
        }
        let arrived = events.iter().zip(base..);
        self.placed
            .extend(arrived.filter_map(|(&(tick, event), index)| match event {
                Event::New(source) => Some(Placed {
                    index,
                    tick,
                    source: Some(source),
                }),
                Event::Old(_) => None,
            }));
        self.length = base + events.len() as u64;
        self.is_sorted = record.is_sorted() && late.is_empty();
        let length = usize::try_from(table.chunk_length()).unwrap_or(usize::MAX);
        for (chunk, events) in (open..).zip(events.chunks(length)) {
            self.ticks
                .insert(chunk, events.iter().map(|(tick, _)| *tick).collect());
        }
        Ok(())
    }
}

/// An event of the open chunk, or a new one of the arrived.
#[derive(Clone, Copy)]
enum Event {
    Old(u64),
    New(usize),
}
