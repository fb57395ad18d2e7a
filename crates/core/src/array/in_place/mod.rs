//! Updates that write only what changed into the file of a superchunk.
//!
//! New encodings go where the index that is on disk refers to nothing, then the part of the index
//! that changes is overwritten. What it held is in a journal by then, so that an index that was
//! written in part only is put back. See `docs/design/007-updates.md`.

mod grow;
mod journal;
mod plan;
mod record;
mod recover;
mod update;

pub(super) use update::Update;

use super::Array;
use grow::Growing;
use journal::Journals;

/// How superchunks are changed. An option of a handle, of which nothing is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Updates {
    /// By a new object that takes the place of the old one. Any reader sees the one or the other.
    #[default]
    Rewrite,
    /// Where blocks lie in local files with the index at the end, by writing only what changed.
    ///
    /// A reader that knows nothing of it may see an index that is being written and report damage;
    /// read again. One that takes longer than an update from index to block may read other bytes.
    ///
    /// [Framed](crate::shard::Framing) superchunks are rewritten all the same: what frames the blocks says
    /// how long all of them are.
    InPlace(InPlace),
}

/// Room for updates in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InPlace {
    /// Bytes left free before a new encoding for one that is longer, in hundredths of its length.
    pub slack: u32,
    /// Bytes of gaps in hundredths of those of blocks; if there are more the superchunk is rewritten.
    pub garbage: u32,
    /// Whether planes are added to blocks that are filled one plane after the other; else such a
    /// block is encoded anew for each. Blocks of `blosc` grow, a little longer then than others.
    pub grow: bool,
}

impl Default for InPlace {
    fn default() -> Self {
        Self {
            slack: 3,
            garbage: 50,
            grow: true,
        }
    }
}

/// How a handle updates, and its journals.
#[derive(Debug, Default)]
pub(super) struct Updater {
    updates: Updates,
    journals: Journals,
    growing: Growing,
}

impl Array {
    /// The same array with another way to change superchunks.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use ziggurat_core::{Array, ArrayMetadata, ElementType, Region, layout::Layout, store::LocalStore};
    /// use ziggurat_core::{InPlace, Updates};
    /// # let directory = tempfile::tempdir().map_err(|e| ziggurat_core::Error::io("/tmp", "make", e))?;
    /// # let store = Arc::new(LocalStore::new(directory.path()));
    /// # let layout = Layout::sharded(&[8, 8], &[8, 8], &[2, 2])?;
    /// # let metadata = ArrayMetadata::new(&[8, 8], ElementType::UInt8, &[0], layout, &"none".parse()?);
    /// let array = Array::create(store, "a", metadata)?
    ///     .with_updates(Updates::InPlace(InPlace::default()));
    /// array.write(&Region::new([0, 0], [8, 8]), &[1; 64])?;
    /// array.write(&Region::new([2, 2], [2, 2]), &[2; 4])?;
    /// assert_eq!(array.read(&Region::new([1, 2], [2, 1]))?, [1, 2]);
    /// # Ok::<(), ziggurat_core::Error>(())
    /// ```
    #[must_use]
    pub fn with_updates(mut self, updates: Updates) -> Self {
        self.updater.updates = updates;
        self.updater.growing = self.growing(updates);
        self
    }
}
