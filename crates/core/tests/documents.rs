//! `zarr.json`: round trips, and documents that are wrong in every way.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};
use ziggurat_core::exec::block_on;
use ziggurat_core::hierarchy::{Documents, group_document, open_group, read_document};
use ziggurat_core::store::{ObjectBackend, Store};
use ziggurat_core::{Array, ArrayMetadata, ElementType, Error, KeyEncoding, Region, Scalar};

use super::support::{any_layout, codecs, elements};

/// Fill values that are hard to write in JSON.
fn hard_fills(element: ElementType) -> Vec<Vec<u8>> {
    let floats = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        -0.0,
        0.1,
        1e-300,
        65504.0,
        -9.99e33,
    ];
    let integers = [i64::MIN, i64::MAX, -1, 0, 1, (1 << 53) + 1];
    let mut fills: Vec<Vec<u8>> = match element {
        ElementType::Complex64 | ElementType::Complex128 => {
            let part = match element {
                ElementType::Complex64 => ElementType::Float32,
                _ => ElementType::Float64,
            };
            let parts = hard_fills(part);
            parts
                .iter()
                .zip(parts.iter().rev())
                .map(|(a, b)| [&a[..], b].concat())
                .collect()
        }
        e if e.is_float() => floats
            .iter()
            .filter_map(|f| Scalar::Float(*f).to_element(e))
            .collect(),
        e => integers
            .iter()
            .filter_map(|i| Scalar::Int(*i).to_element(e))
            .collect(),
    };
    fills.extend(
        Scalar::UInt(u64::MAX)
            .to_element(element)
            .filter(|_| element.is_integer()),
    );
    fills
}

fn parse(document: &Value) -> ziggurat_core::Result<ArrayMetadata> {
    ArrayMetadata::parse("here", document)
}

/// What another program reads of it: text, and back.
fn through_text(document: &Value) -> Value {
    serde_json::from_str(&document.to_string()).unwrap()
}

proptest! {
    #[test]
    fn a_document_says_everything(
        (shape, layout) in (0..4usize)
            .prop_flat_map(|r| (prop::collection::vec(0..=u64::MAX, r), any_layout(r))),
        element in elements(),
        codec in codecs(),
        (keys, at_end, named, pick) in (0..4usize, any::<bool>(), any::<bool>(), any::<prop::sample::Index>()),
    ) {
        let fills = hard_fills(element);
        let fill = &fills[pick.index(fills.len())];
        let mut metadata = ArrayMetadata::new(&shape, element, fill, layout, &codec);
        metadata.keys = [
            KeyEncoding::Default('/'), KeyEncoding::Default('.'), KeyEncoding::V2('.'), KeyEncoding::V2('/'),
        ][keys];
        metadata.index_at_end = at_end || !metadata.layout.is_sharded();
        metadata.attributes.insert("units".into(), json!("m"));
        if named {
            let name = |d: usize| (d != 1).then(|| format!("dim {d}"));
            metadata.dimension_names = Some((0..shape.len()).map(name).collect());
        }
        prop_assert_eq!(parse(&through_text(&metadata.to_json())).unwrap(), metadata);
    }

    #[test]
    fn a_key_leads_back_to_its_index(index in prop::collection::vec(any::<u64>(), 1..4), keys in 0..4usize) {
        let keys = [
            KeyEncoding::Default('/'), KeyEncoding::Default('.'), KeyEncoding::V2('.'), KeyEncoding::V2('/'),
        ][keys];
        prop_assert_eq!(keys.index(&keys.key(&index), index.len()), Some(index.clone()));
        prop_assert_eq!(keys.index(&keys.key(&index), index.len() + 1), None);
    }

    #[test]
    fn replaced_members_never_panic(
        path in prop::sample::select(vec![
            "/shape", "/shape/0", "/data_type", "/chunk_grid", "/chunk_grid/name", "/chunk_grid/configuration",
            "/chunk_grid/configuration/chunk_shape", "/chunk_grid/configuration/chunk_shape/1", "/chunk_key_encoding",
            "/chunk_key_encoding/configuration/separator", "/fill_value", "/codecs", "/codecs/0",
            "/codecs/0/configuration", "/codecs/0/configuration/chunk_shape", "/codecs/0/configuration/chunk_shape/0",
            "/codecs/0/configuration/codecs", "/codecs/0/configuration/codecs/1",
            "/codecs/0/configuration/codecs/1/configuration", "/codecs/0/configuration/codecs/1/configuration/level",
            "/codecs/0/configuration/index_codecs", "/codecs/0/configuration/index_location", "/attributes",
            "/attributes/ziggurat", "/attributes/ziggurat/chunk_shape", "/dimension_names", "/zarr_format", "/node_type",
        ]),
        with in prop::sample::select(vec![
            json!(null), json!(true), json!(0), json!(-1), json!(1.5), json!(u64::MAX), json!(1u64 << 40), json!(""),
            json!("x"), json!([]), json!([0, 0]), json!([u64::MAX, u64::MAX]), json!([1]), json!([[1]]), json!({}),
            json!({"name": "x"}), json!({"name": "zstd", "configuration": {"level": 99}}),
        ]),
    ) {
        let mut document = example();
        *document.pointer_mut(path).unwrap() = with;
        let store: Arc<dyn Store> = Arc::new(ObjectBackend::memory());
        block_on(store.put("a/zarr.json", document.to_string().into())).unwrap();
        if let Ok(array) = Array::open(store, "a") {
            // Whatever it now means, a small read of nothing must work or fail in order.
            let small: Vec<u64> = array.shape().iter().map(|n| *n.min(&2)).collect();
            let _ = array.read(&Region::whole(&small));
        }
    }
}

