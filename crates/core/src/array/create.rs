//! What the creator of an array chooses.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Array, ArrayMetadata};
use crate::codec::CodecSpec;
use crate::layout::{Layout, Targets, automatic};
use crate::store::Store;
use crate::{Attributes, ElementType, Error, Result};

/// How a new array is to be stored. Every reader finds it in the document of the array.
///
/// By default shapes are automatic, numbers little-endian in C order, and blocks compressed by
/// `zstd:3`: the profile that every tested reader reads.
///
/// ```
/// use std::sync::Arc;
/// use ziggurat_core::{CreateOptions, ElementType, store::ObjectBackend};
///
/// let options = CreateOptions {
///     expected: Some(1_000_000),
///     keep_bits: Some(12),
///     codec: "blosc-lz4:5:bitshuffle".parse()?,
///     ..CreateOptions::default()
/// };
/// let store = Arc::new(ObjectBackend::memory());
/// let mut array = options.create(store, "a", &[0], ElementType::Float32)?;
/// array.append(0, &[1.0_f32, 0.5].map(f32::to_ne_bytes).concat())?;
/// assert_eq!(array.layout().block(), [32768]);
/// # Ok::<(), ziggurat_core::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct CreateOptions {
    /// Native-endian bytes of the fill value; `None`: zero.
    pub fill: Option<Vec<u8>>,
    /// Shape of superchunks; `None`: by size, and a multiple of chunks.
    pub superchunk: Option<Vec<u64>>,
    /// Shape of chunks; `None`: by size, dividing superchunks.
    pub chunk: Option<Vec<u64>>,
    /// Shape of blocks; `None`: by size, dividing chunks.
    pub block: Option<Vec<u64>>,
    /// Sizes for the shapes that are not given.
    pub targets: Targets,
    /// How many rows there will be about, if the first dimension grows; `None`: it does not, or has no
    /// rows yet and a million is expected.
    pub expected: Option<u64>,
    /// Whether numbers are stored big-endian.
    pub big_endian: bool,
    /// Whether the elements of a block are stored in Fortran order: the first index runs fastest.
    pub fortran: bool,
    /// Bits of the mantissa that are kept; the others are rounded away, and compress to nothing.
    pub keep_bits: Option<u32>,
    /// Compressor, level and shuffle.
    pub codec: CodecSpec,
    /// Names of the dimensions.
    pub dimension_names: Option<Vec<Option<String>>>,
    /// User attributes.
    pub attributes: Attributes,
}

/// Rows that are expected of an array that has none.
const EXPECTED: u64 = 1 << 20;

impl CreateOptions {
    /// Creates an array.
    ///
    /// # Errors
    /// As [`metadata`](Self::metadata) and [`Array::create`].
    pub fn create(
        &self,
        store: Arc<dyn Store>,
        path: &str,
        shape: &[u64],
        element: ElementType,
    ) -> Result<Array> {
        let metadata = self.metadata(shape, element);
        let metadata = metadata.map_err(|e| e.at(store.place(path)))?;
        Array::create(store, path, metadata)
    }

    /// The metadata of an array of this `shape`.
    ///
    /// # Errors
    /// [`Error::Caller`] if shapes do not nest, if the fill value has not the size of an element,
    /// or if there are not so many bits to keep.
    pub fn metadata(&self, shape: &[u64], element: ElementType) -> Result<ArrayMetadata> {
        let fill = self.fill.clone();
        let fill = fill.unwrap_or_else(|| vec![0; element.size()]);
        if fill.len() != element.size() {
            let (have, want) = (fill.len(), element.size());
            let what = format!("{have} bytes of a fill value, where {element} has {want}");
            return Err(Error::caller("options", what));
        }
        let layout = self.layout(shape, element)?;
        let mut metadata = ArrayMetadata::new(shape, element, &fill, layout, &self.codec);
        metadata.codecs = self.codecs(shape.len(), element)?;
        metadata.dimension_names.clone_from(&self.dimension_names);
        metadata.attributes.clone_from(&self.attributes);
        Ok(metadata)
    }

