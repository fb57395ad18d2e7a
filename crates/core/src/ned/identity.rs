//! Which events are one.

/// Says whether ticks stand for the same event.
///
/// Ticks are divided into cells of `tolerance + 1`, of which one has tick 0 in its middle. Events of one
/// cell are the same: they differ by the tolerance at most. So sameness is transitive and knows no
/// order of arrival, which "within the tolerance of an event that is there" does: of 0, 8
/// and 16, tolerance 10, that keeps 0 and 16, or 8 alone. The price is that near events
/// on two sides of a border are two. Source: `spec/ned.md`, N18 to N20.
///
/// ```
/// use ziggurat_core::ned::Identity;
/// let second = Identity::within(999);
/// assert_eq!(second.cell(60_000), 59_501..=60_500);
/// assert_eq!(Identity::within(0).cell(5), 5..=5, "the default");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Identity {
    tolerance: u64,
}

impl Identity {
    /// That of cells of `tolerance + 1` ticks.
    #[must_use]
    pub const fn within(tolerance: u64) -> Self {
        Self { tolerance }
    }

    /// The largest distance of ticks that stand for the same event.
    #[must_use]
    pub const fn tolerance(self) -> u64 {
        self.tolerance
    }

    /// All ticks that stand for the same event as `tick`.
    #[must_use]
    pub fn cell(self, tick: i64) -> std::ops::RangeInclusive<i64> {
        let (length, below) = (
            i128::from(self.tolerance) + 1,
            i128::from(self.tolerance / 2),
        );
        let first = (i128::from(tick) + below).div_euclid(length) * length - below;
        // Cells at the ends of the axis are cut off.
        let clipped = |t: i128, end| i64::try_from(t).unwrap_or(end);
        clipped(first, i64::MIN)..=clipped(first + length - 1, i64::MAX)
    }
}
