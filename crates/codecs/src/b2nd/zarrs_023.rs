//! The codec as a plugin of zarrs 0.23: the one place of this crate that knows zarrs' codec types.
//!
//! zarrs 0.24 changes them; then this file changes, and nothing else. Synchronous and asynchronous
//! decoders differ in how they fetch; what to fetch and what becomes of it is said by [`Read`].

use std::any::Any;
use std::borrow::Cow;
use std::num::NonZeroU64;
use std::sync::{Arc, Once, OnceLock};

use zarrs::array::codec::api::{
    ArrayPartialDecoderTraits, BytesPartialDecoderTraits, CodecPluginV3, CodecRuntimePluginV3,
    PartialDecoderCapability, PartialEncoderCapability, register_codec_v3,
};
#[cfg(feature = "async")]
use zarrs::array::codec::api::{AsyncArrayPartialDecoderTraits, AsyncBytesPartialDecoderTraits};
use zarrs::array::{
    ArrayBytes, ArrayBytesRaw, ArrayCodecTraits, ArrayToBytesCodecTraits, BytesRepresentation,
    ChunkShape, Codec, CodecError, CodecMetadataOptions, CodecOptions, CodecTraits, CodecTraitsV3,
    DataType, FillValue, Indexer, RecommendedConcurrency,
};
use zarrs::metadata::Configuration as Members;
use zarrs::metadata::v3::MetadataV3;
use zarrs::plugin::{ExtensionName, PluginCreateError, ZarrVersion, impl_extension_aliases};
use zarrs::storage::StorageError;
use zarrs::storage::byte_range::ByteRange;
use ziggurat_core::{Error, Region, region};

use super::codec::{Codec as Chunks, to_usize};
use super::requests::Requests;
use super::{Configuration, NAME, Parts};

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

#[cfg_attr(feature = "async", async_trait::async_trait)]
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

    #[cfg(feature = "async")]
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

#[cfg(feature = "async")]
#[async_trait::async_trait]
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

/// The codec of one chunk, and what is known of its bytes.
struct Bound {
    codec: Chunks,
    data_type: DataType,
    fill_value: FillValue,
    /// The first bytes of the chunk, once they are fetched; `None` if there is no chunk.
    front: OnceLock<Option<Vec<u8>>>,
}

impl Bound {
    fn size_held(&self) -> usize {
        let front = self.front.get().and_then(Option::as_ref);
        front.map_or(0, Vec::len)
    }
}

/// A read of one chunk, which says what to fetch and is given it.
struct Read<'a> {
    bound: &'a Bound,
    indexer: &'a dyn Indexer,
    /// The box around what is wanted.
    region: Region,
    fetching: Fetching,
}

enum Fetching {
    /// The bytes that say where blocks lie.
    Front,
    /// The chunk.
    Whole,
    /// The blocks.
    Parts(Box<(Parts, Requests)>),
}

enum Next {
    Fetch(Vec<ByteRange>),
    Done(ArrayBytes<'static>),
}

type Fetched<'a> = Result<Option<Vec<ArrayBytesRaw<'a>>>, CodecError>;

impl<'a> Read<'a> {
    fn new(bound: &'a Bound, indexer: &'a dyn Indexer) -> Self {
        Self {
            bound,
            indexer,
            region: around(indexer),
            fetching: Fetching::Front,
        }
    }

    fn start(&mut self) -> Result<Next, CodecError> {
        let codec = &self.bound.codec;
        if self.region.is_empty() {
            return Ok(Next::Done(ArrayBytes::new_flen(Vec::new())));
        }
        if self.region == Region::whole(codec.chunk()) {
            return Ok(self.fetch_whole());
        }
        if self.bound.front.get().is_some() {
            return self.fetch_parts();
        }
        let front = ByteRange::FromStart(0, Some(codec.front() as u64));
        Ok(Next::Fetch(vec![front]))
    }

