//! The way back: what the attributes of a store say of a variable.

use serde_json::Value;

use super::{cf, fill, proj, spatial};
use crate::crs::{self, Crs};
use crate::{Affine, Attributes, Axis, Dimension, ElementType, Error, Result, Variable};

/// The variable of an array, from the attributes of the array, of the group it is in (`proj:*` and
/// `spatial:*` are inherited from there) and of its CF grid mapping array (see [`grid_mapping_of`]).
///
/// `dims` come from [`dimension_from_attributes`]; those that have no role yet may get one from
/// `spatial:dimensions`. The missing value is that of the attributes: in stores of Zarr
/// version 2 and of GDAL, which keep it in `fill_value`, the caller adds it.
///
/// # Errors
/// [`Error::Data`] for attributes of a known name and an impossible value.
pub fn variable_from_attributes(
    name: &str,
    element: ElementType,
    mut dims: Vec<Dimension>,
    array: &Attributes,
    group: Option<&Attributes>,
    grid_mapping: Option<&Attributes>,
) -> Result<Variable> {
    let nodes = || [Some(array), group].into_iter().flatten();
    if let Some((y, x)) = nodes().find_map(spatial::dimensions) {
        for dim in dims.iter_mut().filter(|d| d.axis == Axis::Other) {
            if dim.name == y {
                dim.axis = Axis::Y;
            } else if dim.name == x {
                dim.axis = Axis::X;
            }
        }
    }
    let (mut crs, mut transform) = (None, None);
    for node in nodes() {
        crs = crs.map_or_else(|| proj::parse(node), |c| Ok(Some(c)))?;
        transform = transform.map_or_else(|| spatial::parse(node), |t| Ok(Some(t)))?;
    }
    if let Some(mapping) = grid_mapping {
        let wkt = wkt_of(mapping);
        crs = match crs {
            // Arrays have the code alone: the WKT that was given with it is here, and a code that
            // is not known is worth any WKT.
            Some(c) if c.wkt.is_none() => {
                let same = |w: &String| c.wkt().is_none() || crs::code_of_wkt(w) == c.code;
                let wkt = wkt.filter(same);
                Some(Crs::new(c.code, wkt))
            }
            None => wkt.as_deref().map(Crs::from_wkt).transpose()?,
            known => known,
        };
        transform = transform.map_or_else(|| geo_transform(mapping), |t| Ok(Some(t)))?;
    }
    if crs.is_none() {
        crs = gdal_crs(array)?;
    }
    // The map is of X and Y only: a group's does not hold for its series.
    let has_axis = |axis| dims.iter().any(|d| d.axis == axis);
    let is_map = has_axis(Axis::X) && has_axis(Axis::Y);
    Ok(Variable {
        fill: None,
        name: name.to_owned(),
        element,
        nodata: fill::parse(array, element),
        attributes: cf::carried(array),
        crs: crs.filter(|_| is_map),
        transform: transform.filter(|_| is_map),
        dims,
    })
}

/// The name of the grid mapping array that the attributes of an array refer to.
///
/// CF's long form, `crs: x y`, names it before the colon.
#[must_use]
pub fn grid_mapping_of(array: &Attributes) -> Option<&str> {
    let text = array.get("grid_mapping")?.as_str()?;
    let name = text.split_whitespace().next()?;
    Some(name.trim_end_matches(':'))
}

/// A dimension without coordinates, its role told by the attributes of its coordinate array (`axis`,
/// `standard_name`, `units`) or, failing these, by its name.
///
/// ```
/// use ziggurat_core::{Attributes, Axis, conventions::dimension_from_attributes};
/// assert_eq!(dimension_from_attributes("lon", 360, None).axis, Axis::X);
/// let units = Attributes::from_iter([("units".into(), "days since 1970-01-01".into())]);
/// assert_eq!(dimension_from_attributes("n", 5, Some(&units)).axis, Axis::Time);
/// ```
#[must_use]
pub fn dimension_from_attributes(
    name: &str,
    size: u64,
    coordinate: Option<&Attributes>,
) -> Dimension {
    let axis = coordinate.and_then(axis_of).or_else(|| axis_named(name));
    let mut dimension = Dimension::new(name, size, axis.unwrap_or(Axis::Other));
    dimension.attributes = coordinate.map(cf::carried).unwrap_or_default();
    dimension
}

