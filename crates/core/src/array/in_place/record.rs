//! What a journal holds: how a superchunk was before the step that is about to be made.

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// First bytes of a record.
const MAGIC: &[u8; 8] = b"zigundo1";

/// Bytes before the key.
const HEAD: usize = 8 + 3 * 8 + 2 * 4;

/// Undoes one step: puts `bytes` back at `offset`, then cuts the file to `length`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// The superchunk, relative to the array.
    pub(super) key: String,
    /// Of two records of one superchunk the one with the larger stamp is newer.
    pub(super) stamp: u64,
    pub(super) length: u64,
    pub(super) offset: u64,
    pub(super) bytes: Bytes,
}

impl Record {
    /// The fields as little-endian numbers, the key, the bytes, and a CRC-32C of all that.
    pub(super) fn encode(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(HEAD + self.key.len() + self.bytes.len() + 4);
        out.put_slice(MAGIC);
        for number in [self.stamp, self.length, self.offset] {
            out.put_u64_le(number);
        }
        for length in [self.key.len(), self.bytes.len()] {
            out.put_u32_le(u32::try_from(length).unwrap_or(u32::MAX));
        }
        out.put_slice(self.key.as_bytes());
        out.put_slice(&self.bytes);
        let checksum = crc32c::crc32c(&out);
        out.put_u32_le(checksum);
        out.freeze()
    }

    /// The record at the beginning of a journal; `None` if it was not written whole.
    pub(super) fn parse(journal: &[u8]) -> Option<Self> {
        let mut head = journal.strip_prefix(MAGIC)?;
        if journal.len() < HEAD {
            return None;
        }
        let [stamp, length, offset] = [(); 3].map(|()| head.get_u64_le());
        let [key, bytes] = [(); 2].map(|()| usize::try_from(head.get_u32_le()));
        let (key, bytes) = (key.ok()?, bytes.ok()?);
        let end = HEAD.checked_add(key)?.checked_add(bytes)?;
        let mut checksum = journal.get(end..end.checked_add(4)?)?;
        (crc32c::crc32c(&journal[..end]) == checksum.get_u32_le()).then_some(())?;
        Some(Self {
            key: str::from_utf8(&journal[HEAD..HEAD + key]).ok()?.to_owned(),
            stamp,
            length,
            offset,
            bytes: Bytes::copy_from_slice(&journal[HEAD + key..end]),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_whole_or_none() {
        let record = Record {
            key: "c/0/1".to_owned(),
            stamp: 7,
            length: 1 << 40,
            offset: 99,
            bytes: Bytes::from_static(b"index"),
        };
        let mut written = record.encode().to_vec();
        for cut in 0..written.len() {
            assert_eq!(Record::parse(&written[..cut]), None, "{cut}");
        }
        for bit in 0..written.len() * 8 {
            written[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Record::parse(&written), None, "{bit}");
            written[bit / 8] ^= 1 << (bit % 8);
        }
        written.extend(b"the end of a longer one");
        assert_eq!(Record::parse(&written), Some(record));
    }
}
