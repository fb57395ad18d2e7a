//! `bitround` before `bytes`: rounded when encoded, nothing undone when decoded.

use proptest::prelude::*;
use serde_json::{Value, json};
use ziggurat_core::ElementType;
use ziggurat_core::codec::BlockCodec;

use super::{decode, encode};

/// To the nearest of the values with `keep` bits of mantissa, to the even one of two.
fn rounded(value: f32, keep: u32) -> f32 {
    let (bits, drop) = (value.to_bits(), 23 - keep);
    let odd = (bits >> drop) & 1;
    f32::from_bits((bits + odd + (1 << (drop - 1)) - 1) >> drop << drop)
}

fn chain(name: &str, keep: u32, rest: &[Value]) -> Vec<Value> {
    let rounding = json!({"name": name, "configuration": {"keepbits": keep}});
    [&[rounding], rest].concat()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn elements_are_rounded(
        values in prop::collection::vec(-1e30..1e30f32, 6 * 35),
        keep in 1..23u32,
        numcodecs in any::<bool>(),
        which in 0..4usize,
        span in (0..200usize, 1..10usize),
    ) {
        let bytes = |endian: &str| json!({"name": "bytes", "configuration": {"endian": endian}});
        let zstd = json!({"name": "zstd", "configuration": {"level": 1, "checksum": false}});
        let blosc = json!({"name": "blosc", "configuration": {
            "cname": "lz4", "clevel": 5, "shuffle": "shuffle", "typesize": 4, "blocksize": 0}});
        let order = json!({"name": "transpose", "configuration": {"order": [1, 0]}});
        let rest = [
            vec![bytes("little"), zstd.clone()],
            vec![bytes("little"), blosc, json!({"name": "crc32c"})],
            vec![bytes("big"), zstd],
            vec![order, bytes("little")],
        ];
        let name = if numcodecs { "numcodecs.bitround" } else { "bitround" };
        let codecs = chain(name, keep, &rest[which]);
        let codec = BlockCodec::new("here", &codecs, ElementType::Float32, &[7; 4], &[6, 35]);
        let codec = codec.unwrap();
        let block: Vec<u8> = values.iter().flat_map(|v| v.to_ne_bytes()).collect();
        let expected: Vec<u8> = values
            .iter()
            .flat_map(|v| rounded(*v, keep).to_ne_bytes())
            .collect();
        let encoded = encode(&codec, &block);
        prop_assert_eq!(&decode(&codec, &encoded).unwrap(), &expected);
        let span = span.0 * 4..(span.0 + span.1) * 4;
        let mut part = vec![0; span.len()];
        codec.decode_span("here", &encoded, span.clone(), &mut part).unwrap();
        prop_assert_eq!(&part, &expected[span]);
        prop_assert!(codec.growth(35 * 4).is_none(), "planes would not be rounded");
    }
}
