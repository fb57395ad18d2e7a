//! Codecs from bytes to bytes: at most one compressor, then perhaps a checksum.

use std::ops::Range;

use serde_json::Value;

use super::blosc::Blosc;
use super::{gzip, scratch, zstd};
use crate::{Error, Result};

/// What follows `bytes` in a chain.
#[derive(Clone, Debug)]
pub(super) struct Packing {
    compressor: Compressor,
    /// Whether the CRC-32C of what was compressed follows it.
    checksum: bool,
}

#[derive(Clone, Debug)]
enum Compressor {
    None,
    Zstd(zstd::Settings),
    Gzip(gzip::Settings),
    Blosc(Blosc),
}

impl Compressor {
    fn parse(codec: &Value, decoded: usize) -> Option<Self> {
        zstd::Settings::parse(codec)
            .map(Self::Zstd)
            .or_else(|| gzip::Settings::parse(codec).map(Self::Gzip))
            .or_else(|| Blosc::parse(codec, decoded).map(Self::Blosc))
    }
}

/// Length of a CRC-32C.
const CHECKSUM: usize = 4;

impl Packing {
    /// The codecs for blocks of `decoded` bytes, if all are of those that are known here.
    pub(super) fn parse(codecs: &[Value], decoded: usize) -> Option<Self> {
        let (codecs, checksum) = match codecs {
            [before @ .., last] if is_checksum(last) => (before, true),
            _ => (codecs, false),
        };
        let compressor = match codecs {
            [] => Compressor::None,
            [codec] => Compressor::parse(codec, decoded)?,
            _ => return None,
        };
        Some(Self {
            compressor,
            checksum,
        })
    }

    /// Appends the encoding of `block`.
    pub(super) fn encode(&self, block: &[u8], out: &mut Vec<u8>) -> Result<()> {
        let start = out.len();
        match &self.compressor {
            Compressor::None => out.extend_from_slice(block),
            Compressor::Zstd(settings) => settings.encode(block, out)?,
            Compressor::Gzip(settings) => settings.encode(block, out)?,
            Compressor::Blosc(blosc) => blosc.encode(block, out)?,
        }
        if self.checksum {
            out.extend(crc32c::crc32c(&out[start..]).to_le_bytes());
        }
        Ok(())
    }

    /// Decodes `bytes` into `out`, which they must fill.
    pub(super) fn decode_into(&self, bytes: &[u8], out: &mut [u8]) -> Result<()> {
        let bytes = self.checked(bytes)?;
        let filled = match &self.compressor {
            Compressor::None => {
                right_size(bytes.len(), out.len())?;
                out.copy_from_slice(bytes);
                return Ok(());
            }
            Compressor::Blosc(blosc) => return blosc.decode_into(bytes, out),
            Compressor::Zstd(_) => zstd::decode_into(bytes, out)?,
            Compressor::Gzip(_) => gzip::decode_into(bytes, out)?,
        };
        right_size(filled, out.len())
    }

    /// Decodes `span` of the `decoded` bytes of a block into `out`.
    pub(super) fn decode_span(
        &self,
        bytes: &[u8],
        decoded: usize,
        span: Range<usize>,
        out: &mut [u8],
    ) -> Result<()> {
        match &self.compressor {
            Compressor::None => {
                let bytes = self.checked(bytes)?;
                right_size(bytes.len(), decoded)?;
                out.copy_from_slice(&bytes[span]);
                Ok(())
            }
            Compressor::Blosc(blosc) => blosc.decode_span(self.checked(bytes)?, decoded, span, out),
            Compressor::Zstd(_) | Compressor::Gzip(_) => scratch::with_bytes(decoded, |block| {
                self.decode_into(bytes, block)?;
                out.copy_from_slice(&block[span]);
                Ok(())
            }),
        }
    }

    /// The bytes before the checksum, if it is right or there is none.
    fn checked<'a>(&self, bytes: &'a [u8]) -> Result<&'a [u8]> {
        if !self.checksum {
            return Ok(bytes);
        }
        match bytes.split_last_chunk::<CHECKSUM>() {
            Some((bytes, stored)) if crc32c::crc32c(bytes).to_le_bytes() == *stored => Ok(bytes),
            _ => Err(Error::data("", "the CRC-32C of a block differs")),
        }
    }
}

fn right_size(filled: usize, want: usize) -> Result<()> {
    if filled == want {
        return Ok(());
    }
    let what = format!("a block decodes to {filled} bytes instead of {want}");
    Err(Error::data("", what))
}

/// Whether `codec` is `crc32c` as the Zarr specification has it.
fn is_checksum(codec: &Value) -> bool {
    let plain = match codec.get("configuration") {
        None => true,
        Some(configuration) => configuration
            .as_object()
            .is_some_and(serde_json::Map::is_empty),
    };
    codec["name"] == "crc32c" && plain
}
