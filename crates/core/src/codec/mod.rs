//! The codec of one block: elements to bytes and back.
//!
//! A [`BlockCodec`] is prepared once per array and then used for every block, from any thread.
//!
//! | codecs | done by |
//! |---|---|
//! | `bytes` in the order of this machine | nobody: elements are stored as they are |
//! | `zstd`, `gzip`, `blosc`, none; then `crc32c` or not | this module, on contexts and memory kept per thread |
//! | `transpose`, `bitround`, `bytes` in the other order, before those | zarrs |
//! | in `blosc`: encoding with blosclz and zlib, all of snappy | zarrs |
//! | one that another crate [registered](register), alone | that crate |
//! | any other chain | zarrs |
//!
//! What is done here decodes straight into the output, and no size that the bytes claim is allocated:
//! the array says how long a block is.

pub mod blosc;
mod deflate;
pub(crate) mod extension;
mod gzip;
mod packing;
pub mod scratch;
mod spec;
mod zarrs_023;
mod zstd;

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

pub use blosc::{Grown, Growth};
pub use extension::{
    Extension, Located, MakeExtension, Parted, ShortForm, register, register_short,
};
pub use spec::CodecSpec;
pub(crate) use zarrs_023::check_order;

use crate::{ElementType, Error, Result};
use packing::Packing;

/// Encodes and decodes blocks of one shape and element type.
///
/// Elements are native-endian bytes in C order. A block that holds nothing but the fill value has
/// no encoding: absence says it.
#[derive(Clone, Debug)]
pub struct BlockCodec {
    fill: Vec<u8>,
    decoded: usize,
    chain: Chain,
}

#[derive(Clone, Debug)]
enum Chain {
    /// Elements as they are, packed.
    Packed(Packing),
    /// Elements as zarrs rounds them, packed. Nothing has to be undone.
    Rounded(zarrs_023::Chain, Packing),
    /// Elements as zarrs arranges them, packed.
    Arranged(zarrs_023::Chain, Packing),
    /// All by a codec of another crate, and the shape of a block.
    Extension(Arc<dyn Extension>, Vec<u64>),
    /// All by zarrs.
    Zarrs(zarrs_023::Chain),
}

/// Largest decoded block: 2 GiB. What a document claims beyond that is not allocated.
const LARGEST: u64 = 1 << 31;

impl BlockCodec {
    /// Prepares the chain `codecs` (the JSON of `codecs` in `zarr.json`) for blocks of `shape`.
    ///
    /// `fill` holds the native-endian bytes of the fill value. `place` is the array, for messages.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for an unknown codec, [`Error::Limit`] for a block over 2 GiB.
    pub fn new(
        place: &str,
        codecs: &[Value],
        element: ElementType,
        fill: &[u8],
        shape: &[u64],
    ) -> Result<Self> {
        let size = shape
            .iter()
            .try_fold(element.size() as u64, |n, &s| n.checked_mul(s))
            .filter(|&n| n <= LARGEST)
            .ok_or_else(|| {
                let limit = format!("a block of shape {shape:?} is larger than 2 GiB");
                Error::limit(place, limit)
            })?;
        let decoded =
            usize::try_from(size).map_err(|e| Error::other(place, "cannot address a block", e))?;
        let zarrs = |codecs| zarrs_023::Chain::new(place, codecs, element, fill, shape);
        let chain = match arrangement(codecs)
            .and_then(|(before, after)| Some((before, Packing::parse(after, decoded)?)))
        {
            Some(([bytes], packing)) if is_native(bytes, element) => Chain::Packed(packing),
            Some((before @ [rounding @ .., bytes], packing))
                if rounding.iter().all(is_rounding) && is_native(bytes, element) =>
            {
                Chain::Rounded(zarrs(before)?, packing)
            }
            Some((before, packing)) => Chain::Arranged(zarrs(before)?, packing),
            None => match registered(codecs) {
                Some((make, configuration)) => {
                    let codec = make(place, configuration, element, shape)?;
                    Chain::Extension(codec, shape.to_vec())
                }
                None => Chain::Zarrs(zarrs(codecs)?),
            },
        };
        Ok(Self {
            fill: fill.to_vec(),
            decoded,
            chain,
        })
    }

