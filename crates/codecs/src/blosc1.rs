//! How the chunks of the formats before Zarr are coded: Blosc 1, see [`ziggurat_core::codec::blosc`].

use serde_json::{Value, json};
use ziggurat_core::codec::blosc;
use ziggurat_core::{Error, Result};

/// What happens to elements before they are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shuffle {
    /// Nothing.
    None,
    /// Equal bytes of elements are brought together.
    Bytes,
    /// Equal bits of elements are brought together.
    Bits,
}

/// How chunks are written; what is read says so itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blosc {
    /// `blosclz`, `lz4`, `lz4hc`, `snappy`, `zlib` or `zstd`.
    pub compressor: String,
    /// 0 (copy) to 9.
    pub level: u8,
    /// The filter.
    pub shuffle: Shuffle,
}

impl Default for Blosc {
    /// What bcolz and bloscpack write if nothing is said, with the compressor that all read.
    fn default() -> Self {
        Self {
            compressor: "lz4".to_owned(),
            level: 5,
            shuffle: Shuffle::Bytes,
        }
    }
}

impl Blosc {
    /// Appends one chunk of `values` whose elements have `typesize` bytes.
    pub(crate) fn encode(&self, typesize: usize, values: &[u8], out: &mut Vec<u8>) -> Result<()> {
        blosc::encode(&self.configuration(typesize), values, out)
    }

    fn configuration(&self, typesize: usize) -> Value {
        let shuffle = match self.shuffle {
            Shuffle::None => "noshuffle",
            Shuffle::Bytes => "shuffle",
            Shuffle::Bits => "bitshuffle",
        };
        json!({
            "cname": self.compressor, "clevel": self.level, "shuffle": shuffle,
            "typesize": typesize, "blocksize": 0,
        })
    }
}

/// A length that a reader on this machine can hold in memory at once.
pub(crate) fn in_memory(place: &str, length: u64) -> Result<usize> {
    usize::try_from(length)
        .ok()
        .filter(|&n| isize::try_from(n).is_ok())
        .ok_or_else(|| {
            Error::limit(
                place,
                format!("{length} bytes do not fit in memory; read a part"),
            )
        })
}

/// An empty buffer with room for `length` bytes; none of it is touched before it is filled.
pub(crate) fn buffer(place: &str, length: u64) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let length = in_memory(place, length)?;
    out.try_reserve_exact(length).map_err(|_| {
        let what = format!("{length} bytes do not fit in memory; read a part");
        Error::limit(place, what)
    })?;
    Ok(out)
}
