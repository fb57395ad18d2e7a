//! Superchunks without gaps.

use super::Array;
use super::commit::Changes;
use super::state::ATTEMPTS;
use crate::Result;
use crate::exec::block_on;
use crate::shard::ShardIndex;

/// What [`Array::compact`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compacted {
    /// Bytes of the superchunks before.
    pub before: u64,
    /// Bytes of the superchunks after.
    pub after: u64,
}

impl std::ops::AddAssign for Compacted {
    fn add_assign(&mut self, other: Self) {
        self.before += other.before;
        self.after += other.after;
    }
}

impl Array {
    /// Rewrites every superchunk in which updates left gaps; see [`InPlace`](super::InPlace).
    ///
    /// Blocks are copied as they are, in their canonical order. Framed superchunks have no gaps; those that
    /// are not framed as they should be, as another program wrote them or the array has another shape by
    /// now, are framed anew.
    ///
    /// # Errors
    /// If a superchunk is damaged, or the store refuses; then the old superchunk is still there.
    pub fn compact(&self) -> Result<Compacted> {
        self.recover_all();
        let mut total = Compacted::default();
        for index in self.superchunks()? {
            total += self.compact_superchunk(&index)?;
        }
        Ok(total)
    }

    /// Rewrites superchunk `index` if there are gaps in it.
    ///
    /// # Errors
    /// As [`compact`](Self::compact).
    pub fn compact_superchunk(&self, index: &[u64]) -> Result<Compacted> {
        if self.is_framed() {
            let key = self.superchunk_key(index);
            let before = block_on(self.store.size(&key))?.unwrap_or(0);
            self.reframe(index)?;
            let after = block_on(self.store.size(&key))?.unwrap_or(0);
            return Ok(Compacted { before, after });
        }
        for _ in 0..ATTEMPTS {
            let seen = block_on(self.look(index))?;
            let before = seen.version.as_ref().map_or(0, crate::store::Version::size);
            let blocks = seen.index.entries().len();
            let live: u64 = seen.index.entries().iter().flatten().map(|e| e.1).sum();
            let after = live + ShardIndex::encoded_size(blocks) as u64;
            if !self.layout().is_sharded() || after >= before {
                let after = before;
                return Ok(Compacted { before, after });
            }
            if self.rewrite(index, &seen, Vec::new())? {
                return Ok(Compacted { before, after });
            }
            self.states.forget(index);
        }
        Err(self.restless(index))
    }

    /// Frames superchunk `index` anew if it is not framed as it should be.
    pub(super) fn reframe(&self, index: &[u64]) -> Result<()> {
        self.change(index, |_| Ok(Some(Changes::new()))).map(drop)
    }
}
