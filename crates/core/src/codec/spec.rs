//! Codecs by short names, as they are given on the command line.

use serde_json::{Value, json};

use super::extension;
use crate::{ElementType, Error};

/// The compressor of blocks, in short form.
///
/// | text | codec |
/// |---|---|
/// | `zstd`, `zstd:LEVEL` | Zstandard, level 3 by default |
/// | `gzip`, `gzip:LEVEL` | gzip, level 5 by default |
/// | `blosc-zstd`, `blosc-lz4`, `blosc-zlib`, ...`:LEVEL`, ...`:LEVEL:SHUFFLE` | Blosc with `shuffle` (default), `bitshuffle` or `noshuffle`; level 5 by default |
/// | `none` | not compressed |
/// | what a [registered](super::register_short) codec is called by | that codec |
///
/// ```
/// use ziggurat_core::{ElementType, codec::CodecSpec};
/// let codecs = "blosc-lz4:7:bitshuffle".parse::<CodecSpec>()?.chain(ElementType::Int16);
/// assert_eq!(codecs[0]["name"], "bytes");
/// assert_eq!(codecs[1]["configuration"]["typesize"], 2);
/// # Ok::<(), ziggurat_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodecSpec {
    /// Not compressed.
    None,
    /// Zstandard at this level (-131072..=22).
    Zstd(i32),
    /// gzip at this level (0..=9).
    Gzip(u32),
    /// Blosc.
    Blosc {
        /// `zstd`, `lz4`, `lz4hc`, `zlib` or `blosclz`.
        compressor: String,
        /// 0..=9.
        level: u32,
        /// `shuffle`, `bitshuffle` or `noshuffle`.
        shuffle: String,
    },
    /// One of another crate that has a [short form](super::ShortForm), as an element of `codecs`.
    Extension(Value),
}

impl Default for CodecSpec {
    /// `zstd:3`: read by every Zarr v3 reader that was tested.
    fn default() -> Self {
        Self::Zstd(3)
    }
}

impl CodecSpec {
    /// The Zarr codec chain for blocks of `element`, all parameters written out.
    #[must_use]
    pub fn chain(&self, element: ElementType) -> Vec<Value> {
        if let Self::Extension(codec) = self {
            return vec![codec.clone()];
        }
        let mut chain = vec![bytes_codec(element)];
        chain.extend(match self {
            Self::None | Self::Extension(_) => None,
            Self::Zstd(level) => Some(json!({
                "name": "zstd", "configuration": {"level": level, "checksum": false}
            })),
            Self::Gzip(level) => Some(json!({"name": "gzip", "configuration": {"level": level}})),
            Self::Blosc {
                compressor,
                level,
                shuffle,
            } => Some(json!({"name": "blosc", "configuration": {
                "cname": compressor, "clevel": level, "shuffle": shuffle,
                "typesize": element.word(), "blocksize": 0
            }})),
        });
        chain
    }

    /// The same, fit for blocks of a shape: some codecs divide them further.
    #[must_use]
    pub fn chain_for(&self, element: ElementType, block: &[u64]) -> Vec<Value> {
        let chain = self.chain(element);
        let fit = |codec| match short_of(&codec) {
            Some(form) => (form.fit)(&codec, element, block),
            None => codec,
        };
        chain.into_iter().map(fit).collect()
    }
}

impl CodecSpec {
    /// The short form of a chain that [`chain`](Self::chain) or [`chain_for`](Self::chain_for) makes;
    /// `None` for any other.
    #[must_use]
    pub fn from_chain(chain: &[Value]) -> Option<Self> {
        if let [codec] = chain
            && let Some(form) = short_of(codec)
        {
            (form.print)(codec)?;
            return Some(Self::Extension(codec.clone()));
        }
        let (bytes, compressor) = chain.split_first()?;
        let level = |configuration: &Value, key: &str| {
            configuration[key]
                .as_u64()
                .and_then(|l| u32::try_from(l).ok())
        };
        let spec = match compressor {
            [] => Self::None,
            [codec] => {
                let configuration = &codec["configuration"];
                match codec["name"].as_str()? {
                    "zstd" => Self::Zstd(i32::try_from(configuration["level"].as_i64()?).ok()?),
                    "gzip" => Self::Gzip(level(configuration, "level")?),
                    "blosc" => Self::Blosc {
                        compressor: configuration["cname"].as_str()?.to_owned(),
                        level: level(configuration, "clevel")?,
                        shuffle: configuration["shuffle"].as_str()?.to_owned(),
                    },
                    _ => return None,
                }
            }
            _ => return None,
        };
        (bytes["name"] == "bytes").then_some(spec)
    }
}

/// The short form of an element of `codecs`.
fn short_of(codec: &Value) -> Option<extension::ShortForm> {
    extension::short(codec["name"].as_str()?)
}

/// The little-endian `bytes` codec.
fn bytes_codec(element: ElementType) -> Value {
    match element.word() {
        1 => json!({"name": "bytes"}),
        _ => json!({"name": "bytes", "configuration": {"endian": "little"}}),
    }
}

impl std::fmt::Display for CodecSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Zstd(level) => write!(f, "zstd:{level}"),
            Self::Gzip(level) => write!(f, "gzip:{level}"),
            Self::Blosc {
                compressor,
                level,
                shuffle,
            } => write!(f, "blosc-{compressor}:{level}:{shuffle}"),
            Self::Extension(codec) => {
                let text = short_of(codec).and_then(|form| (form.print)(codec));
                f.write_str(&text.unwrap_or_else(|| codec.to_string()))
            }
        }
    }
}

impl std::str::FromStr for CodecSpec {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let refuse = || {
            let mut known = "use none, zstd[:-131072..22], gzip[:0..9], or \
                         blosc-{zstd,lz4,lz4hc,zlib,blosclz}[:0..9][:shuffle|bitshuffle|noshuffle]"
                .to_owned();
            for usage in extension::usages() {
                known = format!("{known}, or {usage}");
            }
            Error::caller(format!("codec {text:?}"), format!("not known; {known}"))
        };
        let first = text.split([':', '-']).next().unwrap_or_default();
        if let Some(form) = extension::short(first) {
            return (form.parse)(text).map(Self::Extension).ok_or_else(refuse);
        }
        let mut parts = text.split(':');
        let name = parts.next().unwrap_or_default();
        let mut level = |default: i32, range: std::ops::RangeInclusive<i32>| {
            let given = parts.next().map_or(Ok(default), str::parse);
            given.ok().filter(|l| range.contains(l)).ok_or_else(refuse)
        };
        let spec = match name {
            "none" => Self::None,
            "zstd" => Self::Zstd(level(3, -131_072..=22)?),
            "gzip" => Self::Gzip(level(5, 0..=9)?.unsigned_abs()),
            _ => Self::Blosc {
                compressor: name
                    .strip_prefix("blosc-")
                    .filter(|c| ["zstd", "lz4", "lz4hc", "zlib", "blosclz"].contains(c))
                    .ok_or_else(refuse)?
                    .to_owned(),
                level: level(5, 0..=9)?.unsigned_abs(),
                shuffle: match parts.next().unwrap_or("shuffle") {
                    s @ ("shuffle" | "bitshuffle" | "noshuffle") => s.to_owned(),
                    _ => return Err(refuse()),
                },
            },
        };
        parts.next().is_none().then_some(spec).ok_or_else(refuse)
    }
}
