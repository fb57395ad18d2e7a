//! Files that others published.

use ziggurat::source::{GeoTiff, Source};
use ziggurat_core::{Affine, Region, Scalar};

use super::{part, shared};

/// Shared file, shape, digest of each band, digest of [:, 500:517, 300:411], transform.
type Real = (
    &'static str,
    [u64; 3],
    &'static [&'static str],
    &'static str,
    [f64; 6],
);

const REAL: [Real; 5] = [
    (
        "RGB.byte.tif",
        [3, 718, 791],
        &["a17a2785a0ecc375", "8fcd55b2ea0fc8b0", "6d0e37e529ac14dd"],
        "0816c90c4b61d09f",
        [
            300.037_926_675_094_8,
            0.0,
            101_985.0,
            0.0,
            -300.041_782_729_805,
            2_826_915.0,
        ],
    ),
    (
        "fmi/201609281540_FINUTM.tif",
        [1, 7316, 4963],
        &["5f5bb88db14b8387"],
        "1e25c1704997ba26",
        [
            250.004_018_873_606_16,
            0.0,
            -196_593.004_314_229_6,
            0.0,
            -250.013_983_930_901_2,
            8_084_432.005_259_146,
        ],
    ),
    (
        "fmi/201609281750_FINUTM.tif",
        [1, 7316, 4963],
        &["d6c0aa62b7185055"],
        "1e25c1704997ba26",
        [
            250.004_018_873_606_16,
            0.0,
            -196_593.004_314_229_6,
            0.0,
            -250.013_983_930_901_2,
            8_084_432.005_259_146,
        ],
    ),
    (
        "naip/m_4709963_se_14_1_20090818.tif",
        [4, 724, 934],
        &[
            "32531c1809911716",
            "a4590339472812c3",
            "2932207eab05b18b",
            "485b16e4d390d9f4",
        ],
        "6ff73a43e1ede6f0",
        [5.0, 0.0, 485_900.0, 0.0, -5.0, 5_209_247.0],
    ),
    (
        "naip/m_4709963_se_14_1_20150926.tif",
        [4, 723, 934],
        &[
            "30f404d7a28c8456",
            "55bbf85caed9193c",
            "635dfba1e926ff78",
            "dd454c80a644d85d",
        ],
        "ccf63023147924dd",
        [5.0, 0.0, 485_900.0, 0.0, -5.0, 5_209_245.0],
    ),
];

#[test]
fn real_files_are_read_as_by_rasterio() {
    for (name, shape, digests, spot, transform) in REAL {
        let Some(path) = shared(name) else { return };
        let source = GeoTiff::open(&path).unwrap();
        let variable = &source.variables()[0];
        assert_eq!(variable.transform, Some(Affine(transform)), "{name}");
        let banded = shape[0] > 1;
        let region =
            |band: std::ops::Range<u64>, rows: std::ops::Range<u64>, cols: std::ops::Range<u64>| {
                let mut ranges = vec![rows, cols];
                if banded {
                    ranges.insert(0, band);
                }
                Region::new(
                    ranges.iter().map(|r| r.start).collect::<Vec<_>>(),
                    ranges.iter().map(|r| r.end - r.start).collect::<Vec<_>>(),
                )
            };
        for (band, digest) in (0..).zip(digests) {
            let whole = region(band..band + 1, 0..shape[1], 0..shape[2]);
            assert_eq!(part(&source, &whole), *digest, "{name} band {band}");
        }
        let region = region(0..shape[0], 500..517, 300..411);
        assert_eq!(part(&source, &region), spot, "{name} {region}");
    }
}

#[test]
fn radar_composites_of_fmi_are_understood() {
    let Some(path) = shared("fmi/201609281540_FINUTM.tif") else {
        return;
    };
    let source = GeoTiff::open(&path).unwrap();
    let v = &source.variables()[0];
    assert_eq!(v.nodata, Some(Scalar::UInt(255)));
    assert_eq!(v.crs.as_ref().unwrap().code.as_deref(), Some("EPSG:3067"));
    let text = serde_json::to_string(&v.attributes).unwrap();
    let expected = concat!(
        r#"{"scale_factor":0.5,"add_offset":-32.0,"units":"dBZ","#,
        r#""long_name":"Corrected reflectivity","undetect":0,"#,
        r#""observation_time":"2016-09-28T15:40:00Z"}"#
    );
    assert_eq!(text, expected);
}
