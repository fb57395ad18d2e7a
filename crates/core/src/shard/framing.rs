//! What superchunks hold besides blocks and their index, so that others than Zarr read them.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;

use super::ShardIndex;
use crate::{ArrayMetadata, Error, Result};

/// A container that superchunks are besides being Zarr shards.
///
/// Its bytes follow from the lengths of the blocks alone: no block is decoded, or even read, to frame it
/// anew.
pub trait Framing: Debug + Send + Sync {
    /// The pieces, in order, of a superchunk with blocks of these lengths, by position in the shard
    /// index; `None` where a block is all fill. What they begin with says how long all of them are.
    ///
    /// `shape` is that of the part of the superchunk that lies within the array. Blocks that are not
    /// named, as they lie beyond it, come after the pieces, and then the shard index.
    ///
    /// # Errors
    /// [`Error::Limit`] if the container cannot hold as much; [`Error::Unsupported`] if it cannot hold a
    /// block of such a length.
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

/// The framing that `metadata` of the array at `place` names; `None` if it names none.
///
/// # Errors
/// [`Error::Unsupported`] if it is not registered, or as it says that it does not suit the array.
pub fn framing_of(place: &str, metadata: &ArrayMetadata) -> Result<Option<Arc<dyn Framing>>> {
    let Some(name) = &metadata.framing else {
        return Ok(None);
    };
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    let make = known.get(name.as_str()).copied();
    drop(known);
    let make = make.ok_or_else(|| {
        let what = format!(
            "writing superchunks framed as {name:?}, which this program has not registered \
             (`shard::register`); reading them needs nothing"
        );
        Error::unsupported(place, what)
    })?;
    make(place, metadata).map(Some)
}

/// The bytes, in order, of a superchunk that has these `blocks`, and its index, which is the last of them.
pub(crate) fn frame(
    framing: &dyn Framing,
    shape: &[u64],
    blocks: &[Option<Bytes>],
) -> Result<(Vec<Bytes>, ShardIndex)> {
    let lengths: Vec<Option<u64>> = blocks
        .iter()
        .map(|block| block.as_ref().map(|bytes| bytes.len() as u64))
        .collect();
    let rest = (0..blocks.len()).map(Piece::Block);
    let mut entries = vec![None; blocks.len()];
    let mut parts = Vec::new();
    let mut at = 0;
    for piece in framing.pieces(shape, &lengths)?.into_iter().chain(rest) {
        let bytes = match piece {
            Piece::Bytes(bytes) => bytes,
            Piece::Block(i) => match &blocks[i] {
                Some(bytes) if entries[i].is_none() => {
                    entries[i] = Some((at, bytes.len() as u64));
                    bytes.clone()
                }
                _ => continue,
            },
        };
        at += bytes.len() as u64;
        parts.push(bytes);
    }
    let index = ShardIndex::new(entries);
    parts.push(index.encode());
    Ok((parts, index))
}
