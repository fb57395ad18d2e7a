//! From cells to coordinates of a plane.

/// Affine map from (column, row) of a cell *corner* to (x, y):
/// `x = a*col + b*row + c`, `y = d*col + e*row + f`.
///
/// Cell centres lie at half-integers. The order of the six numbers is that of `spatial:transform`.
///
/// ```
/// use ziggurat_core::Affine;
/// let t = Affine([10.0, 0.0, 500.0, 0.0, -10.0, 900.0]);
/// assert_eq!(t.apply(0.5, 0.5), (505.0, 895.0));
/// assert_eq!(t.invert(505.0, 895.0), Some((0.5, 0.5)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Affine(pub [f64; 6]);

impl Affine {
    /// (x, y) of a position in cells.
    #[must_use]
    pub fn apply(&self, col: f64, row: f64) -> (f64, f64) {
        let [a, b, c, d, e, f] = self.0;
        (a * col + b * row + c, d * col + e * row + f)
    }

    /// Position in cells of (x, y); `None` for a degenerate map.
    #[must_use]
    pub fn invert(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let [a, b, c, d, e, f] = self.0;
        let det = a * e - b * d;
        (det != 0.0 && det.is_finite()).then(|| {
            let (x, y) = (x - c, y - f);
            ((e * x - b * y) / det, (a * y - d * x) / det)
        })
    }

    /// Whether rows and columns are parallel to the axes, so that 1-D coordinates exist.
    #[must_use]
    pub fn is_separable(&self) -> bool {
        self.0[1] == 0.0 && self.0[3] == 0.0
    }

    /// The map of a grid whose cells are `fx` by `fy` of these.
    #[must_use]
    pub fn coarsened(&self, fx: f64, fy: f64) -> Self {
        let [a, b, c, d, e, f] = self.0;
        Self([a * fx, b * fy, c, d * fx, e * fy, f])
    }

    /// The map of the same cells counted from (column, row).
    #[must_use]
    pub fn moved(&self, column: f64, row: f64) -> Self {
        let [a, b, _, d, e, _] = self.0;
        let (c, f) = self.apply(column, row);
        Self([a, b, c, d, e, f])
    }

    /// Bounding box (xmin, ymin, xmax, ymax) of `width` by `height` cells.
    #[must_use]
    pub fn bounds(&self, width: f64, height: f64) -> [f64; 4] {
        let corners = [
            self.apply(0.0, 0.0),
            self.apply(width, 0.0),
            self.apply(0.0, height),
            self.apply(width, height),
        ];
        corners.iter().fold(
            [
                f64::INFINITY,
                f64::INFINITY,
                f64::NEG_INFINITY,
                f64::NEG_INFINITY,
            ],
            |b, &(x, y)| [b[0].min(x), b[1].min(y), b[2].max(x), b[3].max(y)],
        )
    }
}
