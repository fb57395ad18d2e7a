//! Writing: each touched block is encoded once, each touched superchunk is put once.

use std::collections::HashMap;

use bytes::Bytes;
use rayon::prelude::*;

use super::Array;
use super::commit::Changes;
use super::state::ATTEMPTS;
use crate::exec::block_on;
use crate::region::{Window, copy};
use crate::store::Expected;
use crate::{Error, Region, Result};

impl Array {
    /// Replaces the elements of `region` by `bytes`.
    ///
    /// Superchunks are replaced one by one, each atomically. Blocks that become all fill are not
    /// stored, and a superchunk without blocks is deleted.
    ///
    /// # Errors
    /// [`Error::Caller`] if `region` is not within the array or `bytes` has not its size.
    pub fn write(&self, region: &Region, bytes: &[u8]) -> Result<()> {
        self.check(region)?;
        let need = region.len().saturating_mul(self.element().size() as u64);
        if bytes.len() as u64 != need {
            let what = format!(
                "{} bytes given for {region}, which takes {need}",
                bytes.len()
            );
            return Err(Error::caller(self.place(), what));
        }
        if region.is_empty() {
            return Ok(());
        }
        for superchunk in region.cells(self.layout().superchunk()).indices() {
            let within = Region::of_cell(&superchunk, self.layout().superchunk());
            if let Some(part) = within.intersect(region) {
                self.write_part(&superchunk, &part, region, bytes)?;
            }
        }
        Ok(())
    }

    /// Writes `part` of `region` (whose elements are `bytes`) into one superchunk.
    fn write_part(
        &self,
        superchunk: &[u64],
        part: &Region,
        region: &Region,
        bytes: &[u8],
    ) -> Result<()> {
        let touched: Vec<Vec<u64>> = part.cells(self.layout().block()).indices().collect();
        for _ in 0..ATTEMPTS {
            let seen = block_on(self.look(superchunk))?;
            let partial: Vec<Vec<u64>> = touched
                .iter()
                .filter(|index| !self.covers(part, index))
                .cloned()
                .collect();
            let Some(old) = block_on(self.fetch_seen(superchunk, &seen, &partial))? else {
                self.states.forget(superchunk);
                continue;
            };
            let old: HashMap<Vec<u64>, Bytes> = old.into_iter().collect();
            let changes: Changes = touched
                .par_iter()
                .map(|index| {
                    let block = self.merge_block(index, old.get(index), region, bytes)?;
                    Ok((self.layout().locate(index).1, block))
                })
                .collect::<Result<_>>()?;
            if self.commit(superchunk, &seen, changes)? {
                return Ok(());
            }
        }
        Err(self.restless(superchunk))
    }

    /// Whether `part` covers all that block `index` holds of the array.
    fn covers(&self, part: &Region, index: &[u64]) -> bool {
        Region::of_cell(index, self.layout().block())
            .intersect(&Region::whole(self.shape()))
            .is_none_or(|inside| part.contains(&inside))
    }

    /// The encoding of block `index`, which is `old`, with the elements of `region` replaced by `bytes`.
    fn merge_block(
        &self,
        index: &[u64],
        old: Option<&Bytes>,
        region: &Region,
        bytes: &[u8],
    ) -> Result<Option<Bytes>> {
        let cell = Region::of_cell(index, self.layout().block());
        let Some(part) = cell.intersect(region) else {
            return Ok(None);
        };
        let mut block = self.codec.fill_block();
        if let Some(old) = old {
            self.codec.decode_into(&self.place(), old, &mut block)?;
        }
        copy(
            &part.shape,
            self.element().size(),
            bytes,
            Window {
                shape: &region.shape,
                start: &part.relative_to(&region.start).start,
            },
            &mut block,
            Window {
                shape: self.layout().block(),
                start: &part.relative_to(&cell.start).start,
            },
        );
        self.codec.encode(&self.place(), &block)
    }

    /// A writer that replaces superchunk `index` by the blocks it is given.
    #[must_use]
    pub fn superchunk_writer(&self, index: &[u64]) -> SuperchunkWriter<'_> {
        let per = self.layout().blocks_per_superchunk();
        let blocks = usize::try_from(per.iter().product::<u64>()).unwrap_or(0);
        SuperchunkWriter {
            array: self,
            index: index.to_vec(),
            blocks: vec![None; blocks],
        }
    }
}

/// Gathers the encoded blocks of one superchunk and replaces it at once; see
/// [`Array::superchunk_writer`].
#[derive(Debug)]
pub struct SuperchunkWriter<'a> {
    array: &'a Array,
    index: Vec<u64>,
    blocks: Vec<Option<Bytes>>,
}

impl SuperchunkWriter<'_> {
    /// Starts from the blocks that are stored now, still encoded.
    ///
    /// # Errors
    /// If the superchunk cannot be read.
    pub fn keep_stored(&mut self) -> Result<()> {
        let layout = self.array.layout();
        let all = Region::of_cell(&self.index, &layout.blocks_per_superchunk());
        let blocks: Vec<Vec<u64>> = all.indices().collect();
        for (index, bytes) in block_on(self.array.fetch(&self.index, &blocks))? {
            self.set(&index, Some(bytes));
        }
        Ok(())
    }

    /// Sets block `index` (of the array) to its encoding, or to all fill.
    pub fn set(&mut self, index: &[u64], encoded: Option<Bytes>) {
        let (_, position) = self.array.layout().locate(index);
        self.blocks[position] = encoded;
    }

    /// Puts the superchunk into the store, or deletes it if no block is left.
    ///
    /// # Errors
    /// If the store refuses; then the old superchunk is still there.
    pub fn finish(self) -> Result<()> {
        let array = self.array;
        array
            .put_superchunk(&self.index, &self.blocks, &Expected::Any)
            .map(drop)
    }
}
