//! Bytes that are read at any position: memory, or a file.

use std::fs::File;
use std::path::Path;

use ziggurat_core::{Error, Result};

/// Bytes of known number that can be read anywhere, from any thread.
pub trait ReadAt: Send + Sync {
    /// How many there are.
    fn size(&self) -> u64;

    /// The `length` bytes from `start` on, where they lie in memory or read into `buffer`.
    ///
    /// # Errors
    /// [`Error::Data`] if there are not so many; [`Error::Io`] if the system refuses.
    fn read<'a>(&'a self, start: u64, length: usize, buffer: &'a mut Vec<u8>) -> Result<&'a [u8]>;
}

impl<T: AsRef<[u8]> + Send + Sync> ReadAt for T {
    fn size(&self) -> u64 {
        self.as_ref().len() as u64
    }

    fn read<'a>(&'a self, start: u64, length: usize, _: &'a mut Vec<u8>) -> Result<&'a [u8]> {
        let range = range(start, length, self.size())?;
        Ok(&self.as_ref()[range])
    }
}

/// A file that is open for reading.
#[derive(Debug)]
pub(super) struct FileAt {
    place: String,
    file: File,
    size: u64,
}

impl FileAt {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let failed = |e| Error::io(path, "open", e);
        let file = File::open(path).map_err(failed)?;
        let size = file.metadata().map_err(failed)?.len();
        let place = path.display().to_string();
        Ok(Self { place, file, size })
    }
}

impl ReadAt for FileAt {
    fn size(&self) -> u64 {
        self.size
    }

    fn read<'a>(&'a self, start: u64, length: usize, buffer: &'a mut Vec<u8>) -> Result<&'a [u8]> {
        // Nothing beyond the end is asked for, so no more is allocated than the file has.
        range(start, length, self.size)?;
        buffer.resize(length, 0);
        read_exact_at(&self.file, buffer, start).map_err(|e| Error::io(&self.place, "read", e))?;
        Ok(buffer)
    }
}

fn range(start: u64, length: usize, size: u64) -> Result<std::ops::Range<usize>> {
    let end = start.checked_add(length as u64).filter(|end| *end <= size);
    let start_end = (usize::try_from(start), end.map(usize::try_from));
    let (Ok(start), Some(Ok(end))) = start_end else {
        let what = format!("{length} bytes at byte {start} of {size}: cut off or mistaken");
        return Err(Error::data("blosc2", what));
    };
    Ok(start..end)
}

#[cfg(unix)]
fn read_exact_at(file: &File, out: &mut [u8], at: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, out, at)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut out: &mut [u8], mut at: u64) -> std::io::Result<()> {
    while !out.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, out, at)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            n => {
                out = &mut out[n..];
                at += n as u64;
            }
        }
    }
    Ok(())
}
