//! Targets: their shapes, their names, what is there already.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use ziggurat::codecs::dtype::DType;
use ziggurat::convert::{Format, Options, convert};
use ziggurat::core::progress::Silent;
use ziggurat::core::store::LocalStore;
use ziggurat::core::{Array, Error};
use ziggurat::pyramid::Size;

use super::{assert_same, elements, reopen, sample, to};

fn document(zarr: &Path) -> Value {
    serde_json::from_slice(&fs::read(zarr.join("zarr.json")).unwrap()).unwrap()
}

fn array(zarr: &Path) -> Array {
    Array::open(std::sync::Arc::new(LocalStore::new(zarr)), "").unwrap()
}

#[test]
fn chunks_and_blocks_stay_where_they_nest() {
    let dir = tempfile::tempdir().unwrap();
    let zarr = dir.path().join("a.zarr");
    let shapes = |zarr: &Path| {
        let array = array(zarr);
        let layout = array.layout().clone();
        assert!(layout.superchunk()[0] >= array.shape()[0], "{layout:?}");
        (layout.chunk().to_vec(), layout.block().to_vec())
    };
    to(&sample("b2nd/f8_2d.b2nd"), &zarr).unwrap();
    assert_eq!(shapes(&zarr), (vec![4, 4], vec![2, 2]));
    let codecs = &document(&zarr)["codecs"][0]["configuration"]["codecs"];
    assert_eq!(codecs[1]["name"], "blosc");
    assert_eq!(codecs[1]["configuration"]["cname"], "zstd");
    assert_eq!(codecs[1]["configuration"]["shuffle"], "shuffle");

    // Blocks of 3 in chunks of 4 become chunks of 6.
    let zarr = dir.path().join("b.zarr");
    let typed = Options {
        dtype: Some(DType::parse("<f8").unwrap()),
        ..Options::default()
    };
    convert(&sample("caterva/f8_2d_block23.cat"), &zarr, &typed, &Silent).unwrap();
    assert_eq!(shapes(&zarr), (vec![4, 6], vec![2, 3]));

    let zarr = dir.path().join("c.zarr");
    let chosen = Options {
        chunk: Some(Size::Shape(vec![8, 8])),
        block: Some(Size::Shape(vec![8, 4])),
        codec: Some("gzip:1".parse().unwrap()),
        ..Options::default()
    };
    convert(&sample("b2nd/f8_2d.b2nd"), &zarr, &chosen, &Silent).unwrap();
    assert_eq!(shapes(&zarr), (vec![8, 8], vec![8, 4]));

    let zarr = dir.path().join("d.zarr");
    let unsharded = Options {
        unsharded: true,
        ..Options::default()
    };
    convert(&sample("b2nd/f8_2d.b2nd"), &zarr, &unsharded, &Silent).unwrap();
    assert!(!array(&zarr).layout().is_sharded());
}

#[test]
fn types_are_those_that_zarr_python_reads() {
    let dir = tempfile::tempdir().unwrap();
    let data_type = |file: &str| {
        let zarr = dir.path().join(file.replace('/', "_") + ".zarr");
        to(&sample(file), &zarr).unwrap();
        let document = document(&zarr);
        (document["data_type"].clone(), document["shape"].clone())
    };
    let named =
        |name: &str, configuration: Value| json!({"name": name, "configuration": configuration});
    let expected = named("fixed_length_utf32", json!({"length_bytes": 8}));
    assert_eq!(data_type("b2nd/unicode.b2nd"), (expected, json!([3])));
    let expected = named("null_terminated_bytes", json!({"length_bytes": 3}));
    assert_eq!(data_type("bloscpack/bytes_S3.blp"), (expected, json!([3])));
    let expected = named("numpy.datetime64", json!({"unit": "s", "scale_factor": 1}));
    assert_eq!(data_type("b2nd/datetime.b2nd"), (expected, json!([2])));
    // Elements that nobody named: their bytes.
    assert_eq!(
        data_type("caterva/f8_2d.caterva"),
        (json!("uint8"), json!([10, 7, 8]))
    );
}

#[test]
fn all_targets_hold_the_same_array() {
    let dir = tempfile::tempdir().unwrap();
    let from = sample("b2nd/f8_2d.b2nd");
    let original = reopen(&from);
    for name in ["a.zarr", "a.b2nd", "a.b2frame", "a.bcolz", "a.npy"] {
        let path = dir.path().join(name);
        to(&from, &path).unwrap();
        assert_same(&*original, &*reopen(&path));
    }
    let sparse = Options {
        to: Some(Format::Sparse),
        ..Options::default()
    };
    let path = dir.path().join("sparse");
    convert(&from, &path, &sparse, &Silent).unwrap();
    assert!(path.join("chunks.b2frame").is_file());
    assert_same(&*original, &*reopen(&path));
    // Caterva says no type.
    let path = dir.path().join("a.cat");
    to(&from, &path).unwrap();
    assert_eq!(elements(&*original), elements(&*reopen(&path)));
}

