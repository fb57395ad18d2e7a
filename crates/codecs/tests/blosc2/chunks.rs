//! Chunks: whatever is encoded is decoded, whole and block by block.

use proptest::prelude::*;
use ziggurat_codecs::blosc2::{
    ChunkIndex, Compressor, Content, Encoder, Filter, Filters, Header, Special, Split, decode,
};

use super::support::{elements, encoder};

fn any_encoder() -> impl Strategy<Value = (Encoder, usize)> {
    let typesize = prop_oneof![1..=16usize, Just(24), Just(300)];
    typesize.prop_flat_map(|t| (encoder(t), Just(t)))
}

proptest! {
    #[test]
    fn whatever_is_encoded_is_decoded(
        (encoder, typesize) in any_encoder(),
        count in 1..3000usize,
        block in 1..800usize,
        seed in any::<u64>(),
    ) {
        let data = elements(count, typesize, seed);
        let encoder = encoder.block(block * typesize)?;
        let chunk = encoder.encode(&data)?;
        prop_assert!(chunk.len() <= data.len() + 32);
        prop_assert_eq!(&decode(&chunk, data.len())?, &data);

        let index = ChunkIndex::parse(&chunk)?;
        let header = *index.header();
        prop_assert_eq!(header.decoded, data.len());
        let mut first = vec![0; header.block_size(0)];
        index.decode_block(0, &chunk[index.extent(0)], None, &mut first)?;
        for (number, expected) in data.chunks(header.block).enumerate() {
            let mut block = vec![0xaa; expected.len()];
            index.decode_block(number, &chunk[index.extent(number)], Some(&first), &mut block)?;
            prop_assert_eq!(&block, expected);
        }
        prop_assert_eq!(Header::parse(&header.to_bytes())?.to_bytes(), header.to_bytes());
    }

    #[test]
    fn precision_is_truncated_as_it_is_read(bits in 1..23i8, delta: bool, seed: u64) {
        let data: Vec<u8> = (0..500u32)
            .flat_map(|i| (i.wrapping_mul(seed as u32) as f32 / 7.0).to_le_bytes())
            .collect();
        let mut filters = vec![Filter::Truncate { bits }];
        if delta {
            filters.push(Filter::Delta);
        }
        filters.push(Filter::Bitshuffle);
        let encoder = Encoder::new(4)?.filters(Filters::new(&filters)?)?.block(400)?;
        let read = decode(&encoder.encode(&data)?, data.len())?;
        let mask = !0u32 << (23 - bits);
        for (a, b) in data.as_chunks().0.iter().zip(read.as_chunks().0) {
            prop_assert_eq!(u32::from_le_bytes(*a) & mask, u32::from_le_bytes(*b));
        }
    }

    #[test]
    fn special_values_are_found_and_repeated(value: [u8; 12], count in 1..100usize, block in 1..9usize) {
        let encoder = Encoder::new(12)?.block(block * 12)?;
        let data = value.repeat(count);
        let special = encoder.special(&data).unwrap();
        let chunk = match special {
            Special::Repeated => encoder.encode_special(special, &value, data.len())?,
            special => encoder.encode_special(special, &[], data.len())?,
        };
        prop_assert_eq!(decode(&chunk, data.len())?, data);
    }
}

#[test]
fn not_a_number_is_special_in_floats() {
    let data = f64::NAN.to_le_bytes().repeat(10);
    let encoder = Encoder::new(8).unwrap();
    assert_eq!(encoder.special(&data), Some(Special::Nan));
    let chunk = encoder.encode_special(Special::Nan, &[], 80).unwrap();
    assert_eq!(decode(&chunk, 80).unwrap(), data);
    assert!(
        Encoder::new(2)
            .unwrap()
            .encode_special(Special::Nan, &[], 80)
            .is_err()
    );
}

