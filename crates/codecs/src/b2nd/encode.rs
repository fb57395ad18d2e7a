//! Encoding of chunks.

use std::ops::Range;

use rayon::prelude::*;
use ziggurat_core::codec::scratch;
use ziggurat_core::region::{Window, copy, offset};
use ziggurat_core::{Error, Region, Result};

use super::codec::{Codec, PLACE, to_usize};
use crate::blosc2::{Content, EXTENDED, Header, SHORTEST, Special};

/// Chunks that are shorter are encoded by one thread: handing them out would take longer.
const SHARED: usize = 256 << 10;
/// Runs of blocks for each thread, so that all are busy to the end.
const RUNS: usize = 4;

/// What was made of a block.
struct Encoded {
    length: usize,
    sum: u32,
}

impl Codec {
    /// Appends the encoding of `elements`, a chunk, its blocks encoded in parallel.
    ///
    /// The bytes are the same on any number of threads.
    ///
    /// # Errors
    /// [`Error::Caller`] if `elements` has another size; [`Error::Unsupported`] for a compressor that is
    /// only read; [`Error::Limit`] if more than 2 GiB come out.
    pub fn encode_into(&self, elements: &[u8], out: &mut Vec<u8>) -> Result<()> {
        if elements.len() != self.sizes.chunk {
            let what = format!(
                "{} bytes for a chunk of {}",
                elements.len(),
                self.sizes.chunk
            );
            return Err(Error::caller(PLACE, what));
        }
        let encoder = self.encoder()?;
        let elements = &*self.little(elements);
        let padded = self.sizes.padded;
        if self.checksum {
            return self.encode_blocks(elements, out);
        }
        if let Some(special) = encoder.special(elements) {
            let value = match special {
                Special::Repeated => &elements[..self.typesize],
                _ => &[],
            };
            out.extend(encoder.encode_special(special, value, padded)?);
            return Ok(());
        }
        let start = out.len();
        if self.level > 0 && padded >= SHORTEST {
            self.encode_blocks(elements, out)?;
            if out.len() - start <= EXTENDED + padded {
                return Ok(());
            }
            out.truncate(start);
        }
        self.copy_blocks(elements, out)
    }

    fn encode_blocks(&self, elements: &[u8], out: &mut Vec<u8>) -> Result<()> {
        let encoder = self.encoder()?;
        let mut header = encoder.header(self.sizes.padded)?;
        let first = match header.filters.refers_to_first() {
            true => Some(self.with_block(elements, 0, |block| encoder.first_block(block))?),
            false => None,
        };
        let (start, blocks) = (out.len(), self.sizes.blocks);
        let front = match self.checksum {
            true => self.front(),
            false => self.table(),
        };
        out.resize(start + front, 0);
        let encode = |run: Range<usize>, out: &mut Vec<u8>| {
            run.map(|number| self.encode_block(&header, elements, first.as_deref(), number, out))
                .collect::<Result<Vec<_>>>()
        };
        let threads = match self.sizes.padded {
            ..SHARED => 1,
            _ => rayon::current_num_threads(),
        };
        let mut made = Vec::with_capacity(blocks);
        if threads == 1 {
            made = encode(0..blocks, out)?;
        } else {
            let run = blocks.div_ceil(RUNS * threads);
            let runs = (0..blocks.div_ceil(run)).into_par_iter().map(|n| {
                let mut bytes = Vec::new();
                let run = encode(n * run..blocks.min((n + 1) * run), &mut bytes)?;
                Ok::<_, Error>((run, bytes))
            });
            for (run, bytes) in runs.collect::<Result<Vec<_>>>()? {
                made.extend(run);
                out.extend(bytes);
            }
        }
        header.encoded = out.len() - start;
        if i32::try_from(header.encoded).is_err() {
            let what = format!("a chunk of {} bytes, more than 2 GiB", header.encoded);
            return Err(Error::limit(PLACE, what));
        }
        self.write_front(&header, &made, &mut out[start..][..front]);
        Ok(())
    }

    /// Fills the front: the header, where each block starts, and checksums.
    fn write_front(&self, header: &Header, made: &[Encoded], front: &mut [u8]) {
        let mut at = front.len();
        let table = self.table();
        front[..EXTENDED].copy_from_slice(&header.to_bytes());
        let starts = front[EXTENDED..table].as_chunks_mut().0;
        for (word, block) in starts.iter_mut().zip(made) {
            // The length of the chunk was compared with 2 GiB.
            *word = u32::try_from(at).unwrap_or(u32::MAX).to_le_bytes();
            at += block.length;
        }
        if self.checksum {
            let words = front[table..].as_chunks_mut().0;
            for (word, block) in words.iter_mut().zip(made) {
                *word = block.sum.to_le_bytes();
            }
            let (before, last) = front.split_at_mut(front.len() - 4);
            last.copy_from_slice(&crc32c::crc32c(before).to_le_bytes());
        }
    }

    fn encode_block(
        &self,
        header: &Header,
        elements: &[u8],
        first: Option<&[u8]>,
        number: usize,
        out: &mut Vec<u8>,
    ) -> Result<Encoded> {
        let start = out.len();
        let first = first.filter(|_| number > 0);
        self.with_block(elements, number, |block| {
            self.encoder()?.encode_block(header, first, block, out)
        })?;
        Ok(Encoded {
            length: out.len() - start,
            sum: match self.checksum {
                true => crc32c::crc32c(&out[start..]),
                false => 0,
            },
        })
    }

    /// Appends a chunk that holds the blocks as they are.
    fn copy_blocks(&self, elements: &[u8], out: &mut Vec<u8>) -> Result<()> {
        let mut header = self.encoder()?.header(self.sizes.padded)?;
        header.content = Content::Copied;
        header.encoded = EXTENDED + self.sizes.padded;
        out.reserve(header.encoded);
        out.extend(header.to_bytes());
        for number in 0..self.sizes.blocks {
            self.with_block(elements, number, |block| out.extend_from_slice(block));
        }
        Ok(())
    }

    /// Calls `work` with the elements of block `number` of a chunk, padded with zeros.
    fn with_block<R>(&self, chunk: &[u8], number: usize, work: impl FnOnce(&[u8]) -> R) -> R {
        let cell = self.cell(number);
        let size = self.sizes.block;
        let whole = cell.shape == self.block();
        if whole && self.sizes.runs {
            let start = offset(&cell.start, self.chunk());
            let start = to_usize(start) * self.typesize;
            return work(&chunk[start..][..size]);
        }
        scratch::with_bytes(size, |block| {
            if !whole {
                block.fill(0);
            }
            let from = Window {
                shape: self.chunk(),
                start: &cell.start,
            };
            let origin = Region::whole(self.block());
            let to = Window {
                shape: self.block(),
                start: &origin.start,
            };
            copy(&cell.shape, self.typesize, chunk, from, block, to);
            work(block)
        })
    }
}
