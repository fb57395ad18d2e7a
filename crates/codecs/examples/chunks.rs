//! The elements of the chunks of a Blosc2 frame, or of a chunk alone, one after the other.
//!
//! ```text
//! chunks FRAME-OR-CHUNK ELEMENTS
//! ```

use std::fs;

use ziggurat_codecs::blosc2::{Frame, FrameHeader, decode};
use ziggurat_core::Error;

/// Largest chunk that is decoded.
const LIMIT: usize = 1 << 30;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [input, output] = &arguments[..] else {
        return Err("usage: chunks FRAME-OR-CHUNK ELEMENTS".into());
    };
    let bytes = fs::read(input)?;
    let is_frame = !matches!(FrameHeader::length(&bytes), Err(Error::Data { .. }));
    let elements = if is_frame {
        let frame = Frame::open(input)?;
        let chunks = (0..frame.header().chunks()).map(|n| frame.chunk(n)?.decode());
        chunks.collect::<Result<Vec<_>, _>>()?.concat()
    } else {
        decode(&bytes, LIMIT)?
    };
    Ok(fs::write(output, elements)?)
}
