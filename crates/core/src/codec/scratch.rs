//! Memory that a thread uses again from block to block.

use std::cell::RefCell;

/// What a thread keeps between blocks, at most, in one buffer. More is given back.
const KEPT: usize = 16 << 20;

thread_local! {
    /// Idle buffers; there are as many as were ever in use inside one another.
    static IDLE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// Calls `work` with an empty buffer that may have capacity left from earlier blocks.
pub fn with_buffer<R>(work: impl FnOnce(&mut Vec<u8>) -> R) -> R {
    with(|buffer| {
        buffer.clear();
        work(buffer)
    })
}

/// Where bytes start within their page. Large buffers start where a page does; some processors copy
/// between buffers that start alike at a third of their speed (lz4 blocks of `float32` were encoded
/// at 2.5 GB/s instead of 3.7).
const SKEW: usize = 2048;

/// Calls `work` with `length` bytes of any content.
pub fn with_bytes<R>(length: usize, work: impl FnOnce(&mut [u8]) -> R) -> R {
    with(|buffer| {
        if buffer.len() < SKEW + length {
            // What was there is not copied, and zeros cost nothing until they are touched.
            *buffer = vec![0; SKEW + length];
        }
        work(&mut buffer[SKEW..][..length])
    })
}

fn with<R>(work: impl FnOnce(&mut Vec<u8>) -> R) -> R {
    let mut buffer = IDLE.with_borrow_mut(Vec::pop).unwrap_or_default();
    let result = work(&mut buffer);
    if buffer.capacity() <= KEPT {
        IDLE.with_borrow_mut(|idle| idle.push(buffer));
    }
    result
}
