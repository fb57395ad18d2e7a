//! What most of the time is spent in, with the widest vectors that the processor has.
//!
//! A *tile* is 16 elements, a lane of each of its planes. As many tiles as a vector has lanes are
//! transposed at once.
#![expect(
    clippy::inline_always,
    reason = "what is not inlined into a function with a feature is compiled without it"
)]

use super::lanes::{LANE, Lane, Lanes, Narrow};

/// Splits as many elements of `N` bytes as fill whole tiles into planes that start `pitch` bytes after
/// one another, and returns their number.
pub(super) fn split_tiles<const N: usize>(
    elements: &[u8],
    planes: &mut [u8],
    pitch: usize,
) -> usize {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        #[target_feature(enable = "avx2")]
        fn wide<const N: usize>(elements: &[u8], planes: &mut [u8], pitch: usize) -> usize {
            split::<super::lanes::Wide, N>(elements, planes, pitch)
        }
        #[allow(unsafe_code, reason = "see `lanes`")]
        // SAFETY: the feature was detected.
        return unsafe { wide::<N>(elements, planes, pitch) };
    }
    split::<Narrow, N>(elements, planes, pitch)
}

/// Joins as many elements of `N` bytes as fill whole tiles, and returns their number.
pub(super) fn join_tiles<const N: usize>(planes: &[&[u8]], out: &mut [u8]) -> usize {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        #[target_feature(enable = "avx2")]
        fn wide<const N: usize>(planes: &[&[u8]], out: &mut [u8]) -> usize {
            join::<super::lanes::Wide, N>(planes, out)
        }
        #[allow(unsafe_code, reason = "see `lanes`")]
        // SAFETY: the feature was detected.
        return unsafe { wide::<N>(planes, out) };
    }
    join::<Narrow, N>(planes, out)
}

/// Transposes each 8 bytes as a square of bits.
pub(super) fn transpose_bits(bytes: &mut [u8]) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        #[target_feature(enable = "avx2")]
        fn wide(bytes: &mut [u8]) {
            transpose_squares(bytes);
        }
        #[allow(unsafe_code, reason = "see `lanes`")]
        // SAFETY: the feature was detected.
        return unsafe { wide(bytes) };
    }
    transpose_squares(bytes);
}

#[inline(always)]
fn split<V: Lanes, const N: usize>(elements: &[u8], planes: &mut [u8], pitch: usize) -> usize {
    let width = V::COUNT * LANE;
    let groups = elements.chunks_exact(width * N);
    let done = groups.len() * width;
    for (at, group) in (0..).step_by(width).zip(groups) {
        let tiles = group.as_chunks::<LANE>().0;
        let tile = std::array::from_fn(|k| gather::<V>(|lane| tiles[lane * N + k]));
        // The number of a byte is that of its element, then that within it, in binary digits. Four
        // turns bring the four digits of the element to the end.
        let rows: [V; N] = turn(turn(turn(turn(tile))));
        for (j, row) in rows.iter().enumerate() {
            planes[j * pitch + at..][..width].copy_from_slice(bytemuck::bytes_of(row));
        }
    }
    done
}

#[inline(always)]
fn join<V: Lanes, const N: usize>(planes: &[&[u8]], out: &mut [u8]) -> usize {
    let width = V::COUNT * LANE;
    let groups = out.chunks_exact_mut(width * N);
    let done = groups.len() * width;
    let rows: [&[u8]; N] = std::array::from_fn(|j| &planes[j][..done]);
    for (at, group) in (0..).step_by(width).zip(groups) {
        let mut tile: [V; N] =
            std::array::from_fn(|j| bytemuck::pod_read_unaligned(&rows[j][at..at + width]));
        // As many turns as the number within the element has digits.
        for _ in 0..N.trailing_zeros() {
            tile = turn(tile);
        }
        let tiles = group.as_chunks_mut::<LANE>().0;
        for (k, vector) in tile.iter().enumerate() {
            let lanes: &[Lane] = bytemuck::cast_slice(std::slice::from_ref(vector));
            for (lane, bytes) in lanes.iter().enumerate() {
                tiles[lane * N + k] = *bytes;
            }
        }
    }
    done
}

/// A vector of these lanes.
#[inline(always)]
fn gather<V: Lanes>(lane: impl Fn(usize) -> Lane) -> V {
    let mut vector = V::zeroed();
    let lanes: &mut [Lane] = bytemuck::cast_slice_mut(std::slice::from_mut(&mut vector));
    for (index, bytes) in lanes.iter_mut().enumerate() {
        *bytes = lane(index);
    }
    vector
}

/// Interleaves the first half of the bytes of `tile` with the second half: the first digit of the
/// number of each becomes the last.
#[inline(always)]
fn turn<V: Lanes, const N: usize>(tile: [V; N]) -> [V; N] {
    let mut turned = tile;
    for k in 0..N / 2 {
        [turned[2 * k], turned[2 * k + 1]] = tile[k].interleave(tile[N / 2 + k]);
    }
    turned
}

#[inline(always)]
fn transpose_squares(bytes: &mut [u8]) {
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
