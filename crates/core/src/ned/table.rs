//! The range table: where the events of each chunk lie.

use std::collections::BTreeMap;
use std::iter;
use std::ops::RangeInclusive;

use super::Range;
use crate::{Error, Result};

/// Numbers in a row of the stored table: first tick, last tick, events.
pub const COLUMNS: usize = 3;

/// Ticks of whole chunks, by the index of the chunk.
pub type Ticks = BTreeMap<u64, Vec<i64>>;

/// In which direction an event is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The last one at or before a tick.
    Previous,
    /// The first one at or after it.
    Next,
    /// The nearest; of two, the earlier.
    Nearest,
}

/// The extremes of one chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row {
    first: i64,
    last: i64,
    count: u64,
}

impl Row {
    fn of(ticks: &[i64]) -> Option<Self> {
        Some(Self {
            first: *ticks.iter().min()?,
            last: *ticks.iter().max()?,
            count: ticks.len() as u64,
        })
    }

    fn meets(&self, span: &RangeInclusive<i64>) -> bool {
        self.first <= *span.end() && self.last >= *span.start()
    }
}

/// For each chunk of a dimension its smallest and its largest tick, and how many events it holds.
///
/// All chunks but the last hold `chunk_length` events; the record is dense. The smallest dyadic
/// [`Range`] follows from the extremes, not the other way round, and a dyadic range may be far longer
/// than what it holds, so it is the extremes that are kept. Source: `spec/ned.md`, N13 to N17.
///
/// ```
/// use ziggurat_core::ned::RangeTable;
/// let table = RangeTable::of(2, &[10, 12, 17])?;
/// assert_eq!(table.to_array(), [10, 12, 2, 17, 17, 1]);
/// assert_eq!(table.meeting(11..=16).collect::<Vec<_>>(), [0]);
/// let range = table.range(0, 8).ok_or("no such chunk")?;
/// assert_eq!((range.start(), range.stop()), (8, 16));
/// assert!(table.is_settled(0) && !table.is_settled(1), "one event has the default zoom");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeTable {
    chunk_length: u64,
    rows: Vec<Row>,
    /// So many rows from the first on follow one another.
    ordered: usize,
}

impl RangeTable {
    /// The table of events with these ticks, in the order of their indices.
    ///
    /// # Errors
    /// [`Error::Caller`] for chunks of no events.
    pub fn of(chunk_length: u64, ticks: &[i64]) -> Result<Self> {
        let mut table = Self::empty(chunk_length)?;
        table.replace_from(0, ticks)?;
        Ok(table)
    }

    fn empty(chunk_length: u64) -> Result<Self> {
        if chunk_length == 0 {
            return Err(Error::caller(
                "chunk length",
                "a chunk holds at least 1 event",
            ));
        }
        Ok(Self {
            chunk_length,
            rows: Vec::new(),
            ordered: 0,
        })
    }

    /// The table that is stored as `array`, [`COLUMNS`] numbers for each chunk.
    ///
    /// # Errors
    /// [`Error::Data`] if that is no table of a dense record.
    pub fn from_array(chunk_length: u64, array: &[i64]) -> Result<Self> {
        let mut table = Self::empty(chunk_length)?;
        let rows = array.chunks_exact(COLUMNS);
        if !rows.remainder().is_empty() {
            return Err(damaged("its length is no multiple of 3"));
        }
        for row in rows {
            let row = Row {
                first: row[0],
                last: row[1],
                count: u64::try_from(row[2]).unwrap_or(0),
            };
            let is_one = row.count == 1;
            if row.first > row.last || (is_one && row.first < row.last) {
                return Err(damaged("the extremes of a chunk are not in order"));
            }
            table
                .set_row(table.rows.len(), row)
                .map_err(|_| damaged("the numbers of events are not those of a dense record"))?;
        }
        Ok(table)
    }

    /// The numbers to store, row by row.
    #[must_use]
    pub fn to_array(&self) -> Vec<i64> {
        let rows = self.rows.iter();
        rows.flat_map(|row| [row.first, row.last, row.count.cast_signed()])
            .collect()
    }

