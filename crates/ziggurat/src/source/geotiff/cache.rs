//! Decoded chunks that will be wanted again, least recently used out first.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ziggurat_core::Result;

/// The cache of all open files, so that memory does not grow with their number: 64 MiB.
pub(super) static CHUNKS: Cache = Cache::new(64 << 20);

/// Number of a file and of a chunk in it.
type Key = (u64, u64);
type Chunk = Arc<Vec<u8>>;
/// Filled once, by the first thread that wants it while others wait.
type Slot = Arc<Mutex<Option<Chunk>>>;

/// A cache bounded in bytes of decoded chunks.
#[derive(Debug)]
pub(super) struct Cache {
    limit: usize,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    entries: BTreeMap<Key, Entry>,
    /// Chunk by time of last use.
    order: BTreeMap<u64, Key>,
    clock: u64,
    bytes: usize,
}

#[derive(Debug, Default)]
struct Entry {
    slot: Slot,
    used: u64,
    bytes: usize,
}

impl Cache {
    pub(super) const fn new(limit: usize) -> Self {
        Self {
            limit,
            state: Mutex::new(State {
                entries: BTreeMap::new(),
                order: BTreeMap::new(),
                clock: 0,
                bytes: 0,
            }),
        }
    }

    /// The chunk of `key`, made by `decode` if it is not here; it stays here if `keep`.
    pub(super) fn get(
        &self,
        key: Key,
        keep: bool,
        decode: impl FnOnce() -> Result<Vec<u8>>,
    ) -> Result<Chunk> {
        let Some(slot) = self.slot(key, keep) else {
            return decode().map(Arc::new);
        };
        let mut content = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(chunk) = &*content {
            return Ok(Arc::clone(chunk));
        }
        let chunk = Arc::new(decode()?);
        *content = Some(Arc::clone(&chunk));
        self.account(key, &slot, chunk.len());
        Ok(chunk)
    }

    /// Forgets the chunks of a file.
    pub(super) fn forget(&self, file: u64) {
        let mut state = self.state();
        let keys = state.entries.range((file, 0)..=(file, u64::MAX));
        let keys: Vec<_> = keys.map(|(key, entry)| (*key, entry.used)).collect();
        for (key, used) in keys {
            state.order.remove(&used);
            state.remove(key);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The slot of `key`, now the most recently used; a new one if `keep`.
    fn slot(&self, key: Key, keep: bool) -> Option<Slot> {
        let mut state = self.state();
        if !keep && !state.entries.contains_key(&key) {
            return None;
        }
        state.clock += 1;
        let now = state.clock;
        let entry = state.entries.entry(key).or_default();
        let before = std::mem::replace(&mut entry.used, now);
        let slot = Arc::clone(&entry.slot);
        state.order.remove(&before);
        state.order.insert(now, key);
        Some(slot)
    }

    /// Counts the `bytes` of `key`, unless it was put out meanwhile, and makes room.
    fn account(&self, key: Key, slot: &Slot, bytes: usize) {
        let mut state = self.state();
        match state.entries.get_mut(&key) {
            Some(entry) if Arc::ptr_eq(&entry.slot, slot) => entry.bytes = bytes,
            _ => return,
        }
        state.bytes += bytes;
        while state.bytes > self.limit {
            let Some((_, oldest)) = state.order.pop_first() else {
                return;
            };
            state.remove(oldest);
        }
    }
}

impl State {
    fn remove(&mut self, key: Key) {
        let gone = self.entries.remove(&key);
        self.bytes -= gone.map_or(0, |e| e.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_made_once_while_they_fit() {
        let cache = Cache::new(30);
        let mut made = Vec::new();
        for index in [1, 2, 1, 3, 1, 4, 2, 1] {
            let decode = || {
                made.push(index);
                Ok(vec![0; 10])
            };
            cache.get((0, index), true, decode).unwrap();
        }
        // 2 is the oldest when 4 arrives, then 3 when 2 comes back; 1 is always in use.
        assert_eq!(made, [1, 2, 3, 4, 2]);
        assert_eq!(cache.state().bytes, 30);
        assert!(cache.get((0, 9), false, || Ok(vec![0; 10])).is_ok());
        assert!(!cache.state().entries.contains_key(&(0, 9)));
        cache.get((7, 1), true, || Ok(vec![0; 10])).unwrap();
        cache.forget(0);
        let state = cache.state();
        assert_eq!(
            (state.bytes, state.entries.len(), state.order.len()),
            (10, 1, 1)
        );
    }
}
