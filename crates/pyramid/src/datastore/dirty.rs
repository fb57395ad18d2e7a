//! The dirty log: what was written at level 0 since its levels were made.
//!
//! One object per write under `__ziggurat/dirty/`. Names that start with two underscores are no
//! Zarr nodes, so other readers never see them.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use ziggurat_core::exec::block_on;
use ziggurat_core::store::Store;
use ziggurat_core::{Error, Region, Result};

const PREFIX: &str = "__ziggurat/dirty";

/// One write that the levels do not show yet.
#[derive(Debug)]
pub(super) struct Entry {
    key: String,
    pub(super) variable: String,
    pub(super) region: Region,
}

/// Logs that `region` of `variable` is about to be written.
pub(super) fn log(store: &dyn Store, variable: &str, region: &Region) -> Result<()> {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let time = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_nanos();
    let unique = NEXT.fetch_add(1, Ordering::Relaxed);
    let key = format!("{PREFIX}/{time:032x}-{}-{unique}.json", std::process::id());
    let entry = json!({"variable": variable, "start": region.start, "shape": region.shape});
    block_on(store.put(&key, entry.to_string().into()))
}

/// All entries, oldest first.
pub(super) fn entries(store: &dyn Store) -> Result<Vec<Entry>> {
    let mut keys = block_on(store.list(PREFIX))?;
    keys.sort();
    let mut entries = Vec::with_capacity(keys.len());
    for key in keys {
        // An entry that vanished was cleared by another process.
        let Some(bytes) = block_on(store.get(&key))? else {
            continue;
        };
        let entry: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let sizes = |name: &str| -> Option<Vec<u64>> {
            entry[name].as_array()?.iter().map(Value::as_u64).collect()
        };
        let parsed = (entry["variable"].as_str(), sizes("start"), sizes("shape"));
        let (Some(variable), Some(start), Some(shape)) = parsed else {
            let what = "not an entry of the dirty log; delete it and build all levels";
            return Err(Error::data(store.place(&key), what));
        };
        if start.len() != shape.len() {
            return Err(Error::data(
                store.place(&key),
                "start and shape differ in rank",
            ));
        }
        entries.push(Entry {
            variable: variable.to_owned(),
            region: Region::new(start, shape),
            key,
        });
    }
    Ok(entries)
}

/// Deletes entries whose levels are made.
pub(super) fn clear(store: &dyn Store, entries: &[Entry]) -> Result<()> {
    entries
        .iter()
        .try_for_each(|entry| block_on(store.delete(&entry.key)))
}
