//! Writing: a file beside its place, then a new name.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;

use super::{
    Disk, Durability, LocalStore, TEMPORARY, is_absent, lock, raw_version, stamp, version_of,
};
use crate::store::{Expected, ObjectWriter, Version};
use crate::{Error, Result};

/// Directories that are remembered as swept.
const REMEMBERED: usize = 4096;

/// Directories in which no file of a dead writer is left.
#[derive(Debug, Default)]
pub(super) struct Swept(Mutex<HashSet<PathBuf>>);

impl Swept {
    /// Removes what writers that died left in a directory, once. Its lock is held.
    fn sweep(&self, disk: &dyn Disk, directory: &Path) {
        let mut swept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if swept.len() >= REMEMBERED {
            swept.clear();
        }
        if !swept.insert(directory.to_owned()) {
            return;
        }
        let entries = fs::read_dir(directory).into_iter().flatten().flatten();
        for entry in entries {
            let temporary = entry.file_name().to_str().is_some_and(lock::is_temporary);
            if temporary && lock::of_the_dead(&entry.path()).is_some() {
                // What cannot be removed is no key and harms nobody.
                let _ = disk.remove(&entry.path());
            }
        }
    }
}

/// A file that is being written under a temporary name.
#[derive(Debug)]
pub(super) struct LocalWriter {
    disk: Arc<dyn Disk>,
    durability: Durability,
    path: PathBuf,
    /// Empty once the file has its name.
    temporary: Option<PathBuf>,
    /// Locked, so that nobody takes it for that of a dead writer.
    file: File,
    /// The object as it was, once bytes of it were copied.
    old: Option<(File, Version)>,
}

impl LocalWriter {
    pub(super) fn new(store: &LocalStore, path: PathBuf) -> Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let parent = parent(&path);
        let unique = NEXT.fetch_add(1, Ordering::Relaxed);
        let temporary = parent.join(format!("{TEMPORARY}{}-{unique}", std::process::id()));
        store
            .disk
            .create_dir(parent)
            .map_err(|e| Error::io(parent, "create directory", e))?;
        // A file is created and locked in one, as far as those who look for leftovers see.
        let lock = lock::directory(parent)?;
        store.swept.sweep(&*store.disk, parent);
        let file = store
            .disk
            .create(&temporary)
            .map_err(|e| Error::io(&path, "write", e))?;
        let writer = Self {
            disk: Arc::clone(&store.disk),
            durability: store.durability,
            path,
            temporary: Some(temporary),
            file,
            old: None,
        };
        writer.file.lock().map_err(|e| writer.fail(e))?;
        drop(lock);
        Ok(writer)
    }

    fn fail(&self, e: io::Error) -> Error {
        Error::io(&self.path, "write", e)
    }
}

impl Drop for LocalWriter {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            // What cannot be removed is no key, and is swept later.
            let _ = self.disk.remove(temporary);
        }
    }
}

#[async_trait]
impl ObjectWriter for LocalWriter {
    async fn write(&mut self, parts: &[Bytes]) -> Result<()> {
        self.disk.write(&self.file, parts).map_err(|e| self.fail(e))
    }

    async fn copy(&mut self, seen: &Version, range: Range<u64>) -> Result<bool> {
        let old = match self.old.take() {
            Some(old) => old,
            None => match open(&self.path)? {
                Some(old) => old,
                None => return Ok(false),
            },
        };
        let fits = old.1 == *seen && range.end <= seen.size();
        if fits {
            self.disk
                .copy(&old.0, range, &self.file)
                .map_err(|e| self.fail(e))?;
        }
        self.old = Some(old);
        Ok(fits)
    }

    async fn finish(mut self: Box<Self>, expected: &Expected) -> Result<Option<Version>> {
        // What is replaced must not be lost in a power failure; what is new can be.
        let durable = self.durability == Durability::Power && self.path.exists();
        if durable {
            self.disk.sync(&self.file).map_err(|e| self.fail(e))?;
        }
        let parent = parent(&self.path).to_owned();
        let _lock = lock::directory(&parent)?;
        let found = raw_version(&self.path)?;
        if !expected.admits(found.as_ref()) {
            return Ok(None);
        }
        let Some(temporary) = &self.temporary else {
            return Ok(None);
        };
        let last = found.as_ref().map_or(0, Version::modified);
        self.disk
            .set_modified(&self.file, stamp::time(stamp::next(last)))
            .and_then(|()| self.disk.rename(temporary, &self.path))
            .map_err(|e| self.fail(e))?;
        self.temporary = None;
        if durable {
            self.disk.sync_dir(&parent).map_err(|e| self.fail(e))?;
        }
        let meta = self.file.metadata().map_err(|e| self.fail(e))?;
        Ok(Some(version_of(&meta)))
    }
}

/// The directory of a file.
pub(crate) fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

/// A file with its version; `None` if there is none.
pub(super) fn open(path: &Path) -> Result<Option<(File, Version)>> {
    let opened = File::open(path).and_then(|file| {
        let meta = file.metadata()?;
        Ok((file, meta))
    });
    match opened {
        Ok((_, meta)) if meta.is_dir() => Ok(None),
        Ok((file, meta)) => Ok(Some((file, version_of(&meta)))),
        Err(e) if is_absent(&e) => Ok(None),
        Err(e) => Err(Error::io(path, "open", e)),
    }
}