#[test]
fn bcolz_keeps_attributes_and_the_value_of_new_rows() {
    let dir = tempfile::tempdir().unwrap();
    for name in [
        "dflt_nonzero",
        "i8_2d",
        "nan_inf",
        "datetime_ns",
        "unicode_U4",
    ] {
        let from = sample("bcolz").join(name);
        let zarr = dir.path().join(format!("{name}.zarr"));
        let back = dir.path().join(format!("{name}.bcolz"));
        to(&from, &zarr).unwrap();
        to(&zarr, &back).unwrap();
        assert_same(&*reopen(&from), &*reopen(&back));
    }
    assert_eq!(
        document(&dir.path().join("dflt_nonzero.zarr"))["fill_value"],
        -9.5
    );
}

#[test]
fn what_is_there_stays_unless_it_is_to_be_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let (from, other) = (sample("b2nd/f8_2d.b2nd"), sample("b2nd/i4_1d.b2nd"));
    let overwrite = Options {
        overwrite: true,
        ..Options::default()
    };
    for name in ["a.zarr", "a.b2nd", "a.bcolz", "a.npy"] {
        let path = dir.path().join(name);
        to(&from, &path).unwrap();
        assert!(matches!(to(&other, &path), Err(Error::Conflict { .. })));
        assert_same(&*reopen(&from), &*reopen(&path));
        convert(&other, &path, &overwrite, &Silent).unwrap();
        assert_same(&*reopen(&other), &*reopen(&path));
    }
    // One form in place of another.
    let path = dir.path().join("a.zarr");
    let to_npy = Options {
        to: Some(Format::Npy),
        ..overwrite.clone()
    };
    convert(&from, &path, &to_npy, &Silent).unwrap();
    assert!(path.is_file());
    let notes = dir.path().join("notes.zarr");
    fs::write(&notes, "mine").unwrap();
    let refused = convert(&from, &notes, &overwrite, &Silent);
    assert!(
        matches!(refused, Err(Error::Conflict { .. })),
        "{refused:?}"
    );
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 5);
}

#[test]
fn nonsense_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let from = sample("b2nd/f8_2d.b2nd");
    let refused = |options: &Options, name: &str| {
        let path = dir.path().join(name);
        let error = convert(&from, &path, options, &Silent).unwrap_err();
        assert!(!path.exists());
        error
    };
    let plain = Options::default();
    assert!(matches!(refused(&plain, "a.tif"), Error::Caller { .. }));
    assert!(matches!(
        refused(&plain, "a.blp"),
        Error::Unsupported { .. }
    ));
    assert!(matches!(
        refused(&plain, "no/a.npy"),
        Error::NotFound { .. }
    ));
    let chunk = Options {
        chunk: Some(Size::Shape(vec![1, 2, 3])),
        ..Options::default()
    };
    assert!(matches!(refused(&chunk, "a.zarr"), Error::Caller { .. }));
    let typed = Options {
        dtype: Some(DType::parse("<f4").unwrap()),
        ..Options::default()
    };
    let caterva = sample("caterva/f8_2d.caterva");
    let error = convert(&caterva, &dir.path().join("a.zarr"), &typed, &Silent).unwrap_err();
    assert!(matches!(error, Error::Caller { .. }), "{error}");
    let absent = to(&dir.path().join("absent"), &dir.path().join("a.zarr"));
    assert!(matches!(absent, Err(Error::NotFound { .. })), "{absent:?}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn superchunks_may_be_frames_too() {
    ziggurat::codecs::register();
    let dir = tempfile::tempdir().unwrap();
    let framed = Options {
        framing: Some(ziggurat::codecs::superchunk::NAME.to_owned()),
        ..Options::default()
    };
    let from = sample("b2nd/i4_ZSTD.b2nd");
    let zarr = dir.path().join("a.zarr");
    convert(&from, &zarr, &framed, &Silent).unwrap();
    assert_same(&*reopen(&from), &*reopen(&zarr));
    let face = zarr.join("c/0/0");
    assert_eq!(elements(&*reopen(&from)), elements(&*reopen(&face)));
    let text = convert(
        &sample("b2nd/unicode.b2nd"),
        &dir.path().join("b.zarr"),
        &framed,
        &Silent,
    );
    assert!(matches!(text, Err(Error::Unsupported { .. })), "{text:?}");
}
