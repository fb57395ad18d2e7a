#![allow(
    clippy::unreadable_literal,
    reason = "JSON is compared with as stores have it"
)]

mod back;
mod ome;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{Affine, Axis, Coordinate, Crs, Dimension, ElementType, Scalar};

/// A dimension with coordinates.
fn dim(name: &str, size: u64, axis: Axis, coordinate: Coordinate) -> Dimension {
    Dimension {
        coordinate: Some(coordinate),
        ..Dimension::new(name, size, axis)
    }
}

fn with(mut dimension: Dimension, key: &str, value: &str) -> Dimension {
    dimension.attributes.insert(key.into(), value.into());
    dimension
}

/// The height model of the example: 2048 x 2048 cells of half a metre.
fn dem() -> Variable {
    let regular = |origin, step| Coordinate::Regular { origin, step };
    Variable {
        fill: None,
        name: "dem".into(),
        element: ElementType::Float32,
        dims: vec![
            dim("y", 2048, Axis::Y, regular(449_999.75, -0.5)),
            dim("x", 2048, Axis::X, regular(100_000.25, 0.5)),
        ],
        nodata: Some(Scalar::Float(-9999.0)),
        attributes: Attributes::from_iter([("units".into(), "m".into())]),
        crs: Some(Crs::from_epsg(28992).unwrap()),
        transform: Some(Affine([0.5, 0.0, 100_000.0, 0.0, -0.5, 450_000.0])),
    }
}

/// The same, day by day.
fn dem_by_time() -> Variable {
    let mut v = dem();
    let days = dim("time", 3, Axis::Time, Coordinate::Int(vec![0, 1, 2]));
    let days = with(days, "units", "days since 2024-01-01");
    v.dims.insert(0, days);
    v
}

/// Levels of variables whose space is halved from one to the next, beginning at `first`.
struct Pyramid {
    paths: Vec<String>,
    variables: Vec<Vec<Variable>>,
    factors: Vec<Vec<Vec<u64>>>,
}

impl Pyramid {
    fn new(base: &[Variable], levels: std::ops::Range<u32>) -> Self {
        let factors = |l: u32| -> Vec<Vec<u64>> {
            base.iter().map(|v| v.spatial_factors(1_u64 << l)).collect()
        };
        Self {
            paths: levels.clone().map(|l| l.to_string()).collect(),
            variables: levels
                .clone()
                .map(|l| {
                    base.iter()
                        .zip(factors(l))
                        .map(|(v, f)| v.coarsened(&f))
                        .collect()
                })
                .collect(),
            factors: levels.map(factors).collect(),
        }
    }

    fn attributes(&self, method: &str) -> Attributes {
        let levels: Vec<Level<'_>> = (0..self.paths.len())
            .map(|i| Level {
                path: &self.paths[i],
                variables: &self.variables[i],
                factors: self.factors[i].clone(),
            })
            .collect();
        pyramid_attributes(&levels, method)
    }
}

/// JSON text, where 1 and 1.0 differ.
fn text(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap()
}

fn conventions(names: &[&str]) -> Value {
    let all = json!([
        {"uuid":"d35379db-88df-4056-af3a-620245f8e347","name":"multiscales","schema_url":"https://raw.githubusercontent.com/zarr-conventions/multiscales/refs/tags/v0.1/schema.json","spec_url":"https://github.com/zarr-conventions/multiscales/blob/v0.1/README.md","description":"Multiscale layout of zarr datasets"},
        {"uuid":"f17cb550-5864-4468-aeb7-f3180cfb622f","name":"proj","schema_url":"https://raw.githubusercontent.com/zarr-conventions/proj/refs/tags/v0.1/schema.json","spec_url":"https://github.com/zarr-conventions/proj/blob/v0.1/README.md","description":"Coordinate reference system information for geospatial data"},
        {"uuid":"689b58e2-cf7b-45e0-9fff-9cfc0883d6b4","name":"spatial","schema_url":"https://raw.githubusercontent.com/zarr-conventions/spatial/refs/tags/v0.1/schema.json","spec_url":"https://github.com/zarr-conventions/spatial/blob/v0.1/README.md","description":"Spatial coordinate information"}
    ]);
    let all = all.as_array().unwrap();
    all.iter()
        .filter(|c| names.contains(&c["name"].as_str().unwrap()))
        .cloned()
        .collect()
}

