//! Shapes and settings for those who do not want to choose.

use serde_json::Value;
use ziggurat_core::layout::{Targets, automatic};

use super::Configuration;

/// The shape of blocks of about 64 KiB, for a chunk of elements of `typesize` bytes.
///
/// They are as long in each dimension as possible, and nowhere longer than the chunk.
///
/// ```
/// use ziggurat_codecs::b2nd::automatic_block;
/// assert_eq!(automatic_block(&[64, 128, 128], 4), [16, 32, 32]);
/// assert_eq!(automatic_block(&[1, 1000, 50], 8), [1, 128, 50]);
/// ```
#[must_use]
pub fn automatic_block(chunk: &[u64], typesize: usize) -> Vec<u64> {
    let targets = Targets {
        block: 64 << 10,
        ..Targets::default()
    };
    let [_, _, block] = automatic(
        chunk,
        typesize.max(1) as u64,
        &vec![true; chunk.len()],
        targets,
    );
    block.iter().zip(chunk).map(|(b, c)| *b.min(c)).collect()
}

/// The `codecs` of chunks of a shape: `configuration` with [automatic](automatic_block) blocks.
#[must_use]
pub fn chain(configuration: &Configuration, chunk: &[u64], typesize: usize) -> Vec<Value> {
    let mut configuration = configuration.clone();
    configuration.block_shape = automatic_block(chunk, typesize);
    vec![configuration.to_json()]
}
