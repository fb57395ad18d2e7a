//! Arrays that are created, appended to, changed, enlarged and shrunk: the same on disk and in memory, in
//! any order of elements and bytes, with and without bits that are rounded away.

use std::sync::Arc;

use ziggurat_core::attributes::{self, Attribute};
use ziggurat_core::layout::Targets;
use ziggurat_core::store::{Durability, LocalStore, ObjectBackend, Store};
use ziggurat_core::{
    Array, ArrayMetadata, Attributes, CreateOptions, Element, ElementType, Error, Pick, Region,
    Selection, element,
};

/// One way to store an array.
#[derive(Debug)]
struct Way {
    big_endian: bool,
    fortran: bool,
    keep_bits: Option<u32>,
    codec: &'static str,
}

fn ways() -> Vec<Way> {
    let mut ways = Vec::new();
    for big_endian in [false, true] {
        for fortran in [false, true] {
            for keep_bits in [None, Some(7)] {
                for codec in [
                    "zstd:1",
                    "blosc-lz4:5:shuffle",
                    "blosc-zstd:1:bitshuffle",
                    "none",
                ] {
                    ways.push(Way {
                        big_endian,
                        fortran,
                        keep_bits,
                        codec,
                    });
                }
            }
        }
    }
    ways
}

/// Values that seven bits of mantissa hold.
fn values(n: std::ops::Range<i32>) -> Vec<f32> {
    n.map(|i| (i % 128 + 1) as f32 / 8.0).collect()
}

fn bytes<T: Element>(values: &[T]) -> Vec<u8> {
    element::to_bytes(values)
}

