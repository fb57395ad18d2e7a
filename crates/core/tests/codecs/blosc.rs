//! The `blosc` codec beside that of zarrs, which is c-blosc 1.21.

use std::borrow::Cow;

use proptest::prelude::*;
use serde_json::{Value, json};
use zarrs::array::codec::BloscCodec;
use zarrs::array::codec::api::BytesToBytesCodecTraits;
use zarrs::array::{BytesRepresentation, CodecOptions};

use super::{blocks, codec, damaged, decode, encode, is_refused};

fn foreign(configuration: &Value) -> BloscCodec {
    let configuration = serde_json::from_value(configuration.clone()).unwrap();
    BloscCodec::new_with_configuration(&configuration).unwrap()
}

fn foreign_encode(configuration: &Value, block: &[u8]) -> Vec<u8> {
    let options = CodecOptions::default();
    foreign(configuration)
        .encode(Cow::Borrowed(block), &options)
        .unwrap()
        .into_owned()
}

fn foreign_decode(configuration: &Value, chunk: &[u8], size: usize) -> Vec<u8> {
    let size = BytesRepresentation::FixedSize(size as u64);
    let options = CodecOptions::default();
    foreign(configuration)
        .decode(Cow::Borrowed(chunk), &size, &options)
        .unwrap()
        .into_owned()
}

fn configurations(levels: std::ops::RangeInclusive<u8>) -> impl Strategy<Value = Value> {
    let sizes = prop_oneof![
        4 => prop::sample::select(vec![1, 2, 4, 8]), 2 => 1..=20usize, 1 => 100..=300usize,
    ];
    (
        prop::sample::select(vec!["zstd", "lz4", "lz4hc", "zlib", "blosclz", "snappy"]),
        levels,
        prop::sample::select(vec!["noshuffle", "shuffle", "bitshuffle"]),
        sizes,
        prop_oneof![3 => Just(0), 1 => 1..5000usize, 1 => Just(65536)],
    )
        .prop_map(|(name, level, shuffle, typesize, size)| {
            json!({"cname": name, "clevel": level, "shuffle": shuffle, "typesize": typesize,
                "blocksize": size})
        })
}

fn lengths() -> impl Strategy<Value = usize> {
    // Around 128 blosc gives up on compression; 32 KiB and more are cut into blocks.
    prop_oneof![
        1..300usize,
        (1..40usize).prop_map(|n| n * 512),
        1..400_000usize
    ]
}

fn named(configuration: &Value) -> [Value; 1] {
    [json!({"name": "blosc", "configuration": configuration})]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_same_chunks(configuration in configurations(0..=7), block in blocks(lengths())) {
        let codec = codec(&named(&configuration), block.len());
        if codec.is_fill(&block) {
            return Ok(());
        }
        let chunk = encode(&codec, &block);
        let theirs = foreign_encode(&configuration, &block);
        prop_assert_eq!(&foreign_decode(&configuration, &chunk, block.len()), &block);
        prop_assert_eq!(&decode(&codec, &theirs).unwrap(), &block);
        // The streams are of the same libraries, so not only the sizes are the same.
        prop_assert!(chunk == theirs, "{} and {} bytes", chunk.len(), theirs.len());
    }

    #[test]
    fn spans_are_those_of_the_block(
        configuration in configurations(1..=4),
        block in blocks(1..200_000usize),
        (a, b) in any::<(prop::sample::Index, prop::sample::Index)>(),
    ) {
        let codec = codec(&named(&configuration), block.len());
        let chunk = foreign_encode(&configuration, &block);
        let (a, b) = (a.index(block.len() + 1), b.index(block.len() + 1));
        let span = a.min(b)..a.max(b);
        let mut out = vec![0xaa; span.len()];
        codec.decode_span("here", &chunk, span.clone(), &mut out).unwrap();
        prop_assert_eq!(&out, &block[span]);
    }

    #[test]
    fn damaged_chunks_do_not_panic(
        (configuration, length, chunk) in (configurations(0..=5), blocks(1..3000usize))
            .prop_flat_map(|(configuration, block)| {
                let chunk = foreign_encode(&configuration, &block);
                (Just(configuration), Just(block.len()), damaged(&chunk))
            }),
        random in prop::collection::vec(any::<u8>(), 0..200),
        (a, b) in any::<(prop::sample::Index, prop::sample::Index)>(),
    ) {
        let codec = codec(&named(&configuration), length);
        let mut valid_start = chunk.clone();
        let keep = chunk.len().min(16);
        valid_start.truncate(keep);
        valid_start.extend(&random);
        if let Some(size) = valid_start.get_mut(12..16) {
            size.copy_from_slice(&((keep + random.len()) as u32).to_le_bytes());
        }
        for bytes in [chunk, random, valid_start] {
            prop_assert!(decode(&codec, &bytes).is_ok() || refused_kindly(&codec, &bytes));
            let (a, b) = (a.index(length + 1), b.index(length + 1));
            let mut out = vec![0; a.abs_diff(b)];
            let _ = codec.decode_span("here", &bytes, a.min(b)..a.max(b), &mut out);
        }
    }
}

