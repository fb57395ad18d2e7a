//! The Zarr codec `b2nd`.

mod arrays;
mod chunks;
mod configuration;
#[path = "../../../core/tests/counting.rs"]
mod counting;
mod damage;
mod planned;
mod zarrs;

use std::sync::Once;

use proptest::prelude::*;
use ziggurat_codecs::b2nd::{Codec, Configuration};
use ziggurat_codecs::blosc2::{Compressor, Filter, Split};
use ziggurat_core::Region;

use crate::blosc2::support::part;

/// Makes the codec known.
fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(ziggurat_codecs::register);
    // Again does no harm.
    ziggurat_codecs::register();
}

/// Data types of 1 to 16 bytes, and their sizes.
const TYPES: [(&str, usize); 8] = [
    ("uint8", 1),
    ("int16", 2),
    ("r24", 3),
    ("float32", 4),
    ("float64", 8),
    ("r96", 12),
    ("complex64", 8),
    ("complex128", 16),
];

/// A chunk, and how it is encoded.
#[derive(Clone, Debug)]
struct Case {
    configuration: Configuration,
    shape: Vec<u64>,
    data_type: (&'static str, usize),
    elements: Vec<u8>,
    part: Region,
}

impl Case {
    fn codec(&self) -> Codec {
        let (name, size) = self.data_type;
        Codec::new(&self.configuration, &self.shape, name, size).unwrap()
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = b"before".to_vec();
        self.codec().encode_into(&self.elements, &mut out).unwrap();
        assert_eq!(&out[..6], b"before");
        assert!(out.len() as u64 - 6 <= self.codec().most());
        out.split_off(6)
    }

    /// The elements of the part.
    fn slice(&self) -> Vec<u8> {
        part(&self.elements, self.data_type.1, &self.shape, &self.part)
    }
}

/// Every configuration of blocks of a shape that loses nothing.
fn configurations(block: Vec<u64>) -> impl Strategy<Value = Configuration> {
    let compressor = prop_oneof![
        Just(Compressor::Lz4),
        Just(Compressor::Lz4hc),
        Just(Compressor::Zlib),
        Just(Compressor::Zstd),
    ];
    let [shuffle, bitshuffle, delta] = [
        Filter::Shuffle { group: 0 },
        Filter::Bitshuffle,
        Filter::Delta,
    ];
    let filters = prop::sample::select(vec![
        vec![],
        vec![shuffle],
        vec![bitshuffle],
        vec![delta],
        vec![delta, shuffle],
        vec![delta, bitshuffle],
        vec![shuffle, bitshuffle],
    ]);
    let split = prop_oneof![Just(Split::Always), Just(Split::Never), Just(Split::Auto)];
    (compressor, 0..7u8, filters, split, any::<bool>()).prop_map(
        move |(compressor, level, filters, split, checksum)| {
            Configuration::new(block.clone())
                .compressor(compressor, level)
                .filters(&filters)
                .unwrap()
                .split(split)
                .checksum(checksum)
        },
    )
}

/// Chunks of up to four dimensions that blocks need not divide, and a part of each.
fn cases() -> impl Strategy<Value = Case> {
    let length = (1..14u64).prop_flat_map(|n| (Just(n), 1..=n, 0..n));
    let lengths = prop::collection::vec(length, 0..5).prop_flat_map(|lengths| {
        let ends: Vec<_> = lengths.iter().map(|(n, _, start)| 1..=n - start).collect();
        (Just(lengths), ends)
    });
    (
        lengths,
        prop::sample::select(&TYPES[..]),
        any::<u64>(),
        0..3u8,
    )
        .prop_flat_map(|((lengths, part), data_type, seed, kind)| {
            let shape: Vec<u64> = lengths.iter().map(|l| l.0).collect();
            let block: Vec<u64> = lengths.iter().map(|l| l.1).collect();
            let start: Vec<u64> = lengths.iter().map(|l| l.2).collect();
            let count = shape.iter().product::<u64>() as usize;
            let elements = match kind {
                0 => vec![seed as u8; count * data_type.1],
                1 => noise(count * data_type.1, seed),
                _ => super::blosc2::support::elements(count, data_type.1, seed >> 1),
            };
            configurations(block).prop_map(move |configuration| Case {
                configuration,
                shape: shape.clone(),
                data_type,
                elements: elements.clone(),
                part: Region::new(start.clone(), part.clone()),
            })
        })
}

/// Bytes that do not compress.
fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let bytes = (0..length).map(|_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u8
    });
    bytes.collect()
}

/// A smooth field of `float32` with two decimals.
fn field(shape: &[u64]) -> Vec<u8> {
    let value = |index: &[u64]| {
        let phase = index.iter().enumerate();
        let phase = phase.map(|(d, i)| *i as f32 * 0.03 * (d + 1) as f32);
        (phase.sum::<f32>().sin() * 1000.).round() / 100.
    };
    let indices = Region::whole(shape).indices();
    indices
        .flat_map(|index| value(&index).to_le_bytes())
        .collect()
}
