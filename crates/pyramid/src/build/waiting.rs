//! Superchunks that wait for blocks, within a bound of memory.
//!
//! Encoded blocks are held until the superchunk is complete. If too many are held, some are put into
//! the store before their time and taken up again when the rest has come, still encoded.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use ziggurat_core::{Array, Result, SuperchunkWriter};

/// Bytes of encoded blocks that wait, over all arrays of a build, and their bound.
#[derive(Debug)]
pub(super) struct Held {
    bytes: AtomicU64,
    /// How many may wait.
    most: u64,
    /// How many are worth a superchunk put before its time.
    worth: u64,
}

impl Default for Held {
    fn default() -> Self {
        Self::new(64 << 20, 1 << 20)
    }
}

impl Held {
    /// `worth` is 1 or more: nothing is freed by writing nothing.
    pub(super) fn new(most: u64, worth: u64) -> Self {
        let bytes = AtomicU64::new(0);
        Self {
            bytes,
            most,
            worth: worth.max(1),
        }
    }

    /// Whether more is held than may be.
    pub(super) fn is_too_much(&self) -> bool {
        self.bytes.load(Ordering::Relaxed) > self.most
    }
}

/// The unfinished superchunks of one array.
#[derive(Debug)]
pub(super) struct Waiting<'a> {
    array: &'a Array,
    open: Mutex<HashMap<Vec<u64>, Open<'a>>>,
}

/// A superchunk that is not complete.
#[derive(Debug)]
struct Open<'a> {
    writer: SuperchunkWriter<'a>,
    blocks_to_come: u64,
    /// Bytes held by the writer.
    bytes: u64,
    /// Whether blocks of it are in the store already.
    spilled: bool,
}

impl<'a> Waiting<'a> {
    pub(super) fn new(array: &'a Array) -> Self {
        Self {
            array,
            open: Mutex::default(),
        }
    }

    /// Takes block `index`, and writes its superchunk if that is the last of the `expected` ones.
    pub(super) fn add(
        &self,
        index: &[u64],
        encoded: Option<Bytes>,
        expected: impl FnOnce(&[u64]) -> u64,
        held: &Held,
    ) -> Result<()> {
        let (superchunk, _) = self.array.layout().locate(index);
        let length = encoded.as_ref().map_or(0, |b| b.len() as u64);
        held.bytes.fetch_add(length, Ordering::Relaxed);
        let complete = {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            let mut entry = match open.entry(superchunk) {
                Entry::Occupied(entry) => entry,
                Entry::Vacant(entry) => {
                    let new = Open {
                        writer: self.array.superchunk_writer(entry.key()),
                        blocks_to_come: expected(entry.key()),
                        bytes: 0,
                        spilled: false,
                    };
                    entry.insert_entry(new)
                }
            };
            let waiting = entry.get_mut();
            waiting.writer.set(index, encoded);
            waiting.bytes += length;
            waiting.blocks_to_come -= 1;
            (waiting.blocks_to_come == 0).then(|| entry.remove())
        };
        match complete {
            Some(complete) => complete.write(held),
            None => Ok(()),
        }
    }

    /// Puts the largest unfinished superchunk into the store as far as it is; `false` if none is worth it.
    pub(super) fn spill(&self, held: &Held) -> Result<bool> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let largest = open.iter_mut().max_by_key(|(_, waiting)| waiting.bytes);
        let Some((superchunk, waiting)) =
            largest.filter(|(_, waiting)| waiting.bytes >= held.worth)
        else {
            return Ok(false);
        };
        let rest = Open {
            writer: self.array.superchunk_writer(superchunk),
            blocks_to_come: waiting.blocks_to_come,
            bytes: 0,
            spilled: true,
        };
        std::mem::replace(waiting, rest).write(held)?;
        Ok(true)
    }
}

impl Open<'_> {
    fn write(mut self, held: &Held) -> Result<()> {
        if self.spilled {
            self.writer.keep_stored()?;
        }
        self.writer.finish()?;
        held.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        Ok(())
    }
}