    /// Events of a full chunk.
    #[must_use]
    pub fn chunk_length(&self) -> u64 {
        self.chunk_length
    }

    /// Chunks.
    #[must_use]
    pub fn chunks(&self) -> u64 {
        self.rows.len() as u64
    }

    /// Events: how long an array is that the table is not stale for.
    #[must_use]
    pub fn length(&self) -> u64 {
        match self.rows.split_last() {
            None => 0,
            Some((tail, full)) => full.len() as u64 * self.chunk_length + tail.count,
        }
    }

    /// The range of a chunk; that of one event has the default zoom.
    #[must_use]
    pub fn range(&self, chunk: u64, default_zoom: u8) -> Option<Range> {
        let row = self.row(chunk)?;
        match row.count {
            1 => Range::of(row.first, default_zoom),
            _ => Range::holding(row.first, row.last),
        }
    }

    /// Whether the zoom of a chunk is its own, as it is from the second event on.
    #[must_use]
    pub fn is_settled(&self, chunk: u64) -> bool {
        self.row(chunk).is_some_and(|row| row.count > 1)
    }

    /// The smallest and the largest tick of a chunk.
    #[must_use]
    pub fn extremes(&self, chunk: u64) -> Option<RangeInclusive<i64>> {
        self.row(chunk).map(|row| row.first..=row.last)
    }

    fn row(&self, chunk: u64) -> Option<&Row> {
        self.rows.get(usize::try_from(chunk).ok()?)
    }

