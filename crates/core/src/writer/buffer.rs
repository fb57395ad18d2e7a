//! What a writer holds, superchunk by superchunk.

use std::collections::HashMap;

use bytes::Bytes;
use rayon::prelude::*;

use super::block::{Block, Open, decode};
use crate::region::{Window, copy, runs};
use crate::{Array, Region, Result};

/// Superchunks that are being written.
#[derive(Debug)]
pub(super) struct Buffer {
    superchunks: HashMap<Vec<u64>, Held>,
    /// Complete blocks that are not encoded, and their bytes.
    ready: Vec<Vec<u64>>,
    ready_bytes: usize,
    /// Superchunks that may be complete.
    full: Vec<Vec<u64>>,
    held: usize,
    /// Dimensions along which the array grows: blocks are complete there when they are full.
    growing: Vec<bool>,
    /// Memory of blocks that were encoded.
    spare: Vec<Vec<u8>>,
    /// Counts the writes.
    now: u64,
}

/// The blocks of a superchunk that are held.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) blocks: HashMap<Vec<u64>, Block>,
    /// How many of them are complete.
    complete: u64,
    /// When it was written to last.
    last: u64,
}

impl Buffer {
    pub(super) fn new(rank: usize) -> Self {
        Self {
            superchunks: HashMap::new(),
            ready: Vec::new(),
            ready_bytes: 0,
            full: Vec::new(),
            held: 0,
            growing: vec![false; rank],
            spare: Vec::new(),
            now: 0,
        }
    }

    /// Bytes that are held.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// Notes that the array is appended to along a dimension.
    pub(super) fn grows_along(&mut self, dimension: usize) {
        self.growing[dimension] = true;
    }

    /// The superchunks of which something is held, in order.
    pub(super) fn superchunks(&self) -> Vec<Vec<u64>> {
        let mut all: Vec<Vec<u64>> = self.superchunks.keys().cloned().collect();
        all.sort();
        all
    }

    /// The superchunk that was not written to for the longest time.
    pub(super) fn oldest(&self) -> Option<Vec<u64>> {
        let oldest = self.superchunks.iter().min_by_key(|(_, held)| held.last);
        oldest.map(|(superchunk, _)| superchunk.clone())
    }

    /// The blocks of a superchunk.
    pub(super) fn get(&self, superchunk: &[u64]) -> Option<&Held> {
        self.superchunks.get(superchunk)
    }

    /// Lets go of a superchunk, which was written.
    pub(super) fn release(&mut self, superchunk: &[u64]) {
        for (_, block) in self
            .superchunks
            .remove(superchunk)
            .unwrap_or_default()
            .blocks
        {
            self.held -= block.held();
            if let Block::Open(open) = block {
                self.spare.push(open.elements);
            }
        }
        if self.superchunks.is_empty() {
            self.spare.clear();
        }
    }

    /// Takes the elements `bytes` of `region`.
    pub(super) fn take(&mut self, array: &Array, region: &Region, bytes: &[u8]) -> Result<()> {
        self.now += 1;
        for index in region.cells(array.layout().block()).indices() {
            let cell = Region::of_cell(&index, array.layout().block());
            if let Some(part) = cell.intersect(region) {
                let mut open = self.open(array, &index, &cell)?;
                put(array, &mut open, &part, &cell, region, bytes);
                self.keep(array, index, &cell, open);
            }
        }
        Ok(())
    }

    /// Block `index`, decoded, to be [kept](Self::keep) again; a new one if it is not held.
    fn open(&mut self, array: &Array, index: &[u64], cell: &Region) -> Result<Open> {
        let (superchunk, _) = array.layout().locate(index);
        let held = self.superchunks.get_mut(&superchunk);
        let encoded = match held.and_then(|held| held.blocks.remove(index)) {
            Some(Block::Open(open)) => {
                self.held -= open.held();
                return Ok(open);
            }
            Some(Block::Encoded(encoded)) => Some(encoded),
            None => None,
        };
        let bytes = encoded.as_ref().and_then(Option::as_ref);
        self.held -= bytes.map_or(0, Bytes::len);
        let elements = decode(array, bytes, self.spare.pop().unwrap_or_default())?;
        let length = elements.len() / array.element().size();
        let mut open = Open::new(elements, length);
        if encoded.is_some() {
            // It was complete and still is.
            let zero = vec![0; cell.rank()];
            let all = Window {
                shape: &cell.shape,
                start: &zero,
            };
            let goal = self.goal(array, cell);
            runs(&goal.shape, all, all, |at, _, n| open.mark(at, n));
            open.complete = true;
            self.ready_bytes += open.elements.len();
            self.ready.push(index.to_vec());
        }
        Ok(open)
    }

