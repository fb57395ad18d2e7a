//! A superchunk that is put as it is encoded.

use bytes::Bytes;

use super::Lanes;
use crate::exec::block_on;
use crate::shard::ShardIndex;
use crate::store::Expected;
use crate::{Array, Result};

/// One superchunk on its way into the store.
#[derive(Debug)]
pub(super) struct Stream<'a> {
    array: &'a Array,
    superchunk: &'a [u64],
    parts: Vec<Bytes>,
    entries: Vec<Option<(u64, u64)>>,
    /// Where the next block begins.
    at: u64,
}

impl<'a> Stream<'a> {
    pub(super) fn new(array: &'a Array, superchunk: &'a [u64]) -> Self {
        let blocks = array.layout().block_count();
        let at = match array.index_is_at_start() {
            true => ShardIndex::encoded_size(blocks) as u64,
            false => 0,
        };
        Self {
            array,
            superchunk,
            parts: Vec::new(),
            entries: vec![None; blocks],
            at,
        }
    }

    /// Appends the encodings of `blocks`.
    pub(super) fn write(&mut self, blocks: &[Vec<u64>], lanes: &Lanes) {
        let mut blocks = blocks.iter();
        for (bytes, lengths) in lanes.encoded() {
            for (length, index) in lengths.iter().zip(&mut blocks) {
                if let Some(length) = length {
                    let (_, position) = self.array.layout().locate(index);
                    self.entries[position] = Some((self.at, *length as u64));
                    self.at += *length as u64;
                }
            }
            if !bytes.is_empty() {
                self.parts.push(Bytes::copy_from_slice(bytes));
            }
        }
    }

    /// Replaces the superchunk, or deletes it if no block is left.
    pub(super) fn finish(mut self) -> Result<()> {
        let array = self.array;
        let key = array.superchunk_key(self.superchunk);
        array.forget(self.superchunk);
        if self.parts.is_empty() {
            block_on(array.store().delete_if(&key, &Expected::Any))?;
            return Ok(());
        }
        if array.layout().is_sharded() {
            let index = ShardIndex::new(self.entries).encode();
            match array.index_is_at_start() {
                true => self.parts.insert(0, index),
                false => self.parts.push(index),
            }
        }
        block_on(array.store().put_if(&key, &self.parts, &Expected::Any))?;
        Ok(())
    }
}
