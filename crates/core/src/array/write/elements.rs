//! Blocks out of the caller's array.

use super::Source;
use crate::region::{Window, copy, offset, runs};
use crate::{Array, Region, Result};

/// The elements of a region.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Values<'a> {
    /// All of them in C order.
    Each(&'a [u8]),
    /// One that stands everywhere.
    All(&'a [u8]),
}

/// Blocks in which the elements of a region are replaced.
#[derive(Debug)]
pub(crate) struct Elements<'a> {
    array: &'a Array,
    place: String,
    region: &'a Region,
    values: Values<'a>,
    /// Whether a block that lies within the region is one run of its elements.
    contiguous: bool,
    erases: bool,
}

impl<'a> Elements<'a> {
    pub(crate) fn new(array: &'a Array, region: &'a Region, values: Values<'a>) -> Self {
        let block = array.layout().block();
        let first = block.iter().position(|&n| n > 1).unwrap_or(block.len());
        Self {
            array,
            place: array.place(),
            region,
            values,
            contiguous: (first + 1..block.len()).all(|d| block[d] == region.shape[d]),
            erases: matches!(values, Values::All(value) if value == array.metadata().fill),
        }
    }

    /// The elements of `cell`, a block, where they lie side by side.
    fn run(&self, cell: &Region) -> Option<&'a [u8]> {
        let Values::Each(bytes) = self.values else {
            return None;
        };
        if !self.contiguous || !self.region.contains(cell) {
            return None;
        }
        let first = cell.relative_to(&self.region.start).start;
        let at = usize::try_from(offset(&first, &self.region.shape)).ok()?;
        let size = self.array.element().size();
        bytes
            .get(at * size..)?
            .get(..self.array.codec().decoded_size())
    }

    /// Puts the elements of `part` of the region into `block`, which is that of `cell`.
    fn copy(&self, part: &Region, cell: &Region, block: &mut [u8]) {
        let from = part.relative_to(&self.region.start).start;
        let to = part.relative_to(&cell.start).start;
        let from = Window {
            shape: &self.region.shape,
            start: &from,
        };
        let to = Window {
            shape: &cell.shape,
            start: &to,
        };
        let size = self.array.element().size();
        match self.values {
            Values::Each(bytes) => copy(&part.shape, size, bytes, from, block, to),
            Values::All(value) => runs(&part.shape, to, to, |_, at, n| {
                repeat(value, &mut block[at * size..(at + n) * size]);
            }),
        }
    }
}

impl Source for Elements<'_> {
    fn replaces(&self, index: &[u64]) -> bool {
        let cell = Region::of_cell(index, self.array.layout().block());
        self.region.contains(&cell)
    }

    fn encode(
        &self,
        index: &[u64],
        old: Option<&[u8]>,
        scratch: &mut Vec<u8>,
        out: &mut Vec<u8>,
    ) -> Result<bool> {
        let codec = self.array.codec();
        let cell = Region::of_cell(index, self.array.layout().block());
        if let Some(run) = self.run(&cell) {
            return codec.encode_into(&self.place, run, out);
        }
        if self.erases && (old.is_none() || self.region.contains(&cell)) {
            return Ok(false);
        }
        let Some(part) = cell.intersect(self.region) else {
            return Ok(false);
        };
        scratch.resize(codec.decoded_size(), 0);
        match old {
            _ if part == cell => {}
            Some(old) => codec.decode_into(&self.place, old, scratch)?,
            None => repeat(&self.array.metadata().fill, scratch),
        }
        self.copy(&part, &cell, scratch);
        codec.encode_into(&self.place, scratch, out)
    }
}

/// Fills `out` with `element`.
pub(crate) fn repeat(element: &[u8], out: &mut [u8]) {
    if element.iter().all(|byte| *byte == element[0]) {
        out.fill(element[0]);
    } else {
        out.chunks_exact_mut(element.len())
            .for_each(|place| place.copy_from_slice(element));
    }
}
