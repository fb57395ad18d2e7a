//! The attributes of a non-equidistant dimension, and attributes that are wrong in every way.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use ziggurat_core::ned::{Convention, Precision, UUID};
use ziggurat_core::{Attributes, Error};

use super::is_conflict;

/// The example of the specification.
fn example() -> Attributes {
    let text = include_str!("../../../../spec/ned.example.json");
    let document: Value = serde_json::from_str(text).unwrap();
    let attributes = document["attributes"].as_object().unwrap();
    attributes.clone().into_iter().collect()
}

#[test]
fn the_example_is_what_is_written() {
    let group = example();
    let time = Convention::find(&group, "time").unwrap().unwrap();
    assert_eq!(time.precision, Precision::Fixed32);
    let depth = Convention::find(&group, "depth").unwrap().unwrap();
    let mut written = Attributes::new();
    time.declare(&mut written, "time");
    depth.declare(&mut written, "depth");
    assert_eq!(Value::from_iter(written), Value::from_iter(group.clone()));
    assert_eq!(Convention::find(&group, "x").unwrap(), None);
    assert_eq!(Convention::find(&Attributes::new(), "time").unwrap(), None);
}

#[test]
fn the_schema_knows_what_is_written() {
    let text = include_str!("../../../../spec/ned.schema.json");
    let schema: Value = serde_json::from_str(text).unwrap();
    let uuid = schema.pointer("/properties/zarr_conventions/contains/properties/uuid/const");
    assert_eq!(uuid, Some(&json!(UUID)));
    let dimension = &schema["$defs"]["dimension"];
    let keys = |object: &Value| -> BTreeSet<String> {
        object.as_object().unwrap().keys().cloned().collect()
    };
    let time = &example()["ned"]["dimensions"]["time"];
    assert_eq!(keys(&dimension["properties"]), keys(time));
    let mut required = keys(time);
    required.remove("calendar");
    let listed = dimension["required"].as_array().unwrap().iter();
    let listed: BTreeSet<String> = listed.map(|name| name.as_str().unwrap().into()).collect();
    assert_eq!(listed, required);
    for name in &required {
        let mut bad = time.clone();
        bad.as_object_mut().unwrap().remove(name);
        assert!(Convention::parse("time", &bad).is_err(), "without {name}");
    }
    let precisions = dimension["properties"]["precision"]["enum"]
        .as_array()
        .unwrap();
    assert!(
        precisions
            .iter()
            .eq(Precision::ALL.map(|p| json!(p.name())).iter())
    );
}

#[test]
fn other_conventions_and_dimensions_stay() {
    let mut group = example();
    let other = json!({"uuid": "689b58e2-cf7b-45e0-9fff-9cfc0883d6b4", "name": "spatial"});
    group.insert("zarr_conventions".into(), json!([other]));
    assert_eq!(
        Convention::find(&group, "time").unwrap(),
        None,
        "not declared"
    );
    let time = Convention::parse("time", &group["ned"]["dimensions"]["time"]).unwrap();
    let later = Convention {
        length: time.length + 1,
        sorted: false,
        ..time
    };
    later.declare(&mut group, "time");
    later.declare(&mut group, "time");
    let declared = group["zarr_conventions"].as_array().unwrap();
    assert_eq!(
        (declared.len(), &declared[0], &declared[1]["uuid"]),
        (2, &other, &json!(UUID))
    );
    assert_eq!(Convention::find(&group, "time").unwrap(), Some(later));
    assert!(Convention::find(&group, "depth").unwrap().is_some());
}

#[test]
fn what_is_unknown_or_impossible_is_refused() {
    let good = example()["ned"]["dimensions"]["time"].clone();
    assert!(Convention::parse("time", &good).is_ok());
    for (member, value) in [
        ("chunk_length", json!(0)),
        ("chunk_length", json!(-1)),
        ("default_zoom", json!(65)),
        ("precision", json!("float64")),
        ("units", json!("")),
        ("table", json!("../other")),
        ("table", json!("/ned")),
        ("sorted", json!("yes")),
        ("length", json!(1.5)),
        ("capacity", json!(1)),
    ] {
        let mut bad = good.clone();
        bad[member] = value;
        let refused = Convention::parse("time", &bad);
        assert!(
            matches!(refused, Err(Error::Data { .. })),
            "{member}: {refused:?}"
        );
    }
    let mut group = example();
    group.get_mut("ned").unwrap()["version"] = json!("2.0");
    assert!(matches!(
        Convention::find(&group, "time"),
        Err(Error::Unsupported { .. })
    ));
    for ned in [
        json!(null),
        json!([]),
        json!({"version": "0.1"}),
        json!("0.1"),
    ] {
        group.insert("ned".into(), ned);
        assert!(!matches!(Convention::find(&group, "time"), Ok(Some(_))));
    }
}

#[test]
fn a_coordinate_that_others_changed_is_noticed() {
    let time = Convention::find(&example(), "time").unwrap().unwrap();
    assert!(
        time.check(&time.units, Some("standard"), time.length)
            .is_ok()
    );
    assert!(
        time.check(&time.units, None, time.length).is_ok(),
        "the standard calendar"
    );
    assert!(is_conflict(&time.check(&time.units, None, time.length + 1)));
    assert!(is_conflict(&time.check(
        "days since 2020-01-01",
        None,
        time.length
    )));
    assert!(is_conflict(&time.check(
        &time.units,
        Some("noleap"),
        time.length
    )));
}

#[test]
fn the_table_must_be_for_as_many_events() {
    let time = Convention {
        chunk_length: 2,
        length: 3,
        ..Convention::find(&example(), "time").unwrap().unwrap()
    };
    let record = time.record(&[10, 20, 2, 30, 30, 1]).unwrap();
    assert!(record.is_sorted() && record.identity().tolerance() == time.tolerance);
    assert!(is_conflict(&time.record(&[10, 20, 2])));
    assert!(matches!(time.record(&[10, 20, 3]), Err(Error::Data { .. })));
}
