//! Indices of superchunks that others encode in their own way.
//!
//! What ziggurat writes is [`ShardIndex::encode`]; the specification allows any codecs that always
//! make the same number of bytes.

use serde_json::Value;

use super::ArrayMetadata;
use crate::codec::BlockCodec;
use crate::shard::ShardIndex;
use crate::{ElementType, Error, Result};

/// How the indices of an array are encoded.
#[derive(Debug)]
pub(super) enum IndexCodec {
    /// Little-endian, then a checksum.
    Usual { blocks: usize },
    /// As an array of pairs of `uint64`, of so many bytes when encoded.
    Other(Box<BlockCodec>, usize),
}

impl IndexCodec {
    /// The codec of `metadata`, which is that of the array at `place`.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for unknown codecs, or for those that do not fix the size.
    pub(super) fn new(place: &str, metadata: &ArrayMetadata) -> Result<Self> {
        let mut shape = metadata.layout.blocks_per_superchunk();
        let blocks = metadata.layout.block_count();
        let Some(codecs) = &metadata.index_codecs else {
            return Ok(Self::Usual { blocks });
        };
        shape.push(2);
        let absent = u64::MAX.to_ne_bytes();
        let codec = BlockCodec::new(place, codecs, ElementType::UInt64, &absent, &shape)?;
        let size = |sample: Vec<u8>| {
            let encoded = codec.encode(place, &sample)?;
            Ok::<_, Error>(encoded.map_or(0, |bytes| bytes.len()))
        };
        let rising = 0..blocks as u64 * 2;
        let rising = rising.flat_map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_ne_bytes());
        let length = size(vec![0; codec.decoded_size()])?;
        if size(rising.collect())? != length {
            let codecs = Value::from(codecs.clone());
            let what = format!("index_codecs {codecs}: they do not fix the size of an index");
            return Err(Error::unsupported(place, what));
        }
        Ok(Self::Other(Box::new(codec), length))
    }

    /// Bytes of an encoded index.
    pub(super) fn encoded_size(&self) -> usize {
        match self {
            Self::Usual { blocks } => ShardIndex::encoded_size(*blocks),
            Self::Other(_, size) => *size,
        }
    }

    /// Reads an index of the object at `place`.
    ///
    /// # Errors
    /// [`Error::Data`] if it is damaged.
    pub(super) fn parse(&self, place: &str, bytes: &[u8]) -> Result<ShardIndex> {
        let (codec, size) = match self {
            Self::Usual { blocks } => return ShardIndex::parse(place, bytes, *blocks),
            Self::Other(codec, size) => (codec, *size),
        };
        if bytes.len() != size {
            let have = bytes.len();
            let what = format!("{have} bytes where the shard index needs {size}: it is truncated");
            return Err(Error::data(place, what));
        }
        let mut numbers = vec![0_u64; codec.decoded_size() / 8];
        codec.decode_into(place, bytes, bytemuck::cast_slice_mut(&mut numbers))?;
        let pairs = numbers.chunks_exact(2).map(|pair| (pair[0], pair[1]));
        let stored = |pair| (pair != (u64::MAX, u64::MAX)).then_some(pair);
        Ok(ShardIndex::new(pairs.map(stored).collect()))
    }
}
