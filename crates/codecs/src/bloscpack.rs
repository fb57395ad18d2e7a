//! Bloscpack files (`.blp`): Blosc-1 chunks with a header, versions 1 to 3.
//!
//! ```text
//! header (16 bytes in version 1, else 32)
//! metadata: header of 32 bytes, text, room to grow, checksum      version 3, if the header says so
//! offsets: int64 for each chunk and for each that may be appended  version 2 and 3, if it says so
//! chunk, checksum, chunk, checksum, ...
//! ```
//!
//! A chunk is as many bytes as the header says, the last one shorter. Checksums are always of what is
//! stored, that is, of compressed bytes. All numbers are little-endian. A `NumPy` array is chunks of its
//! elements and metadata that describe it. The superchunks of bcolz are files of version 1 with one
//! chunk, and the file of the proposal of 2012, [`Version::Draft`], is of this family too.
//!
//! [`Reader`] reads bytes and elements by range, from the chunks that hold them alone; [`write()`] writes.
//! What overlaps, leaves gaps or claims more than is there is refused: what a file without checksums
//! can tell about its own damage is told.
//!
//! Source: the README of bloscpack 0.16.0, that of 0.2.1 for version 2, and files that 0.1.1, 0.2.1 and
//! 0.16.0 wrote.

mod array;
mod checksum;
mod header;
mod metadata;
mod reader;
mod writer;

pub use array::Array;
pub use checksum::Checksum;
pub use header::{Header, Version};
pub use metadata::{Metadata, MetadataOptions};
pub use reader::Reader;
pub(crate) use writer::LARGEST_CHUNK;
pub use writer::{Options, write};

/// The first bytes of every file.
pub const MAGIC: &[u8; 4] = b"blpk";
