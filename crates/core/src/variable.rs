//! What an array means: its dimensions, coordinates, place on the earth and missing value.
//!
//! A [`Variable`] is complete before any value is read. Sources describe themselves with it, and
//! levels are derived from it by [`Variable::coarsened`].

use serde_json::{Map, Value};

use crate::dimension::coarsen;
use crate::{Affine, Axis, Crs, Dimension, ElementType, Region, Scalar};

/// Attributes of a node, in the order they are written.
pub type Attributes = Map<String, Value>;

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
    /// What cells hold that were never written, if they are not missing then (and, for integers, not 0).
    pub fill: Option<Scalar>,
    /// Further CF attributes: `units`, `long_name`, `scale_factor`, `add_offset`, ...
    pub attributes: Attributes,
    /// Coordinate reference system of the X and Y dimensions.
    pub crs: Option<Crs>,
    /// Affine map of the X and Y dimensions (cell corners).
    pub transform: Option<Affine>,
}

impl Variable {
    /// Sets [`fill`](Self::fill) to the value in the native-endian bytes of one element.
    ///
    /// What need not be said becomes `None`: NaN, and zero of types that have no NaN.
    pub fn set_fill(&mut self, bytes: &[u8]) {
        let value = Scalar::from_element(bytes, self.element);
        let said = |v: &Scalar| match self.element.is_float() {
            true => !v.as_f64().is_nan(),
            false => v.as_f64() != 0.0,
        };
        self.fill = value.filter(said);
    }

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
