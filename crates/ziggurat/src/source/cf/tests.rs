//! Arrays as no file of the tests has them.

use serde_json::json;
use ziggurat_core::{Affine, Coordinate, element};

use super::*;

/// An array of `float64` with dimensions as `"y:3 x:4"`.
fn array(path: &str, dims: &str, attributes: &Value) -> Array {
    Array {
        path: path.to_owned(),
        kind: Kind::Number(ElementType::Float64),
        dims: dims
            .split_whitespace()
            .map(|d| d.split_once(':').unwrap())
            .map(|(name, size)| (name.to_owned(), size.parse().unwrap()))
            .collect(),
        attributes: attributes.as_object().unwrap().clone(),
        inherited: Attributes::new(),
        fill: None,
    }
}

/// Interprets `arrays`, whose values are 0, 1, 2, ...
fn variables(arrays: &[Array]) -> Vec<Variable> {
    let read = |i: usize| {
        let mut values = Vec::new();
        (0..arrays[i].dims[0].1)
            .for_each(|_| values.push(f64::from(u32::try_from(values.len()).unwrap())));
        Ok(Raw::Bytes(element::to_bytes(&values)))
    };
    interpret("test", arrays, &read).unwrap().variables
}

#[test]
fn a_declared_map_must_agree_with_the_coordinates() {
    for (geotransform, expected) in [
        ("-0.501 1 0 -0.5 0 1", [1.0, 0.0, -0.501, 0.0, 1.0, -0.5]),
        // North up, although the rows are south up.
        ("-0.5 1 0 2.5 0 -1", [1.0, 0.0, -0.5, 0.0, 1.0, -0.5]),
    ] {
        let found = variables(&[
            array("v", "y:3 x:4", &json!({"grid_mapping": "map"})),
            array("x", "x:4", &json!({})),
            array("y", "y:3", &json!({})),
            array(
                "map",
                "",
                &json!({"GeoTransform": geotransform, "spatial_epsg": 28992}),
            ),
        ]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].transform, Some(Affine(expected)));
        assert_eq!(
            found[0].crs.as_ref().unwrap().code.as_deref(),
            Some("EPSG:28992")
        );
    }
}

#[test]
fn a_declared_map_gives_coordinates_where_there_are_none() {
    let map = json!({"spatial:transform": [10, 0, 100, 0, -10, 50]});
    let found = variables(&[array("v", "y:3 x:4", &map)]);
    let regular = |origin, step| Some(Coordinate::Regular { origin, step });
    assert_eq!(found[0].dims[0].coordinate, regular(45.0, -10.0));
    assert_eq!(found[0].dims[1].coordinate, regular(105.0, 10.0));
    // Rotated: a map, but no coordinates.
    let map = json!({"spatial:transform": [7, 7, 100, 7, -7, 50]});
    let found = variables(&[array("v", "y:3 x:4", &map)]);
    assert!(found[0].transform.is_some() && found[0].dims[0].coordinate.is_none());
    // Of another grid.
    let map = json!({"spatial:transform": [10, 0, 100, 0, -10, 50], "spatial:shape": [6, 8]});
    assert_eq!(variables(&[array("v", "y:3 x:4", &map)])[0].transform, None);
}

#[test]
fn auxiliary_coordinates_stand_in() {
    let found = variables(&[
        array(
            "v",
            "row:3 col:4",
            &json!({"coordinates": "lat lon height"}),
        ),
        array("lat", "row:3", &json!({"units": "degrees_north"})),
        array("lon", "col:4", &json!({"units": "degrees_east"})),
        array("height", "", &json!({"units": "m"})),
    ]);
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].dims[0].axis, found[0].dims[1].axis),
        (Axis::Y, Axis::X)
    );
    assert_eq!(
        found[0].transform,
        Some(Affine([1.0, 0.0, -0.5, 0.0, 1.0, -0.5]))
    );
    assert_eq!(
        found[0].crs.as_ref().unwrap().code.as_deref(),
        Some("EPSG:4326")
    );
    assert_eq!(found[0].attributes["coordinates"], json!("height"));
}

#[test]
fn degrees_on_another_figure_are_not_wgs84() {
    let of = |mapping: Value| {
        let found = variables(&[
            array("v", "lat:3 lon:4", &json!({"grid_mapping": "m"})),
            array("lat", "lat:3", &json!({"units": "degrees_north"})),
            array("lon", "lon:4", &json!({"units": "degrees_east"})),
            array("m", "", &mapping),
        ]);
        found[0].crs.as_ref().and_then(|c| c.code.clone())
    };
    let plain = json!({"grid_mapping_name": "latitude_longitude"});
    assert_eq!(of(plain).as_deref(), Some("EPSG:4326"));
    let sphere = json!({"grid_mapping_name": "latitude_longitude", "semi_major_axis": 6_371_229.0});
    assert_eq!(of(sphere), None);
    assert_eq!(
        of(json!({"grid_mapping_name": "rotated_latitude_longitude"})),
        None
    );
}

#[test]
fn each_axis_of_the_map_is_one_dimension() {
    let found = variables(&[array("covariance", "x:4 y:3 x:4", &json!({}))]);
    let axes: Vec<Axis> = found[0].dims.iter().map(|d| d.axis).collect();
    assert_eq!(axes, [Axis::Other, Axis::Y, Axis::X]);
    let named = json!({"spatial:dimensions": ["i", "j"]});
    let found = variables(&[array("v", "x:2 i:3 j:4", &named)]);
    let axes: Vec<Axis> = found[0].dims.iter().map(|d| d.axis).collect();
    assert_eq!(axes, [Axis::Other, Axis::Y, Axis::X]);
}

#[test]
fn packed_coordinates_are_unpacked() {
    let packed = json!({"units": "m", "scale_factor": 0.5, "add_offset": 10.0, "_FillValue": -1});
    let found = variables(&[
        array("v", "y:3 x:4", &json!({})),
        array("x", "x:4", &packed),
    ]);
    let expected = Coordinate::Regular {
        origin: 10.0,
        step: 0.5,
    };
    assert_eq!(found[0].dims[1].coordinate, Some(expected));
    assert_eq!(json!(found[0].dims[1].attributes), json!({"units": "m"}));
}
