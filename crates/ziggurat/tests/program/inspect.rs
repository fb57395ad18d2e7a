//! `ziggurat info`, `digest`, `build` and `refresh`.

use std::process::Stdio;
use std::sync::Arc;

use serde_json::{Value, json};
use ziggurat_core::Region;
use ziggurat_core::store::LocalStore;
use ziggurat_pyramid::Datastore;

use super::{Place, data};

fn info(place: &Place) -> Value {
    serde_json::from_str(&place.run(&["info", "a.zarr", "--json"]).well()).unwrap()
}

#[test]
fn info_is_json_with_all_members() {
    let place = Place::with_store();
    let info = info(&place);
    let keys = |value: &Value| {
        value
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(
        keys(&info),
        ["store", "levels", "aggregators", "stale", "variables"]
    );
    assert_eq!(info["levels"], 2);
    assert_eq!(info["aggregators"], json!(["mean", "max"]));
    assert_eq!(info["stale"], json!([]));
    let variable = &info["variables"][0];
    for key in [
        "name",
        "data_type",
        "dimensions",
        "fill_value",
        "attributes",
        "crs",
        "transform",
        "bbox",
        "extent",
        "factors",
        "levels",
        "aggregates",
    ] {
        assert!(variable.get(key).is_some(), "{key}");
    }
    assert_eq!(
        variable["extent"],
        json!({"start": [0, 0], "shape": [6, 8]})
    );
    assert_eq!(variable["levels"].as_array().unwrap().len(), 3);
    let level = &variable["levels"][1];
    assert_eq!(level["shape"], json!([3, 4]));
    assert_eq!(level["path"], "1/a");
    for key in [
        "superchunk",
        "chunk",
        "block",
        "sharded",
        "codec",
        "bytes",
        "stored_bytes",
        "ratio",
    ] {
        assert!(level.get(key).is_some(), "{key}");
    }
    assert_eq!(variable["aggregates"]["max"][0]["path"], "agg/max/1/a");
    let text = place.run(&["info", "a.zarr"]).well();
    for words in [
        "a (y, x) int16",
        "6x8",
        "zstd:3",
        "aggregators mean, max",
        "up to date",
    ] {
        assert!(text.contains(words), "{words:?} is not in\n{text}");
    }
}

#[test]
fn info_describes_an_array_alone() {
    let place = Place::with_store();
    let base = info(&place)["variables"][0]["levels"][0].clone();
    let path = format!("a.zarr/{}", base["path"].as_str().unwrap());
    let alone = place.run(&["info", &path, "--json"]).well();
    let alone: Value = serde_json::from_str(&alone).unwrap();
    assert_eq!(alone["array"]["levels"][0]["shape"], base["shape"]);
    assert_eq!(alone["array"]["levels"][0]["codec"], base["codec"]);
    let text = place.run(&["info", &path]).well();
    assert!(
        text.contains("superchunk") && !text.contains("aggregators"),
        "{text}"
    );
}

#[test]
fn info_tells_place_and_time() {
    let place = Place::new();
    let tif = data("tiff/south_up.tif");
    place
        .run(&["import", &tif, "a.zarr", "--time", "2016-09-28T15:40"])
        .well();
    let info = info(&place);
    let variable = &info["variables"][0];
    assert!(variable["bbox"].as_array().unwrap().len() == 4);
    assert!(
        variable["transform"][4].as_f64().unwrap() > 0.0,
        "south stays up"
    );
    let time = &variable["dimensions"][0];
    assert_eq!(time["axis"], "T");
    assert!(
        time["first"]
            .as_str()
            .unwrap()
            .starts_with("2016-09-28T15:40"),
        "{time}"
    );
    let get = |time: &str| place.run(&["get", "a.zarr", "--out", "b.npy", "--time", time]);
    get("2016-09").well();
    get("2016-09-28T15:40").well();
    get("2016-09-28/2016-10").well();
    get("2017").fails(2, &["nothing at 2017", "2016-09-28"]);
    get("soon").fails(2, &["soon"]);
}

#[test]
fn what_is_no_datastore_is_named() {
    let place = Place::with_store();
    place
        .run(&["info", "b.zarr"])
        .fails(1, &["b.zarr", "no store"]);
    place
        .run(&["info", "a.npy"])
        .fails(2, &["a.npy", "ziggurat import"]);
    place
        .run(&["info", "a.zarr/0"])
        .fails(1, &["a.zarr/0", "ziggurat import"]);
    place.run(&["build", "a.zarr/0"]).fails(1, &["a.zarr/0"]);
    std::fs::write(place.path("a.zarr/zarr.json"), "{").unwrap();
    place
        .run(&["info", "a.zarr"])
        .fails(1, &["a.zarr/zarr.json", "not JSON"]);
    place
        .run(&["get", "a.zarr", "--out", "-"])
        .fails(1, &["a.zarr/zarr.json"]);
}

#[test]
fn other_levels_can_be_built() {
    let place = Place::with_store();
    place
        .run(&[
            "build",
            "a.zarr",
            "--levels",
            "1",
            "--aggregate",
            "min,count",
        ])
        .well();
    let info = info(&place);
    assert_eq!(info["aggregators"], json!(["min", "count"]));
    assert_eq!(info["levels"], 1);
    let names = |path: &str| -> Vec<String> {
        let entries = std::fs::read_dir(place.path(path)).unwrap();
        let mut names: Vec<_> = entries
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.retain(|n| !n.starts_with("__"));
        names.sort();
        names
    };
    assert_eq!(names("a.zarr"), ["0", "1", "agg", "zarr.json"]);
    assert_eq!(names("a.zarr/agg"), ["count", "zarr.json"]);
    let get = |path: &str| place.run(&["get", path, "--out", "-"]).well();
    assert_eq!(get("a.zarr/1"), "0 2 4 6\n16 18 20 22\n32 34 36 38\n");
    assert_eq!(get("a.zarr/agg/count/1"), "4 4 4 4\n".repeat(3));
    place
        .run(&["build", "a.zarr", "--aggregate", "count"])
        .fails(2, &["count does not continue"]);
}

#[test]
fn writes_show_until_a_refresh() {
    let place = Place::with_store();
    let datastore = Datastore::open(Arc::new(LocalStore::new(place.path("a.zarr")))).unwrap();
    let region = Region::new([0, 0], [2, 2]);
    let bytes = ziggurat_core::element::to_bytes(&[100i16; 4]);
    datastore.write("a", &region, &bytes).unwrap();
    let stale = json!([{"variable": "a", "start": [0, 0], "shape": [2, 2]}]);
    assert_eq!(info(&place)["stale"], stale);
    let text = place.run(&["info", "a.zarr"]).well();
    assert!(text.contains("ziggurat refresh"), "{text}");
    place.run(&["refresh", "a.zarr"]).well();
    assert_eq!(info(&place)["stale"], json!([]));
    let max = place
        .run(&["get", "a.zarr/agg/max/1", "--out", "-", "--index", "y=0"])
        .well();
    assert_eq!(max, "100 11 13 15\n");
}

#[test]
fn digest_prints_a_line_for_every_array_and_fails_if_one_does() {
    let place = Place::with_store();
    let lines = place.run(&["digest", "a.zarr"]).well();
    let paths: Vec<String> = lines
        .lines()
        .map(|l| {
            serde_json::from_str::<Value>(l).unwrap()["path"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    for path in [
        "a.zarr/0/a",
        "a.zarr/1/a",
        "a.zarr/2/a",
        "a.zarr/agg/max/1/a",
        "a.zarr/agg/max/2/a",
    ] {
        assert!(
            paths.contains(&path.to_owned()),
            "{path} is not in {paths:?}"
        );
    }
    std::fs::write(place.path("a.zarr/1/a/c/0/0"), "damaged").unwrap();
    let said = place.run(&["digest", "a.zarr"]);
    assert_eq!(said.code, 1);
    assert_eq!(said.out.lines().count(), paths.len());
    let failed: Vec<&str> = said
        .out
        .lines()
        .filter(|l| l.contains("\"error\""))
        .collect();
    assert!(
        matches!(failed[..], [line] if line.contains("a.zarr/1/a")),
        "{failed:?}"
    );
}

#[test]
fn a_damaged_index_is_named_without_a_backtrace() {
    let place = Place::new();
    let case = "/../../conformance-tests/cases/bad/shard-overflow";
    let said = place.run(&["digest", &(env!("CARGO_MANIFEST_DIR").to_owned() + case)]);
    assert_eq!((said.code, said.err.as_str()), (1, ""), "{}", said.out);
    assert!(said.out.contains("lies beyond the end"), "{}", said.out);
}

#[test]
fn a_reader_that_has_enough_is_no_error() {
    let place = Place::with_store();
    for arguments in [&["info", "a.zarr"][..], &["digest", "a.zarr"]] {
        let mut command = place.command(arguments);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let said = super::Said::from(&child.wait_with_output().unwrap());
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{arguments:?}");
    }
}

#[test]
fn compact_closes_the_gaps_of_updates_in_place() {
    use ziggurat_core::{Array, InPlace, Updates};
    let place = Place::new();
    place.counting(64, 64);
    place
        .run(&[
            "import", "a.npy", "a.zarr", "--block", "8,8", "--levels", "1", "--codec", "none",
        ])
        .well();
    let size = || {
        let file = place.path("a.zarr/0/a/c/0/0");
        std::fs::metadata(file).unwrap().len()
    };
    let before = size();
    assert!(place.run(&["compact", "a.zarr"]).well().contains("->"));
    assert_eq!(size(), before);
    let store = Arc::new(LocalStore::new(place.path("a.zarr")));
    let array = Array::open(store, "0/a").unwrap();
    let array = array.with_updates(Updates::InPlace(InPlace::default()));
    array
        .write(&Region::new([8, 8], [8, 8]), &[7; 128])
        .unwrap();
    assert!(size() > before);
    let digest = || place.run(&["digest", "a.zarr"]).well();
    let values = digest();
    place.run(&["compact", "a.zarr/0", "--quiet"]).well();
    assert_eq!(size(), before);
    assert_eq!(digest(), values);
    for wrong in [&["compact", "none.zarr"][..], &["compact", "a.npy"]] {
        let said = place.run(wrong);
        assert_eq!(said.code, 1, "{}", said.err);
    }
}
