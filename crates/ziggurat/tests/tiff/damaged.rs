//! Files that are no TIFF, cut off, garbled, or beyond this build.

use std::path::{Path, PathBuf};

use ziggurat::source::{GeoTiff, Source};
use ziggurat_core::{Error, Region};

use super::file;

/// A file of its own with these bytes.
fn with(bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bad.tif");
    std::fs::write(&path, bytes).unwrap();
    (dir, path)
}

/// Opens and reads everything.
fn read(bytes: &[u8]) -> Result<(), Error> {
    let (_dir, path) = with(bytes);
    let source = GeoTiff::open(&path)?;
    for (i, variable) in source.variables().iter().enumerate() {
        // A garbled size is not read whole.
        let shape: Vec<u64> = variable.shape().iter().map(|n| *n.min(&64)).collect();
        source.read(i, &Region::whole(&shape))?;
        source.occupied(i)?;
    }
    Ok(())
}

#[test]
fn what_is_no_tiff_is_named() {
    for bytes in [
        &b""[..],
        b"II",
        b"II*\0",
        b"hello world, this is text",
        &[0; 100],
    ] {
        let (_dir, path) = with(bytes);
        let error = GeoTiff::open(&path).unwrap_err();
        assert!(matches!(error, Error::Data { .. }), "{error}");
        assert!(
            error.to_string().starts_with(&path.display().to_string()),
            "{error}"
        );
    }
    let error = GeoTiff::open(Path::new("/no/such/file.tif")).unwrap_err();
    assert!(error.is_not_found(), "{error}");
}

#[test]
fn truncated_files_are_refused_when_opened() {
    for name in [
        "strip_none.tif",
        "tile_zstd_pred2_planar.tif",
        "bigtiff.tif",
        "fax4.tif",
        "int16.tif",
    ] {
        let bytes = std::fs::read(file(name)).unwrap();
        for keep in 0..bytes.len() {
            let (_dir, path) = with(&bytes[..keep]);
            match GeoTiff::open(&path) {
                Err(Error::Data { .. }) => {}
                // What lies at the end may be padding or a tag that is not needed.
                Ok(_) if keep + 600 > bytes.len() => {}
                other => panic!("{name} cut to {keep} bytes: {other:?}"),
            }
        }
    }
}

#[test]
fn compression_that_is_not_built_in_says_what_to_do() {
    let error = GeoTiff::open(&file("lzma.tif")).unwrap_err();
    assert!(matches!(error, Error::Unsupported { .. }));
    let text = error.to_string();
    assert!(
        text.ends_with("compression 34925 (LZMA); build with `--features gdal` to read it"),
        "{text}"
    );
}

#[test]
fn no_byte_makes_it_panic() {
    // Each byte of the header region and a spread of the others, in two garbled forms.
    for name in [
        "scaled.tif",
        "bigtiff_be.tif",
        "tile_zstd_pred2_planar.tif",
        "jpeg_ycbcr.tif",
        "fax4.tif",
        "packbits.tif",
        "strip_lzw_pred2.tif",
        "sparse.tif",
    ] {
        let bytes = std::fs::read(file(name)).unwrap();
        for at in (0..bytes.len()).filter(|i| *i < 400 || i % 31 == 0) {
            for value in [!bytes[at], bytes[at].wrapping_add(1)] {
                let mut garbled = bytes.clone();
                garbled[at] = value;
                let _ = read(&garbled);
            }
        }
    }
}
