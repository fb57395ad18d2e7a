//! Values, by type and by compression.

use sha2::{Digest, Sha256};
use ziggurat::source::Source;
use ziggurat_core::{ElementType, Region, Scalar};

use super::{digest, open};

/// As printed by `data/tiff/make.py`: file, type, shape, sha256.
pub(super) const EXPECTED: [(&str, &str, [u64; 3], &str); 43] = [
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
