//! Groups and documents: what ties arrays together.

use serde_json::{Map, Value, json};

use crate::exec::block_on;
use crate::store::{Store, join};
use crate::{Attributes, Error, Result};

/// Name of the document of a node.
pub const DOCUMENT: &str = "zarr.json";

/// Largest document that is read: 64 MiB.
const LARGEST_DOCUMENT: u64 = 64 << 20;

/// The document of the node at `path`.
///
/// # Errors
/// [`Error::NotFound`] if there is none, [`Error::Data`] if it is not JSON.
pub fn read_document(store: &dyn Store, path: &str) -> Result<Value> {
    let key = join(path, DOCUMENT);
    match block_on(store.size(&key))? {
        None => {
            return Err(Error::not_found(
                store.place(path),
                "no Zarr v3 node (zarr.json) is there",
            ));
        }
        Some(size) if size > LARGEST_DOCUMENT => {
            let what = format!("a document of {size} bytes, more than 64 MiB");
            return Err(Error::limit(store.place(&key), what));
        }
        Some(_) => {}
    }
    let bytes = block_on(store.get(&key))?.unwrap_or_default();
    serde_json::from_slice(&bytes)
        .map_err(|e| Error::data(store.place(&key), format!("not JSON: {e}")))
}

/// Writes the document of the node at `path`.
///
/// # Errors
/// If the store refuses.
pub fn write_document(store: &dyn Store, path: &str, document: &Value) -> Result<()> {
    let key = join(path, DOCUMENT);
    let text = serde_json::to_vec_pretty(document)
        .map_err(|e| Error::other(store.place(&key), "cannot write JSON", e))?;
    block_on(store.put(&key, text.into()))
}

/// The document of a group.
#[must_use]
pub fn group_document(attributes: Attributes) -> Value {
    let attributes = Value::Object(attributes);
    json!({"zarr_format": 3, "node_type": "group", "attributes": attributes})
}

/// Attributes of the group at `path`.
///
/// # Errors
/// [`Error::NotFound`] if there is no node, [`Error::Caller`] if it is an array.
pub fn open_group(store: &dyn Store, path: &str) -> Result<Attributes> {
    let document = read_document(store, path)?;
    if document["node_type"] != "group" {
        return Err(Error::caller(
            store.place(path),
            format!("node_type is {}, not \"group\"", document["node_type"]),
        ));
    }
    Ok(document["attributes"]
        .as_object()
        .cloned()
        .unwrap_or_default())
}

/// Documents of a hierarchy that are written together, children first, each group with the
/// consolidated metadata of all that lies below it.
///
/// A reader that opens the root before [`commit`](Self::commit) has ended finds the old document or none.
#[derive(Debug, Default)]
pub struct Documents {
    nodes: Vec<(String, Value)>,
}

impl Documents {
    /// Adds the node at `path`; a path given twice keeps the last document.
    pub fn add(&mut self, path: impl Into<String>, document: Value) {
        let path = path.into();
        match self.nodes.iter_mut().find(|(p, _)| *p == path) {
            Some(node) => node.1 = document,
            None => self.nodes.push((path, document)),
        }
    }

    /// Writes all documents, deepest first and the root last.
    ///
    /// # Errors
    /// If the store refuses.
    pub fn commit(mut self, store: &dyn Store) -> Result<()> {
        let depth = |path: &str| {
            if path.is_empty() {
                0
            } else {
                path.split('/').count()
            }
        };
        self.nodes
            .sort_by_key(|(path, _)| (std::cmp::Reverse(depth(path)), path.clone()));
        for (path, document) in &self.nodes {
            let mut document = document.clone();
            if document["node_type"] == "group" {
                document["consolidated_metadata"] = self.consolidated(path);
            }
            write_document(store, path, &document)?;
        }
        Ok(())
    }

    /// The consolidated metadata of the group at `group`.
    fn consolidated(&self, group: &str) -> Value {
        let mut below: Vec<(String, Value)> = self
            .nodes
            .iter()
            .filter_map(|(path, document)| {
                let relative = match group {
                    "" => path.as_str(),
                    _ => path.strip_prefix(group)?.strip_prefix('/')?,
                };
                (!relative.is_empty()).then(|| (relative.to_owned(), document.clone()))
            })
            .collect();
        below.sort_by(|a, b| a.0.cmp(&b.0));
        let metadata: Map<String, Value> = below.into_iter().collect();
        json!({"kind": "inline", "must_understand": false, "metadata": metadata})
    }
}