#[test]
fn root_of_a_three_dimensional_pyramid() {
    let found = Pyramid::new(&[dem_by_time()], 0..3).attributes("mean");
    let expected = json!({
        "zarr_conventions": conventions(&["multiscales", "proj", "spatial"]),
        "multiscales": {"resampling_method": "average", "layout": [
            {"asset": "0", "transform": {"scale": [1.0, 1.0, 1.0], "translation": [0.0, 0.0, 0.0]}, "spatial:shape": [2048, 2048], "spatial:transform": [0.5, 0.0, 100000.0, 0.0, -0.5, 450000.0]},
            {"asset": "1", "derived_from": "0", "transform": {"scale": [1.0, 2.0, 2.0], "translation": [0.0, 0.0, 0.0]}, "spatial:shape": [1024, 1024], "spatial:transform": [1.0, 0.0, 100000.0, 0.0, -1.0, 450000.0], "resampling_method": "average"},
            {"asset": "2", "derived_from": "0", "transform": {"scale": [1.0, 4.0, 4.0], "translation": [0.0, 0.0, 0.0]}, "spatial:shape": [512, 512], "spatial:transform": [2.0, 0.0, 100000.0, 0.0, -2.0, 450000.0], "resampling_method": "average"}
        ]},
        "proj:code": "EPSG:28992",
        "spatial:dimensions": ["y", "x"], "spatial:bbox": [100000.0, 448976.0, 101024.0, 450000.0],
        "spatial:transform": [0.5, 0.0, 100000.0, 0.0, -0.5, 450000.0], "spatial:shape": [2048, 2048], "spatial:registration": "pixel",
        "ome": {"version": "0.5", "multiscales": [{"name": "dem", "type": "mean",
            "axes": [{"name": "time", "type": "time", "unit": "day"}, {"name": "y", "type": "space", "unit": "meter"}, {"name": "x", "type": "space", "unit": "meter"}],
            "datasets": [
                {"path": "0/dem", "coordinateTransformations": [{"type": "scale", "scale": [1.0, 0.5, 0.5]}, {"type": "translation", "translation": [0.0, 0.25, 0.25]}]},
                {"path": "1/dem", "coordinateTransformations": [{"type": "scale", "scale": [1.0, 1.0, 1.0]}, {"type": "translation", "translation": [0.0, 0.5, 0.5]}]},
                {"path": "2/dem", "coordinateTransformations": [{"type": "scale", "scale": [1.0, 2.0, 2.0]}, {"type": "translation", "translation": [0.0, 1.0, 1.0]}]}
            ],
            "metadata": {"method": "ziggurat mean"}}]}
    });
    assert_eq!(text(&found), text(&expected));
}

#[test]
fn an_aggregate_starts_where_it_starts() {
    let found = Pyramid::new(&[dem()], 1..3).attributes("min");
    let layout = json!({"resampling_method": "min", "layout": [
        {"asset": "1", "transform": {"scale": [1.0, 1.0], "translation": [0.0, 0.0]}, "spatial:shape": [1024, 1024], "spatial:transform": [1.0, 0.0, 100000.0, 0.0, -1.0, 450000.0]},
        {"asset": "2", "derived_from": "1", "transform": {"scale": [2.0, 2.0], "translation": [0.0, 0.0]}, "spatial:shape": [512, 512], "spatial:transform": [2.0, 0.0, 100000.0, 0.0, -2.0, 450000.0], "resampling_method": "min"}
    ]});
    assert_eq!(text(&found["multiscales"]), text(&layout));
    assert_eq!(
        text(&found["spatial:transform"]),
        text(&json!([1.0, 0.0, 100000.0, 0.0, -1.0, 450000.0]))
    );
    let datasets = json!([
        {"path": "1/dem", "coordinateTransformations": [{"type": "scale", "scale": [1.0, 1.0]}, {"type": "translation", "translation": [0.5, 0.5]}]},
        {"path": "2/dem", "coordinateTransformations": [{"type": "scale", "scale": [2.0, 2.0]}, {"type": "translation", "translation": [1.0, 1.0]}]}
    ]);
    assert_eq!(
        text(&found["ome"]["multiscales"][0]["datasets"]),
        text(&datasets)
    );
    assert_eq!(found["ome"]["multiscales"][0]["type"], "min");
}

#[test]
fn a_level_group() {
    let found = level_attributes(&[dem_by_time().coarsened(&[1, 2, 2])]);
    let expected = json!({
        "Conventions": "CF-1.11",
        "zarr_conventions": conventions(&["proj", "spatial"]),
        "proj:code": "EPSG:28992",
        "spatial:dimensions": ["y", "x"], "spatial:bbox": [100000.0, 448976.0, 101024.0, 450000.0],
        "spatial:transform": [1.0, 0.0, 100000.0, 0.0, -1.0, 450000.0], "spatial:shape": [1024, 1024], "spatial:registration": "pixel"
    });
    assert_eq!(text(&found), text(&expected));
}

