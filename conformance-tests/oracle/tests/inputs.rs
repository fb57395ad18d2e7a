//! Elements and settings to try.

use proptest::prelude::*;
use ziggurat_codecs::blosc2::{Compressor, Filter, Filters, Split};
use ziggurat_oracle::Settings;

/// As usual, and `PROPTEST_CASES` may be large: what is left out below is left out of any number of cases.
pub(crate) fn config() -> ProptestConfig {
    ProptestConfig {
        max_global_rejects: u32::MAX,
        ..ProptestConfig::default()
    }
}

/// What elements look like for a while.
#[derive(Clone, Copy, Debug)]
enum Stretch {
    Ramp(u16),
    Noise(u64),
    Run(u8),
    Zeros,
}

/// Up to some thousand elements of `typesize` bytes.
pub(crate) fn elements(typesize: usize) -> impl Strategy<Value = Vec<u8>> {
    let stretch = prop_oneof![
        any::<u16>().prop_map(Stretch::Ramp),
        any::<u64>().prop_map(Stretch::Noise),
        any::<u8>().prop_map(Stretch::Run),
        Just(Stretch::Zeros),
    ];
    let stretches = prop::collection::vec((stretch, 1..700usize), 1..8);
    stretches.prop_map(move |stretches| {
        let mut out = Vec::new();
        for (stretch, count) in stretches {
            for i in 0..count as u64 {
                let word = match stretch {
                    Stretch::Ramp(start) => u64::from(start) + i / 3,
                    Stretch::Noise(seed) => (seed ^ i)
                        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                        .rotate_left(29),
                    Stretch::Run(byte) => u64::from_le_bytes([byte; 8]),
                    Stretch::Zeros => 0,
                };
                out.extend(word.to_le_bytes().into_iter().cycle().take(typesize));
            }
        }
        out
    })
}

/// Settings of some compressors and of at most so many filters, and elements of their size.
pub(crate) fn chunk(
    compressors: &'static [Compressor],
    filters: usize,
) -> impl Strategy<Value = (Settings, Vec<u8>)> {
    typesize().prop_flat_map(move |n| (settings(n, compressors, filters), elements(n)))
}

/// Sizes of elements, and elements of one of them.
pub(crate) fn typesize() -> impl Strategy<Value = usize> {
    prop_oneof![
        8 => prop::sample::select(vec![1usize, 2, 4, 8, 16]),
        4 => 1..=17usize,
        1 => prop::sample::select(vec![24usize, 31, 64, 127, 128, 255]),
    ]
}

/// Settings for elements of `typesize` bytes, with one of `compressors` and at most so many filters, in any
/// order that makes sense.
pub(crate) fn settings(
    typesize: usize,
    compressors: &[Compressor],
    most_filters: usize,
) -> impl Strategy<Value = Settings> + use<> {
    let moving = prop_oneof![
        3 => Just(Filter::Shuffle { group: 0 }),
        3 => Just(Filter::Bitshuffle),
    ];
    let moving = prop::collection::vec(moving, 0..3);
    let split = prop_oneof![Just(Split::Always), Just(Split::Never), Just(Split::Auto)];
    (
        prop::sample::select(compressors.to_vec()),
        0..=9u8,
        (precision(typesize), prop::bool::weighted(0.25), moving),
        split,
        1..2000usize,
    )
        .prop_map(
            move |(compressor, level, (precision, delta, moving), split, block)| {
                let filters: Vec<Filter> = precision
                    .into_iter()
                    .chain(delta.then_some(Filter::Delta))
                    .chain(moving)
                    .take(most_filters)
                    .collect();
                Settings {
                    compressor,
                    level,
                    filters: Filters::new(&filters).unwrap(),
                    split,
                    typesize,
                    block,
                }
            },
        )
}

/// A precision that elements of this size have, or none.
fn precision(typesize: usize) -> BoxedStrategy<Option<Filter>> {
    let mantissa: i8 = match typesize {
        4 => 23,
        8 => 52,
        _ => return Just(None).boxed(),
    };
    let bits = prop_oneof![1..mantissa, -mantissa + 1..0];
    prop_oneof![
        3 => Just(None),
        1 => bits.prop_map(|bits| Some(Filter::Truncate { bits })),
    ]
    .boxed()
}
