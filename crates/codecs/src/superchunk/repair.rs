//! Making one face anew from the other.

use std::fmt;

use bytes::Bytes;
use rayon::prelude::*;
use ziggurat_core::codec::blosc::streams::Compressor;
use ziggurat_core::codec::scratch;
use ziggurat_core::store::Expected;
use ziggurat_core::{Array, Error, Result};

use super::NAME;
use super::face::{Cell, Frame, Shard, Stored};
use super::framing::Superchunk;
use super::verify::faults;
use crate::blosc2::{Chunk, Content};

/// One of the two ways to read a superchunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    /// By the shard index.
    Zarr,
    /// By the frame.
    Blosc2,
}

/// What [`repair`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repaired {
    /// The face that could be read, from which the other was made.
    pub from: Face,
    /// Blocks whose encoding stayed as it is.
    pub kept: usize,
    /// Blocks that were decoded and encoded anew, as the other face could not express them.
    pub encoded: usize,
    /// Metalayers of the frame that are lost: an array keeps its attributes in `zarr.json`.
    pub dropped: Vec<String>,
}

impl fmt::Display for Repaired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let made = match self.from {
            Face::Zarr => "frame made anew from the shard",
            Face::Blosc2 => "index made anew from the frame",
        };
        let Self { kept, encoded, .. } = self;
        write!(f, "{made}: {kept} blocks kept, {encoded} encoded anew")?;
        match self.dropped.is_empty() {
            true => Ok(()),
            false => write!(f, ", metalayers dropped: {}", self.dropped.join(", ")),
        }
    }
}

/// Makes both faces of a superchunk right, if one of them can be read, and says what was done; `None`, and
/// nothing is written, if they are.
///
/// After another program changed the frame, the shard is made from it; after one wrote the shard, or the
/// array was resized by one, the frame is. Blocks stay as they are encoded where both can express that. The file is
/// replaced at once. One encoded superchunk is held, and what is made of it.
///
/// # Errors
/// [`Error::Data`] if neither face can be read, [`Error::Conflict`] if both can and differ, or the file
/// changes meanwhile; [`Error::Caller`] for an array of another layout; those of the store.
pub fn repair(array: &Array, superchunk: &[u64]) -> Result<Option<Repaired>> {
    if array.metadata().framing.as_deref() != Some(NAME) {
        let what = format!("its layout is not {NAME:?}: it has no frames to repair");
        return Err(Error::caller(array.place(), what));
    }
    let framing = Superchunk::new(array.metadata()).map_err(|e| e.at(array.place()))?;
    let Some(stored) = Stored::read(array, superchunk)? else {
        return Ok(None);
    };
    if faults(&stored).is_empty() {
        return Ok(None);
    }
    let (blocks, mut done) = match (of_shard(&stored, &framing), of_frame(&stored, &framing)) {
        (Ok(blocks), Err(_)) => (blocks, Repaired::of(Face::Zarr)),
        (Err(_), Ok((blocks, dropped))) => {
            let done = Repaired::of(Face::Blosc2);
            (blocks, Repaired { dropped, ..done })
        }
        (Ok(_), Ok(_)) => {
            let what = "both of its faces can be read, and have not the same values; which are right \
                        is not known: write them again";
            return Err(Error::conflict(stored.place, what));
        }
        (Err(shard), Err(frame)) => {
            let what = format!("it cannot be read as Zarr ({shard}), nor as Blosc2 ({frame})");
            return Err(Error::data(stored.place, what));
        }
    };
    let mut writer = array.superchunk_writer(superchunk);
    for (block, found) in blocks {
        match found {
            Block::Fill => writer.set(&block, None),
            Block::Kept(bytes) => {
                done.kept += 1;
                writer.set(&block, Some(bytes));
            }
            Block::Encoded(bytes) => {
                done.encoded += 1;
                writer.set(&block, Some(bytes));
            }
        }
    }
    if writer.finish_if(&Expected::Version(stored.version))? {
        return Ok(Some(done));
    }
    let what = "another changed it meanwhile; repair it again";
    Err(Error::conflict(stored.place, what))
}

impl Repaired {
    fn of(face: Face) -> Self {
        Self {
            from: face,
            kept: 0,
            encoded: 0,
            dropped: Vec::new(),
        }
    }
}

