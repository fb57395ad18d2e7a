//! The arrays of a store, whatever it is.

use std::path::Path;
use std::sync::Arc;

use ziggurat::core::exec::block_on;
use ziggurat::core::hierarchy::{DOCUMENT, read_document};
use ziggurat::core::store::{LocalStore, Store, join};
use ziggurat::core::{Array, Error, Result};

/// The arrays of the store at `root` at and below `path`, or why one cannot be opened.
///
/// # Errors
/// If there is none, or directories cannot be read.
pub(super) fn below(root: &Path, path: &str) -> Result<Vec<Result<Array>>> {
    let store: Arc<dyn Store> = Arc::new(LocalStore::new(root));
    let mut arrays = Vec::new();
    find(&store, path, &mut arrays)?;
    match arrays.is_empty() {
        true => Err(Error::not_found(store.place(path), "no array is there")),
        false => Ok(arrays),
    }
}

fn find(store: &Arc<dyn Store>, path: &str, arrays: &mut Vec<Result<Array>>) -> Result<()> {
    let node_type = match read_document(&**store, path) {
        Ok(document) => document["node_type"].clone(),
        // A directory that is no node may hold some.
        Err(e) if e.is_not_found() => serde_json::Value::Null,
        Err(e) => {
            arrays.push(Err(e));
            return Ok(());
        }
    };
    if node_type == "array" {
        arrays.push(Array::open(Arc::clone(store), path));
        return Ok(());
    }
    for name in block_on(store.list_dir(path))? {
        if name != DOCUMENT && !name.starts_with("__") {
            find(store, &join(path, &name), arrays)?;
        }
    }
    Ok(())
}
