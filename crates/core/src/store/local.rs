//! A directory on a local file system.

mod lock;
mod object;

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

use async_trait::async_trait;
use bytes::Bytes;

pub use self::object::LocalObject;
use super::{ByteRange, Expected, Fetched, Store, Tag, Version, join};
use crate::{Error, Result};

/// A store in a directory: one file per object.
///
/// Files are read where the future is polled, by positioned reads: the page cache is faster than a
/// hand-over to another thread. A replaced object is written beside its place and renamed.
#[derive(Clone, Debug)]
pub struct LocalStore {
    root: PathBuf,
}

/// Files that are being written: no key, since names starting with two underscores are no nodes.
const TEMPORARY: &str = "__tmp-";

impl LocalStore {
    /// The store in the directory `root`, which need not exist yet.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The directory.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn path(&self, key: &str) -> PathBuf {
        match key {
            "" => self.root.clone(),
            _ => self.root.join(key),
        }
    }

    fn open(&self, key: &str) -> Result<Option<(File, Version)>> {
        let path = self.path(key);
        let opened = File::open(&path).and_then(|file| {
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

    /// Opens an object for positioned reads; `None` if there is none.
    ///
    /// # Errors
    /// If the operating system refuses.
    pub fn open_object(&self, key: &str) -> Result<Option<LocalObject>> {
        let opened = self.open(key)?;
        Ok(opened.map(|(file, version)| LocalObject::new(self.path(key), file, version)))
    }

    /// Writes a file of a temporary name in the directory of `path`, and returns its path.
    fn write_beside(&self, path: &Path, parts: &[Bytes], durable: bool) -> Result<PathBuf> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let parent = path.parent().unwrap_or(&self.root);
        let unique = NEXT.fetch_add(1, Ordering::Relaxed);
        let temporary = parent.join(format!("{TEMPORARY}{}-{unique}", std::process::id()));
        fs::create_dir_all(parent).map_err(|e| Error::io(parent, "create directory", e))?;
        let written = File::create(&temporary).and_then(|mut file| {
            for part in parts {
                file.write_all(part)?;
            }
            // What is replaced must not be lost in a power failure; what is new can be.
            match durable && path.exists() {
                true => file.sync_data(),
                false => Ok(()),
            }
        });
        match written {
            Ok(()) => Ok(temporary),
            Err(e) => {
                // The first error is the one to report; a leftover is no key and harms nobody.
                let _ = fs::remove_file(&temporary);
                Err(Error::io(path, "write", e))
            }
        }
    }

    fn walk(&self, prefix: &str, keys: &mut Vec<String>) -> Result<()> {
        for (name, is_dir) in self.entries(prefix)? {
            let key = join(prefix, &name);
            if is_dir {
                self.walk(&key, keys)?;
            } else {
                keys.push(key);
            }
        }
        Ok(())
    }

    fn entries(&self, prefix: &str) -> Result<Vec<(String, bool)>> {
        let path = self.path(prefix);
        let read = match fs::read_dir(&path) {
            Ok(read) => read,
            Err(e) if is_absent(&e) => return Ok(Vec::new()),
            Err(e) => return Err(Error::io(path, "list", e)),
        };
        let mut entries = Vec::new();
        for entry in read {
            let entry = entry.map_err(|e| Error::io(&path, "list", e))?;
            let kind = entry.file_type().map_err(|e| Error::io(&path, "list", e))?;
            // A name that is not UTF-8 cannot be a key.
            if let Ok(name) = entry.file_name().into_string()
                && !name.starts_with(TEMPORARY)
            {
                entries.push((name, kind.is_dir()));
            }
        }
        entries.sort();
        Ok(entries)
    }
}

fn move_into_place(temporary: &Path, path: &Path) -> Result<()> {
    fs::rename(temporary, path).map_err(|e| {
        let _ = fs::remove_file(temporary);
        Error::io(path, "write", e)
    })
}

/// The version of a file.
fn version_of(meta: &fs::Metadata) -> Version {
    let modified = meta
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .map_or(0, |time| time.as_nanos());
    #[cfg(unix)]
    let inode = std::os::unix::fs::MetadataExt::ino(meta);
    #[cfg(not(unix))]
    let inode = 0;
    Version::new(meta.len(), Tag::File { inode, modified })
}

fn is_absent(e: &std::io::Error) -> bool {
    matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

#[async_trait]
impl Store for LocalStore {
    fn place(&self, key: &str) -> String {
        self.path(key).display().to_string()
    }

    async fn get(&self, key: &str) -> Result<Option<Bytes>> {
        let Some((file, version)) = self.open(key)? else {
            return Ok(None);
        };
        read_at(&file, 0, version.size())
            .map(|b| Some(b.into()))
            .map_err(|e| Error::io(self.path(key), "read", e))
    }

    async fn get_ranges(
        &self,
        key: &str,
        ranges: &[ByteRange],
        known: Option<&Version>,
    ) -> Result<Fetched> {
        let Some((file, version)) = self.open(key)? else {
            return Ok(Fetched::Absent);
        };
        if known.is_some_and(|known| *known != version) {
            return Ok(Fetched::Changed);
        }
        let size = version.size();
        let mut out = Vec::with_capacity(ranges.len());
        for range in ranges {
            let Some(r) = range.resolve(size) else {
                return Err(Error::data(
                    self.place(key),
                    format!("{range:?} lies beyond its {size} bytes: it is truncated"),
                ));
            };
            let bytes = read_at(&file, r.start, r.end - r.start)
                .map_err(|e| Error::io(self.path(key), "read", e))?;
            out.push(bytes.into());
        }
        Ok(Fetched::Ranges(version, out))
    }

    async fn version(&self, key: &str) -> Result<Option<Version>> {
        match fs::metadata(self.path(key)) {
            Ok(meta) => Ok((!meta.is_dir()).then(|| version_of(&meta))),
            Err(e) if is_absent(&e) => Ok(None),
            Err(e) => Err(Error::io(self.path(key), "look at", e)),
        }
    }

    async fn put(&self, key: &str, bytes: Bytes) -> Result<()> {
        let path = self.path(key);
        let temporary = self.write_beside(&path, &[bytes], false)?;
        move_into_place(&temporary, &path)
    }

    async fn put_if(
        &self,
        key: &str,
        parts: &[Bytes],
        expected: &Expected,
    ) -> Result<Option<Version>> {
        let path = self.path(key);
        let temporary = self.write_beside(&path, parts, true)?;
        let _lock = lock::directory_of(&path)?;
        if !expected.admits(self.version(key).await?.as_ref()) {
            let _ = fs::remove_file(&temporary);
            return Ok(None);
        }
        move_into_place(&temporary, &path)?;
        self.version(key).await
    }

    async fn delete_if(&self, key: &str, expected: &Expected) -> Result<bool> {
        let path = self.path(key);
        if !path.exists() {
            return Ok(expected.admits(None));
        }
        let _lock = lock::directory_of(&path)?;
        if !expected.admits(self.version(key).await?.as_ref()) {
            return Ok(false);
        }
        self.delete(key).await.map(|()| true)
    }

    async fn delete(&self, key: &str) -> Result<()> {
        match fs::remove_file(self.path(key)) {
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
        let mut keys = Vec::new();
        self.walk(prefix, &mut keys)?;
        Ok(keys)
    }

    async fn list_dir(&self, prefix: &str) -> Result<Vec<String>> {
        Ok(self.entries(prefix)?.into_iter().map(|(n, _)| n).collect())
    }

    fn local(&self) -> Option<&LocalStore> {
        Some(self)
    }
}

/// `length` bytes from `offset`: one positioned read where the system has it.
fn read_at(file: &File, offset: u64, length: u64) -> std::io::Result<Vec<u8>> {
    let length = usize::try_from(length).map_err(std::io::Error::other)?;
    let mut bytes = vec![0; length];
    object::read_exact_at(file, offset, &mut bytes)?;
    Ok(bytes)
}
