//! Blosc chunks that grow, read by us and by c-blosc.

use proptest::prelude::*;
use serde_json::{Value, json};
use ziggurat_core::ElementType;
use ziggurat_core::codec::{BlockCodec, Grown, Growth};

use super::blosc::{foreign_decode, named};
use super::{blocks, codec, damaged, decode, encode, is_refused};

/// What [`codec`] has for fill.
const FILL: u8 = 77;

fn configurations() -> impl Strategy<Value = Value> {
    (
        prop::sample::select(vec!["lz4", "lz4hc", "zstd"]),
        1..=9u8,
        prop::sample::select(vec!["noshuffle", "shuffle", "bitshuffle"]),
        prop::sample::select(vec![1, 2, 4, 8, 16]),
    )
        .prop_map(|(name, level, shuffle, typesize)| {
            json!({"cname": name, "clevel": level, "shuffle": shuffle, "typesize": typesize, "blocksize": 0})
        })
}

/// A codec of blocks of `count` planes, and how they grow.
fn growing(configuration: &Value, plane: usize, count: usize) -> (BlockCodec, Growth) {
    let codec = codec(&named(configuration), plane * count);
    let growth = codec.growth(plane).unwrap();
    (codec, growth)
}

/// As whoever sees no more than the head.
fn grow(growth: &Growth, old: &[u8], first: usize, planes: &[u8]) -> Option<Grown> {
    let seen = (&old[..growth.head().min(old.len())], old.len());
    growth.grow((!old.is_empty()).then_some(seen), first, planes)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn planes_are_set_in_any_order(
        configuration in configurations(),
        (count, writes) in (2..24usize).prop_flat_map(|count| {
            (Just(count), prop::collection::vec((0..count, 1..4usize, any::<bool>()), 1..40))
        }),
        values in blocks(Just(80 * 4096)),
    ) {
        let plane = 4096;
        let (codec, growth) = growing(&configuration, plane, count);
        let mut block = vec![FILL; plane * count];
        let mut set = vec![false; count];
        let mut chunk = Vec::new();
        for (step, (first, more, erase)) in writes.into_iter().enumerate() {
            let planes = first..(first + more).min(count);
            let new = match erase {
                true => vec![FILL; plane * planes.len()],
                false => values[step * plane..][..plane * planes.len()].to_vec(),
            };
            let Some(grown) = grow(&growth, &chunk, first, &new) else {
                prop_assert!(set[planes].contains(&true));
                continue;
            };
            prop_assert!(!set[planes.clone()].contains(&true));
            for (i, plane) in planes.clone().zip(new.chunks(plane)) {
                set[i] = plane.iter().any(|byte| *byte != FILL);
            }
            let left = set.iter().filter(|set| !**set).count();
            prop_assert_eq!(grown.room == 0, left == 0 || grown.bytes.is_empty());
            chunk = grown.before(&chunk).to_vec();
            block[planes.start * plane..planes.end * plane].copy_from_slice(&new);
            if chunk.is_empty() {
                prop_assert!(!set.contains(&true));
                continue;
            }
            prop_assert_eq!(&decode(&codec, &chunk).unwrap(), &block);
            prop_assert_eq!(&foreign_decode(&configuration, &chunk, block.len()), &block);
            let span = plane / 2..block.len() - plane / 3;
            let mut out = vec![0; span.len()];
            codec.decode_span("here", &chunk, span.clone(), &mut out).unwrap();
            prop_assert_eq!(&out, &block[span]);
        }
    }

    #[test]
    fn any_other_chunk_grows_rightly_or_not(
        configuration in configurations(),
        block in blocks(Just(8 * 4096)),
        (count, first) in (0..4usize, 0..8usize),
        mishap in any::<prop::sample::Index>(),
    ) {
        let (codec, growth) = growing(&configuration, 4096, 8);
        let new = vec![3; 4096 * count];
        let mut forced = configuration.clone();
        forced["blocksize"] = json!(4096);
        let other = super::codec(&named(&forced), block.len());
        for mut chunk in [encode(&codec, &block), encode(&other, &block)] {
            if let Some(grown) = grow(&growth, &chunk, first, &new) {
                let mut block = block.clone();
                block[first * 4096..][..4096 * count].copy_from_slice(&new);
                prop_assert_eq!(&decode(&codec, &grown.before(&chunk)).unwrap(), &block);
            }
            let at = mishap.index(chunk.len());
            chunk[at] ^= 0x55;
            chunk.truncate(at + 99);
            let _ = grow(&growth, &chunk, first, &new);
        }
    }

    #[test]
    fn damaged_heads_are_refused_or_harmless(
        bytes in {
            let (_, growth) = growing(&configuration(), 512, 16);
            let chunk = growth.grow(None, 3, &[5; 1024]).unwrap().before(&[]);
            damaged(&chunk)
        },
    ) {
        let (codec, growth) = growing(&configuration(), 512, 16);
        if let Some(grown) = grow(&growth, &bytes, 9, &[6; 512]) {
            let chunk = grown.before(&bytes);
            let mut out = [0; 512];
            codec.decode_span("here", &chunk, 9 * 512..10 * 512, &mut out).unwrap();
            prop_assert_eq!(out, [6; 512]);
            let _ = decode(&codec, &chunk);
        }
    }
}

