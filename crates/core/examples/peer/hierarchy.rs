//! W7: open one array and read one element; list a hierarchy.

use serde_json::{Value, json};
use ziggurat_core::exec::block_on;
use ziggurat_core::hierarchy::{DOCUMENT, read_document};
use ziggurat_core::{ArrayMetadata, Region};

use crate::Outcome;
use crate::meter::Meter;
use crate::task::{Task, check};

pub(crate) fn run(task: &Task) -> Outcome {
    let meter = Meter::start()?;
    let found = match task.params.mode.as_str() {
        "open" => {
            let array = task.open()?;
            let bytes = array.read(&Region::new([5, 5, 5], [1, 1, 1]))?;
            check(array.element(), &bytes)
        }
        "list" => list(task)?,
        _ => return Ok(None),
    };
    let mut out = meter.stop()?;
    out.insert("check".into(), json!(found));
    Ok(Some(Value::Object(out)))
}

/// The arrays of a hierarchy: one pass over its keys, and each document once.
fn list(task: &Task) -> Result<i64, Box<dyn std::error::Error>> {
    let store = task.store();
    let mut arrays = 0;
    for key in block_on(store.list(""))? {
        let Some(path) = key.strip_suffix(DOCUMENT) else {
            continue;
        };
        let path = path.trim_end_matches('/');
        let document = read_document(&*store, path)?;
        if document["node_type"] == "array" {
            ArrayMetadata::parse(&store.place(path), &document)?;
            arrays += 1;
        }
    }
    Ok(arrays)
}
