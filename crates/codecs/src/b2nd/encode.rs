//! Encoding of chunks.

use std::borrow::Cow;

use crc32c::crc32c;
use ziggurat_core::codec::scratch;
use ziggurat_core::region::{Window, copy, offset};
use ziggurat_core::{Error, Region, Result};

use super::codec::{Codec, PLACE, to_usize};
use crate::blosc2::{Blocks, ChunkIndex, LARGEST, Special, truncate};

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
        let elements = &*self.stored(elements)?;
        let cells = Cells {
            codec: self,
            elements,
        };
        if self.checksum {
            return self.encode_checked(&cells, out);
        }
        let Some(special) = encoder.special(elements) else {
            return encoder.encode_with(self.sizes.padded, &cells, out);
        };
        let value = match special {
            Special::Repeated => &elements[..self.typesize],
            _ => &[],
        };
        out.extend(encoder.encode_special(special, value, self.sizes.padded)?);
        Ok(())
    }

    /// What is stored of native-endian elements: little-endian ones of the precision that is kept.
    fn stored<'a>(&self, elements: &'a [u8]) -> Result<Cow<'a, [u8]>> {
        let mut elements = self.little(elements);
        if let Some(bits) = self.precision {
            truncate(bits, self.typesize, elements.to_mut()).map_err(|e| e.at(PLACE))?;
        }
        Ok(elements)
    }

    /// Appends a chunk with checksums, which has blocks even where they do not compress.
    fn encode_checked(&self, cells: &Cells<'_>, out: &mut Vec<u8>) -> Result<()> {
        let encoder = self.encoder()?;
        let header = encoder.header(self.sizes.padded)?;
        let (start, table, front) = (out.len(), self.table(), self.front());
        if !encoder.encode_blocks(header, front - table, LARGEST, cells, out)? {
            let what = "a chunk of more than 2 GiB comes out; use smaller ones";
            return Err(Error::limit(PLACE, what));
        }
        let chunk = &mut out[start..];
        let index = ChunkIndex::parse(chunk).map_err(|e| e.at(PLACE))?;
        let sums: Vec<[u8; 4]> = (0..self.sizes.blocks)
            .map(|n| crc32c(&chunk[index.extent(n)]).to_le_bytes())
            .collect();
        let (before, last) = chunk[..front].split_at_mut(front - 4);
        before[table..].copy_from_slice(sums.as_flattened());
        last.copy_from_slice(&crc32c(before).to_le_bytes());
        Ok(())
    }
}

/// Little-endian elements of a chunk as its blocks, padded with zeros.
struct Cells<'a> {
    codec: &'a Codec,
    elements: &'a [u8],
}

impl Blocks for Cells<'_> {
    fn with<R>(&self, n: usize, work: impl FnOnce(&[u8]) -> R) -> R {
        let Self { codec, elements } = *self;
        let (cell, size) = (codec.cell(n), codec.sizes.block);
        let whole = cell.shape == codec.block();
        if whole && codec.sizes.runs {
            let start = offset(&cell.start, codec.chunk());
            let start = to_usize(start) * codec.typesize;
            return work(&elements[start..][..size]);
        }
        scratch::with_bytes(size, |block| {
            if !whole {
                block.fill(0);
            }
            let from = Window {
                shape: codec.chunk(),
                start: &cell.start,
            };
            let origin = Region::whole(codec.block());
            let to = Window {
                shape: codec.block(),
                start: &origin.start,
            };
            copy(&cell.shape, codec.typesize, elements, from, block, to);
            work(block)
        })
    }
}
