//! How long work tells how far it is, and is told to stop.

use crate::{Error, Result};

/// Watches one piece of long work; called from several threads.
pub trait Progress: Sync {
    /// Work called `what` begins; it will take `total` steps.
    fn start(&self, what: &str, total: u64);

    /// `steps` more steps are done.
    fn advance(&self, steps: u64);

    /// Whether to give up. Asked before each step.
    fn is_cancelled(&self) -> bool {
        false
    }

    /// An error if the work is to be given up.
    ///
    /// # Errors
    /// [`Error::Interrupted`] if [`is_cancelled`](Self::is_cancelled).
    fn check(&self, what: &str) -> Result<()> {
        if self.is_cancelled() {
            return Err(Error::Interrupted {
                what: what.to_owned(),
            });
        }
        Ok(())
    }
}

/// Watches nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn start(&self, _: &str, _: u64) {}
    fn advance(&self, _: u64) {}
}
