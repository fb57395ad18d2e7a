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
    before: Bytes,
    /// Bytes of the file that are copied between the others.
    copied: Range<u64>,
    after: Bytes,
}

impl Write {
    fn new((at, bytes): (u64, Bytes)) -> Self {
        Self {
            at,
            before: bytes,
            copied: 0..0,
            after: Bytes::new(),
        }
    }

    /// What is written.
    pub(super) fn bytes(&self, file: &File) -> io::Result<Bytes> {
        if self.copied.is_empty() && self.after.is_empty() {
            return Ok(self.before.clone());
        }
        let copied = read_at(file, self.copied.start, self.copied.end - self.copied.start)?;
        Ok([&self.before[..], &copied, &self.after].concat().into())
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
        let mut writes = Vec::with_capacity(2 * changes.len());
        let mut placed = Vec::new();
        // What is expected of blocks that grow.
        let mut room = 0;
        for (position, block) in changes {
            let entry = &mut entries[*position];
            let Some(block) = block else {
                *entry = None;
                continue;
            };
            let (before, kept, after) = block.around(*entry);
            let (low, high) = (before.len() as u64, after.len() as u64);
            let length = low + (kept.end - kept.start) + high;
            room += block.room().0 + block.room().1;
            if !kept.is_empty() && space.surround(kept.clone(), low, high) {
                *entry = Some((kept.start - low, length));
                writes.extend([(kept.start - low, before), (kept.end, after)].map(Write::new));
            } else {
                *entry = Some((0, length));
                placed.push((*position, block.room(), before, kept, after));
            }
        }
        let live: u64 = entries.iter().flatten().map(|(_, length)| length).sum();
        // The index is copied to the new end while the old one stands; and the file grows by so much
        // that the next updates find room.
        let step = (live / 16).max(index_size);
        let mut grown = size;
        for (position, room, before, copied, after) in placed {
            let (_, length) = entries[position]?;
            let (need, slack) = (room.0 + length + room.1, part(length, options.slack));
            let found = space.take(need, slack).or_else(|| {
                grown += step.max(need + slack);
                space.extend(grown - index_size);
                space.take(need, slack)
            })?;
            let at = found + room.0;
            entries[position] = Some((at, length));
            writes.push(Write {
                at,
                before,
                copied,
                after,
            });
        }
        let most = (live + room + index_size).saturating_add(part(live, options.garbage));
        (live > 0 && grown <= most).then(|| Self {
            index: ShardIndex::new(entries),
            writes,
            size: grown,
        })
    }
}
