//! The advisory lock under which a file is compared and replaced.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// Holds the lock of a directory until it is dropped, or its process dies.
#[derive(Debug)]
pub(super) struct Lock {
    _held: File,
}

/// Waits for the lock of the directory of `path`.
///
/// The directory itself is locked, so that nothing is left behind and every process takes the same
/// lock, whatever root it opened.
///
/// # Errors
/// If the file system has no locks.
pub(super) fn directory_of(path: &Path) -> Result<Lock> {
    let directory = path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
    File::open(&directory)
        .and_then(|file| file.lock().map(|()| Lock { _held: file }))
        .map_err(|e| Error::io(directory, "lock", e))
}
