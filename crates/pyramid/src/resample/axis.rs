//! Which source cells make a target cell, along one axis.

use std::ops::Range;

use super::Method;

/// Positions beyond this are not exact in `f64`.
const EXACT: f64 = 9_007_199_254_740_992.0;
/// Slack, in cells, for positions that were computed from coordinates.
const SLACK: f64 = 1e-9;
/// Square root of the weight, in cells, below which two axes together count as nothing.
///
/// Grids that coincide but for rounding must not fill a missing cell from its neighbour.
const LEAST: f64 = 0.003;

/// The map from the cells of a target axis to weighted cells of a source axis.
///
/// Positions are in cell-corner units: source cell `k` covers `[k, k + 1)` and target cell `i`
/// covers `[start + i * step, start + (i + 1) * step)`; a negative step runs backwards. When
/// downsampling (`|step| > 1`) the kernels of [`Method::Bilinear`] and [`Method::Cubic`] widen by
/// the step, as those of GDAL's warper do. Weights of cells beyond the source are dropped and the
/// rest renormalised. A target cell whose centre lies outside the source (for [`Method::Area`]: that
/// does not overlap it) has no taps, and so is missing; so are all if the step is 0 or not finite.
///
/// Memory: one index and one weight per tap, that is about 1 to 4 times the larger of the target
/// count and the number of source cells covered.
///
/// ```
/// use ziggurat_pyramid::resample::{AxisMap, Method};
/// // 360 columns from 0 to 360 degrees, seen as 40 columns from -20 to 20 degrees.
/// let map = AxisMap::new(360, -20.0, 1.0, 40, Method::Nearest, true);
/// assert_eq!(map.source_ranges(), [0..20, 340..360]);
/// assert_eq!(map.taps(0).collect::<Vec<_>>(), [(340, 1.0)]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct AxisMap {
    ranges: Vec<Range<u64>>,
    /// Taps of target `i` are `ends[i - 1]..ends[i]`.
    ends: Vec<usize>,
    /// Positions in the concatenated source ranges.
    positions: Vec<usize>,
    /// Not normalised: whole cells weigh 1, so that means of integers are exact.
    weights: Vec<f64>,
    /// Weight that must remain for a target not to be missing; multiplied over both axes.
    least: Vec<f64>,
}

impl AxisMap {
    /// The map of `count` target cells onto `source_size` source cells; on a `periodic` axis source
    /// cell `source_size` is cell 0 again.
    #[must_use]
    pub fn new(
        source_size: u64,
        start: f64,
        step: f64,
        count: u64,
        method: Method,
        periodic: bool,
    ) -> Self {
        let mut runs = Vec::new();
        for i in 0..count {
            runs.push(Run::new(source_size, start, step, i, method, periodic));
        }
        let ranges = covered(&runs, source_size);
        let mut map = Self {
            ranges,
            ends: Vec::with_capacity(runs.len()),
            positions: Vec::new(),
            weights: Vec::new(),
            least: Vec::with_capacity(runs.len()),
        };
        for run in runs {
            let mut total = 0.0;
            for (k, weight) in (run.first..).zip(run.weights) {
                if weight != 0.0 {
                    map.positions.push(map.position(wrap(k, source_size)));
                    map.weights.push(weight);
                    total += weight;
                }
            }
            map.ends.push(map.weights.len());
            map.least.push(match method {
                // Less than a quarter left in 2-D: the negative lobes would extrapolate wildly.
                Method::Cubic => total / 2.0,
                _ => LEAST,
            });
        }
        map
    }

    /// The map of an axis of `size` cells onto itself.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "0 and 1 are exact")]
    pub fn identity(size: u64) -> Self {
        Self::new(size, 0.0, 1.0, size, Method::Nearest, false)
    }

    /// Number of target cells.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are no target cells.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The source indices that are needed, ascending and disjoint: none if no target cell has taps,
    /// two where the target wraps around a periodic axis, else one.
    ///
    /// The input of [`resample`](super::resample) is these ranges, one after the other.
    #[must_use]
    pub fn source_ranges(&self) -> &[Range<u64>] {
        &self.ranges
    }

    /// The smallest single range that holds all [`source_ranges`](Self::source_ranges).
    #[must_use]
    pub fn source_range(&self) -> Option<Range<u64>> {
        Some(self.ranges.first()?.start..self.ranges.last()?.end)
    }

    /// Number of source cells in [`source_ranges`](Self::source_ranges).
    #[must_use]
    pub fn source_len(&self) -> u64 {
        self.ranges.iter().map(|r| r.end - r.start).sum()
    }

    /// Source index and weight of each tap of `target`; the weights add up to 1.
    ///
    /// # Panics
    /// If there is no such target cell.
    pub fn taps(&self, target: usize) -> impl Iterator<Item = (u64, f64)> {
        let total: f64 = self.weighted(target).map(|(_, w)| w).sum();
        self.weighted(target)
            .map(move |(p, w)| (self.source_index(p), w / total))
    }

    /// Position in the input and weight, not normalised, of each tap of `target`.
    pub(super) fn weighted(&self, target: usize) -> impl Iterator<Item = (usize, f64)> {
        let range = self.range(target);
        self.positions[range.clone()]
            .iter()
            .copied()
            .zip(self.weights[range].iter().copied())
    }

    /// Weight that must remain for `target` not to be missing; multiplied over both axes.
    pub(super) fn least(&self, target: usize) -> f64 {
        self.least[target]
    }

    /// Whether every target cell is one source cell, or none.
    pub(super) fn is_selection(&self) -> bool {
        (0..self.len()).all(|i| self.range(i).len() <= 1)
    }

