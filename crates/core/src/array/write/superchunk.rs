//! Superchunks out of blocks that were encoded elsewhere.

use bytes::Bytes;

use crate::exec::block_on;
use crate::store::Expected;
use crate::{Array, Result};

impl Array {
    /// A writer that replaces superchunk `index` by the blocks it is given.
    #[must_use]
    pub fn superchunk_writer(&self, index: &[u64]) -> SuperchunkWriter<'_> {
        SuperchunkWriter {
            array: self,
            index: index.to_vec(),
            blocks: vec![None; self.layout().block_count()],
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
        let blocks = self.array.layout().blocks_in_write_order(&self.index);
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
        self.finish_if(&Expected::Any).map(drop)
    }

    /// As [`finish`](Self::finish), if what is stored is as `expected`; `false`, having changed nothing, if
    /// it is not.
    ///
    /// # Errors
    /// As [`finish`](Self::finish).
    pub fn finish_if(self, expected: &Expected) -> Result<bool> {
        let array = self.array;
        array.put_superchunk(&self.index, &self.blocks, expected)
    }
}
