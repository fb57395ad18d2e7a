//! The trailer of a frame: its variable-length metalayers, and room for a fingerprint.

use ziggurat_core::{Error, Result};

use super::PLACE;
use crate::blosc2::metalayers::{MAX_VLMETALAYERS, Metalayers};
use crate::blosc2::msgpack::{Reader, Writer};

/// Bytes at the end of a trailer that say how long it is.
pub(super) const END: usize = 23;
/// Shortest and longest trailer that are read.
const MIN_TRAILER: usize = 35;
const MAX_TRAILER: usize = 256 << 20;
/// Versions before the first release had none of this.
const VERSION: u8 = 1;

/// The length of a trailer, from its last 23 bytes.
///
/// # Errors
/// [`Error::Data`] if these are not the end of one; [`Error::Limit`] for more than 256 MiB.
pub(super) fn length(end: &[u8]) -> Result<usize> {
    match read_end(&mut Reader::new(PLACE, end))? as usize {
        length @ MIN_TRAILER..=MAX_TRAILER => Ok(length),
        length @ ..MIN_TRAILER => Err(Error::data(PLACE, format!("a trailer of {length} bytes"))),
        length => {
            let what = format!("a trailer of {length} bytes, at most {MAX_TRAILER} are read");
            Err(Error::limit(PLACE, what))
        }
    }
}

fn read_end(reader: &mut Reader<'_>) -> Result<u32> {
    let length = reader.uint32()?;
    // No writer has made a fingerprint yet, and how is not said.
    reader.fixext16()?;
    Ok(length)
}

/// Reads a whole trailer.
///
/// # Errors
/// [`Error::Data`] if it is damaged; [`Error::Unsupported`] for another version.
pub(super) fn read(bytes: &[u8]) -> Result<Metalayers> {
    let mut reader = Reader::new(PLACE, bytes);
    reader.fixarray_of(4)?;
    match reader.fixint()? {
        VERSION => {}
        version => {
            let what = format!("trailer version {version}");
            return Err(Error::unsupported(PLACE, what));
        }
    }
    let layers = Metalayers::read(&mut reader, MAX_VLMETALAYERS)?;
    read_end(&mut reader)?;
    reader.end()?;
    Ok(layers)
}

/// The bytes of a trailer.
///
/// # Errors
/// [`Error::Limit`] if the metalayers do not fit one.
pub(super) fn write(layers: &Metalayers) -> Result<Vec<u8>> {
    let mut out = Writer::default();
    out.fixarray(4);
    out.fixint(VERSION);
    layers.write(0, &mut out)?;
    let length = out.0.len() + END;
    if length > MAX_TRAILER {
        let what = format!("a trailer of {length} bytes, at most {MAX_TRAILER} are read");
        return Err(Error::limit(PLACE, what));
    }
    out.uint32(u32::try_from(length).unwrap_or(u32::MAX));
    out.fixext16(0, [0; 16]);
    Ok(out.0)
}
