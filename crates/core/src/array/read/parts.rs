//! Blocks of which parts are decoded alone: which of them a selection touches, and what is read for that.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::Ordering;

use super::Reading;
use super::fetch::{Span, coalesce};
use super::plan::{Plan, Stretch, cut};
use crate::array::ReadOptions;
use crate::codec::scratch::with_bytes;
use crate::codec::{Located, Parted, extension};
use crate::region::{Region, offset};
use crate::{Error, Result};

/// The parts of one block that are wanted, where that is not all.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    codec: &'a dyn Parted,
    /// What is wanted of each.
    wanted: Vec<Region>,
    /// How many the block has.
    of: u64,
}

impl Parts<'_> {
    /// How many bytes of an encoded block of `length` are read first: those that say where its parts
    /// lie, or all if that is at most `near` bytes more or most parts are wanted.
    pub(super) fn first(&self, length: u64, near: u64) -> u64 {
        let front = length.min(self.codec.front() as u64);
        let most = self.wanted.len() as u64 > self.of / 2;
        match most || length - front <= near {
            true => length,
            false => front,
        }
    }

    /// Where they lie in an encoded block of `length` bytes that begins with `bytes`.
    pub(super) fn locate(
        &self,
        place: &str,
        bytes: &[u8],
        length: u64,
    ) -> Result<Box<dyn Located>> {
        extension::locate(self.codec, bytes, length, &self.wanted).map_err(|e| e.at(place))
    }
}

/// What has to be read for parts of the encoded block that begins at `offset`.
pub(super) fn spans(
    place: &str,
    located: &dyn Located,
    offset: u64,
    options: &ReadOptions,
) -> Result<Vec<Span>> {
    let extents = located.extents().iter().enumerate();
    let wanted = extents
        .filter(|(_, extent)| !extent.is_empty())
        .map(|(n, extent)| (offset + extent.start, extent.end - extent.start, n));
    coalesce(place, wanted.collect(), options)
}

impl<'a> Reading<'a, '_> {
    /// The parts of the block at `cells` that are wanted; `None` if it is decoded whole.
    pub(super) fn parts(&self, cells: &[usize]) -> Option<Parts<'a>> {
        let codec = self.parted?;
        let block = self.plan.array.layout().block();
        let grid: Vec<u64> = block
            .iter()
            .zip(codec.shape())
            .map(|(b, p)| b.div_ceil(*p))
            .collect();
        let of = grid.iter().product();
        let wanted = match self.plan.picked(cells) {
            Some((_, elements)) => around(elements, block, codec.shape(), &grid),
            None => boxes(self.plan, cells, codec.shape(), of)?,
        };
        ((wanted.len() as u64) < of).then_some(Parts { codec, wanted, of })
    }

    /// Decodes parts of the block at `cells`, each from one of `pieces`, and puts what is asked of them
    /// into the output.
    pub(super) fn place_parts(
        &self,
        cells: &[usize],
        located: Box<dyn Located>,
        pieces: &[impl AsRef<[u8]>],
    ) -> Result<()> {
        self.stored.store(true, Ordering::Relaxed);
        // Close together, what is taken of a block stays in the cache.
        let within = self.around(cells);
        // Not longer than a block.
        let count = usize::try_from(within.len()).unwrap_or(usize::MAX);
        with_bytes(count * self.plan.array.element().size(), |elements| {
            extension::decode(located, pieces, &within, elements)?;
            self.output.place_box(self.plan, cells, elements, &within);
            Ok(())
        })
        .map_err(|e: Error| e.at(&self.place))
    }

    /// The box, in indices of the block at `cells`, around what is wanted of it; of single elements the
    /// block.
    fn around(&self, cells: &[usize]) -> Region {
        if self.plan.picked(cells).is_some() {
            return Region::whole(self.plan.array.layout().block());
        }
        let axes = self.plan.axes.iter().zip(cells);
        let (start, shape): (Vec<u64>, Vec<u64>) = axes
            .map(|(axis, &cell)| {
                let stretches = axis.stretches(cell);
                let last = |s: &Stretch| s.from + (s.count - 1) * s.step;
                let first = stretches.iter().map(|s| s.from).min().unwrap_or(0);
                let last = stretches.iter().map(last).max().unwrap_or(0);
                (first as u64, (last - first) as u64 + 1)
            })
            .unzip();
        Region::new(start, shape)
    }
}

/// Of each part that holds any of the `elements` of a block the box around them.
fn around(elements: &[usize], block: &[u64], part: &[u64], grid: &[u64]) -> Vec<Region> {
    let mut found: BTreeMap<u64, (Vec<u64>, Vec<u64>)> = BTreeMap::new();
    let mut index = vec![0; block.len()];
    for element in elements {
        let mut rest = *element as u64;
        for (i, size) in index.iter_mut().zip(block).rev() {
            (*i, rest) = (rest % size, rest / size);
        }
        let cell: Vec<u64> = index.iter().zip(part).map(|(i, p)| i / p).collect();
        let corners = found.entry(offset(&cell, grid));
        let (first, last) = corners.or_insert_with(|| (index.clone(), index.clone()));
        for (d, i) in index.iter().enumerate() {
            first[d] = first[d].min(*i);
            last[d] = last[d].max(*i);
        }
    }
    let boxed = |(first, last): (Vec<u64>, Vec<u64>)| {
        let shape: Vec<u64> = first.iter().zip(&last).map(|(a, b)| b - a + 1).collect();
        Region::new(first, shape)
    };
    found.into_values().map(boxed).collect()
}

/// Of each part that a product of stretches touches the box around what it touches; `None` if that is
/// all `of` them.
fn boxes(plan: &Plan<'_>, cells: &[usize], part: &[u64], of: u64) -> Option<Vec<Region>> {
    let axes = plan.axes.iter().zip(cells).zip(part);
    let touched: Vec<Vec<Range<u64>>> = axes
        .map(|((axis, &cell), &size)| touched(axis.stretches(cell), size))
        .collect();
    let counts: Vec<u64> = touched.iter().map(|ranges| ranges.len() as u64).collect();
    let all = Region::whole(&counts);
    if all.len() == of {
        return None;
    }
    let boxed = |at: Vec<u64>| {
        let ranges = touched.iter().zip(at);
        // Each is an index of a vector.
        let ranges = ranges.map(|(ranges, n)| &ranges[usize::try_from(n).unwrap_or(0)]);
        let (start, shape): (Vec<u64>, Vec<u64>) =
            ranges.map(|r| (r.start, r.end - r.start)).unzip();
        Region::new(start, shape)
    };
    Some(all.indices().map(boxed).collect())
}

/// Along one dimension, for each part of `size` that is touched, from the first to the last index.
fn touched(stretches: &[Stretch], size: u64) -> Vec<Range<u64>> {
    let mut found: Vec<Range<u64>> = Vec::new();
    for stretch in stretches {
        let step = stretch.step as u64;
        for (index, count) in cut(stretch.from as u64, step, stretch.count as u64, size) {
            let end = index + (count - 1) * step + 1;
            match found.last_mut() {
                Some(last) if last.start / size == index / size => last.end = end,
                _ => found.push(index..end),
            }
        }
    }
    found
}
