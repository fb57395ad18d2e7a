//! Superchunks in every form that the specification allows, and arrays of every other type.

use std::sync::Arc;

use serde_json::{Value, json};
use zarrs::array::{Array as ZarrsArray, ArrayBytes, ArrayMetadata as ZarrsMetadata, ArraySubset};
use zarrs::filesystem::FilesystemStore;
use ziggurat_core::exec::block_on;
use ziggurat_core::store::{LocalStore, ObjectBackend, Store};
use ziggurat_core::{AnyArray, Array, Elements, Error, Pick, ReadOptions, Region, Selection};

fn document(
    shape: &[u64],
    data_type: &Value,
    fill: &Value,
    chunk: &[u64],
    codecs: &Value,
) -> Value {
    json!({
        "zarr_format": 3, "node_type": "array", "shape": shape, "data_type": data_type,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunk}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": fill, "codecs": codecs, "attributes": {},
    })
}

fn little() -> Value {
    json!({"name": "bytes", "configuration": {"endian": "little"}})
}

fn sharding(block: &[u64], codecs: &Value, index: &Value, location: &str) -> Value {
    json!([{"name": "sharding_indexed", "configuration": {
        "chunk_shape": block, "codecs": codecs, "index_codecs": index, "index_location": location,
    }}])
}

/// Has zarrs write the int16 elements 1, 2, 3, ... into the left half of an array, and gives its bytes.
fn written(root: &std::path::Path, document: Value) -> Vec<u8> {
    let metadata: ZarrsMetadata = serde_json::from_value(document).unwrap();
    let store = Arc::new(FilesystemStore::new(root).unwrap());
    let array = ZarrsArray::new_with_metadata(store, "/a", metadata).unwrap();
    array.store_metadata().unwrap();
    let half = ArraySubset::new_with_ranges(&[0..19, 0..11]);
    let values: Vec<i16> = (1..=19 * 11).collect();
    array.store_array_subset(&half, values).unwrap();
    let bytes: ArrayBytes<'static> = array.retrieve_array_subset(&array.subset_all()).unwrap();
    bytes.into_fixed().unwrap().into_owned()
}

/// Reads all and parts of it through files and objects.
fn check(root: &std::path::Path, expected: &[u8]) {
    let local = LocalStore::new(root);
    let memory = ObjectBackend::memory();
    for key in block_on(local.list("")).unwrap() {
        block_on(memory.put(&key, block_on(local.get(&key)).unwrap().unwrap())).unwrap();
    }
    let stores: [Arc<dyn Store>; 2] = [Arc::new(local), Arc::new(memory)];
    for store in stores {
        let array = Array::open(store, "a").unwrap();
        let array = array.with_options(ReadOptions {
            serial: 0,
            ..ReadOptions::default()
        });
        assert_eq!(array.read(&Region::whole(&[19, 23])).unwrap(), expected);
        for (y, x) in [(0, 0), (18, 22), (7, 10), (15, 11)] {
            let at = (y * 23 + x) as usize * 2;
            let one = array.read(&Region::new([y, x], [1, 1])).unwrap();
            assert_eq!(one, expected[at..at + 2], "{y} {x}");
        }
    }
}

#[test]
fn indices_of_any_codecs_at_either_end() {
    let big = json!({"name": "bytes", "configuration": {"endian": "big"}});
    let crc = json!({"name": "crc32c"});
    let transposed = json!({"name": "transpose", "configuration": {"order": [2, 0, 1]}});
    let codecs =
        json!([little(), {"name": "zstd", "configuration": {"level": 1, "checksum": false}}]);
    for index in [
        json!([little(), crc]),
        json!([little()]),
        json!([big]),
        json!([big, crc]),
        json!([transposed, little(), crc]),
        json!([little(), crc, crc]),
    ] {
        for location in ["end", "start"] {
            let root = tempfile::tempdir().unwrap();
            let codecs = sharding(&[2, 4], &codecs, &index, location);
            let document = document(&[19, 23], &json!("int16"), &json!(-7), &[8, 12], &codecs);
            let expected = written(root.path(), document);
            check(root.path(), &expected);
            let store = Arc::new(LocalStore::new(root.path()));
            let array = Array::open(Arc::<LocalStore>::clone(&store), "a").unwrap();
            let document = block_on(store.get("a/zarr.json")).unwrap().unwrap();
            let document: Value = serde_json::from_slice(&document).unwrap();
            assert_eq!(
                array.document()["codecs"],
                document["codecs"],
                "told as it is"
            );
            let write = array.write(&Region::new([0, 0], [1, 1]), &[0, 0]);
            let usual = index == json!([little(), crc]);
            assert!(
                matches!(write, Ok(()) | Err(Error::Unsupported { .. })),
                "{write:?}"
            );
            assert_eq!(write.is_ok(), usual, "{index}");
        }
    }
}

#[test]
fn indices_whose_size_varies_are_refused() {
    let gzip = json!({"name": "gzip", "configuration": {"level": 5}});
    let codecs = sharding(&[2, 4], &json!([little()]), &json!([little(), gzip]), "end");
    let document = document(&[19, 23], &json!("int16"), &json!(0), &[8, 12], &codecs);
    let store = ObjectBackend::memory();
    block_on(store.put("a/zarr.json", document.to_string().into())).unwrap();
    let error = Array::open(Arc::new(store), "a").unwrap_err();
    assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
}

