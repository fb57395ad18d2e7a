//! What was written is read back, and what others wrote is understood.

use super::*;

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
