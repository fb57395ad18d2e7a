//! Reading by range.

mod open;

use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

use ziggurat_core::codec::blosc::{self, Sizes};
use ziggurat_core::{Error, Result};

use super::{Array, Header, Metadata, Version};
use crate::blosc1::{buffer, in_memory};

/// A file, open for reading; nothing of a chunk is read before it is asked for.
///
/// ```
/// use std::io::Cursor;
/// use ziggurat_codecs::bloscpack::{self, Options, Reader};
///
/// let mut file = Cursor::new(Vec::new());
/// let values: Vec<u8> = (0..100).collect();
/// let options = Options { chunk_size: 32, ..Options::default() };
/// bloscpack::write("a.blp", &mut file, &options, 100, &mut values.as_slice())?;
///
/// let mut reader = Reader::new("a.blp", file)?;
/// assert_eq!(reader.len(), 100);
/// assert_eq!(reader.read(30..35)?, values[30..35]); // from two chunks of four
/// # Ok::<(), ziggurat_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Reader<R> {
    /// The file, for messages.
    place: String,
    source: R,
    /// Bytes of the file.
    length: u64,
    header: Header,
    metadata: Option<Metadata>,
    chunks: Vec<Chunk>,
    /// The bytes of one chunk.
    stored: Vec<u8>,
}

/// Where a chunk is.
#[derive(Clone, Copy, Debug)]
struct Chunk {
    /// First byte in the file.
    at: u64,
    /// One past the last of the decoded bytes that it holds, counted from those of the first chunk.
    end: u64,
}

impl<R: Read + Seek> Reader<R> {
    /// Opens a file of version 1, 2 or 3; `place` names it in messages.
    ///
    /// # Errors
    /// [`Error::Data`] if the file is damaged or was never finished; [`Error::Unsupported`] for other
    /// versions and for metadata that are no JSON; [`Error::Limit`] for metadata over 64 MiB.
    pub fn new(place: impl Into<String>, source: R) -> Result<Self> {
        Self::open(place.into(), source, Header::parse)
    }