    /// Holds block `index`, and notes whether it became complete, and its superchunk with it.
    fn keep(&mut self, array: &Array, index: Vec<u64>, cell: &Region, mut open: Open) {
        self.held += open.held();
        let (superchunk, _) = array.layout().locate(&index);
        let completed = !open.complete && open.count as u64 >= self.goal(array, cell).len();
        if completed {
            open.complete = true;
            self.ready_bytes += open.elements.len();
            self.ready.push(index.clone());
        }
        let held = self.superchunks.entry(superchunk.clone()).or_default();
        held.last = self.now;
        held.complete += u64::from(completed);
        held.blocks.insert(index, Block::Open(open));
        if completed && held.complete == held.blocks.len() as u64 {
            self.full.push(superchunk);
        }
    }

    /// What of a cell can be expected to be written.
    fn goal(&self, array: &Array, cell: &Region) -> Region {
        let mut goal = cell.clone();
        for (d, growing) in self.growing.iter().enumerate() {
            if !growing {
                goal.shape[d] = goal.end(d).min(array.shape()[d]) - goal.start[d];
            }
        }
        goal
    }

    /// The superchunks to which nothing is left to be written.
    pub(super) fn complete(&mut self, array: &Array) -> Vec<Vec<u64>> {
        let mut full = std::mem::take(&mut self.full);
        full.sort();
        full.dedup();
        full.retain(|superchunk| {
            let cell = Region::of_cell(superchunk, array.layout().superchunk());
            let all = self.goal(array, &cell).cells(array.layout().block()).len();
            let held = self.superchunks.get(superchunk);
            held.is_some_and(|held| held.complete == all)
        });
        self.full.clone_from(&full);
        full
    }

    /// Encodes the blocks that are complete, if they take more than `most` bytes.
    pub(super) fn encode(&mut self, array: &Array, most: usize) -> Result<()> {
        if self.ready_bytes <= most {
            return Ok(());
        }
        let place = array.place();
        let encoded: Vec<Option<Bytes>> = self
            .ready
            .par_iter()
            .map_init(Vec::new, |out, index| {
                out.clear();
                let any = match self.complete_block(array, index) {
                    Some(open) => array.codec().encode_into(&place, &open.elements, out)?,
                    None => false,
                };
                Ok(any.then(|| Bytes::copy_from_slice(out)))
            })
            .collect::<Result<_>>()?;
        self.ready_bytes = 0;
        for (index, encoded) in std::mem::take(&mut self.ready).into_iter().zip(encoded) {
            let (superchunk, _) = array.layout().locate(&index);
            let held = self.superchunks.get_mut(&superchunk);
            let Some(block) = held.and_then(|held| held.blocks.get_mut(&index)) else {
                continue;
            };
            // A block that was put out meanwhile may be there again, with less in it.
            if matches!(block, Block::Open(open) if open.complete) {
                let before = block.held();
                let open = std::mem::replace(block, Block::Encoded(encoded));
                self.held = self.held + block.held() - before;
                if let Block::Open(open) = open {
                    self.spare.push(open.elements);
                }
            }
        }
        Ok(())
    }

    fn complete_block(&self, array: &Array, index: &[u64]) -> Option<&Open> {
        let (superchunk, _) = array.layout().locate(index);
        match self.superchunks.get(&superchunk)?.blocks.get(index)? {
            Block::Open(open) if open.complete => Some(open),
            _ => None,
        }
    }

    /// Replaces those elements of `region`, which are `out`, that are held.
    pub(super) fn overlay(&self, array: &Array, region: &Region, out: &mut [u8]) -> Result<()> {
        for (index, block) in self.superchunks.values().flat_map(|held| &held.blocks) {
            let cell = Region::of_cell(index, array.layout().block());
            block.copy(array, &cell, region, out)?;
        }
        Ok(())
    }
}

/// Puts the elements of `part` of `region`, which are `bytes`, into the block of `cell`.
fn put(
    array: &Array,
    open: &mut Open,
    part: &Region,
    cell: &Region,
    region: &Region,
    bytes: &[u8],
) {
    let size = array.element().size();
    let from = part.relative_to(&region.start).start;
    let to = part.relative_to(&cell.start).start;
    let from = Window {
        shape: &region.shape,
        start: &from,
    };
    let to = Window {
        shape: &cell.shape,
        start: &to,
    };
    copy(&part.shape, size, bytes, from, &mut open.elements, to);
    runs(&part.shape, to, to, |at, _, n| open.mark(at, n));
}
