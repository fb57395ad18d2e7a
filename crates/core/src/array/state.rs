//! What is known of superchunks: their versions and indices.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::Array;
use crate::memory::with_bytes;
use crate::shard::ShardIndex;
use crate::store::{ByteRange, Fetched, LocalObject, LocalStore, Version};
use crate::{Error, Result};

/// How often an operation starts again because others changed the superchunk meanwhile.
pub(super) const ATTEMPTS: usize = 1000;

/// Superchunks remembered per array. 4096 blocks of an index take 64 KiB.
const REMEMBERED: usize = 256;

/// One superchunk as it was seen.
#[derive(Clone, Debug)]
pub(crate) struct State {
    /// Its version; `None` if it is not stored.
    pub(crate) version: Option<Version>,
    /// Where its blocks lie.
    pub(crate) index: Arc<ShardIndex>,
}

/// States by superchunk.
#[derive(Debug, Default)]
pub(super) struct States(Mutex<HashMap<Vec<u64>, State>>);

impl States {
    fn get(&self, superchunk: &[u64]) -> Option<State> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(superchunk).cloned()
    }

    pub(super) fn remember(&self, superchunk: &[u64], state: State) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(superchunk.to_vec(), state);
    }

    pub(super) fn forget(&self, superchunk: &[u64]) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.remove(superchunk);
    }
}

impl Array {
    /// Where the index of a superchunk lies, and of how many blocks it is.
    fn index_range(&self) -> (ByteRange, usize) {
        let blocks: u64 = self.layout().blocks_per_superchunk().iter().product();
        let blocks = usize::try_from(blocks).unwrap_or(usize::MAX);
        let length = ShardIndex::encoded_size(blocks) as u64;
        let range = match self.metadata.index_at_end {
            true => ByteRange::Suffix { length },
            false => ByteRange::Bounded { offset: 0, length },
        };
        (range, blocks)
    }

    /// Opens the file of a superchunk and gives its index; `None` if there is no file.
    pub(super) fn open_local(
        &self,
        store: &LocalStore,
        superchunk: &[u64],
    ) -> Result<Option<(LocalObject, Arc<ShardIndex>)>> {
        let Some(object) = store.open_object(&self.superchunk_key(superchunk))? else {
            return Ok(None);
        };
        let size = object.version().size();
        if !self.layout().is_sharded() {
            return Ok(Some((object, Arc::new(ShardIndex::whole(size)))));
        }
        if let Some(known) = self.states.get(superchunk)
            && known.version.as_ref() == Some(object.version())
        {
            return Ok(Some((object, known.index)));
        }
        let (range, blocks) = self.index_range();
        let range = range.resolve(size).unwrap_or(0..size);
        let index = with_bytes(
            usize::try_from(range.end - range.start).unwrap_or(usize::MAX),
            |bytes| {
                object.read_exact_at(range.start, bytes)?;
                ShardIndex::parse(&object.place(), bytes, blocks)
            },
        )?;
        let index = Arc::new(index);
        // A file that changed just now may change again without looking any different.
        if object.is_settled() {
            let state = State {
                version: Some(object.version().clone()),
                index: Arc::clone(&index),
            };
            self.states.remember(superchunk, state);
        }
        Ok(Some((object, index)))
    }

    /// The state of a superchunk, as it was seen last or as it is now.
    ///
    /// It may be outdated; whoever fetches by it says which version it is for.
    pub(super) async fn look(&self, superchunk: &[u64]) -> Result<State> {
        if let Some(known) = self.states.get(superchunk) {
            return Ok(known);
        }
        let state = match self.look_anew(superchunk).await {
            // A torn index is what an update in place leaves when it is stopped.
            Err(Error::Data { .. }) if self.recover(superchunk)? => {
                self.look_anew(superchunk).await?
            }
            state => state?,
        };
        self.states.remember(superchunk, state.clone());
        Ok(state)
    }

    async fn look_anew(&self, superchunk: &[u64]) -> Result<State> {
        let key = self.superchunk_key(superchunk);
        Ok(if self.layout().is_sharded() {
            let (range, blocks) = self.index_range();
            match self.store.get_ranges(&key, &[range], None).await? {
                Fetched::Ranges(version, parts) => State {
                    version: Some(version),
                    index: Arc::new(ShardIndex::parse(
                        &self.store.place(&key),
                        &parts[0],
                        blocks,
                    )?),
                },
                Fetched::Absent | Fetched::Changed => State {
                    version: None,
                    index: Arc::new(ShardIndex::absent()),
                },
            }
        } else {
            // A Zarr chunk is a superchunk of one block, which is all of it.
            let version = self.store.version(&key).await?;
            let size = version.as_ref().map(Version::size);
            let index = size.map_or_else(ShardIndex::absent, ShardIndex::whole);
            State {
                version,
                index: Arc::new(index),
            }
        })
    }
}
