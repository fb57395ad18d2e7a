//! One Zarr array: its description for the CF conventions, and reading it.

use std::sync::Arc;

use serde_json::{Value, json};
use zarrs::array::{
    Array, ArrayBytes, ArrayCreateError, ArrayError, ArrayMetadata, ArrayShardedExt, ArraySubset,
    CodecError,
};
use zarrs::filesystem::FilesystemStore;
use zarrs::plugin::{ExtensionName, ZarrVersion};
use zarrs::storage::StorageError;
use ziggurat_core::{Attributes, ElementType, Error, Region, Result, Scalar};

use super::tree::ArrayNode;
use crate::source::cf::{self, Kind, Raw};

/// Most bytes of one chunk, which is decoded as a whole; larger ones are claims, not data.
const MAX_CHUNK: u64 = 4 << 30;

/// Shards of up to this many bytes are read whole.
const MODEST_SHARD: u64 = 64 << 20;

/// An array that can be read.
pub(super) struct Stored {
    pub(super) array: Array<FilesystemStore>,
    /// Path below the root of the store.
    pub(super) path: String,
    kind: StoredKind,
    /// Shape of a chunk or shard, and of what is decoded at once.
    pub(super) outer: Vec<u64>,
    inner: Vec<u64>,
}

#[derive(Clone, Copy)]
enum StoredKind {
    Number(ElementType),
    Text,
    /// UTF-32 of this many bytes.
    Utf32(usize),
}

/// The array at `node` for the CF conventions, and the means to read it if it can be read.
pub(super) fn describe(
    store: &Arc<FilesystemStore>,
    node: &ArrayNode,
    place: &str,
) -> Result<(cf::Array, Option<Stored>)> {
    let path = format!("/{}", node.path);
    let mut described = cf::Array {
        path: node.path.clone(),
        kind: Kind::Text,
        dims: Vec::new(),
        attributes: Attributes::new(),
        inherited: node.inherited.clone(),
        fill: None,
    };
    let array = match Array::open(Arc::clone(store), &path) {
        Ok(array) => array,
        Err(ArrayCreateError::StorageError(e)) => return Err(storage(place, &path, e)),
        Err(e) => {
            described.kind = Kind::Other(format!("{e}; convert it with another tool first"));
            return Ok((described, None));
        }
    };
    described.attributes.clone_from(array.attributes());
    described.dims = named_dims(&array, node);
    let known = kind(&array, &mut described.attributes).and_then(|kind| {
        let (outer, inner) = chunk_shapes(&array, kind)?;
        Ok((kind, outer, inner))
    });
    let (kind, outer, inner) = match known {
        Ok(known) => known,
        Err(why) => {
            described.kind = Kind::Other(why);
            return Ok((described, None));
        }
    };
    if let StoredKind::Number(element) = kind {
        described.kind = Kind::Number(element);
        described.fill = declared_fill(&array, element);
    }
    let path = node.path.clone();
    Ok((
        described,
        Some(Stored {
            array,
            path,
            kind,
            outer,
            inner,
        }),
    ))
}

/// Names from `dimension_names`, `_ARRAY_DIMENSIONS` or OME axes, where they fit the rank.
fn named_dims(array: &Array<FilesystemStore>, node: &ArrayNode) -> Vec<(String, u64)> {
    let rank = array.dimensionality();
    let v3 = array.dimension_names().as_ref();
    let v3 = v3.and_then(|names| names.iter().cloned().collect::<Option<Vec<String>>>());
    let v2 = array
        .attributes()
        .get("_ARRAY_DIMENSIONS")
        .and_then(Value::as_array);
    let v2 = v2.and_then(|names| {
        names
            .iter()
            .map(|n| n.as_str().map(str::to_owned))
            .collect::<Option<Vec<_>>>()
    });
    let names = v3
        .or(v2)
        .filter(|names| names.len() == rank)
        .or_else(|| node.ome.as_ref()?.names(rank))
        .unwrap_or_else(|| {
            cf::unnamed(rank)
                .into_iter()
                .map(|(name, _)| name)
                .collect()
        });
    names
        .into_iter()
        .zip(array.shape().iter().copied())
        .collect()
}

