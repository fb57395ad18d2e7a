//! What other software wrote, to Zarr and back.

use std::path::Path;

use serde_json::Value;
use sha2::{Digest, Sha256};
use ziggurat::codecs::blosc2::Frame;
use ziggurat::codecs::dtype::DType;
use ziggurat::core::Error;

use super::{assert_same, elements, reopen, sample, samples, to};

/// Converts each sample of `family` to Zarr and to files with the extensions `back`; returns how many were.
fn there_and_back(family: &str, back: &[&str], refused: &[&str]) -> usize {
    let dir = tempfile::tempdir().unwrap();
    let mut count = 0;
    for path in samples(family) {
        let name = path.file_name().unwrap().to_str().unwrap();
        let zarr = dir.path().join(format!("{name}.zarr"));
        let converted = to(&path, &zarr);
        if refused.contains(&name) {
            let error = converted.unwrap_err();
            assert!(matches!(error, Error::Unsupported { .. }), "{error}");
            assert!(!zarr.exists(), "{name}");
            continue;
        }
        converted.unwrap();
        count += 1;
        let original = reopen(&path);
        assert_same(&*original, &*reopen(&zarr));
        for extension in back {
            let again = dir.path().join(format!("{name}.{extension}"));
            to(&zarr, &again).unwrap();
            let again = reopen(&again);
            assert_same(&*original, &*again);
        }
    }
    count
}

#[test]
fn blosc2() {
    assert_eq!(there_and_back("b2nd", &["b2nd"], &[]), 20);
}

#[test]
fn caterva() {
    assert_eq!(there_and_back("caterva", &["cat", "b2nd"], &[]), 25);
}

#[test]
fn bcolz() {
    let refused = ["objects"];
    let there = there_and_back("bcolz", &["b2nd"], &refused);
    assert_eq!(there, 43);
}

#[test]
fn bloscpack() {
    assert_eq!(there_and_back("bloscpack", &["b2nd"], &[]), 34);
}

/// The digests were made with NumPy from what was written.
#[test]
fn blosc2_and_caterva_have_the_expected_values() {
    let dir = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(sample("expected.jsonl")).unwrap();
    for line in text.lines() {
        let expected: Value = serde_json::from_str(line).unwrap();
        let file = expected["file"].as_str().unwrap();
        let zarr = dir.path().join(file.replace('/', "_"));
        let zarr = zarr.with_extension("zarr");
        to(&sample(file), &zarr).unwrap();
        let array = reopen(&zarr);
        let mut bytes = elements(&*array);
        if let Some(dtype) = expected["dtype"].as_str() {
            DType::parse(dtype).unwrap().swap_to_native(&mut bytes);
        }
        let digest = format!("{:x}", Sha256::digest(&bytes));
        assert_eq!(expected["sha256"], digest, "{file}");
    }
}

/// The metalayers of a frame but for that of the array, and those of variable length.
fn layers(path: &Path) -> Vec<(String, Vec<u8>)> {
    let frame = Frame::open(path).unwrap();
    let fixed = frame.header().metalayers.iter();
    let mut all: Vec<_> = fixed
        .filter(|(name, _)| !["b2nd", "caterva"].contains(name))
        .map(|(name, content)| (name.to_owned(), content.to_vec()))
        .collect();
    for name in frame.vlmetalayer_names() {
        all.push((name.to_owned(), frame.vlmetalayer(name).unwrap()));
    }
    all.sort();
    all
}

#[test]
fn metalayers_come_back_as_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let mut seen = 0;
    for (family, extension) in [("b2nd", "b2nd"), ("caterva", "cat")] {
        for path in samples(family) {
            let zarr = dir.path().join("a.zarr");
            let again = dir.path().join(format!("a.{extension}"));
            to(&path, &zarr).unwrap();
            to(&zarr, &again).unwrap();
            let expected = layers(&path);
            assert_eq!(layers(&again), expected, "{}", path.display());
            seen += expected.len();
            std::fs::remove_dir_all(&zarr).unwrap();
            std::fs::remove_file(&again).unwrap();
        }
    }
    assert!(seen > 5, "{seen} metalayers");
}
