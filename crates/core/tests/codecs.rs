//! Block codecs beside those of zarrs, and on damaged bytes.

use proptest::prelude::*;
use serde_json::{Value, json};
use ziggurat_core::codec::BlockCodec;
use ziggurat_core::{ElementType, Error};

mod blosc;
mod grow;
mod rounding;

/// The codec of blocks of `size` single bytes.
pub(super) fn codec(codecs: &[Value], size: usize) -> BlockCodec {
    let codecs = [&[json!({"name": "bytes"})], codecs].concat();
    BlockCodec::new("here", &codecs, ElementType::UInt8, &[77], &[size as u64]).unwrap()
}

pub(super) fn encode(codec: &BlockCodec, block: &[u8]) -> Vec<u8> {
    let mut out = b"before".to_vec();
    assert!(codec.encode_into("here", block, &mut out).unwrap());
    assert_eq!(codec.encode("here", block).unwrap().unwrap(), out[6..]);
    assert_eq!(&out[..6], b"before");
    out.split_off(6)
}

pub(super) fn decode(codec: &BlockCodec, bytes: &[u8]) -> ziggurat_core::Result<Vec<u8>> {
    let mut out = vec![0xaa; codec.decoded_size()];
    codec.decode_into("here", bytes, &mut out).map(|()| out)
}

/// Whether `bytes` are refused as damaged.
pub(super) fn is_refused(codec: &BlockCodec, bytes: &[u8]) -> bool {
    matches!(decode(codec, bytes), Err(Error::Data { place, .. }) if place == "here")
}

/// Bytes with a kind of order, of which compressors make more or less.
pub(super) fn blocks(length: impl Strategy<Value = usize>) -> impl Strategy<Value = Vec<u8>> {
    (length, 1..255u64, 0..4u64, any::<u64>()).prop_map(|(length, step, noise, seed)| {
        let mut state = seed;
        (0..length as u64)
            .map(|i| {
                state = state
                    .wrapping_mul(6364136223846793005)
                    .wrapping_add(1442695040888963407);
                let random = if noise == 3 {
                    state >> 56
                } else {
                    (state >> 40) % (noise * 7 + 1)
                };
                (i / step + random) as u8
            })
            .collect()
    })
}

/// `bytes` after one mishap.
pub(super) fn damaged(bytes: &[u8]) -> impl Strategy<Value = Vec<u8>> + use<> {
    let (bytes, length) = (bytes.to_vec(), bytes.len());
    // Most of what can go wrong is in the first bytes.
    let at = prop_oneof![0..length, 0..length.min(48)];
    (at, any::<u32>(), 0..5u8).prop_map(move |(at, value, kind)| {
        let mut bytes = bytes.clone();
        match kind {
            0 => bytes[at] ^= 1 << (value % 8),
            1 => bytes[at] = value as u8,
            2 => bytes.truncate(at),
            3 => bytes.extend(value.to_le_bytes()),
            _ => {
                let end = length.min(at + 4);
                bytes[at..end].copy_from_slice(&value.to_le_bytes()[..end - at]);
            }
        }
        bytes
    })
}

fn chains() -> impl Strategy<Value = Vec<Value>> {
    let zstd =
        |checksum| json!({"name": "zstd", "configuration": {"level": 3, "checksum": checksum}});
    let gzip = |level| json!({"name": "gzip", "configuration": {"level": level}});
    let blosc = json!({"name": "blosc", "configuration": {
        "cname": "lz4", "clevel": 5, "shuffle": "shuffle", "typesize": 4, "blocksize": 0}});
    let crc = json!({"name": "crc32c"});
    let lists = vec![
        vec![],
        vec![crc.clone()],
        vec![zstd(false)],
        vec![zstd(true), json!({"name": "crc32c", "configuration": {}})],
        vec![gzip(0)],
        vec![gzip(1), crc.clone()],
        vec![gzip(9)],
        vec![blosc, crc],
    ];
    prop::sample::select(lists)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn zarrs_and_we_read_each_other(
        element in super::support::elements(),
        chain in chains(),
        endian in prop::sample::select(vec!["little", "big"]),
        transposed in any::<bool>(),
        block in blocks(Just(6 * 35 * 16)),
    ) {
        use std::num::NonZeroU64;
        use zarrs::array::codec::api::ArrayToBytesCodecTraits;
        let block: Vec<u8> = block.into_iter().map(|b| b & 1).take(210 * element.size()).collect();
        let bytes = json!({"name": "bytes", "configuration": {"endian": endian}});
        let order = json!({"name": "transpose", "configuration": {"order": [1, 0]}});
        let codecs = [if transposed { vec![order, bytes] } else { vec![bytes] }, chain].concat();
        let fill = vec![7; element.size()];
        let ours = BlockCodec::new("here", &codecs, element, &fill, &[6, 35]).unwrap();

        let metadata = serde_json::from_value(json!({
            "zarr_format": 3, "node_type": "array", "shape": [6, 35], "data_type": element.name(),
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [6, 35]}},
            "chunk_key_encoding": {"name": "default"}, "codecs": codecs,
            "fill_value": match element.name() {
                "bool" => json!(false),
                name if name.starts_with("complex") => json!([0.0, 0.0]),
                _ => json!(0),
            },
        })).unwrap();
        let store = std::sync::Arc::new(zarrs::storage::store::MemoryStore::new());
        let array = zarrs::array::Array::new_with_metadata(store, "/", metadata).unwrap();
        let shape = [6, 35].map(|n| NonZeroU64::new(n).unwrap());
        let (kind, none) = (array.data_type(), array.fill_value());
        let options = zarrs::array::CodecOptions::default();
        let theirs = array.codecs();

        let decoded = theirs
            .decode(encode(&ours, &block).into(), &shape, kind, none, &options)
            .and_then(|bytes| Ok(bytes.into_fixed()?.into_owned()));
        prop_assert_eq!(&decoded.unwrap(), &block);
        let whole = zarrs::array::ArrayBytes::new_flen(&block);
        let encoded = theirs.encode(whole, &shape, kind, none, &options).unwrap();
        prop_assert_eq!(&decode(&ours, &encoded).unwrap(), &block);
        let mut part = vec![0; block.len() / 3];
        let span = block.len() / 3..block.len() / 3 * 2;
        ours.decode_span("here", &encoded, span.clone(), &mut part).unwrap();
        prop_assert_eq!(&part, &block[span]);
    }

    #[test]
    fn damage_is_refused_or_harmless(
        (chain, block, bytes) in (chains(), blocks(1..900usize)).prop_flat_map(|(chain, block)| {
            let bytes = encode(&codec(&chain, block.len()), &block);
            (Just(chain), Just(block), damaged(&bytes))
        }),
        random in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        let codec = codec(&chain, block.len());
        for bytes in [bytes, random] {
            match decode(&codec, &bytes) {
                Ok(decoded) => prop_assert!(!has_checksum(&chain) || decoded == block),
                Err(Error::Data { place, .. }) => prop_assert_eq!(place, "here"),
                Err(error) => prop_assert!(false, "{error}"),
            }
        }
    }
}

