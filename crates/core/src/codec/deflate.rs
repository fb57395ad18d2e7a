//! Deflate (RFC 1951), bare or within zlib (RFC 1950), with one context per thread.

use std::cell::RefCell;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use crate::{Error, Result};

thread_local! {
    static COMPRESSOR: RefCell<Option<(u32, Compress)>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompress>> = const { RefCell::new(None) };
}

/// Appends `block` as one bare deflate stream.
pub(super) fn deflate(level: u32, block: &[u8], out: &mut Vec<u8>) -> Result<()> {
    COMPRESSOR.with_borrow_mut(|slot| {
        let context = match slot {
            Some((of, context)) if *of == level => context,
            _ => {
                &mut slot
                    .insert((level, Compress::new(Compression::new(level), false)))
                    .1
            }
        };
        context.reset();
        // Stored blocks cost 5 bytes in 64 KiB at most; this is room for more than that.
        out.reserve(block.len() + block.len() / 64 + 64);
        loop {
            let taken = usize::try_from(context.total_in()).unwrap_or(block.len());
            match context.compress_vec(&block[taken..], out, FlushCompress::Finish) {
                Ok(Status::StreamEnd) => return Ok(()),
                Ok(_) => out.reserve(4096),
                Err(e) => return Err(Error::other("", "cannot deflate a block", e)),
            }
        }
    })
}

/// Decodes one stream from the start of `bytes` to the start of `out`.
///
/// Returns how many bytes it took and how many it made. A stream that makes more than `out` holds is
/// an error.
pub(super) fn inflate(zlib: bool, bytes: &[u8], out: &mut [u8]) -> Result<(usize, usize)> {
    let damaged = |what: &str| Error::data("", format!("cannot inflate a block: {what}"));
    DECOMPRESSOR.with_borrow_mut(|slot| {
        let context = slot.get_or_insert_with(|| Decompress::new(zlib));
        context.reset(zlib);
        let (mut taken, mut made) = (0, 0);
        loop {
            // The end of a stream may be found only when asked for one byte more.
            let mut beyond = [0];
            let full = made == out.len();
            let room = if full { &mut beyond } else { &mut out[made..] };
            let status = context
                .decompress(&bytes[taken..], room, FlushDecompress::Finish)
                .map_err(|e| damaged(&e.to_string()))?;
            let before = (taken, made);
            taken = usize::try_from(context.total_in()).unwrap_or(usize::MAX);
            made = usize::try_from(context.total_out()).unwrap_or(usize::MAX);
            if made > out.len() {
                return Err(damaged(&format!("more than {} bytes", out.len())));
            }
            match status {
                Status::StreamEnd => return Ok((taken, made)),
                _ if before == (taken, made) && full => return Err(damaged("it has no end")),
                _ if before == (taken, made) => return Err(damaged("it is cut off")),
                _ => {}
            }
        }
    })
}
