//! Names of files and directories.

use std::fs;
use std::path::{Path, PathBuf};

use super::{TEMPORARY, is_absent};
use crate::store::join;
use crate::{Error, Result};

/// The keys of all files below `prefix`. Links are followed, but not in circles.
pub(super) fn below(root: &Path, prefix: &str) -> Result<Vec<String>> {
    let mut keys = Vec::new();
    walk(root, prefix, &mut Vec::new(), &mut keys)?;
    Ok(keys)
}

/// `linked`: the directories, by their true paths, from which links were followed to get here.
fn walk(
    root: &Path,
    prefix: &str,
    linked: &mut Vec<PathBuf>,
    keys: &mut Vec<String>,
) -> Result<()> {
    let here = root.join(prefix);
    for (name, kind) in entries(&here)? {
        let key = join(prefix, &name);
        match kind {
            Kind::File => keys.push(key),
            Kind::Directory => walk(root, &key, linked, keys)?,
            Kind::Link => {
                let true_path = |path: &Path| fs::canonicalize(path);
                let (Ok(from), Ok(to)) = (true_path(&here), true_path(&here.join(&name))) else {
                    continue;
                };
                linked.push(from);
                if !linked.iter().any(|visited| visited.starts_with(&to)) {
                    walk(root, &key, linked, keys)?;
                }
                linked.pop();
            }
        }
    }
    Ok(())
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Directory,
    /// A link to a directory.
    Link,
}

/// The names in a directory, sorted; none if there is no directory.
pub(super) fn entries(path: &Path) -> Result<Vec<(String, Kind)>> {
    let read = match fs::read_dir(path) {
        Ok(read) => read,
        Err(e) if is_absent(&e) => return Ok(Vec::new()),
        Err(e) => return Err(Error::io(path, "list", e)),
    };
    let mut entries = Vec::new();
    for entry in read {
        let entry = entry.map_err(|e| Error::io(path, "list", e))?;
        let kind = entry.file_type().map_err(|e| Error::io(path, "list", e))?;
        // A name that is not UTF-8 cannot be a key, and a link that leads nowhere holds nothing.
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        if name.starts_with(TEMPORARY) {
            continue;
        }
        let kind = match (kind.is_dir(), kind.is_symlink()) {
            (true, _) => Kind::Directory,
            (_, false) => Kind::File,
            (_, true) => match fs::metadata(entry.path()) {
                Ok(meta) if meta.is_dir() => Kind::Link,
                Ok(_) => Kind::File,
                Err(_) => continue,
            },
        };
        entries.push((name, kind));
    }
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(entries)
}
