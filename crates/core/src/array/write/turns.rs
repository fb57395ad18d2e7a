//! Whose turn it is to change a superchunk, among the threads that share a handle.

use std::hash::{BuildHasher, DefaultHasher, Hash, Hasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Locks, each of many superchunks.
#[derive(Debug, Default)]
pub(crate) struct Turns([Mutex<()>; 32]);

impl Turns {
    /// Waits until no other thread changes the superchunk.
    ///
    /// This saves work that would be done in vain and is not needed to be right: a change is
    /// committed only over the version that it was made for. So a thread of the pool does not wait:
    /// the lock may be held further down on its own stack, by work it was called away from.
    pub(super) fn take(&self, superchunk: &[u64]) -> Option<MutexGuard<'_, ()>> {
        let mut hasher = DefaultHasher::new();
        superchunk.hash(&mut hasher);
        let lock = usize::try_from(hasher.finish() % 32).unwrap_or(0);
        match rayon::current_thread_index() {
            None => Some(self.0[lock].lock().unwrap_or_else(PoisonError::into_inner)),
            Some(_) => self.0[lock].try_lock().ok(),
        }
    }
}

/// Waits before attempt number `attempt`, the longer the more there were, and never as long as others.
pub(in crate::array) fn pause(attempt: usize) {
    if attempt > 0 {
        let most = 50 << attempt.min(9);
        let random = RandomState::new().build_hasher().finish();
        std::thread::sleep(Duration::from_micros(random % most));
    }
}