#[test]
fn an_array() {
    let mut v = dem();
    for key in [
        "missing_value",
        "_FillValue",
        "coordinates",
        "grid_mapping",
        "_CRS",
    ] {
        v.attributes.insert(key.into(), "stale".into());
    }
    let expected = json!({
        "units": "m",
        "_FillValue": "AAAAAICHw8A=",
        "missing_value": -9999.0,
        "grid_mapping": "spatial_ref",
        "zarr_conventions": conventions(&["proj", "spatial"]),
        "proj:code": "EPSG:28992",
        "spatial:dimensions": ["y", "x"],
        "spatial:transform": [0.5, 0.0, 100000.0, 0.0, -0.5, 450000.0]
    });
    assert_eq!(text(&array_attributes(&v)), text(&expected));

    // Nothing known, nothing said.
    v.attributes.clear();
    (v.crs, v.transform, v.nodata) = (None, None, None);
    assert_eq!(text(&array_attributes(&v)), "{}");
    assert!(!has_spatial_ref(&v));
    assert_eq!(
        text(&level_attributes(&[v])),
        text(&json!({"Conventions": "CF-1.11"}))
    );
}

#[test]
fn missing_values_of_every_kind() {
    use ElementType as E;
    use Scalar::{Float, Int, UInt};
    let written = |nodata, element| {
        let mut v = dem();
        (v.nodata, v.element) = (Some(nodata), element);
        let out = array_attributes(&v);
        let back =
            variable_from_attributes("dem", element, v.dims.clone(), &out, None, None).unwrap();
        (
            out.get("_FillValue").cloned(),
            out.get("missing_value").cloned(),
            back.nodata,
        )
    };
    // base64 as xarray writes it.
    let lowest = f64::from(f32::MIN);
    for (nodata, element, fill, missing) in [
        (
            Float(-9999.0),
            E::Float64,
            Some(json!("AAAAAICHw8A=")),
            Some(json!(-9999.0)),
        ),
        (
            Float(lowest),
            E::Float32,
            Some(json!("AAAA4P//78c=")),
            Some(json!(lowest)),
        ),
        (
            Float(f64::NEG_INFINITY),
            E::Float32,
            Some(json!("AAAAAAAA8P8=")),
            None,
        ),
        (
            Int(-32768),
            E::Int16,
            Some(json!(-32768)),
            Some(json!(-32768)),
        ),
        (
            Int(i64::MIN),
            E::Int64,
            Some(json!(i64::MIN)),
            Some(json!(i64::MIN)),
        ),
    ] {
        assert_eq!(written(nodata, element), (fill, missing, Some(nodata)));
    }
    // The value is that of the array's own precision and type.
    let tenth = f64::from(0.1_f32);
    assert_eq!(written(Float(0.1), E::Float32).1, Some(json!(tenth)));
    assert_eq!(written(UInt(255), E::UInt8).0, Some(json!(255)));
    assert_eq!(written(Float(255.0), E::UInt8).0, Some(json!(255)));
    assert_eq!(written(UInt(255), E::UInt8).2, Some(Int(255)));
    // NaN is missing anyway; the others cannot occur in the array.
    for (nodata, element) in [
        (Float(f64::NAN), E::Float32),
        (Int(-1), E::UInt8),
        (Float(0.5), E::Int32),
        (Int(0), E::Bool),
        (Float(0.0), E::Complex64),
    ] {
        assert_eq!(written(nodata, element), (None, None, None));
    }
}

