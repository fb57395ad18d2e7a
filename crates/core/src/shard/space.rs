//! Room between the blocks of a superchunk.

use std::ops::Range;

use super::ShardIndex;

/// The bytes of an object that no block takes, before its index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Space {
    /// Neither empty nor touching, in order.
    gaps: Vec<Range<u64>>,
    end: u64,
}

impl Space {
    /// The room that the blocks of `index` leave below `end`; `None` if they do not lie there.
    pub(crate) fn of(index: &ShardIndex, end: u64) -> Option<Self> {
        let mut blocks: Vec<(u64, u64)> = index.entries().iter().copied().flatten().collect();
        blocks.sort_unstable();
        let mut gaps = Vec::new();
        let mut free = 0;
        for (offset, length) in blocks {
            if offset > free {
                gaps.push(free..offset);
            }
            free = free.max(offset.checked_add(length)?);
        }
        if free < end {
            gaps.push(free..end);
        }
        (free <= end).then_some(Self { gaps, end })
    }

    /// Takes `length` bytes out of the smallest gap that has them, as far as possible with `spare`
    /// bytes of it left free before them, and returns where they begin.
    pub(crate) fn take(&mut self, length: u64, spare: u64) -> Option<u64> {
        let room = |gap: &Range<u64>| gap.end - gap.start;
        let best = (0..self.gaps.len())
            .filter(|&i| room(&self.gaps[i]) >= length)
            .min_by_key(|&i| room(&self.gaps[i]))?;
        let gap = self.gaps[best].clone();
        let at = gap.start + spare.min(room(&gap) - length);
        let left = [gap.start..at, at + length..gap.end];
        self.gaps
            .splice(best..=best, left.into_iter().filter(|g| !g.is_empty()));
        Some(at)
    }

    /// Adds the bytes up to `end`.
    pub(crate) fn extend(&mut self, end: u64) {
        match self.gaps.last_mut() {
            Some(last) if last.end == self.end => last.end = end,
            _ => self.gaps.push(self.end..end),
        }
        self.end = end;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_smallest_gap_that_fits_is_taken() {
        let index = ShardIndex::new(vec![Some((30, 10)), None, Some((10, 10)), Some((45, 5))]);
        let mut space = Space::of(&index, 100).unwrap();
        assert_eq!(space.gaps, [0..10, 20..30, 40..45, 50..100]);
        assert_eq!(space.take(5, 3), Some(40), "no room to spare");
        assert_eq!(space.take(8, 1), Some(1));
        assert_eq!(space.gaps, [0..1, 9..10, 20..30, 50..100]);
        assert_eq!(space.take(51, 0), None);
        space.extend(101);
        assert_eq!(space.take(51, 0), Some(50));
        assert_eq!(Space::of(&index, 49), None);
    }

    proptest! {
        #[test]
        fn what_is_taken_was_free(
            blocks in prop::collection::vec(prop::option::of((0..200u64, 0..30u64)), 0..9),
            wanted in prop::collection::vec((0..40u64, 0..5u64), 1..9),
        ) {
            let index = ShardIndex::new(blocks.clone());
            let mut space = Space::of(&index, 300).unwrap();
            let mut live: Vec<Range<u64>> = blocks.into_iter().flatten().map(|(o, n)| o..o + n).collect();
            for (length, spare) in wanted {
                if let Some(at) = space.take(length, spare) {
                    let taken = at..at + length;
                    prop_assert!(taken.end <= 300);
                    for other in &live {
                        prop_assert!(taken.is_empty() || other.is_empty()
                            || taken.end <= other.start || other.end <= taken.start);
                    }
                    live.push(taken);
                }
            }
        }
    }
}
