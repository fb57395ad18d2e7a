//! Reads of parts of one chunk, by whoever fetches: they say what to fetch next, and are given it.

use std::borrow::Cow;
use std::sync::OnceLock;

use zarrs::array::{ArrayBytes, ArrayBytesRaw, CodecError, DataType, FillValue, Indexer};
use zarrs::storage::byte_range::ByteRange;
use ziggurat_core::{Region, region};

use super::failed;
use crate::b2nd::Parts;
use crate::b2nd::codec::{Codec as Chunks, to_usize};
use crate::b2nd::requests::Requests;

/// The codec of one chunk, and what is known of its bytes.
pub(super) struct Bound {
    pub(super) codec: Chunks,
    pub(super) data_type: DataType,
    pub(super) fill_value: FillValue,
    /// The first bytes of the chunk, once they are fetched; `None` if there is no chunk.
    pub(super) front: OnceLock<Option<Vec<u8>>>,
}

impl Bound {
    /// Bytes that are kept between reads.
    pub(super) fn size_held(&self) -> usize {
        let front = self.front.get().and_then(Option::as_ref);
        front.map_or(0, Vec::len)
    }
}

/// A read of one chunk, which says what to fetch and is given it.
pub(super) struct Read<'a> {
    bound: &'a Bound,
    indexer: &'a dyn Indexer,
    /// The box around what is wanted.
    region: Region,
    fetching: Fetching,
}

/// What was asked for last.
enum Fetching {
    /// The bytes that say where blocks lie.
    Front,
    /// The chunk.
    Whole,
    /// The blocks.
    Parts(Box<(Parts, Requests)>),
}

/// What comes next in a read.
pub(super) enum Next {
    /// To fetch these ranges and go on.
    Fetch(Vec<ByteRange>),
    /// Nothing: these are the elements.
    Done(ArrayBytes<'static>),
}

/// What was fetched; `None` if there is no chunk.
type Fetched<'a> = Result<Option<Vec<ArrayBytesRaw<'a>>>, CodecError>;

impl<'a> Read<'a> {
    pub(super) fn new(bound: &'a Bound, indexer: &'a dyn Indexer) -> Self {
        Self {
            bound,
            indexer,
            region: around(indexer),
            fetching: Fetching::Front,
        }
    }

    /// Begins.
    pub(super) fn start(&mut self) -> Result<Next, CodecError> {
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
    pub(super) fn go_on(&mut self, fetched: Fetched<'_>) -> Result<Next, CodecError> {
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
