//! Directories of bcolz-zipline 1.13.0, and ours.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use ziggurat_codecs::bcolz::{Carray, Ctable, Storage, Stored, open, write_carray};
use ziggurat_codecs::dtype::DType;
use ziggurat_codecs::{Blosc, Shuffle};
use ziggurat_core::Error;

use super::{assert_values, expected, sample};

fn assert_carray(name: &str, carray: &Carray, expected: &Value) {
    assert_eq!(json!(carray.shape()), expected["shape"], "{name}");
    let dtype = &carray.storage().dtype;
    assert_eq!(
        dtype,
        &DType::parse(expected["dtype"].as_str().unwrap()).unwrap(),
        "{name}"
    );
    let bytes = carray.read(0..carray.rows()).unwrap();
    assert_values(name, dtype, &bytes, &expected["values"]);
    if let Some(n) = expected["chunklen"].as_u64() {
        assert_eq!(carray.storage().chunk_rows, n, "{name}");
    }
}

#[test]
fn samples_have_the_values_that_bcolz_reads() {
    let (mut arrays, mut tables) = (0, 0);
    for (name, entry) in expected("bcolz") {
        let root = sample("bcolz").join(&name);
        if entry["dtype"] == "object" {
            assert!(
                matches!(open(&root), Err(Error::Unsupported { .. })),
                "{name}"
            );
            continue;
        }
        match open(&root).unwrap() {
            Stored::Carray(carray) => {
                arrays += 1;
                assert_carray(&name, &carray, &entry);
                let attributes = entry.get("attrs").cloned().unwrap_or(json!({}));
                assert_eq!(json!(carray.attributes()), attributes, "{name}");
                if let Some(text) = entry["cparams"].as_str() {
                    let storage = carray.storage();
                    let Blosc {
                        compressor,
                        level,
                        shuffle,
                    } = &storage.blosc;
                    let shuffle = match shuffle {
                        Shuffle::None => 0,
                        Shuffle::Bytes => 1,
                        Shuffle::Bits => 2,
                    };
                    let quantize = storage.quantize;
                    let found = format!(
                        "cparams(clevel={level}, shuffle={shuffle}, cname='{compressor}', quantize={quantize})"
                    );
                    assert_eq!(found, text, "{name}");
                }
            }
            Stored::Ctable(table) => {
                tables += 1;
                let names: Vec<_> = table
                    .columns()
                    .iter()
                    .map(|(name, _)| name.clone())
                    .collect();
                assert_eq!(json!(names), entry["names"], "{name}");
                assert_eq!(json!(table.rows()), entry["len"], "{name}");
                assert_eq!(json!(table.attributes()), entry["attrs"], "{name}");
                for (column, carray) in table.columns() {
                    assert_carray(column, carray, &entry["columns"][column]);
                    let attributes = entry["col_attrs"].get(column).cloned().unwrap_or(json!({}));
                    assert_eq!(json!(carray.attributes()), attributes, "{name}");
                }
            }
        }
    }
    assert_eq!((arrays, tables), (41, 2));
}

#[test]
fn rows_come_from_their_chunks_alone() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("a");
    let values: Vec<u8> = (0..20).collect();
    let storage = Storage::new(DType::parse("|u1").unwrap(), 8);
    write_carray(&root, &storage, &[20], &Map::new(), &mut values.as_slice()).unwrap();
    fs::remove_file(root.join("data/__1.blp")).unwrap();
    let carray = Carray::open(&root).unwrap();
    assert_eq!(carray.read(2..8).unwrap(), values[2..8]);
    assert_eq!(carray.read(16..20).unwrap(), values[16..]);
    let missing = carray.read(7..9).unwrap_err();
    assert!(missing.to_string().contains("__1.blp"), "{missing}");
    assert!(matches!(carray.read(0..21), Err(Error::Caller { .. })));
}

/// A sample, copied so that it can be changed.
fn copy(name: &str, to: &Path) {
    fn all(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let path = entry.unwrap().path();
            let target = to.join(path.file_name().unwrap());
            match path.is_dir() {
                true => all(&path, &target),
                false => fs::write(target, fs::read(path).unwrap()).unwrap(),
            }
        }
    }
    all(&sample("bcolz").join(name), to);
}

