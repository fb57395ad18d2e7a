//! Dyadic ranges of ticks.

use std::fmt;

/// The ticks of `[k 2^z, (k + 1) 2^z)`, where `z`, the zoom, is at most 64.
///
/// Two ranges are disjoint, or one holds the other. That of zoom 64 holds all ticks; it starts at the
/// smallest one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Range {
    /// A multiple of `2^zoom` above the smallest tick.
    start: i64,
    zoom: u8,
}

/// The zoom of the range that holds everything.
const ALL: u8 = 64;

impl Range {
    /// The range of `zoom` that holds `tick`; `None` for a zoom above 64.
    #[must_use]
    pub fn of(tick: i64, zoom: u8) -> Option<Self> {
        let start = match zoom {
            0..ALL => tick >> zoom << zoom,
            ALL => i64::MIN,
            _ => return None,
        };
        Some(Self { start, zoom })
    }

    /// The smallest range that holds the ticks from `first` to `last`; `None` if they are not in order.
    ///
    /// ```
    /// use ziggurat_core::ned::Range;
    /// let range = Range::holding(5, 6).ok_or("not in order")?;
    /// assert_eq!((range.start(), range.zoom()), (4, 2));
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub fn holding(first: i64, last: i64) -> Option<Self> {
        // Ticks share a range of zoom z if they differ in their z lowest bits alone.
        let zoom = u64::BITS - (first ^ last).leading_zeros();
        (first <= last).then(|| Self::of(first, u8::try_from(zoom).ok()?))?
    }

    /// The range of `zoom` that starts at `start`; `None` if there is none.
    #[must_use]
    pub fn new(start: i64, zoom: u8) -> Option<Self> {
        Self::of(start, zoom).filter(|range| range.start == start)
    }

    /// The smallest range that holds both.
    #[must_use]
    pub fn joined(self, other: Self) -> Self {
        let first = self.start.min(other.start);
        let last = self.last().max(other.last());
        // `first` is not after `last`.
        Self::holding(first, last).unwrap_or(self)
    }

    /// Its first tick.
    #[must_use]
    pub fn start(self) -> i64 {
        self.start
    }

    /// Its last tick.
    #[must_use]
    pub fn last(self) -> i64 {
        let ones = match self.zoom {
            0 => 0,
            zoom => u64::MAX >> (ALL - zoom),
        };
        self.start.wrapping_add_unsigned(ones)
    }

    /// The tick after its last one, which may be beyond 64 bits.
    #[must_use]
    pub fn stop(self) -> i128 {
        i128::from(self.last()) + 1
    }

    /// The binary logarithm of its length.
    #[must_use]
    pub fn zoom(self) -> u8 {
        self.zoom
    }

    /// Whether `tick` lies in it.
    #[must_use]
    pub fn contains(self, tick: i64) -> bool {
        (self.start..=self.last()).contains(&tick)
    }

    /// Whether any tick of `[start, stop)` lies in it.
    #[must_use]
    pub fn meets(self, start: i64, stop: i64) -> bool {
        start < stop && start <= self.last() && self.start < stop
    }

    /// Ticks from its start to `tick`, which lies in it.
    pub(super) fn offset(self, tick: i64) -> u64 {
        tick.wrapping_sub(self.start).cast_unsigned()
    }

    /// The tick `offset` after its start; the last one, if that is beyond it.
    pub(super) fn tick(self, offset: u64) -> i64 {
        let longest = self.offset(self.last());
        self.start.wrapping_add_unsigned(offset.min(longest))
    }

    /// The coordinate, in ticks, of the parameter `p`: `start + p (stop - start)`.
    ///
    /// The range from 2 to 3 and the parameter 0.1 give 2.1:
    /// ```
    /// use ziggurat_core::ned::Range;
    /// let range = Range::new(2, 0).ok_or("no such range")?;
    /// assert_eq!((range.start(), range.stop()), (2, 3));
    /// assert_eq!(range.coordinate(0.1), 2.1);
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "a coordinate in floating point is approximate"
    )]
    pub fn coordinate(self, p: f64) -> f64 {
        self.start as f64 + p * f64::from(self.zoom).exp2()
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}, {})", self.start, self.stop())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_tick_has_zoom_zero_and_all_ticks_zoom_64() {
        let one = Range::holding(-7, -7).unwrap();
        assert_eq!((one.start(), one.stop(), one.zoom()), (-7, -6, 0));
        let all = Range::holding(-1, 0).unwrap();
        assert_eq!(
            (all.start(), all.last(), all.zoom()),
            (i64::MIN, i64::MAX, 64)
        );
        assert_eq!(all.stop(), 1 << 63);
        assert_eq!(Range::holding(1, 0), None);
        assert_eq!(Range::of(0, 65), None);
        assert_eq!(Range::new(2, 2), None);
    }

    #[test]
    fn intervals_meet_ranges_half_open() {
        let range = Range::new(8, 3).unwrap();
        assert!(range.meets(15, 16) && range.meets(0, 9) && range.meets(i64::MIN, i64::MAX));
        assert!(!range.meets(0, 8) && !range.meets(16, 20) && !range.meets(9, 9));
    }

    proptest! {
        #[test]
        fn the_smallest_range_is_found(a: i64, b: i64) {
            let (first, last) = (a.min(b), a.max(b));
            let range = Range::holding(first, last).unwrap();
            prop_assert!(range.contains(first) && range.contains(last));
            if range.zoom() > 0 {
                let half = Range::of(first, range.zoom() - 1).unwrap();
                prop_assert!(!half.contains(last));
                prop_assert!(range.contains(half.start()) && range.contains(half.last()));
            }
        }

        #[test]
        fn ranges_nest(a: i64, b: i64, y in 0..=64_u8, z in 0..=64_u8) {
            let (one, other) = (Range::of(a, y).unwrap(), Range::of(b, z).unwrap());
            let (small, large) = if y <= z { (one, other) } else { (other, one) };
            let first = large.contains(small.start());
            prop_assert_eq!(first, large.contains(small.last()));
            let joined = one.joined(other);
            for tick in [one.start(), one.last(), other.start(), other.last()] {
                prop_assert!(joined.contains(tick));
            }
        }

        #[test]
        fn offsets_lead_back(tick: i64, zoom in 0..=64_u8) {
            let range = Range::of(tick, zoom).unwrap();
            prop_assert_eq!(range.tick(range.offset(tick)), tick);
            prop_assert_eq!(range.tick(u64::MAX), range.last());
        }
    }
}
