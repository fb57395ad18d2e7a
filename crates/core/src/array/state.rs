//! What is known of superchunks: their versions and indices.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::Array;
use crate::cache::Bounded;
use crate::codec::scratch::with_bytes;
use crate::shard::ShardIndex;
use crate::store::{ByteRange, Fetched, LocalObject, LocalStore, Version};
use crate::{Error, Result};

/// How often an operation starts again because others changed the superchunk meanwhile.
pub(super) const ATTEMPTS: usize = 1000;

/// One superchunk as it was seen.
#[derive(Clone, Debug)]
pub(crate) struct State {
    /// Its version; `None` if it is not stored.
    pub(crate) version: Option<Version>,
    /// Where its blocks lie.
    pub(crate) index: Arc<ShardIndex>,
}

/// States by superchunk, and when each was seen to be so.
#[derive(Debug)]
pub(super) struct States {
    known: Mutex<Bounded<Vec<u64>, (State, Instant)>>,
    /// How often anything was forgotten: what was asked before that is not remembered after it.
    forgotten: AtomicU64,
}

impl States {
    pub(super) fn new(bytes: usize) -> Self {
        Self {
            known: Mutex::new(Bounded::new(bytes)),
            forgotten: AtomicU64::new(0),
        }
    }

    fn get(&self, superchunk: &[u64]) -> Option<(State, Instant)> {
        self.lock().get(superchunk).cloned()
    }

    pub(super) fn remember(&self, superchunk: &[u64], state: State) {
        let bytes = size_of::<(State, Instant)>() + size_of_val(superchunk) + state.index.bytes();
        let seen = (state, Instant::now());
        self.lock().put(superchunk.to_vec(), seen, bytes);
    }

    /// The superchunk was just seen to be in `version` still.
    pub(super) fn confirm(&self, superchunk: &[u64], version: &Version) {
        let mut known = self.lock();
        if let Some((state, seen)) = known.get_mut(superchunk)
            && state.version.as_ref() == Some(version)
        {
            *seen = Instant::now();
        }
    }

    pub(super) fn forget(&self, superchunk: &[u64]) {
        self.forgotten.fetch_add(1, Ordering::AcqRel);
        self.lock().remove(superchunk);
    }

    fn lock(&self) -> MutexGuard<'_, Bounded<Vec<u64>, (State, Instant)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Array {
    /// Where the index of a superchunk lies.
    fn index_range(&self) -> ByteRange {
        let length = self.index.encoded_size() as u64;
        match self.metadata.index_at_end {
            true => ByteRange::Suffix { length },
            false => ByteRange::Bounded { offset: 0, length },
        }
    }

    /// The index of the superchunk at `place`, of which `object` is all.
    ///
    /// # Errors
    /// [`Error::Data`] if it is damaged.
    pub fn index_of(&self, place: &str, object: &[u8]) -> Result<ShardIndex> {
        let size = object.len() as u64;
        if !self.layout().is_sharded() {
            return Ok(ShardIndex::whole(size));
        }
        // Within the object, so within what can be addressed.
        let range = self.index_range().resolve(size).unwrap_or(0..size);
        let at = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        self.parse_index(place, &object[at(range.start)..at(range.end)])
    }

    fn parse_index(&self, place: &str, bytes: &[u8]) -> Result<ShardIndex> {
        self.index.parse(place, bytes).map_err(|e| match e {
            Error::Data { place, what } if self.is_framed() => {
                let what = format!(
                    "{what}; if another program changed the superchunk, `ziggurat repair-index` makes \
                     the index anew"
                );
                Error::data(place, what)
            }
            e => e,
        })
    }

    /// Opens the file of a superchunk and gives its index; `None` if there is no file.
    pub(super) fn open_local(
        &self,
        store: &LocalStore,
        superchunk: &[u64],
    ) -> Result<Option<(LocalObject, Arc<ShardIndex>)>> {
        for _ in 0..ATTEMPTS {
            match self.open_local_now(store, superchunk) {
                // A torn index is what an update in place shows while it goes on, or is stopped.
                Err(Error::Data { .. }) if self.recover(superchunk)? => {}
                found => return found,
            }
        }
        Err(self.restless(superchunk))
    }

    fn open_local_now(
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
        if let Some((known, _)) = self.states.get(superchunk)
            && known.version.as_ref() == Some(object.version())
        {
            return Ok(Some((object, known.index)));
        }
        let range = self.index_range().resolve(size).unwrap_or(0..size);
        let length = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
        let index = with_bytes(length, |bytes| {
            object.read_exact_at(range.start, bytes)?;
            self.parse_index(&object.place(), bytes)
        });
        let index = match index {
            Ok(index) => Arc::new(index),
            // What was read while it changed may be anything.
            Err(_) if !object.is_unchanged()? => return self.open_local_now(store, superchunk),
            Err(error) => return Err(error),
        };
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
        Ok(self.look_trusted(superchunk).await?.0)
    }

    /// As [`look`](Self::look), and whether that is how it is now, as far as can be trusted.
    ///
    /// That a superchunk is absent nobody notices later: it is looked at again when that is too old.
    pub(super) async fn look_trusted(&self, superchunk: &[u64]) -> Result<(State, bool)> {
        if let Some((known, seen)) = self.states.get(superchunk) {
            let trusted = seen.elapsed() < self.options.trust;
            if trusted || known.version.is_some() {
                return Ok((known, trusted));
            }
        }
        let forgotten = self.states.forgotten.load(Ordering::Acquire);
        let state = match self.look_anew(superchunk).await {
            // A torn index is what an update in place leaves when it is stopped.
            Err(Error::Data { .. }) if self.recover(superchunk)? => {
                self.look_anew(superchunk).await?
            }
            state => state?,
        };
        if forgotten == self.states.forgotten.load(Ordering::Acquire) {
            self.states.remember(superchunk, state.clone());
        }
        Ok((state, true))
    }

    async fn look_anew(&self, superchunk: &[u64]) -> Result<State> {
        let key = self.superchunk_key(superchunk);
        Ok(if self.layout().is_sharded() {
            let range = self.index_range();
            match self.store.get_ranges(&key, &[range], None).await? {
                Fetched::Ranges(version, parts) => State {
                    version: Some(version),
                    index: Arc::new(self.parse_index(&self.store.place(&key), &parts[0])?),
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