fn example() -> Value {
    json!({
        "zarr_format": 3, "node_type": "array", "shape": [10, 20], "data_type": "int16",
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [8, 8]}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": 0,
        "codecs": [{"name": "sharding_indexed", "configuration": {
            "chunk_shape": [2, 2],
            "codecs": [{"name": "bytes", "configuration": {"endian": "little"}},
                       {"name": "zstd", "configuration": {"level": 3, "checksum": false}}],
            "index_codecs": [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "crc32c"}],
            "index_location": "end"}}],
        "attributes": {"ziggurat": {"chunk_shape": [4, 4]}},
        "dimension_names": ["y", null],
    })
}

#[test]
fn the_example_is_read() {
    let metadata = parse(&example()).unwrap();
    assert_eq!(metadata.layout.chunk(), [4, 4]);
    assert_eq!(metadata.dimension_names, Some(vec![Some("y".into()), None]));
}

#[test]
fn a_chunk_shape_that_does_not_fit_is_left_alone() {
    for wrong in [
        json!([3, 4]),
        json!([4]),
        json!("x"),
        json!([0, 4]),
        json!([16, 16]),
    ] {
        let mut document = example();
        document["attributes"]["ziggurat"]["chunk_shape"] = wrong;
        assert_eq!(parse(&document).unwrap().layout.chunk(), [2, 2]);
    }
}

#[test]
fn each_missing_member_is_named() {
    for member in [
        "shape",
        "data_type",
        "chunk_grid",
        "chunk_key_encoding",
        "fill_value",
        "codecs",
    ] {
        let mut document = example();
        document.as_object_mut().unwrap().remove(member);
        let error = parse(&document).unwrap_err();
        assert!(matches!(error, Error::Data { .. }), "{error:?}");
        assert!(error.to_string().contains(member), "{error}");
        assert!(error.to_string().contains("here"), "{error}");
    }
    for document in [json!([]), json!(null), json!("x"), json!({})] {
        assert!(
            matches!(parse(&document), Err(Error::Data { .. })),
            "{document}"
        );
    }
}

#[test]
fn wrong_values_are_damage() {
    for (path, value) in [
        ("/shape", json!([10])),
        ("/shape", json!([10, -1])),
        ("/shape/0", json!(1.5)),
        ("/chunk_grid/configuration/chunk_shape", json!([8, 0])),
        ("/chunk_grid/configuration/chunk_shape", json!([8])),
        ("/chunk_grid/configuration", json!(null)),
        ("/codecs/0/configuration/chunk_shape", json!([2, 3])),
        ("/codecs/0/configuration/chunk_shape", json!([0, 2])),
        ("/codecs/0/configuration/index_location", json!("middle")),
        ("/codecs", json!({})),
        ("/fill_value", json!("NaN")),
        ("/fill_value", json!(40000)),
        ("/fill_value", json!(null)),
        ("/dimension_names", json!(["y"])),
        ("/dimension_names", json!(["y", 1])),
        ("/attributes", json!([])),
        ("/zarr_format", json!(2)),
        ("/node_type", json!("group")),
        ("/chunk_key_encoding/configuration/separator", json!("-")),
    ] {
        let mut document = example();
        *document.pointer_mut(path).unwrap() = value.clone();
        let parsed = parse(&document);
        assert!(
            matches!(parsed, Err(Error::Data { .. })),
            "{path} = {value}: {parsed:?}"
        );
    }
}

