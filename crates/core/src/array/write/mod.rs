//! Writing: each touched block is encoded once, each touched superchunk is put once.
//!
//! A superchunk that is new or replaced whole is encoded batch by batch and put as it is encoded. Of any
//! other the blocks that change are encoded and committed over the version that was seen.

mod change;
mod elements;
mod lanes;
mod stream;
mod superchunk;
mod turns;

use rayon::prelude::*;

pub use superchunk::SuperchunkWriter;

pub(crate) use elements::repeat;
use elements::{Elements, Values};
pub(crate) use lanes::Lanes;
pub(super) use turns::{Turns, pause};

use super::Array;
use crate::{Error, Region, Result};

/// Where the blocks that are to be stored come from.
pub(crate) trait Source: Sync {
    /// Whether nothing is kept of what block `index` held before.
    ///
    /// Of a block at the edge of the array something is: another process may have enlarged the array
    /// and written there.
    fn replaces(&self, index: &[u64]) -> bool;

    /// Appends to `out` the encoding of block `index`, which was encoded as `old`; or nothing, and
    /// returns `false`, if it is all fill.
    ///
    /// `scratch` is memory that is used again for the next block.
    fn encode(
        &self,
        index: &[u64],
        old: Option<&[u8]>,
        scratch: &mut Vec<u8>,
        out: &mut Vec<u8>,
    ) -> Result<bool>;
}

/// Superchunks from this size on are encoded by all threads together, smaller ones by one each.
const LARGE: u64 = 4 << 20;

impl Array {
    /// Replaces the elements of `region` by `bytes`.
    ///
    /// Superchunks are replaced one by one, each atomically. Blocks that become all fill are not
    /// stored, and a superchunk without blocks is deleted.
    ///
    /// # Errors
    /// [`Error::Caller`] if `region` is not within the array or `bytes` has not its size.
    pub fn write(&self, region: &Region, bytes: &[u8]) -> Result<()> {
        self.check_bytes(region, bytes)?;
        self.put(region, Values::Each(bytes))
    }

    /// Refuses bytes that are not the elements of a region of the array.
    pub(crate) fn check_bytes(&self, region: &Region, bytes: &[u8]) -> Result<()> {
        self.check(region)?;
        let need = region.len().saturating_mul(self.element().size() as u64);
        if bytes.len() as u64 == need {
            return Ok(());
        }
        let have = bytes.len();
        let what = format!("{have} bytes given for {region}, which takes {need}");
        Err(Error::caller(self.place(), what))
    }

    /// Replaces each element of `region` by `value`, one element in native-endian bytes.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn fill(&self, region: &Region, value: &[u8]) -> Result<()> {
        self.check(region)?;
        if value.len() != self.element().size() {
            let (have, want) = (value.len(), self.element().size());
            let what = format!("a value of {have} bytes, where an element has {want}");
            return Err(Error::caller(self.place(), what));
        }
        self.put(region, Values::All(value))
    }

    /// Replaces each element of `region` by the fill value.
    ///
    /// Blocks that lie within it are dropped without being read, and so are superchunks.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn erase(&self, region: &Region) -> Result<()> {
        self.fill(region, &self.metadata.fill)
    }

    fn put(&self, region: &Region, values: Values<'_>) -> Result<()> {
        if region.is_empty() {
            return Ok(());
        }
        let source = Elements::new(self, region, values);
        let put = |lanes: &mut Lanes, superchunk: &[u64]| {
            let cell = Region::of_cell(superchunk, self.layout().superchunk());
            let Some(part) = cell.intersect(region) else {
                return Ok(());
            };
            let touched = part.cells(self.layout().block()).indices().collect();
            self.update(superchunk, touched, &source, lanes)
        };
        let superchunks = region.cells(self.layout().superchunk());
        if superchunks.len() == 1 || self.is_large() {
            let mut lanes = Lanes::of_all_threads();
            superchunks
                .indices()
                .try_for_each(|superchunk| put(&mut lanes, &superchunk))
        } else {
            superchunks
                .indices()
                .par_bridge()
                .try_for_each_init(Lanes::of_this_thread, |lanes, superchunk| {
                    put(lanes, &superchunk)
                })
        }
    }

    /// Whether one superchunk is work enough for all threads.
    pub(crate) fn is_large(&self) -> bool {
        let elements = Region::whole(self.layout().superchunk()).len();
        elements.saturating_mul(self.element().size() as u64) >= LARGE
    }
}