    fn range(&self, target: usize) -> Range<usize> {
        let start = target.checked_sub(1).map_or(0, |before| self.ends[before]);
        start..self.ends[target]
    }

    /// Where source cell `index` lies in the concatenated ranges.
    #[allow(
        clippy::cast_possible_truncation,
        reason = "positions index memory that exists"
    )]
    fn position(&self, index: u64) -> usize {
        let mut before = 0;
        for range in &self.ranges {
            if range.contains(&index) {
                return (before + index - range.start) as usize;
            }
            before += range.end - range.start;
        }
        before as usize
    }

    /// The inverse of [`position`](Self::position).
    fn source_index(&self, position: usize) -> u64 {
        let mut left = position as u64;
        for range in &self.ranges {
            let len = range.end - range.start;
            if left < len {
                return range.start + left;
            }
            left -= len;
        }
        left
    }
}

/// The taps of one target cell: consecutive cells, on a periodic axis counted through.
struct Run {
    first: i64,
    weights: Vec<f64>,
}

impl Run {
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        reason = "positions are checked to be exact"
    )]
    fn new(size: u64, start: f64, step: f64, i: u64, method: Method, periodic: bool) -> Self {
        let none = Self {
            first: 0,
            weights: Vec::new(),
        };
        let (a, b) = (start + i as f64 * step, start + (i + 1) as f64 * step);
        let (low, high) = (a.min(b), a.max(b));
        let centre = f64::midpoint(low, high);
        // More than one turn of a periodic axis is the whole of it.
        let half = size as f64 / 2.0;
        let (low, high) = if periodic && high - low > size as f64 {
            (centre - half, centre + half)
        } else {
            (low, high)
        };
        let usable = step != 0.0 && low > -EXACT && high < EXACT && (size as f64) < EXACT;
        let cell = (centre + SLACK).floor();
        if !usable || size == 0 {
            return none;
        }
        let inside = periodic || (0.0..size as f64).contains(&cell);
        let scale = (high - low).max(1.0);
        let kernel = |radius: f64, f: fn(f64) -> f64| {
            let ends = (centre - radius * scale - 0.5, centre + radius * scale + 0.5);
            (ends, inside, Weight::Kernel { f, centre, scale })
        };
        let (ends, inside, weight) = match method {
            Method::Nearest => ((cell, cell + 1.0), inside, Weight::One),
            Method::Bilinear => kernel(1.0, triangle),
            Method::Cubic => kernel(2.0, catmull_rom),
            Method::Area => ((low, high), true, Weight::Overlap { low, high }),
        };
        if !inside {
            return none;
        }
        let (lowest, highest) = if periodic {
            (i64::MIN, i64::MAX)
        } else {
            (0, size as i64)
        };
        let clip = |k: f64| (k as i64).clamp(lowest, highest);
        let cells = clip(ends.0.floor())..clip(ends.1.ceil());
        let mut weights: Vec<f64> = cells.clone().map(|k| weight.at(k as f64)).collect();
        // Cells that do not count are not read.
        let used = |w: &f64| *w != 0.0;
        let first = weights.iter().position(used).unwrap_or(weights.len());
        weights.truncate(weights.iter().rposition(used).map_or(0, |last| last + 1));
        weights.drain(..first.min(weights.len()));
        Self {
            first: cells.start + first as i64,
            weights,
        }
    }
}

/// The weight of a source cell in one target cell.
enum Weight {
    One,
    Kernel {
        f: fn(f64) -> f64,
        centre: f64,
        scale: f64,
    },
    Overlap {
        low: f64,
        high: f64,
    },
}

impl Weight {
    /// Of the cell `[k, k + 1)`; what comes from rounding only is 0.
    fn at(&self, k: f64) -> f64 {
        let weight = match *self {
            Self::One => 1.0,
            Self::Kernel { f, centre, scale } => f(((k + 0.5 - centre) / scale).abs()),
            Self::Overlap { low, high } => (high.min(k + 1.0) - low.max(k)).max(0.0),
        };
        // A cell covered whole but for rounding is whole, so that means of integers are exact.
        let whole = weight.round();
        if (weight - whole).abs() < SLACK {
            whole
        } else {
            weight
        }
    }
}

fn triangle(d: f64) -> f64 {
    (1.0 - d).max(0.0)
}

/// Keys' cubic convolution with a = -0.5.
fn catmull_rom(d: f64) -> f64 {
    match d {
        d if d < 1.0 => (1.5 * d - 2.5) * d * d + 1.0,
        d if d < 2.0 => ((-0.5 * d + 2.5) * d - 4.0) * d + 2.0,
        _ => 0.0,
    }
}

/// The source ranges that `runs` touch.
#[allow(
    clippy::cast_possible_wrap,
    reason = "a run that is not empty has a size below 2^53"
)]
fn covered(runs: &[Run], size: u64) -> Vec<Range<u64>> {
    let used = || runs.iter().filter(|r| !r.weights.is_empty());
    let Some(low) = used().map(|r| r.first).min() else {
        return Vec::new();
    };
    let high = used().map(|r| r.first + r.weights.len() as i64).max();
    let len = high.unwrap_or(low).abs_diff(low);
    let start = wrap(low, size);
    let end = start + len;
    let over = end.saturating_sub(size);
    let (first, second) = if len >= size || over >= start && over > 0 {
        (0..size, 0..0)
    } else if over > 0 {
        (0..over, start..size)
    } else {
        (start..end, 0..0)
    };
    let both = [first, second].into_iter();
    both.filter(|range| !range.is_empty()).collect()
}

/// Cell `k` of a periodic axis, counted through, as a source index.
#[allow(
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "a run that is not empty has a size below 2^53"
)]
fn wrap(k: i64, size: u64) -> u64 {
    k.rem_euclid(size as i64) as u64
}
