//! An open file, for positioned reads of one version.

use std::fs::File;
use std::path::PathBuf;

use super::{stamp, version_of};
use crate::store::Version;
use crate::{Error, Result};

/// An object of a [`LocalStore`](super::LocalStore) that is held open.
///
/// It stays the same object when its key is replaced or deleted. Only who updates files in place
/// changes it, which [`is_unchanged`](Self::is_unchanged) tells.
#[derive(Debug)]
pub struct LocalObject {
    path: PathBuf,
    file: File,
    version: Version,
}

impl LocalObject {
    pub(super) fn new(path: PathBuf, file: File, version: Version) -> Self {
        Self {
            path,
            file,
            version,
        }
    }

    /// The name of the object for messages.
    #[must_use]
    pub fn place(&self) -> String {
        self.path.display().to_string()
    }

    /// The version that was opened.
    #[must_use]
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// Reads `out.len()` bytes from `offset`.
    ///
    /// # Errors
    /// [`Error::Data`] if the object ends before.
    pub fn read_exact_at(&self, offset: u64, out: &mut [u8]) -> Result<()> {
        read_exact_at(&self.file, offset, out).map_err(|e| match e.kind() {
            std::io::ErrorKind::UnexpectedEof => {
                let what = format!("{} bytes at {offset} lie beyond its end", out.len());
                Error::data(self.place(), format!("{what}: it is truncated"))
            }
            _ => Error::io(&self.path, "read", e),
        })
    }

    /// Whether the object is still in the version that was opened.
    ///
    /// # Errors
    /// If the operating system refuses.
    pub fn is_unchanged(&self) -> Result<bool> {
        let now = self
            .file
            .metadata()
            .map_err(|e| Error::io(&self.path, "look at", e))?;
        Ok(version_of(&now) == self.version)
    }

    /// Whether the next change surely makes another version: this one is stamped, or old enough.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        !stamp::is_unsettled(self.version.modified())
    }
}

/// Reads `out.len()` bytes from `offset`: one positioned read where the system has it.
pub(super) fn read_exact_at(file: &File, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::read_exact_at(file, out, offset);
    #[cfg(windows)]
    {
        let (mut out, mut offset) = (out, offset);
        while !out.is_empty() {
            let read = std::os::windows::fs::FileExt::seek_read(file, out, offset)?;
            if read == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            out = &mut out[read..];
            offset += read as u64;
        }
        Ok(())
    }
}
