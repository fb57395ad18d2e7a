//! Frames: the chunks of a superchunk, in one file or in a directory.
//!
//! A contiguous frame is header, chunks, offsets, trailer. A sparse one is a directory of files, of which
//! `chunks.b2frame` has header, offsets and trailer, and `0000000A.chunk` has the chunk of that number.
//! Source: `README_CFRAME_FORMAT.rst`, `README_SFRAME_FORMAT.rst` of C-Blosc2, and files it wrote.

mod header;
mod offsets;
mod read;
mod trailer;
mod write;

pub(super) use header::MAX_CHUNKS;
pub use header::{FrameHeader, Kind, Pipeline};
pub use offsets::Place;
pub use read::{Chunk, Frame};
pub(crate) use write::ends;
pub use write::{Contiguous, FrameWriter, Sparse, Target};

/// The place that errors name.
const PLACE: &str = "blosc2 frame";

/// The file of a sparse frame that is not of a chunk.
pub(super) const INDEX: &str = "chunks.b2frame";

/// The file of chunk `number` of a sparse frame.
pub(super) fn chunk_file(number: u64) -> String {
    format!("{number:08X}.chunk")
}