#[test]
fn superchunks_within_superchunks() {
    let index = json!([little(), {"name": "crc32c"}]);
    for (outer, inner) in [("end", "start"), ("start", "end")] {
        let root = tempfile::tempdir().unwrap();
        let nested = sharding(&[2, 3], &json!([little()]), &index, inner);
        let codecs = sharding(&[4, 6], &nested, &index, outer);
        let document = document(&[19, 23], &json!("int16"), &json!(-7), &[8, 12], &codecs);
        let expected = written(root.path(), document);
        check(root.path(), &expected);
    }
}

/// An array of `data_type` that zarrs wrote, opened by us.
fn other(
    data_type: &Value,
    fill: &Value,
    codecs: &Value,
    write: impl Fn(&ZarrsArray<FilesystemStore>),
) -> (tempfile::TempDir, AnyArray) {
    let root = tempfile::tempdir().unwrap();
    let document = document(&[4, 5], data_type, fill, &[2, 2], codecs);
    let metadata: ZarrsMetadata = serde_json::from_value(document).unwrap();
    let store = Arc::new(FilesystemStore::new(root.path()).unwrap());
    let array = ZarrsArray::new_with_metadata(store, "/a", metadata).unwrap();
    array.store_metadata().unwrap();
    write(&array);
    let opened = AnyArray::open(Arc::new(LocalStore::new(root.path())), "a").unwrap();
    assert_eq!(opened.data_type(), *data_type);
    assert_eq!(opened.shape(), [4, 5]);
    (root, opened)
}

#[test]
fn texts_are_selected_like_numbers() {
    let codecs = json!([{"name": "vlen-utf8"}]);
    let (_root, array) = other(&json!("string"), &json!("none"), &codecs, |array| {
        let all = ArraySubset::new_with_ranges(&[0..2, 0..5]);
        let texts: Vec<String> = (0..10).map(|i| "x".repeat(i)).collect();
        array.store_array_subset(&all, texts).unwrap();
    });
    let text =
        |found: &Elements, i: usize| String::from_utf8(found.get(i).unwrap().to_vec()).unwrap();
    let rows = Selection::from([Pick::from(vec![2, 1]), Pick::every(-2)]);
    let (shape, found) = array.select(&rows).unwrap();
    assert_eq!(shape, [2, 3]);
    let texts: Vec<String> = (0..6).map(|i| text(&found, i)).collect();
    assert_eq!(
        texts,
        ["none", "none", "none", "xxxxxxxxx", "xxxxxxx", "xxxxx"]
    );
    let points = Selection::Points(vec![vec![0, 1, -1], vec![-1, 0, 0]]);
    let (shape, found) = array.select(&points).unwrap();
    assert_eq!(shape, [3]);
    assert_eq!(
        [text(&found, 0), text(&found, 1), text(&found, 2)],
        ["xxxx", "xxxxx", "none"]
    );
    let (shape, found) = array.select(&Selection::from([Pick::from(1..1)])).unwrap();
    assert_eq!((shape, found.get(0)), (vec![0, 5], None));
    let error = array
        .select(&Selection::from([Pick::ALL, Pick::from(5)]))
        .unwrap_err();
    assert!(matches!(error, Error::Caller { .. }), "{error:?}");
}

#[test]
fn types_of_any_size_are_read() {
    let codecs = json!([little()]);
    let (_root, array) = other(&json!("bfloat16"), &json!(0.0), &codecs, |_| {});
    let (shape, found) = array.select(&Selection::from([Pick::from(0)])).unwrap();
    assert_eq!(
        (shape, found),
        (
            vec![5],
            Elements::Fixed {
                size: 2,
                bytes: vec![0; 10]
            }
        )
    );
    let raw = json!([1, 2, 3]);
    let (_root, array) = other(&json!("r24"), &raw, &json!([{"name": "bytes"}]), |_| {});
    let (_, found) = array
        .select(&Selection::from([Pick::from(3), Pick::from(-1)]))
        .unwrap();
    assert_eq!(found.get(0), Some(&[1, 2, 3][..]));
    let (_root, array) = other(&json!("int32"), &json!(9), &codecs, |_| {});
    assert!(matches!(array, AnyArray::Numbers(_)));
    let (_, found) = array
        .select(&Selection::from([Pick::from(3), Pick::from(-1)]))
        .unwrap();
    assert_eq!(found.get(0), Some(&9_i32.to_ne_bytes()[..]));
}

#[test]
fn what_nobody_reads_says_so() {
    let store = ObjectBackend::memory();
    let unknown = document(
        &[4, 5],
        &json!("colour"),
        &json!(0),
        &[2, 2],
        &json!([little()]),
    );
    block_on(store.put("a/zarr.json", unknown.to_string().into())).unwrap();
    let store: Arc<dyn Store> = Arc::new(store);
    let error = AnyArray::open(Arc::clone(&store), "a").unwrap_err();
    assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
    let error = AnyArray::open(store, "b").unwrap_err();
    assert!(error.is_not_found(), "{error:?}");
}
