//! Digests: what an array holds, in a form that other programs can compute and compare.
//!
//! Any Zarr array, version 2 or 3, is decoded and hashed in C order, so a digest does not depend on
//! chunks, codecs or shards. Memory stays bounded however large the array is. Arrays of plain numbers
//! are read as the rest of the library reads them, all others by `zarrs`.

mod hash;
mod opaque;
mod slabs;
#[cfg(test)]
mod tests;
mod walk;

use std::num::NonZeroU64;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use zarrs::array::{Array, ArrayBytes, ArrayMetadata, ArrayShardedExt, ArraySubset};
use zarrs::filesystem::FilesystemStore;
use zarrs::metadata::v3::MetadataV3;
use zarrs::plugin::ExtensionName;
use ziggurat_core::store::LocalStore;
use ziggurat_core::{Array as Numbers, Error, Result};

use hash::Hash;

/// Bytes of a decoded chunk beyond which an array is refused.
const LARGEST_CHUNK: u64 = 1 << 35;

/// What an array holds.
#[derive(Clone, Debug, PartialEq)]
pub struct ArrayDigest {
    /// Size of each dimension.
    pub shape: Vec<u64>,
    /// The Zarr v3 data type: a name, or an object where the type has a configuration.
    pub data_type: Value,
    /// Lowercase hexadecimal SHA-256 of the values.
    ///
    /// Of the little-endian bytes of the elements in C order. Where elements have no fixed size it is
    /// of the text that Python's `json.dumps` prints for the flat list of them: of strings, or of
    /// lists of integers for byte strings.
    pub sha256: String,
}

/// One array below a path: where it is, and its digest or what is wrong with it.
#[derive(Debug)]
pub struct Entry {
    /// The path as it was given, and the path of the node below it.
    pub path: String,
    /// The digest.
    pub result: Result<ArrayDigest>,
}

impl Entry {
    /// `{"path", "shape", "data_type", "sha256"}`, or `{"path", "error"}`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match &self.result {
            Ok(digest) => json!({
                "path": self.path,
                "shape": digest.shape,
                "data_type": digest.data_type,
                "sha256": digest.sha256,
            }),
            Err(error) => json!({ "path": self.path, "error": chain(error) }),
        }
    }
}

/// The digests of all arrays at or below `path`, sorted by path, each computed when it is asked for.
///
/// An array is a directory with `.zarray`, or with a `zarr.json` that is not a group's. Below arrays
/// nothing is searched, nor are symbolic links followed, nor names that start with `__`, which are no
/// nodes. A path that holds no array yields nothing; one that does not exist, one error.
///
/// ```
/// use std::path::Path;
/// let entries: Vec<_> = ziggurat::digest::digest(Path::new("no/such/store")).collect();
/// assert!(entries[0].result.as_ref().is_err_and(|e| e.is_not_found()));
/// ```
pub fn digest(path: &Path) -> impl Iterator<Item = Entry> {
    walk::walk(path).into_iter().map(|(path, found)| Entry {
        result: found.and_then(|directory| guarded(&path, &directory)),
        path,
    })
}

/// As [`of_array`]; a panic, as damaged data may cause in a decoder, is an error.
fn guarded(place: &str, directory: &Path) -> Result<ArrayDigest> {
    catch_unwind(AssertUnwindSafe(|| of_array(place, directory))).unwrap_or_else(|cause| {
        let text = |c: &Box<dyn std::any::Any + Send>| {
            let text = c.downcast_ref::<&str>().map(ToString::to_string);
            text.or_else(|| c.downcast_ref::<String>().cloned())
        };
        let what = text(&cause).unwrap_or_default();
        Err(Error::data(place, format!("the decoder gave up: {what}")))
    })
}

type Cause = Box<dyn std::error::Error + Send + Sync>;

fn of_array(place: &str, directory: &Path) -> Result<ArrayDigest> {
    let unreadable = |e: Cause| Error::other(place, "cannot read the array", e);
    let store = FilesystemStore::new(directory).map_err(|e| unreadable(e.into()))?;
    let mut metadata = walk::metadata(directory)?;
    if metadata.get("zarr_format") != Some(&json!(2)) {
        // zarrs passes over unknown members and sorts codecs that are out of order.
        ziggurat_core::ArrayMetadata::check(place, &Value::Object(metadata.clone()))?;
    }
    let meant = opaque::substitute(place, &mut metadata)?;
    let metadata: ArrayMetadata =
        serde_json::from_value(metadata.into()).map_err(|e| unreadable(e.into()))?;
    let array = Array::new_with_metadata(Arc::new(store), "/", metadata)
        .map_err(|e| unreadable(e.into()))?;
    let shape = array.shape().to_vec();
    let numbers = Numbers::open(Arc::new(LocalStore::new(directory)), "").ok();
    let mut hash = Hash::new(place, array.data_type())?;
    let size = array.data_type().fixed_size();
    let chunks = if shape.contains(&0) {
        [Vec::new(), Vec::new()]
    } else {
        granularity(&array, place)?
    };
    for slab in slabs::slabs(&shape, &chunks, size) {
        if let Some(numbers) = &numbers {
            hash.update(ArrayBytes::new_flen(numbers.read(&slab)?))?;
            continue;
        }
        let subset = ArraySubset::new_with_start_shape(slab.start, slab.shape)
            .map_err(|e| unreadable(e.into()))?;
        let values: ArrayBytes<'static> = array
            .retrieve_array_subset(&subset)
            .map_err(|e| unreadable(e.into()))?;
        hash.update(values)?;
    }
    Ok(ArrayDigest {
        data_type: meant.unwrap_or_else(|| data_type(&array)),
        sha256: hash.finish(),
        shape,
    })
}

/// The shapes of the boxes that are decoded at once: a chunk, and the inner chunk of a shard.
fn granularity(array: &Array<FilesystemStore>, place: &str) -> Result<[Vec<u64>; 2]> {
    let first = vec![0; array.dimensionality()];
    let numbers = |shape: &[NonZeroU64]| shape.iter().map(|n| n.get()).collect::<Vec<_>>();
    let chunk = array
        .chunk_shape(&first)
        .map(|shape| numbers(&shape))
        .map_err(|e| Error::other(place, "cannot find the chunks", e))?;
    let inner = array
        .effective_subchunk_shape()
        .map_or_else(|| chunk.clone(), |shape| numbers(&shape));
    let size = array.data_type().fixed_size().unwrap_or(1) as u64;
    let bytes = inner.iter().fold(size, |n, &s| n.saturating_mul(s));
    if bytes > LARGEST_CHUNK {
        let what = format!("a chunk holds {bytes} bytes, more than {LARGEST_CHUNK}");
        return Err(Error::limit(place, what));
    }
    Ok([chunk, inner])
}

/// The data type as Zarr v3 metadata has it.
fn data_type(array: &Array<FilesystemStore>) -> Value {
    let converted;
    let metadata = match array.metadata() {
        ArrayMetadata::V3(metadata) => &metadata.data_type,
        ArrayMetadata::V2(_) => {
            let name = array.data_type().name_v3().unwrap_or_default();
            let configuration = array.data_type().configuration_v3();
            converted = if configuration.is_empty() {
                MetadataV3::new(name)
            } else {
                MetadataV3::new_with_configuration(name, configuration)
            };
            &converted
        }
    };
    json!(metadata)
}

/// An error and its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        // Some libraries repeat the cause in their own message.
        if !text.contains(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text
}
