//! Attributes that make one store readable by many: Zarr conventions, CF, and OME-NGFF at once.
//!
//! A pyramid is a group with one group per level, and in each level arrays of the same names:
//!
//! ```text
//! store.zarr/          pyramid_attributes: zarr_conventions, multiscales, proj:*, spatial:*, ome
//!   0/                 level_attributes:   Conventions, zarr_conventions, proj:*, spatial:*
//!     dem              array_attributes:   CF attributes, grid_mapping, nodata, proj:*, spatial:*
//!     time y x         coordinate_attributes
//!     spatial_ref      spatial_ref_attributes (a scalar array)
//!   1/ ...
//!   agg/min/           pyramid_attributes again, over its own levels 1, 2, ...
//! ```
//!
//! GDAL (from 3.13), `OpenLayers` and zarr-layer read `multiscales` and `spatial:*`; xarray and
//! rioxarray read CF; napari, Viv and the other OME viewers read `ome`. Rules that were found by
//! breaking them: the assets of the layout are groups; `transform.scale` has one entry per
//! dimension; scales are the true ratios of cell sizes, also where sizes were rounded up; an
//! aggregate is a pyramid of its own, not a further variable.
//!
//! The variables of a level share one grid: that of the one with the most dimensions is written
//! on the groups. All functions are pure; numbers are written as JSON floats, NaN never.

mod cf;
mod fill;
mod multiscales;
mod ome;
mod proj;
mod read;
mod spatial;

use serde_json::{Value, json};

use crate::{Attributes, Variable};

pub use cf::{array_attributes, coordinate_attributes, has_spatial_ref, spatial_ref_attributes};
pub use multiscales::{LayoutLevel, layout_from_attributes};
pub use read::{dimension_from_attributes, grid_mapping_of, variable_from_attributes};

/// Name of the scalar array that holds the CF grid mapping of a level.
pub const SPATIAL_REF: &str = "spatial_ref";

/// One level of a pyramid, as its attributes see it.
#[derive(Clone, Debug)]
pub struct Level<'a> {
    /// Name of the level's group in the pyramid's group, such as `0`.
    pub path: &'a str,
    /// The variables of the level, with its shapes, transforms and coordinates.
    pub variables: &'a [Variable],
    /// For each variable and each of its dimensions, how many cells of the base one cell stands
    /// for; a missing entry is 1.
    pub factors: Vec<Vec<u64>>,
}

impl Level<'_> {
    /// The variable called `name` and its factors.
    fn find(&self, name: &str) -> Option<(&Variable, &[u64])> {
        let at = self.variables.iter().position(|v| v.name == name)?;
        let factors = self.factors.get(at).map_or(&[][..], Vec::as_slice);
        Some((&self.variables[at], factors))
    }
}

/// The attributes of a pyramid's group: the root, or `agg/<name>`.
///
/// `levels` are in order, finest first; scales are relative to the first, which need not be the
/// base. `method` is the aggregator by our name (`mean`, `min`, ...). Where variables differ in
/// rank, `spatial:registration` is left to its default: GDAL would otherwise drop the levels of
/// those whose rank is not the number of scales.
///
/// Empty without levels or variables.
#[must_use]
pub fn pyramid_attributes(levels: &[Level<'_>], method: &str) -> Attributes {
    let mut out = Attributes::new();
    let Some((finest, lead)) = levels.first().and_then(|l| Some((l, lead(l.variables)?))) else {
        return out;
    };
    let rank = lead.dims.len();
    let mut geo = geo_attributes(lead);
    if finest.variables.iter().any(|v| v.dims.len() != rank) {
        geo.shift_remove(spatial::REGISTRATION);
    }
    declare(&mut out, true, &geo);
    out.insert(
        "multiscales".into(),
        multiscales::value(levels, lead, method),
    );
    out.extend(geo);
    if let Some(ome) = ome::value(levels, method) {
        out.insert("ome".into(), ome);
    }
    out
}

/// The attributes of a level's group with these variables.
#[must_use]
pub fn level_attributes(variables: &[Variable]) -> Attributes {
    let mut out = Attributes::new();
    out.insert("Conventions".into(), "CF-1.11".into());
    let geo = lead(variables).map(geo_attributes).unwrap_or_default();
    declare(&mut out, false, &geo);
    out.extend(geo);
    out
}

/// The variable that stands for all: the first of the highest rank, georeferenced ones before others.
fn lead(variables: &[Variable]) -> Option<&Variable> {
    let order = |v: &&Variable| (spatial::Grid::of(v).is_some(), v.dims.len());
    variables.iter().rev().max_by_key(order)
}

/// `proj:*` and `spatial:*` of a variable.
fn geo_attributes(variable: &Variable) -> Attributes {
    let mut out = proj::attributes(variable.crs.as_ref());
    out.extend(spatial::attributes(variable));
    out
}

/// Declares the conventions that `geo` holds keys of, and multiscales if so wished.
fn declare(out: &mut Attributes, multiscales: bool, geo: &Attributes) {
    let holds = |prefix| geo.keys().any(|k: &String| k.starts_with(prefix));
    let mut declared = Vec::new();
    if multiscales {
        declared.push(declaration(
            "d35379db-88df-4056-af3a-620245f8e347",
            "multiscales",
            "Multiscale layout of zarr datasets",
        ));
    }
    if holds(proj::PREFIX) {
        declared.push(declaration(
            "f17cb550-5864-4468-aeb7-f3180cfb622f",
            "proj",
            "Coordinate reference system information for geospatial data",
        ));
    }
    if holds(spatial::PREFIX) {
        declared.push(declaration(
            "689b58e2-cf7b-45e0-9fff-9cfc0883d6b4",
            "spatial",
            "Spatial coordinate information",
        ));
    }
    if !declared.is_empty() {
        out.insert("zarr_conventions".into(), declared.into());
    }
}

/// One entry of `zarr_conventions`; readers go by the UUID.
fn declaration(uuid: &str, name: &str, description: &str) -> Value {
    let base = "zarr-conventions";
    json!({
        "uuid": uuid,
        "name": name,
        "schema_url": format!("https://raw.githubusercontent.com/{base}/{name}/refs/tags/v0.1/schema.json"),
        "spec_url": format!("https://github.com/{base}/{name}/blob/v0.1/README.md"),
        "description": description,
    })
}

#[cfg(test)]
mod tests;
