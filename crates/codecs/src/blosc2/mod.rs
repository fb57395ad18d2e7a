//! Blosc2.
mod chunk;
mod codec;
mod encode;
mod frame;
mod header;
mod metalayers;
mod msgpack;
mod nd;
mod pipeline;
mod source;
mod special;
mod streams;

pub use chunk::{ChunkIndex, decode};
pub use codec::{Filter, Filters};
pub use encode::{Encoder, Split};
pub use frame::{
    Chunk, Contiguous, Frame, FrameHeader, FrameWriter, Kind, Pipeline, Place, Sparse, Target,
};
pub use header::{Content, EXTENDED, Header, LARGEST, SHORT};
pub use metalayers::{MAX_METALAYERS, MAX_VLMETALAYERS, Metalayers};
pub use nd::{B2nd, NdLayout, NdWriter, Resize};
pub use source::ReadAt;
pub use special::Special;
pub use ziggurat_core::codec::blosc::streams::Compressor;
