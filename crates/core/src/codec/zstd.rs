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
    static COMPRESSOR: RefCell<Option<Encoder>> = const { RefCell::new(None) };
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
            let encoder = match slot.take().filter(|e| e.settings == self) {
                Some(encoder) => encoder,
                None => Encoder::new(self).map_err(fail)?,
            };
            let Encoder {
                compressor,
                scratch,
                ..
            } = slot.insert(encoder);
            let bound = ::zstd::zstd_safe::compress_bound(block.len());
            scratch.resize(bound.max(scratch.len()), 0);
            let length = compressor
                .compress_to_buffer(block, scratch.as_mut_slice())
                .map_err(fail)?;
            Ok(Bytes::copy_from_slice(&scratch[..length]))
        })
    }
}

/// A context, and memory for the largest frame it may make.
struct Encoder {
    settings: Settings,
    compressor: Compressor<'static>,
    scratch: Vec<u8>,
}

impl Encoder {
    fn new(settings: Settings) -> std::io::Result<Self> {
        let mut compressor = Compressor::new(settings.level)?;
        compressor.include_checksum(settings.checksum)?;
        Ok(Self {
            settings,
            compressor,
            scratch: Vec::new(),
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
