//! Encoding of chunks as c-blosc does: the same internal blocks, streams and levels.

use crate::codec::scratch;

use super::Settings;
use super::header::{self, Header, SMALLEST, flags, splittable};
use super::shuffle;
use super::streams::Compressor;

/// Appends the chunk of `block`, which is at most [`header::LARGEST`] long.
pub(super) fn encode(settings: &Settings, block: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    // No chunk is longer than a copy with a header.
    out.resize(start + header::LENGTH + block.len(), 0);
    let chunk = &mut out[start..];
    let mut header = header_of(settings, block.len());
    let compressed = match settings.level > 0 && block.len() >= SMALLEST {
        true => encode_blocks(settings, &header, block, chunk),
        false => None,
    };
    if let Some(length) = compressed {
        header.encoded = length;
    } else {
        header.flags |= flags::COPIED;
        header.encoded = chunk.len();
        chunk[header::LENGTH..].copy_from_slice(block);
    }
    header.write(chunk);
    out.truncate(start + header.encoded);
}

fn header_of(settings: &Settings, decoded: usize) -> Header {
    let Settings {
        compressor,
        typesize,
        ..
    } = *settings;
    let block = block_size(settings, decoded);
    let unsplit = if splits(compressor, typesize, block) {
        0
    } else {
        flags::UNSPLIT
    };
    Header {
        flags: settings.shuffle | unsplit | compressor.format() << flags::FORMAT,
        typesize,
        decoded,
        block,
        encoded: 0,
    }
}

/// Whether blocks of this size are split: all but those of zstd are.
fn splits(compressor: Compressor, typesize: usize, block: usize) -> bool {
    compressor != Compressor::Zstd && splittable(typesize, block)
}

/// Larger internal blocks than these are refused by c-blosc.
const LARGEST_BLOCK: usize = (i32::MAX as usize - 4 * 255) / 3;

/// Bytes of an internal block by the rules of c-blosc 1.21.
fn block_size(settings: &Settings, decoded: usize) -> usize {
    const KIB: usize = 1024;
    /// What fits a first-level cache.
    const CACHE: usize = 32 * KIB;
    let Settings {
        compressor,
        level,
        typesize,
        ..
    } = *settings;
    if decoded < typesize {
        return 1;
    }
    let mut size = match settings.block {
        0 if decoded < CACHE => decoded,
        0 => {
            let thorough = compressor.is_thorough();
            let quarters = match level {
                0 => 1,
                1 => 2,
                2 => 4,
                3 => 8,
                4 | 5 => 16,
                9 if thorough => 64,
                _ => 32,
            };
            CACHE / 4 * quarters * if thorough { 2 } else { 1 }
        }
        forced => forced.clamp(SMALLEST, LARGEST_BLOCK),
    };
    if level > 0 && splits(compressor, typesize, size) {
        size = (size.min(256 * KIB) * typesize).clamp(64 * KIB, 1024 * KIB);
    }
    size = size.min(decoded);
    if size > typesize {
        size -= size % typesize;
    }
    size
}

/// Writes the internal blocks after the header; `None` if they do not fit `chunk`.
fn encode_blocks(
    settings: &Settings,
    header: &Header,
    block: &[u8],
    chunk: &mut [u8],
) -> Option<usize> {
    let mut end = header::LENGTH + 4 * header.blocks();
    for (index, part) in block.chunks(header.block).enumerate() {
        let start = chunk
            .get_mut(header::LENGTH + 4 * index..)?
            .first_chunk_mut()?;
        *start = u32::try_from(end).ok()?.to_le_bytes();
        end = with_shuffled(header, part, |shuffled| {
            encode_streams(settings, header, shuffled, chunk, end)
        })?;
    }
    Some(end)
}

fn with_shuffled<R>(header: &Header, part: &[u8], work: impl FnOnce(&[u8]) -> R) -> R {
    let Header { typesize, .. } = *header;
    let length = part.len();
    if header.is(flags::SHUFFLE) && typesize > 1 {
        scratch::with_bytes(length, |shuffled| {
            shuffle::shuffle(typesize, part, shuffled);
            work(shuffled)
        })
    } else if header.is(flags::BITSHUFFLE) && length >= typesize {
        scratch::with_bytes(2 * length, |both| {
            let (shuffled, between) = both.split_at_mut(length);
            shuffle::bitshuffle(typesize, part, between, shuffled);
            work(shuffled)
        })
    } else {
        work(part)
    }
}

/// Writes the streams of one internal block at `at`, each after its size, and returns their end.
fn encode_streams(
    settings: &Settings,
    header: &Header,
    part: &[u8],
    chunk: &mut [u8],
    mut at: usize,
) -> Option<usize> {
    let count = if header.splits(part.len()) {
        header.typesize
    } else {
        1
    };
    for plain in part.chunks_exact(part.len() / count) {
        let (size, room) = chunk.get_mut(at..)?.split_first_chunk_mut()?;
        let most = plain.len().min(room.len());
        if most == 0 {
            return None;
        }
        let compressed = settings
            .compressor
            .compress(settings.level, plain, &mut room[..most])
            .filter(|&length| length < plain.len());
        let length = if let Some(length) = compressed {
            length
        } else {
            room.get_mut(..plain.len())?.copy_from_slice(plain);
            plain.len()
        };
        *size = u32::try_from(length).ok()?.to_le_bytes();
        at += size.len() + length;
    }
    Some(at)
}
