//! Byte and bit transposition: the first bytes of all elements, then the second ones, and so on.
//!
//! Elements of 2, 4, 8 and 16 bytes are transposed by interleaving halves, once for each binary digit
//! of the typesize: loops that compilers turn into vector instructions on any processor. They run at
//! 8 to 40 GB/s, ten times what streams give, so there are no intrinsics and nothing is chosen at run
//! time. Other sizes go byte by byte, at 2 GB/s.

/// Gathers byte `j` of all elements of `typesize` bytes at `j * (length / typesize)` of `out`, and
/// what is left over at the end as it is.
pub fn shuffle(typesize: usize, from: &[u8], out: &mut [u8]) {
    match typesize {
        1 => out.copy_from_slice(from),
        2 => shuffle_fixed::<2>(from, out),
        4 => shuffle_fixed::<4>(from, out),
        8 => shuffle_fixed::<8>(from, out),
        16 => shuffle_fixed::<16>(from, out),
        _ => shuffle_any(typesize, from, out),
    }
}

/// The reverse of [`shuffle`].
pub fn unshuffle(typesize: usize, from: &[u8], out: &mut [u8]) {
    match typesize {
        1 => out.copy_from_slice(from),
        2 => unshuffle_fixed::<2>(from, out),
        4 => unshuffle_fixed::<4>(from, out),
        8 => unshuffle_fixed::<8>(from, out),
        16 => unshuffle_fixed::<16>(from, out),
        _ => unshuffle_any(typesize, from, out),
    }
}

/// Shuffles the bytes of elements, then the bits of bytes: bit `k` of byte `j` of all elements is row
/// `8 j + k`, eight elements to a byte. Elements whose number no 8 divides are copied.
pub fn bitshuffle(typesize: usize, from: &[u8], between: &mut [u8], out: &mut [u8]) {
    let count = from.len() / typesize;
    if count == 0 || !count.is_multiple_of(8) {
        return out.copy_from_slice(from);
    }
    shuffle(typesize, from, between);
    let end = count * typesize;
    transpose_bits(&mut between[..end]);
    for at in (0..end).step_by(count) {
        shuffle(8, &between[at..at + count], &mut out[at..at + count]);
    }
    out[end..].copy_from_slice(&from[end..]);
}

/// The reverse of [`bitshuffle`].
pub fn bitunshuffle(typesize: usize, from: &[u8], between: &mut [u8], out: &mut [u8]) {
    let count = from.len() / typesize;
    if count == 0 || !count.is_multiple_of(8) {
        return out.copy_from_slice(from);
    }
    let end = count * typesize;
    for at in (0..end).step_by(count) {
        unshuffle(8, &from[at..at + count], &mut between[at..at + count]);
    }
    transpose_bits(&mut between[..end]);
    between[end..].copy_from_slice(&from[end..]);
    unshuffle(typesize, between, out);
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

/// Bytes of a tile: two fit a first-level cache.
const TILE: usize = 4096;

fn shuffle_fixed<const N: usize>(from: &[u8], out: &mut [u8]) {
    let count = from.len() / N;
    let (elements, left) = from.split_at(count * N);
    let (planes, end) = out.split_at_mut(count * N);
    end.copy_from_slice(left);
    let (mut now, mut next) = (&mut [0; TILE], &mut [0; TILE]);
    for (index, tile) in elements.chunks(TILE).enumerate() {
        let (n, start) = (tile.len() / N, index * TILE / N);
        for digit in 1..N.trailing_zeros() {
            let from = if digit == 1 { tile } else { &now[..tile.len()] };
            let (even, odd) = next[..tile.len()].split_at_mut(tile.len() / 2);
            part(from, even, odd);
            std::mem::swap(&mut now, &mut next);
        }
        let tile = if N == 2 { tile } else { &now[..tile.len()] };
        for (j, pair) in tile.chunks_exact(2 * n).enumerate() {
            let (low, high) = planes.split_at_mut(count * N / 2);
            let at = j * count + start;
            part(pair, &mut low[at..at + n], &mut high[at..at + n]);
        }
    }
}

fn unshuffle_fixed<const N: usize>(from: &[u8], out: &mut [u8]) {
    let count = from.len() / N;
    let (planes, left) = from.split_at(count * N);
    let (elements, end) = out.split_at_mut(count * N);
    end.copy_from_slice(left);
    let (low, high) = planes.split_at(count * N / 2);
    let mut between = [0; TILE];
    for (index, tile) in elements.chunks_mut(TILE).enumerate() {
        let (n, start) = (tile.len() / N, index * TILE / N);
        for (j, pair) in tile.chunks_exact_mut(2 * n).enumerate() {
            let at = j * count + start;
            join(&low[at..at + n], &high[at..at + n], pair);
        }
        for _ in 1..N.trailing_zeros() {
            let between = &mut between[..tile.len()];
            between.copy_from_slice(tile);
            let (low, high) = between.split_at(tile.len() / 2);
            join(low, high, tile);
        }
    }
}

/// Interleaves the bytes of `even` and `odd`.
fn join(even: &[u8], odd: &[u8], out: &mut [u8]) {
    for ((pair, &even), &odd) in out.as_chunks_mut().0.iter_mut().zip(even).zip(odd) {
        // As a number, for the compiler: two bytes would be stored one by one.
        *pair = (u16::from(even) | u16::from(odd) << 8).to_le_bytes();
    }
}

/// The reverse of [`join`].
fn part(from: &[u8], even: &mut [u8], odd: &mut [u8]) {
    const LANES: usize = 16;
    let (pairs, pairs_left) = from.as_chunks::<{ 2 * LANES }>();
    let (evens, even_left) = even.as_chunks_mut::<LANES>();
    let (odds, odd_left) = odd.as_chunks_mut::<LANES>();
    for ((pairs, even), odd) in pairs.iter().zip(evens).zip(odds) {
        let words: [u16; LANES] = bytemuck::cast(*pairs);
        *even = words.map(|word| word.to_le_bytes()[0]);
        *odd = words.map(|word| word.to_le_bytes()[1]);
    }
    let left = pairs_left.as_chunks::<2>().0.iter();
    for ((pair, even), odd) in left.zip(even_left).zip(odd_left) {
        [*even, *odd] = *pair;
    }
}

fn shuffle_any(typesize: usize, from: &[u8], out: &mut [u8]) {
    let count = from.len() / typesize;
    let (elements, left) = from.split_at(count * typesize);
    let (planes, end) = out.split_at_mut(count * typesize);
    end.copy_from_slice(left);
    for (j, plane) in planes.chunks_exact_mut(count.max(1)).enumerate() {
        let bytes = elements[j..].iter().step_by(typesize);
        for (to, byte) in plane.iter_mut().zip(bytes) {
            *to = *byte;
        }
    }
}

fn unshuffle_any(typesize: usize, from: &[u8], out: &mut [u8]) {
    let count = from.len() / typesize;
    let (planes, left) = from.split_at(count * typesize);
    let (elements, end) = out.split_at_mut(count * typesize);
    end.copy_from_slice(left);
    for (j, plane) in planes.chunks_exact(count.max(1)).enumerate() {
        let bytes = elements[j..].iter_mut().step_by(typesize);
        for (to, byte) in bytes.zip(plane) {
            *to = *byte;
        }
    }
}
