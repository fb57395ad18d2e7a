//! What `zarr.json` says of the codec.

use serde_json::{Map, Value, json};
use ziggurat_core::{Error, Result};

use super::NAME;
use super::codec::PLACE;
use crate::blosc2::{Compressor, Encoder, Filter, Filters, Split};

/// The `configuration` of the codec: `spec/b2nd.md`, C3 to C9.
///
/// ```
/// use ziggurat_codecs::b2nd::Configuration;
/// use ziggurat_codecs::blosc2::{Compressor, Filter};
/// let configuration = Configuration::new([16, 32, 32])
///     .compressor(Compressor::Lz4, 5)
///     .filters(&[Filter::Bitshuffle])?
///     .checksum(true);
/// let codec = configuration.to_json();
/// assert_eq!(codec["name"], "b2nd");
/// assert_eq!(codec["configuration"]["filters"][0]["name"], "bitshuffle");
/// assert_eq!(Configuration::parse(&codec["configuration"])?, configuration);
/// # Ok::<(), ziggurat_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    pub(super) block_shape: Vec<u64>,
    pub(super) compressor: Compressor,
    pub(super) level: u8,
    pub(super) filters: Filters,
    pub(super) split: Split,
    pub(super) checksum: bool,
}

/// What `cname` may be.
const COMPRESSORS: [(&str, Compressor); 5] = [
    ("lz4", Compressor::Lz4),
    ("lz4hc", Compressor::Lz4hc),
    ("zlib", Compressor::Zlib),
    ("zstd", Compressor::Zstd),
    ("blosclz", Compressor::Blosclz),
];

/// What `split` may be.
const SPLITS: [(&str, Split); 3] = [
    ("auto", Split::Auto),
    ("always", Split::Always),
    ("never", Split::Never),
];

/// The one kind of checksum.
const CRC32C: &str = "crc32c";

impl Configuration {
    /// Blocks of this shape, byte shuffle and zstd at level 5, without checksums.
    #[must_use]
    pub fn new(block_shape: impl Into<Vec<u64>>) -> Self {
        Self {
            block_shape: block_shape.into(),
            compressor: Compressor::Zstd,
            level: 5,
            filters: Filters::shuffle(),
            split: Split::Auto,
            checksum: false,
        }
    }

    /// The same with `compressor` at `level`, 0 to 9, of which 0 copies.
    #[must_use]
    pub fn compressor(mut self, compressor: Compressor, level: u8) -> Self {
        (self.compressor, self.level) = (compressor, level);
        self
    }

    /// The same with these filters, in the order in which they are applied.
    ///
    /// # Errors
    /// [`Error::Caller`] for a shuffle of groups, which has no name in Zarr; [`Error::Unsupported`] for those
    /// that do not come back from C-Blosc2 (`spec/b2nd.md`, C8).
    pub fn filters(mut self, filters: &[Filter]) -> Result<Self> {
        let named = |filter: &Filter| !matches!(filter, Filter::Shuffle { group: 1.. });
        if !filters.iter().all(named) {
            let what = "shuffle of groups that are no elements cannot be written";
            return Err(Error::caller(PLACE, what));
        }
        check_filters(filters)?;
        self.filters = Filters::new(filters).map_err(|e| e.at(PLACE))?;
        Ok(self)
    }

    /// The same with blocks split like this.
    #[must_use]
    pub fn split(mut self, split: Split) -> Self {
        self.split = split;
        self
    }

    /// The same with or without a CRC-32C of each block and of what says where blocks lie.
    #[must_use]
    pub fn checksum(mut self, checksum: bool) -> Self {
        self.checksum = checksum;
        self
    }

    /// The encoder of elements of `typesize` bytes.
    ///
    /// # Errors
    /// As [`Encoder::compressor`] and [`Encoder::filters`].
    pub fn encoder(&self, typesize: usize) -> Result<Encoder> {
        let encoder = Encoder::new(typesize)?.filters(self.filters)?;
        let encoder = encoder.compressor(self.compressor, self.level)?;
        Ok(encoder.split(self.split))
    }

    /// Reads a `configuration`.
    ///
    /// # Errors
    /// That name the member: [`Error::Unsupported`] for an unknown one, or an unknown name;
    /// [`Error::Data`] for one that is missing or wrong.
    pub fn parse(configuration: &Value) -> Result<Self> {
        const KNOWN: [&str; 6] = [
            "block_shape",
            "cname",
            "clevel",
            "filters",
            "split",
            "checksum",
        ];
        let members = members(configuration, "configuration", &KNOWN)?;
        let required = |name: &str| {
            let missing = || Error::data(PLACE, format!("'{name}' is missing"));
            members.get(name).ok_or_else(missing)
        };
        let level = required("clevel")?;
        let level = level.as_u64().and_then(|n| u8::try_from(n).ok());
        let level = level.filter(|n| *n <= 9);
        let filters = match members.get("filters") {
            None => Vec::new(),
            Some(Value::Array(filters)) => {
                filters.iter().map(parse_filter).collect::<Result<_>>()?
            }
            Some(other) => return Err(wrong("filters", other, "a list of objects")),
        };
        check_filters(&filters)?;
        Ok(Self {
            block_shape: parse_shape(required("block_shape")?)?,
            compressor: choose("cname", required("cname")?, &COMPRESSORS)?,
            level: level.ok_or_else(|| wrong("clevel", &members["clevel"], "0 to 9"))?,
            filters: Filters::new(&filters)?,
            split: members
                .get("split")
                .map_or(Ok(Split::Auto), |split| choose("split", split, &SPLITS))?,
            checksum: match members.get("checksum") {
                None | Some(Value::Null) => false,
                Some(given) => choose("checksum", given, &[(CRC32C, true)])?,
            },
        })
    }

