//! What an array means: its dimensions, coordinates, place on the earth and missing value.
//!
//! A [`Variable`] is complete before any value is read. Sources describe themselves with it, and
//! levels are derived from it by [`Variable::coarsened`].

use serde_json::{Map, Value};

use crate::{Crs, ElementType, Region};

/// Attributes of a node, in the order they are written.
pub type Attributes = Map<String, Value>;

/// The role of a dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Axis {
    /// Columns: easting or longitude.
    X,
    /// Rows: northing or latitude.
    Y,
    /// Height or depth.
    Z,
    /// Time.
    Time,
    /// Spectral or colour band.
    Band,
    /// Anything else.
    Other,
}

impl Axis {
    /// Its name in stores: `X`, `Y`, `Z`, `T`, `band`, or nothing.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::X => "X",
            Self::Y => "Y",
            Self::Z => "Z",
            Self::Time => "T",
            Self::Band => "band",
            Self::Other => "",
        }
    }

    /// The axis with this name; anything unknown is [`Axis::Other`].
    #[must_use]
    pub fn from_name(name: Option<&str>) -> Self {
        let known = [Self::X, Self::Y, Self::Z, Self::Time, Self::Band];
        known
            .into_iter()
            .find(|a| Some(a.name()) == name)
            .unwrap_or(Self::Other)
    }
}

/// Coordinate values of one dimension, one per index.
#[derive(Clone, Debug, PartialEq)]
pub enum Coordinate {
    /// `origin + i * step`: equidistant, exact for any index.
    Regular {
        /// Coordinate of index 0 (a cell centre).
        origin: f64,
        /// Distance between neighbours; negative where coordinates fall.
        step: f64,
    },
    /// Explicit floating point values.
    Float(Vec<f64>),
    /// Explicit integers, such as ticks of time.
    Int(Vec<i64>),
    /// Names, such as those of bands.
    Text(Vec<String>),
}

impl Coordinate {
    /// The number at `index`; `None` for names and beyond the end.
    #[must_use]
    #[allow(
        clippy::cast_precision_loss,
        reason = "coordinates are approximate by nature"
    )]
    pub fn at(&self, index: u64) -> Option<f64> {
        let i = usize::try_from(index).ok()?;
        match self {
            Self::Regular { origin, step } => Some(origin + index as f64 * step),
            Self::Float(v) => v.get(i).copied(),
            Self::Int(v) => v.get(i).map(|&x| x as f64),
            Self::Text(_) => None,
        }
    }
}

impl Coordinate {
    /// The coordinates of `size` indices from `start`; fewer if there are no more.
    #[must_use]
    pub fn cropped(&self, start: u64, size: u64) -> Self {
        fn cut<T: Clone>(values: &[T], start: u64, size: u64) -> Vec<T> {
            let index = |i: u64| usize::try_from(i).map_or(values.len(), |i| i.min(values.len()));
            values[index(start)..index(start.saturating_add(size))].to_vec()
        }
        match self {
            Self::Regular { step, .. } => Self::Regular {
                origin: self.at(start).unwrap_or_default(),
                step: *step,
            },
            Self::Float(v) => Self::Float(cut(v, start, size)),
            Self::Int(v) => Self::Int(cut(v, start, size)),
            Self::Text(v) => Self::Text(cut(v, start, size)),
        }
    }
}

/// One dimension of a variable.
#[derive(Clone, Debug, PartialEq)]
pub struct Dimension {
    /// Name, as in `dimension_names`.
    pub name: String,
    /// Number of indices.
    pub size: u64,
    /// Role.
    pub axis: Axis,
    /// Coordinates, where known.
    pub coordinate: Option<Coordinate>,
    /// CF attributes of the coordinate (`units`, `calendar`, `standard_name`, ...).
    pub attributes: Attributes,
}

impl Dimension {
    /// A dimension without coordinates.
    #[must_use]
    pub fn new(name: impl Into<String>, size: u64, axis: Axis) -> Self {
        Self {
            name: name.into(),
            size,
            axis,
            coordinate: None,
            attributes: Attributes::new(),
        }
    }
}

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

/// A number that keeps all 64-bit integers exact.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar {
    /// A floating point value (NaN included).
    Float(f64),
    /// A signed integer.
    Int(i64),
    /// An unsigned integer.
    UInt(u64),
}

