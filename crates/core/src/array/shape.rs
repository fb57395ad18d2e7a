//! The shape: growing, shrinking and appending, also by several processes.
//!
//! What holds at all times: **beyond the shape in `zarr.json` nothing is stored**, or the document has a
//! mark that says so. So whoever enlarges an array finds fill values there, and never what was cut off.
//!
//! * To grow, the new shape is committed over the version of the document that was read; only then are
//!   elements written. Of several processes that append each has a range of its own.
//! * To shrink, the new shape is committed with the mark, what lies beyond is cleared, and the mark is
//!   taken away. Who dies on the way leaves the mark, and who changes the shape next clears first.

use serde_json::{Value, json};

use super::state::ATTEMPTS;
use super::write::pause;
use super::{Array, ArrayMetadata, ZIGGURAT};
use crate::attributes::set_member;
use crate::exec::block_on;
use crate::hierarchy::{DOCUMENT, read_document};
use crate::store::{Expected, Version, join};
use crate::{Error, Region, Result};

/// Member of the attribute [`ZIGGURAT`] that is there while something may be stored beyond the shape.
const CLEARING: &str = "clearing";

/// `zarr.json` as it was seen.
#[derive(Debug)]
struct Seen {
    document: Value,
    version: Version,
    metadata: ArrayMetadata,
}

impl Array {
    /// Takes over what `zarr.json` says now: the shape after another handle changed it.
    ///
    /// # Errors
    /// As [`open`](Self::open), and [`Error::Conflict`] if another array is there by now.
    pub fn refresh(&mut self) -> Result<()> {
        self.metadata = self.see_document()?.metadata;
        Ok(())
    }

    /// Changes the shape. What is cut off is cleared: after enlarging again it holds the fill value.
    ///
    /// Enlarging writes the document and nothing else. This handle sees the new shape when it
    /// returns, every other one when it is opened or [refreshed](Self::refresh); what they write
    /// beyond the new shape meanwhile is not cleared. If the process dies, the array has the
    /// old shape or the new one; if some dimensions grow and others shrink, it may have the smaller of
    /// both in each.
    ///
    /// Framed superchunks at the old edge or the new one are framed anew, as their frames say how much of
    /// them lies within the array. If the process dies before that, [`compact`](Self::compact) does it.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use ziggurat_core::{Array, ArrayMetadata, ElementType, Region, layout::Layout, store::ObjectBackend};
    /// let layout = Layout::sharded(&[4], &[2], &[2])?;
    /// let metadata = ArrayMetadata::new(&[6], ElementType::UInt8, &[0], layout, &"none".parse()?);
    /// let mut array = Array::create(Arc::new(ObjectBackend::memory()), "a", metadata)?;
    /// array.write(&Region::whole(&[6]), &[1, 2, 3, 4, 5, 6])?;
    /// array.resize(&[3])?;
    /// array.resize(&[5])?;
    /// assert_eq!(array.read(&Region::whole(&[5]))?, [1, 2, 3, 0, 0]);
    /// # Ok::<(), ziggurat_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Caller`] if `shape` has another rank, [`Error::Conflict`] if others change the document
    /// again and again.
    pub fn resize(&mut self, shape: &[u64]) -> Result<()> {
        if shape.len() != self.shape().len() {
            let what = format!("{shape:?} is no shape for an array like {:?}", self.shape());
            return Err(Error::caller(self.place(), what));
        }
        let each = |pick: fn(u64, u64) -> u64| {
            move |seen: &[u64]| {
                let pairs = seen.iter().zip(shape);
                Ok(pairs.map(|(a, b)| pick(*a, *b)).collect())
            }
        };
        let before = Region::whole(self.shape());
        self.metadata.shape = self.commit_shape(each(u64::min))?;
        // This clears before it commits.
        self.metadata.shape = self.commit_shape(each(u64::max))?;
        self.reframe_edges(&before)
    }

    /// Frames those superchunks anew of which another part lies within the array than `before`.
    fn reframe_edges(&self, before: &Region) -> Result<()> {
        if !self.is_framed() {
            return Ok(());
        }
        for index in self.superchunks()? {
            let cell = Region::of_cell(&index, self.layout().superchunk());
            let part = cell.intersect(before).map(|part| part.shape);
            if part != Some(self.part_shape(&index)) {
                self.reframe(&index)?;
            }
        }
        Ok(())
    }

    /// Appends `bytes` along `dimension`, and returns the region that they took.
    ///
    /// `bytes` are the elements of a region that has the shape of the array in all other
    /// dimensions. The range is taken first, by enlarging the array, and then written: until that is
    /// done, and where it fails, others read the fill value there. So processes that append at the same
    /// time do not overwrite one another, in whatever order they come.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use ziggurat_core::{Array, ArrayMetadata, ElementType, Region, layout::Layout, store::ObjectBackend};
    /// # let layout = Layout::sharded(&[4, 2], &[2, 2], &[2, 2])?;
    /// # let metadata = ArrayMetadata::new(&[0, 2], ElementType::UInt8, &[0], layout, &"none".parse()?);
    /// let mut array = Array::create(Arc::new(ObjectBackend::memory()), "a", metadata)?;
    /// array.append(0, &[1, 2])?;
    /// assert_eq!(array.append(0, &[3, 4, 5, 6])?, Region::new([1, 0], [2, 2]));
    /// assert_eq!(array.shape(), [3, 2]);
    /// # Ok::<(), ziggurat_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Caller`] if `bytes` are not so many; [`Error::Conflict`] if another process
    /// changed the shape in another dimension. If writing fails, the array is enlarged nevertheless:
    /// [`write`](Self::write) to the end of it again.
    pub fn append(&mut self, dimension: usize, bytes: &[u8]) -> Result<Region> {
        let count = self.slices(dimension, bytes)?;
        let mut region = Region::whole(self.shape());
        region.shape[dimension] = count;
        if count == 0 {
            region.start[dimension] = self.shape()[dimension];
            return Ok(region);
        }
        let grown = self.commit_shape(|seen| {
            let mut shape = self.metadata.shape.clone();
            shape[dimension] = seen[dimension];
            if shape != seen {
                let what = "another changed its shape; refresh it and append again";
                return Err(Error::conflict(self.place(), what));
            }
            shape[dimension] = self.longer(seen[dimension], count)?;
            Ok(shape)
        })?;
        region.start[dimension] = grown[dimension] - count;
        self.metadata.shape = grown;
        self.write(&region, bytes)?;
        Ok(region)
    }

