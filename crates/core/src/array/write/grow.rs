//! Planes into blocks that grow.

use std::collections::HashMap;

use bytes::Bytes;
use rayon::prelude::*;

use super::Source;
use crate::array::commit::Changes;
use crate::array::state::State;
use crate::codec::Growth;
use crate::exec::block_on;
use crate::shard::Encoded;
use crate::{Array, Result};

/// Planes that are to be set in a block: the block, the number of the first, their elements.
type Planes = (Vec<u64>, usize, Vec<u8>);

impl Array {
    /// The changes of those of `blocks` in which planes are set, and the others; `None` if the superchunk
    /// is not as it was `seen`.
    pub(super) fn grow(
        &self,
        superchunk: &[u64],
        seen: &State,
        blocks: &[Vec<u64>],
        source: &impl Source,
    ) -> Result<Option<(Changes, Vec<Vec<u64>>)>> {
        let (mut changes, mut others, mut closed) = (Changes::new(), Vec::new(), Vec::new());
        let Some(growth) = self.growth() else {
            return Ok(Some((changes, blocks.to_vec())));
        };
        let position = |index: &Vec<u64>| self.layout().locate(index).1;
        let positions: Vec<usize> = blocks.iter().map(position).collect();
        let Some(heads) = self.heads(superchunk, seen, &positions)? else {
            return Ok(None);
        };
        let mut planes = Vec::new();
        for (index, position) in blocks.iter().zip(positions) {
            let Some(first) = source.planes(index, &mut planes) else {
                others.push(index.clone());
                continue;
            };
            let old = seen.index.get(position).and_then(|(_, length)| {
                let head = heads.get(&position)?;
                Some((&head[..], usize::try_from(length).ok()?))
            });
            match growth.grow(old, first, &planes) {
                Some(grown) if grown.bytes.is_empty() => {}
                Some(grown) => changes.push((position, Some(Encoded::Grown(grown)))),
                None => closed.push((index.clone(), first, std::mem::take(&mut planes))),
            }
        }
        let Some(remade) = self.remake(superchunk, seen, growth, &closed)? else {
            return Ok(None);
        };
        changes.extend(remade);
        Ok(Some((changes, others)))
    }

    /// New encodings of blocks in which planes are set that are not open, or that do not grow as they are.
    /// Where planes are open afterwards the block grows from now on.
    fn remake(
        &self,
        superchunk: &[u64],
        seen: &State,
        growth: &Growth,
        closed: &[Planes],
    ) -> Result<Option<Changes>> {
        let blocks: Vec<Vec<u64>> = closed.iter().map(|(index, ..)| index.clone()).collect();
        let Some(old) = block_on(self.fetch_seen(superchunk, seen, &blocks))? else {
            return Ok(None);
        };
        let old: HashMap<Vec<u64>, Bytes> = old.into_iter().collect();
        let place = self.place();
        let remake = |block: &mut Vec<u8>, (index, first, planes): &Planes| {
            block.resize(self.codec.decoded_size(), 0);
            match old.get(index) {
                Some(old) => self.codec.decode_into(&place, old, block)?,
                None => super::repeat(&self.metadata.fill, block),
            }
            block[first * growth.plane()..][..planes.len()].copy_from_slice(planes);
            let encoded = match growth.grow(None, 0, block) {
                Some(grown) if grown.room > 0 => Some(grown.bytes),
                _ => self.codec.encode(&place, block)?,
            };
            let position = self.layout().locate(index).1;
            Ok((position, encoded.map(Encoded::Whole)))
        };
        let changes = closed.par_iter().map_init(Vec::new, remake);
        changes.collect::<Result<_>>().map(Some)
    }
}