/// What becomes of a block.
enum Block {
    Fill,
    Kept(Bytes),
    Encoded(Bytes),
}

/// Blocks by their index in the array.
type Blocks = Vec<(Vec<u64>, Block)>;

/// The blocks of the shard.
fn of_shard(stored: &Stored<'_>, framing: &Superchunk) -> Result<Blocks> {
    let shard = Shard::of(stored)?;
    each(stored, |cell, out, blocks| {
        for (block, position) in &cell.blocks {
            let fault = |e| stored.fault(block, e);
            shard.decode(*position, out).map_err(fault)?;
            let encoded = shard.encoded(*position).map_err(fault)?;
            blocks.push((block.clone(), remade(stored, framing, encoded, out)?));
        }
        Ok(())
    })
}

/// The blocks of the frame, and the names of what else is in it.
fn of_frame(stored: &Stored<'_>, framing: &Superchunk) -> Result<(Blocks, Vec<String>)> {
    let frame = Frame::of(stored)?;
    let blocks = each(stored, |cell, out, blocks| {
        let Some(chunk) = frame.chunk(stored, cell)? else {
            return Ok(());
        };
        for (number, (block, _)) in cell.blocks.iter().enumerate() {
            let fault = |e| stored.fault(block, e);
            frame.decode(&chunk, number, out).map_err(fault)?;
            let encoded = stream(&chunk, number)
                .map_err(fault)?
                .filter(|bytes| decodes_to(stored.array, bytes, out));
            blocks.push((block.clone(), remade(stored, framing, encoded, out)?));
        }
        Ok(())
    })?;
    let inner = frame.array.frame();
    let layers = inner.header().metalayers.iter().map(|(name, _)| name);
    let own = frame.array.layout().name();
    let others = layers.filter(|name| *name != own);
    let dropped = others.chain(inner.vlmetalayer_names());
    Ok((blocks, dropped.map(str::to_owned).collect()))
}

/// What `work` makes of each chunk, in parallel; it is given memory for a block.
fn each(
    stored: &Stored<'_>,
    work: impl Fn(&Cell, &mut [u8], &mut Blocks) -> Result<()> + Sync,
) -> Result<Blocks> {
    let work = |cell: &Cell| {
        let mut blocks = Blocks::new();
        scratch::with_bytes(stored.array.codec().decoded_size(), |out| {
            work(cell, out, &mut blocks)
        })?;
        Ok(blocks)
    };
    let chunks: Vec<Blocks> = stored.cells().par_iter().map(work).collect::<Result<_>>()?;
    Ok(chunks.into_iter().flatten().collect())
}

/// What becomes of a block of these elements, which may be `encoded` already.
fn remade(
    stored: &Stored<'_>,
    framing: &Superchunk,
    encoded: Option<Bytes>,
    elements: &[u8],
) -> Result<Block> {
    let codec = stored.array.codec();
    if codec.is_fill(elements) {
        return Ok(Block::Fill);
    }
    if let Some(bytes) = encoded.filter(|bytes| framing.holds(bytes.len())) {
        return Ok(Block::Kept(bytes));
    }
    let encoded = codec.encode(&stored.place, elements)?;
    Ok(encoded.map_or(Block::Fill, Block::Encoded))
}

/// The stream of a block, if it is one that the codec of a shard may decode too.
fn stream(chunk: &Chunk<'_>, number: usize) -> Result<Option<Bytes>> {
    let header = chunk.index().header();
    let alike = header.content == Content::Blocks
        && header.compressor == Compressor::Zstd
        && header.filters.iter().next().is_none()
        && (header.unsplit || header.typesize == 1);
    if !alike {
        return Ok(None);
    }
    let stored = Bytes::from(chunk.stored_block(number)?);
    // Zeros, runs and copies have other lengths than a stream.
    let length = stored
        .first_chunk()
        .and_then(|length| usize::try_from(i32::from_le_bytes(*length)).ok())
        .filter(|&n| n > 0 && n != header.block_size(number) && n <= stored.len() - 4);
    Ok(length.map(|n| stored.slice(4..4 + n)))
}

fn decodes_to(array: &Array, bytes: &[u8], elements: &[u8]) -> bool {
    scratch::with_bytes(elements.len(), |out| {
        array.codec().decode_into("", bytes, out).is_ok() && out == elements
    })
}
