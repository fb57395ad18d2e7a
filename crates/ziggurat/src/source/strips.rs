//! The shape in which an array without chunks is best read.

/// Bytes that are worth one read.
const STRIP: u64 = 8 << 20;

/// The largest box of at most 8 MiB that is one piece of a C-order file of `size`-byte elements:
/// the fastest dimensions whole, a part of the next, one index of the others.
pub(crate) fn strip(shape: &[u64], size: usize) -> Vec<u64> {
    let mut room = (STRIP / size as u64).max(1);
    let mut strip = vec![1; shape.len()];
    for (s, &n) in strip.iter_mut().zip(shape).rev() {
        *s = n.clamp(1, room);
        room /= *s;
        if *s < n {
            break;
        }
    }
    strip
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_contiguous_and_small() {
        assert_eq!(strip(&[10, 2000, 4000], 4), [1, 524, 4000]);
        assert_eq!(strip(&[3, 241, 480], 2), [3, 241, 480]);
        assert_eq!(strip(&[7, 1 << 40], 1), [1, 8 << 20]);
        assert_eq!(strip(&[0, 5], 1), [1, 5]);
        assert_eq!(strip(&[], 8), [0_u64; 0]);
    }
}
