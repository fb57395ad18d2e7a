//! The codec as a plugin of zarrs 0.23: this module is the one place of this crate that knows zarrs' codec types.
//!
//! zarrs 0.24 changes them; then this module changes, and nothing else. Synchronous and asynchronous
//! decoders differ in how they fetch; what to fetch and what becomes of it is said by [`Read`].

mod read;

use std::any::Any;
use std::num::NonZeroU64;
use std::sync::{Arc, Once, OnceLock};

use async_trait::async_trait;
use zarrs::array::codec::api::{
    ArrayPartialDecoderTraits, AsyncArrayPartialDecoderTraits, AsyncBytesPartialDecoderTraits,
    BytesPartialDecoderTraits, CodecPluginV3, CodecRuntimePluginV3, PartialDecoderCapability,
    PartialEncoderCapability, register_codec_v3,
};
use zarrs::array::{
    ArrayBytes, ArrayBytesRaw, ArrayCodecTraits, ArrayToBytesCodecTraits, BytesRepresentation,
    ChunkShape, Codec, CodecError, CodecMetadataOptions, CodecOptions, CodecTraits, CodecTraitsV3,
    DataType, FillValue, Indexer, RecommendedConcurrency,
};
use zarrs::metadata::Configuration as Members;
use zarrs::metadata::v3::MetadataV3;
use zarrs::plugin::{ExtensionName, PluginCreateError, ZarrVersion, impl_extension_aliases};
use zarrs::storage::StorageError;
use ziggurat_core::Error;

use self::read::{Bound, Next, Read};
use super::codec::Codec as Chunks;
use super::{Configuration, NAME};

/// The codec for arrays of any shape and data type.
#[derive(Clone, Debug)]
struct B2ndCodec(Configuration);

impl_extension_aliases!(B2ndCodec, v3: "b2nd");

inventory::submit! {
    CodecPluginV3::new::<B2ndCodec>()
}

/// Makes the codec known to zarrs where linking did not: linkers leave out what nobody refers to.
pub(super) fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        register_codec_v3(CodecRuntimePluginV3::new(
            |name| name == NAME,
            B2ndCodec::create,
        ));
    });
}

impl CodecTraitsV3 for B2ndCodec {
    fn create(metadata: &MetadataV3) -> Result<Codec, PluginCreateError> {
        let members = metadata.configuration().cloned().unwrap_or_default();
        let configuration = Configuration::parse(&serde_json::Value::Object(members.into()));
        let configuration = configuration.map_err(|e| PluginCreateError::Other(e.to_string()))?;
        Ok(Codec::ArrayToBytes(Arc::new(Self(configuration))))
    }
}

impl CodecTraits for B2ndCodec {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn configuration(&self, _: ZarrVersion, _: &CodecMetadataOptions) -> Option<Members> {
        Some(self.0.members().into())
    }

    fn partial_decoder_capability(&self) -> PartialDecoderCapability {
        PartialDecoderCapability {
            partial_read: true,
            partial_decode: true,
        }
    }

    fn partial_encoder_capability(&self) -> PartialEncoderCapability {
        PartialEncoderCapability {
            partial_encode: false,
        }
    }
}

impl B2ndCodec {
    fn bind(&self, shape: &[NonZeroU64], data_type: &DataType) -> Result<Chunks, CodecError> {
        let unsupported = || CodecError::UnsupportedDataType(data_type.clone(), NAME.to_owned());
        let size = data_type.fixed_size().ok_or_else(unsupported)?;
        let name = data_type.name_v3().ok_or_else(unsupported)?;
        let shape: Vec<u64> = shape.iter().map(|n| n.get()).collect();
        Chunks::new(&self.0, &shape, &name, size).map_err(|e| failed(&e))
    }

    fn bind_to(
        &self,
        shape: &[NonZeroU64],
        data_type: &DataType,
        fill_value: &FillValue,
    ) -> Result<Bound, CodecError> {
        Ok(Bound {
            codec: self.bind(shape, data_type)?,
            data_type: data_type.clone(),
            fill_value: fill_value.clone(),
            front: OnceLock::new(),
        })
    }
}

impl ArrayCodecTraits for B2ndCodec {
    fn recommended_concurrency(
        &self,
        shape: &[NonZeroU64],
        data_type: &DataType,
    ) -> Result<RecommendedConcurrency, CodecError> {
        let blocks = self.bind(shape, data_type)?.sizes.blocks;
        Ok(RecommendedConcurrency::new_maximum(blocks))
    }

    fn partial_decode_granularity(&self, _: &[NonZeroU64]) -> ChunkShape {
        let lengths = self.0.block_shape.iter();
        lengths.filter_map(|n| NonZeroU64::new(*n)).collect()
    }
}