    /// How many slices across `dimension` the elements `bytes` are.
    pub(crate) fn slices(&self, dimension: usize, bytes: &[u8]) -> Result<u64> {
        let mut slice = Region::whole(self.shape());
        let Some(length) = slice.shape.get_mut(dimension) else {
            let what = format!("it has no dimension {dimension} to append along");
            return Err(Error::caller(self.place(), what));
        };
        *length = 1;
        let size = slice.len().saturating_mul(self.element().size() as u64);
        match (bytes.len() as u64).checked_rem(size) {
            Some(0) => Ok(bytes.len() as u64 / size),
            None if bytes.is_empty() => Ok(0),
            _ => {
                let what = format!(
                    "{} bytes to append, where one step of dimension {dimension} takes {size}",
                    bytes.len()
                );
                Err(Error::caller(self.place(), what))
            }
        }
    }

    /// `length` and `count` together.
    pub(crate) fn longer(&self, length: u64, count: u64) -> Result<u64> {
        length.checked_add(count).ok_or_else(|| {
            let what = "no dimension can be longer than 2^64 - 1";
            Error::limit(self.place(), what)
        })
    }

    /// Replaces the shape that is stored by what `change` makes of it; again, if another was faster.
    ///
    /// What was left beyond the shape is cleared first.
    pub(crate) fn commit_shape(
        &self,
        change: impl Fn(&[u64]) -> Result<Vec<u64>>,
    ) -> Result<Vec<u64>> {
        // Before anything is changed that could not be followed by what is stored.
        self.framing()?;
        for attempt in 0..ATTEMPTS {
            pause(attempt);
            let seen = self.see_document()?;
            if seen.is_marked() {
                if self.clear_beyond(&seen)? {
                    let shape = seen.metadata.shape.clone();
                    self.put_shape(seen, &shape)?;
                }
                continue;
            }
            let shape = change(&seen.metadata.shape)?;
            if shape == seen.metadata.shape || self.put_shape(seen, &shape)? {
                return Ok(shape);
            }
        }
        let what = "others change its shape again and again; try later";
        Err(Error::conflict(self.place(), what))
    }

    fn see_document(&self) -> Result<Seen> {
        // The version first: if the document is another by the time it is read, nothing is committed.
        let version = block_on(self.store.version(&self.document_key()))?;
        let document = read_document(&*self.store, &self.path)?;
        let metadata = ArrayMetadata::parse(&self.place(), &document)?;
        let version =
            version.ok_or_else(|| Error::not_found(self.place(), "no zarr.json is there"))?;
        let ours = &self.metadata;
        let blocks = |m: &ArrayMetadata| (m.layout.clone(), m.codecs.clone(), m.element);
        if blocks(&metadata) != blocks(ours) || metadata.fill != ours.fill {
            let what = "it was replaced by another array; open it again";
            return Err(Error::conflict(self.place(), what));
        }
        Ok(Seen {
            document,
            version,
            metadata,
        })
    }

    /// Commits a shape, marked if it is smaller; `false` if the document is not as it was seen.
    fn put_shape(&self, mut seen: Seen, shape: &[u64]) -> Result<bool> {
        let shrinks = shape
            .iter()
            .zip(&seen.metadata.shape)
            .any(|(new, old)| new < old);
        seen.document["shape"] = json!(shape);
        seen.mark(shrinks);
        let text = serde_json::to_vec_pretty(&seen.document)
            .map_err(|e| Error::other(self.place(), "cannot write JSON", e))?;
        let expected = Expected::Version(seen.version);
        let key = self.document_key();
        Ok(block_on(self.store.put_if(&key, &[text.into()], &expected))?.is_some())
    }

    /// Clears what lies beyond the shape; `false` if the document is not as it was seen.
    fn clear_beyond(&self, seen: &Seen) -> Result<bool> {
        // Whoever enlarges the array commits that before it writes there: while the document is as it
        // was seen, what lies beyond is what was cut off.
        let key = self.document_key();
        let unchanged = || Ok(block_on(self.store.version(&key))?.as_ref() == Some(&seen.version));
        self.trim(&Region::whole(&seen.metadata.shape), &unchanged)
    }

    /// Makes this handle, and nobody else, see another shape.
    pub(crate) fn set_shape(&mut self, shape: Vec<u64>) {
        self.metadata.shape = shape;
    }

    pub(crate) fn document_key(&self) -> String {
        join(&self.path, DOCUMENT)
    }
}

impl Seen {
    fn is_marked(&self) -> bool {
        !self.document["attributes"][ZIGGURAT][CLEARING].is_null()
    }

    fn mark(&mut self, marked: bool) {
        let Some(document) = self.document.as_object_mut() else {
            return;
        };
        let attributes = document.entry("attributes").or_insert_with(|| json!({}));
        let Some(attributes) = attributes.as_object_mut() else {
            return;
        };
        set_member(attributes, CLEARING, marked.then(|| json!(true)));
    }
}
