//! The bytes of a superchunk: blocks and their index.
//!
//! The format is that of the Zarr codec `sharding_indexed`, with the index at the end: for each
//! block, in C order, its offset and length as little-endian `u64` (both `2^64 - 1` where the
//! block is absent), then a CRC-32C of these bytes.
//! <https://zarr-specs.readthedocs.io/en/latest/v3/codecs/sharding-indexed/index.html>

mod framing;
mod space;

use std::ops::Range;

use bytes::{BufMut, Bytes, BytesMut};

pub(crate) use framing::frame;
pub use framing::{Framing, MakeFraming, Piece, framing_of, register};
pub(crate) use space::Space;

use crate::codec::Grown;
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

    /// Offsets and lengths, by position.
    pub(crate) fn entries(&self) -> &[Option<(u64, u64)>] {
        &self.entries
    }

    /// Bytes of an encoded index of `blocks` blocks.
    #[must_use]
    pub const fn encoded_size(blocks: usize) -> usize {
        blocks * 16 + 4
    }

    /// Reads an index of `blocks` blocks, the last bytes of the object at `place`.
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

    /// Bytes of memory that it takes.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(self.entries.as_slice())
    }

    /// Whether every block is absent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.iter().all(Option::is_none)
    }
}

/// What is put for a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Encoded {
    /// These bytes.
    Whole(Bytes),
    /// These bytes, and then what was there.
    Grown(Grown),
}

impl From<Bytes> for Encoded {
    fn from(bytes: Bytes) -> Self {
        Self::Whole(bytes)
    }
}

impl Encoded {
    /// The new bytes, and those that follow of a block that lay at `old`.
    pub(crate) fn parts(&self, old: Option<(u64, u64)>) -> (Bytes, Range<u64>) {
        match self {
            Self::Whole(bytes) => (bytes.clone(), 0..0),
            Self::Grown(grown) => {
                let kept = old.map_or(0..0, |(at, n)| at..at.saturating_add(n));
                (grown.bytes.clone(), kept)
            }
        }
    }

    /// Bytes that are wanted free before the block.
    pub(crate) fn room(&self) -> u64 {
        match self {
            Self::Whole(_) => 0,
            Self::Grown(grown) => grown.room as u64,
        }
    }
}

/// A piece of a superchunk that is put anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// These bytes.
    New(Bytes),
    /// These bytes of the object as it was.
    Kept(Range<u64>),
}

/// The pieces, in order, of the object that holds the blocks of `old` with some `changes`; `None` if
/// no block is left.
///
/// Blocks are laid out in `order`. What lies side by side in the old object is one piece.
#[must_use]
pub fn arrange(
    old: &ShardIndex,
    changes: impl IntoIterator<Item = (usize, Option<Encoded>)>,
    order: &[usize],
    index_at_end: bool,
) -> Option<(Vec<Part>, ShardIndex)> {
    let keep = |i| old.get(i).map(|_| Encoded::Grown(Grown::default()));
    let mut blocks: Vec<Option<Encoded>> = (0..order.len()).map(keep).collect();
    for (position, block) in changes {
        blocks[position] = block;
    }
    let mut at = match index_at_end {
        true => 0,
        false => ShardIndex::encoded_size(order.len()) as u64,
    };
    let mut entries = vec![None; order.len()];
    let mut parts = Vec::new();
    for &i in order {
        let Some(block) = blocks[i].take() else {
            continue;
        };
        let (bytes, kept) = block.parts(old.get(i));
        let length = bytes.len() as u64 + (kept.end - kept.start);
        entries[i] = Some((at, length));
        at += length;
        parts.push(Part::New(bytes));
        parts.push(Part::Kept(kept));
    }
    let index = ShardIndex { entries };
    if index.is_empty() {
        return None;
    }
    match index_at_end {
        true => parts.push(Part::New(index.encode())),
        false => parts.insert(0, Part::New(index.encode())),
    }
    Some((joined(parts), index))
}

/// The same pieces without empty ones; what lay side by side is one.
fn joined(parts: Vec<Part>) -> Vec<Part> {
    let mut joined: Vec<Part> = Vec::with_capacity(parts.len());
    for part in parts {
        match (joined.last_mut(), part) {
            (_, Part::New(bytes)) if bytes.is_empty() => {}
            (_, Part::Kept(range)) if range.is_empty() => {}
            (Some(Part::Kept(last)), Part::Kept(next)) if last.end == next.start => {
                last.end = next.end;
            }
            (_, part) => joined.push(part),
        }
    }
    joined
}
