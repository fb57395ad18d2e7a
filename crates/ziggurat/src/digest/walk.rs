//! Finding the arrays below a path.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use ziggurat_core::{Error, Result};

/// Names of arrays, as a user knows them, with their directories, sorted; see [`super::digest`].
pub(super) fn walk(path: &Path) -> Vec<(String, Result<PathBuf>)> {
    let mut found = Vec::new();
    let place = path.display().to_string();
    match fs::metadata(path) {
        Ok(root) if root.is_dir() => visit(&place, path, &mut found),
        Ok(_) => {
            let what = "not a directory: give a Zarr store, group or array";
            found.push((place.clone(), Err(Error::caller(place, what))));
        }
        Err(e) => found.push((place, Err(Error::io(path, "open", e)))),
    }
    found
}

fn visit(place: &str, directory: &Path, found: &mut Vec<(String, Result<PathBuf>)>) {
    match is_array(directory) {
        Ok(true) => return found.push((place.to_owned(), Ok(directory.to_owned()))),
        Ok(false) => {}
        Err(e) => return found.push((place.to_owned(), Err(e))),
    }
    let below = match fs::read_dir(directory).and_then(Iterator::collect::<std::io::Result<Vec<_>>>)
    {
        Ok(below) => below,
        Err(e) => return found.push((place.to_owned(), Err(Error::io(directory, "list", e)))),
    };
    let mut names: Vec<_> = below
        .into_iter()
        // The type of the entry itself: a link to a directory is no directory.
        .filter(|entry| entry.file_type().is_ok_and(|t| t.is_dir()))
        .map(|entry| entry.file_name())
        .filter(|name| !name.to_string_lossy().starts_with("__"))
        .collect();
    names.sort_unstable();
    for name in names {
        let place = format!("{}/{}", place.trim_end_matches('/'), name.to_string_lossy());
        visit(&place, &directory.join(name), found);
    }
}

/// Whether `directory` is an array; an error if its `zarr.json` does not say what it is.
fn is_array(directory: &Path) -> Result<bool> {
    if !directory.join("zarr.json").exists() {
        return Ok(directory.join(".zarray").exists());
    }
    match metadata(directory)?
        .get("node_type")
        .and_then(Value::as_str)
    {
        Some("array") => Ok(true),
        Some("group") => Ok(false),
        _ => {
            let place = directory.join("zarr.json").display().to_string();
            Err(Error::data(place, "node_type is neither array nor group"))
        }
    }
}

/// The metadata of the node in `directory`: its `zarr.json`, or else its `.zarray`.
pub(super) fn metadata(directory: &Path) -> Result<Map<String, Value>> {
    let mut file = directory.join("zarr.json");
    if !file.exists() {
        file = directory.join(".zarray");
    }
    let text = fs::read(&file).map_err(|e| Error::io(&file, "read", e))?;
    let place = file.display().to_string();
    serde_json::from_slice(&text)
        .map_err(|e| Error::other(place, "damaged data: not a JSON object", e))
}
