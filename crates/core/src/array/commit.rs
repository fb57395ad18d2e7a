//! The one way in which a stored superchunk changes.

use bytes::Bytes;

use super::Array;
use super::in_place::Update;
use super::state::State;
use crate::exec::block_on;
use crate::shard::{Encoded, Part, Piece, ShardIndex, arrange, frame};
use crate::store::{ByteRange, Expected, Fetched, Version};
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
        self.check_writable()?;
        if self.is_framed() {
            return self.put_framed(superchunk, blocks, expected);
        }
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
        if self.is_framed() {
            return match self.changed(superchunk, old, changes)? {
                Some(blocks) => self.put_framed(superchunk, &blocks, expected),
                None => Ok(false),
            };
        }
        let key = self.superchunk_key(superchunk);
        let sharded = self.layout().is_sharded();
        let order = self.layout().write_order();
        let Some((mut parts, index)) =
            arrange(&old.index, changes, &order, self.metadata.index_at_end)
        else {
            return self.drop_superchunk(superchunk, expected);
        };
        if !sharded {
            // The only block is all of the object.
            parts.pop();
        }
        let put = block_on(self.put_parts(&key, old, &parts, expected));
        self.took(superchunk, put, index)
    }

    /// As [`put_superchunk`](Self::put_superchunk), of a framed array.
    fn put_framed(
        &self,
        superchunk: &[u64],
        blocks: &[Option<Bytes>],
        expected: &Expected,
    ) -> Result<bool> {
        let Some(framing) = self.framing()? else {
            return Ok(false);
        };
        if blocks.iter().all(Option::is_none) {
            return self.drop_superchunk(superchunk, expected);
        }
        let key = self.superchunk_key(superchunk);
        let (parts, index) = frame(&*framing, &self.part_shape(superchunk), blocks)
            .map_err(|e| e.at(self.store.place(&key)))?;
        let put = block_on(async {
            self.check_fence().await?;
            self.store.put_if(&key, &parts, expected).await
        });
        self.took(superchunk, put, index)
    }

    /// All blocks of a superchunk as it was seen, with some `changes`; `None` if it is not so any more.
    ///
    /// Of a framed array they are held together, as what comes before the first of them says how long all
    /// are: at most one encoded superchunk for each that is written.
    fn changed(
        &self,
        superchunk: &[u64],
        seen: &State,
        changes: impl IntoIterator<Item = (usize, Option<Encoded>)>,
    ) -> Result<Option<Vec<Option<Bytes>>>> {
        let mut blocks = vec![None; self.layout().block_count()];
        let mut is_new = vec![false; blocks.len()];
        for (position, block) in changes {
            // Blocks of framed arrays do not grow: nothing of the old one follows.
            blocks[position] = block.map(|block| block.parts(None).0);
            is_new[position] = true;
        }
        let mut kept = self.layout().blocks_in_write_order(superchunk);
        kept.retain(|index| !is_new[self.layout().locate(index).1]);
        let fetched = block_on(self.fetch_seen(superchunk, seen, &kept))?;
        Ok(fetched.map(|fetched| {
            for (index, bytes) in fetched {
                blocks[self.layout().locate(&index).1] = Some(bytes);
            }
            blocks
        }))
    }

    /// Frames a superchunk anew that is still as it was `seen`, if its frame is not that of the part
    /// of it that lies within the array; `false` if it is not as it was seen.
    pub(super) fn reframe_seen(&self, superchunk: &[u64], seen: &State) -> Result<bool> {
        let (Some(framing), Some(version)) = (self.framing()?, &seen.version) else {
            return self.is_as_seen(superchunk, seen);
        };
        let key = self.superchunk_key(superchunk);
        let lengths = seen.index.entries().iter().map(|entry| entry.map(|e| e.1));
        let pieces = framing
            .pieces(&self.part_shape(superchunk), &lengths.collect::<Vec<_>>())
            .map_err(|e| e.at(self.store.place(&key)))?;
        // What the frame begins with follows from the shape and all lengths.
        let Some(Piece::Bytes(begin)) = pieces.first() else {
            return self.is_as_seen(superchunk, seen);
        };
        let range = ByteRange::Bounded {
            offset: 0,
            length: (begin.len() as u64).min(version.size()),
        };
        match block_on(self.store.get_ranges(&key, &[range], Some(version)))? {
            Fetched::Ranges(_, parts) if parts[0] == begin => Ok(true),
            Fetched::Ranges(..) => self.rewrite(superchunk, seen, Changes::new()),
            Fetched::Changed | Fetched::Absent => Ok(false),
        }
    }

    /// Deletes a superchunk without blocks; `false` if it is not as `expected`.
    pub(super) fn drop_superchunk(&self, superchunk: &[u64], expected: &Expected) -> Result<bool> {
        let key = self.superchunk_key(superchunk);
        let deleted = block_on(async {
            self.check_fence().await?;
            self.store.delete_if(&key, expected).await
        });
        self.forget(superchunk);
        deleted
    }

    /// Remembers a superchunk that was `put`, and returns whether it was.
    pub(super) fn took(
        &self,
        superchunk: &[u64],
        put: Result<Option<Version>>,
        index: ShardIndex,
    ) -> Result<bool> {
        // Afterwards, so that no reader remembers what it saw before.
        self.forget(superchunk);
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
        self.check_fence().await?;
        writer.finish(expected).await
    }
}
