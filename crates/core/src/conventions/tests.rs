#![allow(
    clippy::unreadable_literal,
    reason = "JSON is compared with as stores have it"
)]

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

#[test]
fn variables_of_several_ranks_and_odd_sizes() {
    let mut series = dem_by_time();
    series.name = "mean_level".into();
    series.dims.truncate(1);
    (series.crs, series.transform) = (None, None);
    let mut small = dem();
    small.dims[0].size = 5;
    small.dims[1].size = 7;
    let mut cube = dem_by_time();
    cube.name = "cube".into();
    cube.dims[1].size = 5;
    cube.dims[2].size = 7;
    let found =
        Pyramid::new(&[series.clone(), small.clone(), cube.clone()], 0..3).attributes("max");
    let layout = found["multiscales"]["layout"].as_array().unwrap();
    // The ratio of cells, not of sizes (5 to 2), in the rank of the cube.
    assert_eq!(layout[2]["transform"]["scale"], json!([1.0, 4.0, 4.0]));
    assert_eq!(layout[2]["spatial:shape"], json!([2, 2]));
    assert!(!found.contains_key("spatial:registration"));
    let names = |a: &Attributes| -> Vec<Value> {
        let images = a["ome"]["multiscales"].as_array().unwrap();
        images.iter().map(|i| i["name"].clone()).collect()
    };
    assert_eq!(names(&found), ["dem", "cube"]);
    let same = Pyramid::new(&[small.clone(), small.clone()], 0..1).attributes("max");
    assert_eq!(same["spatial:registration"], "pixel");

    // A series alone has levels, and no place.
    let found = Pyramid::new(&[series], 0..2).attributes("max");
    assert_eq!(found["zarr_conventions"], conventions(&["multiscales"]));
    assert_eq!(
        found["multiscales"]["layout"][1]["transform"]["scale"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert!(!found.contains_key("ome") && !found.contains_key("spatial:transform"));
    assert!(pyramid_attributes(&[], "mean").is_empty());

    // An empty grid has no shape in the convention.
    small.dims[0].size = 0;
    let level = level_attributes(&[small.clone()]);
    assert!(!level.contains_key("spatial:shape") && level.contains_key("spatial:transform"));
    // A broken map is no map, and NaN is not in JSON.
    small.transform = Some(Affine([f64::NAN, 0.0, 0.0, 0.0, 1.0, 0.0]));
    assert!(!text(&level_attributes(&[small])).contains("null"));
}

#[test]
fn what_ome_can_say() {
    use Axis::{Band, Other, Time, X, Y, Z};
    let ome = |axes: &[Axis]| {
        let mut v = dem();
        let name = |i: usize| format!("d{i}");
        v.dims = axes
            .iter()
            .enumerate()
            .map(|(i, a)| Dimension::new(name(i), 4, *a))
            .collect();
        Pyramid::new(&[v], 0..2)
            .attributes("mean")
            .get("ome")
            .cloned()
    };
    for axes in [
        &[Y, X][..],
        &[Z, Y, X],
        &[Time, Y, X],
        &[Band, Y, X],
        &[Time, Band, Z, Y, X],
    ] {
        assert!(ome(axes).is_some(), "{axes:?}");
    }
    for axes in [
        &[X, Y][..],
        &[X],
        &[Y, X, Band],
        &[Band, Time, Y, X],
        &[Time, Time, Y, X],
        &[Other, Y, X],
        &[Z, Y],
        &[Band, Z, Z, Y, X],
    ] {
        assert!(ome(axes).is_none(), "{axes:?}");
    }
    let axes = ome(&[Time, Band, Z, Y, X]).unwrap()["multiscales"][0]["axes"].clone();
    let types: Vec<_> = axes
        .as_array()
        .unwrap()
        .iter()
        .map(|a| a["type"].clone())
        .collect();
    assert_eq!(types, ["time", "channel", "space", "space", "space"]);
}

#[test]
fn ome_scales_and_units() {
    let placed = |dims: Vec<Dimension>, factors: Vec<u64>| {
        let mut v = dem();
        (v.crs, v.transform) = (None, None);
        v.dims = dims;
        let coarse = v.coarsened(&factors);
        let (fine, coarse) = ([v], [coarse]);
        let levels = [
            Level {
                path: "0",
                variables: &fine,
                factors: vec![vec![1; factors.len()]],
            },
            Level {
                path: "1",
                variables: &coarse,
                factors: vec![factors],
            },
        ];
        let image = pyramid_attributes(&levels, "mean")["ome"]["multiscales"][0].clone();
        let of = |l: usize| {
            let t = &image["datasets"][l]["coordinateTransformations"];
            (t[0]["scale"].clone(), t[1]["translation"].clone())
        };
        let units: Vec<Value> = image["axes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|a| a.get("unit").cloned().unwrap_or_default())
            .collect();
        (of(0), of(1), units)
    };
    let yx = |unit: &str| {
        let regular = |step| Coordinate::Regular { origin: 5.0, step };
        vec![
            with(dim("y", 8, Axis::Y, regular(-0.25)), "units", unit),
            with(dim("x", 8, Axis::X, regular(0.25)), "units", unit),
        ]
    };
    let time = |coordinate, units: &str| {
        let mut dims = vec![with(dim("t", 4, Axis::Time, coordinate), "units", units)];
        dims.extend(yx("µm"));
        dims
    };
    // Without a transform the coordinates tell the step; time starts at its first value.
    let (fine, coarse, units) = placed(
        time(
            Coordinate::Int(vec![10, 12, 14, 16]),
            "weeks since 2000-01-01",
        ),
        vec![2, 2, 4],
    );
    assert_eq!(
        fine,
        (json!([14.0, 0.25, 0.25]), json!([0.0, 0.125, 0.125]))
    );
    assert_eq!(coarse, (json!([28.0, 0.5, 1.0]), json!([7.0, 0.25, 0.5])));
    assert_eq!(units, ["day", "micrometer", "micrometer"]);
    // Irregular time has steps of one.
    let (fine, coarse, units) = placed(
        time(
            Coordinate::Float(vec![0.0, 1.0, 5.0, 6.0]),
            "hours since 2000-01-01",
        ),
        vec![1, 2, 2],
    );
    assert_eq!(
        (fine.0, coarse.0),
        (json!([1.0, 0.25, 0.25]), json!([1.0, 0.5, 0.5]))
    );
    assert_eq!(units[0], "hour");
    // No unit is better than a wrong one.
    let (_, _, units) = placed(yx("parsec per fortnight"), vec![2, 2]);
    assert_eq!(units, [Value::Null, Value::Null]);
    // Degrees of a geographic system; cells of a rotated grid keep their size.
    let mut v = dem();
    v.crs = Some(Crs::from_epsg(4326).unwrap());
    v.transform = Some(Affine([3.0, -4.0, 0.0, 4.0, 3.0, 0.0]));
    let image = Pyramid::new(&[v], 0..1).attributes("mean")["ome"]["multiscales"][0].clone();
    assert_eq!(
        image["axes"][0],
        json!({"name": "y", "type": "space", "unit": "degree"})
    );
    assert_eq!(
        image["datasets"][0]["coordinateTransformations"][0]["scale"],
        json!([5.0, 5.0])
    );
}

/// Writes a variable and reads it back.
fn reread(v: &Variable) -> Variable {
    let array = array_attributes(v);
    let group = level_attributes(std::slice::from_ref(v));
    let mapping = spatial_ref_attributes(v.crs.as_ref(), v.transform.as_ref());
    let dims = v.dims.iter().map(|d| {
        let attributes = coordinate_attributes(d, v.crs.as_ref());
        let mut dim = dimension_from_attributes(&d.name, d.size, Some(&attributes));
        dim.coordinate.clone_from(&d.coordinate);
        dim
    });
    variable_from_attributes(
        &v.name,
        v.element,
        dims.collect(),
        &array,
        Some(&group),
        Some(&mapping),
    )
    .unwrap()
}

#[test]
fn variables_come_back() {
    let once = reread(&dem_by_time());
    let mut expected = dem_by_time();
    for (dim, found) in expected.dims.iter_mut().zip(&once.dims) {
        // With the attributes that follow from role and system.
        dim.attributes = found.attributes.clone();
    }
    assert_eq!(once, expected);
    assert_eq!(reread(&once), once);
    for wkt in [
        r#"PROJCS["mine",GEOGCS["g",DATUM["d",SPHEROID["s",1,0]]],UNIT["m",1]]"#,
        r#"GEOGCRS["mine",DATUM["d",ELLIPSOID["s",1,0]]]"#,
        r#"GEOGCRS["WGS 84",DATUM["d",ELLIPSOID["s",1,0]],ID["EPSG",4326]]"#,
        r#"GEOGCRS["Moon",DATUM["d",ELLIPSOID["s",1,0]],ID["IAU",30100]]"#,
    ] {
        let mut v = dem();
        v.crs = Some(Crs::from_wkt(wkt).unwrap());
        assert_eq!(reread(&v).crs, v.crs);
    }
}

#[test]
fn stores_of_others_are_understood() {
    let object = |v: Value| v.as_object().unwrap().clone();
    let read = |array: Value, group: Option<Value>, mapping: Option<Value>| {
        let dims = ["row", "col"].map(|n| Dimension::new(n, 4, Axis::Other));
        let dims = if array.get("named").is_some() {
            ["y", "x"].map(|n| dimension_from_attributes(n, 4, None))
        } else {
            dims
        };
        let (group, mapping) = (group.map(object), mapping.map(object));
        variable_from_attributes(
            "v",
            ElementType::Float32,
            dims.to_vec(),
            &object(array),
            group.as_ref(),
            mapping.as_ref(),
        )
    };
    // Roles and place inherited from the group; node registration is of centres.
    let group = json!({"spatial:dimensions": ["row", "col"], "spatial:transform": [10, 0, 5, 0, -10, 95], "spatial:registration": "node", "proj:code": "EPSG:3035"});
    let v = read(json!({}), Some(group.clone()), None).unwrap();
    assert_eq!((v.axis(Axis::Y), v.axis(Axis::X)), (Some(0), Some(1)));
    assert_eq!(
        v.transform,
        Some(Affine([10.0, 0.0, 0.0, 0.0, -10.0, 100.0]))
    );
    assert_eq!(v.crs.unwrap().epsg(), Some(3035));
    // The array overrules the group.
    let v = read(
        json!({"proj:code": "EPSG:4326", "spatial:transform_type": "rpc"}),
        Some(group),
        None,
    )
    .unwrap();
    assert_eq!(v.crs.unwrap().epsg(), Some(4326));
    // CF and GDAL.
    let wkt = Crs::from_epsg(28992).unwrap().wkt().unwrap().to_owned();
    let mapping = json!({"spatial_ref": wkt, "GeoTransform": " 100 1 0 200 0 -1 "});
    let v = read(
        json!({"named": 1, "_FillValue": "NaN", "missing_value": [-1.0]}),
        None,
        Some(mapping),
    )
    .unwrap();
    assert_eq!(
        (v.crs.unwrap().epsg(), v.transform),
        (
            Some(28992),
            Some(Affine([1.0, 0.0, 100.0, 0.0, -1.0, 200.0]))
        )
    );
    assert_eq!(v.nodata, None);
    let v = read(json!({"named": 1, "_CRS": {"url": "http://www.opengis.net/def/crs/EPSG/0/28992"}, "missing_value": -1}), None, None).unwrap();
    assert_eq!(
        (v.crs.unwrap().epsg(), v.nodata),
        (Some(28992), Some(Scalar::Float(-1.0)))
    );
    // Without X and Y there is no place.
    let v = read(json!({"proj:code": "EPSG:4326"}), None, None).unwrap();
    assert_eq!(v.crs, None);
    // Faults are told.
    for (array, mapping) in [
        (json!({"spatial:transform": [1, 2, 3]}), json!({})),
        (json!({"spatial:transform": "1 2 3 4 5 6"}), json!({})),
        (json!({"proj:code": 4326}), json!({})),
        (json!({"proj:wkt2": "nonsense"}), json!({})),
        (json!({}), json!({"GeoTransform": "1 2 3"})),
        (json!({}), json!({"GeoTransform": "1 2 3 4 5 nan"})),
        (json!({}), json!({"crs_wkt": "nonsense"})),
        (json!({"_CRS": {"wkt": "nonsense"}}), json!({})),
    ] {
        let error = read(array.clone(), None, Some(mapping)).unwrap_err();
        assert!(
            matches!(error, crate::Error::Data { .. }),
            "{array} {error}"
        );
    }
    assert_eq!(
        grid_mapping_of(&object(json!({"grid_mapping": "crs: x y"}))),
        Some("crs")
    );
    assert_eq!(grid_mapping_of(&object(json!({}))), None);
}

#[test]
fn roles_of_dimensions() {
    let axis = |name: &str, attributes: Value| {
        let attributes = attributes.as_object().cloned();
        dimension_from_attributes(name, 1, attributes.as_ref()).axis
    };
    for (name, attributes, expected) in [
        (
            "ZAXLEVIT19",
            json!({"axis": "Z", "units": "METERS"}),
            Axis::Z,
        ),
        ("TIME", json!({"axis": "T"}), Axis::Time),
        ("XAX_SUBSET", json!({"units": "degrees_east"}), Axis::X),
        ("rlat", json!({"standard_name": "grid_latitude"}), Axis::Y),
        ("n", json!({"units": "days since 2000-01-01"}), Axis::Time),
        ("p", json!({"positive": "down"}), Axis::Z),
        ("Lon", json!(null), Axis::X),
        ("northing", json!({"units": "m"}), Axis::Y),
        ("band", json!({}), Axis::Band),
        ("x", json!({"axis": "Y"}), Axis::Y),
        ("member", json!({}), Axis::Other),
    ] {
        assert_eq!(axis(name, attributes), expected, "{name}");
    }
}

#[test]
fn layouts_come_back() {
    let attributes = Pyramid::new(&[dem_by_time()], 1..4).attributes("mean");
    let levels = layout_from_attributes(&attributes).unwrap();
    let scales: Vec<_> = levels
        .iter()
        .map(|l| (l.path.as_str(), l.scale.clone()))
        .collect();
    assert_eq!(
        scales,
        [
            ("1", vec![1.0, 1.0, 1.0]),
            ("2", vec![1.0, 2.0, 2.0]),
            ("3", vec![1.0, 4.0, 4.0])
        ]
    );
    // Others tell the step from level to level.
    let chained = json!({"multiscales": {"layout": [
        {"asset": "r10", "transform": {"scale": [1, 1]}},
        {"asset": "r20", "derived_from": "r10", "transform": {"scale": [2, 2]}},
        {"asset": "r60", "derived_from": "r20", "transform": {"scale": [3.0, 3.0]}},
        {"nothing": true},
        {"asset": "plain"}
    ]}});
    let levels = layout_from_attributes(chained.as_object().unwrap()).unwrap();
    assert_eq!(
        levels[2],
        LayoutLevel {
            path: "r60".into(),
            scale: vec![6.0, 6.0]
        }
    );
    assert_eq!(
        levels[3],
        LayoutLevel {
            path: "plain".into(),
            scale: vec![]
        }
    );
    assert_eq!(layout_from_attributes(&Attributes::new()), None);
    let ndpyramid = json!({"multiscales": [{"datasets": []}]});
    assert_eq!(layout_from_attributes(ndpyramid.as_object().unwrap()), None);
}

proptest! {
    #[test]
    fn float_missing_values_survive(bits in any::<u64>()) {
        let value = f64::from_bits(bits);
        prop_assume!(!value.is_nan());
        let mut v = dem();
        (v.nodata, v.element) = (Some(Scalar::Float(value)), ElementType::Float64);
        prop_assert_eq!(reread(&v).nodata, v.nodata);
    }
}
