//! Memory that is used again from tile to tile: tiles are all of one size, and fresh memory costs
//! page faults and leaves holes.

use std::sync::{Mutex, PoisonError};

/// Buffers that are not in use. There are never more than were in use at once.
#[derive(Debug)]
pub(super) struct Pool<B> {
    idle: Mutex<Vec<B>>,
}

impl<B> Pool<B> {
    pub(super) fn new() -> Self {
        Self {
            idle: Mutex::default(),
        }
    }

    /// The buffer that was given back last, with what it then held.
    pub(super) fn take(&self) -> Option<B> {
        self.idle().pop()
    }

    pub(super) fn give_back(&self, buffer: B) {
        self.idle().push(buffer);
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<B>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
