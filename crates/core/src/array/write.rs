//! Writing: each touched block is encoded once, each touched superchunk is put once.

use bytes::Bytes;
use rayon::prelude::*;

use super::Array;
use crate::exec::block_on;
use crate::region::{Window, copy};
use crate::{Error, Region, Result, shard};

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
        let mut writer = self.superchunk_writer(superchunk);
        let whole = Region::of_cell(superchunk, self.layout().superchunk())
            .intersect(&Region::whole(self.shape()))
            .is_none_or(|all| part.contains(&all));
        if !whole {
            writer.keep_stored()?;
        }
        let touched: Vec<Vec<u64>> = part.cells(self.layout().block()).indices().collect();
        let encoded: Vec<Option<Bytes>> = touched
            .par_iter()
            .map(|index| self.merge_block(index, region, bytes))
            .collect::<Result<_>>()?;
        for (index, block) in touched.iter().zip(encoded) {
            writer.set(index, block);
        }
        writer.finish()
    }

    /// The encoding of block `index` with the elements of `region` replaced by `bytes`.
    fn merge_block(&self, index: &[u64], region: &Region, bytes: &[u8]) -> Result<Option<Bytes>> {
        let cell = Region::of_cell(index, self.layout().block());
        let array = Region::whole(self.shape());
        let (Some(part), Some(inside)) = (cell.intersect(region), cell.intersect(&array)) else {
            return Ok(None);
        };
        let mut block = self.codec.fill_block();
        if !part.contains(&inside) {
            self.read_block_into(index, &mut block)?;
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
        let Self {
            array,
            index,
            blocks,
        } = self;
        let key = array.superchunk_key(&index);
        let object = match array.layout().is_sharded() {
            true if !array.metadata.index_at_end => {
                let what = "writing superchunks whose index is at the start; copy the array first";
                return Err(Error::unsupported(array.place(), what));
            }
            true => shard::assemble(&blocks, &array.layout().write_order()),
            false => blocks.into_iter().next().flatten(),
        };
        array.forget_index(&index);
        match object {
            Some(bytes) => block_on(array.store.put(&key, bytes)),
            None => block_on(array.store.delete(&key)),
        }
    }
}
