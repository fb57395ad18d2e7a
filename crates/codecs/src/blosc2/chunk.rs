//! Where the blocks of a chunk lie, and how each is decoded alone.

use std::ops::Range;

use rayon::prelude::*;
use ziggurat_core::{Error, Result};

use super::header::{Content, Header, PLACE, damaged};
use super::pipeline::Block;
use super::streams;

/// What the front of a chunk says: its header, and where its blocks start.
///
/// A block is decoded from its own bytes. No two blocks share bytes, so decoding all of them costs
/// no more than the chunk is long.
///
/// ```
/// use ziggurat_codecs::blosc2::{ChunkIndex, Encoder};
/// let elements: Vec<u8> = (0..10_000u32).flat_map(u32::to_le_bytes).collect();
/// let chunk = Encoder::new(4)?.block(8_000)?.encode(&elements)?;
///
/// let index = ChunkIndex::parse(&chunk)?;
/// let mut block = vec![0; index.header().block_size(3)];
/// index.decode_block(3, &chunk[index.extent(3)], None, &mut block)?;
/// assert_eq!(block, elements[24_000..32_000]);
/// # Ok::<(), ziggurat_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ChunkIndex {
    header: Header,
    /// Of each block the bytes of the chunk that it takes; of a special or copied chunk nothing.
    extents: Vec<(u32, u32)>,
    /// The repeated value of a special chunk.
    value: Vec<u8>,
}

impl ChunkIndex {
    /// Reads the first [`Header::prefix`] bytes of a chunk; more may follow.
    ///
    /// # Errors
    /// As [`Header::parse`]; [`Error::Data`] if `bytes` end earlier, or a block starts outside of the
    /// chunk or where another does.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let header = Header::parse(bytes)?;
        let prefix = bytes.get(..header.prefix()).ok_or_else(|| {
            let (n, blocks) = (bytes.len(), header.blocks());
            damaged(format!(
                "cut off after {n} bytes, within the starts of {blocks} blocks"
            ))
        })?;
        let rest = &prefix[header.length..];
        let (extents, value) = match header.content {
            Content::Blocks => (extents(&header, rest)?, Vec::new()),
            Content::Copied => (Vec::new(), Vec::new()),
            Content::Special(_) => (Vec::new(), rest.to_vec()),
        };
        Ok(Self {
            header,
            extents,
            value,
        })
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The same seen as blocks of `block` bytes, if the chunk is special or copied: nothing in it depends on
    /// their size.
    #[must_use]
    pub(crate) fn in_blocks_of(mut self, block: usize) -> Self {
        if self.header.content != Content::Blocks {
            self.header.block = block.max(1);
        }
        self
    }

    /// The bytes of the chunk that [`decode_block`](Self::decode_block) needs; none if all elements
    /// are the same.
    ///
    /// # Panics
    /// If there is no such block.
    #[must_use]
    pub fn extent(&self, block: usize) -> Range<usize> {
        assert!(block < self.header.blocks(), "no block {block}");
        match self.header.content {
            Content::Blocks => {
                let (start, end) = self.extents[block];
                start as usize..end as usize
            }
            Content::Copied => {
                let start = self.header.length + block * self.header.block;
                start..start + self.header.block_size(block)
            }
            Content::Special(_) => 0..0,
        }
    }

    /// Whether blocks but the first are decoded with the help of the first, decoded.
    #[must_use]
    pub fn needs_first(&self) -> bool {
        self.header.content == Content::Blocks && self.header.filters.refers_to_first()
    }

