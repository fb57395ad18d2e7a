//! The advisory lock under which files of a directory change.

use std::fs::File;
use std::path::Path;

use super::{LOCK, TEMPORARY};
use crate::{Error, Result};

/// Holds the lock of a directory until it is dropped, or its process dies.
#[derive(Debug)]
pub(crate) struct Lock {
    _held: File,
}

/// Waits for the lock of a directory.
///
/// The directory itself is locked, so that nothing is left behind and every process takes the same
/// lock, whatever root it opened. Where a system locks no directories (Windows, NFS) it is a file
/// in it, which stays: a lock file that is removed locks nobody out.
///
/// # Errors
/// If the file system has no locks.
pub(crate) fn directory(path: &Path) -> Result<Lock> {
    let lock = |file: File| file.lock().map(|()| Lock { _held: file });
    File::open(path)
        .and_then(lock)
        .or_else(|e| match path.is_dir() {
            true => File::options()
                .write(true)
                .create(true)
                .truncate(false)
                .open(path.join(LOCK))
                .and_then(lock),
            false => Err(e),
        })
        .map_err(|e| Error::io(path, "lock", e))
}

/// Whether `name` is that of a file whose writer may have died: only the lock file is nobody's.
pub(super) fn is_temporary(name: &str) -> bool {
    name.starts_with(TEMPORARY) && name != LOCK
}

/// Opens a file whose writer, which held its lock, is gone; `None` while it lives.
pub(crate) fn of_the_dead(path: &Path) -> Option<File> {
    let file = File::options().read(true).write(true).open(path).ok()?;
    file.try_lock().is_ok().then_some(file)
}
