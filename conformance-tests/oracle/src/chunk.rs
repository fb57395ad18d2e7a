//! Chunks of either side.

use std::ops::Range;

use blosc2_sys as sys;
use ziggurat_codecs::blosc2::{Compressor, Encoder, Filters, Special, Split};

use crate::c;

/// The number of an error of C-Blosc2, or what `ziggurat-codecs` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failed {
    /// C-Blosc2 returned this instead of a size.
    There(i32),
    /// The text of an error.
    Here(String),
}

/// What both sides are told when they encode.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// What compresses the streams.
    pub compressor: Compressor,
    /// 0 to 9.
    pub level: u8,
    /// What is done to blocks before.
    pub filters: Filters,
    /// Whether blocks are many streams.
    pub split: Split,
    /// Bytes of an element, 1 to 255.
    pub typesize: usize,
    /// Elements of a block.
    pub block: usize,
}

impl Settings {
    /// The encoder of `ziggurat-codecs`.
    ///
    /// # Errors
    /// Those of the encoder.
    pub fn encoder(&self) -> Result<Encoder, Failed> {
        Encoder::new(self.typesize)
            .and_then(|e| e.compressor(self.compressor, self.level))
            .and_then(|e| e.filters(self.filters))
            .and_then(|e| e.block(self.block * self.typesize))
            .map(|e| e.split(self.split))
            .map_err(here)
    }

    /// The parameters of C-Blosc2.
    fn parameters(&self) -> c::Parameters {
        let (filters, meta) = self.filters.codes();
        c::Parameters {
            codec: match self.compressor {
                Compressor::Blosclz => sys::BLOSC_BLOSCLZ,
                Compressor::Lz4 => sys::BLOSC_LZ4,
                Compressor::Lz4hc => sys::BLOSC_LZ4HC,
                Compressor::Zlib => sys::BLOSC_ZLIB,
                Compressor::Zstd => sys::BLOSC_ZSTD,
                Compressor::Snappy => u32::MAX,
            },
            level: self.level,
            typesize: self.typesize,
            block: self.block * self.typesize,
            split: match self.split {
                Split::Always => sys::BLOSC_ALWAYS_SPLIT,
                Split::Never => sys::BLOSC_NEVER_SPLIT,
                Split::Auto => sys::BLOSC_AUTO_SPLIT,
            },
            filters,
            meta,
            dictionary: false,
        }
    }
}

/// A chunk that one of both sides made from elements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk(Vec<u8>);

impl Chunk {
    /// Encoded by `ziggurat-codecs`.
    ///
    /// # Errors
    /// Those of its encoder.
    pub fn ours(settings: &Settings, elements: &[u8]) -> Result<Self, Failed> {
        let chunk = settings.encoder()?.encode(elements).map_err(here)?;
        Ok(Self(chunk))
    }

    /// `count` elements that are all the same, by `ziggurat-codecs`; `value` is the repeated one.
    ///
    /// # Errors
    /// Those of its encoder.
    pub fn our_special(
        settings: &Settings,
        special: Special,
        value: &[u8],
        count: usize,
    ) -> Result<Self, Failed> {
        let size = count * settings.typesize;
        let encoder = settings.encoder()?;
        let chunk = encoder.encode_special(special, value, size).map_err(here)?;
        Ok(Self(chunk))
    }

    /// Encoded by C-Blosc2 on that many threads.
    ///
    /// # Errors
    /// The code that C-Blosc2 returns.
    pub fn theirs(settings: &Settings, elements: &[u8], threads: i16) -> Result<Self, Failed> {
        there(c::compress(settings.parameters(), elements, threads)).map(Self)
    }

    /// The same with a dictionary of zstd.
    ///
    /// # Errors
    /// The code that C-Blosc2 returns.
    pub fn theirs_with_dictionary(settings: &Settings, elements: &[u8]) -> Result<Self, Failed> {
        let parameters = c::Parameters {
            dictionary: true,
            ..settings.parameters()
        };
        there(c::compress(parameters, elements, 1)).map(Self)
    }

    /// `count` elements that are all the same, by C-Blosc2; `value` is the repeated one.
    ///
    /// # Errors
    /// The code that C-Blosc2 returns.
    pub fn their_special(
        settings: &Settings,
        special: Special,
        value: &[u8],
        count: usize,
    ) -> Result<Self, Failed> {
        let size = count * settings.typesize;
        there(c::special(settings.parameters(), special, value, size)).map(Self)
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// What C-Blosc2 decodes on that many threads.
    ///
    /// # Errors
    /// The code that C-Blosc2 returns.
    pub fn decoded_there(&self, threads: i16) -> Result<Vec<u8>, Failed> {
        there(c::decompress(&self.0, threads, None))
    }

    /// Block number `block` as C-Blosc2 decodes it alone, between zeros instead of the others.
    ///
    /// # Errors
    /// The code that C-Blosc2 returns.
    pub fn block_there(&self, block: usize) -> Result<Vec<u8>, Failed> {
        there(c::decompress(&self.0, 1, Some(block)))
    }

    /// The elements `range`, of `typesize` bytes, as C-Blosc2 gets them.
    ///
    /// # Errors
    /// The code that C-Blosc2 returns.
    pub fn items_there(&self, range: Range<usize>, typesize: usize) -> Result<Vec<u8>, Failed> {
        there(c::items(&self.0, range, typesize))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is passed to map_err")]
fn here(error: impl ToString) -> Failed {
    Failed::Here(error.to_string())
}

fn there(result: Result<Vec<u8>, i32>) -> Result<Vec<u8>, Failed> {
    result.map_err(Failed::There)
}
