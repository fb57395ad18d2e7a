//! Opening: the metadata, and where chunks are.

use std::io::{Read, Seek, SeekFrom};

use ziggurat_core::codec::blosc;
use ziggurat_core::{Error, Result};

use super::super::metadata::{self, SectionHeader};
use super::super::{Header, Version};
use super::{Chunk, Reader};

/// A header of a chunk and what can be decoded from one byte bound what a file can hold.
const LARGEST_RATIO: u64 = 1 << 16;

impl<R: Read + Seek> Reader<R> {
    pub(super) fn open(
        place: String,
        mut source: R,
        parse: impl Fn(&[u8]) -> Result<Header>,
    ) -> Result<Self> {
        let length = source
            .seek(SeekFrom::End(0))
            .map_err(|e| Error::io(&place, "read", e))?;
        let mut reader = Self {
            header: Header::bare(Version::V1),
            metadata: None,
            chunks: Vec::new(),
            stored: Vec::new(),
            place,
            source,
            length,
        };
        let start = reader.bytes(0, length.min(32), "the header")?;
        reader.header = parse(&start).map_err(|e| e.at(&reader.place))?;
        if let Some(claimed) = reader.header.file_size.filter(|&n| n != length) {
            return Err(reader.damaged(format!(
                "says that it has {claimed} bytes, and has {length}"
            )));
        }
        let mut at = reader.header.version.header_length() as u64;
        if reader.header.metadata {
            at = reader.read_metadata(at)?;
        }
        match reader.header.offsets {
            true => reader.read_offsets(at)?,
            false => reader.walk(at)?,
        }
        reader.check_sizes()?;
        let total = reader.len();
        if total / LARGEST_RATIO > length {
            return Err(reader.damaged(format!("cannot hold {total} bytes in {length}")));
        }
        Ok(reader)
    }

    /// Reads the metadata section and returns where it ends.
    fn read_metadata(&mut self, at: u64) -> Result<u64> {
        const LENGTH: u64 = metadata::HEADER as u64;
        let bytes = self.bytes(at, LENGTH, "the header of the metadata")?;
        let bytes = bytes
            .first_chunk()
            .ok_or_else(|| self.damaged("has no metadata"))?;
        let section = SectionHeader::parse(&self.place, bytes)?;
        let rest = self.bytes(at + LENGTH, section.rest(), "the metadata")?;
        self.metadata = Some(section.read(&self.place, &rest)?);
        Ok(at + LENGTH + section.rest())
    }

    /// Takes the places of chunks from the table of offsets at `at`.
    fn read_offsets(&mut self, at: u64) -> Result<()> {
        let count = self.header.chunks.unwrap_or(0);
        let table = count
            .checked_add(self.header.spare)
            .and_then(|n| n.checked_mul(8));
        let first = table
            .and_then(|n| n.checked_add(at))
            .filter(|&first| first <= self.length);
        let first =
            first.ok_or_else(|| self.damaged("ends within the offsets; obtain it again"))?;
        let bytes = self.bytes(at, count * 8, "the offsets")?;
        let mut least = first;
        for (i, bytes) in bytes.as_chunks().0.iter().enumerate() {
            let offset = i64::from_le_bytes(*bytes);
            if offset == -1 {
                let what = format!("has no offset of chunk {i}: writing it was interrupted");
                return Err(self.damaged(what));
            }
            // Only the draft leaves room between chunks.
            let is_packed = i > 0 || self.header.version == Version::Draft;
            let start = u64::try_from(offset).ok();
            let start = start.filter(|&s| if is_packed { s >= least } else { s == first });
            let Some(start) = start.filter(|&s| s < self.length) else {
                return Err(self.damaged(format!("says that chunk {i} is at byte {offset}")));
            };
            least = start + blosc::HEADER as u64;
            self.chunks.push(Chunk { at: start, end: 0 });
        }
        let mut end = 0;
        for i in 0..self.chunks.len() {
            end += self.claimed_size(i)?;
            self.chunks[i].end = end;
        }
        Ok(())
    }

    /// Finds the chunks one after the other, from `at` on.
    fn walk(&mut self, mut at: u64) -> Result<()> {
        let mut end = 0;
        let counted = self.header.chunks;
        while counted.map_or(at < self.length, |n| (self.chunks.len() as u64) < n) {
            let i = self.chunks.len();
            let sizes = self.sizes(i, at)?;
            end += sizes.decoded as u64;
            self.chunks.push(Chunk { at, end });
            at += sizes.encoded as u64 + self.header.checksum.length() as u64;
            if at > self.length {
                return Err(self.damaged(format!("ends within chunk {i}; obtain it again")));
            }
        }
        match self.length - at {
            0 => Ok(()),
            rest => Err(self.damaged(format!("goes on for {rest} bytes after the last chunk"))),
        }
    }

    /// That chunks are as long as the header of the file says, and the last does not end beyond the file.
    fn check_sizes(&mut self) -> Result<()> {
        let count = self.chunks.len();
        for i in 0..count {
            let size = self.chunk(i).map_or(0, |range| range.end - range.start);
            let is_known = self.known_size(i).is_none_or(|known| known == size);
            // What is never read is never checked.
            let is_lost = size == 0 && count > 1;
            if !is_known || is_lost {
                let what = format!("says that it decodes to {size} bytes, unlike the file");
                return Err(Error::data(self.place_of(i), what));
            }
        }
        let Some(last) = count.checked_sub(1) else {
            return Ok(());
        };
        let at = self.chunks[last].at;
        let encoded = self.sizes(last, at)?.encoded + self.header.checksum.length();
        match at + encoded as u64 > self.length {
            true => Err(self.damaged(format!("ends within chunk {last}; obtain it again"))),
            false => Ok(()),
        }
    }

    /// The decoded size of chunk `i` that the header of the file says.
    fn known_size(&self, i: usize) -> Option<u64> {
        let known = match i + 1 == self.chunks.len() {
            true => self.header.last_chunk,
            false => self.header.chunk_size,
        };
        // At the edge of the array, chunks of the draft may be shorter.
        let is_known = self.header.version != Version::Draft;
        known.filter(|_| is_known).map(u64::from)
    }

    /// The decoded size of chunk `i`, from the header of the file or else of the chunk.
    fn claimed_size(&mut self, i: usize) -> Result<u64> {
        match self.known_size(i) {
            Some(size) => Ok(size),
            None => Ok(self.sizes(i, self.chunks[i].at)?.decoded as u64),
        }
    }
}
