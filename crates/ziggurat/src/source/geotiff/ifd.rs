//! Image file directories: the tags of a TIFF, of either byte order and offset size.
//!
//! [TIFF 6.0](https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf), section 2;
//! [BigTIFF](https://www.awaresystems.be/imaging/tiff/bigtiff.html). Every length that the file
//! claims is checked against the length of the file before anything is allocated.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use ziggurat_core::{Error, Result};

/// Images in one file beyond which the chain of directories is no longer followed.
const MAX_IMAGES: usize = 1024;

/// A file, which is open only while it is read: a stack may have more frames than a process may
/// have open files.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) place: String,
    path: PathBuf,
    len: u64,
}

impl Input {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let found = path.metadata();
        let found = found.map_err(|e| Error::io(path, "open the file", e))?;
        Ok(Self {
            place: path.display().to_string(),
            path: path.to_owned(),
            len: found.len(),
        })
    }

    /// The file, to be read by one thread.
    pub(super) fn reader(&self) -> Result<Reader<'_>> {
        let file = File::open(&self.path);
        let file = file.map_err(|e| Error::io(&self.path, "open the file", e))?;
        Ok(Reader { input: self, file })
    }

    /// Whether the file ends before `offset + length`.
    pub(super) fn lacks(&self, offset: u64, length: u64) -> bool {
        offset.checked_add(length).is_none_or(|end| end > self.len)
    }

    pub(super) fn damaged(&self, what: impl Into<String>) -> Error {
        Error::data(&self.place, what)
    }

    /// What this build cannot read, but GDAL perhaps can.
    pub(super) fn unsupported(&self, what: impl std::fmt::Display) -> Error {
        Error::unsupported(
            &self.place,
            format!("{what}; build with `--features gdal` to read it"),
        )
    }
}

/// An open [`Input`].
#[derive(Debug)]
pub(super) struct Reader<'a> {
    pub(super) input: &'a Input,
    file: File,
}

impl Reader<'_> {
    /// Appends the `length` bytes at `offset` to `out`.
    pub(super) fn append(&self, offset: u64, length: u64, out: &mut Vec<u8>) -> Result<()> {
        let input = self.input;
        if input.lacks(offset, length) {
            return Err(input.damaged(format!(
                "truncated: {length} bytes at {offset} are needed, the file has {}",
                input.len
            )));
        }
        let mut file = &self.file;
        let read = file
            .seek(SeekFrom::Start(offset))
            .and_then(|_| file.take(length).read_to_end(out))
            .map_err(|e| Error::io(&input.path, "read", e))?;
        if read as u64 == length {
            Ok(())
        } else {
            Err(input.damaged("the file became shorter while it was read"))
        }
    }

    fn read(&self, offset: u64, length: u64) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        self.append(offset, length, &mut out)?;
        Ok(out)
    }
}

/// Where a tag's values lie and what they are.
#[derive(Clone, Debug)]
struct Entry {
    kind: u16,
    count: u64,
    /// The values themselves where they are short enough, else their offset; in file order.
    field: Vec<u8>,
}

/// The tags of one image; values are read when asked for.
#[derive(Debug)]
pub(super) struct Ifd<'a> {
    reader: &'a Reader<'a>,
    pub(super) big_endian: bool,
    entries: BTreeMap<u16, Entry>,
}

/// The unsigned integer of up to eight bytes in the given byte order.
fn unsigned(bytes: &[u8], big_endian: bool) -> u64 {
    let push = |n: u64, b: &u8| n << 8 | u64::from(*b);
    if big_endian {
        bytes.iter().fold(0, push)
    } else {
        bytes.iter().rev().fold(0, push)
    }
}

impl<'a> Ifd<'a> {
    /// The directory of the first image at full resolution: the first that is neither an overview
    /// nor a mask (`NewSubfileType`), and how many more of these follow.
    pub(super) fn main(reader: &'a Reader<'a>) -> Result<(Self, usize)> {
        let (mut main, mut more) = (None, 0);
        for ifd in Self::chain(reader)? {
            let kind = ifd.integer(254)?.unwrap_or(0);
            match (kind & 0b101, &main) {
                (0, None) => main = Some(ifd),
                (0, Some(_)) => more += 1,
                _ => {}
            }
        }
        let none = || {
            reader
                .input
                .damaged("holds no image, only overviews or masks")
        };
        Ok((main.ok_or_else(none)?, more))
    }

    fn chain(reader: &'a Reader<'a>) -> Result<Vec<Self>> {
        let input = reader.input;
        let head = reader.read(0, input.len.min(16))?;
        let not_tiff = || input.damaged("is not a TIFF file, or is cut off within its header");
        let big_endian = match head.get(..2) {
            Some(b"II") => false,
            Some(b"MM") => true,
            _ => return Err(not_tiff()),
        };
        let at = |range: std::ops::Range<usize>| {
            let bytes = head.get(range).ok_or_else(not_tiff)?;
            Ok(unsigned(bytes, big_endian))
        };
        let (big, mut next) = match at(2..4)? {
            42 => (false, at(4..8)?),
            43 if at(4..6)? == 8 => (true, at(8..16)?),
            _ => return Err(not_tiff()),
        };
        let (mut chain, mut seen) = (Vec::new(), Vec::new());
        while next != 0 && chain.len() < MAX_IMAGES {
            if seen.contains(&next) {
                return Err(input.damaged("its image directories form a circle"));
            }
            seen.push(next);
            let (ifd, after) = Self::read(reader, next, big, big_endian)?;
            chain.push(ifd);
            next = after;
        }
        if chain.is_empty() {
            Err(input.damaged("holds no image"))
        } else {
            Ok(chain)
        }
    }

