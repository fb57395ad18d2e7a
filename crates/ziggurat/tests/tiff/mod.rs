//! `GeoTIFF` against values that rasterio read from the same files.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use ziggurat::source::{GeoTiff, Source};
use ziggurat_core::{Affine, Axis, Coordinate, ElementType, Error, Region, Scalar, Variable};

mod damaged;
#[cfg(feature = "gdal")]
mod gdal;
mod stacks;

/// As printed by `data/tiff/make.py`: file, type, shape, sha256.
const EXPECTED: [(&str, &str, [u64; 3], &str); 43] = [
    ("bigtiff.tif", "float32", [1, 19, 21], "5657cd6552bdd58d"),
    ("bigtiff_be.tif", "int16", [1, 19, 21], "8c023094beed379f"),
    ("bits1.tif", "uint8", [1, 19, 21], "5a6f0782347fadb5"),
    ("bits4_planar.tif", "uint8", [2, 19, 21], "fe5c6ea7374ccb87"),
    (
        "complex128.tif",
        "complex128",
        [1, 7, 11],
        "bff1e65410a3fb08",
    ),
    ("complex64.tif", "complex64", [1, 7, 11], "c9e16edd618f71fa"),
    ("custom_crs.tif", "uint8", [1, 19, 21], "eb4518394944de9c"),
    ("described.tif", "uint8", [2, 19, 21], "98bf5dfcf7f3723f"),
    ("esri_pe.tif", "uint8", [1, 19, 21], "eb4518394944de9c"),
    ("fax4.tif", "uint8", [1, 19, 21], "5a6f0782347fadb5"),
    (
        "fax4_miniswhite.tif",
        "uint8",
        [1, 19, 21],
        "5a6f0782347fadb5",
    ),
    ("float32.tif", "float32", [1, 7, 11], "6e17632c19693e85"),
    ("float64.tif", "float64", [1, 7, 11], "921404f2af42910e"),
    ("gcps.tif", "uint8", [1, 19, 21], "eb4518394944de9c"),
    ("int16.tif", "int16", [1, 7, 11], "6fe8a42f2b1593b5"),
    ("int32.tif", "int32", [1, 7, 11], "e4bf4609bd216dab"),
    ("int64.tif", "int64", [1, 7, 11], "645a995979306a67"),
    ("int8.tif", "int8", [1, 7, 11], "29207bcf3b6969ff"),
    ("miniswhite.tif", "uint8", [1, 19, 21], "eb4518394944de9c"),
    ("nodata_f32.tif", "float32", [1, 19, 21], "5657cd6552bdd58d"),
    ("nodata_nan.tif", "float32", [1, 19, 21], "fc55afad00d6b56c"),
    ("nodata_u64.tif", "uint64", [1, 7, 11], "46706313b3d9700d"),
    ("overviews.tif", "int16", [1, 64, 64], "a3cb9385319a2ce2"),
    ("packbits.tif", "uint8", [1, 19, 21], "eb4518394944de9c"),
    ("palette.tif", "uint8", [1, 19, 21], "d88e8ff0d458c370"),
    ("plain.tif", "uint8", [1, 19, 21], "eb4518394944de9c"),
    ("point.tif", "int16", [1, 19, 21], "8c023094beed379f"),
    ("rgb_extra.tif", "uint8", [5, 19, 21], "c363bd31e22d3d40"),
    ("rotated.tif", "int16", [1, 19, 21], "8c023094beed379f"),
    ("scaled.tif", "int16", [1, 19, 21], "8c023094beed379f"),
    ("south_up.tif", "int16", [1, 19, 21], "8c023094beed379f"),
    ("sparse.tif", "int16", [1, 64, 64], "9a891b7b3e6da1ed"),
    (
        "strip_lzw_pred2.tif",
        "uint16",
        [3, 19, 21],
        "eedac5fcc1dea4b5",
    ),
    ("strip_none.tif", "int16", [1, 19, 21], "8c023094beed379f"),
    (
        "strip_planar_be.tif",
        "uint16",
        [2, 19, 21],
        "3f25b5e0033f5543",
    ),
    (
        "tile_deflate_pred3.tif",
        "float32",
        [1, 19, 21],
        "5657cd6552bdd58d",
    ),
    (
        "tile_pixel_be_pred2.tif",
        "int16",
        [5, 19, 21],
        "1d41021ce32efa06",
    ),
    (
        "tile_pred3_be_f64.tif",
        "float64",
        [2, 19, 21],
        "0fbdd5c3be7168bc",
    ),
    (
        "tile_zstd_pred2_planar.tif",
        "int32",
        [3, 19, 21],
        "61274c7f09b2caac",
    ),
    ("uint16.tif", "uint16", [1, 7, 11], "0bc8524d02cf82e7"),
    ("uint32.tif", "uint32", [1, 7, 11], "6d359edad4d8e88d"),
    ("uint64.tif", "uint64", [1, 7, 11], "46706313b3d9700d"),
    ("uint8.tif", "uint8", [1, 7, 11], "ccc72cb5d31e0630"),
];

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/tiff")
        .join(name)
}

