//! Superchunks, chunks and blocks: the three nested grids of an array.
//!
//! * A *superchunk* is one object of the store, a Zarr shard (or, unsharded, a Zarr chunk).
//! * A *chunk* is the unit that is fetched in one request: its blocks lie side by side in the object.
//! * A *block* is the unit that is decoded alone, a Zarr inner chunk.
//!
//! Invariants: each shape has the rank of the array, no entry is 0, and in every dimension a
//! superchunk is a multiple of a chunk and a chunk a multiple of a block.

use crate::region::offset;
use crate::{Error, Region, Result};

/// The three shapes, in elements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    superchunk: Vec<u64>,
    chunk: Vec<u64>,
    block: Vec<u64>,
    sharded: bool,
}

/// Most blocks of one superchunk: its index is held in memory (16 bytes each).
const MOST_BLOCKS: u64 = 1 << 24;

impl Layout {
    /// Superchunks of chunks of blocks.
    ///
    /// # Errors
    /// [`Error::Caller`] if an invariant does not hold, naming the dimension.
    pub fn sharded(superchunk: &[u64], chunk: &[u64], block: &[u64]) -> Result<Self> {
        let nested = [
            (chunk, block, "chunk", "block"),
            (superchunk, chunk, "superchunk", "chunk"),
        ];
        for (outer, inner, outer_name, inner_name) in nested {
            if outer.len() != inner.len() {
                let what =
                    format!("{outer_name} {outer:?} and {inner_name} {inner:?} differ in rank");
                return Err(Error::caller("layout", what));
            }
            if let Some(d) = (0..outer.len())
                .find(|&d| inner[d] == 0 || outer[d] == 0 || outer[d] % inner[d] != 0)
            {
                let (o, i) = (outer[d], inner[d]);
                let what = format!(
                    "{outer_name} size {o} in dimension {d} must be a multiple of {inner_name} size {i}, and not 0"
                );
                return Err(Error::caller("layout", what));
            }
        }
        let layout = Self {
            superchunk: superchunk.to_vec(),
            chunk: chunk.to_vec(),
            block: block.to_vec(),
            sharded: true,
        };
        let blocks = Region::whole(&layout.blocks_per_superchunk()).len();
        if blocks > MOST_BLOCKS {
            let what = format!("{blocks} blocks in a superchunk, more than {MOST_BLOCKS}");
            return Err(Error::limit("layout", what));
        }
        Ok(layout)
    }

    /// One object per chunk, each one block.
    ///
    /// # Errors
    /// [`Error::Caller`] if an entry is 0.
    pub fn unsharded(chunk: &[u64]) -> Result<Self> {
        let layout = Self::sharded(chunk, chunk, chunk)?;
        Ok(Self {
            sharded: false,
            ..layout
        })
    }

    /// Shape of an object of the store.
    #[must_use]
    pub fn superchunk(&self) -> &[u64] {
        &self.superchunk
    }

    /// Shape of the unit that is fetched in one request.
    #[must_use]
    pub fn chunk(&self) -> &[u64] {
        &self.chunk
    }

    /// Shape of the unit that is decoded alone.
    #[must_use]
    pub fn block(&self) -> &[u64] {
        &self.block
    }

    /// Whether objects are Zarr shards; otherwise the three shapes are equal.
    #[must_use]
    pub fn is_sharded(&self) -> bool {
        self.sharded
    }

    /// Blocks of a superchunk in each dimension.
    #[must_use]
    pub fn blocks_per_superchunk(&self) -> Vec<u64> {
        let pairs = self.superchunk.iter().zip(&self.block);
        pairs.map(|(s, b)| s / b).collect()
    }

    /// Where block `index` of the array lies: its superchunk, and its position in the shard index.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, reason = "at most MOST_BLOCKS")]
    pub fn locate(&self, index: &[u64]) -> (Vec<u64>, usize) {
        let per = self.blocks_per_superchunk();
        let superchunk = index.iter().zip(&per).map(|(i, n)| i / n).collect();
        let within: Vec<u64> = index.iter().zip(&per).map(|(i, n)| i % n).collect();
        (superchunk, offset(&within, &per) as usize)
    }

    /// How many blocks a superchunk has.
    #[must_use]
    pub fn block_count(&self) -> usize {
        let count = self.blocks_per_superchunk().iter().product::<u64>();
        usize::try_from(count).unwrap_or(usize::MAX)
    }