#[test]
fn the_highest_levels_make_the_same_chunks() {
    let block: Vec<u8> = (0..70_002u32)
        .map(|i| (i / 9 + i % 77 * i % 5) as u8)
        .collect();
    for name in ["zstd", "lz4", "lz4hc", "zlib", "blosclz"] {
        for level in [8, 9] {
            let configuration = json!({"cname": name, "clevel": level, "shuffle": "shuffle",
                "typesize": 6, "blocksize": 0});
            let chunk = encode(&codec(&named(&configuration), block.len()), &block);
            assert!(
                chunk == foreign_encode(&configuration, &block),
                "{name} {level}"
            );
        }
    }
}

/// As damaged, or as of a compressor that is not known.
fn refused_kindly(codec: &ziggurat_core::codec::BlockCodec, bytes: &[u8]) -> bool {
    let unsupported = matches!(
        decode(codec, bytes),
        Err(ziggurat_core::Error::Unsupported { place, .. }) if place == "here"
    );
    unsupported || is_refused(codec, bytes)
}

/// A chunk of two internal blocks of one stream each.
fn chunk() -> (ziggurat_core::codec::BlockCodec, Vec<u8>) {
    let configuration = json!({"cname": "lz4", "clevel": 5, "shuffle": "noshuffle", "typesize": 100,
        "blocksize": 500});
    let block: Vec<u8> = (0..1000u32).map(|i| (i / 50) as u8).collect();
    let codec = codec(&named(&configuration), block.len());
    let chunk = foreign_encode(&configuration, &block);
    assert_eq!(decode(&codec, &chunk).unwrap(), block);
    (codec, chunk)
}

#[test]
fn lies_of_a_header_are_refused() {
    let (codec, chunk) = chunk();
    let lies: [(usize, &[u8]); 12] = [
        (0, &[1]),
        (0, &[5]),
        (1, &[2]),
        (2, &[0x08 | 0x30]),
        (2, &[0xb0]),
        (3, &[0]),
        (4, &[0xff, 0xff, 0xff, 0x7f]),
        (4, &[0xe9]),
        (8, &[0, 0, 0, 0]),
        (8, &[1, 0, 0, 0]),
        (8, &[0, 0, 0, 0x80]),
        (12, &[0xff, 0xff]),
    ];
    for (at, lie) in lies {
        let mut chunk = chunk.clone();
        chunk[at..at + lie.len()].copy_from_slice(lie);
        assert!(is_refused(&codec, &chunk), "{lie:?} at {at}");
    }
}

#[test]
fn starts_outside_are_refused() {
    let (codec, chunk) = chunk();
    let end = chunk.len() as u32;
    let first = u32::from_le_bytes(chunk[16..20].try_into().unwrap());
    // In the header, beyond the end, and twice the same block.
    for start in [0, 16, 20, end, end - 2, u32::MAX, 1 << 31] {
        let mut chunk = chunk.clone();
        chunk[20..24].copy_from_slice(&start.to_le_bytes());
        assert!(is_refused(&codec, &chunk), "{start}");
    }
    for size in [u32::MAX, 1 << 31, end, 0] {
        let mut chunk = chunk.clone();
        let at = first as usize;
        chunk[at..at + 4].copy_from_slice(&size.to_le_bytes());
        assert!(is_refused(&codec, &chunk), "{size}");
    }
}

#[test]
fn blocks_in_any_order_are_read() {
    // As several threads write them.
    let (codec, chunk) = chunk();
    let want = decode(&codec, &chunk).unwrap();
    let word = |at: usize| u32::from_le_bytes(chunk[at..at + 4].try_into().unwrap()) as usize;
    let (first, second) = (&chunk[word(16)..word(20)], &chunk[word(20)..]);
    let starts = [24 + second.len() as u32, 24]
        .map(u32::to_le_bytes)
        .concat();
    let turned = [&chunk[..16], &starts[..], second, first].concat();
    assert_eq!(decode(&codec, &turned).unwrap(), want);
}

#[test]
fn only_what_holds_a_span_is_decoded() {
    let (codec, mut chunk) = chunk();
    let want = decode(&codec, &chunk).unwrap();
    let second = u32::from_le_bytes(chunk[20..24].try_into().unwrap()) as usize;
    chunk[second..].fill(0xff);
    let mut out = [0; 100];
    codec
        .decode_span("here", &chunk, 400..500, &mut out)
        .unwrap();
    assert_eq!(out, want[400..500]);
    assert!(
        codec
            .decode_span("here", &chunk, 401..501, &mut out)
            .is_err()
    );
}
