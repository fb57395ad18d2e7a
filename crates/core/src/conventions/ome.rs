//! OME-NGFF 0.5: one `multiscales` image per variable.
//!
//! Source: <https://ngff.openmicroscopy.org/0.5/>. OME knows images of two to five axes in the
//! order time, channel, space, with at most one time, at most one channel and two or three space
//! axes (z, y, x). Variables that are no such images (a series, X before Y, custom dimensions)
//! are left out.
//!
//! Coordinates are distances from the outer corner of the first cell along space, and from the
//! first value along time, in units of the data; they are never negative, for OME knows no
//! direction. Translations are to cell centres, so that levels lie exactly over each other.

use serde_json::{Value, json};

use super::{Level, spatial};
use crate::time::unit_nanoseconds;
use crate::{Attributes, Axis, Coordinate, Dimension, Variable};

/// The value of `ome`, or `None` if no variable of the finest level is an image.
pub(super) fn value(levels: &[Level<'_>], method: &str) -> Option<Value> {
    let finest = levels.first()?;
    let images = finest.variables.iter().filter(|v| is_image(v));
    let images: Vec<Value> = images.map(|v| image(levels, v, method)).collect();
    (!images.is_empty()).then(|| json!({"version": "0.5", "multiscales": images}))
}

/// Whether OME can express the dimensions of a variable.
fn is_image(variable: &Variable) -> bool {
    const ORDER: [Axis; 5] = [Axis::Time, Axis::Band, Axis::Z, Axis::Y, Axis::X];
    let rank = |d: &Dimension| ORDER.iter().position(|a| *a == d.axis);
    let ranks: Option<Vec<usize>> = variable.dims.iter().map(rank).collect();
    ranks.is_some_and(|r| r.is_sorted_by(|a, b| a < b) && r.ends_with(&[3, 4]))
}

fn image(levels: &[Level<'_>], finest: &Variable, method: &str) -> Value {
    let steps: Vec<Step> = finest.dims.iter().map(|d| Step::of(finest, d)).collect();
    let axes: Vec<Value> = finest.dims.iter().zip(&steps).map(axis).collect();
    let base = levels.first().and_then(|l| l.find(&finest.name));
    let base = base.map_or(&[][..], |(_, factors)| factors);
    let datasets = levels.iter().filter_map(|level| {
        let (_, factors) = level.find(&finest.name)?;
        let dims = steps.iter().enumerate();
        let placed = dims.map(|(d, step)| step.place(ratio(factors, base, d)));
        let (scale, translation): (Vec<f64>, Vec<f64>) = placed.unzip();
        Some(json!({
            "path": format!("{}/{}", level.path, finest.name),
            "coordinateTransformations": [
                {"type": "scale", "scale": scale},
                {"type": "translation", "translation": translation},
            ],
        }))
    });
    json!({
        "name": finest.name,
        "type": method,
        "axes": axes,
        "datasets": datasets.collect::<Vec<_>>(),
        "metadata": {"method": format!("ziggurat {method}")},
    })
}

/// Cells of the finest level per cell, along dimension `d`.
#[allow(clippy::cast_precision_loss, reason = "factors are small")]
fn ratio(factors: &[u64], base: &[u64], d: usize) -> f64 {
    let at = |f: &[u64]| f.get(d).map_or(1.0, |&f| f as f64);
    at(factors) / at(base)
}

fn axis((dimension, step): (&Dimension, &Step)) -> Value {
    let kind = match dimension.axis {
        Axis::Time => "time",
        Axis::Band => "channel",
        _ => "space",
    };
    let mut out = Attributes::new();
    out.insert("name".into(), dimension.name.as_str().into());
    out.insert("type".into(), kind.into());
    if let Some(unit) = step.unit {
        out.insert("unit".into(), unit.into());
    }
    out.into()
}

/// The distance between neighbours of the finest level.
struct Step {
    size: f64,
    unit: Option<&'static str>,
    /// Whether 0 is the corner of the first cell, not its centre.
    from_corner: bool,
}

impl Step {
    fn of(variable: &Variable, dimension: &Dimension) -> Self {
        let units = dimension.attributes.get("units").and_then(Value::as_str);
        let regular = dimension.coordinate.as_ref().and_then(step);
        let size = regular.unwrap_or(1.0);
        match dimension.axis {
            Axis::Time => {
                let (unit, times) = units
                    .and_then(time_unit)
                    .map_or((None, 1.0), |(u, n)| (Some(u), n));
                Self {
                    size: regular.map_or(1.0, |s| s * times),
                    unit,
                    from_corner: false,
                }
            }
            Axis::Band => Self {
                size: 1.0,
                unit: None,
                from_corner: false,
            },
            axis => {
                let cell = spatial::Grid::of(variable).and_then(|g| {
                    let [x_col, x_row, _, y_col, y_row, _] = g.affine.0;
                    let size = match axis {
                        Axis::X => x_col.hypot(y_col),
                        Axis::Y => x_row.hypot(y_row),
                        _ => return None,
                    };
                    let unit = variable.crs.as_ref().and_then(crate::Crs::ome_unit);
                    (size > 0.0).then_some((size, unit))
                });
                let (size, unit) = cell.unwrap_or((size, None));
                Self {
                    size,
                    unit: unit.or_else(|| units.and_then(length_unit)),
                    from_corner: true,
                }
            }
        }
    }

    /// Scale and translation of a level where one cell stands for `ratio` of these.
    fn place(&self, ratio: f64) -> (f64, f64) {
        let scale = self.size * ratio;
        let first = if self.from_corner {
            scale
        } else {
            scale - self.size
        };
        (scale, first / 2.0)
    }
}

/// The distance between neighbours, if it is the same everywhere.
#[allow(
    clippy::cast_precision_loss,
    reason = "coordinates are approximate by nature"
)]
fn step(coordinate: &Coordinate) -> Option<f64> {
    let step = match coordinate {
        Coordinate::Regular { step, .. } => *step,
        Coordinate::Float(v) => even(v.iter().copied())?,
        Coordinate::Int(v) => even(v.iter().map(|&t| t as f64 - v[0] as f64))?,
        Coordinate::Text(_) => return None,
    };
    (step.is_finite() && step != 0.0).then_some(step.abs())
}

