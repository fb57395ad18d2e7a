//! Chunk and block shapes of a target.

use ziggurat_core::layout::{Layout, Targets, automatic};
use ziggurat_core::{Attributes, Axis, Dimension, ElementType, Error, Region, Result, Variable};
use ziggurat_pyramid::{self as pyramid, Size};

use super::{Description, Options};

/// Largest block that is taken over from a source: what is decoded alone should stay in a cache.
const LARGEST_BLOCK: u64 = 4 << 20;

/// The boxes of a sequence of elements: whole rows, about `bytes` in a chunk, unless one row is long.
pub(super) fn of_rows(shape: &[u64], size: usize, rows: u64) -> Vec<u64> {
    let row: u64 = shape
        .iter()
        .skip(1)
        .product::<u64>()
        .saturating_mul(size as u64);
    let mut chunk: Vec<u64> = shape.iter().map(|&n| n.max(1)).collect();
    if let Some(first) = chunk.first_mut() {
        *first = rows.clamp(1, *first);
    }
    match row > LARGEST_BLOCK {
        true => of_any(shape, size),
        false => chunk,
    }
}

/// The boxes of an array that has none of its own.
pub(super) fn of_any(shape: &[u64], size: usize) -> Vec<u64> {
    let targets = Targets::default();
    let [_, chunk, _] = automatic(shape, size.max(1) as u64, &vec![true; shape.len()], targets);
    chunk
}

/// Superchunks, chunks and blocks of a Zarr array.
///
/// What `options` say stands; what they do not say is as in the source, a chunk enlarged to whole blocks, and a
/// block that nothing decodes alone, because it is the whole chunk and large, is cut.
pub(super) fn layout(of: &Description, options: &Options) -> Result<Layout> {
    let (shape, size) = (&of.shape, of.dtype.size().max(1) as u64);
    let bytes = |cells: &[u64]| Region::whole(cells).len().saturating_mul(size);
    // Cells are counted as bytes, so that elements of any size are.
    let given = |given: &Size, auto: u64| match given {
        Size::Shape(cells) => Size::Shape(cells.clone()),
        Size::Bytes(bytes) => Size::Bytes(bytes / size),
        Size::Auto => Size::Bytes(auto / size),
    };
    let auto = Targets::default();
    let block = match &options.block {
        Some(block) => given(block, auto.block),
        None if bytes(&of.block) <= LARGEST_BLOCK && options.chunk.is_none() => {
            Size::Shape(of.block.clone())
        }
        None => given(&Size::Auto, auto.block),
    };
    let chunk = match (&options.chunk, &block) {
        (Some(chunk), _) => given(chunk, auto.chunk),
        (None, Size::Shape(block)) if block.len() == shape.len() && !block.contains(&0) => {
            let cells = of.chunk.iter().zip(block);
            Size::Shape(cells.map(|(c, b)| c.div_ceil(*b).max(1) * b).collect())
        }
        (None, _) => Size::Shape(of.chunk.clone()),
    };
    let choice = pyramid::Options {
        block,
        chunk,
        superchunk: given(&options.superchunk, auto.superchunk),
        unsharded: options.unsharded,
        ..pyramid::Options::default()
    };
    let dims = shape.iter().enumerate();
    let variable = Variable {
        name: "the array".to_owned(),
        element: ElementType::UInt8,
        dims: dims
            .map(|(d, &n)| Dimension::new(format!("dim_{d}"), n, Axis::Other))
            .collect(),
        nodata: None,
        fill: None,
        attributes: Attributes::new(),
        crs: None,
        transform: None,
    };
    let layout = choice.layout_of(&variable, &vec![2; shape.len()])?;
    Ok(layout.clipped(shape))
}

/// Chunk and block of a Blosc2 array: as [`layout`] where something is said, else those of the source, which need
/// not nest; nothing is larger than the array.
pub(super) fn chunk_and_block(of: &Description, options: &Options) -> Result<(Vec<u64>, Vec<u64>)> {
    let (chunk, block) = match (&options.chunk, &options.block) {
        (None, None) => (of.chunk.clone(), of.block.clone()),
        _ => {
            let layout = layout(of, options)?;
            (layout.chunk().to_vec(), layout.block().to_vec())
        }
    };
    let clip = |cells: &[u64], by: &[u64]| -> Vec<u64> {
        cells
            .iter()
            .zip(by)
            .map(|(c, n)| (*c).min((*n).max(1)))
            .collect()
    };
    let chunk = clip(&chunk, &of.shape);
    let block = clip(&block, &chunk);
    let bytes = Region::whole(&chunk)
        .len()
        .saturating_mul(of.dtype.size() as u64);
    if bytes > 1 << 30 {
        let what = format!(
            "chunks of {bytes} bytes, which Blosc2 has not; give smaller ones with --chunk"
        );
        return Err(Error::limit(format!("chunk {chunk:?}"), what));
    }
    Ok((chunk, block))
}
