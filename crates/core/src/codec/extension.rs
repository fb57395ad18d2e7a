//! Codecs that other crates bring.
//!
//! This crate knows the codecs of Zarr. One of a container of its own, say Blosc2, is an [`Extension`]
//! that is registered under its name; arrays then use it for their blocks.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock};

use serde_json::Value;

use crate::region::{Region, strides};
use crate::{ElementType, Error, Result};

/// An array-to-bytes codec for blocks of one shape and element type.
///
/// Elements are native-endian bytes in C order. Nothing here reads from a store: what is needed is said
/// by [`Parted`], fetched elsewhere, and given back to be decoded.
pub trait Extension: Debug + Send + Sync {
    /// Appends the encoding of `block`.
    ///
    /// # Errors
    /// If the codec refuses the elements.
    fn encode_into(&self, block: &[u8], out: &mut Vec<u8>) -> Result<()>;

    /// Decodes `bytes` into `out`, which has the size of a block.
    ///
    /// # Errors
    /// [`Error::Data`] if the bytes are damaged or decode to another size.
    fn decode_into(&self, bytes: &[u8], out: &mut [u8]) -> Result<()>;

    /// How parts of a block are decoded alone; `None` if only whole blocks are.
    fn parted(&self) -> Option<&dyn Parted>;
}

/// A codec that decodes parts of a block without the others.
///
/// Parts are boxes of one shape that cover the block as chunks cover an array: in C order, cut off at
/// its edge.
pub trait Parted: Debug + Send + Sync {
    /// Shape of a part.
    fn shape(&self) -> &[u64];

    /// How many of the first bytes of an encoded block say where its parts lie. It may be shorter.
    fn front(&self) -> usize;

    /// Finds the parts that hold what is `wanted`, in an encoding of `length` bytes of which `front` are
    /// the first.
    ///
    /// `wanted` are regions of the block in the order of the parts, at most one of each part and
    /// within it.
    ///
    /// # Errors
    /// [`Error::Data`] if the front is damaged.
    fn locate(&self, front: &[u8], length: u64, wanted: &[Region]) -> Result<Box<dyn Located>>;
}

/// The parts of one encoded block that hold what is wanted of it.
pub trait Located: Debug + Send + Sync {
    /// The bytes of the encoded block that each part takes; empty where its elements need none.
    ///
    /// There may be more parts than were wanted, if one is needed to decode the others.
    fn extents(&self) -> &[Range<u64>];

    /// Decodes part `n` from the bytes of its extent and puts those of its elements that are wanted
    /// where they belong in `out`: an array of the box `within` of the block, which holds all that is
    /// wanted.
    ///
    /// Each part is decoded once, in order: one may refer to an earlier one. The rest of `out` stays
    /// as it is.
    ///
    /// # Errors
    /// [`Error::Data`] if the bytes are damaged.
    fn decode(&mut self, n: usize, bytes: &[u8], within: &Region, out: &mut [u8]) -> Result<()>;
}

/// Makes a codec from its `configuration`, for the array at a place, blocks of a shape and a type.
pub type MakeExtension = fn(
    place: &str,
    configuration: &Value,
    ElementType,
    shape: &[u64],
) -> Result<Arc<dyn Extension>>;

static KNOWN: RwLock<BTreeMap<&'static str, MakeExtension>> = RwLock::new(BTreeMap::new());

/// Makes a codec known by the name that `zarr.json` gives it. Doing so again changes nothing.
pub fn register(name: &'static str, make: MakeExtension) {
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    known.insert(name, make);
}

/// The registered codec of `name`.
pub(super) fn find(name: &str) -> Option<MakeExtension> {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    known.get(name).copied()
}

/// Finds what is `wanted` in an encoding of `length` bytes that begins with `bytes`. No part of it
/// lies beyond the end.
pub(crate) fn locate(
    codec: &dyn Parted,
    bytes: &[u8],
    length: u64,
    wanted: &[Region],
) -> Result<Box<dyn Located>> {
    let front = &bytes[..bytes.len().min(codec.front())];
    let located = codec.locate(front, length, wanted)?;
    let within = |extent: &Range<u64>| extent.start <= extent.end && extent.end <= length;
    match located.extents().iter().all(within) {
        true => Ok(located),
        false => Err(Error::data("", "a part of a block lies beyond its end")),
    }
}