#[test]
fn incompressible_elements_are_copied() {
    let mut state = 1u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1);
        (state >> 56) as u8
    })
    .take(100_000)
    .collect();
    let encoder = Encoder::new(1).unwrap().block(1000).unwrap();
    let chunk = encoder.encode(&noise).unwrap();
    let index = ChunkIndex::parse(&chunk).unwrap();
    assert_eq!(index.header().content, Content::Copied);
    let mut block = vec![0; 1000];
    index
        .decode_block(7, &chunk[index.extent(7)], None, &mut block)
        .unwrap();
    assert_eq!(block, noise[7000..8000]);
}

#[test]
fn threads_make_no_difference() {
    let data = elements(100_000, 4, 3);
    let encoder = Encoder::new(4).unwrap().block(4096).unwrap();
    let alone = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .unwrap();
    let one = alone.install(|| encoder.encode(&data).unwrap());
    assert_eq!(one, encoder.encode(&data).unwrap());
}

/// Blosc 1 keeps 16 bytes, and here each kind of stream that only it has.
#[test]
fn chunks_of_blosc_1_are_read() {
    let data = elements(2000, 4, 9);
    let mut planes = vec![0; data.len()];
    for (i, byte) in data.iter().enumerate() {
        planes[i % 4 * 2000 + i / 4] = *byte;
    }
    for (plain, stored, flags) in [(&data, &data, 0x50u8), (&data, &planes, 0x51)] {
        let stream = snap::raw::Encoder::new().compress_vec(stored).unwrap();
        let mut chunk = vec![2, 1, flags, 4];
        for size in [data.len(), data.len(), 24 + stream.len(), 20, stream.len()] {
            chunk.extend(u32::try_from(size).unwrap().to_le_bytes());
        }
        chunk.extend(&stream);
        assert_eq!(
            Header::parse(&chunk).unwrap().compressor,
            Compressor::Snappy
        );
        assert_eq!(&decode(&chunk, data.len()).unwrap(), plain);
    }
}

#[test]
fn what_cannot_be_decoded_is_named() {
    let chunk = Encoder::new(4)
        .unwrap()
        .encode(&elements(1000, 4, 0))
        .unwrap();
    let with = |at: usize, value: u8| {
        let mut changed = chunk.clone();
        changed[at] = value;
        ChunkIndex::parse(&changed).unwrap_err().to_string()
    };
    for (at, value, expected) in [
        (31, 1, "dictionary"),
        (31, 8, "lazy"),
        (31, 0x80, "instrumented"),
        (31, 0x70, "special value 7"),
        (30, 1, "blocks of variable length"),
        (21, 35, "bytedelta"),
        (20, 32, "ndcell"),
        (20, 99, "filter 99"),
        (0, 9, "format version 9"),
        (1, 3, "streams of version 3"),
        (3, 0, "no size"),
    ] {
        let error = with(at, value);
        assert!(error.contains(expected), "{at}: {error}");
    }
    let mut plugin = chunk;
    plugin[2] = plugin[2] & 0x1f | 6 << 5;
    plugin[22] = 34;
    let error = Header::parse(&plugin).unwrap_err().to_string();
    assert!(error.contains("plugin 'zfp'"), "{error}");
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let encoder = Encoder::new(4).unwrap();
    assert!(Encoder::new(0).is_err());
    assert!(encoder.compressor(Compressor::Blosclz, 5).is_err());
    assert!(encoder.compressor(Compressor::Zstd, 10).is_err());
    assert!(encoder.block(6).is_err());
    let filters = |filters: &[Filter]| Filters::new(filters).and_then(|f| encoder.filters(f));
    assert!(filters(&[Filter::Bitshuffle, Filter::Truncate { bits: 3 }]).is_err());
    assert!(filters(&[Filter::Truncate { bits: 24 }]).is_err());
    assert!(filters(&[Filter::Truncate { bits: 0 }]).is_err());
    assert!(filters(&[Filter::Delta; 7]).is_err());
    assert!(encoder.split(Split::Never).encode(&[]).is_ok());
}
