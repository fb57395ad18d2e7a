//! Journals: one file for each thread that updates.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::record::Record;
use crate::store::{Disk, LocalStore, lock};
use crate::{Error, Result};

/// The directory of journals in that of an array.
pub(super) const DIRECTORY: &str = "__ziggurat";

/// First part of the name of a journal.
pub(super) const PREFIX: &str = "journal-";

/// A file that holds one record: how to undo the step that is being made.
///
/// Its lock is held as long as its owner lives.
#[derive(Debug)]
pub(super) struct Journal {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    file: File,
}

impl Journal {
    fn create(store: &LocalStore, directory: &Path) -> Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let unique = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = directory.join(format!("{PREFIX}{}-{unique}", std::process::id()));
        let fail = |e| Error::io(&path, "write", e);
        store.disk().create_dir(directory).map_err(fail)?;
        // Whoever looks for journals of the dead holds this too, and sees none without its lock.
        let _lock = lock::directory(directory)?;
        let file = store.disk().create(&path).map_err(fail)?;
        file.lock().map_err(fail)?;
        Ok(Self {
            disk: Arc::clone(store.disk()),
            file,
            path,
        })
    }

    /// Replaces the record.
    pub(super) fn write(&self, record: &Record, durable: bool) -> Result<()> {
        self.disk
            .write_at(&self.file, 0, &record.encode())
            .and_then(|()| match durable {
                true => self.disk.sync(&self.file),
                false => Ok(()),
            })
            .map_err(|e| Error::io(&self.path, "write", e))
    }
}

/// Journals that nobody writes to now. They are removed with their owner.
#[derive(Debug, Default)]
pub(super) struct Journals(Mutex<Vec<Journal>>);

impl Journals {
    /// A journal for one update. It is given back unless its record is still needed.
    pub(super) fn take(&self, store: &LocalStore, directory: &Path) -> Result<Journal> {
        let idle = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        // Whoever deleted the array deleted its journals too.
        if let Some(journal) = idle.filter(|journal| journal.path.exists()) {
            return Ok(journal);
        }
        let mut created = Journal::create(store, directory);
        for _ in 0..100 {
            match &created {
                // Another owner removed the directory with its last journal.
                Err(e) if e.is_not_found() => created = Journal::create(store, directory),
                _ => break,
            }
        }
        created
    }

    pub(super) fn give(&self, journal: Journal) {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push(journal);
    }
}

impl Drop for Journals {
    fn drop(&mut self) {
        let idle = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        for journal in idle.drain(..) {
            // What stays is taken for that of a dead owner, and its record is not needed.
            let _ = journal.disk.remove(&journal.path);
            if let Some(directory) = journal.path.parent() {
                let _ = journal.disk.remove_dir(directory);
            }
        }
    }
}
