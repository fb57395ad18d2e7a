//! Encoding of chunks.

use rayon::prelude::*;
use ziggurat_core::codec::blosc::streams::Compressor;
use ziggurat_core::codec::scratch;
use ziggurat_core::{Error, Result};

use super::codec::{Filter, Filters};
use super::frame::Pipeline;
use super::header::{BLOSC2, Content, EXTENDED, Header, LARGEST, PLACE};
use super::pipeline::{self, Block};
use super::special::Special;
use super::streams;

/// Whether blocks are one stream each, or one for each byte of an element.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Split {
    /// Always one for each byte.
    Always,
    /// Always one.
    Never,
    /// Many where that pays: shuffled, of at most 16 bytes, by lz4 or a low level of zstd.
    #[default]
    Auto,
}

/// Encodes chunks of elements of one size.
///
/// By default: zstd at level 5, byte shuffle, one block. Chunks encode to the same bytes on any number
/// of threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoder {
    compressor: Compressor,
    level: u8,
    filters: Filters,
    split: Split,
    typesize: usize,
    /// 0 for the whole chunk.
    block: usize,
}

/// Blosc2 copies what is shorter, and splits no block into shorter streams.
const SHORTEST: usize = 32;

/// Bytes that a thread encodes at least: handing out fewer takes longer.
const LEAST: usize = 128 << 10;

/// The elements of a chunk, block by block.
pub(crate) trait Blocks: Sync {
    /// Calls `work` with the elements of block `n`.
    fn with<R>(&self, n: usize, work: impl FnOnce(&[u8]) -> R) -> R;
}

/// Blocks of this many bytes, one after the other.
struct Plain<'a>(&'a [u8], usize);

impl Blocks for Plain<'_> {
    fn with<R>(&self, n: usize, work: impl FnOnce(&[u8]) -> R) -> R {
        let start = n * self.1;
        work(&self.0[start..self.0.len().min(start + self.1)])
    }
}

impl Encoder {
    /// The default encoder for elements of `typesize` bytes.
    ///
    /// # Errors
    /// [`Error::Caller`] if `typesize` is 0.
    pub fn new(typesize: usize) -> Result<Self> {
        if typesize == 0 {
            return Err(Error::caller(PLACE, "elements of no size"));
        }
        Ok(Self {
            compressor: Compressor::Zstd,
            level: 5,
            filters: Filters::shuffle(),
            split: Split::Auto,
            typesize,
            block: 0,
        })
    }

    /// The same with `compressor` at `level`, 0 to 9, of which 0 copies.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for blosclz and snappy, which are only read; [`Error::Caller`] for a higher
    /// level.
    pub fn compressor(mut self, compressor: Compressor, level: u8) -> Result<Self> {
        if let Compressor::Blosclz | Compressor::Snappy = compressor {
            let what = format!("{compressor:?} is only read; write with lz4 or zstd");
            return Err(Error::unsupported(PLACE, what));
        }
        if level > 9 {
            return Err(Error::caller(PLACE, format!("level {level}; 0 to 9 exist")));
        }
        (self.compressor, self.level) = (compressor, level);
        Ok(self)
    }

    /// The same with these filters.
    ///
    /// # Errors
    /// [`Error::Caller`] for a precision that the elements have not, or one that is truncated after the
    /// bytes were moved.
    pub fn filters(mut self, filters: Filters) -> Result<Self> {
        let moved = filters
            .iter()
            .skip_while(|f| matches!(f, Filter::Truncate { .. } | Filter::Delta));
        if moved
            .into_iter()
            .any(|f| matches!(f, Filter::Truncate { .. }))
        {
            let what = "a precision is truncated before any shuffle; put that filter first";
            return Err(Error::caller(PLACE, what));
        }
        pipeline::truncated(&filters, self.typesize, &mut [])?;
        self.filters = filters;
        Ok(self)
    }

    /// The same with blocks split like this.
    #[must_use]
    pub fn split(mut self, split: Split) -> Self {
        self.split = split;
        self
    }

