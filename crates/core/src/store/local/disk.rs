//! The calls by which a directory changes.

use std::fmt::Debug;
use std::fs::{self, File};
use std::io::{self, IoSlice, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::Path;
use std::time::SystemTime;

use bytes::Bytes;

/// Every call by which a [`LocalStore`](super::LocalStore) changes a file system.
///
/// The methods that are given do the real thing; tests override them to stop the world between any
/// two calls, or in the middle of one. Errors are those of the system.
#[allow(clippy::missing_errors_doc, reason = "the same for all methods")]
pub trait Disk: Debug + Send + Sync {
    /// Creates a directory and those above it.
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    /// Creates a file that must not exist.
    fn create(&self, path: &Path) -> io::Result<File> {
        File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(path)
    }

    /// Appends `parts` where the file was written last.
    fn write(&self, file: &File, parts: &[Bytes]) -> io::Result<()> {
        let mut slices: Vec<IoSlice> = parts.iter().map(|part| IoSlice::new(part)).collect();
        let mut left = &mut slices[..];
        // Leading empty parts are passed over, so that 0 bytes written always mean a full disk.
        IoSlice::advance_slices(&mut left, 0);
        let mut file = file;
        while !left.is_empty() {
            match file.write_vectored(left) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => IoSlice::advance_slices(&mut left, n),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    /// Appends a range of the file `from`.
    fn copy(&self, from: &File, range: Range<u64>, file: &File) -> io::Result<()> {
        let (mut from, mut file) = (from, file);
        from.seek(SeekFrom::Start(range.start))?;
        // Within the kernel, or by sharing extents, where the system can.
        match io::copy(&mut from.take(range.end - range.start), &mut file)? {
            n if n == range.end - range.start => Ok(()),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    /// Overwrites bytes from `offset`.
    fn write_at(&self, file: &File, offset: u64, bytes: &[u8]) -> io::Result<()> {
        #[cfg(unix)]
        return std::os::unix::fs::FileExt::write_all_at(file, bytes, offset);
        #[cfg(not(unix))]
        {
            let mut file = file;
            file.seek(SeekFrom::Start(offset))?;
            file.write_all(bytes)
        }
    }

    /// Cuts the file.
    fn truncate(&self, file: &File, length: u64) -> io::Result<()> {
        file.set_len(length)
    }

    /// Waits until the bytes of the file survive a power failure.
    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    /// Waits until the names in a directory survive a power failure.
    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        // Elsewhere directories cannot be opened, and names are durable or not as the system likes.
        match cfg!(unix) {
            true => File::open(path)?.sync_all(),
            false => Ok(()),
        }
    }

    /// Sets the time of the last change.
    fn set_modified(&self, file: &File, time: SystemTime) -> io::Result<()> {
        file.set_modified(time)
    }

    /// Gives a file another name, replacing what has it.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    /// Removes a directory that is empty.
    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }
}

/// The file system as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl Disk for System {}
