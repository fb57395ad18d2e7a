//! Aggregators: what one cell says of the base cells it stands for.

mod output;
mod partial;
mod sample;

use serde_json::json;
use ziggurat_core::{ElementType, Error, Result, Scalar, Variable};

pub(crate) use output::{Output, replace};
pub(crate) use partial::{Cells, Channels, Partial};
pub(crate) use sample::Sample;

/// A rule by which base cells become one cell. Missing cells (nodata, NaN) do not count.
///
/// | aggregator | element type | where all are missing |
/// |---|---|---|
/// | `mean` | as the base; integers rounded half to even, once | missing |
/// | `sum` | `float64`; `int64`/`uint64` for integers that cannot be missing | NaN |
/// | `count` | `uint32` (`uint64` where a cell stands for 2^32 or more) | 0 |
/// | `min`, `max` | as the base; of a packed variable the extreme of the *unpacked* values | missing |
/// | `nearest` | as the base; the first cell in every dimension, missing or not | missing |
///
/// Each level is computed from base cells: a mean is never a mean of means.
///
/// ```
/// use ziggurat_pyramid::Aggregator;
/// assert_eq!("mean".parse::<Aggregator>()?, Aggregator::Mean);
/// assert!("median".parse::<Aggregator>().is_err());
/// # Ok::<(), ziggurat_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Aggregator {
    /// Sum divided by count.
    Mean,
    /// Sum; of a packed variable the sum of unpacked values.
    Sum,
    /// Number of cells that are not missing.
    Count,
    /// Smallest value.
    Min,
    /// Largest value.
    Max,
    /// The first cell of the group.
    Nearest,
}

impl Aggregator {
    /// All aggregators.
    pub const ALL: [Self; 6] = [
        Self::Mean,
        Self::Sum,
        Self::Count,
        Self::Min,
        Self::Max,
        Self::Nearest,
    ];

    /// Its name on the command line and in stores.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Sum => "sum",
            Self::Count => "count",
            Self::Min => "min",
            Self::Max => "max",
            Self::Nearest => "nearest",
        }
    }

    /// Its name in the CF attribute `cell_methods`.
    #[must_use]
    pub const fn cell_method(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Sum | Self::Count => "sum",
            Self::Min => "minimum",
            Self::Max => "maximum",
            Self::Nearest => "point",
        }
    }

    /// Whether its levels can continue the base itself: same type, same meaning.
    #[must_use]
    pub const fn continues_base(self) -> bool {
        matches!(self, Self::Mean | Self::Min | Self::Max | Self::Nearest)
    }

    /// The variable that this aggregator makes of `base`, at the resolution of `base`.
    ///
    /// `cells` is the largest number of base cells that one cell stands for.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if values of this type cannot be aggregated so.
    pub fn output(self, base: &Variable, cells: u64) -> Result<Variable> {
        let numeric = base.element.is_float() || base.element.is_integer();
        let orders = numeric || base.element == ElementType::Bool;
        let possible = match self {
            Self::Nearest | Self::Count | Self::Min | Self::Max => orders,
            Self::Mean | Self::Sum => numeric,
        };
        if !possible {
            let what = format!(
                "{self} of {} values; make no levels (--levels 0)",
                base.element
            );
            return Err(Error::unsupported(&base.name, what));
        }
        let mut output = base.clone();
        match self {
            Self::Sum => {
                let signed = !base.element.name().starts_with('u');
                (output.element, output.nodata) = match may_be_missing(base) || is_packed(base) {
                    true => (ElementType::Float64, Some(Scalar::Float(f64::NAN))),
                    false if signed => (ElementType::Int64, None),
                    false => (ElementType::UInt64, None),
                };
                output.fill = None;
                forget_packing(&mut output);
            }
            Self::Count => {
                output.element = match u32::try_from(cells) {
                    Ok(_) => ElementType::UInt32,
                    Err(_) => ElementType::UInt64,
                };
                (output.nodata, output.fill) = (None, None);
                forget_packing(&mut output);
                output.attributes.insert("units".into(), json!("1"));
                output.attributes.shift_remove("standard_name");
                output.attributes.insert(
                    "long_name".into(),
                    json!(format!("number of valid cells of {}", base.name)),
                );
            }
            _ => {}
        }
        Ok(output)
    }
}

/// Whether a cell of the variable can be missing.
pub(crate) fn may_be_missing(variable: &Variable) -> bool {
    variable.element.is_float() || variable.nodata.is_some()
}

fn is_packed(variable: &Variable) -> bool {
    ["scale_factor", "add_offset"]
        .iter()
        .any(|key| variable.attributes.contains_key(*key))
}

/// Scale and offset of packed values: unpacked = scale * stored + offset.
#[must_use]
pub fn packing(variable: &Variable) -> (f64, f64) {
    let number = |key: &str| {
        variable
            .attributes
            .get(key)
            .and_then(serde_json::Value::as_f64)
    };
    (
        number("scale_factor").unwrap_or(1.0),
        number("add_offset").unwrap_or(0.0),
    )
}

pub(crate) fn forget_packing(variable: &mut Variable) {
    for key in [
        "scale_factor",
        "add_offset",
        "valid_range",
        "valid_min",
        "valid_max",
        "missing_value",
    ] {
        variable.attributes.shift_remove(key);
    }
}

impl std::fmt::Display for Aggregator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Aggregator {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let known = || Self::ALL.map(Self::name).join(", ");
        Self::ALL
            .into_iter()
            .find(|a| a.name() == name)
            .ok_or_else(|| {
                Error::caller(
                    format!("aggregator {name:?}"),
                    format!("not known; use {}", known()),
                )
            })
    }
}