    /// The codec as an element of `codecs` in `zarr.json`, all members written out.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({"name": NAME, "configuration": self.members()})
    }

    /// The members of `configuration`.
    pub(super) fn members(&self) -> Map<String, Value> {
        let filters: Vec<Value> = self.filters.iter().map(filter_to_json).collect();
        [
            ("block_shape", json!(self.block_shape)),
            ("cname", name_of(&self.compressor, &COMPRESSORS).into()),
            ("clevel", self.level.into()),
            ("filters", filters.into()),
            ("split", name_of(&self.split, &SPLITS).into()),
            ("checksum", self.checksum.then_some(CRC32C).into()),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }
}

fn parse_shape(given: &Value) -> Result<Vec<u64>> {
    let lengths = given.as_array().and_then(|lengths| {
        let length = |n: &Value| n.as_u64().filter(|n| *n > 0);
        lengths.iter().map(length).collect()
    });
    lengths.ok_or_else(|| wrong("block_shape", given, "a list of integers of at least 1"))
}

fn parse_filter(given: &Value) -> Result<Filter> {
    let name = given.get("name").and_then(Value::as_str);
    let name = name.ok_or_else(|| wrong("filters", given, "objects with a 'name'"))?;
    let known: &[&str] = match name {
        "trunc_prec" => &["name", "bits"],
        _ => &["name"],
    };
    let filter = match name {
        "shuffle" => Filter::Shuffle { group: 0 },
        "bitshuffle" => Filter::Bitshuffle,
        "delta" => Filter::Delta,
        "trunc_prec" => {
            let bits = given.get("bits").and_then(Value::as_i64);
            let bits = bits.and_then(|n| i8::try_from(n).ok());
            let bits = bits.ok_or_else(|| wrong("filters", given, "'bits' of -128 to 127"))?;
            Filter::Truncate { bits }
        }
        _ => {
            let what = format!(
                "the filter '{name}' in 'filters'; shuffle, bitshuffle, delta and trunc_prec are known"
            );
            return Err(Error::unsupported(PLACE, what));
        }
    };
    members(given, "filters", known)?;
    Ok(filter)
}

/// Refuses what does not come back from C-Blosc2.
fn check_filters(filters: &[Filter]) -> Result<()> {
    let moves = |filter| matches!(filter, &Filter::Shuffle { .. } | &Filter::Bitshuffle);
    let alike = |a, b| std::mem::discriminant::<Filter>(a) == std::mem::discriminant(b);
    let right = match filters {
        [] | [_] => true,
        [first, second] => moves(second) || !(moves(first) || alike(first, second)),
        _ => false,
    };
    if right {
        return Ok(());
    }
    let what = "these 'filters', which do not come back from C-Blosc2; \
                use at most two, delta and trunc_prec before a shuffle";
    Err(Error::unsupported(PLACE, what))
}

fn filter_to_json(filter: Filter) -> Value {
    match filter {
        Filter::Shuffle { .. } => json!({"name": "shuffle"}),
        Filter::Bitshuffle => json!({"name": "bitshuffle"}),
        Filter::Delta => json!({"name": "delta"}),
        Filter::Truncate { bits } => json!({"name": "trunc_prec", "bits": bits}),
    }
}

/// The members of an object, if all are known.
fn members<'a>(given: &'a Value, what: &str, known: &[&str]) -> Result<&'a Map<String, Value>> {
    let Value::Object(members) = given else {
        return Err(wrong(what, given, "an object"));
    };
    match members.keys().find(|key| !known.contains(&key.as_str())) {
        None => Ok(members),
        Some(key) => {
            let what = format!(
                "the member '{key}' of '{what}'; known are {}",
                known.join(", ")
            );
            Err(Error::unsupported(PLACE, what))
        }
    }
}

/// What the name `given` as `member` stands for.
fn choose<T: Copy>(member: &str, given: &Value, known: &[(&str, T)]) -> Result<T> {
    let found = known.iter().find(|(name, _)| given == *name);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        let what = format!("'{member}' is {given}; known are {}", names.join(", "));
        Error::unsupported(PLACE, what)
    })
}

fn name_of<T: PartialEq>(value: &T, known: &[(&'static str, T)]) -> &'static str {
    let found = known.iter().find(|(_, known)| known == value);
    // Snappy has no name in Zarr; that it is not written is said by encoding.
    found.map_or("snappy", |(name, _)| name)
}

fn wrong(member: &str, given: &Value, instead: &str) -> Error {
    Error::data(PLACE, format!("'{member}' is {given}, not {instead}"))
}
