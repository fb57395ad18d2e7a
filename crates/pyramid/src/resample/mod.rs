//! Resampling of two axes of an array onto another regular grid.
//!
//! An [`AxisMap`] says, for one axis, which source cells make each target cell and with which
//! weights; [`resample`] applies two of them to an array in memory. Missing cells (nodata or NaN)
//! take no part: their weight is dropped and the rest is renormalised, in two dimensions at once.
//! Nothing here reads or writes: [`AxisMap::source_ranges`] tells the caller what to read.

mod apply;
mod axis;
#[cfg(test)]
mod tests;

use ziggurat_core::{ElementType, Error, Result, Scalar};

pub use apply::resample;
pub use axis::AxisMap;

/// How a target cell is made from source cells.
///
/// ```
/// use ziggurat_pyramid::resample::Method;
/// assert_eq!("cubic".parse::<Method>()?, Method::Cubic);
/// assert_eq!(Method::Area.to_string(), "area");
/// # Ok::<(), ziggurat_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Method {
    /// The cell that contains the target centre; exact for every element type.
    #[default]
    Nearest,
    /// A triangle that reaches one cell (one target cell when downsampling) each way.
    Bilinear,
    /// Catmull-Rom convolution (a = -0.5), two cells (two target cells) each way.
    Cubic,
    /// The mean of what the target cell covers, weighted by overlap.
    Area,
}

impl Method {
    /// All methods.
    pub const ALL: [Self; 4] = [Self::Nearest, Self::Bilinear, Self::Cubic, Self::Area];

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nearest => "nearest",
            Self::Bilinear => "bilinear",
            Self::Cubic => "cubic",
            Self::Area => "area",
        }
    }
}

impl std::fmt::Display for Method {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Method {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|m| m.name() == name)
            .ok_or_else(|| Error::caller(name, "no such method: nearest, bilinear, cubic or area"))
    }
}

/// The value for target cells without data: `nodata`, or NaN, or 0 where the type has neither.
///
/// ```
/// use ziggurat_core::{ElementType, Scalar};
/// use ziggurat_pyramid::resample::default_fill;
/// assert_eq!(default_fill(ElementType::Int16, None), Scalar::Int(0));
/// assert_eq!(default_fill(ElementType::Int16, Some(Scalar::Int(-1))), Scalar::Int(-1));
/// ```
#[must_use]
pub fn default_fill(element: ElementType, nodata: Option<Scalar>) -> Scalar {
    nodata.unwrap_or(match element {
        ElementType::Bool => Scalar::Int(0),
        t if t.is_integer() => Scalar::Int(0),
        _ => Scalar::Float(f64::NAN),
    })
}
