//! Decoded chunks that will be wanted again, least recently used out first.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ziggurat_core::Result;

type Chunk = Arc<Vec<u8>>;
/// Filled once, by the first thread that wants it while others wait.
type Slot = Arc<Mutex<Option<Chunk>>>;

/// A cache bounded in bytes of decoded chunks.
#[derive(Debug)]
pub(super) struct Cache {
    limit: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    entries: HashMap<u64, Entry>,
    /// Chunk by time of last use.
    order: BTreeMap<u64, u64>,
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
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            state: Mutex::default(),
        }
    }

    /// Chunk `index`, made by `decode` if it is not here; it stays here if `keep`.
    pub(super) fn get(
        &self,
        index: u64,
        keep: bool,
        decode: impl FnOnce() -> Result<Vec<u8>>,
    ) -> Result<Chunk> {
        let Some(slot) = self.slot(index, keep) else {
            return decode().map(Arc::new);
        };
        let mut content = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(chunk) = &*content {
            return Ok(Arc::clone(chunk));
        }
        let chunk = Arc::new(decode()?);
        *content = Some(Arc::clone(&chunk));
        self.account(index, &slot, chunk.len());
        Ok(chunk)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The slot of chunk `index`, now the most recently used; a new one if `keep`.
    fn slot(&self, index: u64, keep: bool) -> Option<Slot> {
        let mut state = self.state();
        if !keep && !state.entries.contains_key(&index) {
            return None;
        }
        state.clock += 1;
        let now = state.clock;
        let entry = state.entries.entry(index).or_default();
        let before = std::mem::replace(&mut entry.used, now);
        let slot = Arc::clone(&entry.slot);
        state.order.remove(&before);
        state.order.insert(now, index);
        Some(slot)
    }

    /// Counts the `bytes` of chunk `index`, unless it was put out meanwhile, and makes room.
    fn account(&self, index: u64, slot: &Slot, bytes: usize) {
        let mut state = self.state();
        match state.entries.get_mut(&index) {
            Some(entry) if Arc::ptr_eq(&entry.slot, slot) => entry.bytes = bytes,
            _ => return,
        }
        state.bytes += bytes;
        while state.bytes > self.limit {
            let Some((_, oldest)) = state.order.pop_first() else {
                return;
            };
            let gone = state.entries.remove(&oldest);
            state.bytes -= gone.map_or(0, |e| e.bytes);
        }
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
            cache
                .get(index, true, || {
                    made.push(index);
                    Ok(vec![0; 10])
                })
                .unwrap();
        }
        // 2 is the oldest when 4 arrives, then 3 when 2 comes back; 1 is always in use.
        assert_eq!(made, [1, 2, 3, 4, 2]);
        assert_eq!(cache.state().bytes, 30);
        assert!(cache.get(9, false, || Ok(vec![0; 10])).is_ok());
        assert!(!cache.state().entries.contains_key(&9));
    }
}
