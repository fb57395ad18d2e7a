//! Grids, missing values, scales, bands: what values mean.

use ziggurat::source::Source;
use ziggurat_core::{Affine, Axis, Coordinate, Region, Scalar};

use super::{begin, digest, open, sha, variable};

#[test]
fn grids_are_those_of_gdal() {
    let utm = Affine([30.0, 0.0, 500_000.0, 0.0, -30.0, 4_600_000.0]);
    for name in ["int16.tif", "point.tif", "bigtiff.tif", "overviews.tif"] {
        let v = variable(name);
        assert_eq!(v.transform, Some(utm), "{name}");
        assert_eq!(
            v.crs.as_ref().unwrap().code.as_deref(),
            Some("EPSG:32631"),
            "{name}"
        );
        assert_eq!(begin(&v, Axis::X), Some((500_015.0, 500_045.0)));
        assert_eq!(begin(&v, Axis::Y), Some((4_599_985.0, 4_599_955.0)));
    }
    let v = variable("south_up.tif");
    assert_eq!(
        v.transform,
        Some(Affine([0.5, 0.0, -10.0, 0.0, 0.5, -20.0]))
    );
    assert_eq!(v.crs.as_ref().unwrap().code.as_deref(), Some("EPSG:4326"));
    assert_eq!(begin(&v, Axis::Y), Some((-19.75, -19.25)));
    let v = variable("rotated.tif");
    assert_eq!(
        v.transform,
        Some(Affine([20.0, 10.0, 500_000.0, 10.0, -20.0, 4_600_000.0]))
    );
    assert_eq!(begin(&v, Axis::X), None);
    for name in ["plain.tif", "gcps.tif"] {
        assert_eq!(variable(name).transform, None, "{name}");
    }
    assert_eq!(variable("plain.tif").crs, None);
    // Without code: only what stands as text in the file.
    assert_eq!(variable("custom_crs.tif").crs, None);
    let crs = variable("esri_pe.tif").crs.unwrap();
    assert!(crs.code.is_none() && crs.wkt.unwrap().starts_with("PROJCS[\"unknown\",GEOGCS["));
}

#[test]
fn missing_values_and_scales_are_carried_over() {
    let nodata = |name: &str| variable(name).nodata;
    assert!(matches!(nodata("nodata_nan.tif"), Some(Scalar::Float(v)) if v.is_nan()));
    assert_eq!(
        nodata("nodata_f32.tif"),
        Some(Scalar::Float(f64::from(f32::MIN)))
    );
    assert_eq!(nodata("nodata_u64.tif"), Some(Scalar::UInt(u64::MAX)));
    assert_eq!(nodata("int16.tif"), None);

    let v = variable("scaled.tif");
    assert_eq!(v.name, "data");
    assert_eq!(v.nodata, Some(Scalar::Int(-9999)));
    let text = serde_json::to_string(&v.attributes).unwrap();
    let expected = concat!(
        r#"{"scale_factor":0.01,"add_offset":273.15,"units":"K","#,
        r#""long_name":"air temperature <2 m> & \"more\"","#,
        r#""TITLE":"a & b < c","cell_methods":"time: mean","#,
        r#""file_time":"2021-03-04T05:06:07Z"}"#
    );
    assert_eq!(text, expected);

    let v = variable("described.tif");
    let names = vec!["red".to_owned(), "nir".to_owned()];
    assert_eq!(v.dims[0].coordinate, Some(Coordinate::Text(names)));
    assert_eq!(v.dims[0].axis, Axis::Band);
    let v = variable("rgb_extra.tif");
    assert_eq!(
        v.dims[0].coordinate,
        Some(Coordinate::Int(vec![1, 2, 3, 4, 5]))
    );
}

#[test]
fn bands_that_disagree_are_variables_of_their_own() {
    let source = open("unlike.tif");
    let [first, second] = source.variables() else {
        panic!()
    };
    assert_eq!(
        (&*first.name, &*second.name),
        ("band_1", "surface_temperature")
    );
    assert_eq!(first.attributes["scale_factor"], 0.1);
    assert_eq!(second.attributes.get("scale_factor"), None);
    assert_eq!(
        (&first.attributes["units"], &second.attributes["units"]),
        (&"m".into(), &"K".into())
    );
    let both = digest(&source, 0) != digest(&source, 1);
    let bytes: Vec<u8> = (0..2)
        .flat_map(|i| source.read(i, &Region::whole(&[19, 21])).unwrap())
        .collect();
    assert!(both);
    assert_eq!(sha(bytes, first)[..16], *"7b7652cf6e968bfc");
}
