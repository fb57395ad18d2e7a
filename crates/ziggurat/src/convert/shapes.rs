//! Chunk and block shapes of a target.

use ziggurat_core::layout::{Layout, Targets, automatic};
use ziggurat_core::{Attributes, Axis, Dimension, ElementType, Error, Region, Result, Variable};
use ziggurat_pyramid::{self as pyramid, Size};

use super::{Description, Options};

/// Largest block that is taken over from a source: what is decoded alone should stay in a cache.
const LARGEST_BLOCK: u64 = 4 << 20;

/// Bytes of a row: of all elements at one index of the first dimension.
pub(super) fn row(shape: &[u64], size: usize) -> u64 {
    let within = Region::whole(shape.get(1..).unwrap_or_default());
    within.len().saturating_mul(size as u64)
}

/// The boxes of elements in one sequence: so many whole rows, or as much of a long row as a MiB holds.
pub(super) fn of_sequence(shape: &[u64], size: usize, rows: u64) -> Vec<u64> {
    let row = row(shape, size);
    let mut chunk: Vec<u64> = shape.iter().map(|&n| n.max(1)).collect();
    if row <= LARGEST_BLOCK {
        if let Some(first) = chunk.first_mut() {
            *first = rows.clamp(1, *first);
        }
        return chunk;
    }
    let mut room = (1 << 20) / size.max(1) as u64;
    for n in chunk.iter_mut().rev() {
        *n = (*n).min(room.max(1));
        room /= *n;
    }
    chunk
}

/// Superchunks of whole `chunk`s that follow one another in C order, as many as 64 MiB hold.
fn of_chunks(shape: &[u64], size: u64, chunk: &[u64]) -> Vec<u64> {
    let mut room =
        Targets::default().superchunk / Region::whole(chunk).len().saturating_mul(size).max(1);
    let mut superchunk = chunk.to_vec();
    for (n, &whole) in superchunk.iter_mut().zip(shape).rev() {
        let times = whole.div_ceil(*n).clamp(1, room.max(1));
        *n *= times;
        room /= times;
    }
    superchunk
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
    let superchunk = match (&options.superchunk, &chunk) {
        (Size::Auto, Size::Shape(chunk)) if chunk.len() == shape.len() && !chunk.contains(&0) => {
            Size::Shape(of_chunks(shape, size, chunk))
        }
        (superchunk, _) => given(superchunk, auto.superchunk),
    };
    let choice = pyramid::Options {
        block,
        chunk,
        superchunk,
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
    // Where nothing is, something will be.
    let room = shape.iter().zip(layout.superchunk());
    let room: Vec<u64> = room.map(|(&n, &s)| if n == 0 { s } else { n }).collect();
    Ok(match options.framing {
        None => layout.clipped(&room),
        // A framing may not take blocks of any size.
        Some(_) => layout.clipped_to_blocks(&room),
    })
}

/// Chunk and block of a Blosc2 array: as [`layout`] where something is said, else those of the source, which need
/// not nest; nothing is larger than the array.
pub(super) fn chunk_and_block(of: &Description, options: &Options) -> Result<(Vec<u64>, Vec<u64>)> {
    let (mut chunk, mut block) = (of.chunk.clone(), of.block.clone());
    if options.chunk.is_some() || options.block.is_some() {
        let layout = layout(of, options)?;
        (chunk, block) = (layout.chunk().to_vec(), layout.block().to_vec());
    }
    let clip = |cells: &[u64], by: &[u64]| -> Vec<u64> {
        let pairs = cells.iter().zip(by);
        pairs
            .map(|(&c, &n)| if n == 0 { c } else { c.min(n) })
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
