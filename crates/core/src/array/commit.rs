//! The one way in which a stored superchunk changes.

use bytes::Bytes;

use super::Array;
use super::in_place::Update;
use super::state::State;
use crate::exec::block_on;
use crate::shard::{Encoded, Part, ShardIndex, arrange};
use crate::store::{Expected, Version};
use crate::{Error, Result};

/// New encodings of blocks, by position in the shard index; `None`: the block becomes all fill.
pub(crate) type Changes = Vec<(usize, Option<Encoded>)>;

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
        match self.update_in_place(superchunk, seen, &changes)? {
            Update::Done => Ok(true),
            Update::Outdated => Ok(false),
            Update::Rewrite => self.rewrite(superchunk, seen, changes),
        }
    }

    /// As [`commit`](Self::commit), by a new object into which the other blocks are copied.
    pub(super) fn rewrite(
        &self,
        superchunk: &[u64],
        seen: &State,
        changes: Changes,
    ) -> Result<bool> {
        let expected = match &seen.version {
            None => Expected::Absent,
            Some(version) => Expected::Version(version.clone()),
        };
        let size = seen.version.as_ref().map_or(0, Version::size);
        let lies_within = |&(offset, length): &(u64, u64)| {
            offset.checked_add(length).is_some_and(|end| end <= size)
        };
        if !seen.index.entries().iter().flatten().all(lies_within) {
            let place = self.store.place(&self.superchunk_key(superchunk));
            return Err(Error::data(place, "the shard index is damaged"));
        }
        self.put_blocks(superchunk, seen, changes, &expected)
    }

    /// Puts a superchunk of `blocks` (by position), or deletes it if all are absent.
    pub(super) fn put_superchunk(
        &self,
        superchunk: &[u64],
        blocks: &[Option<Bytes>],
        expected: &Expected,
    ) -> Result<bool> {
        let nothing = State {
            version: None,
            index: ShardIndex::absent().into(),
        };
        let blocks = blocks.iter().cloned();
        let blocks = blocks.map(|block| block.map(Encoded::from)).enumerate();
        self.put_blocks(superchunk, &nothing, blocks, expected)
    }

    fn put_blocks(
        &self,
        superchunk: &[u64],
        old: &State,
        changes: impl IntoIterator<Item = (usize, Option<Encoded>)>,
        expected: &Expected,
    ) -> Result<bool> {
        self.check_writable()?;
        let key = self.superchunk_key(superchunk);
        let sharded = self.layout().is_sharded();
        let order = self.layout().write_order();
        let Some((mut parts, index)) =
            arrange(&old.index, changes, &order, self.metadata.index_at_end)
        else {
            self.check_fence()?;
            let deleted = block_on(self.store.delete_if(&key, expected));
            self.states.forget(superchunk);
            return deleted;
        };
        if !sharded {
            // The only block is all of the object.
            parts.pop();
        }
        let put = block_on(self.put_parts(&key, old, &parts, expected));
        self.states.forget(superchunk);
        let version = put?;
        let done = version.is_some();
        if done {
            self.remember(superchunk, version, index);
        }
        Ok(done)
    }

    async fn put_parts(
        &self,
        key: &str,
        old: &State,
        parts: &[Part],
        expected: &Expected,
    ) -> Result<Option<Version>> {
        let mut writer = self.store.create(key).await?;
        let mut new = Vec::new();
        for part in parts {
            match (part, &old.version) {
                (Part::New(bytes), _) => new.push(bytes.clone()),
                (Part::Kept(range), Some(version)) => {
                    if !new.is_empty() {
                        writer.write(&std::mem::take(&mut new)).await?;
                    }
                    if !writer.copy(version, range.clone()).await? {
                        return Ok(None);
                    }
                }
                (Part::Kept(_), None) => return Ok(None),
            }
        }
        writer.write(&new).await?;
        self.check_fence()?;
        writer.finish(expected).await
    }
}