    /// The chunks that hold events of `span`, if any do, in order.
    ///
    /// Chunks that follow one another in time, as all of a sorted axis do, are found by bisection.
    pub fn meeting(&self, span: RangeInclusive<i64>) -> impl Iterator<Item = u64> + '_ {
        let (lead, rest) = self.rows.split_at(self.ordered);
        let from = lead.partition_point(|row| row.last < *span.start());
        let to = lead.partition_point(|row| row.first <= *span.end());
        let rest = iter::zip(self.ordered.., rest)
            .filter(move |(_, row)| row.meets(&span))
            .map(|(chunk, _)| chunk);
        (from..to).chain(rest).map(|chunk| chunk as u64)
    }

    /// The chunks one of which holds the event that is looked for from `tick`, in order.
    #[must_use]
    pub fn beside(&self, tick: i64, direction: Direction) -> Vec<u64> {
        match direction {
            Direction::Previous => {
                let lead = &self.rows[..self.ordered];
                let to = lead.partition_point(|row| row.first <= tick);
                let latest = lead[..to].last();
                let from = latest.map_or(to, |l| lead.partition_point(|row| row.last < l.first));
                self.before(tick, from..to, |row| (row.first, row.last))
            }
            Direction::Next => {
                let lead = &self.rows[..self.ordered];
                let from = lead.partition_point(|row| row.last < tick);
                let latest = lead.get(from).map(|row| row.last);
                let to = latest.map_or(from, |l| lead.partition_point(|row| row.first <= l));
                // The complement turns the axis round.
                self.before(!tick, from..to, |row| (!row.last, !row.first))
            }
            Direction::Nearest => {
                let mut chunks = self.beside(tick, Direction::Previous);
                chunks.extend(self.beside(tick, Direction::Next));
                chunks.sort_unstable();
                chunks.dedup();
                chunks
            }
        }
    }

    /// Of the chunks in `lead` and those out of order the ones that may hold the last event up to `tick`.
    fn before(
        &self,
        tick: i64,
        lead: std::ops::Range<usize>,
        extremes: impl Fn(&Row) -> (i64, i64),
    ) -> Vec<u64> {
        let chunks = lead.chain(self.ordered..self.rows.len());
        let near: Vec<_> = chunks
            .map(|chunk| (chunk, extremes(&self.rows[chunk])))
            .filter(|(_, (first, _))| *first <= tick)
            .collect();
        let sure = |&(first, last): &(i64, i64)| if last <= tick { last } else { first };
        let least = near.iter().map(|(_, row)| sure(row)).max();
        let may = |&&(_, (_, last)): &&(usize, (i64, i64))| Some(last.min(tick)) >= least;
        near.iter()
            .filter(may)
            .map(|(chunk, _)| *chunk as u64)
            .collect()
    }

    /// Takes over the ticks of one chunk, the present ones or that after the last.
    ///
    /// # Errors
    /// [`Error::Caller`] if the record would not be dense.
    pub fn set(&mut self, chunk: u64, ticks: &[i64]) -> Result<()> {
        let at = usize::try_from(chunk).unwrap_or(usize::MAX);
        match Row::of(ticks) {
            Some(row) => self.set_row(at, row),
            None => Err(not_dense(chunk)),
        }
    }

    fn set_row(&mut self, at: usize, row: Row) -> Result<()> {
        let full = self.chunk_length;
        let is_last = at + 1 >= self.rows.len();
        let follows = at == 0 || self.rows.get(at - 1).is_some_and(|r| r.count == full);
        let fits = (1..=full).contains(&row.count) && (is_last || row.count == full);
        if !fits || !follows {
            return Err(not_dense(at as u64));
        }
        match self.rows.get_mut(at) {
            Some(present) => *present = row,
            None => self.rows.push(row),
        }
        let next = at + 1;
        if at < self.ordered && !(self.follows(at) && (next >= self.ordered || self.follows(next)))
        {
            self.ordered = at;
        }
        while self.ordered < self.rows.len() && self.follows(self.ordered) {
            self.ordered += 1;
        }
        Ok(())
    }

    /// Whether a chunk lies after the one before it.
    fn follows(&self, at: usize) -> bool {
        at == 0 || self.rows[at - 1].last <= self.rows[at].first
    }

    /// Takes over the ticks of all events from the first of `chunk` on; the record ends with them.
    ///
    /// # Errors
    /// [`Error::Caller`] if the record would not be dense.
    pub fn replace_from(&mut self, chunk: u64, ticks: &[i64]) -> Result<()> {
        if chunk > self.chunks() {
            return Err(not_dense(chunk));
        }
        self.rows
            .truncate(usize::try_from(chunk).unwrap_or(usize::MAX));
        self.ordered = self.ordered.min(self.rows.len());
        let length = usize::try_from(self.chunk_length).unwrap_or(usize::MAX);
        iter::zip(chunk.., ticks.chunks(length))
            .try_for_each(|(chunk, ticks)| self.set(chunk, ticks))
    }

    /// The ticks of `chunk`, if they are those that the table was made for.
    ///
    /// # Errors
    /// [`Error::Caller`] if they were not read, [`Error::Conflict`] if the table is stale.
    pub fn known<'a>(&self, ticks: &'a Ticks, chunk: u64) -> Result<&'a [i64]> {
        let place = || format!("chunk {chunk} of the coordinate");
        let Some(found) = ticks.get(&chunk) else {
            return Err(Error::caller(place(), "its ticks are needed; read them"));
        };
        if Row::of(found).as_ref() != self.row(chunk) {
            return Err(Error::conflict(place(), STALE));
        }
        Ok(found)
    }

    /// Whether the table was made for as many events.
    ///
    /// # Errors
    /// [`Error::Conflict`] if it was not: it is stale.
    pub fn check_length(&self, length: u64) -> Result<()> {
        if self.length() == length {
            return Ok(());
        }
        let what = format!(
            "it is for {} events, there are {length}; {STALE}",
            self.length()
        );
        Err(Error::conflict("range table", what))
    }
}

const STALE: &str = "the coordinate was changed by other means; make the range table anew";

fn damaged(what: &str) -> Error {
    Error::data("range table", format!("{what}; make it anew"))
}

fn not_dense(chunk: u64) -> Error {
    let what = "only the last chunk holds fewer events than others, and none holds none";
    Error::caller(format!("chunk {chunk} of the range table"), what)
}
