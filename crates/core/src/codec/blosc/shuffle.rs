//! Byte and bit transposition: the first bytes of all elements (a *plane*), then the second ones, and so
//! on.
//!
//! Elements of 2, 4, 8 and 16 bytes are transposed in tiles of 16 by interleaving vectors; others byte
//! by byte. Compilers do not find the instruction for it: without it lz4 blocks of `float32`
//! decode at 6 GB/s, with it at 9. It is one of SSE2, which every `x86_64` has, so nothing is chosen
//! at run time; wider vectors could gain no more than a tenth.

/// Splits elements of `typesize` bytes into planes, which stand in `out` one after the other. What is
/// left over stays at the end.
pub fn shuffle(typesize: usize, from: &[u8], out: &mut [u8]) {
    let count = from.len() / typesize;
    let (elements, left) = from.split_at(count * typesize);
    let (planes, end) = out.split_at_mut(count * typesize);
    end.copy_from_slice(left);
    match typesize {
        1 => planes.copy_from_slice(elements),
        2 => split_tiles::<2>(elements, planes),
        4 => split_tiles::<4>(elements, planes),
        8 => split_tiles::<8>(elements, planes),
        16 => split_tiles::<16>(elements, planes),
        _ => split_rest(typesize, 0, elements, planes),
    }
}

/// Joins planes of one length to elements.
pub fn unshuffle(planes: &[&[u8]], out: &mut [u8]) {
    match planes.len() {
        1 => out.copy_from_slice(planes[0]),
        2 => join_tiles::<2>(planes, out),
        4 => join_tiles::<4>(planes, out),
        8 => join_tiles::<8>(planes, out),
        16 => join_tiles::<16>(planes, out),
        _ => join_rest(planes, 0, out),
    }
}

/// Shuffles the bytes of elements, then the bits of each plane: its eight rows are the bits of one
/// weight, of eight elements to a byte. Elements whose number no 8 divides are copied.
pub fn bitshuffle(typesize: usize, from: &[u8], between: &mut [u8], out: &mut [u8]) {
    let count = from.len() / typesize;
    if count == 0 || !count.is_multiple_of(8) {
        return out.copy_from_slice(from);
    }
    shuffle(typesize, from, between);
    let end = count * typesize;
    transpose_bits(&mut between[..end]);
    for (plane, rows) in between.chunks_exact(count).zip(out.chunks_exact_mut(count)) {
        shuffle(8, plane, rows);
    }
    out[end..].copy_from_slice(&from[end..]);
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
    for (plane, between) in planes.iter().zip(between.chunks_exact_mut(count)) {
        unshuffle(&rows::<8>(plane), between);
    }
    transpose_bits(between);
    let mut planes = [&between[..0]; 255];
    for (plane, bytes) in planes.iter_mut().zip(between.chunks_exact(count)) {
        *plane = bytes;
    }
    unshuffle(&planes[..between.len() / count], out);
}

/// `N` parts of `bytes` of one length.
fn rows<const N: usize>(bytes: &[u8]) -> [&[u8]; N] {
    let count = bytes.len() / N;
    std::array::from_fn(|j| &bytes[j * count..][..count])
}

/// Transposes each 8 bytes as a square of bits.
fn transpose_bits(bytes: &mut [u8]) {
    for square in bytes.as_chunks_mut::<8>().0 {
        let mut x = u64::from_le_bytes(*square);
        // Swap the off-diagonal quarters of squares of 2, 4 and 8.
        for (shift, mask) in [
            (7, 0x00aa_00aa_00aa_00aa),
            (14, 0x0000_cccc_0000_cccc),
            (28, 0x0000_0000_f0f0_f0f0),
        ] {
            let t = (x ^ (x >> shift)) & mask;
            x ^= t ^ (t << shift);
        }
        *square = x.to_le_bytes();
    }
}

/// Bytes of a vector, and elements of a tile.
const TILE: usize = 16;

type Vector = [u8; TILE];

fn split_tiles<const N: usize>(elements: &[u8], planes: &mut [u8]) {
    let count = elements.len() / N;
    let tiles = elements.as_chunks::<TILE>().0.as_chunks::<N>().0;
    for (index, tile) in tiles.iter().enumerate() {
        // The number of a byte is that of its element, then that within it, in binary digits. Four
        // turns bring the four digits of the element to the end.
        let rows = turn(turn(turn(turn(*tile))));
        for (j, row) in rows.iter().enumerate() {
            planes[j * count + index * TILE..][..TILE].copy_from_slice(row);
        }
    }
    split_rest(N, tiles.len() * TILE, elements, planes);
}

fn join_tiles<const N: usize>(planes: &[&[u8]], out: &mut [u8]) {
    let tiles = out.as_chunks_mut::<TILE>().0.as_chunks_mut::<N>().0;
    let done = tiles.len() * TILE;
    let rows: [&[Vector]; N] = std::array::from_fn(|j| planes[j][..done].as_chunks().0);
    for (index, tile) in tiles.iter_mut().enumerate() {
        let mut turned = std::array::from_fn(|j| rows[j][index]);
        // As many turns as the number within the element has digits.
        for _ in 0..N.trailing_zeros() {
            turned = turn(turned);
        }
        *tile = turned;
    }
    join_rest(planes, done, out);
}

/// Interleaves the first half of the bytes of `tile` with the second half: the first digit of the
/// number of each becomes the last.
#[inline]
fn turn<const N: usize>(tile: [Vector; N]) -> [Vector; N] {
    let mut turned = tile;
    for k in 0..N / 2 {
        [turned[2 * k], turned[2 * k + 1]] = interleave(tile[k], tile[N / 2 + k]);
    }
    turned
}

/// The bytes of `a` and `b` in turns.
#[cfg(target_arch = "x86_64")]
#[inline]
#[allow(unsafe_code, reason = "see the head of this file for what it gains")]
fn interleave(a: Vector, b: Vector) -> [Vector; 2] {
    use std::arch::x86_64::{_mm_unpackhi_epi8, _mm_unpacklo_epi8};
    let (a, b) = (bytemuck::cast(a), bytemuck::cast(b));
    // SAFETY: every x86_64 has SSE2.
    let (low, high) = unsafe { (_mm_unpacklo_epi8(a, b), _mm_unpackhi_epi8(a, b)) };
    [bytemuck::cast(low), bytemuck::cast(high)]
}

/// The bytes of `a` and `b` in turns.
#[cfg(not(target_arch = "x86_64"))]
fn interleave(a: Vector, b: Vector) -> [Vector; 2] {
    let from = |start: usize| -> Vector { std::array::from_fn(|i| [a, b][i % 2][start + i / 2]) };
    [from(0), from(TILE / 2)]
}

/// Splits the elements from the `done`th on.
#[inline]
fn split_rest(typesize: usize, done: usize, elements: &[u8], planes: &mut [u8]) {
    let count = elements.len() / typesize;
    if done == count {
        return;
    }
    for (j, plane) in planes.chunks_exact_mut(count).enumerate() {
        let bytes = elements[done * typesize + j..].iter().step_by(typesize);
        for (to, byte) in plane[done..].iter_mut().zip(bytes) {
            *to = *byte;
        }
    }
}

/// Joins the elements from the `done`th on.
#[inline]
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
