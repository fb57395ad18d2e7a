//! Arrays that are stored as one sequence of elements.

use std::ops::Range;

use ziggurat_codecs::dtype::DType;
use ziggurat_core::region::{Window, offset, runs};
use ziggurat_core::{Region, Result};

use super::input::{Description, Input};
use crate::source::npy::reverse_axes;

/// The elements of an array in the order in which they are stored, as they are stored.
pub(super) trait Sequence: Send + Sync {
    /// Some of them.
    fn read(&self, range: Range<u64>) -> Result<Vec<u8>>;
}

/// An array whose elements are a sequence: of a box all is read from its first to its last element, unless most
/// of that is beside it.
pub(super) struct Linear<S> {
    pub(super) place: String,
    pub(super) description: Description,
    /// The type with its byte order.
    pub(super) stored: DType,
    /// Whether the *first* dimension varies fastest.
    pub(super) fortran: bool,
    pub(super) sequence: S,
}

impl<S: Sequence> Input for Linear<S> {
    fn place(&self) -> &str {
        &self.place
    }

    fn description(&self) -> &Description {
        &self.description
    }

    fn read(&self, region: &Region) -> Result<Vec<u8>> {
        let shape = &self.description.shape;
        let mut bytes = if self.fortran {
            // Fortran order is C order of the reversed dimensions.
            let reversed = |v: &[u64]| v.iter().rev().copied().collect::<Vec<u64>>();
            let stored = Region::new(reversed(&region.start), reversed(&region.shape));
            let bytes = self.read_box(&reversed(shape), &stored)?;
            reverse_axes(&bytes, self.stored.size(), &region.shape)
        } else {
            self.read_box(shape, region)?
        };
        self.stored.swap_to_native(&mut bytes);
        Ok(bytes)
    }
}

impl<S: Sequence> Linear<S> {
    /// The elements of `region` of the C-order array of `shape`.
    fn read_box(&self, shape: &[u64], region: &Region) -> Result<Vec<u8>> {
        if region.is_empty() {
            return Ok(Vec::new());
        }
        let last: Vec<u64> = (0..region.rank()).map(|d| region.end(d) - 1).collect();
        let first = offset(&region.start, shape);
        let span = first..offset(&last, shape) + 1;
        let length = span.end - span.start;
        let long = region.shape.iter().position(|&n| n > 1);
        if let Some(d) = long.filter(|_| length / 4 > region.len()) {
            let mut out = Vec::new();
            for i in region.start[d]..region.end(d) {
                let mut part = region.clone();
                (part.start[d], part.shape[d]) = (i, 1);
                out.extend(self.read_box(shape, &part)?);
            }
            return Ok(out);
        }
        let whole = length == region.len();
        let bytes = self.sequence.read(span)?;
        if whole {
            return Ok(bytes);
        }
        // The box is within the span, and the span in memory.
        let size = self.stored.size();
        let first = usize::try_from(first).unwrap_or(usize::MAX);
        let mut out = vec![0; usize::try_from(region.len()).unwrap_or(0) * size];
        let from = Window {
            shape,
            start: &region.start,
        };
        let to = Window {
            shape: &region.shape,
            start: &vec![0; shape.len()],
        };
        runs(&region.shape, from, to, |at, to, count| {
            let from = &bytes[(at - first) * size..][..count * size];
            out[to * size..][..count * size].copy_from_slice(from);
        });
        Ok(out)
    }
}
