//! Non-equidistant dimensions against models that are simple and slow.

mod arrivals;
mod convention;
mod queries;
mod rearranging;
mod tables;

use ziggurat_core::ned::{
    Arrival, Identity, Move, OnMatch, Query, RangeTable, Record, Ticks, moved,
};
use ziggurat_core::{Error, Result};

/// A record with its ticks, and one value for each event.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Kept {
    pub(crate) record: Record,
    pub(crate) ticks: Vec<i64>,
    pub(crate) values: Vec<usize>,
}

/// The ticks of these chunks alone.
pub(crate) fn read(
    ticks: &[i64],
    chunk_length: u64,
    chunks: impl IntoIterator<Item = u64>,
) -> Ticks {
    let all: Vec<&[i64]> = ticks.chunks(chunk_length as usize).collect();
    let chunks = chunks.into_iter();
    chunks
        .map(|chunk| (chunk, all[chunk as usize].to_vec()))
        .collect()
}

impl Kept {
    pub(crate) fn new(chunk_length: u64, tolerance: u64) -> Self {
        let record = Record::new(chunk_length, Identity::within(tolerance)).unwrap();
        let (ticks, values) = (Vec::new(), Vec::new());
        Self {
            record,
            ticks,
            values,
        }
    }

    /// Events `(tick, value)` arrive; only the chunks that are asked for are read.
    pub(crate) fn arrive(&mut self, events: &[(i64, usize)], on_match: OnMatch) -> Result<()> {
        let ticks: Vec<i64> = events.iter().map(|(tick, _)| *tick).collect();
        let arrival = Arrival::new(self.record.identity(), &ticks);
        let length = self.record.table().chunk_length();
        let known = read(&self.ticks, length, arrival.chunks(&self.record));
        let plan = arrival.plan(&self.record, &known, on_match)?;

        let n = plan.length as usize;
        self.ticks = moved(&self.ticks, &plan.moves, n, i64::MIN);
        self.values = moved(&self.values, &plan.moves, n, usize::MAX);
        assert!(plan.placed.windows(2).all(|w| w[0].index < w[1].index));
        for placed in &plan.placed {
            self.ticks[placed.index as usize] = placed.tick;
            if let Some(source) = placed.source {
                self.values[placed.index as usize] = events[source].1;
            }
        }
        assert!(plan.moves.windows(2).all(|w| w[0].from < w[1].from));
        assert!(plan.moves.iter().all(|m| m.from < m.to), "all go up");
        let chunks = plan.ticks.keys().copied();
        assert_eq!(
            plan.ticks,
            read(&self.ticks, length, chunks),
            "what is said is what is"
        );
        self.record.apply(&plan)?;
        Ok(())
    }

    pub(crate) fn sort(&mut self) -> Vec<Move> {
        let moves = self.record.sort(&mut self.ticks).unwrap();
        self.values = moved(&self.values, &moves, self.values.len(), usize::MAX);
        moves
    }

    pub(crate) fn clear(&mut self, query: &Query) -> Vec<Move> {
        let moves = self.record.clear(query, &mut self.ticks).unwrap();
        self.values = moved(&self.values, &moves, self.ticks.len(), usize::MAX);
        moves
    }

    /// That the record says what is true.
    pub(crate) fn check(&self) {
        let length = self.record.table().chunk_length();
        assert_eq!(
            self.record.table(),
            &RangeTable::of(length, &self.ticks).unwrap()
        );
        assert!(!self.record.is_sorted() || self.ticks.is_sorted());
        assert_eq!(self.ticks.len(), self.values.len());
    }
}

pub(crate) fn is_conflict<T>(result: &Result<T>) -> bool {
    matches!(result, Err(Error::Conflict { .. }))
}