/// The difference of neighbours, if it is the same for all to a millionth.
fn even(mut values: impl Iterator<Item = f64>) -> Option<f64> {
    let (first, mut last) = (values.next()?, values.next()?);
    let step = last - first;
    let is_even = values.all(|v| {
        let difference = v - std::mem::replace(&mut last, v);
        (difference - step).abs() <= 1e-6 * step.abs()
    });
    is_even.then_some(step)
}

/// OME's name for the unit of CF time units, and how many of it that unit has.
fn time_unit(units: &str) -> Option<(&'static str, f64)> {
    let name = units.split_whitespace().next()?;
    Some(match unit_nanoseconds(name)? {
        1 => ("nanosecond", 1.0),
        1_000 => ("microsecond", 1.0),
        1_000_000 => ("millisecond", 1.0),
        1_000_000_000 => ("second", 1.0),
        60_000_000_000 => ("minute", 1.0),
        3_600_000_000_000 => ("hour", 1.0),
        86_400_000_000_000 => ("day", 1.0),
        _ => ("day", 7.0),
    })
}

/// OME's name for a CF unit of length or angle.
fn length_unit(units: &str) -> Option<&'static str> {
    Some(match units.to_lowercase().as_str() {
        "m" | "metre" | "metres" | "meter" | "meters" => "meter",
        "km" | "kilometre" | "kilometres" | "kilometer" | "kilometers" => "kilometer",
        "cm" | "centimetre" | "centimeter" => "centimeter",
        "mm" | "millimetre" | "millimeter" => "millimeter",
        "um" | "µm" | "μm" | "micrometre" | "micrometer" | "micron" => "micrometer",
        "nm" | "nanometre" | "nanometer" => "nanometer",
        "ft" | "foot" | "feet" => "foot",
        "degree" | "degrees" | "degrees_east" | "degrees_north" | "degree_east"
        | "degree_north" => "degree",
        _ => return None,
    })
}