fn configuration() -> Value {
    json!({"cname": "lz4", "clevel": 5, "shuffle": "shuffle", "typesize": 2, "blocksize": 0})
}

#[test]
fn room_is_what_the_rest_takes() {
    let (_, growth) = growing(&configuration(), 2048, 32);
    let plane = |i: usize| -> Vec<u8> { (0..2048).map(|n| (n * n / 7 + i) as u8).collect() };
    let first = growth.grow(None, 0, &plane(1)).unwrap();
    let (mut chunk, mut taken) = (first.before(&[]), 0);
    for i in 1..32 {
        let grown = grow(&growth, &chunk, i, &plane(i)).unwrap();
        taken += grown.bytes.len();
        chunk = grown.before(&chunk);
        assert_eq!(grown.room == 0, i == 31);
    }
    let ratio = first.room as f64 / taken as f64;
    assert!((1.0..1.15).contains(&ratio), "{ratio}");
    assert_eq!(grow(&growth, &chunk, 4, &plane(1)), None);
}

#[test]
fn what_makes_no_sense_does_not_grow() {
    let codec = codec(&named(&configuration()), 4096);
    assert!(codec.growth(1024).is_some());
    // Not in planes, all of it, and so small that the starts would take most.
    for plane in [0, 1000, 4096, 8192, 128, 1] {
        assert!(codec.growth(plane).is_none(), "{plane}");
    }
    let growth = codec.growth(1024).unwrap();
    assert!(growth.grow(None, 3, &[0; 2048]).is_none(), "beyond the end");
    assert!(growth.grow(None, usize::MAX, &[0; 1024]).is_none());
    assert!(growth.grow(None, 0, &[0; 1000]).is_none(), "no planes");
    assert_eq!(growth.grow(None, 0, &[FILL; 1024]), Some(Grown::default()));
    for (name, level) in [("blosclz", 5), ("zlib", 5), ("lz4", 0)] {
        let configuration =
            json!({"cname": name, "clevel": level, "shuffle": "noshuffle", "blocksize": 0});
        assert!(
            super::codec(&named(&configuration), 4096)
                .growth(1024)
                .is_none()
        );
    }
    let summed = [
        named(&configuration())[0].clone(),
        json!({"name": "crc32c"}),
    ];
    assert!(super::codec(&summed, 4096).growth(1024).is_none());
    let big = [
        json!({"name": "bytes", "configuration": {"endian": "big"}}),
        named(&configuration())[0].clone(),
    ];
    let big = BlockCodec::new("here", &big, ElementType::Int16, &[0, 0], &[2, 1024]).unwrap();
    assert!(big.growth(2048).is_none());
}

#[test]
fn a_stream_that_is_shared_costs_no_more_than_the_block() {
    // As long as all of the chunk, and 64 times the same.
    let (codec, growth) = growing(
        &json!({"cname": "lz4", "clevel": 5, "shuffle": "noshuffle",
        "typesize": 1, "blocksize": 0}),
        2048,
        64,
    );
    let noise: Vec<u8> = (0..2048u64).map(|i| ((i * i * 7919) >> 8) as u8).collect();
    let mut chunk = growth.grow(None, 0, &noise).unwrap().before(&[]).to_vec();
    let start = chunk[16..20].to_vec();
    for place in chunk[20..16 + 4 * 64]
        .as_chunks_mut::<4>()
        .0
        .iter_mut()
        .step_by(2)
    {
        place.copy_from_slice(&start);
    }
    let at = u32::from_le_bytes(start.try_into().unwrap()) as usize;
    assert!(decode(&codec, &chunk).is_ok());
    chunk.resize(at + 4 + 100_000, 0);
    let length = chunk.len() as u32;
    chunk[12..16].copy_from_slice(&length.to_le_bytes());
    chunk[at..at + 4].copy_from_slice(&100_000u32.to_le_bytes());
    assert!(is_refused(&codec, &chunk));
}
