use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Entry, digest};

/// Stores that `make.py` there made with other software, and what Python finds in them.
fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/digest")
}

fn expected() -> Vec<Value> {
    let lines = std::fs::read_to_string(data().join("expected.jsonl")).unwrap();
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The entries below the data, with paths relative to it.
fn found() -> Vec<Value> {
    let root = format!("{}/", data().display());
    let relative = |entry: Entry| {
        let mut json = entry.to_json();
        json["path"] = entry.path.strip_prefix(&root).unwrap().into();
        json
    };
    digest(&data()).map(relative).collect()
}

#[test]
fn digests_are_those_of_python() {
    let found = found();
    let expected = expected();
    let paths = |list: &[Value]| list.iter().map(|e| e["path"].clone()).collect::<Vec<_>>();
    assert_eq!(paths(&found), paths(&expected));
    for (found, expected) in found.iter().zip(&expected) {
        match expected["error"].as_str() {
            Some(words) => {
                let error = found["error"].as_str().unwrap_or_else(|| panic!("{found}"));
                assert!(error.contains(words), "{found}");
            }
            None => assert_eq!(found, expected),
        }
    }
}

#[test]
fn a_path_may_be_an_array_or_nothing() {
    let array = data().join("v2/bool");
    let entries: Vec<_> = digest(&array).collect();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].path, array.display().to_string());
    assert_eq!(entries[0].result.as_ref().unwrap().shape, [3]);

    let file = data().join("make.py");
    for path in [Path::new("no/such/path"), &file] {
        let entries: Vec<_> = digest(path).collect();
        assert_eq!(entries.len(), 1);
        let json = entries[0].to_json();
        assert_eq!(
            json.as_object().unwrap().keys().collect::<Vec<_>>(),
            ["path", "error"]
        );
    }
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(digest(empty.path()).count(), 0);
}

#[test]
fn links_are_not_followed() {
    let dir = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(data().join("v3"), dir.path().join("out")).unwrap();
    std::os::unix::fs::symlink(".", dir.path().join("loop")).unwrap();
    assert_eq!(digest(dir.path()).count(), 0);
    // The path that was given may be a link.
    assert!(digest(&dir.path().join("out")).count() > 10);
}

#[test]
fn damaged_bytes_are_errors() {
    let dir = tempfile::tempdir().unwrap();
    let from = data().join("v3/layout/sharded");
    let chunk = "c/0/0";
    std::fs::create_dir_all(dir.path().join("c/0")).unwrap();
    std::fs::copy(from.join("zarr.json"), dir.path().join("zarr.json")).unwrap();
    let good = std::fs::read(from.join(chunk)).unwrap();
    let outcome = |bytes: &[u8]| {
        std::fs::write(dir.path().join(chunk), bytes).unwrap();
        digest(dir.path()).next().unwrap().result
    };
    assert!(outcome(&good).is_ok());
    for i in (0..good.len()).step_by(7) {
        assert!(outcome(&good[..i]).is_err(), "truncated at {i}");
        let mut bad = good.clone();
        bad[i] ^= 0xff;
        // Values have no checksum here, so an error is not certain; nothing panics.
        let inverted = outcome(&bad);
        let in_index = i >= good.len() - 16 * 4 - 4;
        assert!(inverted.is_err() || !in_index, "inverted at {i}");
    }
}