#[test]
fn codecs_out_of_order_are_refused() {
    let little = json!({"name": "bytes", "configuration": {"endian": "little"}});
    let transpose = json!({"name": "transpose", "configuration": {"order": [1, 0]}});
    let crc = json!({"name": "crc32c"});
    for chain in [
        json!([little, transpose]),
        json!([crc, little]),
        json!([little, crc, transpose]),
        json!(["crc32c", little]),
    ] {
        for path in ["/codecs", "/codecs/0/configuration/codecs"] {
            let mut document = example();
            *document.pointer_mut(path).unwrap() = chain.clone();
            let refused = parse(&document).unwrap_err();
            assert!(matches!(refused, Error::Data { .. }), "{refused:?}");
            assert!(refused.to_string().contains("stands after"), "{refused}");
        }
    }
    let mut document = example();
    document["codecs"] = json!([transpose, little, crc]);
    assert!(parse(&document).is_ok());
}

#[test]
fn extensions_count_unless_they_may_be_ignored() {
    for (value, read) in [
        (json!({"must_understand": false, "x": 1}), true),
        (json!({"must_understand": true}), false),
        (json!({"name": "x"}), false),
        (json!(1), false),
    ] {
        let mut document = example();
        document["extension"] = value.clone();
        match parse(&document) {
            Ok(_) => assert!(read, "{value}"),
            Err(e) => assert!(
                !read && matches!(e, Error::Unsupported { .. }),
                "{value}: {e:?}"
            ),
        }
    }
    for (path, value) in [
        ("/data_type", json!("string")),
        ("/data_type", json!({"name": "numpy.datetime64"})),
        ("/chunk_grid/name", json!("rectangular")),
        ("/chunk_key_encoding", json!({"name": "x"})),
        (
            "/codecs/0/configuration/index_codecs",
            json!([{"name": "bytes"}]),
        ),
    ] {
        let mut document = example();
        *document.pointer_mut(path).unwrap() = value.clone();
        let parsed = parse(&document);
        assert!(
            matches!(parsed, Err(Error::Unsupported { .. })),
            "{path} = {value}: {parsed:?}"
        );
    }
}

#[test]
fn claims_of_huge_blocks_are_not_allocated() {
    let store: Arc<dyn Store> = Arc::new(ObjectBackend::memory());
    for block in [json!([1u64 << 20, 1u64 << 20]), json!([u64::MAX, u64::MAX])] {
        let mut document = example();
        document["chunk_grid"]["configuration"]["chunk_shape"] = block.clone();
        document["codecs"] = json!([{"name": "bytes", "configuration": {"endian": "little"}}]);
        block_on(store.put("a/zarr.json", document.to_string().into())).unwrap();
        let opened = Array::open(Arc::clone(&store), "a");
        assert!(
            matches!(opened, Err(Error::Limit { .. })),
            "{block}: {opened:?}"
        );
    }
}

#[test]
fn documents_come_deepest_first_and_hold_what_lies_below() {
    let store = ObjectBackend::memory();
    let mut documents = Documents::default();
    let attributes = |key: &str| [(key.to_owned(), json!(1))].into_iter().collect();
    documents.add("", group_document(attributes("root")));
    documents.add("0", group_document(attributes("level")));
    documents.add("0/a", example());
    documents.commit(&store).unwrap();
    let root = read_document(&store, "").unwrap();
    let below = root["consolidated_metadata"]["metadata"]
        .as_object()
        .unwrap();
    assert_eq!(below.keys().collect::<Vec<_>>(), ["0", "0/a"]);
    assert_eq!(below["0/a"], example());
    let level = read_document(&store, "0").unwrap();
    assert_eq!(level["consolidated_metadata"]["metadata"]["a"], example());
    assert_eq!(open_group(&store, "").unwrap()["root"], 1);
    assert!(matches!(
        open_group(&store, "0/a"),
        Err(Error::Caller { .. })
    ));
    assert!(open_group(&store, "1").unwrap_err().is_not_found());
    block_on(store.put("0/zarr.json", "{".into())).unwrap();
    assert!(matches!(open_group(&store, "0"), Err(Error::Data { .. })));
}

#[test]
fn bit_patterns_are_floats_too() {
    for (data_type, hex, bytes) in [
        (
            "float32",
            "0x7fc00001",
            0x7fc0_0001u32.to_ne_bytes().to_vec(),
        ),
        ("float16", "0x7e01", 0x7e01u16.to_ne_bytes().to_vec()),
        (
            "float64",
            "0xfff0000000000000",
            f64::NEG_INFINITY.to_ne_bytes().to_vec(),
        ),
    ] {
        let mut document = example();
        document["data_type"] = json!(data_type);
        document["fill_value"] = json!(hex);
        assert_eq!(parse(&document).unwrap().fill, bytes);
    }
    for wrong in ["0x7fc0", "0x7fc000011", "7fc00001", "0x+fc00001", "nan"] {
        let mut document = example();
        document["data_type"] = json!("float32");
        document["fill_value"] = json!(wrong);
        assert!(parse(&document).is_err(), "{wrong}");
    }
}