    fn read(
        reader: &'a Reader<'a>,
        offset: u64,
        big: bool,
        big_endian: bool,
    ) -> Result<(Self, u64)> {
        let (count_size, entry_size, word) = if big { (8, 20, 8) } else { (2, 12, 4) };
        let count = unsigned(&reader.read(offset, count_size)?, big_endian);
        let length = count
            .checked_mul(entry_size)
            .ok_or_else(|| reader.input.damaged("claims an impossible number of tags"))?;
        let table = reader.read(offset + count_size, length)?;
        let entries = table
            .chunks_exact(if big { 20 } else { 12 })
            .map(|e| {
                let short = |e| u16::try_from(unsigned(e, big_endian)).unwrap_or_default();
                let entry = Entry {
                    kind: short(&e[2..4]),
                    count: unsigned(&e[4..4 + word], big_endian),
                    field: e[4 + word..].to_vec(),
                };
                (short(&e[..2]), entry)
            })
            .collect();
        let ifd = Self {
            reader,
            big_endian,
            entries,
        };
        let next = reader.read(offset + count_size + length, word as u64)?;
        Ok((ifd, unsigned(&next, big_endian)))
    }

    /// The bytes of a tag's values, the type of one and its size.
    fn bytes(&self, tag: u16) -> Result<Option<(Vec<u8>, u16, usize)>> {
        let Some(entry) = self.entries.get(&tag) else {
            return Ok(None);
        };
        let size: usize = match entry.kind {
            1 | 2 | 6 | 7 => 1,
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 | 16..=18 => 8,
            kind => {
                return Err(self
                    .reader
                    .input
                    .damaged(format!("tag {tag} has unknown type {kind}")));
            }
        };
        let bytes = match entry.count.checked_mul(size as u64) {
            Some(n) if n <= entry.field.len() as u64 => {
                let n = usize::try_from(n).unwrap_or_default();
                entry.field[..n].to_vec()
            }
            Some(n) => self
                .reader
                .read(unsigned(&entry.field, self.big_endian), n)?,
            None => {
                return Err(self
                    .reader
                    .input
                    .damaged(format!("tag {tag} is impossibly long")));
            }
        };
        Ok(Some((bytes, entry.kind, size)))
    }

    /// The raw bytes of a tag.
    pub(super) fn raw(&self, tag: u16) -> Result<Option<Vec<u8>>> {
        Ok(self.bytes(tag)?.map(|(bytes, ..)| bytes))
    }

    /// The values of an unsigned integer tag.
    pub(super) fn integers(&self, tag: u16) -> Result<Option<Vec<u64>>> {
        let Some((bytes, kind, size)) = self.bytes(tag)? else {
            return Ok(None);
        };
        match kind {
            1 | 3 | 4 | 7 | 13 | 16 | 18 => Ok(Some(
                bytes
                    .chunks_exact(size)
                    .map(|v| unsigned(v, self.big_endian))
                    .collect(),
            )),
            _ => Err(self
                .reader
                .input
                .damaged(format!("tag {tag} is not an integer"))),
        }
    }

    /// The first value of an unsigned integer tag.
    pub(super) fn integer(&self, tag: u16) -> Result<Option<u64>> {
        Ok(self.integers(tag)?.and_then(|v| v.first().copied()))
    }

    /// As [`Self::integer`], for a tag without which there is no image.
    pub(super) fn required(&self, tag: u16, name: &str) -> Result<u64> {
        let missing = || self.reader.input.damaged(format!("tag {name} is missing"));
        self.integer(tag)?.ok_or_else(missing)
    }

    /// The values of a floating point tag.
    pub(super) fn floats(&self, tag: u16) -> Result<Option<Vec<f64>>> {
        let Some((bytes, kind, size)) = self.bytes(tag)? else {
            return Ok(None);
        };
        let word = |v: &[u8]| unsigned(v, self.big_endian);
        let value = |v: &[u8]| match size {
            8 => f64::from_bits(word(v)),
            _ => f64::from(f32::from_bits(u32::try_from(word(v)).unwrap_or_default())),
        };
        match kind {
            11 | 12 => Ok(Some(bytes.chunks_exact(size).map(value).collect())),
            _ => Err(self
                .reader
                .input
                .damaged(format!("tag {tag} is not a float"))),
        }
    }

    /// The text of a tag, up to its first NUL.
    pub(super) fn text(&self, tag: u16) -> Result<Option<String>> {
        Ok(self.raw(tag)?.map(|bytes| {
            let end = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
            String::from_utf8_lossy(&bytes[..end]).trim().to_owned()
        }))
    }
}
