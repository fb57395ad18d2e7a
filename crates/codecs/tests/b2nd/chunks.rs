//! Chunks encoded and decoded, whole and in parts.

use proptest::prelude::*;
use ziggurat_codecs::b2nd::{Codec, Configuration};
use ziggurat_codecs::blosc2::{self, ChunkIndex, Compressor, Content, Filter, NdLayout};
use ziggurat_core::codec::Extension;
use ziggurat_core::{Error, Region};

use super::{Case, cases, field, noise};
use crate::blosc2::support::part;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn a_chunk_decodes_to_what_was_encoded(case in cases()) {
        let bytes = case.encode();
        let mut out = vec![0xaa; case.elements.len()];
        case.codec().decode_into(&bytes, &mut out).unwrap();
        prop_assert_eq!(&out, &case.elements);
        // The payload is a plain Blosc2 chunk of blocks.
        let (shape, block) = (&case.shape, case.codec().block().to_vec());
        let layout = NdLayout::new(shape, shape, &block, None).unwrap();
        let plain = blosc2::decode(&bytes, 1 << 30).unwrap();
        prop_assert_eq!(layout.from_blocks(case.data_type.1, &plain).unwrap(), case.elements);
    }

    #[test]
    fn a_part_is_what_is_cut_from_the_whole(case in cases()) {
        let (codec, bytes) = (case.codec(), case.encode());
        let front = &bytes[..codec.front().min(bytes.len())];
        let parts = codec.parts(front, &case.part).unwrap();
        prop_assert_eq!(parts.length(), bytes.len() as u64);
        let stored = |n: usize| {
            let extent = &parts.extents()[n];
            &bytes[extent.start as usize..extent.end as usize]
        };
        let mut out = vec![0xaa; case.part.len() as usize * case.data_type.1];
        parts.decode_into(stored, &mut out).unwrap();
        prop_assert_eq!(out, case.slice());
        // No more blocks than are touched, and the first if they refer to it.
        let touched = case.part.cells(codec.block()).len() as usize;
        prop_assert!([touched, touched + 1].contains(&parts.extents().len()));
    }

    #[test]
    fn parts_are_put_where_they_belong(case in cases(), skip in 0..3u64) {
        let (codec, bytes) = (case.codec(), case.encode());
        let parted = codec.parted().unwrap();
        let whole = Region::whole(&case.shape);
        let cells = whole.cells(parted.shape()).indices();
        let wanted: Vec<Region> = cells
            .filter(|cell| cell.iter().sum::<u64>() % 3 != skip)
            .filter_map(|cell| Region::of_cell(&cell, parted.shape()).intersect(&whole))
            .collect();
        let front = &bytes[..parted.front().min(bytes.len())];
        let mut located = parted.locate(front, bytes.len() as u64, &wanted).unwrap();
        let mut out = vec![0; case.elements.len()];
        for (n, extent) in located.extents().to_vec().into_iter().enumerate() {
            let stored = &bytes[extent.start as usize..extent.end as usize];
            located.decode(n, stored, &whole, &mut out).unwrap();
        }
        for region in wanted {
            let size = case.data_type.1;
            let found = part(&out, size, &case.shape, &region);
            prop_assert_eq!(found, part(&case.elements, size, &case.shape, &region));
        }
    }

    #[test]
    fn threads_change_no_byte(case in cases()) {
        let pool = |n| rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
        prop_assert_eq!(pool(1).install(|| case.encode()), pool(5).install(|| case.encode()));
    }
}

fn large(configuration: Configuration) -> Case {
    let shape = vec![40, 64, 100];
    Case {
        configuration,
        data_type: ("float32", 4),
        elements: field(&shape),
        part: Region::new([17, 3, 50], [1, 60, 20]),
        shape,
    }
}

#[test]
fn large_chunks_are_encoded_alike_on_any_number_of_threads() {
    for filter in [Filter::Bitshuffle, Filter::Delta] {
        let configuration = Configuration::new([16, 16, 32]).checksum(true);
        let case = large(configuration.filters(&[filter]).unwrap());
        let pool = |n| {
            rayon::ThreadPoolBuilder::new()
                .num_threads(n)
                .build()
                .unwrap()
        };
        let bytes = pool(1).install(|| case.encode());
        assert_eq!(pool(3).install(|| case.encode()), bytes);
        let mut out = vec![0; case.elements.len()];
        case.codec().decode_into(&bytes, &mut out).unwrap();
        assert!(out == case.elements);
        assert!(bytes.len() * 2 < out.len());
    }
}

#[test]
fn only_blocks_that_are_touched_are_fetched() {
    let delta = [Filter::Delta, Filter::Shuffle { group: 0 }];
    for (filters, first) in [(&delta[..], 1), (&delta[1..], 0)] {
        for checksum in [false, true] {
            let configuration = Configuration::new([16, 16, 32]).checksum(checksum);
            let case = large(configuration.filters(filters).unwrap());
            let (codec, bytes) = (case.codec(), case.encode());
            // 3 x 4 x 4 blocks.
            let front = if checksum {
                32 + 8 * 48 + 4
            } else {
                32 + 4 * 48
            };
            assert_eq!(codec.front(), front);
            let parts = codec.parts(&bytes[..front], &case.part).unwrap();
            assert_eq!(parts.extents().len(), 4 * 2 + first);
            let fetched: u64 = parts.extents().iter().map(|e| e.end - e.start).sum();
            assert!(fetched * 4 < bytes.len() as u64);
            let point = Region::new([0, 15, 31], [1, 1, 1]);
            let parts = codec.parts(&bytes[..front], &point).unwrap();
            assert_eq!(parts.extents().len(), 1);
        }
    }
}

