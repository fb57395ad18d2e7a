//! How an array is read, where the defaults do not fit.

use std::time::Duration;

/// What trades requests against bytes, memory and age when an array is read.
///
/// ```
/// use ziggurat_core::ReadOptions;
/// let near = ReadOptions { gap: 4 << 10, ..ReadOptions::default() };
/// assert_eq!(near.concurrency, 16);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadOptions {
    /// Blocks of one superchunk that are at most this many bytes apart are fetched together.
    /// Default 64 KiB: what a fast network transfers in a fraction of a round trip. Of a block that is
    /// decoded in parts, those are fetched alone if the others are several times as many bytes.
    /// Files are read block by block, and parts that are 8 KiB apart together.
    pub gap: u64,
    /// No request fetches more bytes than this for more than one block. Default 16 MiB.
    pub request: u64,
    /// Requests of one read that wait for an answer at a time. Default 16.
    pub concurrency: usize,
    /// Bytes of the indices of superchunks that an array remembers. Default 16 MiB.
    pub index_bytes: usize,
    /// Reads that decode fewer bytes than this run on the calling thread: waking others costs more
    /// than it brings. Default 1 MiB.
    pub serial: usize,
    /// How long a superchunk of an object store that was seen is taken to be as it was when a read
    /// has nothing to fetch of it, because it or the blocks are absent. What is fetched or cached is
    /// always checked, and files always are. Default 100 ms.
    pub trust: Duration,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            gap: 64 << 10,
            request: 16 << 20,
            concurrency: 16,
            index_bytes: 16 << 20,
            serial: 1 << 20,
            trust: Duration::from_millis(100),
        }
    }
}
