//! Arrays and encoders to try things on.

use std::io::Cursor;

use proptest::prelude::*;
use ziggurat_codecs::blosc2::{
    Compressor, Contiguous, Encoder, Filter, Filters, Metalayers, NdLayout, NdWriter, Split,
};
use ziggurat_core::Region;
use ziggurat_core::region::{Window, copy};

/// Elements that compress somewhat: a slow ramp, now and then noise, a run, or zeros.
pub(crate) fn elements(count: usize, typesize: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let mut out = Vec::with_capacity(count * typesize);
    for i in 0..count {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        let value = match (i / 97 + seed as usize) % 4 {
            0 => (i as u64) / 3,
            1 => state >> 20,
            2 => 7,
            _ => 0,
        };
        let word = u128::from(value) | u128::from(value) << 64;
        out.extend(word.to_le_bytes().iter().cycle().take(typesize));
    }
    out
}

/// Every encoder that there is for elements of `typesize` bytes, but for the block.
pub(crate) fn encoder(typesize: usize) -> impl Strategy<Value = Encoder> {
    let compressor = prop_oneof![
        Just(Compressor::Lz4),
        Just(Compressor::Lz4hc),
        Just(Compressor::Zlib),
        Just(Compressor::Zstd),
    ];
    let filter = prop_oneof![
        Just(Filter::Shuffle { group: 0 }),
        (1..9u8).prop_map(|group| Filter::Shuffle { group }),
        Just(Filter::Bitshuffle),
        Just(Filter::Delta),
    ];
    let split = prop_oneof![Just(Split::Always), Just(Split::Never), Just(Split::Auto)];
    let filters = prop::collection::vec(filter, 0..4);
    (compressor, 0..=9u8, filters, split).prop_map(move |(compressor, level, filters, split)| {
        Encoder::new(typesize)
            .and_then(|e| e.compressor(compressor, level.min(6)))
            .and_then(|e| e.filters(Filters::new(&filters)?))
            .unwrap()
            .split(split)
    })
}

/// A contiguous frame of an array.
pub(crate) fn array(layout: &NdLayout, encoder: &Encoder, elements: &[u8]) -> Vec<u8> {
    let target = Contiguous::new(Cursor::new(Vec::new()));
    let none = Metalayers::default();
    let mut writer = NdWriter::new(target, layout.clone(), *encoder, &none).unwrap();
    writer.push_array(elements).unwrap();
    writer.finish(&none).unwrap().into_inner()
}

/// The elements of `region` of an array of `shape`, in C order, of `size` bytes each.
pub(crate) fn part(elements: &[u8], size: usize, shape: &[u64], region: &Region) -> Vec<u8> {
    let mut out = vec![0; region.len() as usize * size];
    let start = vec![0; region.rank()];
    let from = Window {
        shape,
        start: &region.start,
    };
    let to = Window {
        shape: &region.shape,
        start: &start,
    };
    copy(&region.shape, size, elements, from, &mut out, to);
    out
}
