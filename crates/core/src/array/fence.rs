//! Writes that go ahead only as long as another object is as it was.

use std::sync::Arc;

use super::Array;
use crate::store::{Store, Version};
use crate::{Error, Result};

/// An object in the version that gives the right to write.
///
/// The right is looked at between seeing a superchunk and replacing it by what was made for the version
/// seen. So whoever replaces the object, and then the superchunk, is not overwritten.
#[derive(Clone, Debug)]
pub(crate) struct Fence {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) key: String,
    pub(crate) version: Version,
}

impl Fence {
    /// # Errors
    /// [`Error::Conflict`] if the object is not as it was.
    pub(crate) async fn check(&self) -> Result<()> {
        if self.store.version(&self.key).await?.as_ref() == Some(&self.version) {
            return Ok(());
        }
        Err(self.lost())
    }

    /// The error of who lost the right to write.
    pub(crate) fn lost(&self) -> Error {
        let what = "another changed it meanwhile; nothing was done here, do it again";
        Error::conflict(self.store.place(&self.key), what)
    }
}

impl Array {
    /// The same array, written only as long as `fence` holds.
    ///
    /// Superchunks are replaced as a whole: the fence does not hold up updates in place.
    pub(crate) fn with_fence(self, fence: Fence) -> Self {
        let fence = Some(fence);
        Self { fence, ..self }
    }

    pub(super) fn is_fenced(&self) -> bool {
        self.fence.is_some()
    }

    pub(crate) async fn check_fence(&self) -> Result<()> {
        match &self.fence {
            Some(fence) => fence.check().await,
            None => Ok(()),
        }
    }
}