    /// Goes on with what was asked for last.
    fn go_on(&mut self, fetched: Fetched<'_>) -> Result<Next, CodecError> {
        match &self.fetching {
            Fetching::Front => match fetched {
                // The chunk may be shorter than the front of one with blocks.
                Err(_) => Ok(self.fetch_whole()),
                Ok(front) => {
                    let front = front.and_then(|mut front| front.pop());
                    let front = front.map(Cow::into_owned);
                    self.bound.front.get_or_init(|| front);
                    self.fetch_parts()
                }
            },
            Fetching::Whole => match fetched?.as_deref() {
                Some([bytes]) => {
                    let parts = self.bound.codec.parts(bytes, &self.region);
                    let parts = parts.map_err(|e| failed(&e))?;
                    let requests = Requests::new(parts.extents());
                    let fetched: Vec<&[u8]> = requests.of(bytes);
                    self.decode(&parts, &requests, &fetched)
                }
                _ => self.fill(),
            },
            Fetching::Parts(parts) => match fetched? {
                Some(fetched) => self.decode(&parts.0, &parts.1, &fetched),
                None => self.fill(),
            },
        }
    }

    fn fetch_whole(&mut self) -> Next {
        self.fetching = Fetching::Whole;
        Next::Fetch(vec![ByteRange::FromStart(0, None)])
    }

    fn fetch_parts(&mut self) -> Result<Next, CodecError> {
        let Some(Some(front)) = self.bound.front.get() else {
            return self.fill();
        };
        let parts = self
            .bound
            .codec
            .parts(front, &self.region)
            .map_err(|e| failed(&e))?;
        let requests = Requests::new(parts.extents());
        let ranges = requests.ranges().iter();
        let ranges = ranges.map(|range| ByteRange::new(range.clone())).collect();
        self.fetching = Fetching::Parts(Box::new((parts, requests)));
        Ok(Next::Fetch(ranges))
    }

    fn decode(
        &self,
        parts: &Parts,
        requests: &Requests,
        fetched: &[impl AsRef<[u8]> + Sync],
    ) -> Result<Next, CodecError> {
        let size = self.bound.codec.typesize;
        let mut out = vec![0; to_usize(self.region.len()) * size];
        requests
            .check(fetched)
            .and_then(|()| parts.decode_into(|n| requests.find(n, fetched), &mut out))
            .map_err(|e| failed(&e))?;
        if self.indexer.as_array_subset().is_none() {
            out = self.pick(&out, size);
        }
        Ok(Next::Done(ArrayBytes::new_flen(out)))
    }

    /// The elements of the indexer, in its order, from those of the box around them.
    fn pick(&self, elements: &[u8], size: usize) -> Vec<u8> {
        let mut picked = Vec::with_capacity(to_usize(self.indexer.len()) * size);
        for index in self.indexer.iter_indices() {
            let pairs = index.iter().zip(&self.region.start);
            let index: Vec<u64> = pairs.map(|(i, start)| i - start).collect();
            let at = to_usize(region::offset(&index, &self.region.shape)) * size;
            picked.extend_from_slice(&elements[at..at + size]);
        }
        picked
    }

    /// Nothing is stored: all elements are the fill value.
    fn fill(&self) -> Result<Next, CodecError> {
        let Bound {
            data_type,
            fill_value,
            ..
        } = self.bound;
        let elements = ArrayBytes::new_fill_value(data_type, self.indexer.len(), fill_value)?;
        Ok(Next::Done(elements))
    }
}

/// The box around the elements of an indexer.
fn around(indexer: &dyn Indexer) -> Region {
    if let Some(subset) = indexer.as_array_subset() {
        return Region::new(&*subset.start(), &*subset.shape());
    }
    let mut corners: Option<(Vec<u64>, Vec<u64>)> = None;
    for index in indexer.iter_indices() {
        let (low, high) = corners.get_or_insert_with(|| (index.to_vec(), index.to_vec()));
        for (d, &i) in index.iter().enumerate() {
            low[d] = low[d].min(i);
            high[d] = high[d].max(i);
        }
    }
    match corners {
        Some((low, high)) => {
            let pairs = low.iter().zip(&high);
            let shape: Vec<u64> = pairs.map(|(low, high)| high - low + 1).collect();
            Region::new(low, shape)
        }
        None => Region::whole(&vec![0; indexer.dimensionality()]),
    }
}

fn failed(error: &Error) -> CodecError {
    CodecError::Other(error.to_string())
}