    /// Bytes of one decoded block.
    #[must_use]
    pub fn decoded_size(&self) -> usize {
        self.decoded
    }

    /// Whether `block` holds nothing but the fill value, bit for bit.
    #[must_use]
    pub fn is_fill(&self, block: &[u8]) -> bool {
        // Periodic with the period of one element: the first equals the fill, and each equals the
        // next. Both comparisons end where something differs.
        let n = self.fill.len();
        block.len() < n || (block[..n] == self.fill && block[n..] == block[..block.len() - n])
    }

    /// One decoded block of nothing but the fill value.
    #[must_use]
    pub fn fill_block(&self) -> Vec<u8> {
        self.fill.repeat(self.decoded / self.fill.len())
    }

    /// The encoding of a block, or `None` if it is all fill.
    ///
    /// # Errors
    /// If `block` has not the size of a block, or a codec refuses it.
    pub fn encode(&self, place: &str, block: &[u8]) -> Result<Option<Bytes>> {
        scratch::with_buffer(|out| {
            let any = self.encode_into(place, block, out)?;
            Ok(any.then(|| Bytes::copy_from_slice(out)))
        })
    }

    /// Appends the encoding of a block to `out`; or nothing, and returns `false`, if it is all fill.
    ///
    /// Many blocks are encoded one after the other into memory that is written once:
    /// ```
    /// # use ziggurat_core::{ElementType, codec::{BlockCodec, CodecSpec}};
    /// # let codecs = CodecSpec::default().chain(ElementType::UInt8);
    /// # let codec = BlockCodec::new("a", &codecs, ElementType::UInt8, &[0], &[4])?;
    /// let mut out = Vec::new();
    /// assert!(codec.encode_into("a", &[1, 2, 3, 4], &mut out)?);
    /// let end = out.len();
    /// assert!(!codec.encode_into("a", &[0, 0, 0, 0], &mut out)?);
    /// assert_eq!(out.len(), end);
    /// # Ok::<(), ziggurat_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`encode`](Self::encode); then what is in `out` beyond its former length is of no use.
    pub fn encode_into(&self, place: &str, block: &[u8], out: &mut Vec<u8>) -> Result<bool> {
        self.check_size(place, block.len())?;
        if self.is_fill(block) {
            return Ok(false);
        }
        match &self.chain {
            Chain::Packed(packing) => packing.encode(block, out),
            Chain::Rounded(chain, packing) | Chain::Arranged(chain, packing) => {
                packing.encode(&chain.encode(place, block)?, out)
            }
            Chain::Extension(codec, _) => codec.encode_into(block, out),
            Chain::Zarrs(chain) => {
                out.extend_from_slice(&chain.encode(place, block)?);
                Ok(())
            }
        }
        .map_err(|e| e.at(place))?;
        Ok(true)
    }

    /// Decodes a block into `out`, which has exactly [`decoded_size`](Self::decoded_size) bytes.
    ///
    /// # Errors
    /// [`Error::Data`] if the bytes are damaged or decode to another size.
    pub fn decode_into(&self, place: &str, bytes: &[u8], out: &mut [u8]) -> Result<()> {
        self.check_size(place, out.len())?;
        match &self.chain {
            Chain::Packed(packing) | Chain::Rounded(_, packing) => {
                packing.decode_into(bytes, out).map_err(|e| e.at(place))
            }
            Chain::Arranged(chain, packing) => scratch::with_bytes(self.decoded, |arranged| {
                packing
                    .decode_into(bytes, arranged)
                    .map_err(|e| e.at(place))?;
                out.copy_from_slice(&self.decode_by_zarrs(place, chain, arranged)?);
                Ok(())
            }),
            Chain::Extension(codec, _) => codec.decode_into(bytes, out).map_err(|e| e.at(place)),
            Chain::Zarrs(chain) => {
                out.copy_from_slice(&self.decode_by_zarrs(place, chain, bytes)?);
                Ok(())
            }
        }
    }

