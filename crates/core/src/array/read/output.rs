//! Where decoded blocks go: the output in slabs that threads fill side by side.

use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::plan::{Plan, Stretch};
use crate::region::{Region, Step, Walk, strides, visit};

/// Most pieces into which a slab is cut.
const MOST_PIECES: usize = 4096;

/// The output of a [`Plan`], cut along one dimension where blocks meet.
///
/// No two slabs share a byte, so no two threads wait for each other while they fill different ones.
#[derive(Debug)]
pub(super) struct Output<'o> {
    size: usize,
    /// The dimension that is cut.
    split: usize,
    /// One for each cell of that dimension, or one for all.
    slabs: Vec<Mutex<Slab<'o>>>,
    strides: Vec<usize>,
    /// Strides, in pieces, of the dimensions before the one that is cut.
    outer: Vec<usize>,
    block_strides: Vec<usize>,
}

/// What the output holds of one cell: for each index of the dimensions before it one piece.
#[derive(Debug)]
struct Slab<'o> {
    pieces: Vec<&'o mut [u8]>,
    /// Where it begins along the dimension that is cut.
    start: usize,
}

fn strides_of(shape: &[usize]) -> Vec<usize> {
    let shape: Vec<u64> = shape.iter().map(|&n| n as u64).collect();
    let number = |n| usize::try_from(n).unwrap_or(usize::MAX);
    strides(&shape).into_iter().map(number).collect()
}

impl<'o> Output<'o> {
    /// The output `out` of `plan`, in one slab or in about as many as `threads` need.
    pub(super) fn new(plan: &Plan<'_>, out: &'o mut [u8], threads: usize) -> Self {
        let shape: Vec<usize> = plan.shape().collect();
        let size = plan.array.element().size();
        let strides = strides_of(&shape);
        let split = match threads {
            0 | 1 => None,
            _ => best_split(plan, &shape, threads * 4),
        };
        let slabs = match split {
            None => vec![Slab {
                pieces: vec![out],
                start: 0,
            }],
            Some(d) => {
                let row = strides[d] * size;
                let mut slabs: Vec<Slab<'_>> = plan.axes[d]
                    .cells
                    .iter()
                    .map(|cell| Slab {
                        pieces: Vec::new(),
                        start: cell.to,
                    })
                    .collect();
                for mut rest in out.chunks_mut(shape[d] * row) {
                    for (slab, cell) in slabs.iter_mut().zip(&plan.axes[d].cells) {
                        let (piece, after) = rest.split_at_mut(cell.count * row);
                        slab.pieces.push(piece);
                        rest = after;
                    }
                }
                slabs
            }
        };
        let block = plan.array.layout().block();
        let block: Vec<usize> = block
            .iter()
            .map(|&n| usize::try_from(n).unwrap_or(usize::MAX))
            .collect();
        let split = split.unwrap_or(0);
        Self {
            size,
            split,
            slabs: slabs.into_iter().map(Mutex::new).collect(),
            outer: strides_of(&shape[..split]),
            strides,
            block_strides: strides_of(&block),
        }
    }

    /// The dimension along which there is more than one slab.
    pub(super) fn split(&self) -> Option<usize> {
        (self.slabs.len() > 1).then_some(self.split)
    }

    /// The memory of one block, if it is contiguous and holds nothing else; then `fill` fills it.
    /// Otherwise `None`.
    pub(super) fn directly<R>(
        &self,
        plan: &Plan<'_>,
        cells: &[usize],
        fill: impl FnOnce(&mut [u8]) -> R,
    ) -> Option<R> {
        let decoded = plan.array.codec().decoded_size();
        let stretches = single_stretches(plan, cells)?;
        let mut slab = self.slab(cells);
        let walk = self.walk(&stretches, &self.block_strides, slab.start);
        if slab.pieces.len() > 1 || !walk.is_run() || walk.run * self.size != decoded {
            return None;
        }
        let begin = walk.to * self.size;
        Some(fill(&mut slab.pieces[0][begin..begin + decoded]))
    }

    /// The bytes of one block from the first to the last that is asked.
    pub(super) fn span(&self, plan: &Plan<'_>, cells: &[usize]) -> Range<usize> {
        let span = plan.span(cells, &self.block_strides);
        span.start * self.size..span.end * self.size
    }

    /// Copies what is asked of one decoded block, which is given from its byte `skipped` on.
    pub(super) fn place(&self, plan: &Plan<'_>, cells: &[usize], block: &[u8], skipped: usize) {
        let strides = &self.block_strides;
        let block = Elements {
            bytes: block,
            skipped,
            strides,
        };
        self.place_elements(plan, cells, block);
    }

