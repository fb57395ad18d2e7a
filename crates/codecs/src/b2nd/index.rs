//! Where the blocks of an encoded chunk lie, and their checksums.

use std::ops::Range;

use ziggurat_core::{Error, Result};

use super::codec::{Codec, PLACE};
use crate::blosc2::{ChunkIndex, Content, Special};

/// What the front of a chunk says, checked against what the codec expects.
#[derive(Debug)]
pub(super) struct Index {
    chunk: ChunkIndex,
    /// A CRC-32C for each block; none if there are no checksums.
    sums: Vec<u32>,
}

impl Index {
    /// Reads the front of a chunk; more may follow.
    pub(super) fn parse(codec: &Codec, bytes: &[u8]) -> Result<Self> {
        let chunk = ChunkIndex::parse(bytes).map_err(|e| e.at(PLACE))?;
        let header = chunk.header();
        let (typesize, sizes) = (codec.typesize, codec.sizes);
        let blocks = header.content == Content::Blocks;
        let fits = header.typesize == typesize
            && header.decoded == sizes.padded
            && (!blocks || header.block == sizes.block)
            && match header.content {
                // The front holds all of such a chunk.
                Content::Special(Special::Repeated) => header.encoded == header.length + typesize,
                Content::Special(_) => header.encoded == header.length,
                _ => true,
            };
        if !fits {
            let what = format!(
                "{} bytes in blocks of {} with elements of {}, instead of {} in blocks of {} with elements of {typesize}",
                header.decoded, header.block, header.typesize, sizes.padded, sizes.block
            );
            return Err(Error::data(PLACE, what));
        }
        let sums = match codec.checksum {
            true => sums(&chunk, bytes)?,
            false => Vec::new(),
        };
        let chunk = chunk.in_blocks_of(sizes.block);
        Ok(Self { chunk, sums })
    }

    /// Compares the length of the whole chunk with what its header says.
    pub(super) fn check_length(&self, length: u64) -> Result<()> {
        let encoded = self.length();
        match encoded == length {
            true => Ok(()),
            false => Err(Error::data(
                PLACE,
                format!("{length} bytes instead of {encoded}"),
            )),
        }
    }

    /// Bytes of the chunk.
    pub(super) fn length(&self) -> u64 {
        self.chunk.header().encoded as u64
    }

    /// The bytes of the chunk that a block takes.
    pub(super) fn extent(&self, block: usize) -> Range<u64> {
        let extent = self.chunk.extent(block);
        extent.start as u64..extent.end as u64
    }

    /// Whether blocks but the first are decoded with the help of the first.
    pub(super) fn needs_first(&self) -> bool {
        self.chunk.needs_first()
    }

    /// Decodes a block of little-endian elements; as [`ChunkIndex::decode_block`].
    pub(super) fn decode(
        &self,
        block: usize,
        stored: &[u8],
        first: Option<&[u8]>,
        out: &mut [u8],
    ) -> Result<()> {
        let whole = self
            .sums
            .get(block)
            .is_none_or(|sum| crc32c::crc32c(stored) == *sum);
        if !whole {
            let what = format!("block {block} does not match its checksum");
            return Err(Error::data(PLACE, what));
        }
        self.chunk
            .decode_block(block, stored, first, out)
            .map_err(|e| e.map_place(|place| format!("{PLACE}: block {block}: {place}")))
    }
}

/// The checksums of the blocks, which stand between their starts and the first of them; the last word
/// is that of all before it.
fn sums(chunk: &ChunkIndex, bytes: &[u8]) -> Result<Vec<u32>> {
    let header = chunk.header();
    if header.content != Content::Blocks {
        let what = format!("{:?} instead of blocks with checksums", header.content);
        return Err(Error::data(PLACE, what));
    }
    let (table, blocks) = (header.prefix(), header.blocks());
    let end = table + 4 * blocks;
    let words = bytes.get(table..end + 4).map(<[u8]>::as_chunks);
    let Some((words, _)) = words else {
        let n = bytes.len();
        let what = format!("cut off after {n} bytes, within the checksums of {blocks} blocks");
        return Err(Error::data(PLACE, what));
    };
    let mut sums: Vec<u32> = words.iter().map(|word| u32::from_le_bytes(*word)).collect();
    if sums.pop() != Some(crc32c::crc32c(&bytes[..end])) {
        let what = "the header and the starts of the blocks do not match their checksum";
        return Err(Error::data(PLACE, what));
    }
    if (0..blocks).any(|block| chunk.extent(block).start < end + 4) {
        let what = "a block starts within the checksums";
        return Err(Error::data(PLACE, what));
    }
    Ok(sums)
}
