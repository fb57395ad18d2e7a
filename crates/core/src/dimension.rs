//! Dimensions and their coordinates.

use crate::Attributes;

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

#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "factors are small"
)]
pub(crate) fn coarsen(coordinate: &Coordinate, factor: u64) -> Coordinate {
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
