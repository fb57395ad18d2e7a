//! One block that is held: its elements, and which of them were written.

use bytes::Bytes;

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
}

/// A decoded block.
#[derive(Debug)]
pub(super) struct Open {
    /// What was not written is the fill value.
    pub(super) elements: Vec<u8>,
    /// One bit for each element.
    written: Vec<u64>,
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
            count: 0,
            complete: false,
        }
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
        for (at, n) in [(0, 1), (3, 61), (3, 62), (60, 10), (64, 64), (0, 200), (130, 70)] {
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