fn open(name: &str) -> GeoTiff {
    GeoTiff::open(&file(name)).unwrap()
}

/// The file of the shared real data, if it is there.
fn shared(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("ZIGGURAT_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let path = root.join("data").join(name);
    if !path.exists() {
        eprintln!("{} is missing: not tested", path.display());
        return None;
    }
    Some(path)
}

fn digest(source: &dyn Source, variable: usize) -> String {
    let meaning = &source.variables()[variable];
    let bytes = source
        .read(variable, &Region::whole(&meaning.shape()))
        .unwrap();
    sha(bytes, meaning)
}

/// sha256 over little-endian values.
fn sha(mut bytes: Vec<u8>, variable: &Variable) -> String {
    if cfg!(target_endian = "big") {
        bytes
            .chunks_mut(variable.element.word())
            .for_each(<[u8]>::reverse);
    }
    format!("{:x}", Sha256::digest(&bytes))
}

#[test]
fn values_are_those_of_rasterio() {
    for (name, dtype, shape, expected) in EXPECTED {
        let source = open(name);
        let variable = &source.variables()[0];
        assert_eq!(variable.element.name(), dtype, "{name}");
        let shape = if shape[0] == 1 {
            &shape[1..]
        } else {
            &shape[..]
        };
        assert_eq!(variable.shape(), shape, "{name}");
        assert_eq!(digest(&source, 0)[..16], *expected, "{name}");
    }
}

#[test]
fn halves_stay_halves() {
    let source = open("half.tif");
    assert_eq!(source.variables()[0].element, ElementType::Float16);
    let bytes = source.read(0, &Region::whole(&[19, 21])).unwrap();
    let halves = bytes.as_chunks::<2>().0;
    // GDAL widens them.
    let wide = halves.iter().flat_map(|half| {
        let value = Scalar::from_element(half, ElementType::Float16).unwrap();
        #[allow(clippy::cast_possible_truncation, reason = "exact")]
        let value = value.as_f64() as f32;
        value.to_le_bytes()
    });
    let wide: Vec<u8> = wide.collect();
    let digest = format!("{:x}", Sha256::digest(&wide));
    assert_eq!(digest[..16], *"78f969a5b9098995");
}

/// Digest of what `region` of the first variable holds.
fn part(source: &dyn Source, region: &Region) -> String {
    let bytes = source.read(0, region).unwrap();
    sha(bytes, &source.variables()[0])[..16].to_owned()
}

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
fn any_region_is_part_of_the_whole() {
    for name in [
        "tile_pixel_be_pred2.tif",
        "tile_zstd_pred2_planar.tif",
        "strip_lzw_pred2.tif",
    ] {
        let source = open(name);
        let variable = &source.variables()[0];
        let shape = variable.shape();
        let size = variable.element.size();
        let whole = source.read(0, &Region::whole(&shape)).unwrap();
        for (start, extent) in [
            ([0, 0, 0], [1, 1, 1]),
            ([1, 5, 3], [2, 13, 17]),
            ([2, 15, 0], [1, 4, 21]),
            ([0, 18, 20], [3, 1, 1]),
            ([0, 3, 3], [2, 0, 4]),
        ] {
            let region = Region::new(start, extent);
            let mut expected = Vec::new();
            for index in region.indices() {
                let at = usize::try_from(ziggurat_core::region::offset(&index, &shape)).unwrap();
                expected.extend_from_slice(&whole[at * size..][..size]);
            }
            assert_eq!(
                source.read(0, &region).unwrap(),
                expected,
                "{name} {region}"
            );
        }
    }
}

#[test]
fn threads_share_a_file() {
    let source = open("strip_lzw_pred2.tif");
    let shape = source.variables()[0].shape();
    let row = |y| Region::new([0, y, 0], [shape[0], 1, shape[2]]);
    let read = || {
        (0..shape[1])
            .map(|y| source.read(0, &row(y)).unwrap())
            .collect::<Vec<_>>()
    };
    let expected = read();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(read)).collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), expected);
        }
    });
}

