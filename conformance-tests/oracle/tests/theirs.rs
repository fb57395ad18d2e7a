//! What is encoded there is decoded here.

use proptest::prelude::*;
use ziggurat_codecs::blosc2::{
    ChunkIndex, Compressor, Content, Filter, Filters, Header, Special, Split, decode,
};
use ziggurat_core::Error;
use ziggurat_oracle::{Chunk, Failed, Settings};

use crate::inputs;

/// Most filters that C-Blosc2 applies without fault.
const FILTERS: usize = 2;

/// All that C-Blosc2 has.
const ALL: [Compressor; 5] = [
    Compressor::Blosclz,
    Compressor::Lz4,
    Compressor::Lz4hc,
    Compressor::Zlib,
    Compressor::Zstd,
];

proptest! {
    #![proptest_config(inputs::config())]

    #[test]
    fn chunks_are_decoded((settings, elements) in inputs::chunk(&ALL, FILTERS), threads in 1..3i16) {
        let chunk = Chunk::theirs(&settings, &elements, threads).unwrap();
        let there = chunk.decoded_there(1).unwrap();
        let here = decode(chunk.bytes(), elements.len());
        prop_assert_eq!(here.map_err(|e| e.to_string()), Ok(there));
    }

    #[test]
    fn blocks_are_decoded_alone((settings, elements) in inputs::chunk(&ALL, FILTERS), threads in 1..3i16) {
        let chunk = Chunk::theirs(&settings, &elements, threads).unwrap();
        let there = chunk.decoded_there(1).unwrap();
        let bytes = chunk.bytes();
        let index = ChunkIndex::parse(bytes).unwrap();
        let header = index.header();
        prop_assert_eq!(ChunkIndex::parse(&bytes[..header.prefix()]).unwrap().extent(0), index.extent(0));
        let mut first = vec![0; header.block_size(0)];
        index.decode_block(0, &bytes[index.extent(0)], None, &mut first).unwrap();
        for (number, expected) in there.chunks(header.block).enumerate() {
            let mut block = vec![0xaa; expected.len()];
            index.decode_block(number, &bytes[index.extent(number)], Some(&first), &mut block).unwrap();
            prop_assert_eq!(&block[..], expected);
        }
    }

    /// What a filter drops is dropped by both alike.
    #[test]
    fn both_sides_keep_the_same((settings, elements) in inputs::chunk(&ALL, FILTERS)) {
        prop_assume!(settings.compressor != Compressor::Blosclz);
        // C-Blosc2 takes differences from the first block before its precision is truncated, and undoes
        // them with what is left of it.
        let filters = settings.filters;
        let truncates = filters.iter().any(|f| matches!(f, Filter::Truncate { .. }));
        prop_assume!(!truncates || !filters.refers_to_first());
        let kept = |chunk: Chunk| decode(chunk.bytes(), elements.len()).unwrap();
        let ours = Chunk::ours(&settings, &elements).unwrap();
        let theirs = Chunk::theirs(&settings, &elements, 1).unwrap();
        let content = |chunk: &Chunk| Header::parse(chunk.bytes()).unwrap().content;
        // A copy keeps all; what does not shrink is for each side to say.
        prop_assume!(content(&ours) == content(&theirs));
        prop_assert_eq!(kept(ours), kept(theirs));
    }

    #[test]
    fn special_values_are_repeated(
        (settings, value) in inputs::typesize()
            .prop_flat_map(|n| (inputs::settings(n, &ALL, FILTERS), prop::collection::vec(any::<u8>(), n))),
        count in 1..3000usize,
        special in prop::sample::select(vec![Special::Zeros, Special::Nan, Special::Repeated]),
    ) {
        prop_assume!(special != Special::Nan || matches!(settings.typesize, 4 | 8));
        let value = match special {
            Special::Repeated => value,
            _ => Vec::new(),
        };
        let chunk = Chunk::their_special(&settings, special, &value, count).unwrap();
        let there = chunk.decoded_there(1).unwrap();
        prop_assert_eq!(decode(chunk.bytes(), there.len()).unwrap(), there);
    }
}

#[test]
fn what_was_never_written_is_said() {
    let settings = settings(8);
    let chunk = Chunk::their_special(&settings, Special::Uninitialized, &[], 100).unwrap();
    let header = Header::parse(chunk.bytes()).unwrap();
    assert_eq!(header.content, Content::Special(Special::Uninitialized));
    assert_eq!(decode(chunk.bytes(), 800).unwrap(), [0; 800]);
}

#[test]
fn dictionaries_are_refused_by_name() {
    let elements: Vec<u8> = (0..100_000u32)
        .flat_map(|i| (i % 777).to_le_bytes())
        .collect();
    let chunk = Chunk::theirs_with_dictionary(&settings(4), &elements).unwrap();
    assert_eq!(chunk.decoded_there(1).as_ref(), Ok(&elements));
    match decode(chunk.bytes(), elements.len()) {
        Err(Error::Unsupported { what, .. }) => assert!(what.contains("dictionary"), "{what}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn snappy_is_not_there() {
    let settings = Settings {
        compressor: Compressor::Snappy,
        ..settings(4)
    };
    let refused = Chunk::theirs(&settings, &[0; 400], 1);
    assert!(matches!(refused, Err(Failed::There(..0))), "{refused:?}");
}

fn settings(typesize: usize) -> Settings {
    Settings {
        compressor: Compressor::Zstd,
        level: 5,
        filters: Filters::shuffle(),
        split: Split::Auto,
        typesize,
        block: 2048,
    }
}
