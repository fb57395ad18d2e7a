//! The bytes of a superchunk: blocks and their index.
//!
//! The format is that of the Zarr codec `sharding_indexed`, with the index at the end (or the start): for each
//! block, in C order, its offset and length as little-endian `u64` (both `2^64 - 1` where the
//! block is absent), then a CRC-32C of these bytes.
//! <https://zarr-specs.readthedocs.io/en/latest/v3/codecs/sharding-indexed/index.html>

use bytes::{BufMut, Bytes, BytesMut};

use crate::{Error, Result};

/// Where each block of one superchunk lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardIndex {
    entries: Vec<Option<(u64, u64)>>,
}

impl ShardIndex {
    /// The index of a superchunk that is not stored.
    #[must_use]
    pub fn absent() -> Self {
        Self {
            entries: Vec::new(),
        }
    }

    /// The index of an object that is one block of `size` bytes.
    #[must_use]
    pub fn whole(size: u64) -> Self {
        Self {
            entries: vec![Some((0, size))],
        }
    }

    /// The index of blocks that lie at `entries` (offset and length in bytes).
    #[must_use]
    pub fn new(entries: Vec<Option<(u64, u64)>>) -> Self {
        Self { entries }
    }

    /// Its bytes, the last or the first of the object.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        let mut bytes = BytesMut::with_capacity(Self::encoded_size(self.entries.len()));
        for entry in &self.entries {
            let (offset, length) = entry.unwrap_or((u64::MAX, u64::MAX));
            bytes.put_u64_le(offset);
            bytes.put_u64_le(length);
        }
        let checksum = crc32c::crc32c(&bytes);
        bytes.put_u32_le(checksum);
        bytes.freeze()
    }

    /// Bytes of an encoded index of `blocks` blocks.
    #[must_use]
    pub const fn encoded_size(blocks: usize) -> usize {
        blocks * 16 + 4
    }

    /// Reads an index of `blocks` blocks, the last bytes of the object at `place` (or the first).
    ///
    /// # Errors
    /// [`Error::Data`] if it is too short or its checksum does not match.
    pub fn parse(place: &str, bytes: &[u8], blocks: usize) -> Result<Self> {
        if bytes.len() != Self::encoded_size(blocks) {
            let (have, want) = (bytes.len(), Self::encoded_size(blocks));
            let what = format!("{have} bytes where the shard index needs {want}: it is truncated");
            return Err(Error::data(place, what));
        }
        let (entries, checksum) = bytes.split_at(blocks * 16);
        if crc32c::crc32c(entries).to_le_bytes() != checksum {
            return Err(Error::data(
                place,
                "the checksum of the shard index does not match",
            ));
        }
        let word = |b: &[u8]| b.iter().rev().fold(0, |n, &x| n << 8 | u64::from(x));
        let entries = entries
            .chunks_exact(16)
            .map(|e| (word(&e[..8]), word(&e[8..])))
            .map(|(offset, length)| {
                (offset != u64::MAX || length != u64::MAX).then_some((offset, length))
            })
            .collect();
        Ok(Self { entries })
    }

    /// Offset and length, in bytes, of block number `i`; `None` where it is absent.
    #[must_use]
    pub fn get(&self, i: usize) -> Option<(u64, u64)> {
        self.entries.get(i).copied().flatten()
    }

    /// Whether every block is absent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.iter().all(Option::is_none)
    }
}

/// The object that holds `blocks`, laid out in the given order; `None` if all are absent.
#[must_use]
pub fn assemble(blocks: &[Option<Bytes>], order: &[usize], index_at_end: bool) -> Option<Bytes> {
    let data: usize = blocks.iter().flatten().map(Bytes::len).sum();
    if blocks.iter().all(Option::is_none) {
        return None;
    }
    let index_size = ShardIndex::encoded_size(blocks.len());
    let mut object = BytesMut::with_capacity(data + index_size);
    if !index_at_end {
        object.put_bytes(0, index_size);
    }
    let mut entries = vec![None; blocks.len()];
    for &i in order {
        if let Some(block) = &blocks[i] {
            entries[i] = Some((object.len() as u64, block.len() as u64));
            object.put_slice(block);
        }
    }
    let index = ShardIndex { entries }.encode();
    match index_at_end {
        true => object.put_slice(&index),
        false => object[..index_size].copy_from_slice(&index),
    }
    Some(object.freeze())
}
