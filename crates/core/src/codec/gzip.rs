//! gzip (RFC 1952).

use flate2::Crc;
use serde_json::Value;

use super::deflate;
use crate::{Error, Result};

/// The configuration of the `gzip` codec.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    level: u32,
}

/// Magic and method (deflate), no flags, no time; then the "extra flags" and "unknown system".
const START: [u8; 8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0];
const SYSTEM: u8 = 255;

impl Settings {
    /// The settings, if `codec` is a well-formed `gzip` codec.
    pub(super) fn parse(codec: &Value) -> Option<Self> {
        let configuration = codec.get("configuration")?.as_object()?;
        let level = u32::try_from(configuration.get("level")?.as_u64()?).ok()?;
        (codec["name"] == "gzip" && configuration.len() == 1 && level <= 9)
            .then_some(Self { level })
    }

    /// Appends one member.
    pub(super) fn encode(self, block: &[u8], out: &mut Vec<u8>) -> Result<()> {
        let effort = match self.level {
            9 => 2,
            0 | 1 => 4,
            _ => 0,
        };
        out.extend(START);
        out.extend([effort, SYSTEM]);
        deflate::deflate(self.level, block, out)?;
        out.extend(checks(block));
        Ok(())
    }
}

/// CRC-32 and length (modulo 2^32), which follow the stream.
fn checks(block: &[u8]) -> [u8; 8] {
    let mut crc = Crc::new();
    crc.update(block);
    let both = u64::from(crc.sum()) | (block.len() as u64) << 32;
    both.to_le_bytes()
}

/// Decodes all members of `bytes` into `out` and returns the number of bytes that were decoded.
pub(super) fn decode_into(mut bytes: &[u8], out: &mut [u8]) -> Result<usize> {
    let mut filled = 0;
    while !bytes.is_empty() {
        let stream = after_header(bytes).ok_or_else(|| Error::data("", "not a gzip header"))?;
        let (taken, made) = deflate::inflate(false, stream, &mut out[filled..])?;
        let (stored, rest) = stream[taken..]
            .split_first_chunk()
            .ok_or_else(|| Error::data("", "gzip without its checksum"))?;
        if checks(&out[filled..][..made]) != *stored {
            return Err(Error::data("", "gzip checksum or length differs"));
        }
        filled += made;
        bytes = rest;
    }
    Ok(filled)
}

/// What follows the header of a member.
fn after_header(bytes: &[u8]) -> Option<&[u8]> {
    let (&[id1, id2, method, flags, ..], mut rest) = bytes.split_first_chunk::<10>()?;
    if [id1, id2, method] != START[..3] || flags & 0xe0 != 0 {
        return None;
    }
    if flags & 4 != 0 {
        let (length, fields) = rest.split_first_chunk()?;
        rest = fields.get(usize::from(u16::from_le_bytes(*length))..)?;
    }
    // Name, then comment, each up to a zero byte.
    for flag in [8, 16] {
        if flags & flag != 0 {
            let end = rest.iter().position(|&b| b == 0)?;
            rest = &rest[end + 1..];
        }
    }
    if flags & 2 != 0 {
        rest = rest.get(2..)?;
    }
    Some(rest)
}
