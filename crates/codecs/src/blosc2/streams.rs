//! The streams of one block: each its size, then what the compressor made.
//!
//! Size 0 stands for zeros; a negative one for a run of the byte that is its opposite, and a byte 1
//! follows; the size of what is decoded for a copy.

use std::cell::RefCell;

use flate2::{Compress, Compression, FlushCompress, Status};
use ziggurat_core::codec::blosc::streams::{self, Compressor};
use ziggurat_core::{Error, Result};

use super::header::{Header, PLACE, damaged};

/// Says that a stream is a run of one byte.
const RUN: u8 = 1;

/// Decodes the streams at the start of `stored`, so that they fill `block`.
pub(super) fn decode(header: &Header, stored: &[u8], block: &mut [u8]) -> Result<()> {
    let streams = header.streams(block.len());
    if !block.len().is_multiple_of(streams) {
        return Err(damaged("a block cuts an element in two".to_owned()));
    }
    let mut rest = stored;
    for part in block.chunks_exact_mut(block.len() / streams) {
        let size = rest
            .split_off(..4)
            .and_then(|size| size.try_into().ok())
            .map(i32::from_le_bytes)
            .ok_or_else(cut_off)?;
        match usize::try_from(size) {
            Ok(0) => part.fill(0),
            Ok(size) => {
                let stream = rest.split_off(..size).ok_or_else(cut_off)?;
                match size == part.len() {
                    true => part.copy_from_slice(stream),
                    false => decompress(header.compressor, stream, part)?,
                }
            }
            Err(_) => match (rest.split_off_first(), u8::try_from(-i64::from(size))) {
                (Some(&RUN), Ok(byte)) => part.fill(byte),
                (token, _) => {
                    let what = format!("a stream of {size} bytes with the token {token:?}");
                    return Err(damaged(what));
                }
            },
        }
    }
    Ok(())
}

fn cut_off() -> Error {
    damaged("a stream reaches beyond its block".to_owned())
}

fn decompress(compressor: Compressor, stream: &[u8], out: &mut [u8]) -> Result<()> {
    if compressor != Compressor::Snappy {
        return streams::decompress(compressor.format(), stream, out).map_err(|e| e.at(PLACE));
    }
    let made = snap::raw::Decoder::new()
        .decompress(stream, out)
        .map_err(|e| damaged(format!("cannot decode a stream of snappy: {e}")))?;
    match made == out.len() {
        true => Ok(()),
        false => Err(damaged(format!(
            "a stream of {made} bytes, not {}",
            out.len()
        ))),
    }
}

/// Bytes that [`encode`] needs for the streams of a block of `size` bytes: compressors are faster if they
/// need not watch where their room ends.
pub(super) fn room(header: &Header, size: usize) -> usize {
    size + size / 128 + 128 * header.streams(size)
}

/// Writes the streams of `block`, which the filters have gone over, to the start of `out`, which has
/// [`room`] for them, and returns their length.
pub(super) fn encode(header: &Header, level: u8, block: &[u8], out: &mut [u8]) -> usize {
    let streams = header.streams(block.len());
    let mut end = 0;
    for part in block.chunks_exact(block.len() / streams) {
        let (size, room) = out[end..].split_at_mut(4);
        if let Some(byte) = run(part) {
            size.copy_from_slice(&(-i32::from(byte)).to_le_bytes());
            room[0] = RUN;
            end += 4 + usize::from(byte != 0);
            continue;
        }
        let length = (level > 0)
            .then(|| compress(header.compressor, level, part, room))
            .flatten()
            .filter(|&length| (1..part.len()).contains(&length))
            .unwrap_or_else(|| {
                room[..part.len()].copy_from_slice(part);
                part.len()
            });
        // A chunk, and so a stream, has less than 2 GiB.
        size.copy_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
        end += 4 + length;
    }
    end
}

/// The byte that all of `part` is.
fn run(part: &[u8]) -> Option<u8> {
    let (&first, rest) = part.split_first()?;
    (part[..rest.len()] == *rest).then_some(first)
}

thread_local! {
    static ZLIB: RefCell<Option<(u8, Compress)>> = const { RefCell::new(None) };
}

fn compress(compressor: Compressor, level: u8, part: &[u8], out: &mut [u8]) -> Option<usize> {
    if compressor != Compressor::Zlib {
        return compressor.compress(level, part, out);
    }
    ZLIB.with_borrow_mut(|slot| {
        let context = match slot {
            Some((of, context)) if *of == level => context,
            _ => {
                let context = Compress::new(Compression::new(u32::from(level)), true);
                &mut slot.insert((level, context)).1
            }
        };
        context.reset();
        match context.compress(part, out, FlushCompress::Finish) {
            Ok(Status::StreamEnd) => usize::try_from(context.total_out()).ok(),
            _ => None,
        }
    })
}
