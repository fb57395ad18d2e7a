//! Byte and bit transposition: the first bytes of all elements (a *plane*), then the second ones, and so
//! on.
//!
//! Elements of 2, 4, 8 and 16 bytes are transposed in tiles of 16 by interleaving vectors; others byte
//! by byte. Bits are transposed a stretch at a time, which stays in the cache of the first level on its
//! way.

mod lanes;
mod tiles;

use tiles::{join_tiles, split_tiles, transpose_bits};

/// Splits elements of `typesize` bytes into planes, which stand in `out` one after the other. What is
/// left over stays at the end.
pub fn shuffle(typesize: usize, from: &[u8], out: &mut [u8]) {
    let count = from.len() / typesize;
    let (elements, left) = from.split_at(count * typesize);
    let (planes, end) = out.split_at_mut(count * typesize);
    end.copy_from_slice(left);
    split(typesize, elements, planes, count);
}

/// Joins planes of one length to elements.
pub fn unshuffle(planes: &[&[u8]], out: &mut [u8]) {
    match planes.len() {
        1 => out.copy_from_slice(planes[0]),
        2 => join_rest(planes, join_tiles::<2>(planes, out), out),
        4 => join_rest(planes, join_tiles::<4>(planes, out), out),
        8 => join_rest(planes, join_tiles::<8>(planes, out), out),
        16 => join_rest(planes, join_far(planes, out), out),
        _ => join_rest(planes, 0, out),
    }
}

/// Elements whose bits are transposed at a time: their rows fill whole lines of a cache.
const STRETCH: usize = 512;

/// Shuffles the bytes of elements, then the bits of each plane: its eight rows are the bits of one
/// weight, of eight elements to a byte. Elements whose number no 8 divides are copied.
///
/// `between` is as long as `from`; what it holds does not matter.
pub fn bitshuffle(typesize: usize, from: &[u8], between: &mut [u8], out: &mut [u8]) {
    let count = from.len() / typesize;
    if count == 0 || !count.is_multiple_of(8) {
        return out.copy_from_slice(from);
    }
    let (planes, end) = out.split_at_mut(count * typesize);
    end.copy_from_slice(&from[planes.len()..]);
    let stretches = from[..planes.len()].chunks(STRETCH * typesize);
    for (start, elements) in (0..).step_by(STRETCH / 8).zip(stretches) {
        let between = &mut between[..elements.len()];
        let length = elements.len() / typesize;
        split(typesize, elements, between, length);
        transpose_bits(between);
        for (plane, rows) in between
            .chunks_exact(length)
            .zip(planes.chunks_exact_mut(count))
        {
            split(8, plane, &mut rows[start..], count / 8);
        }
    }
}

/// The reverse of [`bitshuffle`] for planes of one length, without what is left over.
pub fn bitunshuffle(planes: &[&[u8]], between: &mut [u8], out: &mut [u8]) {
    let count = planes.first().map_or(0, |plane| plane.len());
    if count == 0 || !count.is_multiple_of(8) {
        for (plane, out) in planes.iter().zip(out.chunks_exact_mut(count.max(1))) {
            out.copy_from_slice(plane);
        }
        return;
    }
    let stretches = out.chunks_mut(STRETCH * planes.len());
    for (start, elements) in (0..).step_by(STRETCH / 8).zip(stretches) {
        let between = &mut between[..elements.len()];
        let length = elements.len() / planes.len();
        for (plane, between) in planes.iter().zip(between.chunks_exact_mut(length)) {
            let row = |r: usize| &plane[r * (count / 8) + start..][..length / 8];
            unshuffle(&std::array::from_fn::<_, 8, _>(row), between);
        }
        transpose_bits(between);
        let mut parts = [&[][..]; 255];
        for (part, bytes) in parts.iter_mut().zip(between.chunks_exact(length)) {
            *part = bytes;
        }
        unshuffle(&parts[..planes.len()], elements);
    }
}

/// Splits elements into planes that start `pitch` bytes after one another.
fn split(typesize: usize, elements: &[u8], planes: &mut [u8], pitch: usize) {
    let done = match typesize {
        1 => return planes[..elements.len()].copy_from_slice(elements),
        2 => split_tiles::<2>(elements, planes, pitch),
        4 => split_tiles::<4>(elements, planes, pitch),
        8 => split_tiles::<8>(elements, planes, pitch),
        16 => split_far(elements, planes, pitch),
        _ => 0,
    };
    let rest = &elements[done * typesize..];
    if rest.is_empty() {
        return;
    }
    for (j, plane) in planes.chunks_mut(pitch).enumerate().take(typesize) {
        let bytes = rest[j..].iter().step_by(typesize);
        for (to, byte) in plane[done..].iter_mut().zip(bytes) {
            *to = *byte;
        }
    }
}

/// Elements of 16 bytes that are transposed at a time in memory of their own.
///
/// Planes are often a power of 2 apart, and a cache has not as many places for lines so far from one
/// another as there are planes; of each a few lines are gone through at a time.
const NEAR: usize = 256;

/// Splits as many elements of 16 bytes as fill whole stretches, and returns their number.
fn split_far(elements: &[u8], planes: &mut [u8], pitch: usize) -> usize {
    let mut near = [0; NEAR * 16];
    let stretches = elements.as_chunks::<{ NEAR * 16 }>().0;
    for (start, stretch) in (0..).step_by(NEAR).zip(stretches) {
        split_tiles::<16>(stretch, &mut near, NEAR);
        for (j, part) in near.as_chunks::<NEAR>().0.iter().enumerate() {
            planes[j * pitch + start..][..NEAR].copy_from_slice(part);
        }
    }
    stretches.len() * NEAR
}

/// The reverse of [`split_far`].
fn join_far(planes: &[&[u8]], out: &mut [u8]) -> usize {
    let mut near = [[0; NEAR]; 16];
    let stretches = out.as_chunks_mut::<{ NEAR * 16 }>().0;
    for (start, stretch) in (0..).step_by(NEAR).zip(&mut *stretches) {
        for (part, plane) in near.iter_mut().zip(planes) {
            part.copy_from_slice(&plane[start..][..NEAR]);
        }
        join_tiles::<16>(&near.each_ref().map(|part| &part[..]), stretch);
    }
    stretches.len() * NEAR
}

/// Joins the elements from the `done`th on.
fn join_rest(planes: &[&[u8]], done: usize, out: &mut [u8]) {
    let typesize = planes.len();
    let out = &mut out[done * typesize..];
    if out.is_empty() {
        return;
    }
    for (j, plane) in planes.iter().enumerate() {
        let bytes = out[j..].iter_mut().step_by(typesize);
        for (to, byte) in bytes.zip(&plane[done..]) {
            *to = *byte;
        }
    }
}
