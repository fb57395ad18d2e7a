//! The codec chains of zarrs 0.23: the one place of this crate that knows zarrs' codec types.
//!
//! zarrs 0.24 changes them; then this file changes, and nothing else.

use std::num::NonZeroU64;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};
use zarrs::array::{
    Array, ArrayBytes, ArrayMetadata, CodecChain, CodecOptions, DataType, FillValue,
};
use zarrs::storage::store::MemoryStore;
// The trait of encode and decode.
use zarrs::array::codec::api::{ArrayToBytesCodecTraits, Codec};
use zarrs::metadata::v3::MetadataV3;

use crate::{ElementType, Error, Result};

/// A chain of any codecs that zarrs knows.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    codecs: Arc<CodecChain>,
    shape: Vec<NonZeroU64>,
    data_type: DataType,
    fill: FillValue,
}

impl Chain {
    pub(super) fn new(
        place: &str,
        codecs: &[Value],
        element: ElementType,
        fill: &[u8],
        shape: &[u64],
    ) -> Result<Self> {
        let unsupported = |e: &dyn std::fmt::Display| {
            Error::unsupported(place, format!("codecs {}: {e}", json!(codecs)))
        };
        // An array of one block is the shortest way to bound codecs.
        let metadata: ArrayMetadata = serde_json::from_value(json!({
            "zarr_format": 3, "node_type": "array", "shape": shape, "data_type": element.name(),
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": shape}},
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            "fill_value": crate::array::fill::fill_to_json(fill, element), "codecs": codecs,
        }))
        .map_err(|e| unsupported(&e))?;
        let array = Array::new_with_metadata(Arc::new(MemoryStore::new()), "/block", metadata)
            .map_err(|e| unsupported(&e))?;
        Ok(Self {
            codecs: array.codecs(),
            shape: shape.iter().filter_map(|&s| NonZeroU64::new(s)).collect(),
            data_type: array.data_type().clone(),
            fill: array.fill_value().clone(),
        })
    }

    pub(super) fn encode(&self, place: &str, block: &[u8]) -> Result<Bytes> {
        let options = CodecOptions::default();
        let bytes = ArrayBytes::new_flen(block);
        self.codecs
            .encode(bytes, &self.shape, &self.data_type, &self.fill, &options)
            .map(|encoded| encoded.into_owned().into())
            .map_err(|e| Error::other(place, "cannot encode a block", e))
    }

    pub(super) fn decode(&self, place: &str, bytes: &[u8]) -> Result<Vec<u8>> {
        let options = CodecOptions::default();
        self.codecs
            .decode(
                bytes.into(),
                &self.shape,
                &self.data_type,
                &self.fill,
                &options,
            )
            .and_then(|decoded| Ok(decoded.into_fixed()?.into_owned()))
            .map_err(|e| Error::data(place, format!("cannot decode a block: {e}")))
    }
}

/// Refuses a chain in which a codec stands after one of a later kind; zarrs sorts them by kind
/// instead. The chains within a shard are checked as well.
///
/// # Errors
/// [`Error::Data`]. What is no codec that zarrs knows is passed over: binding it fails.
pub(crate) fn check_order(place: &str, codecs: &Value) -> Result<()> {
    const KINDS: [&str; 3] = ["array-to-array", "array-to-bytes", "bytes-to-bytes"];
    let mut latest = 0;
    for codec in codecs.as_array().into_iter().flatten() {
        if codec["name"] == "sharding_indexed" {
            check_order(place, &codec["configuration"]["codecs"])?;
            check_order(place, &codec["configuration"]["index_codecs"])?;
        }
        let metadata = serde_json::from_value::<MetadataV3>(codec.clone()).ok();
        let kind = match metadata.and_then(|m| Codec::from_metadata(&m).ok()) {
            None => continue,
            Some(Codec::ArrayToArray(_)) => 0,
            Some(Codec::ArrayToBytes(_)) => 1,
            Some(Codec::BytesToBytes(_)) => 2,
        };
        if kind < latest {
            let name = codec.get("name").unwrap_or(codec);
            let (kind, latest) = (KINDS[kind], KINDS[latest]);
            let what = format!("codec {name} ({kind}) stands after a codec that is {latest}");
            return Err(Error::data(place, what));
        }
        latest = kind;
    }
    Ok(())
}
