//! What a read touches: along each dimension the blocks, and in them the elements that are asked.

use std::ops::Range;

use super::points::{self, Points};
use crate::Array;
use crate::region::{Region, strides};

/// The indices that are asked along one dimension, strictly increasing.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wanted<'a> {
    /// `count` indices from `start`, `step` apart.
    Range { start: u64, count: u64, step: u64 },
    /// These.
    List(&'a [u64]),
}

/// Elements of a block that lie `step` apart and go side by side into the output.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    pub(super) from: usize,
    pub(super) step: usize,
    pub(super) to: usize,
    pub(super) count: usize,
}

/// What is asked of one block along one dimension.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    block: u64,
    /// Where its first element goes.
    pub(super) to: usize,
    pub(super) count: usize,
    stretches: Range<usize>,
}

/// One dimension of a plan.
#[derive(Debug, Default)]
pub(super) struct Axis {
    /// Size of the output.
    pub(super) count: usize,
    pub(super) cells: Vec<Cell>,
    stretches: Vec<Stretch>,
    /// The superchunks, and their cells.
    superchunks: Vec<(u64, Range<usize>)>,
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "the output fits into memory, and a block does"
)]
impl Axis {
    fn new(wanted: Wanted<'_>, block: u64, per_superchunk: u64) -> Self {
        let mut axis = Self::default();
        match wanted {
            Wanted::Range { start, count, step } => {
                for (index, here) in cut(start, step, count, block) {
                    axis.push(index, block, step as usize, here as usize);
                }
            }
            Wanted::List(list) => {
                let run = |group: &[u64]| group.len();
                for group in list.chunk_by(|a, b| a + 1 == *b && b % block != 0) {
                    axis.push(group[0], block, 1, run(group));
                }
            }
        }
        for (number, cell) in axis.cells.iter().enumerate() {
            let superchunk = cell.block / per_superchunk;
            match axis.superchunks.last_mut() {
                Some((last, cells)) if *last == superchunk => cells.end = number + 1,
                _ => axis.superchunks.push((superchunk, number..number + 1)),
            }
        }
        axis
    }

    fn push(&mut self, index: u64, block: u64, step: usize, count: usize) {
        let stretch = Stretch {
            from: (index % block) as usize,
            step,
            to: self.count,
            count,
        };
        self.stretches.push(stretch);
        match self.cells.last_mut() {
            Some(cell) if cell.block == index / block => {
                cell.count += count;
                cell.stretches.end += 1;
            }
            _ => self.cells.push(Cell {
                block: index / block,
                to: self.count,
                count,
                stretches: self.stretches.len() - 1..self.stretches.len(),
            }),
        }
        self.count += count;
    }

    pub(super) fn stretches(&self, cell: usize) -> &[Stretch] {
        &self.stretches[self.cells[cell].stretches.clone()]
    }
}

/// Cuts `count` indices from `start`, `step` apart, where they cross a multiple of `size`: the first index
/// and the number of each piece.
pub(super) fn cut(
    start: u64,
    step: u64,
    count: u64,
    size: u64,
) -> impl Iterator<Item = (u64, u64)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        (done < count).then(|| {
            let index = start + done * step;
            let here = (size - index % size).div_ceil(step).min(count - done);
            done += here;
            (index, here)
        })
    })
}

/// A superchunk that is touched, and its cells along each dimension.
#[derive(Clone, Debug)]
pub(super) struct Touched {
    pub(super) index: Vec<u64>,
    pub(super) cells: Vec<Range<usize>>,
}

/// A selection of an array that is a product of what is asked along each dimension.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    pub(super) array: &'a Array,
    pub(super) axes: Vec<Axis>,
    kind: Kind,
}

/// How the blocks of a plan are found from their cells.
#[derive(Debug)]
enum Kind {
    /// Each axis is a dimension of the array.
    Grid {
        per_superchunk: Vec<u64>,
        strides: Vec<u64>,
    },
    /// There is one axis, and each of its cells is a block.
    Points(Points),
}

