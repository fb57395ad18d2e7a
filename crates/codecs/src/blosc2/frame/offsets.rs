//! Where the chunks of a frame are: a Blosc2 chunk of one `int64` for each.

use ziggurat_core::codec::blosc::streams::Compressor;
use ziggurat_core::{Error, Result};

use super::PLACE;
use crate::blosc2::chunk::decode;
use crate::blosc2::encode::Encoder;
use crate::blosc2::special::Special;

/// The highest bit says that there is no chunk; then the lower bits of its byte say what is special.
const SPECIAL: u64 = 1 << 63;
const SHIFT: u32 = 56;

/// Where a chunk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// In a contiguous frame, this many bytes after the end of the header (not, as the text of
    /// the format has it, its beginning); in a sparse one, in the file of this number.
    At(u64),
    /// Nowhere: all its elements are this.
    Nowhere(Special),
}

/// Decodes the offsets of `count` chunks.
///
/// # Errors
/// [`Error::Data`] if they are damaged or not so many.
pub(super) fn read(chunk: &[u8], count: u64) -> Result<Vec<Place>> {
    let size = usize::try_from(count).map_or(usize::MAX, |n| n.saturating_mul(8));
    let bytes = decode(chunk, size).map_err(|e| e.at(PLACE))?;
    if bytes.len() != size {
        let what = format!("offsets of {} chunks, not {count}", bytes.len() / 8);
        return Err(Error::data(PLACE, what));
    }
    let words = bytes.as_chunks().0.iter().map(|w| u64::from_le_bytes(*w));
    words.map(place).collect()
}

fn place(word: u64) -> Result<Place> {
    if word & SPECIAL == 0 {
        return Ok(Place::At(word));
    }
    let code = (word >> SHIFT & 7) as u8;
    match Special::of_code(code) {
        Ok(special) if special != Special::Repeated => Ok(Place::Nowhere(special)),
        _ => Err(Error::data(PLACE, format!("the unknown offset {word:#x}"))),
    }
}

/// Encodes offsets; nothing for no chunk.
///
/// # Errors
/// [`Error::Limit`] for more than 268 million.
pub(super) fn write(places: &[Place]) -> Result<Vec<u8>> {
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let words = places.iter().map(|place| match place {
        Place::At(at) => *at,
        Place::Nowhere(special) => SPECIAL | u64::from(special.code()) << SHIFT,
    });
    let bytes: Vec<u8> = words.flat_map(u64::to_le_bytes).collect();
    Encoder::new(8)?
        .compressor(Compressor::Lz4, 5)?
        .encode(&bytes)
}