#[test]
fn coordinates_by_role_and_system() {
    let found = |axis, crs: Option<u32>| {
        let crs = crs.map(|c| Crs::from_epsg(c).unwrap());
        text(&coordinate_attributes(
            &Dimension::new("d", 2, axis),
            crs.as_ref(),
        ))
    };
    let rd = |a: &str, n: &str| text(&json!({"standard_name": n, "units": "m", "axis": a}));
    assert_eq!(
        found(Axis::X, Some(28992)),
        rd("X", "projection_x_coordinate")
    );
    assert_eq!(
        found(Axis::Y, Some(28992)),
        rd("Y", "projection_y_coordinate")
    );
    let geographic =
        |a: &str, n: &str, u: &str| text(&json!({"standard_name": n, "units": u, "axis": a}));
    assert_eq!(
        found(Axis::X, Some(4326)),
        geographic("X", "longitude", "degrees_east")
    );
    assert_eq!(
        found(Axis::Y, Some(4326)),
        geographic("Y", "latitude", "degrees_north")
    );
    assert_eq!(found(Axis::X, None), text(&json!({"axis": "X"})));
    assert_eq!(found(Axis::Z, Some(28992)), text(&json!({"axis": "Z"})));
    assert_eq!(found(Axis::Band, Some(28992)), "{}");

    // What is carried overrules, and keeps its place; netCDF's own is dropped.
    let lon = with(Dimension::new("lon", 2, Axis::X), "units", "degrees");
    let lon = with(
        with(lon, "long_name", "Longitude"),
        "CLASS",
        "DIMENSION_SCALE",
    );
    let crs = Crs::from_epsg(4326).unwrap();
    let expected = json!({"standard_name": "longitude", "units": "degrees", "axis": "X", "long_name": "Longitude"});
    assert_eq!(
        text(&coordinate_attributes(&lon, Some(&crs))),
        text(&expected)
    );
}

#[test]
fn time_always_has_a_calendar() {
    let calendar = |units: &str, given: Option<&str>| {
        let mut time = with(Dimension::new("time", 2, Axis::Time), "units", units);
        if let Some(given) = given {
            time = with(time, "calendar", given);
        }
        let out = coordinate_attributes(&time, None);
        assert_eq!(
            (&out["standard_name"], &out["axis"], &out["units"]),
            (&json!("time"), &json!("T"), &json!(units))
        );
        out.get("calendar").cloned()
    };
    assert_eq!(
        calendar("days since 2000-01-01", None),
        Some(json!("standard"))
    );
    assert_eq!(
        calendar("days since 2000-01-01", Some("365_day")),
        Some(json!("365_day"))
    );
    // Year 0 is in no reader's standard calendar.
    assert_eq!(
        calendar("hour since 0000-01-01 00:00:00", None),
        Some(json!("proleptic_gregorian"))
    );
    // Not ours to judge.
    assert_eq!(calendar("months since 2000-01-01", None), None);
    assert_eq!(calendar("seconds", Some("tai")), Some(json!("tai")));
}

#[test]
fn the_grid_mapping_array() {
    let v = dem();
    let found = spatial_ref_attributes(v.crs.as_ref(), v.transform.as_ref());
    assert_eq!(found["GeoTransform"], "100000 0.5 0 450000 0 -0.5");
    assert!(
        found["crs_wkt"]
            .as_str()
            .unwrap()
            .starts_with("PROJCS[\"Amersfoort / RD New\"")
    );
    assert!(spatial_ref_attributes(None, None).is_empty());
}

#[test]
fn wkt_goes_where_its_version_belongs() {
    let of = |wkt: &str| {
        let mut v = dem();
        v.crs = Some(Crs::from_wkt(wkt).unwrap());
        (
            level_attributes(std::slice::from_ref(&v)),
            array_attributes(&v),
        )
    };
    // WKT 1 without a code: no proj convention.
    let (level, array) =
        of(r#"PROJCS["mine",GEOGCS["g",DATUM["d",SPHEROID["s",1,0]]],UNIT["m",1]]"#);
    assert!(
        level
            .keys()
            .chain(array.keys())
            .all(|k| !k.starts_with("proj:"))
    );
    assert_eq!(level["zarr_conventions"], conventions(&["spatial"]));
    assert_eq!(array["grid_mapping"], "spatial_ref");
    // WKT 2 without a code.
    let wkt = r#"GEOGCRS["mine",DATUM["d",ELLIPSOID["s",1,0]]]"#;
    let (level, array) = of(wkt);
    assert_eq!(
        (&level["proj:wkt2"], &array["proj:wkt2"]),
        (&json!(wkt), &json!(wkt))
    );
    // WKT 2 with a code: arrays need no more than the code.
    let wkt = r#"GEOGCRS["WGS 84",DATUM["d",ELLIPSOID["s",1,0]],ID["EPSG",4326]]"#;
    let (level, array) = of(wkt);
    assert_eq!(
        (&level["proj:code"], &level["proj:wkt2"]),
        (&json!("EPSG:4326"), &json!(wkt))
    );
    assert_eq!(
        (&array["proj:code"], array.get("proj:wkt2")),
        (&json!("EPSG:4326"), None)
    );
}