    /// Decodes the bytes `span` of a decoded block into `out`, which has exactly their number.
    ///
    /// A block that is not compressed is copied from; of a `blosc` chunk, or a block of a codec that
    /// decodes parts, only what holds `span` is decoded. Any other chain decodes the whole block.
    ///
    /// # Errors
    /// [`Error::Caller`] if `span` is not within the block; [`Error::Data`] if bytes that had to be
    /// looked at are damaged.
    pub fn decode_span(
        &self,
        place: &str,
        bytes: &[u8],
        span: Range<usize>,
        out: &mut [u8],
    ) -> Result<()> {
        if span.start > span.end || span.end > self.decoded || out.len() != span.len() {
            let (n, size) = (out.len(), self.decoded);
            let what = format!("{n} bytes for the bytes {span:?} of a block of {size}");
            return Err(Error::caller(place, what));
        }
        if let Chain::Packed(packing) | Chain::Rounded(_, packing) = &self.chain {
            return packing
                .decode_span(bytes, self.decoded, span, out)
                .map_err(|e| e.at(place));
        }
        scratch::with_bytes(self.decoded, |block| {
            match (&self.chain, self.parted()) {
                (Chain::Extension(_, shape), Some(parted)) => {
                    let elements = span.start / self.fill.len()..span.end.div_ceil(self.fill.len());
                    extension::decode_span(parted, shape, bytes, elements, block)
                        .map_err(|e| e.at(place))?;
                }
                _ => self.decode_into(place, bytes, block)?,
            }
            out.copy_from_slice(&block[span]);
            Ok(())
        })
    }

    /// How parts of a block are decoded alone, if they are.
    pub(crate) fn parted(&self) -> Option<&dyn Parted> {
        match &self.chain {
            Chain::Extension(codec, _) => codec.parted(),
            _ => None,
        }
    }

    /// How blocks grow that are set in parts of `plane` bytes; `None` if these have to be encoded whole.
    ///
    /// Blocks of a `blosc` codec grow, if planes are of some size and not followed by a checksum.
    #[must_use]
    pub fn growth(&self, plane: usize) -> Option<Growth> {
        match &self.chain {
            Chain::Packed(packing) if plane.is_multiple_of(self.fill.len()) => {
                let fill = self.fill.repeat(plane / self.fill.len());
                packing.growth(self.decoded, fill)
            }
            _ => None,
        }
    }

    /// A whole block of a chain in which zarrs has a part.
    fn decode_by_zarrs(
        &self,
        place: &str,
        chain: &zarrs_023::Chain,
        bytes: &[u8],
    ) -> Result<Vec<u8>> {
        let block = chain.decode(place, bytes)?;
        if block.len() != self.decoded {
            let (n, want) = (block.len(), self.decoded);
            let what = format!("a block decodes to {n} bytes instead of {want}");
            return Err(Error::data(place, what));
        }
        Ok(block)
    }

    fn check_size(&self, place: &str, length: usize) -> Result<()> {
        if length == self.decoded {
            return Ok(());
        }
        let what = format!("{length} bytes given for a block of {}", self.decoded);
        Err(Error::caller(place, what))
    }
}

/// The codecs up to `bytes`, and those after it; `None` if others come before it than those that
/// are known not to change the size.
fn arrangement(codecs: &[Value]) -> Option<(&[Value], &[Value])> {
    let at = codecs
        .iter()
        .position(|codec| codec["name"] != "transpose" && !is_rounding(codec))?;
    (codecs[at]["name"] == "bytes").then(|| codecs.split_at(at + 1))
}

/// The codec of another crate that is all of a chain, and its configuration.
fn registered(codecs: &[Value]) -> Option<(MakeExtension, &Value)> {
    match codecs {
        [codec] => Some((
            extension::find(codec["name"].as_str()?)?,
            &codec["configuration"],
        )),
        _ => None,
    }
}

/// Whether `codec` changes elements before they are stored, and nothing after.
fn is_rounding(codec: &Value) -> bool {
    codec["name"] == "bitround" || codec["name"] == "numcodecs.bitround"
}

/// Whether `codec` is `bytes` in the order of this machine (or of a type that has no order).
fn is_native(codec: &Value, element: ElementType) -> bool {
    let endian = &codec["configuration"]["endian"];
    let native = match cfg!(target_endian = "little") {
        true => "little",
        false => "big",
    };
    codec["name"] == "bytes" && (endian == native || (endian.is_null() && element.word() == 1))
}