/// How the elements are read, or why they cannot be.
fn kind(
    array: &Array<FilesystemStore>,
    attributes: &mut Attributes,
) -> std::result::Result<StoredKind, String> {
    let data_type = array.data_type();
    let name = data_type.name(ZarrVersion::V3).unwrap_or_default();
    match &*name {
        "string" => return Ok(StoredKind::Text),
        "fixed_length_utf32" => {
            let size = data_type.fixed_size().unwrap_or_default();
            return Ok(StoredKind::Utf32(size));
        }
        "numpy.datetime64" => {
            let units = ticks(&json!(data_type.configuration(ZarrVersion::V3)))?;
            attributes.insert("units".to_owned(), units.into());
            attributes.insert("calendar".to_owned(), "proleptic_gregorian".into());
            // NaT.
            attributes.insert("_FillValue".to_owned(), i64::MIN.into());
            return Ok(StoredKind::Number(ElementType::Int64));
        }
        "complex_float32" => return Ok(StoredKind::Number(ElementType::Complex64)),
        "complex_float64" => return Ok(StoredKind::Number(ElementType::Complex128)),
        _ => {}
    }
    match name.parse() {
        Ok(element) => Ok(StoredKind::Number(element)),
        Err(_) => Err(format!(
            "elements of type {data_type}; convert them to plain numbers"
        )),
    }
}

/// CF units of `datetime64` ticks; CF has no multiples, so only single units are read.
fn ticks(configuration: &Value) -> std::result::Result<String, String> {
    let unit = match configuration.get("unit").and_then(Value::as_str) {
        Some("ns") => "nanoseconds",
        Some("us" | "μs") => "microseconds",
        Some("ms") => "milliseconds",
        Some("s") => "seconds",
        Some("m") => "minutes",
        Some("h") => "hours",
        Some("D") => "days",
        _ => {
            return Err(format!(
                "times in units {configuration}; convert them to seconds"
            ));
        }
    };
    match configuration.get("scale_factor") {
        None => Ok(format!("{unit} since 1970-01-01")),
        Some(one) if *one == json!(1) => Ok(format!("{unit} since 1970-01-01")),
        Some(_) => Err(format!(
            "times in units {configuration}; convert them to seconds"
        )),
    }
}

/// Shape of a chunk or shard and of what is decoded at once, or why they are too large.
fn chunk_shapes(
    array: &Array<FilesystemStore>,
    kind: StoredKind,
) -> std::result::Result<(Vec<u64>, Vec<u64>), String> {
    let sizes = |shape: Vec<std::num::NonZeroU64>| shape.into_iter().map(Into::into).collect();
    let first = vec![0; array.dimensionality()];
    let outer: Vec<u64> = match array.chunk_shape(&first) {
        Ok(shape) => sizes(shape),
        // An array without elements has no chunk.
        Err(_) => array.shape().iter().map(|&s| s.max(1)).collect(),
    };
    let inner = array
        .effective_subchunk_shape()
        .map_or_else(|| outer.clone(), sizes);
    let size = match kind {
        StoredKind::Number(element) => element.size() as u64,
        StoredKind::Text => 16,
        StoredKind::Utf32(size) => size as u64,
    };
    let bytes = |shape: &[u64]| shape.iter().fold(size, |n, &s| n.saturating_mul(s));
    if bytes(&inner) > MAX_CHUNK {
        return Err(format!(
            "chunks of shape {inner:?} are larger than 4 GiB; rechunk it"
        ));
    }
    // A shard index has 16 bytes for each inner chunk.
    let entries = outer
        .iter()
        .zip(&inner)
        .fold(16, |n: u64, (o, i)| n.saturating_mul(o.div_ceil(*i)));
    if array.is_sharded() && entries > MAX_CHUNK {
        return Err(format!(
            "shards of shape {outer:?} have too many chunks; rechunk it"
        ));
    }
    Ok((outer, inner))
}