impl Scalar {
    /// As `f64`, rounded where it does not fit.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "documented")]
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Float(v) => v,
            Self::Int(v) => v as f64,
            Self::UInt(v) => v as f64,
        }
    }

    /// Native-endian bytes of one `element`, or `None` if the value does not fit it exactly.
    #[must_use]
    pub fn to_element(self, element: ElementType) -> Option<Vec<u8>> {
        crate::scalar::to_element(self, element)
    }

    /// The value in the native-endian `bytes` of one `element`; `None` for complex types.
    #[must_use]
    pub fn from_element(bytes: &[u8], element: ElementType) -> Option<Self> {
        crate::scalar::from_element(bytes, element)
    }
}

/// An array with its meaning.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// Name of the array.
    pub name: String,
    /// Type of the stored values.
    pub element: ElementType,
    /// Dimensions, slowest first.
    pub dims: Vec<Dimension>,
    /// The stored value that means "missing"; NaN means missing in any float array, declared or not.
    pub nodata: Option<Scalar>,
    /// Further CF attributes: `units`, `long_name`, `scale_factor`, `add_offset`, ...
    pub attributes: Attributes,
    /// Coordinate reference system of the X and Y dimensions.
    pub crs: Option<Crs>,
    /// Affine map of the X and Y dimensions (cell corners).
    pub transform: Option<Affine>,
}

impl Variable {
    /// Size of each dimension.
    #[must_use]
    pub fn shape(&self) -> Vec<u64> {
        self.dims.iter().map(|d| d.size).collect()
    }

    /// Index of the first dimension with this role.
    #[must_use]
    pub fn axis(&self, axis: Axis) -> Option<usize> {
        self.dims.iter().position(|d| d.axis == axis)
    }

    /// Factors of 2^... 1 per dimension: `factor` on X and Y (or, if it has neither, on the last two), else 1.
    #[must_use]
    pub fn spatial_factors(&self, factor: u64) -> Vec<u64> {
        let spatial = |d: &Dimension| matches!(d.axis, Axis::X | Axis::Y);
        let known = self.dims.iter().any(spatial);
        let rank = self.dims.len();
        self.dims
            .iter()
            .enumerate()
            .map(|(i, d)| match known {
                true if spatial(d) => factor,
                false if i + 2 >= rank => factor,
                _ => 1,
            })
            .collect()
    }

    /// The part of the variable in `region`.
    ///
    /// # Panics
    /// If the ranks differ.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "indices are below 2^53")]
    pub fn cropped(&self, region: &Region) -> Self {
        let mut part = self.clone();
        for (d, dim) in part.dims.iter_mut().enumerate() {
            let (start, size) = (region.start[d], region.shape[d]);
            if (start, size) != (0, dim.size) {
                dim.coordinate = dim.coordinate.as_ref().map(|c| c.cropped(start, size));
                dim.size = size;
            }
        }
        let start = |axis| self.axis(axis).map_or(0.0, |d| region.start[d] as f64);
        part.transform = self
            .transform
            .map(|t| t.moved(start(Axis::X), start(Axis::Y)));
        part
    }

    /// The variable one level up, where one cell stands for `factors[d]` cells of dimension `d`.
    ///
    /// Sizes round up; regular coordinates move to the new cell centres exactly, explicit ones
    /// become the mean of the cells they stand for (integers: of first and last, rounded down).
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "factors are small")]
    pub fn coarsened(&self, factors: &[u64]) -> Self {
        let mut coarse = self.clone();
        for (dim, &f) in coarse.dims.iter_mut().zip(factors) {
            if f > 1 {
                dim.coordinate = dim.coordinate.as_ref().map(|c| coarsen(c, f));
                dim.size = dim.size.div_ceil(f);
            }
        }
        let along = |axis| self.axis(axis).map_or(1.0, |d| factors[d] as f64);
        coarse.transform = self
            .transform
            .map(|t| t.coarsened(along(Axis::X), along(Axis::Y)));
        coarse
    }
}

#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "factors are small"
)]
fn coarsen(coordinate: &Coordinate, factor: u64) -> Coordinate {
    let n = factor as usize;
    match coordinate {
        Coordinate::Regular { origin, step } => Coordinate::Regular {
            origin: origin + step * (factor - 1) as f64 / 2.0,
            step: step * factor as f64,
        },
        Coordinate::Float(v) => Coordinate::Float(
            v.chunks(n)
                .map(|c| c.iter().sum::<f64>() / c.len() as f64)
                .collect(),
        ),
        Coordinate::Int(v) => Coordinate::Int(
            v.chunks(n)
                .map(|c| c[0] + (c[c.len() - 1] - c[0]).div_euclid(2))
                .collect(),
        ),
        Coordinate::Text(v) => Coordinate::Text(
            v.chunks(n)
                .map(|c| match c {
                    [one] => one.clone(),
                    _ => format!("{}..{}", c[0], c[c.len() - 1]),
                })
                .collect(),
        ),
    }
}
