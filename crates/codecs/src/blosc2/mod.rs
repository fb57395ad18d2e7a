//! Blosc2.
mod chunk;
mod codec;
mod encode;
mod header;
mod metalayers;
mod msgpack;
mod pipeline;
mod special;
mod streams;

pub use chunk::{ChunkIndex, decode};
pub use codec::{Filter, Filters};
pub use encode::{Encoder, Split};
pub use header::{Content, EXTENDED, Header, LARGEST, SHORT};
pub use metalayers::{MAX_METALAYERS, MAX_VLMETALAYERS, Metalayers};
pub use special::Special;
pub use ziggurat_core::codec::blosc::streams::Compressor;
