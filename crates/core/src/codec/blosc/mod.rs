//! The `blosc` codec: chunks of Blosc 1, the format of c-blosc 1.x.
//!
//! A chunk is a header of 16 bytes, the starts of its *internal blocks* (`int32` each), and their
//! streams, each after its size (`int32`). An internal block is shuffled alone; it is one stream, or,
//! if it is split, one stream for each byte of an element. A stream as long as what it stands for
//! is a copy. All numbers are little-endian. Source: `README_CHUNK_FORMAT.rst` of c-blosc.
//!
//! Everything is decoded here but snappy; lz4, lz4hc and zstd are encoded here, the others by zarrs.

mod blosclz;
mod chunk;
mod decode;
mod encode;
mod grow;
mod header;
pub mod shuffle;
pub mod streams;

use std::ops::Range;

use serde_json::{Value, json};

use crate::{ElementType, Error, Result};

use super::zarrs_023;
pub use chunk::{HEADER, Sizes, decode, encode};
pub use grow::{Grown, Growth};
use header::flags;
use streams::Compressor;

/// A `blosc` codec for blocks of one size.
#[derive(Clone, Debug)]
pub(super) struct Blosc {
    settings: Settings,
    /// Does what is not done here.
    other: Option<zarrs_023::Chain>,
}

/// The configuration of the `blosc` codec.
#[derive(Clone, Copy, Debug)]
struct Settings {
    compressor: Compressor,
    /// 0 to 9; 0 copies.
    level: u8,
    /// The flag of the filter.
    shuffle: u8,
    /// Bytes of an element, 1 to 255.
    typesize: usize,
    /// Bytes of an internal block; 0 lets the encoder choose.
    block: usize,
}

impl Blosc {
    /// The codec for blocks of `decoded` bytes, if `codec` is a well-formed `blosc` codec.
    pub(super) fn parse(codec: &Value, decoded: usize) -> Option<Self> {
        if codec["name"] != "blosc" || decoded > header::LARGEST {
            return None;
        }
        let settings = Settings::parse(&codec["configuration"])?;
        let other = match settings.compressor {
            Compressor::Lz4 | Compressor::Lz4hc | Compressor::Zstd => None,
            Compressor::Blosclz | Compressor::Snappy | Compressor::Zlib => {
                let codecs = [json!({"name": "bytes"}), codec.clone()];
                let shape = [decoded as u64];
                Some(zarrs_023::Chain::new("", &codecs, ElementType::UInt8, &[0], &shape).ok()?)
            }
        };
        Some(Self { settings, other })
    }

    /// Appends one chunk.
    pub(super) fn encode(&self, block: &[u8], out: &mut Vec<u8>) -> Result<()> {
        match &self.other {
            Some(other) => out.extend_from_slice(&other.encode("", block)?),
            None => encode::encode(&self.settings, block, out),
        }
        Ok(())
    }

    /// How chunks of `decoded` bytes grow by planes like `fill`; `None` if they do not.
    pub(super) fn growth(&self, decoded: usize, fill: Vec<u8>) -> Option<Growth> {
        match &self.other {
            Some(_) => None,
            None => Growth::new(&self.settings, decoded, fill),
        }
    }

    /// Decodes a chunk into `out`, which it must fill.
    pub(super) fn decode_into(&self, chunk: &[u8], out: &mut [u8]) -> Result<()> {
        match self.snappy(chunk, out.len())? {
            Some(block) => {
                out.copy_from_slice(&block);
                Ok(())
            }
            None => decode::decode_into(chunk, out),
        }
    }

    /// Decodes the bytes `span` of a chunk into `out`; only the internal blocks that hold them.
    pub(super) fn decode_span(
        &self,
        chunk: &[u8],
        decoded: usize,
        span: Range<usize>,
        out: &mut [u8],
    ) -> Result<()> {
        match self.snappy(chunk, decoded)? {
            Some(block) => {
                out.copy_from_slice(&block[span]);
                Ok(())
            }
            None => decode::decode_span(chunk, decoded, span, out),
        }
    }

    /// The decoded block, if the codec is of snappy.
    fn snappy(&self, chunk: &[u8], decoded: usize) -> Result<Option<Vec<u8>>> {
        let Some(other) = &self.other else {
            return Ok(None);
        };
        if self.settings.compressor != Compressor::Snappy {
            return Ok(None);
        }
        // zarrs allocates what the header says.
        header::Header::read(chunk, decoded)?;
        let block = other.decode("", chunk)?;
        match block.len() == decoded {
            true => Ok(Some(block)),
            false => Err(Error::data(
                "",
                format!("a block decodes to {} bytes", block.len()),
            )),
        }
    }
}

impl Settings {
    fn parse(configuration: &Value) -> Option<Self> {
        const KEYS: [&str; 5] = ["cname", "clevel", "shuffle", "typesize", "blocksize"];
        let configuration = configuration.as_object()?;
        if !configuration.keys().all(|key| KEYS.contains(&key.as_str())) {
            return None;
        }
        let number = |key: &str| usize::try_from(configuration.get(key)?.as_u64()?).ok();
        let shuffle = match configuration.get("shuffle")?.as_str()? {
            "noshuffle" => 0,
            "shuffle" => flags::SHUFFLE,
            "bitshuffle" => flags::BITSHUFFLE,
            _ => return None,
        };
        let typesize = match configuration.get("typesize") {
            None if shuffle == 0 => 1,
            // What has larger elements is a row of bytes to Blosc.
            Some(_) => number("typesize").map(|n| if n > 255 { 1 } else { n })?,
            None => return None,
        };
        if typesize == 0 && shuffle != 0 {
            return None;
        }
        Some(Self {
            compressor: Compressor::parse(configuration.get("cname")?.as_str()?)?,
            level: u8::try_from(number("clevel")?).ok().filter(|&l| l <= 9)?,
            shuffle,
            typesize: typesize.max(1),
            block: number("blocksize")?,
        })
    }
}
