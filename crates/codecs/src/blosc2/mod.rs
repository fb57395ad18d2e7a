//! Blosc2: chunks, frames and arrays of C-Blosc2, its ancestor Blosc 1 and its child Caterva.
//!
//! | | is | here |
//! |---|---|---|
//! | chunk | elements in *blocks*, each filtered, split into streams and compressed alone | [`Header`], [`ChunkIndex`], [`Encoder`] |
//! | frame | a superchunk: chunks, where they are, and *metalayers*, which are named bytes | [`Frame`], [`FrameWriter`], [`Metalayers`] |
//! | array | a frame with the metalayer `b2nd` (or `caterva`), which gives chunks and blocks a shape | [`NdLayout`], [`B2nd`], [`NdWriter`], [`Resize`] |
//!
//! Which bytes of a chunk a block needs ([`ChunkIndex::extent`]), fetching them, and decoding them
//! ([`ChunkIndex::decode_block`]) are three things: the first and the last know no file.
//!
//! Read are blosclz, lz4, lz4hc, snappy, zlib and zstd; shuffle, bitshuffle, delta and truncated
//! precision; split and unsplit streams; special and copied chunks; gaps between chunks. All of that but
//! blosclz and snappy is written too. Refused by name: dictionaries, plugins, chunks or blocks of
//! different sizes.
//!
//! Nothing here panics on foreign bytes. Sizes that they claim are compared with what is there, or with
//! limits: 2 GiB for a chunk, 16 million chunks, 64 MiB for a header, 256 MiB for a trailer.
//!
//! Source: `README_CHUNK_FORMAT.rst`, `README_CFRAME_FORMAT.rst`, `README_SFRAME_FORMAT.rst` and
//! `README_B2ND_METALAYER.rst` of C-Blosc2 3.3, and files that it and Caterva 0.7.3 wrote.

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
pub(crate) use encode::Blocks;
pub use encode::{Encoder, Split};
pub(crate) use frame::ends;
pub use frame::{
    Chunk, Contiguous, Frame, FrameHeader, FrameWriter, Kind, Pipeline, Place, Sparse, Target,
};
pub(crate) use header::{BLOSC2, LARGEST_BLOCK};
pub use header::{Content, EXTENDED, Header, LARGEST, SHORT};
pub use metalayers::{MAX_METALAYERS, MAX_VLMETALAYERS, Metalayers};
pub use nd::{B2nd, NdLayout, NdWriter, Resize};
pub(crate) use pipeline::truncate;
pub use source::ReadAt;
pub use special::Special;
pub use ziggurat_core::codec::blosc::streams::Compressor;
