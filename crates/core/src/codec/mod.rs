//! The codec of one block: elements to bytes and back.
//!
//! A [`BlockCodec`] is prepared once per array and then used for every block, from any thread. The
//! chains that ziggurat writes by default run on contexts kept per thread; every other chain is
//! run by zarrs.

mod spec;
mod zarrs_023;
mod zstd;

use bytes::Bytes;
use serde_json::Value;

pub use spec::CodecSpec;
pub(crate) use zarrs_023::check_order;

use crate::{ElementType, Error, Result};

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
    /// `bytes` (little-endian) alone.
    Raw,
    /// `bytes` (little-endian), then `zstd`.
    Zstd(zstd::Settings),
    /// Anything else.
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
        let little = cfg!(target_endian = "little");
        let chain = match codecs {
            [bytes] if little && is_little_endian(bytes, element) => Chain::Raw,
            [bytes, codec] if little && is_little_endian(bytes, element) => {
                match zstd::Settings::parse(codec) {
                    Some(settings) => Chain::Zstd(settings),
                    None => {
                        Chain::Zarrs(zarrs_023::Chain::new(place, codecs, element, fill, shape)?)
                    }
                }
            }
            _ => Chain::Zarrs(zarrs_023::Chain::new(place, codecs, element, fill, shape)?),
        };
        Ok(Self {
            fill: fill.to_vec(),
            decoded: usize::try_from(size)
                .map_err(|e| Error::other(place, "cannot address a block", e))?,
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
        // Periodic with the period of one element: the first equals the fill, and each equals the next.
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
        if block.len() != self.decoded {
            let what = format!(
                "{} bytes given for a block of {}",
                block.len(),
                self.decoded
            );
            return Err(Error::caller(place, what));
        }
        if self.is_fill(block) {
            return Ok(None);
        }
        Ok(Some(match &self.chain {
            Chain::Raw => Bytes::copy_from_slice(block),
            Chain::Zstd(settings) => settings.encode(place, block)?,
            Chain::Zarrs(chain) => chain.encode(place, block)?,
        }))
    }

    /// Decodes a block into `out`, which has exactly [`decoded_size`](Self::decoded_size) bytes.
    ///
    /// # Errors
    /// [`Error::Data`] if the bytes are damaged or decode to another size.
    pub fn decode_into(&self, place: &str, bytes: &[u8], out: &mut [u8]) -> Result<()> {
        let want = out.len();
        let wrong = |n: usize| {
            Error::data(
                place,
                format!("a block decodes to {n} bytes instead of {want}"),
            )
        };
        match &self.chain {
            Chain::Raw if bytes.len() == want => out.copy_from_slice(bytes),
            Chain::Raw => return Err(wrong(bytes.len())),
            Chain::Zstd(_) => match zstd::decode_into(place, bytes, out)? {
                n if n == want => {}
                n => return Err(wrong(n)),
            },
            Chain::Zarrs(chain) => {
                let decoded = chain.decode(place, bytes)?;
                if decoded.len() != want {
                    return Err(wrong(decoded.len()));
                }
                out.copy_from_slice(&decoded);
            }
        }
        Ok(())
    }
}

/// Whether `codec` is `bytes` in little-endian order (or of a type that has no order).
fn is_little_endian(codec: &Value, element: ElementType) -> bool {
    let endian = &codec["configuration"]["endian"];
    codec["name"] == "bytes" && (endian == "little" || (endian.is_null() && element.word() == 1))
}
