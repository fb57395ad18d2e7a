//! The one way in which a stored superchunk changes.

use std::collections::HashSet;

use bytes::Bytes;

use super::Array;
use super::state::State;
use crate::exec::block_on;
use crate::store::Expected;
use crate::{Region, Result, shard};

/// New encodings of blocks, by position in the shard index; `None`: the block becomes all fill.
pub(crate) type Changes = Vec<(usize, Option<Bytes>)>;

impl Array {
    /// Replaces blocks of a superchunk that is still as it was `seen`; the others stay as they are,
    /// still encoded.
    ///
    /// Returns `false`, having changed nothing, if the superchunk is not as it was seen.
    pub(super) fn commit(
        &self,
        superchunk: &[u64],
        seen: &State,
        changes: Changes,
    ) -> Result<bool> {
        let per = self.layout().blocks_per_superchunk();
        let count = usize::try_from(per.iter().product::<u64>()).unwrap_or(0);
        let mut blocks: Vec<Option<Bytes>> = vec![None; count];
        if seen.version.is_some() && changes.len() < count {
            let replaced: HashSet<usize> = changes.iter().map(|change| change.0).collect();
            let all = Region::of_cell(superchunk, &per).indices();
            let kept: Vec<Vec<u64>> = all
                .filter(|index| !replaced.contains(&self.layout().locate(index).1))
                .collect();
            let Some(stored) = block_on(self.fetch_seen(superchunk, seen, &kept))? else {
                self.states.forget(superchunk);
                return Ok(false);
            };
            for (index, bytes) in stored {
                blocks[self.layout().locate(&index).1] = Some(bytes);
            }
        }
        for (position, block) in changes {
            blocks[position] = block;
        }
        let expected = match &seen.version {
            None => Expected::Absent,
            Some(version) => Expected::Version(version.clone()),
        };
        self.put_superchunk(superchunk, &blocks, &expected)
    }

    /// Puts a superchunk of `blocks` (by position), or deletes it if all are absent.
    pub(super) fn put_superchunk(
        &self,
        superchunk: &[u64],
        blocks: &[Option<Bytes>],
        expected: &Expected,
    ) -> Result<bool> {
        let key = self.superchunk_key(superchunk);
        let object = match self.layout().is_sharded() {
            true => {
                let order = self.layout().write_order();
                shard::assemble(blocks, &order, self.metadata.index_at_end)
            }
            false => blocks.first().cloned().flatten(),
        };
        self.states.forget(superchunk);
        match object {
            Some(bytes) => Ok(block_on(self.store.put_if(&key, &[bytes], expected))?.is_some()),
            None => block_on(self.store.delete_if(&key, expected)),
        }
    }
}
