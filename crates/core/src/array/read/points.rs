//! Points, block by block.

use std::ops::Range;

use crate::layout::Layout;
use crate::region::strides;

/// Points in the order in which they are read: by superchunk, then by block.
#[derive(Debug)]
pub(super) struct Points {
    pub(super) blocks: Vec<Block>,
    /// The superchunks, and the numbers of their blocks.
    pub(super) superchunks: Vec<(Vec<u64>, Range<usize>)>,
    /// For each point its element in the block.
    elements: Vec<usize>,
}

/// A block that holds points.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) index: Vec<u64>,
    /// Its position in the index of the superchunk.
    pub(super) position: usize,
    points: usize,
}

/// The order of the points whose coordinates along each dimension are `lists`.
pub(super) fn order(layout: &Layout, count: usize, lists: &[Vec<u64>]) -> Vec<usize> {
    let rank = lists.len();
    // For each point the coordinates of its superchunk, then those of its block.
    let mut keys = Vec::with_capacity(count * 2 * rank);
    for n in 0..count {
        for shape in [layout.superchunk(), layout.block()] {
            keys.extend(lists.iter().zip(shape).map(|(list, size)| list[n] / size));
        }
    }
    let key = |n: &usize| &keys[n * 2 * rank..(n + 1) * 2 * rank];
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|a, b| key(a).cmp(key(b)));
    order
}

impl Points {
    pub(super) fn new(layout: &Layout, lists: &[Vec<u64>], order: &[usize]) -> Self {
        let block_strides = strides(layout.block());
        let mut points = Self {
            blocks: Vec::new(),
            superchunks: Vec::new(),
            elements: Vec::with_capacity(order.len()),
        };
        for &n in order {
            let coordinates = lists.iter().map(|list| list[n]);
            let grid = coordinates.zip(layout.block()).zip(&block_strides);
            let element: u64 = grid.clone().map(|((c, b), stride)| c % b * stride).sum();
            points.elements.push(usize::try_from(element).unwrap_or(0));
            let index: Vec<u64> = grid.map(|((c, b), _)| c / b).collect();
            match points.blocks.last_mut() {
                Some(block) if block.index == index => block.points += 1,
                _ => points.push(layout, index),
            }
        }
        points
    }

    fn push(&mut self, layout: &Layout, index: Vec<u64>) {
        let (superchunk, position) = layout.locate(&index);
        self.blocks.push(Block {
            index,
            position,
            points: 1,
        });
        let end = self.blocks.len();
        match self.superchunks.last_mut() {
            Some((last, blocks)) if *last == superchunk => blocks.end = end,
            _ => self.superchunks.push((superchunk, end - 1..end)),
        }
    }

    /// How many points each block holds.
    pub(super) fn counts(&self) -> impl Iterator<Item = usize> {
        self.blocks.iter().map(|block| block.points)
    }

    /// For each of these points its element in the block.
    pub(super) fn elements(&self, points: Range<usize>) -> &[usize] {
        &self.elements[points]
    }
}