    /// Opens a superchunk of the proposal of 2012: a file of [`Version::Draft`] or, as the proposal said
    /// a day later, of version 2.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn draft(place: impl Into<String>, source: R) -> Result<Self> {
        Self::open(place.into(), source, |bytes| match bytes.get(12..16) {
            // Where the draft has nothing, version 2 has the size of the last chunk.
            Some([0, 0, 0, 0]) | None => Header::parse_draft(bytes),
            Some(_) => Header::parse(bytes),
        })
    }

    fn damaged(&self, what: impl std::fmt::Display) -> Error {
        Error::data(&self.place, format!("it {what}"))
    }

    /// `count` bytes from `at`, if the file has them.
    fn bytes(&mut self, at: u64, count: u64, what: &str) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        self.bytes_into(at, count, what, &mut out)?;
        Ok(out)
    }

    fn bytes_into(&mut self, at: u64, count: u64, what: &str, out: &mut Vec<u8>) -> Result<()> {
        let end = at.checked_add(count).filter(|&end| end <= self.length);
        if end.is_none() {
            let length = self.length;
            return Err(self.damaged(format!(
                "ends within {what}, at byte {length}; obtain it again"
            )));
        }
        out.clear();
        out.resize(in_memory(&self.place, count)?, 0);
        self.source
            .seek(SeekFrom::Start(at))
            .and_then(|_| self.source.read_exact(out))
            .map_err(|e| Error::io(&self.place, "read", e))
    }

    fn sizes(&mut self, i: usize, at: u64) -> Result<Sizes> {
        let header = self.bytes(at, blosc::HEADER as u64, &format!("chunk {i}"))?;
        Sizes::read(&header).map_err(|e| e.at(self.place_of(i)))
    }

    fn place_of(&self, chunk: usize) -> String {
        format!("{}: chunk {chunk}", self.place)
    }

    /// The file, as messages name it.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// What the header says.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The metadata, if there are any.
    #[must_use]
    pub fn metadata(&self) -> Option<&Metadata> {
        self.metadata.as_ref()
    }

    /// Bytes that all chunks decode to.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.chunks.last().map_or(0, |chunk| chunk.end)
    }

    /// Whether there are no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The decoded bytes that each chunk holds, in order.
    pub fn chunks(&self) -> impl Iterator<Item = Range<u64>> {
        (0..).map_while(|i| self.chunk(i))
    }

    /// The decoded bytes that chunk `index` holds, if there is one.
    #[must_use]
    pub fn chunk(&self, index: usize) -> Option<Range<u64>> {
        let end = self.chunks.get(index)?.end;
        let before = index.checked_sub(1).and_then(|i| self.chunks.get(i));
        Some(before.map_or(0, |chunk| chunk.end)..end)
    }

    /// The array that the metadata describe.
    ///
    /// # Errors
    /// [`Error::Caller`] if the file holds none; [`Error::Data`] if it does not fit the bytes;
    /// [`Error::Unsupported`] for Python objects.
    pub fn array(&self) -> Result<Array> {
        let Some(metadata) = self.metadata.as_ref().filter(|m| Array::is_in(&m.value)) else {
            let what =
                "holds bytes that no metadata describe as an array; say their type and shape";
            return Err(Error::caller(&self.place, what));
        };
        let array = Array::parse(&metadata.value).map_err(|e| e.at(&self.place))?;
        match array.bytes() == self.len() {
            true => Ok(array),
            false => Err(self.damaged(format!(
                "holds {} bytes, and {:?} of {} would be {}",
                self.len(),
                array.shape,
                array.dtype,
                array.bytes(),
            ))),
        }
    }

    /// Decoded bytes; only the chunks that hold them are read.
    ///
    /// # Errors
    /// [`Error::Caller`] for a range beyond the end, [`Error::Data`] for a damaged chunk, naming it.
    pub fn read(&mut self, range: Range<u64>) -> Result<Vec<u8>> {
        let total = self.len();
        if range.start > range.end || range.end > total {
            let what = format!("bytes {range:?} were asked of {total}");
            return Err(Error::caller(&self.place, what));
        }
        let mut out = buffer(&self.place, range.end - range.start)?;
        let mut i = self
            .chunks
            .partition_point(|chunk| chunk.end <= range.start);
        let mut at = range.start;
        while at < range.end {
            let Some(Range { start, end }) = self.chunk(i) else {
                break;
            };
            let next = end.min(range.end);
            let filled = out.len();
            out.resize(filled + in_memory(&self.place, next - at)?, 0);
            self.read_chunk(i, end - start, at - start, &mut out[filled..])?;
            (i, at) = (i + 1, next);
        }
        Ok(out)
    }

    /// Decodes part of chunk `i`, which holds `decoded` bytes, from its byte `skip`.
    fn read_chunk(&mut self, i: usize, decoded: u64, skip: u64, out: &mut [u8]) -> Result<()> {
        let at = self.chunks[i].at;
        let sizes = self.sizes(i, at)?;
        let checksum = self.header.checksum;
        let count = (sizes.encoded + checksum.length()) as u64;
        let is_tight = self.header.version != Version::Draft;
        if let Some(next) = self.chunks.get(i + 1) {
            let room = next.at - at;
            if count > room || (is_tight && count < room) {
                let what = format!("it takes {count} bytes where {room} are");
                return Err(Error::data(self.place_of(i), what));
            }
        }
        let mut stored = std::mem::take(&mut self.stored);
        let read = self.bytes_into(at, count, &format!("chunk {i}"), &mut stored);
        let decode = || {
            read?;
            let (chunk, digest) = stored.split_at(sizes.encoded);
            checksum.verify(&self.place_of(i), chunk, digest)?;
            let size = in_memory(&self.place, decoded)?;
            let skip = in_memory(&self.place, skip)?;
            blosc::decode(chunk, size, skip..skip + out.len(), out)
                .map_err(|e| e.at(self.place_of(i)))
        };
        let result = decode();
        self.stored = stored;
        result
    }

    /// Elements of the [array](Self::array) in the order in which they are stored, as they are stored; only
    /// the chunks that hold them are read.
    ///
    /// # Errors
    /// As [`read`](Self::read) and [`array`](Self::array).
    pub fn elements(&mut self, range: Range<u64>) -> Result<Vec<u8>> {
        let size = self.array()?.dtype.size() as u64;
        self.read(range.start.saturating_mul(size)..range.end.saturating_mul(size))
    }
}
