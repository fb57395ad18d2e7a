//! `.npy` files: real ones, and every order of bytes and axes.

use std::path::Path;

use ziggurat::source::Source;
use ziggurat::source::npy::{Npy, is_npy};
use ziggurat_codecs::npy::encode_header;
use ziggurat_core::{ElementType, Error, Region, element};

use super::inputs::{check_regions, digest, dims, real};

#[test]
fn reads_eopatch() {
    for (file, element, sha) in [
        (
            "eopatch/NDVI.npy",
            ElementType::Float32,
            "9daadb295f28a430c3dc293f0ca909e699f12da3842cda7fd45275f2ed7c6a23",
        ),
        (
            "eopatch/CLM.npy",
            ElementType::UInt8,
            "0f568147cb6e075cc64f7a078e01c4c67804db9981d93c2450938e78b3ab3b36",
        ),
    ] {
        let Some(path) = real(file) else { return };
        assert!(is_npy(&std::fs::read(&path).unwrap()[..8]));
        let source = Npy::open(&path).unwrap();
        let variable = &source.variables()[0];
        assert_eq!(variable.name, path.file_stem().unwrap().to_str().unwrap());
        assert_eq!(variable.element, element);
        assert_eq!(
            (variable.nodata, &variable.crs, variable.transform),
            (None, &None, None)
        );
        let expected = [
            "dim_0[68] Other none",
            "dim_1[101] Other none",
            "y[100] Y none",
            "x[1] X none",
        ];
        assert_eq!(dims(&source, 0), expected);
        assert_eq!(digest(&source, 0), sha);
        check_regions(&source, 0);
    }
}

/// A header as `NumPy` writes it, then the values 0, 1, 2, ... in the order of the file.
fn write(path: &Path, descr: &str, fortran: &str, shape: &str, data: &[u8]) {
    let dict = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}");
    let mut bytes = b"\x93NUMPY\x01\x00v\x00".to_vec();
    bytes.extend(format!("{dict:<117}\n").bytes());
    assert_eq!(bytes.len(), 128);
    bytes.extend(data);
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn reads_both_orders() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.npy");
    let little: Vec<u8> = (0..24_i16).flat_map(i16::to_le_bytes).collect();
    let big: Vec<u8> = (0..24_i16).flat_map(i16::to_be_bytes).collect();
    for (descr, data) in [("<i2", &little), (">i2", &big)] {
        write(&path, descr, "False", "(2, 3, 4)", data);
        let source = Npy::open(&path).unwrap();
        let region = Region::new([1, 0, 1], [1, 2, 2]);
        let values = element::to_values::<i16>(&source.read(0, &region).unwrap());
        assert_eq!(values, [13, 14, 17, 18]);
        check_regions(&source, 0);

        write(&path, descr, "True", "(2, 3, 4)", data);
        let source = Npy::open(&path).unwrap();
        // Position of (i, j, k) in Fortran order: i + 2 j + 6 k.
        let values = element::to_values::<i16>(&source.read(0, &region).unwrap());
        assert_eq!(values, [7, 13, 9, 15]);
        check_regions(&source, 0);
    }
}

#[test]
fn complex_words_are_swapped_one_by_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("c.npy");
    let data: Vec<u8> = [1.0_f32, 2.0, 3.0, 4.0]
        .iter()
        .flat_map(|v| v.to_be_bytes())
        .collect();
    write(&path, ">c8", "False", "(2,)", &data);
    let source = Npy::open(&path).unwrap();
    let bytes = source.read(0, &Region::whole(&[2])).unwrap();
    assert_eq!(element::to_values::<f32>(&bytes), [1.0, 2.0, 3.0, 4.0]);
    assert_eq!(dims(&source, 0), ["x[2] X none"]);
}

#[test]
fn refuses_every_truncation() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cut.npy");
    let mut bytes = encode_header(ElementType::Float32, &[3, 5]);
    bytes.resize(bytes.len() + 60, 1);
    for cut in 0..bytes.len() {
        std::fs::write(&path, &bytes[..cut]).unwrap();
        let error = Npy::open(&path).unwrap_err();
        assert!(matches!(error, Error::Data { .. }), "{cut}: {error}");
        assert!(error.to_string().contains("cut.npy"), "{error}");
    }
    std::fs::write(&path, &bytes).unwrap();
    assert_eq!(Npy::open(&path).unwrap().variables()[0].shape(), [3, 5]);
}

#[test]
fn refuses_what_has_no_grid() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.npy");
    write(&path, "<f8", "False", "()", &[0; 8]);
    assert!(matches!(Npy::open(&path), Err(Error::Unsupported { .. })));
    write(&path, "<f8", "False", "(1000000000000000000,)", &[0; 8]);
    assert!(matches!(Npy::open(&path), Err(Error::Limit { .. })));
    write(&path, "<f8", "False", "(0, 5)", &[]);
    let empty = Npy::open(&path).unwrap();
    assert!(empty.read(0, &Region::whole(&[0, 5])).unwrap().is_empty());
    assert!(
        Npy::open(dir.path().join("none.npy"))
            .unwrap_err()
            .is_not_found()
    );
}