    /// Decodes `block` from `stored`, the bytes of its [`extent`](Self::extent), into `out`, which has
    /// its size. `first` is the first block, decoded, if this is another and
    /// [`needs_first`](Self::needs_first).
    ///
    /// # Errors
    /// [`Error::Data`] if the bytes are damaged; [`Error::Caller`] if `out` has another size, or
    /// `first` is missing.
    pub fn decode_block(
        &self,
        block: usize,
        stored: &[u8],
        first: Option<&[u8]>,
        out: &mut [u8],
    ) -> Result<()> {
        let size = self.header.block_size(block);
        if out.len() != size {
            let what = format!("{} bytes for block {block}, which has {size}", out.len());
            return Err(Error::caller(PLACE, what));
        }
        match self.header.content {
            Content::Blocks => {
                let first = match (self.needs_first() && block > 0, first) {
                    (true, None) => {
                        let what = format!("block {block} without the first, which it refers to");
                        return Err(Error::caller(PLACE, what));
                    }
                    (true, first) => first,
                    (false, _) => None,
                };
                let header = &self.header;
                Block { header, first }
                    .unfiltered(out, |filtered| streams::decode(header, stored, filtered))
            }
            Content::Copied if stored.len() != size => {
                Err(damaged(format!("{} bytes for {size}", stored.len())))
            }
            Content::Copied => {
                out.copy_from_slice(stored);
                Ok(())
            }
            Content::Special(special) => {
                let at = block * self.header.block;
                special.fill(self.header.typesize, &self.value, at, out)
            }
        }
    }

    /// Decodes all blocks of `chunk` into `out`, in parallel.
    ///
    /// # Errors
    /// As [`decode_block`](Self::decode_block), and [`Error::Data`] if `chunk` has not the length that
    /// its header says.
    pub fn decode(&self, chunk: &[u8], out: &mut [u8]) -> Result<()> {
        let Header {
            encoded, decoded, ..
        } = self.header;
        if chunk.len() != encoded {
            let n = chunk.len();
            return Err(damaged(format!("{n} bytes instead of {encoded}")));
        }
        if out.len() != decoded {
            let what = format!("{} bytes for a chunk of {decoded}", out.len());
            return Err(Error::caller(PLACE, what));
        }
        let decode = |index: usize, first: Option<&[u8]>, block: &mut [u8]| {
            self.decode_block(index, &chunk[self.extent(index)], first, block)
        };
        if self.header.blocks() < 2 {
            return match out {
                [] => Ok(()),
                out => decode(0, None, out),
            };
        }
        let (first, rest) = out.split_at_mut(self.header.block);
        let rest = rest.par_chunks_mut(self.header.block).enumerate();
        if self.needs_first() {
            decode(0, None, first)?;
            let first = &*first;
            rest.try_for_each(|(i, block)| decode(i + 1, Some(first), block))
        } else {
            let (first, rest) = rayon::join(
                || decode(0, None, first),
                || rest.try_for_each(|(i, block)| decode(i + 1, None, block)),
            );
            first.and(rest)
        }
    }
}

/// Decodes a whole chunk of at most `limit` bytes.
///
/// # Errors
/// As [`ChunkIndex::parse`] and [`ChunkIndex::decode`]; [`Error::Limit`] if it claims more.
pub fn decode(chunk: &[u8], limit: usize) -> Result<Vec<u8>> {
    let index = ChunkIndex::parse(chunk)?;
    let decoded = index.header.decoded;
    if decoded > limit {
        let what = format!("it claims {decoded} bytes, at most {limit} are decoded");
        return Err(Error::limit(PLACE, what));
    }
    let mut out = vec![0; decoded];
    index.decode(chunk, &mut out)?;
    Ok(out)
}

/// The bytes between where each block starts and where the next one in the chunk does; threads may
/// have written them in any order.
fn extents(header: &Header, starts: &[u8]) -> Result<Vec<(u32, u32)>> {
    // The header has checked that a chunk is shorter than 2 GiB.
    let end = u32::try_from(header.encoded).unwrap_or(u32::MAX);
    let starts = starts.as_chunks().0.iter().map(|s| u32::from_le_bytes(*s));
    let mut extents: Vec<(u32, u32)> = starts.map(|start| (start, end)).collect();
    let mut order: Vec<u32> = (0..).take(extents.len()).collect();
    order.sort_unstable_by_key(|&block| extents[block as usize].0);
    let first = order.first().map_or(end, |&b| extents[b as usize].0);
    if !extents.is_empty() && (first as usize) < header.prefix() {
        return Err(damaged(format!(
            "a block starts at byte {first}, in the header"
        )));
    }
    for pair in order.windows(2) {
        let next = extents[pair[1] as usize].0;
        extents[pair[0] as usize].1 = next;
    }
    match extents.iter().position(|(start, end)| start >= end) {
        Some(block) => {
            let start = extents[block].0;
            let what = format!("block {block} has no bytes of its own at byte {start}");
            Err(damaged(what))
        }
        None => Ok(extents),
    }
}
