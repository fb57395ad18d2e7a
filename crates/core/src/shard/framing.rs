//! What superchunks hold besides blocks and their index, so that others than Zarr read them.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;

use crate::{ArrayMetadata, Result};

/// A container that superchunks are besides being Zarr shards.
///
/// Its bytes follow from the lengths of the blocks alone: no block is decoded, or even read, to frame it
/// anew.
pub trait Framing: Debug + Send + Sync {
    /// The pieces, in order, of a superchunk with blocks of these lengths, by position in the shard
    /// index; `None` where a block is all fill. The shard index comes after them.
    ///
    /// `shape` is that of the part of the superchunk that lies within the array.
    ///
    /// # Errors
    /// [`Error::Limit`](crate::Error::Limit) if the container cannot hold as much.
    fn pieces(&self, shape: &[u64], blocks: &[Option<u64>]) -> Result<Vec<Piece>>;
}

/// A piece of a framed superchunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// These bytes.
    Bytes(Bytes),
    /// The block at this position of the shard index.
    Block(usize),
}

/// Makes the framing of the array at a place.
pub type MakeFraming = fn(place: &str, &ArrayMetadata) -> Result<Arc<dyn Framing>>;

static KNOWN: RwLock<BTreeMap<&'static str, MakeFraming>> = RwLock::new(BTreeMap::new());

/// Makes a framing known by the name that [`ArrayMetadata::framing`] gives it. Doing so again changes
/// nothing.
pub fn register(name: &'static str, make: MakeFraming) {
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    known.insert(name, make);
}