#[test]
fn what_bcolz_leaves_half_done_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("a");
    copy("ctable1", &root);

    // Litter of other programs, chunks of a longer past, and a file of attributes that is not there.
    fs::write(root.join("x/data/._0.blp"), b"litter").unwrap();
    fs::write(root.join("x/data/__1.blp"), b"stale").unwrap();
    fs::remove_file(root.join("x/__attrs__")).unwrap();
    let table = Ctable::open(&root).unwrap();
    assert_eq!(table.column("x").unwrap().read(0..30).unwrap().len(), 240);

    let sizes = root.join("x/meta/sizes");
    let cases = [
        (r#"{"shape": [29], "nbytes": 232, "cbytes": 0}"#, "29 rows"),
        (
            r#"{"shape": [29], "nbytes": 240, "cbytes": 0}"#,
            "x/meta/sizes",
        ),
        (r#"{"shape": [30], "nbytes": "#, "x/meta/sizes"),
        (
            r#"{"shape": [18446744073709551615, 9], "cbytes": 0}"#,
            "x/meta/sizes",
        ),
        (r#"{"shape": []}"#, "x/meta/sizes"),
    ];
    for (text, message) in cases {
        fs::write(&sizes, text).unwrap();
        let error = Ctable::open(&root).unwrap_err().to_string();
        assert!(error.contains(message), "{text}: {error}");
    }
    fs::remove_file(&sizes).unwrap();
    let error = Ctable::open(&root).unwrap_err().to_string();
    assert!(error.contains("interrupted"), "{error}");

    for names in [
        r#"["../a"]"#,
        r#"["id", "id"]"#,
        r#"["id", ""]"#,
        r#""id""#,
        "[1]",
    ] {
        fs::write(
            root.join("__rootdirs__"),
            format!(r#"{{"names": {names}}}"#),
        )
        .unwrap();
        assert!(
            matches!(Ctable::open(&root), Err(Error::Data { .. })),
            "{names}"
        );
    }
}

#[test]
fn storage_as_the_first_versions_wrote_it() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("a");
    copy("dt_u4", &root);
    let bytes = Carray::open(&root).unwrap().read(0..30).unwrap();
    // That of a table of zipline, of 2016.
    let storage = r#"{"dtype": "uint32", "cparams": {"clevel": 5, "shuffle": true}, "chunklen": 8,
        "dflt": 0, "expectedlen": 30}"#;
    fs::write(root.join("meta/storage"), storage).unwrap();
    let carray = Carray::open(&root).unwrap();
    assert_eq!(carray.storage().blosc.compressor, "blosclz");
    assert_eq!(carray.storage().blosc.shuffle, Shuffle::Bytes);
    assert_eq!(carray.read(0..30).unwrap(), bytes);
}

#[test]
fn numbers_that_json_has_not_are_read_as_python_writes_them() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("a");
    copy("nan_inf", &root);
    fs::write(
        root.join("__attrs__"),
        r#"{"a": NaN, "b": [-Infinity, Infinity], "c": "NaN, \" NaN"}"#,
    )
    .unwrap();
    let storage = fs::read_to_string(root.join("meta/storage")).unwrap();
    fs::write(
        root.join("meta/storage"),
        storage.replace("\"dflt\": 0.0", "\"dflt\": NaN"),
    )
    .unwrap();
    let carray = Carray::open(&root).unwrap();
    assert_eq!(
        json!(carray.attributes()),
        json!({"a": "NaN", "b": ["-Infinity", "Infinity"], "c": "NaN, \" NaN"})
    );
    let storage = carray.storage();
    assert_eq!(storage.fill, "NaN");
    let bytes = carray.read(0..5).unwrap();
    let copy = dir.path().join("b");
    write_carray(&copy, storage, &[5], &Map::new(), &mut bytes.as_slice()).unwrap();
    assert!(
        fs::read_to_string(copy.join("meta/storage"))
            .unwrap()
            .contains("\"dflt\": NaN}")
    );
    assert_eq!(Carray::open(&copy).unwrap().storage().fill, "NaN");
}

