//! One array, and what the arrays around it say about it, as a [`Variable`].

use std::collections::{HashMap, hash_map::Entry};

use serde_json::Value;
use ziggurat_core::{
    Affine, Attributes, Axis, Coordinate, Crs, Dimension, ElementType, Result, Scalar, Variable,
};

use super::coordinate::{self, Values};
use super::dataset::{Dataset, words};
use super::{Array, Kind, Raw, Read, axis, crs, missing, number, text};

/// Longest coordinate that is read; longer dimensions have their coordinates computed or none.
const MAX_COORDINATE: u64 = 1 << 26;

/// A coordinate variable once it is read.
pub(super) struct Known {
    axis: Axis,
    geographic: bool,
    coordinate: Option<Coordinate>,
    attributes: Attributes,
}

impl Dataset<'_> {
    /// The variable that `array` of `stored` numbers is; `cache` keeps coordinates from one to the next.
    pub(super) fn variable(
        &self,
        array: &Array,
        stored: ElementType,
        read: Read<'_>,
        cache: &mut HashMap<usize, Known>,
    ) -> Result<Variable> {
        let element = missing::element(stored, &array.attributes);
        let nodata = missing::nodata(&array.attributes, stored, element, array.fill);
        // Which of X and Y have true longitudes and latitudes.
        let mut geographic = Vec::new();
        let mut dims: Vec<Dimension> = Vec::new();
        for (name, size) in &array.dims {
            let mut dim = Dimension::new(name, *size, axis::axis(name, &Attributes::new()));
            if let Some(i) = self.coordinate_of(name, array) {
                let known = match cache.entry(i) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(new) => new.insert(self.read(i, read)?),
                };
                dim.axis = known.axis;
                dim.coordinate.clone_from(&known.coordinate);
                dim.attributes.clone_from(&known.attributes);
                geographic.extend(known.geographic.then_some(known.axis));
            }
            dims.push(dim);
        }
        self.name_axes(array, &mut dims);
        let transform = self.place_on_map(array, &mut dims);
        let has = |axis| dims.iter().any(|d| d.axis == axis);
        let lon_lat = geographic.contains(&Axis::X) && geographic.contains(&Axis::Y);
        let crs = (has(Axis::X) && has(Axis::Y)).then(|| self.crs(array, lon_lat));
        Ok(Variable {
            fill: None,
            name: array.path.clone(),
            element,
            dims,
            nodata,
            attributes: self.attributes(array, stored, element, nodata),
            crs: crs.flatten(),
            transform,
        })
    }

    /// Reads coordinate variable number `i`.
    fn read(&self, i: usize, read: Read<'_>) -> Result<Known> {
        let array = &self.arrays[i];
        let axis = axis::axis(&array.path, &array.attributes);
        let size = array.dims.first().map_or(0, |d| d.1);
        let mut attributes = without_references(&array.attributes);
        for key in ["_FillValue", "missing_value", "coordinates"] {
            attributes.remove(key);
        }
        let coordinate = if size > MAX_COORDINATE {
            tracing::warn!(
                "{}: {} is left out: {size} coordinates are too many to read",
                self.place,
                array.path
            );
            None
        } else {
            let element = match array.kind {
                Kind::Number(stored) => missing::element(stored, &array.attributes),
                _ => ElementType::Float64,
            };
            let values = match read(i)? {
                Raw::Bytes(bytes) => coordinate::values(&bytes, element),
                Raw::Text(text) => Some(Values::Text(text)),
            };
            values.map(|v| coordinate::coordinate(unpack(v, &mut attributes), element, axis))
        };
        let geographic = axis::is_geographic(&array.path, &array.attributes);
        Ok(Known {
            axis,
            geographic,
            coordinate,
            attributes,
        })
    }

    /// Heeds `spatial:dimensions`, and leaves each of X and Y to one dimension.
    fn name_axes(&self, array: &Array, dims: &mut [Dimension]) {
        let declared = [&array.attributes, &array.inherited]
            .into_iter()
            .find_map(|a| a.get("spatial:dimensions")?.as_array());
        if let Some([Value::String(y), Value::String(x)]) = declared.map(Vec::as_slice)
            && [x, y].iter().all(|n| dims.iter().any(|d| &d.name == *n))
        {
            for dim in dims.iter_mut() {
                dim.axis = match dim.axis {
                    _ if &dim.name == x => Axis::X,
                    _ if &dim.name == y => Axis::Y,
                    Axis::X | Axis::Y => Axis::Other,
                    axis => axis,
                };
            }
        }
        for axis in [Axis::X, Axis::Y] {
            for twice in dims.iter_mut().rev().filter(|d| d.axis == axis).skip(1) {
                twice.axis = Axis::Other;
            }
        }
        let curved = text(&array.attributes, "coordinates").unwrap_or_default();
        let curved = words(curved)
            .filter_map(|name| self.find(name, array))
            .find(|&i| {
                let other = &self.arrays[i];
                other.dims.len() == 2 && axis::is_geographic(&other.path, &other.attributes)
            });
        if let Some(i) = curved {
            tracing::warn!(
                "{}: {} lies on a curved grid (its coordinates are the 2-D {}): it has no affine map",
                self.place,
                array.path,
                self.arrays[i].path
            );
        }
    }

    /// The affine map of the X and Y dimensions, which get coordinates from it if they have none.
    #[allow(clippy::cast_precision_loss, reason = "sizes are far below 2^53")]
    #[allow(
        clippy::many_single_char_names,
        reason = "the six numbers have these names"
    )]
    fn place_on_map(&self, array: &Array, dims: &mut [Dimension]) -> Option<Affine> {
        let x = dims.iter().position(|d| d.axis == Axis::X)?;
        let y = dims.iter().position(|d| d.axis == Axis::Y)?;
        let (width, height) = (dims[x].size as f64, dims[y].size as f64);
        let fits = |a: &&Attributes| {
            let shape = a.get("spatial:shape").and_then(Value::as_array);
            shape.is_none_or(|s| *s == [Value::from(dims[y].size), Value::from(dims[x].size)])
        };
        let mapping = self.grid_mapping(array).map(|i| &self.arrays[i].attributes);
        let declared = [mapping, Some(&array.attributes), Some(&array.inherited)]
            .into_iter()
            .flatten()
            .filter(fits)
            .find_map(crs::affine);
        let computed = coordinate::transform(&dims[x], &dims[y]);
        let bare = dims[x].coordinate.is_none() && dims[y].coordinate.is_none();
        match (declared, computed) {
            (Some(d), Some(c)) if coordinate::agree(&d, &c, width, height) => Some(d),
            (Some(d), None) if bare => {
                let [a, _, c, _, e, f] = d.0;
                if d.is_separable() {
                    let regular = |origin, step| Some(Coordinate::Regular { origin, step });
                    dims[x].coordinate = regular(c + a / 2.0, a);
                    dims[y].coordinate = regular(f + e / 2.0, e);
                }
                Some(d)
            }
            (Some(_), computed) => {
                tracing::warn!(
                    "{}: {}: the declared affine map contradicts the coordinates and is ignored",
                    self.place,
                    array.path
                );
                computed
            }
            (None, computed) => computed,
        }
    }

    /// The reference system that is declared, or WGS 84 for plain longitudes and latitudes.
    fn crs(&self, array: &Array, lon_lat: bool) -> Option<Crs> {
        let wgs84 = || Crs {
            code: Some("EPSG:4326".to_owned()),
            wkt: None,
        };
        let mapping = self.grid_mapping(array).map(|i| &self.arrays[i]);
        let declared = [
            mapping.map(|m| &m.attributes),
            Some(&array.attributes),
            Some(&array.inherited),
        ];
        if let Some(crs) = declared.into_iter().flatten().find_map(crs::crs) {
            return Some(crs);
        }
        let Some(mapping) = mapping else {
            return lon_lat.then(wgs84);
        };
        let wgs84_size = number(&mapping.attributes, "semi_major_axis")
            .is_none_or(|a| (a - 6_378_137.0).abs() < 0.5);
        if text(&mapping.attributes, "grid_mapping_name") == Some("latitude_longitude")
            && wgs84_size
        {
            return Some(wgs84());
        }
        tracing::warn!(
            "{}: grid mapping {} has neither WKT nor a code: give the reference system yourself",
            self.place,
            mapping.path
        );
        None
    }

    /// The attributes that stay true once the variable stands for itself.
    fn attributes(
        &self,
        array: &Array,
        stored: ElementType,
        element: ElementType,
        nodata: Option<Scalar>,
    ) -> Attributes {
        let mut attributes = without_references(&array.attributes);
        if let Some(listed) = text(&array.attributes, "coordinates") {
            let kept: Vec<&str> = words(listed)
                .filter(|name| {
                    let found = self.find(name, array);
                    found.is_some_and(|i| !self.helpers.contains(&i))
                })
                .collect();
            if kept.is_empty() {
                attributes.remove("coordinates");
            } else {
                attributes.insert("coordinates".to_owned(), kept.join(" ").into());
            }
        }
        attributes.remove("_FillValue");
        let second = attributes.remove("missing_value").filter(|v| {
            let value = missing::scalar(v, stored);
            let value = value.and_then(|v| missing::fit(v, stored, element));
            value.is_some_and(|v| !v.as_f64().is_nan() && Some(v) != nodata)
        });
        if let Some(second) = second {
            tracing::warn!(
                "{}: {} has a second missing value {second}, which stays a number",
                self.place,
                array.path
            );
            attributes.insert("missing_value".to_owned(), second);
        }
        attributes
    }
}

