//! Zstandard with one context per thread.
//!
//! A fresh context per block costs 50 µs against 12 µs at 4 KiB. Frames: RFC 8878.

use std::cell::RefCell;

use ::zstd::bulk::{Compressor, Decompressor};
use bytes::Bytes;
use serde_json::Value;

use crate::{Error, Result};

/// The configuration of the `zstd` codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Settings {
    level: i32,
    checksum: bool,
}

thread_local! {
    static COMPRESSOR: RefCell<Option<(Settings, Compressor<'static>)>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

impl Settings {
    /// The settings, if `codec` is a well-formed `zstd` codec.
    pub(super) fn parse(codec: &Value) -> Option<Self> {
        if codec["name"] != "zstd" {
            return None;
        }
        let configuration = codec.get("configuration")?.as_object()?;
        let level = i32::try_from(configuration.get("level")?.as_i64()?).ok()?;
        let checksum = match configuration.get("checksum") {
            None => false,
            Some(value) => value.as_bool()?,
        };
        let known = |key: &String| key == "level" || key == "checksum";
        (configuration.keys().all(known) && (-131_072..=22).contains(&level))
            .then_some(Self { level, checksum })
    }

    pub(super) fn encode(self, place: &str, block: &[u8]) -> Result<Bytes> {
        let fail = |e| Error::other(place, "zstd cannot encode a block", e);
        COMPRESSOR.with_borrow_mut(|slot| {
            if slot.as_ref().is_none_or(|(settings, _)| *settings != self) {
                let mut compressor = Compressor::new(self.level).map_err(fail)?;
                compressor.include_checksum(self.checksum).map_err(fail)?;
                *slot = Some((self, compressor));
            }
            let Some((_, compressor)) = slot else {
                return Err(fail(std::io::Error::other("no context")));
            };
            compressor.compress(block).map(Bytes::from).map_err(fail)
        })
    }
}

/// Decodes into `out` and returns the number of bytes that were decoded.
pub(super) fn decode_into(place: &str, bytes: &[u8], out: &mut [u8]) -> Result<usize> {
    DECOMPRESSOR.with_borrow_mut(|slot| {
        let context = match slot {
            Some(context) => context,
            None => slot.insert(
                Decompressor::new().map_err(|e| Error::other(place, "zstd cannot start", e))?,
            ),
        };
        context
            .decompress_to_buffer(bytes, out)
            .map_err(|e| Error::data(place, format!("zstd cannot decode a block: {e}")))
    })
}
