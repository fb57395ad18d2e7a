//! Reading local files: by position, where the blocks are decoded.

use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use super::Reading;
use super::parts::spans;
use super::plan::Touched;
use crate::array::ReadOptions;
use crate::array::state::ATTEMPTS;
use crate::codec::{Located, scratch::with_bytes};
use crate::shard::ShardIndex;
use crate::store::{LocalObject, LocalStore, Version};
use crate::{Error, Result};

/// Files that one read holds open at a time.
const MOST_OPEN: usize = 128;

/// Bytes that a file in memory gives about as fast as it answers one more read (2.3 µs; 8 KiB take 6).
const NEAR: u64 = 8 << 10;

/// A superchunk that is being read; `None` if there is no file.
struct Opened {
    touched: Touched,
    found: Option<(LocalObject, Arc<ShardIndex>)>,
}

impl Reading<'_, '_> {
    /// Reads all from the files of `store`.
    pub(super) fn run_local(&self, store: &LocalStore) -> Result<()> {
        let mut rest = self.plan.superchunks().peekable();
        while rest.peek().is_some() {
            let mut batch: Vec<Touched> = rest.by_ref().take(MOST_OPEN).collect();
            for attempt in 0.. {
                if attempt > 0 {
                    self.start_again();
                }
                let opened: Vec<Opened> = batch
                    .into_iter()
                    .map(|touched| self.open(store, touched))
                    .collect::<Result<_>>()?;
                batch = self.read_opened(opened)?;
                match batch.first() {
                    None => break,
                    Some(changed) if attempt == ATTEMPTS => {
                        return Err(self.plan.array.restless(&changed.index));
                    }
                    Some(_) => {}
                }
            }
        }
        Ok(())
    }

    fn open(&self, store: &LocalStore, touched: Touched) -> Result<Opened> {
        let found = self.plan.array.open_local(store, &touched.index)?;
        Ok(Opened { touched, found })
    }

    /// Reads what is open, and returns what changed meanwhile and has to be read again.
    fn read_opened(&self, opened: Vec<Opened>) -> Result<Vec<Touched>> {
        let done: Vec<Result<()>> = match self.output.split() {
            None => opened
                .iter()
                .map(|one| self.read_blocks(one, &one.touched.cells))
                .collect(),
            Some(d) => {
                // Slab by slab, so that threads rarely meet in one.
                let mut units: Vec<(usize, usize)> = opened
                    .iter()
                    .enumerate()
                    .flat_map(|(n, one)| one.touched.cells[d].clone().map(move |cell| (cell, n)))
                    .collect();
                units.sort_unstable();
                let results: Vec<(usize, Result<()>)> = units
                    .into_par_iter()
                    .map(|(cell, n)| {
                        let mut cells = opened[n].touched.cells.clone();
                        cells[d] = cell..cell + 1;
                        (n, self.read_blocks(&opened[n], &cells))
                    })
                    .collect();
                let mut done: Vec<Result<()>> = opened.iter().map(|_| Ok(())).collect();
                for (n, result) in results {
                    if done[n].is_ok() {
                        done[n] = result;
                    }
                }
                done
            }
        };
        let mut again = Vec::new();
        for (one, result) in opened.into_iter().zip(done) {
            match &one.found {
                // What was read while it changed may be anything, even an error.
                Some((object, _)) if !object.is_unchanged()? => again.push(one.touched),
                _ => result?,
            }
        }
        Ok(again)
    }

    fn read_blocks(&self, opened: &Opened, cells: &[Range<usize>]) -> Result<()> {
        let Some((object, index)) = &opened.found else {
            return self.plan.each_block(cells, |_, at| {
                self.place_fill(at);
                Ok(())
            });
        };
        let caching = self.plan.array.cache.is_some() && object.is_settled();
        let version = caching.then(|| object.version());
        self.plan.each_block(cells, |position, at| {
            let Some((offset, length)) = index.get(position) else {
                self.place_fill(at);
                return Ok(());
            };
            if version.is_some_and(|version| self.place_cached(at, version)) {
                return Ok(());
            }
            let fits = offset
                .checked_add(length)
                .filter(|end| *end <= object.version().size());
            let length = fits.map(|_| length).ok_or_else(|| {
                Error::data(
                    object.place(),
                    "a block lies beyond the end: it is truncated",
                )
            })?;
            self.read_block(object, (offset, length), at, version)
        })
    }

    /// Reads the block at `at`, or those parts of it that are wanted.
    fn read_block(
        &self,
        object: &LocalObject,
        (offset, length): (u64, u64),
        at: &[usize],
        version: Option<&Version>,
    ) -> Result<()> {
        let parts = self.parts(at);
        let first = parts
            .as_ref()
            .map_or(length, |p| p.first(length, self.near()));
        with_bytes(addressable(object, first)?, |encoded| {
            object.read_exact_at(offset, encoded)?;
            match &parts {
                Some(parts) if first < length => {
                    let located = parts.locate(&self.place, encoded, length)?;
                    self.read_parts(object, offset, at, located)
                }
                parts => self.place_encoded(at, encoded, parts.as_ref(), version),
            }
        })
    }

    /// How far apart what is read together may lie.
    fn near(&self) -> u64 {
        self.plan.array.options.gap.min(NEAR)
    }

    /// Reads what was located of the block at `at`, which begins at `offset`.
    fn read_parts(
        &self,
        object: &LocalObject,
        offset: u64,
        at: &[usize],
        located: Box<dyn Located>,
    ) -> Result<()> {
        let near = ReadOptions {
            gap: self.near(),
            request: u64::MAX,
            ..self.plan.array.options
        };
        let spans = spans(&object.place(), &*located, offset, &near)?;
        let lengths = spans.iter().map(|span| span.extent().1);
        with_bytes(addressable(object, lengths.sum())?, |memory| {
            let mut pieces: Vec<&[u8]> = vec![&[]; located.extents().len()];
            let mut rest = memory;
            for span in &spans {
                let (start, length) = span.extent();
                let (bytes, others) = rest.split_at_mut(addressable(object, length)?);
                object.read_exact_at(start, bytes)?;
                let bytes: &[u8] = bytes;
                for (n, range) in span.blocks() {
                    pieces[n] = &bytes[range];
                }
                rest = others;
            }
            self.place_parts(at, located, &pieces)
        })
    }
}

/// `length` bytes of a file as a size of memory.
fn addressable(object: &LocalObject, length: u64) -> Result<usize> {
    usize::try_from(length).map_err(|e| Error::other(object.place(), "cannot address a block", e))
}
