//! What is known of a non-equidistant dimension without its ticks.

use super::{Identity, Move, Plan, Query, RangeTable, Ticks, closing, moved, sorting};
use crate::Result;

/// The events of a non-equidistant dimension: where they lie, and whether their indices are in order.
///
/// The record is dense: the index in arrays is the number of the event.
///
/// ```
/// use ziggurat_core::ned::{Arrival, Identity, OnMatch, Record, Ticks};
/// let mut record = Record::new(4, Identity::default())?;
/// let arrival = Arrival::new(record.identity(), &[30, 10]);
/// let plan = arrival.plan(&record, &Ticks::new(), OnMatch::Error)?;
/// assert_eq!(plan.ticks[&0], [10, 30]);
/// record.apply(&plan)?;
/// // Late, but in the open chunk: the event of tick 30 makes room.
/// let plan = Arrival::new(record.identity(), &[20]).plan(&record, &plan.ticks, OnMatch::Error)?;
/// assert_eq!((plan.ticks[&0].as_slice(), plan.moves[0].to), (&[10, 20, 30][..], 2));
/// # Ok::<(), ziggurat_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    table: RangeTable,
    is_sorted: bool,
    identity: Identity,
}

impl Record {
    /// One without events.
    ///
    /// # Errors
    /// Those of [`RangeTable::of`].
    pub fn new(chunk_length: u64, identity: Identity) -> Result<Self> {
        Ok(Self::with(
            RangeTable::of(chunk_length, &[])?,
            true,
            identity,
        ))
    }

    /// The one of events that are there. A record that says nothing is not sorted.
    #[must_use]
    pub fn with(table: RangeTable, is_sorted: bool, identity: Identity) -> Self {
        Self {
            is_sorted: is_sorted || table.length() < 2,
            table,
            identity,
        }
    }

    /// Where the events lie.
    #[must_use]
    pub fn table(&self) -> &RangeTable {
        &self.table
    }

    /// Whether the ticks of later indices are known to be no smaller.
    #[must_use]
    pub fn is_sorted(&self) -> bool {
        self.is_sorted
    }

    /// Which events are the same.
    #[must_use]
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// The chunk that takes more events, and the first index in it; that after the last, if all are full.
    #[must_use]
    pub fn open(&self) -> (u64, u64) {
        let length = self.table.chunk_length();
        let chunk = self.table.length() / length;
        (chunk, chunk * length)
    }

    /// Takes in what a plan has brought; only the rows of chunks that it changed are made anew.
    ///
    /// # Errors
    /// [`crate::Error::Caller`] or [`crate::Error::Conflict`] if it was made for another record; this
    /// one is then useless.
    pub fn apply(&mut self, plan: &Plan) -> Result<()> {
        for (&chunk, ticks) in &plan.ticks {
            self.table.set(chunk, ticks)?;
        }
        self.is_sorted = plan.is_sorted;
        self.table.check_length(plan.length)
    }

    /// Sorts: the moves of events, where `ticks` are those of all, which are sorted too.
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] if there are not as many as the table was made for.
    pub fn sort(&mut self, ticks: &mut Vec<i64>) -> Result<Vec<Move>> {
        self.table.check_length(ticks.len() as u64)?;
        let moves = sorting(ticks);
        self.rearrange(ticks, &moves, ticks.len())?;
        self.is_sorted = true;
        Ok(moves)
    }

    /// Clears the events that are asked for: the moves of those that stay. `ticks` are those of all.
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] if they are not those that the table was made for.
    pub fn clear(&mut self, query: &Query, ticks: &mut Vec<i64>) -> Result<Vec<Move>> {
        self.table.check_length(ticks.len() as u64)?;
        let chunk = |chunk: u64| {
            let length = usize::try_from(self.table.chunk_length()).unwrap_or(usize::MAX);
            let at = usize::try_from(chunk).ok()?.checked_mul(length)?;
            let ticks = ticks.get(at..)?;
            Some((chunk, ticks[..length.min(ticks.len())].to_vec()))
        };
        let known: Ticks = query
            .chunks(&self.table)
            .into_iter()
            .filter_map(chunk)
            .collect();
        let found = query.find(&self.table, &known)?;
        let left = ticks.len() - found.ticks.len();
        let moves = closing(&found.runs, ticks.len() as u64);
        self.rearrange(ticks, &moves, left)?;
        self.is_sorted |= left < 2;
        Ok(moves)
    }

    /// Carries moves out on the ticks, and makes the rows from the first that changes on anew.
    fn rearrange(&mut self, ticks: &mut Vec<i64>, moves: &[Move], length: usize) -> Result<()> {
        let first = moves.iter().map(|run| run.to).min();
        let first = first.unwrap_or(u64::MAX).min(length as u64) / self.table.chunk_length();
        *ticks = moved(ticks, moves, length, 0);
        let from = first.saturating_mul(self.table.chunk_length());
        let from = usize::try_from(from).unwrap_or(usize::MAX).min(length);
        self.table.replace_from(first, &ticks[from..])
    }
}
