//! Where new bytes go in the file of a superchunk.

use std::fs::File;
use std::io;
use std::ops::Range;

use bytes::Bytes;

use super::InPlace;
use crate::array::commit::Changes;
use crate::shard::{ShardIndex, Space};
use crate::store::read_at;

/// What is written where.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) index: ShardIndex,
    pub(super) writes: Vec<Write>,
    /// Bytes of the file afterwards.
    pub(super) size: u64,
}

/// Bytes that are written side by side.
#[derive(Debug)]
pub(super) struct Write {
    pub(super) at: u64,
    new: Bytes,
    /// Bytes of the file that are copied after them.
    copied: Range<u64>,
}

impl Write {
    /// What is written.
    pub(super) fn bytes(&self, file: &File) -> io::Result<Bytes> {
        if self.copied.is_empty() {
            return Ok(self.new.clone());
        }
        let copied = read_at(file, self.copied.start, self.copied.end - self.copied.start)?;
        Ok([&self.new[..], &copied].concat().into())
    }
}

impl Plan {
    /// Finds room for `changes`; `None` if the file had better be rewritten, or removed.
    pub(super) fn new(
        old: &ShardIndex,
        size: u64,
        changes: &Changes,
        options: InPlace,
    ) -> Option<Self> {
        let part = |whole: u64, hundredths: u32| {
            let part = u128::from(whole) * u128::from(hundredths) / 100;
            u64::try_from(part).unwrap_or(u64::MAX)
        };
        let index_size = ShardIndex::encoded_size(old.entries().len()) as u64;
        let mut space = Space::of(old, size.checked_sub(index_size)?)?;
        let mut entries = old.entries().to_vec();
        let mut writes = Vec::with_capacity(changes.len());
        let mut placed = Vec::new();
        // What is expected of blocks that grow.
        let mut expected = 0;
        for (position, block) in changes {
            let entry = &mut entries[*position];
            let Some(block) = block else {
                *entry = None;
                continue;
            };
            let (new, kept) = block.parts(*entry);
            let added = new.len() as u64;
            let length = added + (kept.end - kept.start);
            expected += block.room();
            if !kept.is_empty() && space.take_before(kept.start, added) {
                let at = kept.start - added;
                *entry = Some((at, length));
                let copied = 0..0;
                writes.push(Write { at, new, copied });
            } else {
                *entry = Some((0, length));
                placed.push((*position, block.room(), new, kept));
            }
        }
        let live: u64 = entries.iter().flatten().map(|(_, length)| length).sum();
        // The index is copied to the new end while the old one stands; and the file grows by so much
        // that the next updates find room.
        let step = (live / 16).max(index_size);
        let mut grown = size;
        for (position, room, new, copied) in placed {
            let (_, length) = entries[position]?;
            let (need, slack) = (room + length, part(length, options.slack));
            let found = space.take(need, slack).or_else(|| {
                grown += step.max(need + slack);
                space.extend(grown - index_size);
                space.take(need, slack)
            })?;
            let at = found + room;
            entries[position] = Some((at, length));
            writes.push(Write { at, new, copied });
        }
        let most = live + expected;
        let most = (most + index_size).saturating_add(part(most, options.garbage));
        (live > 0 && grown <= most).then(|| Self {
            index: ShardIndex::new(entries),
            writes,
            size: grown,
        })
    }
}
