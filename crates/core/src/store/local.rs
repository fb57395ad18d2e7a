//! A directory on a local file system.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;

use super::{ByteRange, Store, join};
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

    fn open(&self, key: &str) -> Result<Option<(File, u64)>> {
        let path = self.path(key);
        let opened = File::open(&path).and_then(|file| {
            let meta = file.metadata()?;
            Ok((file, meta))
        });
        match opened {
            Ok((_, meta)) if meta.is_dir() => Ok(None),
            Ok((file, meta)) => Ok(Some((file, meta.len()))),
            Err(e) if is_absent(&e) => Ok(None),
            Err(e) => Err(Error::io(path, "open", e)),
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

fn is_absent(e: &std::io::Error) -> bool {
    matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

#[async_trait]
impl Store for LocalStore {
    fn place(&self, key: &str) -> String {
        self.path(key).display().to_string()
    }

    async fn get(&self, key: &str) -> Result<Option<Bytes>> {
        let Some((file, size)) = self.open(key)? else {
            return Ok(None);
        };
        read_at(&file, 0, size)
            .map(|b| Some(b.into()))
            .map_err(|e| Error::io(self.path(key), "read", e))
    }

    async fn get_ranges(&self, key: &str, ranges: &[ByteRange]) -> Result<Option<Vec<Bytes>>> {
        let Some((file, size)) = self.open(key)? else {
            return Ok(None);
        };
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
        Ok(Some(out))
    }

    async fn size(&self, key: &str) -> Result<Option<u64>> {
        match fs::metadata(self.path(key)) {
            Ok(meta) => Ok((!meta.is_dir()).then_some(meta.len())),
            Err(e) if is_absent(&e) => Ok(None),
            Err(e) => Err(Error::io(self.path(key), "look at", e)),
        }
    }

    async fn put(&self, key: &str, bytes: Bytes) -> Result<()> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let path = self.path(key);
        let parent = path.parent().unwrap_or(&self.root);
        let unique = NEXT.fetch_add(1, Ordering::Relaxed);
        let temporary = parent.join(format!("{TEMPORARY}{}-{unique}", std::process::id()));
        fs::create_dir_all(parent).map_err(|e| Error::io(parent, "create directory", e))?;
        let written = File::create(&temporary)
            .and_then(|mut f| f.write_all(&bytes))
            .and_then(|()| fs::rename(&temporary, &path));
        written.map_err(|e| {
            // The first error is the one to report; a leftover is no key and harms nobody.
            let _ = fs::remove_file(&temporary);
            Error::io(&path, "write", e)
        })
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
}

/// `length` bytes from `offset`: one positioned read where the system has it.
fn read_at(file: &File, offset: u64, length: u64) -> std::io::Result<Vec<u8>> {
    let length = usize::try_from(length).map_err(std::io::Error::other)?;
    let mut bytes = vec![0; length];
    #[cfg(unix)]
    std::os::unix::fs::FileExt::read_exact_at(file, &mut bytes, offset)?;
    #[cfg(not(unix))]
    {
        use std::io::{Read, Seek, SeekFrom};
        let mut file = file;
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(&mut bytes)?;
    }
    Ok(bytes)
}