    /// The indices of the blocks of a superchunk, in the order in which they are written.
    #[must_use]
    pub fn blocks_in_write_order(&self, superchunk: &[u64]) -> Vec<Vec<u64>> {
        let all = Region::of_cell(superchunk, &self.blocks_per_superchunk());
        let all: Vec<Vec<u64>> = all.indices().collect();
        let order = self.write_order().into_iter();
        order.map(|position| all[position].clone()).collect()
    }

    /// The order in which the blocks of a superchunk are written: chunk by chunk, each in C order.
    ///
    /// Entries are positions in the shard index (C order over all blocks).
    #[must_use]
    #[allow(clippy::cast_possible_truncation, reason = "at most MOST_BLOCKS")]
    pub fn write_order(&self) -> Vec<usize> {
        let per = self.blocks_per_superchunk();
        let per_chunk: Vec<u64> = self
            .chunk
            .iter()
            .zip(&self.block)
            .map(|(c, b)| c / b)
            .collect();
        let chunks: Vec<u64> = per.iter().zip(&per_chunk).map(|(s, c)| s / c).collect();
        let mut order = Vec::new();
        for chunk in Region::whole(&chunks).indices() {
            for block in Region::of_cell(&chunk, &per_chunk).indices() {
                order.push(offset(&block, &per) as usize);
            }
        }
        order
    }

    /// The layout for a coarser level of `shape`: no shape larger than the level needs.
    ///
    /// Block indices keep their meaning, since a dimension is cut only where one block covers it.
    #[must_use]
    pub fn clipped(&self, shape: &[u64]) -> Self {
        let blocks = self.block.iter().zip(shape);
        let block = blocks.map(|(&b, &s)| b.min(s.max(1))).collect();
        Self {
            block,
            ..self.clone()
        }
        .clipped_to_blocks(shape)
    }

    /// The same with blocks of the size that they have.
    #[must_use]
    pub fn clipped_to_blocks(&self, shape: &[u64]) -> Self {
        let clip = |inner: &[u64], outer: &[u64]| -> Vec<u64> {
            let cells = shape.iter().zip(inner).zip(outer);
            cells
                .map(|((&s, &i), &o)| o.min(s.max(1).div_ceil(i) * i))
                .collect()
        };
        let chunk = clip(&self.block, &self.chunk);
        Self {
            superchunk: clip(&chunk, &self.superchunk),
            chunk,
            block: self.block.clone(),
            sharded: self.sharded,
        }
    }
}

/// Target sizes, in bytes, for automatic shapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Targets {
    /// About the size of the second-level cache.
    pub block: u64,
    /// About what one request fetches in the time of its latency.
    pub chunk: u64,
    /// What one object may hold.
    pub superchunk: u64,
}

impl Default for Targets {
    fn default() -> Self {
        Self {
            block: 128 << 10,
            chunk: 2 << 20,
            superchunk: 64 << 20,
        }
    }
}

/// Automatic shapes (superchunk, chunk, block) for an array.
///
/// `grow` marks the dimensions that are read together (the spatial ones): they grow first, by
/// doubling, until the target size is reached; what is left goes to the others, last one first.
///
/// ```
/// use ziggurat_core::layout::{Targets, automatic};
/// let [superchunk, chunk, block] = automatic(&[100, 9000, 9000], 4, &[false, true, true], Targets::default());
/// assert_eq!(block, [1, 128, 256]);
/// assert_eq!(chunk, [1, 512, 1024]);
/// assert_eq!(superchunk, [1, 4096, 4096]);
/// ```
#[must_use]
pub fn automatic(
    shape: &[u64],
    element_size: u64,
    grow: &[bool],
    targets: Targets,
) -> [Vec<u64>; 3] {
    let block = doubled(
        &vec![1; shape.len()],
        shape,
        targets.block / element_size,
        grow,
    );
    let chunk = doubled(&block, shape, targets.chunk / element_size, grow);
    let superchunk = doubled(&chunk, shape, targets.superchunk / element_size, grow);
    [superchunk, chunk, block]
}

/// `start` doubled, dimension by dimension, while it has no more than `most` elements.
fn doubled(start: &[u64], shape: &[u64], most: u64, grow: &[bool]) -> Vec<u64> {
    let mut grown = start.to_vec();
    for first in [true, false] {
        loop {
            let len: u64 = grown.iter().product();
            // The smallest of the dimensions that still need more; of equals the last.
            let next = (0..shape.len())
                .rev()
                .filter(|&d| grow[d] == first && grown[d] < shape[d])
                .min_by_key(|&d| if first { grown[d] } else { 0 });
            match next {
                Some(d) if len.saturating_mul(2) <= most => grown[d] *= 2,
                _ => break,
            }
        }
    }
    grown
}
