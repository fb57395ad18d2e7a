//! A superchunk that is put as it is encoded.

use bytes::Bytes;

use super::Lanes;
use crate::exec::block_on;
use crate::shard::ShardIndex;
use crate::store::{Expected, ObjectWriter};
use crate::{Array, Result};

/// One superchunk on its way into the store.
#[derive(Debug)]
pub(super) struct Stream<'a> {
    array: &'a Array,
    superchunk: &'a [u64],
    /// There once there is something to write.
    writer: Option<Box<dyn ObjectWriter>>,
    /// Blocks that wait for the index, where it comes before them.
    parts: Vec<Bytes>,
    /// Blocks by position that wait for what frames them, which begins with how long all of them are:
    /// of a framed array one whole encoded superchunk is held.
    framed: Option<Vec<Option<Bytes>>>,
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
            writer: None,
            parts: Vec::new(),
            framed: array.is_framed().then(|| vec![None; blocks]),
            entries: vec![None; blocks],
            at,
        }
    }

    /// Appends the encodings of `blocks`, which the lanes hold.
    pub(super) fn write(&mut self, blocks: &[Vec<u64>], lanes: &mut Lanes) -> Result<()> {
        if let Some(framed) = &mut self.framed {
            for (index, block) in blocks.iter().zip(lanes.take_blocks()) {
                framed[self.array.layout().locate(index).1] = block;
            }
            return Ok(());
        }
        for (index, length) in blocks.iter().zip(lanes.lengths()) {
            if let Some(length) = length {
                let (_, position) = self.array.layout().locate(index);
                self.entries[position] = Some((self.at, length as u64));
                self.at += length as u64;
            }
        }
        let parts = lanes.take();
        if self.array.index_is_at_start() {
            self.parts.extend(parts);
            return Ok(());
        }
        if parts.iter().any(|part| !part.is_empty()) {
            let mut writer = self.take_writer()?;
            block_on(writer.write(&parts))?;
            self.writer = Some(writer);
        }
        lanes.give_back(parts);
        Ok(())
    }

    /// The writer of the object, which is begun if it was not.
    fn take_writer(&mut self) -> Result<Box<dyn ObjectWriter>> {
        if let Some(writer) = self.writer.take() {
            return Ok(writer);
        }
        let key = self.array.superchunk_key(self.superchunk);
        block_on(self.array.store().create(&key))
    }

    /// Replaces the superchunk, or deletes it if no block is left; `false` if what is stored is not
    /// as `expected`.
    pub(super) fn finish(mut self, expected: &Expected) -> Result<bool> {
        let (array, superchunk) = (self.array, self.superchunk);
        if let Some(blocks) = self.framed {
            return array.put_superchunk(superchunk, &blocks, expected);
        }
        array.check_writable()?;
        if self.entries.iter().all(Option::is_none) {
            return array.drop_superchunk(superchunk, expected);
        }
        let index = match array.layout().is_sharded() {
            true => ShardIndex::new(std::mem::take(&mut self.entries)),
            false => ShardIndex::whole(self.at),
        };
        let mut parts = std::mem::take(&mut self.parts);
        if array.layout().is_sharded() {
            parts.insert(0, index.encode());
        }
        let mut writer = self.take_writer()?;
        let put = block_on(async {
            writer.write(&parts).await?;
            array.check_fence().await?;
            writer.finish(expected).await
        });
        array.took(superchunk, put, index)
    }
}
