//! `ziggurat compact`.

use std::sync::Arc;

use ziggurat::core::exec::block_on;
use ziggurat::core::hierarchy::{DOCUMENT, read_document};
use ziggurat::core::progress::Progress;
use ziggurat::core::store::{self, LocalStore};
use ziggurat::core::{Array, Compacted, Error, Result};

use super::args::Store;
use super::progress::Bars;
use super::table::bytes;

pub(super) fn run(args: &Store, bars: &Bars) -> Result<()> {
    let store: Arc<dyn store::Store> = Arc::new(LocalStore::new(&args.store));
    let mut arrays = Vec::new();
    find(&store, "", &mut arrays)?;
    if arrays.is_empty() {
        let place = args.store.display().to_string();
        return Err(Error::not_found(place, "no array of superchunks is there"));
    }
    bars.catch_interrupts();
    let mut total = Compacted::default();
    for array in arrays {
        let superchunks = array.superchunks()?;
        bars.start("compacting", superchunks.len() as u64);
        for superchunk in superchunks {
            bars.check("compacting; what was done stays so")?;
            total += array.compact_superchunk(&superchunk)?;
            bars.advance(1);
        }
    }
    bars.clear();
    super::print(&format!(
        "{} -> {}",
        bytes(total.before),
        bytes(total.after)
    ))
}

/// Adds the arrays of superchunks at and below `path`.
fn find(store: &Arc<dyn store::Store>, path: &str, arrays: &mut Vec<Array>) -> Result<()> {
    let node_type = match read_document(&**store, path) {
        Ok(document) => document["node_type"].clone(),
        // A directory that is no node may hold some.
        Err(e) if e.is_not_found() => serde_json::Value::Null,
        Err(e) => return Err(e),
    };
    if node_type == "array" {
        match Array::open(Arc::clone(store), path) {
            Ok(array) if array.layout().is_sharded() => arrays.push(array),
            Ok(_) | Err(Error::Unsupported { .. }) => {}
            Err(e) => return Err(e),
        }
        return Ok(());
    }
    for name in block_on(store.list_dir(path))? {
        if name != DOCUMENT && !name.starts_with("__") {
            find(store, &store::join(path, &name), arrays)?;
        }
    }
    Ok(())
}