    fn codecs(&self, rank: usize, element: ElementType) -> Result<Vec<Value>> {
        let mut codecs = Vec::new();
        if let Some(bits) = self.keep_bits {
            let most = mantissa(element).unwrap_or(0);
            if !(1..=most).contains(&bits) {
                let what = match most {
                    0 => format!("{element} has no mantissa of which bits could be kept"),
                    _ => format!("{bits} bits of the mantissa to keep, where 1 to {most} can be"),
                };
                return Err(Error::caller("options", what));
            }
            // The name by which zarr-python knows the registered codec `bitround`.
            let name = "numcodecs.bitround";
            codecs.push(json!({"name": name, "configuration": {"keepbits": bits}}));
        }
        if self.fortran && rank > 1 {
            let order: Vec<usize> = (0..rank).rev().collect();
            codecs.push(json!({"name": "transpose", "configuration": {"order": order}}));
        }
        let mut packing = self.codec.chain(element);
        if self.big_endian && element.word() > 1 {
            packing[0] = json!({"name": "bytes", "configuration": {"endian": "big"}});
        }
        codecs.append(&mut packing);
        Ok(codecs)
    }

    fn layout(&self, shape: &[u64], element: ElementType) -> Result<Layout> {
        let Some(&rows) = shape.first() else {
            return Layout::unsharded(&[]);
        };
        let given = [&self.superchunk, &self.chunk, &self.block];
        if let Some(wrong) = given.into_iter().flatten().find(|s| s.len() != shape.len()) {
            let what = format!("shape {wrong:?} in the layout of an array of shape {shape:?}");
            return Err(Error::caller("options", what));
        }
        let mut size = shape.to_vec();
        let grows = self.expected.is_some() || rows == 0;
        if grows {
            size[0] = rows.max(self.expected.unwrap_or(EXPECTED));
        }
        // Rows that come one after the other are blocks of whole rows, where those fit.
        let mut together = vec![true; shape.len()];
        together[0] = !grows;
        let sizes = automatic(&size, element.size() as u64, &together, self.targets);
        let [superchunk, chunk, block] = &sizes;
        let each = |d: usize| {
            let entry = |shape: &Option<Vec<u64>>| shape.as_ref().map(|shape| shape[d]);
            let [outer, middle, inner] = given.map(entry);
            nest([outer, middle, inner], [superchunk[d], chunk[d], block[d]])
        };
        let nested: Vec<[u64; 3]> = (0..shape.len()).map(each).collect();
        let [superchunk, chunk, block] =
            [0, 1, 2].map(|i| nested.iter().map(|n| n[i]).collect::<Vec<u64>>());
        Layout::sharded(&superchunk, &chunk, &block)
    }
}

/// Superchunk, chunk and block in one dimension: what is given stays, the rest is about as `wanted` and
/// fits, if it can.
fn nest(given: [Option<u64>; 3], wanted: [u64; 3]) -> [u64; 3] {
    let [superchunk, chunk, block] = given;
    let within = |outer: Option<u64>, multiple_of: u64, wanted: u64| match outer {
        Some(outer) => divisor(outer, multiple_of, wanted),
        None => wanted.div_ceil(multiple_of.max(1)) * multiple_of.max(1),
    };
    let chunk_or_superchunk = chunk.or(superchunk);
    let block = block.unwrap_or_else(|| within(chunk_or_superchunk, 1, wanted[2]));
    let chunk = chunk.unwrap_or_else(|| within(superchunk, block, wanted[1]));
    let superchunk = superchunk.unwrap_or_else(|| within(None, chunk, wanted[0]));
    [superchunk, chunk, block]
}

/// The largest divisor of `outer` up to `wanted` that is a multiple of `inner`; `inner` if there is none.
fn divisor(outer: u64, inner: u64, wanted: u64) -> u64 {
    let inner = inner.max(1);
    let most = wanted.min(outer) / inner;
    let found = (1..=most).rev().find(|n| outer.is_multiple_of(n * inner));
    found.map_or(inner, |n| n * inner)
}

/// Bits of the mantissa; `None` if there is none.
const fn mantissa(element: ElementType) -> Option<u32> {
    match element {
        ElementType::Float16 => Some(10),
        ElementType::Float32 | ElementType::Complex64 => Some(23),
        ElementType::Float64 | ElementType::Complex128 => Some(52),
        _ => None,
    }
}
