//! Reading: region -> (superchunk, blocks) -> byte ranges -> fetch -> decode.

use bytes::Bytes;
use rayon::prelude::*;

use super::Array;
use super::state::{ATTEMPTS, State};
use crate::exec::block_on;
use crate::region::{Window, copy};
use crate::store::{ByteRange, Fetched};
use crate::{Element, Error, Region, Result};

/// Blocks of one superchunk whose byte ranges are this close are fetched together.
const GAP: u64 = 64 << 10;

/// Largest result of one read: 16 GiB. What a request asks beyond that is not allocated.
const LARGEST_READ: u64 = 16 << 30;

/// A fetched, still encoded block: its index in the array and its bytes.
type Encoded = (Vec<u64>, Bytes);

impl Array {
    /// The elements of `region`.
    ///
    /// # Errors
    /// [`Error::Caller`] if `region` is not within the array, [`Error::Limit`] if it is larger than
    /// 16 GiB, [`Error::Data`] if a superchunk is damaged.
    pub fn read(&self, region: &Region) -> Result<Vec<u8>> {
        self.check(region)?;
        let size = self.element().size();
        let bytes = region.len().saturating_mul(size as u64);
        if bytes > LARGEST_READ {
            let what = format!("{bytes} bytes asked at once, more than 16 GiB; read in parts");
            return Err(Error::limit(self.place(), what));
        }
        let mut out = self
            .metadata
            .fill
            .repeat(usize::try_from(region.len()).unwrap_or(0));
        if region.is_empty() {
            return Ok(out);
        }
        let block_shape = self.layout().block();
        for superchunk in region.cells(self.layout().superchunk()).indices() {
            let within = Region::of_cell(&superchunk, self.layout().superchunk());
            let Some(wanted) = within.intersect(region) else {
                continue;
            };
            let blocks: Vec<Vec<u64>> = wanted.cells(block_shape).indices().collect();
            let encoded = block_on(self.fetch(&superchunk, &blocks))?;
            let decoded: Vec<(Vec<u64>, Vec<u8>)> = encoded
                .into_par_iter()
                .map(|(index, bytes)| Ok((index, self.decode(&bytes)?)))
                .collect::<Result<_>>()?;
            for (index, block) in decoded {
                let cell = Region::of_cell(&index, block_shape);
                let Some(part) = cell.intersect(region) else {
                    continue;
                };
                let from = part.relative_to(&cell.start);
                let to = part.relative_to(&region.start);
                copy(
                    &part.shape,
                    size,
                    &block,
                    Window {
                        shape: block_shape,
                        start: &from.start,
                    },
                    &mut out,
                    Window {
                        shape: &region.shape,
                        start: &to.start,
                    },
                );
            }
        }
        Ok(out)
    }

    /// The elements of `region` as values.
    ///
    /// # Errors
    /// As [`read`](Self::read), and [`Error::Caller`] if the array has another element type.
    pub fn read_values<T: Element>(&self, region: &Region) -> Result<Vec<T>> {
        if T::TYPE != self.element() {
            let what = format!("its elements are {}, not {}", self.element(), T::TYPE);
            return Err(Error::caller(self.place(), what));
        }
        self.read(region)
            .map(|bytes| crate::element::to_values(&bytes))
    }

    /// The elements of `region` as an `ndarray`.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use ziggurat_core::{Array, ArrayMetadata, ElementType, Region, layout::Layout, store::ObjectBackend};
    /// let layout = Layout::unsharded(&[2, 2])?;
    /// let metadata = ArrayMetadata::new(&[2, 3], ElementType::Int16, &[0; 2], layout, &"none".parse()?);
    /// let array = Array::create(Arc::new(ObjectBackend::memory()), "a", metadata)?;
    /// array.write(&Region::new([1, 1], [1, 1]), &7i16.to_ne_bytes())?;
    /// let values = array.read_ndarray::<i16>(&Region::whole(&[2, 3]))?;
    /// assert_eq!(values, ndarray::array![[0, 0, 0], [0, 7, 0]].into_dyn());
    /// # Ok::<(), ziggurat_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`read_values`](Self::read_values).
    pub fn read_ndarray<T: Element>(&self, region: &Region) -> Result<ndarray::ArrayD<T>> {
        let shape: Vec<usize> = region
            .shape
            .iter()
            .map(|&s| usize::try_from(s).unwrap_or(usize::MAX))
            .collect();
        ndarray::ArrayD::from_shape_vec(shape, self.read_values(region)?)
            .map_err(|e| Error::other(self.place(), "cannot shape the elements", e))
    }