    /// Copies what is asked of one block, of which `elements` are those of the box `within`. If single
    /// elements are asked, that is the block.
    pub(super) fn place_box(
        &self,
        plan: &Plan<'_>,
        cells: &[usize],
        elements: &[u8],
        within: &Region,
    ) {
        let number = |n: &u64| usize::try_from(*n).unwrap_or(usize::MAX);
        let shape: Vec<usize> = within.shape.iter().map(number).collect();
        let strides = strides_of(&shape);
        let start = within.start.iter().map(number).zip(&strides);
        let elements = Elements {
            bytes: elements,
            skipped: start.map(|(n, stride)| n * stride).sum::<usize>() * self.size,
            strides: &strides,
        };
        self.place_elements(plan, cells, elements);
    }

    fn place_elements(&self, plan: &Plan<'_>, cells: &[usize], block: Elements<'_>) {
        let mut slab = self.slab(cells);
        if let Some((to, elements)) = plan.picked(cells) {
            let to = (to - slab.start) * self.size;
            let out = slab.pieces[0][to..].chunks_exact_mut(self.size);
            for (out, element) in out.zip(elements) {
                let at = element * self.size - block.skipped;
                out.copy_from_slice(&block.bytes[at..][..self.size]);
            }
            return;
        }
        if let Some(stretches) = single_stretches(plan, cells) {
            return self.place_stretches(&stretches, block, &mut slab);
        }
        let of = |d: usize| plan.axes[d].stretches(cells[d]);
        let mut chosen = vec![0; cells.len()];
        loop {
            let stretches: Vec<Stretch> = (0..cells.len()).map(|d| of(d)[chosen[d]]).collect();
            self.place_stretches(&stretches, block, &mut slab);
            let Some(d) = (0..cells.len())
                .rev()
                .find(|&d| chosen[d] + 1 < of(d).len())
            else {
                return;
            };
            chosen[d] += 1;
            chosen[d + 1..].fill(0);
        }
    }

    fn place_stretches(&self, stretches: &[Stretch], block: Elements<'_>, slab: &mut Slab<'_>) {
        let walk = self.walk(stretches, block.strides, slab.start);
        let outer: Vec<Step> = (0..self.split)
            .rev()
            .map(|d| step(stretches[d], block.strides[d], self.outer[d]))
            .collect();
        let piece = (0..self.split)
            .map(|d| stretches[d].to * self.outer[d])
            .sum();
        visit(&outer, walk.from, piece, &mut |from, piece| {
            let to = &mut slab.pieces[piece][walk.to * self.size..];
            let from = from * self.size - block.skipped;
            walk.copy(self.size, &block.bytes[from..], to);
        });
    }

    /// The walk from a block with these strides into a piece of the slab that begins at `start`.
    fn walk(&self, stretches: &[Stretch], block: &[usize], start: usize) -> Walk {
        let from = stretches.iter().zip(block);
        let from = from.map(|(stretch, stride)| stretch.from * stride).sum();
        let inner = self.split..stretches.len();
        let to: usize = inner
            .clone()
            .map(|d| stretches[d].to * self.strides[d])
            .sum();
        let skipped = self
            .strides
            .get(self.split)
            .map_or(0, |stride| start * stride);
        let steps = inner
            .rev()
            .map(|d| step(stretches[d], block[d], self.strides[d]));
        Walk::new(from, to - skipped, steps)
    }

    fn slab(&self, cells: &[usize]) -> MutexGuard<'_, Slab<'o>> {
        let number = self.split().map_or(0, |d| cells[d]);
        self.slabs[number]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The elements of a block, or of a box of it.
#[derive(Clone, Copy)]
struct Elements<'b> {
    bytes: &'b [u8],
    /// What the strides count before the first of them, in bytes.
    skipped: usize,
    /// From one element to the next along each dimension.
    strides: &'b [usize],
}

/// The steps along a dimension in which elements are `from` and `to` apart.
fn step(stretch: Stretch, from: usize, to: usize) -> Step {
    Step {
        count: stretch.count,
        from: stretch.step * from,
        to,
    }
}

/// The one stretch of each cell, if each has one.
fn single_stretches(plan: &Plan<'_>, cells: &[usize]) -> Option<Vec<Stretch>> {
    let stretches = plan
        .axes
        .iter()
        .zip(cells)
        .map(|(axis, &c)| axis.stretches(c));
    stretches
        .map(|stretches| (stretches.len() == 1).then(|| stretches[0]))
        .collect()
}

/// The dimension to cut: the first with `enough` cells, or else that with the most.
fn best_split(plan: &Plan<'_>, shape: &[usize], enough: usize) -> Option<usize> {
    let mut best = None;
    let mut pieces = 1_usize;
    for (d, axis) in plan.axes.iter().enumerate() {
        let cells = axis.cells.len();
        if cells > best.map_or(1, |(_, most)| most) {
            best = Some((d, cells));
        }
        pieces = pieces.saturating_mul(shape[d]);
        if cells >= enough || pieces > MOST_PIECES {
            break;
        }
    }
    best.map(|(d, _)| d)
}
