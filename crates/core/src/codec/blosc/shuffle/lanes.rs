//! Vectors in lanes of 16 bytes, and the instruction that interleaves them.

/// Bytes of a lane.
pub(super) const LANE: usize = 16;

pub(super) type Lane = [u8; LANE];

/// One or more lanes, each of which is interleaved with the same one of another.
pub(super) trait Lanes: bytemuck::Pod {
    /// How many.
    const COUNT: usize = size_of::<Self>() / LANE;

    /// The bytes of each lane of `self` and `other` in turns: those of their first halves, then those of
    /// their second halves.
    fn interleave(self, other: Self) -> [Self; 2];
}

#[cfg(target_arch = "x86_64")]
pub(super) use x86_64::{Narrow, Wide};

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    #![expect(
        clippy::inline_always,
        reason = "what is not inlined into a function with a feature is compiled without it"
    )]

    use std::arch::x86_64::{
        __m128i, __m256i, _mm_unpackhi_epi8, _mm_unpacklo_epi8, _mm256_unpackhi_epi8,
        _mm256_unpacklo_epi8,
    };

    use super::Lanes;

    pub(in super::super) type Narrow = __m128i;
    /// Only for functions with the feature `avx2`.
    pub(in super::super) type Wide = __m256i;

    impl Lanes for Narrow {
        #[inline(always)]
        #[allow(
            unsafe_code,
            reason = "compilers do not find the instruction; see docs/design/012-blosc2-speed.md"
        )]
        fn interleave(self, other: Self) -> [Self; 2] {
            // SAFETY: every x86_64 has SSE2.
            unsafe {
                [
                    _mm_unpacklo_epi8(self, other),
                    _mm_unpackhi_epi8(self, other),
                ]
            }
        }
    }

    impl Lanes for Wide {
        #[inline(always)]
        #[allow(
            unsafe_code,
            reason = "up to four times the speed of SSE2; see docs/design/012-blosc2-speed.md"
        )]
        fn interleave(self, other: Self) -> [Self; 2] {
            // SAFETY: only functions with the feature, which are called where it was detected, use it.
            unsafe {
                [
                    _mm256_unpacklo_epi8(self, other),
                    _mm256_unpackhi_epi8(self, other),
                ]
            }
        }
    }
}

#[cfg(not(target_arch = "x86_64"))]
pub(super) use portable::Narrow;

#[cfg(not(target_arch = "x86_64"))]
mod portable {
    use super::{LANE, Lane, Lanes};

    pub(in super::super) type Narrow = Lane;

    impl Lanes for Narrow {
        fn interleave(self, other: Self) -> [Self; 2] {
            let from = |start: usize| -> Lane {
                std::array::from_fn(|i| [self, other][i % 2][start + i / 2])
            };
            [from(0), from(LANE / 2)]
        }
    }
}
