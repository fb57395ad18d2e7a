//! One block that is held: its elements, and which of them were written.

use bytes::Bytes;

use crate::array::repeat;
use crate::region::{Window, copy, runs};
use crate::{Array, Region, Result};

/// A block in memory.
#[derive(Debug)]
pub(super) enum Block {
    /// Elements, of which some were written.
    Open(Open),
    /// All of it, encoded; `None`: all fill.
    Encoded(Option<Bytes>),
}

impl Block {
    /// Bytes of memory.
    pub(super) fn held(&self) -> usize {
        match self {
            Self::Open(open) => open.held(),
            Self::Encoded(bytes) => bytes.as_ref().map_or(0, Bytes::len),
        }
    }

    /// Copies what was written of the block of `cell` into `out`, the elements of `region`.
    pub(super) fn copy(
        &self,
        array: &Array,
        cell: &Region,
        region: &Region,
        out: &mut [u8],
    ) -> Result<()> {
        let size = array.element().size();
        let inside = region.intersect(&Region::whole(array.shape()));
        let Some(part) = inside.and_then(|inside| inside.intersect(cell)) else {
            return Ok(());
        };
        let from = part.relative_to(&cell.start).start;
        let to = part.relative_to(&region.start).start;
        let from = Window {
            shape: &cell.shape,
            start: &from,
        };
        let to = Window {
            shape: &region.shape,
            start: &to,
        };
        match self {
            Self::Open(open) => runs(&part.shape, from, to, |a, b, n| {
                open.runs(a, n, |first, n| {
                    let (a, b) = (first * size, (b + first - a) * size);
                    out[b..b + n * size].copy_from_slice(&open.elements[a..a + n * size]);
                });
            }),
            Self::Encoded(encoded) => {
                let elements = decode(array, encoded.as_ref(), Vec::new())?;
                copy(&part.shape, size, &elements, from, out, to);
            }
        }
        Ok(())
    }
}

/// The elements of an encoded block, or fill values, in memory that may have been used before.
pub(super) fn decode(
    array: &Array,
    encoded: Option<&Bytes>,
    mut memory: Vec<u8>,
) -> Result<Vec<u8>> {
    memory.resize(array.codec().decoded_size(), 0);
    match encoded {
        Some(bytes) => array
            .codec()
            .decode_into(&array.place(), bytes, &mut memory)?,
        None => repeat(&array.metadata().fill, &mut memory),
    }
    Ok(memory)
}

/// A decoded block.
#[derive(Debug)]
pub(super) struct Open {
    /// What was not written is the fill value.
    pub(super) elements: Vec<u8>,
    /// One bit for each element.
    written: Vec<u64>,
    length: usize,
    /// How many were written.
    pub(super) count: usize,
    /// Whether that is all that can be expected.
    pub(super) complete: bool,
}

impl Open {
    /// A block of `length` elements, none of them written.
    pub(super) fn new(elements: Vec<u8>, length: usize) -> Self {
        Self {
            elements,
            written: vec![0; length.div_ceil(64)],
            length,
            count: 0,
            complete: false,
        }
    }

    /// Whether every element was written.
    pub(super) fn is_full(&self) -> bool {
        self.count == self.length
    }

    /// Notes that `n` elements from `at` were written.
    pub(super) fn mark(&mut self, at: usize, n: usize) {
        for (word, bits) in words(at, n) {
            self.count += (bits & !self.written[word]).count_ones() as usize;
            self.written[word] |= bits;
        }
    }

    /// Calls `f(first, count)` for the runs of written elements among `n` from `at`.
    pub(super) fn runs(&self, at: usize, n: usize, mut f: impl FnMut(usize, usize)) {
        if words(at, n).all(|(word, bits)| self.written[word] & bits == bits) {
            return f(at, n);
        }
        let is_written = |i: &usize| self.written[i / 64] >> (i % 64) & 1 == 1;
        let mut next = at;
        while let Some(first) = (next..at + n).find(is_written) {
            next = (first..at + n).find(|i| !is_written(i)).unwrap_or(at + n);
            f(first, next - first);
        }
    }

    /// Bytes of memory.
    pub(super) fn held(&self) -> usize {
        self.elements.len() + self.written.len() * 8
    }
}

/// The words that hold the bits of `n` elements from `at`, with those bits set.
fn words(at: usize, n: usize) -> impl Iterator<Item = (usize, u64)> {
    let end = at + n;
    let bits = move |word: usize| {
        let first = at.max(word * 64) - word * 64;
        let last = end.min(word * 64 + 64) - word * 64;
        (u64::MAX >> (64 - (last - first))) << first
    };
    (at / 64..end.div_ceil(64)).map(move |word| (word, bits(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_runs_agree_bit_by_bit() {
        for (at, n) in [
            (0, 1),
            (3, 61),
            (3, 62),
            (60, 10),
            (64, 64),
            (0, 200),
            (130, 70),
        ] {
            let mut open = Open::new(Vec::new(), 200);
            open.mark(at, n);
            open.mark(at + n / 2, n - n / 2);
            assert_eq!(open.count, n);
            let mut seen = Vec::new();
            open.runs(0, 200, |first, count| seen.push((first, count)));
            assert_eq!(seen, [(at, n)]);
        }
    }
}