/// Attributes but for those that name other arrays, or that this crate says in its own way.
fn without_references(attributes: &Attributes) -> Attributes {
    const OURS: [&str; 13] = [
        "_ARRAY_DIMENSIONS",
        "_CRS",
        "_Netcdf4Coordinates",
        "_Netcdf4Dimid",
        "_Unsigned",
        "_zarrs",
        "CLASS",
        "NAME",
        "bounds",
        "climatology",
        "grid_mapping",
        "multiscales",
        "zarr_conventions",
    ];
    let ours =
        |key: &str| OURS.contains(&key) || key.starts_with("proj:") || key.starts_with("spatial:");
    let kept = attributes.iter().filter(|(key, _)| !ours(key));
    kept.map(|(k, v)| (k.clone(), v.clone())).collect()
}

/// Applies `scale_factor` and `add_offset` to coordinates, and drops them from `attributes`.
#[allow(clippy::cast_precision_loss, reason = "packed values are small")]
fn unpack(values: Values, attributes: &mut Attributes) -> Values {
    let (scale, offset) = (
        number(attributes, "scale_factor"),
        number(attributes, "add_offset"),
    );
    attributes.remove("scale_factor");
    attributes.remove("add_offset");
    if scale.is_none() && offset.is_none() {
        return values;
    }
    let map = |v: f64| v * scale.unwrap_or(1.0) + offset.unwrap_or(0.0);
    match values {
        Values::Float(v) => Values::Float(v.into_iter().map(map).collect()),
        Values::Int(v) => Values::Float(v.into_iter().map(|v| map(v as f64)).collect()),
        text @ Values::Text(_) => text,
    }
}