    /// Decodes block `index` whole into `out`, or returns `false` if it is absent (all fill).
    ///
    /// A block at the edge has its full size; what lies outside the array is without meaning.
    ///
    /// # Errors
    /// [`Error::Data`] if the superchunk is damaged.
    pub fn read_block_into(&self, index: &[u64], out: &mut [u8]) -> Result<bool> {
        let (superchunk, _) = self.layout().locate(index);
        match block_on(self.fetch(&superchunk, &[index.to_vec()]))?.pop() {
            None => Ok(false),
            Some((_, bytes)) => {
                self.codec.decode_into(&self.place(), &bytes, out)?;
                Ok(true)
            }
        }
    }

    /// Whether block `index` is stored, that is, holds anything but the fill value.
    ///
    /// # Errors
    /// If the shard index cannot be read.
    pub fn contains_block(&self, index: &[u64]) -> Result<bool> {
        let (superchunk, position) = self.layout().locate(index);
        let state = block_on(self.look(&superchunk))?;
        Ok(state.index.get(position).is_some())
    }

    fn decode(&self, bytes: &[u8]) -> Result<Vec<u8>> {
        let mut block = vec![0; self.codec.decoded_size()];
        self.codec.decode_into(&self.place(), bytes, &mut block)?;
        Ok(block)
    }

    /// The encoded bytes of those of `blocks` (all of one superchunk) that exist, of one version.
    pub(super) async fn fetch(
        &self,
        superchunk: &[u64],
        blocks: &[Vec<u64>],
    ) -> Result<Vec<Encoded>> {
        for _ in 0..ATTEMPTS {
            let seen = self.look(superchunk).await?;
            if let Some(found) = self.fetch_seen(superchunk, &seen, blocks).await? {
                return Ok(found);
            }
            self.states.forget(superchunk);
        }
        Err(self.restless(superchunk))
    }

    /// As [`fetch`](Self::fetch), of the version that was seen; `None` if there is another by now.
    pub(super) async fn fetch_seen(
        &self,
        superchunk: &[u64],
        seen: &State,
        blocks: &[Vec<u64>],
    ) -> Result<Option<Vec<Encoded>>> {
        let Some(version) = &seen.version else {
            return Ok(Some(Vec::new()));
        };
        let mut wanted: Vec<(u64, u64, &Vec<u64>)> = blocks
            .iter()
            .filter_map(|block| {
                let (offset, length) = seen.index.get(self.layout().locate(block).1)?;
                Some((offset, length, block))
            })
            .collect();
        if wanted.is_empty() {
            return Ok(Some(Vec::new()));
        }
        wanted.sort();
        let (ranges, spans) = coalesce(&wanted);
        let key = self.superchunk_key(superchunk);
        let fetched = match self.store.get_ranges(&key, &ranges, Some(version)).await? {
            Fetched::Ranges(_, parts) => parts,
            Fetched::Changed | Fetched::Absent => return Ok(None),
        };
        let cut = |(&(offset, length, block), span): (&(u64, u64, &Vec<u64>), &(usize, u64))| {
            let at = usize::try_from(offset - span.1).ok()?;
            let end = at.checked_add(usize::try_from(length).ok()?)?;
            let bytes = &fetched[span.0];
            (end <= bytes.len()).then(|| (block.clone(), bytes.slice(at..end)))
        };
        let blocks: Option<Vec<Encoded>> = wanted.iter().zip(&spans).map(cut).collect();
        blocks
            .map(Some)
            .ok_or_else(|| Error::data(self.store.place(&key), "the shard index is damaged"))
    }

    /// The error after too many changes by others in a row.
    pub(super) fn restless(&self, superchunk: &[u64]) -> Error {
        let place = self.store.place(&self.superchunk_key(superchunk));
        Error::conflict(place, "others change it again and again; try later")
    }
}

/// Byte ranges that cover `wanted` (sorted by offset), and for each of them the number and the
/// first byte of the range that holds it.
fn coalesce(wanted: &[(u64, u64, &Vec<u64>)]) -> (Vec<ByteRange>, Vec<(usize, u64)>) {
    let mut spans: Vec<(u64, u64)> = Vec::new();
    let mut places = Vec::with_capacity(wanted.len());
    for &(offset, length, _) in wanted {
        let end = offset.saturating_add(length);
        match spans.last_mut() {
            Some(span) if offset <= span.1.saturating_add(GAP) => span.1 = span.1.max(end),
            _ => spans.push((offset, end)),
        }
        places.push((spans.len() - 1, spans[spans.len() - 1].0));
    }
    let range = |(start, end): (u64, u64)| ByteRange::Bounded {
        offset: start,
        length: end - start,
    };
    (spans.into_iter().map(range).collect(), places)
}