fn axis_of(attributes: &Attributes) -> Option<Axis> {
    let text = |key: &str| attributes.get(key).and_then(Value::as_str);
    let by_axis = || match text("axis")?.to_ascii_uppercase().as_str() {
        "X" => Some(Axis::X),
        "Y" => Some(Axis::Y),
        "Z" => Some(Axis::Z),
        "T" => Some(Axis::Time),
        _ => None,
    };
    let by_name = || match text("standard_name")? {
        "projection_x_coordinate" | "longitude" | "grid_longitude" => Some(Axis::X),
        "projection_y_coordinate" | "latitude" | "grid_latitude" => Some(Axis::Y),
        "time" => Some(Axis::Time),
        "altitude" | "height" | "depth" | "air_pressure" => Some(Axis::Z),
        _ => None,
    };
    let by_units = || match text("units")? {
        "degrees_east" | "degree_east" | "degrees_E" => Some(Axis::X),
        "degrees_north" | "degree_north" | "degrees_N" => Some(Axis::Y),
        units if units.contains(" since ") => Some(Axis::Time),
        _ => None,
    };
    let vertical = || text("positive").map(|_| Axis::Z);
    by_axis()
        .or_else(by_name)
        .or_else(by_units)
        .or_else(vertical)
}

fn axis_named(name: &str) -> Option<Axis> {
    Some(match name.to_lowercase().as_str() {
        "x" | "lon" | "long" | "longitude" | "easting" => Axis::X,
        "y" | "lat" | "latitude" | "northing" => Axis::Y,
        "z" | "lev" | "level" | "depth" | "height" | "altitude" | "elevation" => Axis::Z,
        "t" | "time" | "date" | "datetime" => Axis::Time,
        "band" | "bands" | "channel" | "c" | "wavelength" => Axis::Band,
        _ => return None,
    })
}

/// The WKT of a grid mapping.
fn wkt_of(mapping: &Attributes) -> Option<String> {
    let text = |key: &str| mapping.get(key)?.as_str().filter(|t| !t.is_empty());
    let wkt = text("crs_wkt").or_else(|| text("spatial_ref"))?;
    Some(wkt.to_owned())
}

/// GDAL's own `_CRS` attribute.
fn gdal_crs(array: &Attributes) -> Result<Option<Crs>> {
    let text = |key: &str| array.get("_CRS")?.get(key)?.as_str();
    match (text("wkt"), text("url")) {
        (Some(wkt), _) => Crs::from_wkt(wkt).map(Some),
        (None, Some(url)) => Crs::from_user(url).map(Some),
        (None, None) => Ok(None),
    }
}

/// The map in GDAL's `GeoTransform`.
fn geo_transform(mapping: &Attributes) -> Result<Option<Affine>> {
    let Some(text) = mapping.get("GeoTransform").and_then(Value::as_str) else {
        return Ok(None);
    };
    let numbers: Option<Vec<f64>> = text
        .split_whitespace()
        .map(|n| n.parse().ok().filter(|v: &f64| v.is_finite()))
        .collect();
    match numbers.as_deref() {
        // Origin, then steps along columns and rows, for x and for y.
        Some(&[x, x_col, x_row, y, y_col, y_row]) => {
            Ok(Some(Affine([x_col, x_row, x, y_col, y_row, y])))
        }
        _ => Err(Error::data(
            "GeoTransform",
            format!("`{text}` is not six numbers"),
        )),
    }
}
