//! What GDAL opens, against the reader that is Rust alone.

use ziggurat::source::{GdalRaster, GeoTiff, Source};
use ziggurat_core::{Error, Region, Variable};

use super::values::EXPECTED;
use super::{digest, file, open, shared};

fn gdal(name: &str) -> GdalRaster {
    GdalRaster::open(&file(name)).unwrap()
}

#[test]
fn both_readers_agree() {
    for (name, dtype, ..) in EXPECTED {
        // GDAL places it by its control points.
        if name == "gcps.tif" {
            continue;
        }
        // GDAL before 3.7 has no signed bytes, and its types in Rust no complex numbers.
        if dtype.starts_with("complex") {
            assert!(matches!(
                GdalRaster::open(&file(name)),
                Err(Error::Unsupported { .. })
            ));
            continue;
        }
        let (ours, theirs) = (open(name), gdal(name));
        assert_eq!(digest(&ours, 0), digest(&theirs, 0), "{name}");
        let mut ours = ours.variables()[0].clone();
        let mut theirs = theirs.variables()[0].clone();
        let crs = theirs.crs.take().map(|crs| crs.code);
        if let Some(code) = ours.crs.take().and_then(|crs| crs.code) {
            let theirs = crs.unwrap_or_else(|| panic!("{name} has no CRS"));
            assert_eq!(theirs.as_deref(), Some(&*code), "{name}");
        }
        ours.attributes.sort_keys();
        theirs.attributes.sort_keys();
        let nan = |v: &Variable| v.nodata.is_some_and(|n| n.as_f64().is_nan());
        if nan(&ours) && nan(&theirs) {
            (ours.nodata, theirs.nodata) = (None, None);
        }
        assert_eq!(ours, theirs, "{name}");
    }
}

#[test]
fn more_is_opened() {
    let source = gdal("lzma.tif");
    assert_eq!(digest(&source, 0)[..16], *"33befc397fa679a8");
    let source = gdal("unlike.tif");
    let told = |v: &[Variable]| -> Vec<_> {
        v.iter()
            .map(|v| (v.name.clone(), v.attributes.clone()))
            .collect()
    };
    assert_eq!(
        told(source.variables()),
        told(open("unlike.tif").variables())
    );
    let region = Region::new([1, 3, 5], [2, 7, 11]);
    let name = "tile_pixel_be_pred2.tif";
    assert_eq!(
        gdal(name).read(0, &region).unwrap(),
        open(name).read(0, &region).unwrap()
    );

    let error = GdalRaster::open(&file("make.py")).unwrap_err();
    assert!(
        error.to_string().ends_with("make.py: GDAL cannot open it"),
        "{error}"
    );
}

#[test]
fn radar_composites_are_understood_too() {
    let Some(path) = shared("fmi/201609281540_FINUTM.tif") else {
        return;
    };
    let (ours, theirs) = (
        GeoTiff::open(&path).unwrap(),
        GdalRaster::open(&path).unwrap(),
    );
    let (ours, theirs) = (&ours.variables()[0], &theirs.variables()[0]);
    assert_eq!(
        (ours.nodata, &ours.attributes),
        (theirs.nodata, &theirs.attributes)
    );
}
