//! A directory on a local file system.

mod disk;
mod list;
pub(crate) mod lock;
mod object;
pub(crate) mod stamp;
mod write;

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

pub use self::disk::{Disk, System};
pub use self::object::LocalObject;
pub(crate) use self::write::parent;
use self::write::{LocalWriter, Swept, open};
use super::{ByteRange, Expected, Fetched, ObjectWriter, Store, Tag, Version};
use crate::{Error, Result};

/// A store in a directory: one file per object.
///
/// Files are read where the future is polled, by positioned reads: the page cache is faster than a
/// hand-over to another thread. A replaced object is written beside its place and renamed; files of
/// writers that died are removed when their directory is next written to.
#[derive(Clone, Debug)]
pub struct LocalStore {
    root: PathBuf,
    disk: Arc<dyn Disk>,
    durability: Durability,
    swept: Arc<Swept>,
}

/// What a power failure, or a crash of the system, may cost.
///
/// A crash of the process alone costs no completed write, whatever is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// Objects that were written in the last moments, the old ones too where they were replaced.
    Process,
    /// Nothing that was replaced: its old or its new version is there. New objects may be lost.
    #[default]
    Power,
}

/// Files that are being written: no key, since names starting with two underscores are no nodes.
const TEMPORARY: &str = "__tmp-";

/// The file that is locked where directories cannot be.
const LOCK: &str = "__tmp-lock";

impl LocalStore {
    /// The store in the directory `root`, which need not exist yet.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self::on(root, Arc::new(System))
    }

    /// The store in the directory `root` of a file system that is changed by `disk`.
    #[must_use]
    pub fn on(root: impl Into<PathBuf>, disk: Arc<dyn Disk>) -> Self {
        Self {
            root: root.into(),
            disk,
            durability: Durability::default(),
            swept: Arc::default(),
        }
    }

    /// The same store with another choice of what a power failure may cost.
    #[must_use]
    pub fn with_durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// The directory.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What changes its files.
    pub(crate) fn disk(&self) -> &Arc<dyn Disk> {
        &self.disk
    }

    /// What a power failure may cost.
    pub(crate) fn durability(&self) -> Durability {
        self.durability
    }

    pub(crate) fn path(&self, key: &str) -> PathBuf {
        match key {
            "" => self.root.clone(),
            _ => self.root.join(key),
        }
    }

    /// Opens a file in a version that nobody is about to change.
    fn open(&self, key: &str) -> Result<Option<(File, Version)>> {
        let path = self.path(key);
        match open(&path)? {
            Some((_, version)) if stamp::is_unsettled(version.modified()) => {
                // Whoever updates it in place holds the lock. A reader that may not lock goes on.
                let _lock = lock::directory(parent(&path)).ok();
                open(&path)
            }
            found => Ok(found),
        }
    }

    /// Opens an object for positioned reads; `None` if there is none.
    ///
    /// # Errors
    /// If the operating system refuses.
    pub fn open_object(&self, key: &str) -> Result<Option<LocalObject>> {
        let opened = self.open(key)?;
        Ok(opened.map(|(file, version)| LocalObject::new(self.path(key), file, version)))
    }
}

/// The version of the file at `path` as it is at this moment.
fn raw_version(path: &Path) -> Result<Option<Version>> {
    match fs::metadata(path) {
        Ok(meta) => Ok((!meta.is_dir()).then(|| version_of(&meta))),
        Err(e) if is_absent(&e) => Ok(None),
        Err(e) => Err(Error::io(path, "look at", e)),
    }
}

/// The version of a file.
pub(crate) fn version_of(meta: &fs::Metadata) -> Version {
    #[cfg(unix)]
    let inode = std::os::unix::fs::MetadataExt::ino(meta);
    #[cfg(not(unix))]
    let inode = 0;
    let modified = stamp::of(meta);
    Version::new(meta.len(), Tag::File { inode, modified })
}