    /// The same with blocks of this many bytes.
    ///
    /// # Errors
    /// [`Error::Caller`] if they hold no whole elements.
    pub fn block(mut self, block: usize) -> Result<Self> {
        if block == 0 || !block.is_multiple_of(self.typesize) {
            let what = format!("blocks of {block} bytes for elements of {}", self.typesize);
            return Err(Error::caller(PLACE, what));
        }
        self.block = block;
        Ok(self)
    }

    /// Bytes of an element.
    #[must_use]
    pub fn typesize(&self) -> usize {
        self.typesize
    }

    /// The chunk that decodes to `elements`, its blocks encoded in parallel.
    ///
    /// # Errors
    /// [`Error::Limit`] for more than 2 GiB.
    pub fn encode(&self, elements: &[u8]) -> Result<Vec<u8>> {
        let mut chunk = Vec::new();
        self.encode_to(elements, &mut chunk)?;
        Ok(chunk)
    }

    /// Appends what [`encode`](Self::encode) returns.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    pub fn encode_to(&self, elements: &[u8], chunk: &mut Vec<u8>) -> Result<()> {
        let blocks = Plain(elements, self.block_of(elements.len()));
        self.encode_with(elements.len(), &blocks, chunk)
    }

    /// Appends a chunk of `decoded` bytes in `blocks`, compressed or, if that is shorter, copied.
    pub(crate) fn encode_with(
        &self,
        decoded: usize,
        blocks: &impl Blocks,
        chunk: &mut Vec<u8>,
    ) -> Result<()> {
        let mut header = self.header(decoded)?;
        let most = EXTENDED + decoded;
        let compressible = self.level > 0 && decoded >= SHORTEST;
        if compressible && self.encode_blocks(header, 0, most, blocks, chunk)? {
            return Ok(());
        }
        header.content = Content::Copied;
        header.encoded = most;
        chunk.reserve_exact(most);
        chunk.extend(header.to_bytes());
        for n in 0..header.blocks() {
            blocks.with(n, |block| chunk.extend_from_slice(block));
        }
        Ok(())
    }

    /// What all of `elements` are, if they are all the same, bit for bit.
    #[must_use]
    pub fn special(&self, elements: &[u8]) -> Option<Special> {
        let n = self.typesize;
        let first = elements.get(..n)?;
        // Periodic with the period of one element: each equals the next.
        if !elements.len().is_multiple_of(n) || elements[n..] != elements[..elements.len() - n] {
            return None;
        }
        let nan = match n {
            4 => first == f32::NAN.to_le_bytes(),
            8 => first == f64::NAN.to_le_bytes(),
            _ => false,
        };
        Some(match first.iter().all(|byte| *byte == 0) {
            true => Special::Zeros,
            false if nan => Special::Nan,
            false => Special::Repeated,
        })
    }

    /// A chunk of `decoded` bytes whose elements are all special; `value` is the repeated one, and empty
    /// otherwise.
    ///
    /// # Errors
    /// [`Error::Limit`] for more than 2 GiB; [`Error::Caller`] if these are no whole elements, or elements of
    /// their size have no such value.
    pub fn encode_special(
        &self,
        special: Special,
        value: &[u8],
        decoded: usize,
    ) -> Result<Vec<u8>> {
        let size = match special {
            Special::Repeated => self.typesize,
            _ => 0,
        };
        let sensible = special != Special::Nan || matches!(self.typesize, 4 | 8);
        if value.len() != size || !decoded.is_multiple_of(self.typesize) || !sensible {
            let what = format!(
                "{special:?} of {} bytes in {decoded} bytes of elements of {}",
                value.len(),
                self.typesize
            );
            return Err(Error::caller(PLACE, what));
        }
        let mut header = self.header(decoded)?;
        header.content = Content::Special(special);
        header.filters = Filters::default();
        header.encoded = EXTENDED + value.len();
        let mut chunk = header.to_bytes().to_vec();
        chunk.extend(value);
        Ok(chunk)
    }

    /// Bytes of a block of a chunk of `decoded` bytes.
    pub(super) fn block_of(&self, decoded: usize) -> usize {
        match self.block {
            0 => decoded,
            block => block.min(decoded),
        }
    }

    /// What a frame says of chunks that this encodes.
    pub(crate) fn pipeline(&self) -> Pipeline {
        Pipeline::new(self.compressor, self.level, self.split, &self.filters)
    }

    /// The header of a chunk of `decoded` bytes, but for its encoded size.
    pub(crate) fn header(&self, decoded: usize) -> Result<Header> {
        if decoded > LARGEST {
            let what = format!("{decoded} bytes, at most {LARGEST} make a chunk; use smaller ones");
            return Err(Error::limit(PLACE, what));
        }
        let block = self.block_of(decoded);
        Ok(Header {
            version: BLOSC2,
            content: Content::Blocks,
            compressor: self.compressor,
            filters: self.filters,
            unsplit: !self.splits(block),
            typesize: u8::try_from(self.typesize).map_or(1, usize::from),
            decoded,
            block: block.max(1),
            encoded: 0,
            length: EXTENDED,
        })
    }

    fn splits(&self, block: usize) -> bool {
        let possible = self.typesize <= 255 && block.is_multiple_of(self.typesize);
        possible
            && match self.split {
                Split::Always => true,
                Split::Never => false,
                Split::Auto => {
                    let fast = match self.compressor {
                        Compressor::Lz4 | Compressor::Blosclz => true,
                        Compressor::Zstd => self.level <= 5,
                        _ => false,
                    };
                    fast && self.filters.shuffles()
                        && self.typesize <= 16
                        && block / self.typesize >= SHORTEST
                }
            }
    }

    /// Appends a chunk of `blocks`, encoded in parallel, unless it is longer than `most`; returns whether it
    /// did. Between the table of where blocks start and the first of them lie `gap` zeros.
    ///
    /// Each block is encoded in a slot of its own, and the slots are closed up in the chunk.
    pub(crate) fn encode_blocks(
        &self,
        mut header: Header,
        gap: usize,
        most: usize,
        blocks: &impl Blocks,
        chunk: &mut Vec<u8>,
    ) -> Result<bool> {
        let first = match self.filters.refers_to_first() {
            true => blocks.with(0, |block| self.first_block(block))?,
            false => Vec::new(),
        };
        let room = streams::room(&header, header.block);
        scratch::with_bytes(header.blocks() * room, |slots| {
            let lengths = slots
                .par_chunks_exact_mut(room)
                .with_min_len((LEAST / header.block).max(1))
                .enumerate()
                .map(|(n, slot)| {
                    let (header, first) = (&header, (n > 0).then_some(&first[..]));
                    let encode =
                        |filtered: &[u8]| streams::encode(header, self.level, filtered, slot);
                    blocks.with(n, |block| Block { header, first }.filtered(block, encode))
                })
                .collect::<Result<Vec<usize>>>()?;
            let mut start = header.prefix() + gap;
            header.encoded = start + lengths.iter().sum::<usize>();
            if header.encoded > most {
                return Ok(false);
            }
            chunk.reserve_exact(header.encoded);
            chunk.extend(header.to_bytes());
            for length in &lengths {
                // A chunk has less than 2 GiB.
                chunk.extend(u32::try_from(start).unwrap_or(u32::MAX).to_le_bytes());
                start += length;
            }
            chunk.resize(chunk.len() + gap, 0);
            for (slot, length) in slots.chunks_exact(room).zip(lengths) {
                chunk.extend_from_slice(&slot[..length]);
            }
            Ok(true)
        })
    }

    /// The first block as the reader, who refers to it, has decoded it.
    fn first_block(&self, block: &[u8]) -> Result<Vec<u8>> {
        let mut first = block.to_vec();
        pipeline::truncated(&self.filters, self.typesize, &mut first)?;
        Ok(first)
    }
}
