//! CF attributes of arrays, coordinates and grid mappings.

use serde_json::Value;

use super::{SPATIAL_REF, declare, fill, proj, spatial};
use crate::time::{Calendar, TimeUnits};
use crate::{Affine, Attributes, Axis, Crs, Dimension, Variable};

/// The attributes of the array of a variable: those it carries, its missing value,
/// `grid_mapping` if it has a grid or a CRS, and `proj:*` and `spatial:*` of its own for readers
/// that look at arrays only.
///
/// Not carried are attributes that are derived anew (missing value, grid mapping, conventions),
/// that name arrays a level does not have (`coordinates`, `bounds`), or that netCDF, HDF5 and
/// other drivers keep for themselves.
#[must_use]
pub fn array_attributes(variable: &Variable) -> Attributes {
    let mut out = carried(&variable.attributes);
    fill::insert(&mut out, variable.nodata, variable.element);
    if has_spatial_ref(variable) {
        out.insert("grid_mapping".into(), SPATIAL_REF.into());
    }
    let mut geo = proj::attributes(variable.crs.as_ref());
    // The code says it all; WKT is long, and stands on the group.
    if geo.len() > 1 {
        geo.retain(|k, _| k == "proj:code");
    }
    geo.extend(spatial::array_attributes(variable));
    declare(&mut out, false, &geo);
    out.extend(geo);
    out
}

/// Whether the level of a variable needs a [`SPATIAL_REF`] array for it.
#[must_use]
pub fn has_spatial_ref(variable: &Variable) -> bool {
    variable.crs.is_some() || spatial::Grid::of(variable).is_some()
}

/// The attributes of the scalar [`SPATIAL_REF`] array: the CF grid mapping with the CRS as WKT
/// (see [`Crs::cf_attributes`]) and the transform as GDAL's `GeoTransform`.
#[must_use]
pub fn spatial_ref_attributes(crs: Option<&Crs>, transform: Option<&Affine>) -> Attributes {
    let mut out = crs.map(Crs::cf_attributes).unwrap_or_default();
    if let Some(Affine([x_col, x_row, x, y_col, y_row, y])) = transform {
        let text = format!("{x} {x_col} {x_row} {y} {y_col} {y_row}");
        out.insert("GeoTransform".into(), text.into());
    }
    out
}

/// The attributes of the 1-D coordinate array of a dimension in a system `crs`: what its role
/// and the system imply, overruled by what it carries.
///
/// Time always gets a `calendar` (see [`TimeUnits::parse`] for the one that is meant).
#[must_use]
pub fn coordinate_attributes(dimension: &Dimension, crs: Option<&Crs>) -> Attributes {
    let mut out = Attributes::new();
    let mut put = |key: &str, value: Option<&str>| {
        if let Some(v) = value {
            out.insert(key.into(), v.into());
        }
    };
    let geographic = crs.is_some_and(Crs::is_geographic);
    let length = crs.filter(|_| !geographic).and_then(Crs::udunits);
    let (name, units, axis) = match dimension.axis {
        Axis::X if geographic => (Some("longitude"), Some("degrees_east"), "X"),
        Axis::Y if geographic => (Some("latitude"), Some("degrees_north"), "Y"),
        Axis::X => (crs.map(|_| "projection_x_coordinate"), length, "X"),
        Axis::Y => (crs.map(|_| "projection_y_coordinate"), length, "Y"),
        Axis::Time => (Some("time"), None, "T"),
        Axis::Z => (None, None, "Z"),
        Axis::Band | Axis::Other => (None, None, ""),
    };
    put("standard_name", name);
    put("units", units);
    put("axis", Some(axis).filter(|a| !a.is_empty()));
    let given = |key: &str| dimension.attributes.get(key).and_then(Value::as_str);
    if let (Axis::Time, Some(units)) = (dimension.axis, given("units")) {
        let calendar = TimeUnits::parse(units, given("calendar")).map(|u| u.calendar());
        put("calendar", calendar.ok().map(Calendar::name));
    }
    out.extend(carried(&dimension.attributes));
    out
}

/// Those attributes that go from a source into a store.
pub(super) fn carried(attributes: &Attributes) -> Attributes {
    let mut out = attributes.clone();
    out.retain(|key, _| is_carried(key));
    out
}

/// Whether an attribute goes from a source into a store: see [`array_attributes`].
fn is_carried(key: &str) -> bool {
    const NOT: [&str; 13] = [
        "grid_mapping",
        "zarr_conventions",
        "coordinates",
        "bounds",
        "climatology",
        "_ARRAY_DIMENSIONS",
        "_CRS",
        "CLASS",
        "NAME",
        "DIMENSION_LIST",
        "REFERENCE_LIST",
        "_Netcdf4Dimid",
        "_Netcdf4Coordinates",
    ];
    let derived = key.starts_with(proj::PREFIX) || key.starts_with(spatial::PREFIX);
    !derived && !fill::is_key(key) && !NOT.contains(&key)
}
