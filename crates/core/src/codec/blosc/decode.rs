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
        let (typesize, length) = (self.header.typesize, out.len());
        let start = u32::from_le_bytes(self.starts[index]) as usize;
        if start < header::LENGTH + 4 * self.starts.len() {
            return Err(damaged("starts in its header"));
        }
        let bytes = self.header.is(flags::SHUFFLE) && typesize > 1;
        let bits = self.header.is(flags::BITSHUFFLE) && length >= typesize;
        if !bytes && !bits {
            return self.decode_streams(start, out);
        }
        let end = length - length % typesize;
        scratch::with_bytes(if bytes { length } else { length + end }, |buffer| {
            let (buffer, between) = buffer.split_at_mut(length);
            let mut streams = self.streams(start, length)?;
            let mut planes = [&[][..]; 255];
            let planes = &mut planes[..typesize];
            if streams.length == length {
                let shuffled = streams.next(buffer)?;
                for (plane, bytes) in planes
                    .iter_mut()
                    .zip(shuffled.chunks_exact((end / typesize).max(1)))
                {
                    *plane = bytes;
                }
                out[end..].copy_from_slice(&shuffled[end..]);
            } else {
                for (plane, part) in planes
                    .iter_mut()
                    .zip(buffer.chunks_exact_mut(streams.length))
                {
                    *plane = streams.next(part)?;
                }
            }
            match bytes {
                true => shuffle::unshuffle(planes, &mut out[..end]),
                false => shuffle::bitunshuffle(planes, between, &mut out[..end]),
            }
            Ok(streams.taken)
        })
    }

    /// Decodes the streams that start at `start` one after the other, so that they fill `out`.
    fn decode_streams(&self, start: usize, out: &mut [u8]) -> Result<usize> {
        let mut streams = self.streams(start, out.len())?;
        for part in out.chunks_exact_mut(streams.length) {
            streams.next_into(part)?;
        }
        Ok(streams.taken)
    }

    /// The streams of an internal block of `length` bytes that start at `start`.
    fn streams(&self, start: usize, length: usize) -> Result<Streams<'a>> {
        let typesize = self.header.typesize;
        let split = self.header.splits(length);
        if split && !length.is_multiple_of(typesize) {
            return Err(damaged("cuts an element in two"));
        }
        Ok(Streams {
            format: self.header.format(),
            length: if split { length / typesize } else { length },
            rest: self
                .bytes
                .get(start..)
                .ok_or_else(|| damaged("starts beyond its end"))?,
            taken: 0,
        })
    }
}

/// What is left of the streams of one internal block.
struct Streams<'a> {
    format: u8,
    /// What each decodes to.
    length: usize,
    rest: &'a [u8],
    /// What was read.
    taken: usize,
}

impl<'a> Streams<'a> {
    /// The next stream, decoded into `buffer` unless it is a copy already.
    fn next<'b>(&mut self, buffer: &'b mut [u8]) -> Result<&'b [u8]>
    where
        'a: 'b,
    {
        let stream = self.encoded()?;
        if stream.len() == buffer.len() {
            return Ok(stream);
        }
        streams::decompress(self.format, stream, buffer)?;
        Ok(buffer)
    }

    fn next_into(&mut self, out: &mut [u8]) -> Result<()> {
        let stream = self.encoded()?;
        if stream.len() == out.len() {
            out.copy_from_slice(stream);
            return Ok(());
        }
        streams::decompress(self.format, stream, out)
    }

    fn encoded(&mut self) -> Result<&'a [u8]> {
        let beyond = || damaged("reaches beyond its end");
        let (size, rest) = self.rest.split_first_chunk().ok_or_else(beyond)?;
        let size = u32::from_le_bytes(*size) as usize;
        let (stream, rest) = rest.split_at_checked(size).ok_or_else(beyond)?;
        self.taken += 4 + size;
        self.rest = rest;
        Ok(stream)
    }
}

fn damaged(what: &str) -> Error {
    Error::data("", format!("a block of a blosc chunk {what}"))
}
