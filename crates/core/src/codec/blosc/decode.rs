//! Decoding of chunks, whole or in part.

use std::ops::Range;

use crate::codec::scratch;
use crate::{Error, Result};

use super::header::{self, Header, flags};
use super::{shuffle, streams};

/// Decodes `chunk` into `out`, which it must fill.
pub(super) fn decode_into(chunk: &[u8], out: &mut [u8]) -> Result<()> {
    let chunk = Chunk::open(chunk, out.len())?;
    if let Some(copied) = chunk.copied() {
        out.copy_from_slice(copied);
        return Ok(());
    }
    let mut taken = 0;
    for (index, block) in out.chunks_mut(chunk.header.block).enumerate() {
        taken += chunk.decode_block(index, block)?;
        // Streams that overlap could cost more time than the chunk is long.
        if taken > chunk.bytes.len() {
            return Err(Error::data("", "blocks of a blosc chunk overlap"));
        }
    }
    Ok(())
}

/// Decodes the bytes `span` of the `decoded` bytes of `chunk` into `out`, from the internal blocks that
/// hold them.
pub(super) fn decode_span(
    chunk: &[u8],
    decoded: usize,
    span: Range<usize>,
    out: &mut [u8],
) -> Result<()> {
    let chunk = Chunk::open(chunk, decoded)?;
    if let Some(copied) = chunk.copied() {
        out.copy_from_slice(&copied[span]);
        return Ok(());
    }
    let size = chunk.header.block;
    let mut out = out;
    let mut at = span.start;
    while at < span.end {
        let (index, skip) = (at / size, at % size);
        let length = size.min(decoded - index * size);
        let wanted = (length - skip).min(span.end - at);
        let (part, rest) = out.split_at_mut(wanted);
        if wanted == length {
            chunk.decode_block(index, part)?;
        } else {
            scratch::with_bytes(length, |block| {
                chunk.decode_block(index, block)?;
                part.copy_from_slice(&block[skip..][..wanted]);
                Ok::<_, Error>(())
            })?;
        }
        (out, at) = (rest, at + wanted);
    }
    Ok(())
}

/// A chunk whose header fits it.
struct Chunk<'a> {
    header: Header,
    bytes: &'a [u8],
    /// Where the streams of each internal block start; empty if the chunk is a copy.
    starts: &'a [[u8; 4]],
}

impl<'a> Chunk<'a> {
    fn open(bytes: &'a [u8], decoded: usize) -> Result<Self> {
        let header = Header::read(bytes, decoded)?;
        let (starts, _) = bytes[header::LENGTH..].as_chunks();
        let blocks = if header.is(flags::COPIED) {
            0
        } else {
            header.blocks()
        };
        let starts = starts.get(..blocks).ok_or_else(|| {
            Error::data(
                "",
                format!("a blosc chunk is too short for {blocks} blocks"),
            )
        })?;
        Ok(Self {
            header,
            bytes,
            starts,
        })
    }

    /// The elements, if they are not compressed at all.
    fn copied(&self) -> Option<&'a [u8]> {
        self.header
            .is(flags::COPIED)
            .then(|| &self.bytes[header::LENGTH..])
    }

    /// Decodes one internal block into `out`, which has its size. Returns what it takes in the chunk.
    fn decode_block(&self, index: usize, out: &mut [u8]) -> Result<usize> {
        let Header {
            flags, typesize, ..
        } = self.header;
        let (typesize, length) = (typesize, out.len());
        let start = u32::from_le_bytes(self.starts[index]) as usize;
        if start < header::LENGTH + 4 * self.starts.len() {
            return Err(Error::data(
                "",
                "a block of a blosc chunk starts in its header",
            ));
        }
        if flags & flags::SHUFFLE != 0 && typesize > 1 {
            scratch::with_bytes(length, |shuffled| {
                let taken = self.decode_streams(start, shuffled)?;
                shuffle::unshuffle(typesize, shuffled, out);
                Ok(taken)
            })
        } else if flags & flags::BITSHUFFLE != 0 && length >= typesize {
            scratch::with_bytes(2 * length, |both| {
                let (shuffled, between) = both.split_at_mut(length);
                let taken = self.decode_streams(start, shuffled)?;
                shuffle::bitunshuffle(typesize, shuffled, between, out);
                Ok(taken)
            })
        } else {
            self.decode_streams(start, out)
        }
    }

    /// Decodes the streams that start at `start` one after the other, so that they fill `out`.
    fn decode_streams(&self, start: usize, out: &mut [u8]) -> Result<usize> {
        let damaged = |what: &str| Error::data("", format!("a block of a blosc chunk {what}"));
        let typesize = self.header.typesize;
        let stream_length = match self.header.splits(out.len()) {
            true if out.len().is_multiple_of(typesize) => out.len() / typesize,
            true => return Err(damaged("cuts an element in two")),
            false => out.len(),
        };
        let beyond = || damaged("reaches beyond its end");
        let mut rest = self.bytes.get(start..).ok_or_else(beyond)?;
        let before = rest.len();
        for part in out.chunks_exact_mut(stream_length) {
            let (size, after) = rest.split_first_chunk().ok_or_else(beyond)?;
            let size = u32::from_le_bytes(*size) as usize;
            let (stream, after) = after.split_at_checked(size).ok_or_else(beyond)?;
            if size == part.len() {
                part.copy_from_slice(stream);
            } else {
                streams::decompress(self.header.format(), stream, part)?;
            }
            rest = after;
        }
        Ok(before - rest.len())
    }
}
