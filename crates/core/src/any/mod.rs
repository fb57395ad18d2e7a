//! Arrays of any data type, grid and version that `zarrs` reads.

mod elements;
mod zarrs_023;

use std::sync::Arc;

use serde_json::Value;

pub use elements::Elements;
use zarrs_023::Foreign;

use crate::region::{Region, offset};
use crate::selection::{Picked, Resolved};
use crate::store::Store;
use crate::{Array, Error, Result, Selection};

/// Most bytes of the box around a selection that is read through `zarrs`: 16 GiB.
const LARGEST_BOX: u64 = 16 << 30;

/// What an element without a fixed size is taken to need at least.
const VARIABLE: usize = 16;

/// An array of any type: strings, bytes, times, small floats, optional values, irregular grids, and of
/// Zarr version 2 or 3.
///
/// Arrays of fixed-size numbers on a regular grid are an [`Array`] and read as such. All others are
/// read through `zarrs`: for a selection the box around it, of which the elements are then picked.
///
/// ```
/// use std::sync::Arc;
/// use ziggurat_core::{AnyArray, Elements, Pick, Selection, store::{ObjectBackend, Store}};
///
/// let store = Arc::new(ObjectBackend::memory());
/// let document = r#"{"zarr_format": 3, "node_type": "array", "shape": [3], "data_type": "string",
///     "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [2]}},
///     "chunk_key_encoding": {"name": "default"}, "fill_value": "-", "codecs": [{"name": "vlen-utf8"}]}"#;
/// ziggurat_core::exec::block_on(store.put("names/zarr.json", document.into()))?;
/// let array = AnyArray::open(store, "names")?;
/// let (shape, names) = array.select(&Selection::from([Pick::from(1..3)]))?;
/// assert_eq!((shape, names.get(1)), (vec![2], Some(&b"-"[..])));
/// # Ok::<(), ziggurat_core::Error>(())
/// ```
#[derive(Debug)]
pub enum AnyArray {
    /// Fixed-size numbers on a regular grid.
    Numbers(Box<Array>),
    /// Anything else.
    Other(OtherArray),
}

/// An array that is read through `zarrs`.
#[derive(Debug)]
pub struct OtherArray(Box<Foreign>);

impl AnyArray {
    /// Opens the array at `path`.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none, [`Error::Data`] if its document is damaged,
    /// [`Error::Unsupported`] if `zarrs` does not read it either.
    pub fn open(store: Arc<dyn Store>, path: &str) -> Result<Self> {
        match Array::open(Arc::clone(&store), path) {
            Ok(array) => Ok(Self::Numbers(Box::new(array))),
            // Without zarr.json it may be of version 2.
            Err(first @ (Error::Unsupported { .. } | Error::NotFound { .. })) => {
                Foreign::open(store, path, first)
                    .map(|array| Self::Other(OtherArray(Box::new(array))))
            }
            Err(error) => Err(error),
        }
    }

    /// Size of each dimension.
    #[must_use]
    pub fn shape(&self) -> &[u64] {
        match self {
            Self::Numbers(array) => array.shape(),
            Self::Other(other) => other.0.shape(),
        }
    }

    /// The data type as Zarr version 3 names it: a name, or an object where it has a configuration.
    #[must_use]
    pub fn data_type(&self) -> Value {
        match self {
            Self::Numbers(array) => array.element().name().into(),
            Self::Other(other) => other.0.data_type(),
        }
    }

    /// The shape and the elements of a selection.
    ///
    /// # Errors
    /// [`Error::Caller`] if it does not fit the array, [`Error::Limit`] if the box around it is too
    /// large, [`Error::Data`] if what is stored is damaged.
    pub fn select(&self, selection: &Selection) -> Result<(Vec<u64>, Elements)> {
        match self {
            Self::Numbers(array) => {
                let found = array.select(selection)?;
                let size = array.element().size();
                let bytes = found.bytes;
                Ok((found.shape, Elements::Fixed { size, bytes }))
            }
            Self::Other(other) => select_foreign(&other.0, selection),
        }
    }
}

fn select_foreign(array: &Foreign, selection: &Selection) -> Result<(Vec<u64>, Elements)> {
    let place = array.place();
    let resolved = selection.resolve(&place, array.shape())?;
    let shape = resolved.shape();
    let lists: Vec<Vec<u64>> = match &resolved {
        Resolved::Product(dims) => {
            let asked = dims.iter().map(Picked::asked).fold(1, u64::saturating_mul);
            check(array, asked)?;
            dims.iter().map(Picked::indices).collect()
        }
        Resolved::Points(_, lists) => lists.clone(),
    };
    if shape.contains(&0) {
        return Ok((shape, array.empty()?));
    }
    let (start, size): (Vec<u64>, Vec<u64>) = lists
        .iter()
        .map(|list| {
            let first = list.iter().min().copied().unwrap_or(0);
            (first, list.iter().max().map_or(0, |last| last - first + 1))
        })
        .unzip();
    let around = Region::new(start, size);
    check(array, around.len())?;
    let read = array.read(&around)?;
    let at = |index: &[u64]| {
        let within: Vec<u64> = index
            .iter()
            .zip(&around.start)
            .map(|(i, s)| i - s)
            .collect();
        usize::try_from(offset(&within, &around.shape)).unwrap_or(usize::MAX)
    };
    let picked: Vec<usize> = match &resolved {
        Resolved::Product(_) => {
            let counts: Vec<u64> = lists.iter().map(|list| list.len() as u64).collect();
            let pick = |numbers: Vec<u64>| {
                let chosen = lists.iter().zip(&numbers);
                let index = chosen.map(|(list, &n)| list[usize::try_from(n).unwrap_or(0)]);
                at(&index.collect::<Vec<_>>())
            };
            Region::whole(&counts).indices().map(pick).collect()
        }
        Resolved::Points(count, _) => (0..*count)
            .map(|n| at(&lists.iter().map(|list| list[n]).collect::<Vec<_>>()))
            .collect(),
    };
    Ok((shape, read.pick(&picked)))
}

fn check(array: &Foreign, elements: u64) -> Result<()> {
    let size = array.element_size().unwrap_or(VARIABLE) as u64;
    let bytes = elements.saturating_mul(size);
    if bytes <= LARGEST_BOX {
        return Ok(());
    }
    let what =
        format!("{bytes} bytes in the box around a selection, more than 16 GiB; read in parts");
    Err(Error::limit(array.place(), what))
}