#[async_trait]
impl ArrayToBytesCodecTraits for B2ndCodec {
    fn into_dyn(self: Arc<Self>) -> Arc<dyn ArrayToBytesCodecTraits> {
        self
    }

    fn encoded_representation(
        &self,
        shape: &[NonZeroU64],
        data_type: &DataType,
        _: &FillValue,
    ) -> Result<BytesRepresentation, CodecError> {
        let most = self.bind(shape, data_type)?.most();
        Ok(BytesRepresentation::BoundedSize(most))
    }

    fn encode<'a>(
        &self,
        bytes: ArrayBytes<'a>,
        shape: &[NonZeroU64],
        data_type: &DataType,
        _: &FillValue,
        _: &CodecOptions,
    ) -> Result<ArrayBytesRaw<'a>, CodecError> {
        let mut encoded = Vec::new();
        let codec = self.bind(shape, data_type)?;
        codec
            .encode_into(&bytes.into_fixed()?, &mut encoded)
            .map_err(|e| failed(&e))?;
        Ok(encoded.into())
    }

    fn decode<'a>(
        &self,
        bytes: ArrayBytesRaw<'a>,
        shape: &[NonZeroU64],
        data_type: &DataType,
        _: &FillValue,
        _: &CodecOptions,
    ) -> Result<ArrayBytes<'a>, CodecError> {
        let codec = self.bind(shape, data_type)?;
        let mut out = vec![0; codec.sizes.chunk];
        codec
            .decode_into(&bytes, &mut out)
            .map_err(|e| failed(&e))?;
        Ok(ArrayBytes::new_flen(out))
    }

    fn partial_decoder(
        self: Arc<Self>,
        input: Arc<dyn BytesPartialDecoderTraits>,
        shape: &[NonZeroU64],
        data_type: &DataType,
        fill_value: &FillValue,
        _: &CodecOptions,
    ) -> Result<Arc<dyn ArrayPartialDecoderTraits>, CodecError> {
        let bound = self.bind_to(shape, data_type, fill_value)?;
        Ok(Arc::new(Decoder { bound, input }))
    }

    async fn async_partial_decoder(
        self: Arc<Self>,
        input: Arc<dyn AsyncBytesPartialDecoderTraits>,
        shape: &[NonZeroU64],
        data_type: &DataType,
        fill_value: &FillValue,
        _: &CodecOptions,
    ) -> Result<Arc<dyn AsyncArrayPartialDecoderTraits>, CodecError> {
        let bound = self.bind_to(shape, data_type, fill_value)?;
        Ok(Arc::new(Decoder { bound, input }))
    }
}

/// A decoder of parts of one chunk, which `input` fetches.
struct Decoder<I: ?Sized> {
    bound: Bound,
    input: Arc<I>,
}

impl ArrayPartialDecoderTraits for Decoder<dyn BytesPartialDecoderTraits> {
    fn data_type(&self) -> &DataType {
        &self.bound.data_type
    }

    fn exists(&self) -> Result<bool, StorageError> {
        self.input.exists()
    }

    fn size_held(&self) -> usize {
        self.input.size_held() + self.bound.size_held()
    }

    fn partial_decode(
        &self,
        indexer: &dyn Indexer,
        options: &CodecOptions,
    ) -> Result<ArrayBytes<'_>, CodecError> {
        let mut read = Read::new(&self.bound, indexer);
        let mut next = read.start()?;
        loop {
            let ranges = match next {
                Next::Fetch(ranges) => Box::new(ranges.into_iter()),
                Next::Done(elements) => return Ok(elements),
            };
            next = read.go_on(self.input.partial_decode_many(ranges, options))?;
        }
    }

    fn supports_partial_decode(&self) -> bool {
        self.input.supports_partial_decode()
    }
}

#[async_trait]
impl AsyncArrayPartialDecoderTraits for Decoder<dyn AsyncBytesPartialDecoderTraits> {
    fn data_type(&self) -> &DataType {
        &self.bound.data_type
    }

    async fn exists(&self) -> Result<bool, StorageError> {
        self.input.exists().await
    }

    fn size_held(&self) -> usize {
        self.input.size_held() + self.bound.size_held()
    }

    async fn partial_decode<'a>(
        &'a self,
        indexer: &dyn Indexer,
        options: &CodecOptions,
    ) -> Result<ArrayBytes<'a>, CodecError> {
        let mut read = Read::new(&self.bound, indexer);
        let mut next = read.start()?;
        loop {
            let ranges = match next {
                Next::Fetch(ranges) => Box::new(ranges.into_iter()),
                Next::Done(elements) => return Ok(elements),
            };
            next = read.go_on(self.input.partial_decode_many(ranges, options).await)?;
        }
    }

    fn supports_partial_decode(&self) -> bool {
        self.input.supports_partial_decode()
    }
}

fn failed(error: &Error) -> CodecError {
    CodecError::Other(error.to_string())
}
