//! Blocks that take in planes without being encoded anew.
//!
//! A *plane* is what a block holds of one step along its first dimension that is longer than 1: its bytes
//! lie side by side. See `docs/design/010-growing.md`.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

use super::{InPlace, Updates};
use crate::Result;
use crate::array::Array;
use crate::array::commit::Changes;
use crate::array::state::State;
use crate::codec::Growth;
use crate::exec::block_on;
use crate::shard::Encoded;
use crate::store::{ByteRange, Fetched, Version};

/// Superchunks of which the beginnings of blocks are remembered.
const REMEMBERED: usize = 64;

/// The first bytes of blocks, by position.
type Heads = HashMap<usize, Bytes>;

/// How blocks grow, if they do, and what is known of those that grew last.
#[derive(Debug, Default)]
pub(super) struct Growing {
    growth: Option<Growth>,
    heads: Mutex<HashMap<Vec<u64>, (Version, Heads)>>,
}

impl Growing {
    /// The beginnings of blocks of a superchunk of this version.
    fn heads(&self, superchunk: &[u64], version: &Version) -> Heads {
        let mut known = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        let heads = known.remove(superchunk).filter(|(of, _)| of == version);
        heads.map(|(_, heads)| heads).unwrap_or_default()
    }

    /// Remembers the beginnings of blocks that grew.
    pub(super) fn remember(&self, superchunk: &[u64], state: &State, changes: &Changes) {
        let (Some(growth), Some(version)) = (&self.growth, &state.version) else {
            return;
        };
        let heads: Heads = changes
            .iter()
            .filter_map(|(position, block)| match block {
                Some(Encoded::Grown(grown)) => Some((
                    *position,
                    Bytes::copy_from_slice(&grown.bytes[..growth.head()]),
                )),
                _ => None,
            })
            .collect();
        if heads.is_empty() {
            return;
        }
        let mut known = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(superchunk.to_vec(), (version.clone(), heads));
    }
}

impl Array {
    /// How blocks grow under these options.
    pub(super) fn growing(&self, updates: Updates) -> Growing {
        let wanted = matches!(updates, Updates::InPlace(InPlace { grow: true, .. }));
        let block = self.layout().block();
        let planes = block.iter().copied().find(|&n| n > 1).unwrap_or(1);
        let plane = usize::try_from(planes).map_or(0, |n| self.codec.decoded_size() / n);
        let possible = wanted && !self.is_framed() && self.journals().is_some();
        Growing {
            growth: possible.then(|| self.codec.growth(plane)).flatten(),
            heads: Mutex::default(),
        }
    }

    /// How blocks grow, if they do.
    pub(in crate::array) fn growth(&self) -> Option<&Growth> {
        self.updater.growing.growth.as_ref()
    }

    /// The beginnings of those `blocks` of a superchunk that are stored, in the version that was seen;
    /// `None` if there is another by now.
    pub(in crate::array) fn heads(
        &self,
        superchunk: &[u64],
        seen: &State,
        blocks: &[usize],
    ) -> Result<Option<Heads>> {
        let (Some(growth), Some(version)) = (self.growth(), &seen.version) else {
            return Ok(Some(Heads::new()));
        };
        let mut heads = self.updater.growing.heads(superchunk, version);
        let missing: Vec<(usize, ByteRange)> = blocks
            .iter()
            .filter(|position| !heads.contains_key(position))
            .filter_map(|position| {
                let (offset, length) = seen.index.get(*position)?;
                let length = length.min(growth.head() as u64);
                Some((*position, ByteRange::Bounded { offset, length }))
            })
            .collect();
        if missing.is_empty() {
            return Ok(Some(heads));
        }
        let (missing, ranges): (Vec<usize>, Vec<ByteRange>) = missing.into_iter().unzip();
        let key = self.superchunk_key(superchunk);
        match block_on(self.store.get_ranges(&key, &ranges, Some(version)))? {
            Fetched::Ranges(_, parts) => {
                heads.extend(missing.into_iter().zip(parts));
                Ok(Some(heads))
            }
            Fetched::Changed | Fetched::Absent => Ok(None),
        }
    }
}