/// What a persistent carray is for, in one session and the next.
fn scenario(store: &Arc<dyn Store>, way: &Way) {
    let options = CreateOptions {
        big_endian: way.big_endian,
        fortran: way.fortran,
        keep_bits: way.keep_bits,
        codec: way.codec.parse().unwrap(),
        fill: Some(bytes(&[-1.0_f32])),
        expected: Some(40),
        targets: Targets {
            block: 64,
            chunk: 128,
            superchunk: 512,
        },
        ..CreateOptions::default()
    };
    let mut array = options
        .create(Arc::clone(store), "a", &[0, 3], ElementType::Float32)
        .unwrap();
    assert_eq!(array.read(&Region::whole(&[0, 3])).unwrap(), [] as [u8; 0]);

    // Append, in parts that fit no block.
    array.append(0, &bytes(&values(0..15))).unwrap();
    array.append(0, &bytes(&values(15..60))).unwrap();
    let mut model = values(0..60);
    let all = |array: &Array| {
        element::to_values::<f32>(&array.read(&Region::whole(array.shape())).unwrap())
    };
    assert_eq!(all(&array), model);

    // Modify.
    array
        .write(&Region::new([4, 1], [3, 2]), &bytes(&values(80..86)))
        .unwrap();
    for (i, value) in values(80..86).into_iter().enumerate() {
        model[(4 + i / 2) * 3 + 1 + i % 2] = value;
    }
    assert_eq!(all(&array), model);

    // Fancy selection.
    let rows = vec![19, 0, 5, 5];
    let selection = Selection::from([Pick::from(rows.clone()), Pick::every(-2)]);
    let picked: Vec<f32> = rows
        .iter()
        .flat_map(|&r| [model[r as usize * 3 + 2], model[r as usize * 3]])
        .collect();
    assert_eq!(array.select_values::<f32>(&selection).unwrap(), picked);
    let mask: Vec<bool> = model.iter().map(|v| *v > 6.0).collect();
    let selection = Selection::Mask {
        shape: array.shape().to_vec(),
        mask,
    };
    let masked: Vec<f32> = model.iter().copied().filter(|v| *v > 6.0).collect();
    assert_eq!(array.select_values::<f32>(&selection).unwrap(), masked);

    // Enlarge: fill values. Shrink, and enlarge again: what was cut off does not come back.
    array.resize(&[22, 3]).unwrap();
    model.extend([-1.0; 6]);
    assert_eq!(all(&array), model);
    array.resize(&[7, 3]).unwrap();
    model.truncate(21);
    assert_eq!(all(&array), model);
    array.resize(&[30, 3]).unwrap();
    model.extend([-1.0; 69]);
    assert_eq!(all(&array), model);

    // Trim from the end.
    let rows = array.shape()[0] - 5;
    array.resize(&[rows, 3]).unwrap();
    model.truncate(75);
    drop(array);

    // The next session.
    let mut array = Array::open(Arc::clone(store), "a").unwrap();
    assert_eq!(all(&array), model);
    array.append(0, &bytes(&values(7..10))).unwrap();
    model.extend(values(7..10));
    assert_eq!(all(&array), model);
    let codecs = serde_json::to_string(&array.metadata().codecs).unwrap();
    assert_eq!(
        codecs.contains(r#""endian":"big""#),
        way.big_endian,
        "{codecs}"
    );
    assert_eq!(codecs.contains("transpose"), way.fortran, "{codecs}");
    assert_eq!(
        codecs.contains(r#"{"keepbits":7}"#),
        way.keep_bits.is_some(),
        "{codecs}"
    );
}

#[test]
fn a_carray_is_the_same_on_disk_and_in_memory_in_every_way_to_store_it() {
    for way in ways() {
        println!("{way:?}");
        scenario(&(Arc::new(ObjectBackend::memory()) as Arc<dyn Store>), &way);
        let dir = tempfile::tempdir().unwrap();
        let store = LocalStore::new(dir.path()).with_durability(Durability::Process);
        scenario(&(Arc::new(store) as Arc<dyn Store>), &way);
    }
}

#[test]
fn bits_beyond_those_kept_are_rounded_away() {
    let options = CreateOptions {
        keep_bits: Some(3),
        ..CreateOptions::default()
    };
    let store: Arc<dyn Store> = Arc::new(ObjectBackend::memory());
    let array = options
        .create(store, "a", &[4], ElementType::Float32)
        .unwrap();
    // 1.0625 and 1.1875 lie in the middle of two: to even.
    let values = [1.01_f32, 1.0625, 1.1875, -3.9];
    array.write(&Region::whole(&[4]), &bytes(&values)).unwrap();
    let array = Array::open(Arc::clone(array.store()), "a").unwrap();
    let found = array
        .select_values::<f32>(&Selection::from([Pick::ALL]))
        .unwrap();
    assert_eq!(found, [1.0, 1.0, 1.25, -4.0]);
    for (bits, element) in [
        (0, ElementType::Float32),
        (24, ElementType::Float32),
        (3, ElementType::Int32),
    ] {
        let options = CreateOptions {
            keep_bits: Some(bits),
            ..CreateOptions::default()
        };
        let refused = options.metadata(&[4], element);
        assert!(
            matches!(refused, Err(Error::Caller { .. })),
            "{bits} {element}"
        );
    }
}

#[test]
fn shapes_that_are_not_given_fit_those_that_are() {
    let layout = |superchunk: Option<&[u64]>, chunk: Option<&[u64]>, block: Option<&[u64]>| {
        let given = |shape: Option<&[u64]>| shape.map(<[u64]>::to_vec);
        let options = CreateOptions {
            superchunk: given(superchunk),
            chunk: given(chunk),
            block: given(block),
            ..CreateOptions::default()
        };
        let metadata = options.metadata(&[0], ElementType::Float64);
        metadata.map(|m| {
            let layout = m.layout;
            [layout.superchunk()[0], layout.chunk()[0], layout.block()[0]]
        })
    };
    assert_eq!(
        layout(None, None, None).unwrap(),
        [1 << 20, 1 << 18, 1 << 14]
    );
    assert_eq!(
        layout(Some(&[1000]), None, None).unwrap(),
        [1000, 1000, 1000]
    );
    assert_eq!(
        layout(Some(&[3_000_000]), None, None).unwrap(),
        [3_000_000, 250_000, 15_625]
    );
    assert_eq!(
        layout(None, None, Some(&[1000])).unwrap(),
        [1_052_000, 263_000, 1000]
    );
    assert_eq!(layout(Some(&[70]), None, Some(&[7])).unwrap(), [70, 70, 7]);
    assert_eq!(
        layout(None, Some(&[30]), None).unwrap(),
        [1_048_590, 30, 30]
    );
    assert!(layout(Some(&[70]), Some(&[20]), None).is_err());
    assert!(layout(Some(&[70, 2]), None, None).is_err());
    assert!(layout(Some(&[0]), None, None).is_err());
    // Rows of a growing array are not cut where they fit.
    let metadata = CreateOptions::default()
        .metadata(&[0, 100], ElementType::UInt8)
        .unwrap();
    assert_eq!(metadata.layout.block(), [1024, 128]);
}

#[test]
fn attributes_keep_their_types_and_are_plain_json() {
    let mut all = Attributes::new();
    let nan = f32::from_bits(0x7fc0_0001);
    let kinds = [
        ("int8", Attribute::scalar(ElementType::Int8, [0x80]), "-128"),
        ("bool", Attribute::scalar(ElementType::Bool, [1]), "true"),
        (
            "big",
            Attribute::scalar(ElementType::UInt64, u64::MAX.to_ne_bytes()),
            "18446744073709551615",
        ),
        (
            "nan",
            Attribute::scalar(ElementType::Float64, f64::NAN.to_ne_bytes()),
            "\"NaN\"",
        ),
        (
            "odd",
            Attribute::scalar(ElementType::Float32, nan.to_ne_bytes()),
            "\"0x7fc00001\"",
        ),
        (
            "inf",
            Attribute::scalar(ElementType::Float32, f32::NEG_INFINITY.to_ne_bytes()),
            "\"-Infinity\"",
        ),
        (
            "tenth",
            Attribute::scalar(ElementType::Float64, 0.1_f64.to_ne_bytes()),
            "0.1",
        ),
        (
            "zero",
            Attribute::scalar(ElementType::Float32, (-0.0_f32).to_ne_bytes()),
            "-0.0",
        ),
        (
            "complex",
            Attribute::scalar(ElementType::Complex64, bytes(&[1.5_f32, f32::INFINITY])),
            "[1.5,\"Infinity\"]",
        ),
        (
            "array",
            Attribute::array(ElementType::Int16, &[2, 3], bytes(&[1_i16, 2, 3, 4, 5, -6])),
            "[[1,2,3],[4,5,-6]]",
        ),
        (
            "empty",
            Attribute::array(ElementType::Float32, &[0, 3], []),
            "[]",
        ),
        (
            "none",
            Attribute::array(ElementType::Float32, &[3, 0], []),
            "[]",
        ),
        (
            "text",
            Attribute::Json(serde_json::json!("déjà")),
            "\"déjà\"",
        ),
        (
            "json",
            Attribute::Json(serde_json::json!({"a": [null, 1]})),
            "{\"a\":[null,1]}",
        ),
    ];
    for (name, attribute, _) in &kinds {
        attributes::set(&mut all, name, attribute).unwrap();
    }
    // Into an array, with everything else that is noted there, and back.
    let store: Arc<dyn Store> = Arc::new(ObjectBackend::memory());
    let options = CreateOptions {
        attributes: all,
        ..CreateOptions::default()
    };
    let mut array = options
        .create(Arc::clone(&store), "a", &[100_000], ElementType::Float64)
        .unwrap();
    assert_ne!(array.layout().chunk(), array.layout().block());
    array.resize(&[10]).unwrap();
    let opened = Array::open(store, "a").unwrap();
    assert_eq!(
        opened.layout(),
        array.layout(),
        "the shape of chunks is noted there too"
    );
    let mut all = opened.metadata().attributes.clone();
    for (name, attribute, json) in &kinds {
        assert_eq!(
            attributes::get(&all, name).as_ref(),
            Some(attribute),
            "{name}"
        );
        assert_eq!(all[*name].to_string(), *json, "{name}");
    }
    // A value that another program changed.
    all["array"] = serde_json::json!([1, 2]);
    let changed = attributes::get(&all, "array");
    assert_eq!(changed, Some(Attribute::Json(serde_json::json!([1, 2]))));
    all["int8"] = serde_json::json!(200);
    assert_eq!(
        attributes::get(&all, "int8"),
        Some(Attribute::Json(serde_json::json!(200)))
    );
    for (name, ..) in &kinds {
        assert!(attributes::remove(&mut all, name).is_some());
        assert_eq!(attributes::get(&all, name), None);
    }
    assert_eq!(all, Attributes::new(), "nor a note of their types");
    assert!(attributes::set(&mut all, "ziggurat", &kinds[0].1).is_err());
    let short = Attribute::array(ElementType::Int16, &[2], [1, 2]);
    assert!(attributes::set(&mut all, "short", &short).is_err());
}

#[test]
fn what_else_is_noted_in_an_array_survives() {
    let store: Arc<dyn Store> = Arc::new(ObjectBackend::memory());
    let options = CreateOptions {
        targets: Targets {
            block: 4,
            chunk: 8,
            superchunk: 16,
        },
        ..CreateOptions::default()
    };
    let mut metadata = options.metadata(&[40], ElementType::UInt8).unwrap();
    metadata.framing = Some("some".into());
    let ours = serde_json::json!({"clearing": true, "other": 1, "attribute_types": {}});
    metadata.attributes.insert("ziggurat".into(), ours.clone());
    let document = metadata.to_json();
    let noted = &document["attributes"]["ziggurat"];
    assert_eq!(noted["chunk_shape"], serde_json::json!([8]));
    assert_eq!(noted["framing"], "some");
    assert_eq!(noted["other"], 1);
    let read = ArrayMetadata::parse("a", &document).unwrap();
    assert_eq!(read, metadata);
    assert_eq!(read.attributes["ziggurat"], ours);
    drop(store);
}