fn is_absent(e: &std::io::Error) -> bool {
    matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

impl LocalStore {
    fn read_ranges(
        &self,
        key: &str,
        file: &File,
        size: u64,
        ranges: &[ByteRange],
    ) -> Result<Vec<Bytes>> {
        let read = |range: &ByteRange| {
            let Some(r) = range.resolve(size) else {
                return Err(Error::data(
                    self.place(key),
                    format!("{range:?} lies beyond its {size} bytes: it is truncated"),
                ));
            };
            read_at(file, r.start, r.end - r.start)
                .map(Bytes::from)
                .map_err(|e| Error::io(self.path(key), "read", e))
        };
        ranges.iter().map(read).collect()
    }
}

#[async_trait]
impl Store for LocalStore {
    fn place(&self, key: &str) -> String {
        self.path(key).display().to_string()
    }

    async fn get(&self, key: &str) -> Result<Option<Bytes>> {
        let whole = ByteRange::Suffix { length: u64::MAX };
        match self.get_ranges(key, &[whole], None).await? {
            Fetched::Ranges(_, mut parts) => Ok(parts.pop()),
            Fetched::Absent | Fetched::Changed => Ok(None),
        }
    }

    async fn get_ranges(
        &self,
        key: &str,
        ranges: &[ByteRange],
        known: Option<&Version>,
    ) -> Result<Fetched> {
        loop {
            let Some((file, version)) = self.open(key)? else {
                return Ok(Fetched::Absent);
            };
            if known.is_some_and(|known| *known != version) {
                return Ok(Fetched::Changed);
            }
            let read = self.read_ranges(key, &file, version.size(), ranges);
            // A file that is updated in place may have changed under the reads.
            let after = file
                .metadata()
                .map_err(|e| Error::io(self.path(key), "look at", e))?;
            if version_of(&after) == version {
                return Ok(Fetched::Ranges(version, read?));
            }
            if known.is_some() {
                return Ok(Fetched::Changed);
            }
        }
    }

    async fn version(&self, key: &str) -> Result<Option<Version>> {
        match raw_version(&self.path(key))? {
            Some(version) if stamp::is_unsettled(version.modified()) => {
                Ok(self.open(key)?.map(|(_, version)| version))
            }
            found => Ok(found),
        }
    }

    async fn create(&self, key: &str) -> Result<Box<dyn ObjectWriter>> {
        Ok(Box::new(LocalWriter::new(self, self.path(key))?))
    }

    async fn delete_if(&self, key: &str, expected: &Expected) -> Result<bool> {
        let path = self.path(key);
        if !path.exists() {
            return Ok(expected.admits(None));
        }
        let _lock = lock::directory(parent(&path))?;
        if !expected.admits(raw_version(&path)?.as_ref()) {
            return Ok(false);
        }
        self.delete(key).await.map(|()| true)
    }

    async fn delete(&self, key: &str) -> Result<()> {
        match self.disk.remove(&self.path(key)) {
            Err(e) if !is_absent(&e) => Err(Error::io(self.path(key), "delete", e)),
            _ => Ok(()),
        }
    }

    async fn delete_prefix(&self, prefix: &str) -> Result<()> {
        match fs::remove_dir_all(self.path(prefix)) {
            Err(e) if !is_absent(&e) => Err(Error::io(self.path(prefix), "delete", e)),
            _ => Ok(()),
        }
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>> {
        list::below(&self.root, prefix)
    }

    async fn list_dir(&self, prefix: &str) -> Result<Vec<String>> {
        let entries = list::entries(&self.path(prefix))?;
        Ok(entries.into_iter().map(|(name, _)| name).collect())
    }

    fn local(&self) -> Option<&LocalStore> {
        Some(self)
    }
}

/// `length` bytes from `offset`: one positioned read where the system has it.
pub(crate) fn read_at(file: &File, offset: u64, length: u64) -> std::io::Result<Vec<u8>> {
    let length = usize::try_from(length).map_err(std::io::Error::other)?;
    let mut bytes = vec![0; length];
    object::read_exact_at(file, offset, &mut bytes)?;
    Ok(bytes)
}