#[test]
fn with_checksums_there_are_always_blocks() {
    let shape = [8, 8];
    let mut seen = Vec::new();
    for (elements, level) in [(noise(256, 1), 5), (vec![7; 256], 5), (field(&shape), 0)] {
        let configuration = Configuration::new([3, 4]).compressor(Compressor::Zstd, level);
        for checksum in [false, true] {
            let configuration = configuration.clone().checksum(checksum);
            let codec = Codec::new(&configuration, &shape, "float32", 4).unwrap();
            let mut bytes = Vec::new();
            codec.encode_into(&elements, &mut bytes).unwrap();
            let content = ChunkIndex::parse(&bytes).unwrap().header().content;
            assert_eq!(checksum, content == Content::Blocks, "{content:?}");
            seen.push(content);
            let other = configuration.checksum(!checksum);
            let other = Codec::new(&other, &shape, "float32", 4).unwrap();
            let read = other.decode_into(&bytes, &mut [0; 256]);
            match checksum {
                true => read.unwrap(),
                false => assert!(matches!(read, Err(Error::Data { .. }))),
            }
        }
    }
    assert!(seen.contains(&Content::Copied));
    assert!(seen.iter().any(|c| matches!(c, Content::Special(_))));
}

#[test]
fn a_chunk_of_other_sizes_is_refused() {
    let case = large(Configuration::new([16, 16, 32]));
    let bytes = case.encode();
    let mut out = vec![0; case.elements.len()];
    let others = [([16, 32, 16], "float32", 4), ([16, 16, 32], "int16", 2)];
    for (block, name, size) in others {
        let codec = Codec::new(&Configuration::new(block), &case.shape, name, size).unwrap();
        let read = codec.decode_into(&bytes, &mut out[..40 * 64 * 100 * size]);
        assert!(matches!(read, Err(Error::Data { .. })), "{block:?} {name}");
    }
    let short = case
        .codec()
        .decode_into(&bytes[..bytes.len() - 1], &mut out);
    assert!(matches!(short, Err(Error::Data { .. })));
    let long = case
        .codec()
        .decode_into(&[bytes, vec![0]].concat(), &mut out);
    assert!(matches!(long, Err(Error::Data { .. })));
}

#[test]
fn precision_is_truncated_whatever_becomes_of_a_chunk() {
    let kept = |elements: &[u8]| -> Vec<u8> {
        let elements = elements.as_chunks().0.iter();
        let masked = elements.map(|element| u32::from_le_bytes(*element) & (!0 << (23 - 8)));
        masked.flat_map(u32::to_le_bytes).collect()
    };
    let shape = [40, 64, 100];
    let third = (1f32 / 3.).to_le_bytes().repeat(40 * 64 * 100);
    for elements in [field(&shape), noise(third.len(), 7), third] {
        for (then, level, checksum) in [
            (Some(Filter::Delta), 5, false),
            (Some(Filter::Shuffle { group: 0 }), 5, true),
            (Some(Filter::Delta), 0, true),
            (None, 0, false),
        ] {
            let filters = [Some(Filter::Truncate { bits: 8 }), then];
            let filters: Vec<Filter> = filters.into_iter().flatten().collect();
            let configuration = Configuration::new([7, 16, 32]).checksum(checksum);
            let configuration = configuration.compressor(Compressor::Zstd, level);
            let case = Case {
                elements: elements.clone(),
                ..large(configuration.filters(&filters).unwrap())
            };
            let mut out = vec![0; case.elements.len()];
            case.codec().decode_into(&case.encode(), &mut out).unwrap();
            assert!(out == kept(&elements), "{filters:?} at level {level}");
        }
    }
}

#[test]
fn limits_are_refused_by_name() {
    let block = |n| Configuration::new(vec![1; n]);
    assert!(Codec::new(&block(15), &[1; 15], "uint8", 1).is_ok());
    assert!(matches!(
        Codec::new(&block(16), &[1; 16], "uint8", 1),
        Err(Error::Limit { .. })
    ));
    assert!(matches!(
        Codec::new(&block(1), &[1 << 31], "uint8", 1),
        Err(Error::Limit { .. })
    ));
    assert!(matches!(
        Codec::new(&block(2), &[1 << 20, 1 << 20], "uint8", 1),
        Err(Error::Limit { .. })
    ));
    assert!(matches!(
        Codec::new(&block(1), &[10], "r2048", 256),
        Err(Error::Unsupported { .. })
    ));
    for shape in [&[10][..], &[10, 0], &[1, 1, 1]] {
        let fault = Codec::new(&Configuration::new([2, 2]), shape, "uint8", 1).unwrap_err();
        assert!(fault.to_string().contains("block_shape"), "{fault}");
    }
}

#[test]
fn the_example_of_the_specification() {
    let text = include_str!("../../../../spec/b2nd.md");
    let lines = text.lines().skip_while(|line| !line.starts_with("00  "));
    let hex = lines.take_while(|line| *line != "```").flat_map(|line| {
        let digits = line[4..].split("  ").next().unwrap();
        let bytes = digits.split(' ');
        bytes.map(|byte| u8::from_str_radix(byte, 16).unwrap())
    });
    let configuration = Configuration::new([2, 2]).compressor(Compressor::Lz4, 0);
    let codec = Codec::new(&configuration.checksum(true), &[3, 2], "uint8", 1).unwrap();
    let mut bytes = Vec::new();
    codec.encode_into(&[1, 2, 3, 4, 5, 6], &mut bytes).unwrap();
    assert_eq!(bytes, hex.collect::<Vec<u8>>());
}
