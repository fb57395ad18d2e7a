//! GeoTIFF against values that rasterio read from the same files.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use ziggurat::source::{GeoTiff, Source};
use ziggurat_core::{Affine, Axis, Coordinate, Error, Region, Scalar, Variable};

const WORD: [(&str, usize); 14] = [
    ("int8", 1),
    ("uint8", 1),
    ("int16", 2),
    ("uint16", 2),
    ("float16", 2),
    ("int32", 4),
    ("uint32", 4),
    ("float32", 4),
    ("int64", 8),
    ("uint64", 8),
    ("float64", 8),
    ("complex64", 4),
    ("complex128", 8),
    ("bool", 1),
];

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
    ("nodata_u64.tif", "uint64", [1, 19, 21], "09bdae41719452bb"),
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
    Sha256::digest(&bytes)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect()
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