#[test]
fn appended_rows_that_are_not_counted_yet_do_not_hide_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("a");
    let storage = Storage::new(DType::parse("|u1").unwrap(), 8);
    let values: Vec<u8> = (0..16).collect();
    write_carray(&root, &storage, &[16], &Map::new(), &mut values.as_slice()).unwrap();
    fs::write(
        root.join("meta/sizes"),
        r#"{"shape": [11], "nbytes": 11, "cbytes": 0}"#,
    )
    .unwrap();
    assert_eq!(
        Carray::open(&root).unwrap().read(0..11).unwrap(),
        values[..11]
    );
}

#[test]
fn nothing_is_left_of_what_cannot_be_written() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("a");
    let storage = |dtype: &str| Storage::new(DType::parse(dtype).unwrap(), 8);
    let write = |dtype: &str, shape: &[u64]| {
        write_carray(
            &root,
            &storage(dtype),
            shape,
            &Map::new(),
            &mut [0; 8].as_slice(),
        )
    };
    assert!(matches!(
        write("[('a', '<i4')]", &[1]),
        Err(Error::Unsupported { .. })
    ));
    assert!(matches!(write("<i4", &[]), Err(Error::Caller { .. })));
    assert!(matches!(
        write("<i4", &[1 << 62, 2]),
        Err(Error::Caller { .. })
    ));
    assert!(write("<i4", &[3]).is_err(), "too few bytes");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    write("<i4", &[2]).unwrap();
    assert!(matches!(write("<i4", &[2]), Err(Error::Conflict { .. })));
    let table = Ctable::create(&dir.path().join("t"), &Map::new(), |table| {
        table.column(
            "a",
            &storage("<i4"),
            &[2],
            &Map::new(),
            &mut [0; 8].as_slice(),
        )?;
        table.column(
            "b",
            &storage("<i4"),
            &[1],
            &Map::new(),
            &mut [0; 8].as_slice(),
        )
    });
    assert!(matches!(table, Err(Error::Caller { .. })), "{table:?}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_is_read(
        dtype in prop::sample::select(vec!["|b1", "<i2", ">f4", "<M8[ns]", "|S5", "<U3", "<c16"]),
        rows in 0..40_u64,
        within in prop::collection::vec(1..4_u64, 0..3),
        chunk in 1..12_u64,
        compressor in prop::sample::select(vec!["blosclz", "lz4", "lz4hc", "snappy", "zlib", "zstd"]),
        level in 0..=9_u8,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let dtype = DType::parse(dtype).unwrap();
        let mut storage = Storage::new(dtype.clone(), chunk);
        storage.blosc = Blosc { compressor: compressor.to_owned(), level, shuffle: Shuffle::Bits };
        let shape = [vec![rows], within].concat();
        let row: u64 = shape[1..].iter().product::<u64>() * dtype.size() as u64;
        let bytes: Vec<u8> = (0..rows * row).map(|i| (i % 251) as u8).collect();
        let mut attributes = Map::new();
        attributes.insert("title".to_owned(), json!("zwölf"));
        let root = dir.path().join("t");
        Ctable::create(&root, &attributes, |table| {
            table.column("first", &storage, &shape, &Map::new(), &mut bytes.as_slice())?;
            table.column("second", &storage, &shape, &attributes, &mut bytes.as_slice())
        }).unwrap();
        let table = Ctable::open(&root).unwrap();
        prop_assert_eq!(table.attributes(), &attributes);
        for (_, column) in table.columns() {
            prop_assert_eq!(column.shape(), &shape[..]);
            prop_assert_eq!(column.storage(), &storage);
            prop_assert_eq!(&column.read(0..rows).unwrap(), &bytes);
            let (a, b) = (rows / 3, rows - rows / 4);
            prop_assert_eq!(&column.read(a..b).unwrap(), &bytes[(a * row) as usize..(b * row) as usize]);
        }
    }
}
