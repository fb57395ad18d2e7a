//! The compressors of streams.

use crate::codec::{deflate, zstd};
use crate::{Error, Result};

use super::blosclz;

/// A compressor by the name that the Zarr codec gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are their own")]
pub enum Compressor {
    Blosclz,
    Lz4,
    Lz4hc,
    Snappy,
    Zlib,
    Zstd,
}

impl Compressor {
    /// The compressor of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "blosclz" => Self::Blosclz,
            "lz4" => Self::Lz4,
            "lz4hc" => Self::Lz4hc,
            "snappy" => Self::Snappy,
            "zlib" => Self::Zlib,
            "zstd" => Self::Zstd,
            _ => return None,
        })
    }

    /// The number of its format in a header.
    #[must_use]
    pub fn format(self) -> u8 {
        match self {
            Self::Blosclz => 0,
            Self::Lz4 | Self::Lz4hc => 1,
            Self::Snappy => 2,
            Self::Zlib => 3,
            Self::Zstd => 4,
        }
    }

    /// Whether it is slow and wants larger blocks.
    pub(super) fn is_thorough(self) -> bool {
        matches!(self, Self::Lz4hc | Self::Zlib | Self::Zstd)
    }

    /// Fills the start of `out` with a stream and returns its length; `None` if it does not fit.
    ///
    /// Levels are 0 to 9. Nothing is compressed with blosclz, snappy and zlib here.
    #[must_use]
    pub fn compress(self, level: u8, from: &[u8], out: &mut [u8]) -> Option<usize> {
        use lz4::block::{CompressionMode, compress_to_buffer};
        let level = i32::from(level);
        match self {
            Self::Lz4 => {
                let mode = CompressionMode::FAST(10 - level);
                compress_to_buffer(from, Some(mode), false, out).ok()
            }
            Self::Lz4hc => {
                let mode = CompressionMode::HIGHCOMPRESSION(level);
                compress_to_buffer(from, Some(mode), false, out).ok()
            }
            Self::Zstd => {
                let level = if level < 9 { 2 * level - 1 } else { 22 };
                let checksum = false;
                zstd::Settings { level, checksum }.compress(from, out).ok()
            }
            Self::Blosclz | Self::Snappy | Self::Zlib => None,
        }
    }
}

/// Decodes `stream`, of the format with this number, so that it fills `out`.
///
/// # Errors
/// [`Error::Data`] if it is damaged, makes more or less, or is of no known format;
/// [`Error::Unsupported`] for snappy.
pub fn decompress(format: u8, stream: &[u8], out: &mut [u8]) -> Result<()> {
    let damaged = |what: &str| Error::data("", format!("cannot decode a stream of blosc: {what}"));
    let filled = match format {
        0 => blosclz::decode(stream, out).ok_or_else(|| damaged("blosclz"))?,
        1 => {
            let size = i32::try_from(out.len()).map_err(|_| damaged("too long"))?;
            lz4::block::decompress_to_buffer(stream, Some(size), out).map_err(|_| damaged("lz4"))?
        }
        3 => deflate::inflate(true, stream, out)?.1,
        4 => zstd::decode_into(stream, out)?,
        2 => {
            let what = "a chunk with snappy in an array whose codec names another compressor";
            return Err(Error::unsupported("", what));
        }
        _ => return Err(damaged(&format!("format {format} is not known"))),
    };
    if filled != out.len() {
        return Err(damaged(&format!("{filled} bytes instead of {}", out.len())));
    }
    Ok(())
}