/// The fill value of a version 2 array, which is its missing value.
fn declared_fill(array: &Array<FilesystemStore>, element: ElementType) -> Option<Scalar> {
    match array.metadata() {
        ArrayMetadata::V2(metadata) if !metadata.fill_value.is_null() => {
            let fill = Scalar::from_element(array.fill_value().as_ne_bytes(), element);
            // A mask whose missing value is one of its two values is only padded with it.
            fill.filter(|_| element != ElementType::Bool)
        }
        _ => None,
    }
}

impl Stored {
    /// Native-endian bytes of `region`.
    pub(super) fn read(&self, region: &Region, place: &str) -> Result<Vec<u8>> {
        let bytes: ArrayBytes = self.retrieve(region, place)?;
        let fixed = bytes
            .into_fixed()
            .map_err(|e| self.fault(e.into(), place))?;
        Ok(fixed.into_owned())
    }

    /// All values, for coordinates.
    pub(super) fn read_all(&self, place: &str) -> Result<Raw> {
        let whole = Region::whole(self.array.shape());
        Ok(match self.kind {
            StoredKind::Number(_) => Raw::Bytes(self.read(&whole, place)?),
            StoredKind::Text => Raw::Text(self.read_text(&whole, place)?),
            StoredKind::Utf32(size) => {
                let bytes = self.read(&whole, place)?;
                Raw::Text(bytes.chunks_exact(size.max(4)).map(utf32).collect())
            }
        })
    }

    /// Text of `region`.
    fn read_text(&self, region: &Region, place: &str) -> Result<Vec<String>> {
        // zarrs 0.23 slices by the lengths that a vlen-utf8 chunk claims, and panics if they lie.
        let read = std::panic::AssertUnwindSafe(|| self.retrieve(region, place));
        std::panic::catch_unwind(read).unwrap_or_else(|_| {
            let what = format!("the text of /{} is damaged; obtain it again", self.path);
            Err(Error::data(place, what))
        })
    }

    fn retrieve<T: zarrs::array::FromArrayBytes>(&self, region: &Region, place: &str) -> Result<T> {
        let subset = ArraySubset::new_with_start_shape(region.start.clone(), region.shape.clone())
            .map_err(|e| Error::other(place, "cannot select a region", e))?;
        self.array
            .retrieve_array_subset(&subset)
            .map_err(|e| self.fault(e, place))
    }

    /// The shard where it is modest, else what is decoded at once; clipped to the array.
    pub(super) fn read_shape(&self) -> Vec<u64> {
        let size = self.array.data_type().fixed_size().unwrap_or(1) as u64;
        let shard = self.outer.iter().fold(size, |n, &s| n.saturating_mul(s));
        let best = if shard <= MODEST_SHARD {
            &self.outer
        } else {
            &self.inner
        };
        best.iter()
            .zip(self.array.shape())
            .map(|(b, s)| (*b).min(*s).max(1))
            .collect()
    }

    fn fault(&self, error: ArrayError, place: &str) -> Error {
        match error {
            ArrayError::StorageError(e) | ArrayError::CodecError(CodecError::StorageError(e)) => {
                storage(place, &self.path, e)
            }
            ArrayError::CodecError(
                e @ (CodecError::UnsupportedDataType(..) | CodecError::UnsupportedDataTypeCodec(_)),
            ) => Error::unsupported(place, format!("{}: {e}", self.path)),
            other => Error::data(
                place,
                format!("a chunk of /{}: {other}; obtain it again", self.path),
            ),
        }
    }
}

fn storage(place: &str, path: &str, error: StorageError) -> Error {
    match error {
        StorageError::InvalidMetadata(key, what) => Error::data(place, format!("{key}: {what}")),
        other => Error::other(place, format!("cannot read {path}"), other),
    }
}

/// Text from native-endian UTF-32, padded with zeros.
fn utf32(bytes: &[u8]) -> String {
    let units = bytes
        .chunks_exact(4)
        .map(|c| u32::from_ne_bytes([c[0], c[1], c[2], c[3]]));
    let text: String = units
        .map(|u| char::from_u32(u).unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    text.trim_end_matches('\0').to_owned()
}
