//! Chunks on their own, for the formats that are made of them.

use std::ops::Range;

use serde_json::{Value, json};

use super::decode::{decode_into, decode_span};
use super::{Blosc, header};
use crate::{Error, Result};

/// Bytes of the header of a chunk.
pub const HEADER: usize = header::LENGTH;

/// No stream format makes more of one byte: zstd repeats a byte 128 KiB long with four.
const LARGEST_RATIO: usize = 1 << 15;

/// How long a chunk says to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Bytes that it decodes to.
    pub decoded: usize,
    /// Bytes that it takes, header included.
    pub encoded: usize,
}

impl Sizes {
    /// Reads them from the first [`HEADER`] bytes of a chunk.
    ///
    /// # Errors
    /// [`Error::Data`] if this is no header, or if so few bytes cannot decode to so many.
    pub fn read(header: &[u8]) -> Result<Self> {
        let damaged = |what: String| Error::data("", format!("a blosc chunk {what}"));
        let Some((&[version, _, _, _, sizes @ ..], _)) = header.split_first_chunk::<HEADER>()
        else {
            return Err(damaged(format!("of {} bytes has no header", header.len())));
        };
        if version != header::VERSION {
            let known = header::VERSION;
            return Err(damaged(format!("of version {version}, not {known}")));
        }
        let size = |at: usize| -> usize {
            let word = [sizes[at], sizes[at + 1], sizes[at + 2], sizes[at + 3]];
            u32::from_le_bytes(word) as usize
        };
        let (decoded, encoded) = (size(0), size(8));
        if encoded < HEADER || decoded > header::LARGEST || decoded / LARGEST_RATIO > encoded {
            let what = format!("cannot decode {encoded} bytes to {decoded}");
            return Err(damaged(what));
        }
        Ok(Self { decoded, encoded })
    }
}

/// Decodes the bytes `span` of a chunk that decodes to `decoded` bytes; `out` is as long as `span`.
///
/// Only the internal blocks that hold them are decoded.
///
/// ```
/// use ziggurat_core::codec::blosc;
/// let values: Vec<u8> = (0..=255).collect();
/// let configuration = serde_json::json!({
///     "cname": "zstd", "clevel": 5, "shuffle": "noshuffle", "typesize": 1, "blocksize": 0
/// });
/// let mut chunk = Vec::new();
/// blosc::encode(&configuration, &values, &mut chunk)?;
/// let mut out = [0; 3];
/// blosc::decode(&chunk, 256, 7..10, &mut out)?;
/// assert_eq!(out, [7, 8, 9]);
/// # Ok::<(), ziggurat_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Data`] if the chunk is damaged or says another size.
///
/// # Panics
/// If `span` reaches beyond `decoded`, or `out` has another length.
pub fn decode(chunk: &[u8], decoded: usize, span: Range<usize>, out: &mut [u8]) -> Result<()> {
    let header = header::Header::read(chunk, decoded)?;
    let is_snappy = header.format() == super::Compressor::Snappy.format();
    if is_snappy && !header.is(header::flags::COPIED) {
        let configuration = json!({
            "cname": "snappy", "clevel": 1, "shuffle": "noshuffle", "typesize": 1, "blocksize": 0
        });
        return codec(&configuration, decoded)?.decode_span(chunk, decoded, span, out);
    }
    match span.len() == decoded {
        true => decode_into(chunk, out),
        false => decode_span(chunk, decoded, span, out),
    }
}

/// Appends one chunk of `values`, coded as the `configuration` of a Zarr `blosc` codec says.
///
/// # Errors
/// [`Error::Caller`] if the configuration is no such thing, or for 2 GiB and more.
pub fn encode(configuration: &Value, values: &[u8], out: &mut Vec<u8>) -> Result<()> {
    codec(configuration, values.len())?.encode(values, out)
}

fn codec(configuration: &Value, decoded: usize) -> Result<Blosc> {
    let codec = json!({"name": "blosc", "configuration": configuration});
    Blosc::parse(&codec, decoded).ok_or_else(|| {
        let what = format!("cannot code {decoded} bytes as {configuration}");
        Error::caller("blosc chunk", what)
    })
}