#[test]
fn lossy_compression_is_close() {
    // Decoders of JPEG differ in rounding: spots of what libjpeg makes of them.
    for (name, rank, spots) in [
        ("jpeg_grey.tif", 2, GREY.as_slice()),
        ("jpeg_ycbcr.tif", 3, YCBCR.as_slice()),
    ] {
        let source = open(name);
        assert_eq!(source.variables()[0].dims.len(), rank);
        for (index, expected) in spots {
            let index = &index[3 - rank..];
            let region = Region::new(index, vec![1; rank]);
            let value = source.read(0, &region).unwrap()[0];
            assert!(
                value.abs_diff(*expected) <= 3,
                "{name} {index:?}: {value} for {expected}"
            );
        }
    }
}

const GREY: [([u64; 3], u8); 6] = [
    ([0, 0, 0], 116),
    ([0, 3, 7], 182),
    ([0, 17, 20], 51),
    ([0, 31, 47], 138),
    ([0, 20, 33], 160),
    ([0, 9, 40], 86),
];
const YCBCR: [([u64; 3], u8); 6] = [
    ([0, 0, 0], 122),
    ([1, 3, 7], 206),
    ([2, 17, 20], 184),
    ([0, 31, 47], 141),
    ([1, 20, 33], 211),
    ([2, 9, 40], 114),
];

fn variable(name: &str) -> Variable {
    open(name).variables()[0].clone()
}

/// Coordinates of the first two cells along the axis.
fn begin(variable: &Variable, axis: Axis) -> Option<(f64, f64)> {
    let dim = &variable.dims[variable.axis(axis)?];
    let coordinate = dim.coordinate.as_ref()?;
    Some((coordinate.at(0)?, coordinate.at(1)?))
}

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

#[test]
fn tiles_that_are_not_stored_are_missing() {
    let source = open("sparse.tif");
    let boxes = source.occupied(0).unwrap().unwrap();
    // Of 4 x 4 tiles, 3 x 2 hold data.
    assert_eq!(boxes.len(), 6);
    assert!(boxes.contains(&Region::new([32, 16], [16, 16])));
    assert_eq!(open("int16.tif").occupied(0).unwrap(), None);
    assert_eq!(source.read_shape(0), [16, 16]);
    assert_eq!(
        open("tile_zstd_pred2_planar.tif").read_shape(0),
        [1, 16, 16]
    );
    assert_eq!(open("tile_pixel_be_pred2.tif").read_shape(0), [5, 16, 16]);
}