/// The bytes of each part in `encoded`, the whole block in which it was located.
#[allow(
    clippy::cast_possible_truncation,
    reason = "what lies within memory can be addressed"
)]
pub(crate) fn pieces<'b>(located: &dyn Located, encoded: &'b [u8]) -> Vec<&'b [u8]> {
    let piece = |extent: &Range<u64>| &encoded[extent.start as usize..extent.end as usize];
    located.extents().iter().map(piece).collect()
}

/// Decodes the parts from their bytes into an array of the box `within` of the block.
pub(crate) fn decode(
    mut located: Box<dyn Located>,
    pieces: &[impl AsRef<[u8]>],
    within: &Region,
    out: &mut [u8],
) -> Result<()> {
    let mut pieces = pieces.iter().enumerate();
    pieces.try_for_each(|(n, piece)| located.decode(n, piece.as_ref(), within, out))
}

/// Decodes at least these `elements` of the encoded block `bytes` of a `shape` into `block`.
pub(super) fn decode_span(
    codec: &dyn Parted,
    shape: &[u64],
    bytes: &[u8],
    elements: Range<usize>,
    block: &mut [u8],
) -> Result<()> {
    if elements.is_empty() {
        return Ok(());
    }
    let around = around(shape, elements.start as u64, elements.end as u64 - 1);
    let part = codec.shape();
    let cells = around.cells(part).indices();
    let wanted: Vec<Region> = cells
        .filter_map(|index| Region::of_cell(&index, part).intersect(&around))
        .collect();
    let located = locate(codec, bytes, bytes.len() as u64, &wanted)?;
    let pieces = pieces(&*located, bytes);
    decode(located, &pieces, &Region::whole(shape), block)
}

/// The box around the elements from `first` to `last` in C order.
fn around(shape: &[u64], first: u64, last: u64) -> Region {
    let strides = strides(shape);
    let index = |element: u64| -> Vec<u64> {
        let dims = strides.iter().zip(shape);
        dims.map(|(stride, size)| element / stride % size).collect()
    };
    let (mut start, mut end) = (index(first), index(last));
    let differ = start.iter().zip(&end).position(|(a, b)| a != b);
    for d in differ.map_or(0..0, |d| d + 1..shape.len()) {
        (start[d], end[d]) = (0, shape[d] - 1);
    }
    let shape: Vec<u64> = start.iter().zip(&end).map(|(a, b)| b - a + 1).collect();
    Region::new(start, shape)
}

/// How the codec of another crate is given on the command line.
#[derive(Clone, Copy, Debug)]
pub struct ShortForm {
    /// What may be written, for messages.
    pub usage: &'static str,
    /// The element of `codecs` that a text stands for, not yet fit for blocks of a shape.
    pub parse: fn(&str) -> Option<Value>,
    /// The text that stands for an element of `codecs`, whatever blocks it is fit for.
    pub print: fn(&Value) -> Option<String>,
    /// The same element of `codecs`, fit for blocks of an element type and a shape.
    pub fit: fn(&Value, ElementType, &[u64]) -> Value,
}

static SHORT: RwLock<BTreeMap<&'static str, ShortForm>> = RwLock::new(BTreeMap::new());

/// Makes the short form of a codec known; texts of it begin with `name`. Doing so again changes nothing.
pub fn register_short(name: &'static str, form: ShortForm) {
    let mut known = SHORT.write().unwrap_or_else(PoisonError::into_inner);
    known.insert(name, form);
}

/// The short form of the codec `name`.
pub(super) fn short(name: &str) -> Option<ShortForm> {
    let known = SHORT.read().unwrap_or_else(PoisonError::into_inner);
    known.get(name).copied()
}

/// What may be written of all short forms.
pub(super) fn usages() -> Vec<&'static str> {
    let known = SHORT.read().unwrap_or_else(PoisonError::into_inner);
    known.values().map(|form| form.usage).collect()
}
