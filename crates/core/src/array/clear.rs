//! Taking away what is stored in vain: beyond the shape, or all fill.

use rayon::prelude::*;

use super::Array;
use super::commit::Changes;
use super::state::State;
use super::write::repeat;
use crate::exec::block_on;
use crate::region::{Window, copy};
use crate::shard::Encoded;
use crate::{Region, Result};

/// What [`Array::clean`] took away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// Blocks that were stored although they are all fill.
    pub blocks: u64,
    /// Superchunks that held such blocks, rewritten or deleted.
    pub superchunks: u64,
}

/// Bytes of blocks that are decoded before the next ones are fetched.
const BATCH: usize = 16 << 20;

impl Array {
    /// Drops the blocks that are stored although they are all fill, as others write them.
    ///
    /// Superchunks without any such block are read and not written.
    ///
    /// # Errors
    /// [`crate::Error::Data`] if a superchunk is damaged.
    pub fn clean(&self) -> Result<Cleaned> {
        let mut cleaned = Cleaned::default();
        let inside = Region::whole(self.shape());
        for superchunk in self.superchunks()? {
            let blocks = self.layout().blocks_in_write_order(&superchunk);
            let dropped = self.change(&superchunk, |seen| {
                let changes = self.confined(&superchunk, seen, &blocks, &inside)?;
                let dropped = |changes: Changes| changes.into_iter().filter(|c| c.1.is_none());
                Ok(changes.map(|changes| dropped(changes).collect()))
            })?;
            cleaned.blocks += dropped as u64;
            cleaned.superchunks += u64::from(dropped > 0);
        }
        Ok(cleaned)
    }

    /// Clears all that is stored outside of `inside`, as long as `may` says that this is right.
    ///
    /// Returns `false` as soon as it is not.
    pub(super) fn trim(&self, inside: &Region, may: &dyn Fn() -> Result<bool>) -> Result<bool> {
        let block = self.layout().block();
        for superchunk in self.stored()? {
            let cell = Region::of_cell(&superchunk, self.layout().superchunk());
            if inside.contains(&cell) {
                continue;
            }
            let blocks = self.layout().blocks_in_write_order(&superchunk).into_iter();
            let blocks = blocks.map(|index| (Region::of_cell(&index, block), index));
            let (cut, gone): (Vec<_>, Vec<_>) = blocks
                .filter(|(cell, _)| !inside.contains(cell))
                .partition(|(cell, _)| cell.intersect(inside).is_some());
            let cut: Vec<Vec<u64>> = cut.into_iter().map(|(_, index)| index).collect();
            let mut allowed = true;
            self.change(&superchunk, |seen| {
                let Some(mut changes) = self.confined(&superchunk, seen, &cut, inside)? else {
                    return Ok(None);
                };
                let position = |(_, index): &(Region, Vec<u64>)| self.layout().locate(index).1;
                changes.extend(gone.iter().map(|block| (position(block), None)));
                // Asked after the superchunk was looked at: what is written later is another version.
                allowed = may()?;
                Ok(Some(if allowed { changes } else { Changes::new() }))
            })?;
            if !allowed {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Those of `blocks` that are not as they should be: all fill, or with something outside of
    /// `inside`; `None` if the superchunk is not as it was `seen`.
    fn confined(
        &self,
        superchunk: &[u64],
        seen: &State,
        blocks: &[Vec<u64>],
        inside: &Region,
    ) -> Result<Option<Changes>> {
        let mut changes = Changes::new();
        for batch in blocks.chunks((BATCH / self.codec.decoded_size().max(1)).max(1)) {
            let Some(stored) = block_on(self.fetch_seen(superchunk, seen, batch))? else {
                return Ok(None);
            };
            let found: Vec<_> = stored
                .into_par_iter()
                .map_init(Default::default, |scratch, (index, bytes)| {
                    self.confine(&index, &bytes, inside, scratch)
                })
                .collect::<Result<_>>()?;
            changes.extend(found.into_iter().flatten());
        }
        Ok(Some(changes))
    }

    /// The change that is needed of block `index`, which is stored as `old`.
    fn confine(
        &self,
        index: &[u64],
        old: &[u8],
        inside: &Region,
        scratch: &mut (Vec<u8>, Vec<u8>),
    ) -> Result<Option<(usize, Option<Encoded>)>> {
        let (before, after) = scratch;
        let cell = Region::of_cell(index, self.layout().block());
        let place = self.place();
        let position = self.layout().locate(index).1;
        before.resize(self.codec.decoded_size(), 0);
        self.codec.decode_into(&place, old, before)?;
        if inside.contains(&cell) {
            return Ok(self.codec.is_fill(before).then_some((position, None)));
        }
        after.resize(before.len(), 0);
        repeat(&self.metadata.fill, after);
        if let Some(part) = cell.intersect(inside) {
            let start = part.relative_to(&cell.start).start;
            let window = Window {
                shape: &cell.shape,
                start: &start,
            };
            copy(
                &part.shape,
                self.element().size(),
                before,
                window,
                after,
                window,
            );
        }
        if before == after && !self.codec.is_fill(after) {
            return Ok(None);
        }
        let encoded = self.codec.encode(&place, after)?;
        Ok(Some((position, encoded.map(Encoded::from))))
    }
}