fn has_checksum(chain: &[Value]) -> bool {
    chain.iter().any(|codec| codec["name"] == "crc32c")
}

#[test]
fn all_zstd_frames_are_decoded() {
    use std::io::Write;
    let codec = codec(
        &[json!({"name": "zstd", "configuration": {"level": 1}})],
        3000,
    );
    let block: Vec<u8> = (0..3000u32).map(|i| (i / 7) as u8).collect();
    // A stream does not know its size when it writes the header of the frame.
    let mut stream = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
    stream.write_all(&block[..1000]).unwrap();
    let unsized_frame = stream.finish().unwrap();
    assert_eq!(
        zstd::zstd_safe::get_frame_content_size(&unsized_frame).unwrap(),
        None
    );
    let skippable = [
        &0x184d_2a53u32.to_le_bytes()[..],
        &3u32.to_le_bytes(),
        b"abc",
    ]
    .concat();
    let rest = zstd::bulk::compress(&block[1000..], 3).unwrap();
    let frames = [
        &skippable[..],
        &unsized_frame,
        &skippable,
        &rest,
        &skippable,
    ]
    .concat();
    assert_eq!(decode(&codec, &frames).unwrap(), block);
    assert!(is_refused(&codec, &[&frames[..], &rest].concat()));
    assert!(is_refused(&codec, &frames[..frames.len() - 1]));
    assert!(is_refused(&codec, &unsized_frame));
    assert!(is_refused(&codec, &skippable));
    assert!(is_refused(&codec, &[]));
}

#[test]
fn bombs_are_refused() {
    let bomb = vec![0; 64 << 20];
    let zstd = json!({"name": "zstd", "configuration": {"level": 1, "checksum": false}});
    let gzip = json!({"name": "gzip", "configuration": {"level": 9}});
    let blosc = json!({"name": "blosc", "configuration": {
        "cname": "zlib", "clevel": 9, "shuffle": "noshuffle", "blocksize": 0}});
    for chain in [zstd, gzip, blosc] {
        let large = codec(std::slice::from_ref(&chain), bomb.len());
        let small = codec(&[chain], 1000);
        assert!(is_refused(&small, &encode(&large, &bomb)));
    }
}

#[test]
fn gzip_members_and_fields_are_read() {
    let codec = codec(
        &[json!({"name": "gzip", "configuration": {"level": 6}})],
        4000,
    );
    let block: Vec<u8> = (0..4000u32).map(|i| (i * i / 99) as u8).collect();
    let member = |part: &[u8]| {
        use std::io::Write;
        let builder = flate2::GzBuilder::new()
            .extra(b"xyz")
            .filename("name")
            .comment("why");
        let mut encoder = builder.write(Vec::new(), flate2::Compression::fast());
        encoder.write_all(part).unwrap();
        encoder.finish().unwrap()
    };
    let both = [member(&block[..1500]), member(&block[1500..])].concat();
    assert_eq!(decode(&codec, &both).unwrap(), block);
    assert!(is_refused(&codec, &member(&block[1..])));
    assert!(is_refused(&codec, &[&both[..], b"more"].concat()));
    let last = both.len() - 5;
    assert!(is_refused(
        &codec,
        &[&both[..last], &[both[last] ^ 1], &both[last + 1..]].concat()
    ));
}

#[test]
fn sizes_that_are_not_those_of_a_block_are_refused() {
    let codec = codec(&[], 16);
    let mut out = [0; 17];
    assert!(matches!(
        codec.decode_into("here", &[0; 16], &mut out),
        Err(Error::Caller { .. })
    ));
    for (start, end) in [(3, 2), (9, 17), (0, 3)] {
        let refused = codec.decode_span("here", &[0; 16], start..end, &mut out[..4]);
        assert!(matches!(refused, Err(Error::Caller { .. })));
    }
    assert!(is_refused(&codec, &[0; 15]));
    assert_eq!(codec.encode("here", &[77; 16]).unwrap(), None);
    assert!(
        !codec
            .encode_into("here", &[77; 16], &mut Vec::new())
            .unwrap()
    );
}