impl<'a> Plan<'a> {
    /// The plan of reading what is `wanted` of each dimension; all of it lies within the array.
    pub(crate) fn new(array: &'a Array, wanted: &[Wanted<'_>]) -> Self {
        let per_superchunk = array.layout().blocks_per_superchunk();
        let dims = wanted.iter().zip(array.layout().block());
        Self {
            array,
            axes: dims
                .zip(&per_superchunk)
                .map(|((wanted, block), per)| Axis::new(*wanted, *block, *per))
                .collect(),
            kind: Kind::Grid {
                strides: strides(&per_superchunk),
                per_superchunk,
            },
        }
    }

    /// For each point, sorted by superchunk and block, its number in `lists`, which hold the `count`
    /// coordinates along each dimension.
    pub(super) fn order_of_points(array: &Array, count: usize, lists: &[Vec<u64>]) -> Vec<usize> {
        points::order(array.layout(), count, lists)
    }

    /// The plan of reading points in the `order` of [`order_of_points`](Self::order_of_points).
    pub(super) fn points(array: &'a Array, lists: &[Vec<u64>], order: &[usize]) -> Self {
        let points = Points::new(array.layout(), lists, order);
        let cells = points.counts().scan(0, |to, count| {
            *to += count;
            Some(Cell {
                block: 0,
                to: *to - count,
                count,
                stretches: 0..0,
            })
        });
        let axis = Axis {
            count: order.len(),
            cells: cells.collect(),
            ..Axis::default()
        };
        Self {
            array,
            axes: vec![axis],
            kind: Kind::Points(points),
        }
    }

    /// What is asked of the block at `cells`, if it is points: where the first of them goes, and
    /// which elements of the block they are.
    pub(super) fn picked(&self, cells: &[usize]) -> Option<(usize, &[usize])> {
        match &self.kind {
            Kind::Grid { .. } => None,
            Kind::Points(points) => {
                let cell = &self.axes[0].cells[cells[0]];
                Some((cell.to, points.elements(cell.to..cell.to + cell.count)))
            }
        }
    }

    /// Shape of the output.
    pub(crate) fn shape(&self) -> impl Iterator<Item = usize> {
        self.axes.iter().map(|axis| axis.count)
    }

    /// Number of blocks, saturating.
    pub(super) fn blocks(&self) -> usize {
        let cells = self.axes.iter().map(|axis| axis.cells.len());
        cells.fold(1, usize::saturating_mul)
    }

    /// The superchunks in C order.
    pub(super) fn superchunks(&self) -> impl Iterator<Item = Touched> {
        let counts: Vec<u64> = match &self.kind {
            Kind::Grid { .. } => {
                let axes = self.axes.iter();
                axes.map(|axis| axis.superchunks.len() as u64).collect()
            }
            Kind::Points(points) => vec![points.superchunks.len() as u64],
        };
        Region::whole(&counts).indices().map(|numbers| {
            let at = |d: usize| usize::try_from(numbers[d]).unwrap_or(0);
            match &self.kind {
                Kind::Grid { .. } => {
                    let axes = self.axes.iter().enumerate();
                    let (index, cells) = axes
                        .map(|(d, axis)| axis.superchunks[at(d)].clone())
                        .unzip();
                    Touched { index, cells }
                }
                Kind::Points(points) => {
                    let (index, cells) = points.superchunks[at(0)].clone();
                    Touched {
                        index,
                        cells: vec![cells],
                    }
                }
            }
        })
    }

    /// Calls `f(position, cells)` for each block of `cells` in C order: its position in the index of
    /// its superchunk, and its cell along each dimension.
    ///
    /// # Errors
    /// The first one of `f`.
    pub(super) fn each_block<E>(
        &self,
        cells: &[Range<usize>],
        mut f: impl FnMut(usize, &[usize]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut at: Vec<usize> = cells.iter().map(|range| range.start).collect();
        if cells.iter().any(Range::is_empty) {
            return Ok(());
        }
        loop {
            f(self.position(&at), &at)?;
            let mut d = at.len();
            loop {
                if d == 0 {
                    return Ok(());
                }
                d -= 1;
                at[d] += 1;
                if at[d] < cells[d].end {
                    break;
                }
                at[d] = cells[d].start;
            }
        }
    }

    /// The elements of the block at `cells` from the first to the last that is asked; `strides` are
    /// those of a block.
    pub(super) fn span(&self, cells: &[usize], strides: &[usize]) -> Range<usize> {
        if let Some((_, elements)) = self.picked(cells) {
            let first = elements.iter().min().copied().unwrap_or(0);
            return first..elements.iter().max().map_or(0, |last| last + 1);
        }
        let (mut first, mut last) = (0, 0);
        for ((axis, &cell), stride) in self.axes.iter().zip(cells).zip(strides) {
            if let [begin, ..] = axis.stretches(cell)
                && let [.., end] = axis.stretches(cell)
            {
                first += begin.from * stride;
                last += (end.from + (end.count - 1) * end.step) * stride;
            }
        }
        first..last + 1
    }

    /// The index in the array of the block at `cells`.
    pub(super) fn block_index(&self, cells: &[usize]) -> Vec<u64> {
        match &self.kind {
            Kind::Grid { .. } => self.blocks_at(cells).collect(),
            Kind::Points(points) => points.blocks[cells[0]].index.clone(),
        }
    }

    fn blocks_at(&self, cells: &[usize]) -> impl Iterator<Item = u64> {
        let axes = self.axes.iter().zip(cells);
        axes.map(|(axis, &cell)| axis.cells[cell].block)
    }

    #[allow(
        clippy::cast_possible_truncation,
        reason = "a layout bounds the blocks of a superchunk"
    )]
    fn position(&self, cells: &[usize]) -> usize {
        match &self.kind {
            Kind::Grid {
                per_superchunk,
                strides,
            } => {
                let grid = per_superchunk.iter().zip(strides);
                let within = self.blocks_at(cells).zip(grid);
                within
                    .map(|(b, (per, stride))| b % per * stride)
                    .sum::<u64>() as usize
            }
            Kind::Points(points) => points.blocks[cells[0]].position,
        }
    }
}
