//! What is encoded here is decoded there.

use proptest::prelude::*;
use ziggurat_codecs::blosc2::{Compressor, Content, Header, Special, decode};
use ziggurat_oracle::Chunk;

use crate::inputs;

/// What one chunk may go through: a precision, differences, two shuffles.
const FILTERS: usize = 4;

/// Those that are written.
const WRITTEN: [Compressor; 4] = [
    Compressor::Lz4,
    Compressor::Lz4hc,
    Compressor::Zlib,
    Compressor::Zstd,
];

proptest! {
    #![proptest_config(inputs::config())]

    #[test]
    fn chunks_are_decoded((settings, elements) in inputs::chunk(&WRITTEN, FILTERS), threads in 1..3i16) {
        let chunk = Chunk::ours(&settings, &elements).unwrap();
        let here = decode(chunk.bytes(), elements.len()).unwrap();
        prop_assert_eq!(chunk.decoded_there(threads), Ok(here));
    }

    #[test]
    fn blocks_are_decoded_alone((settings, elements) in inputs::chunk(&WRITTEN, FILTERS), pick: prop::sample::Index) {
        let chunk = Chunk::ours(&settings, &elements).unwrap();
        let header = Header::parse(chunk.bytes()).unwrap();
        // C-Blosc2 heeds the mask only where blocks are, and needs the first one to undo differences.
        prop_assume!(header.content == Content::Blocks && !settings.filters.refers_to_first());
        let block = pick.index(header.blocks());
        let here = decode(chunk.bytes(), elements.len()).unwrap();
        let start = block * header.block;
        let mut expected = vec![0; here.len()];
        expected[start..][..header.block_size(block)]
            .copy_from_slice(&here[start..][..header.block_size(block)]);
        prop_assert_eq!(chunk.block_there(block), Ok(expected));
    }

    #[test]
    fn items_are_found((settings, elements) in inputs::chunk(&WRITTEN, FILTERS), ends: [prop::sample::Index; 2]) {
        // C-Blosc2 undoes differences only where it decodes all blocks.
        prop_assume!(!settings.filters.refers_to_first());
        let chunk = Chunk::ours(&settings, &elements).unwrap();
        let size = settings.typesize;
        let here = decode(chunk.bytes(), elements.len()).unwrap();
        let mut ends = ends.map(|end| end.index(elements.len() / size));
        ends.sort_unstable();
        let [start, end] = [ends[0], ends[1] + 1];
        // Where a block begins within what is asked, and has as many bytes, C-Blosc2 takes it for all that is
        // asked.
        let header = Header::parse(chunk.bytes()).unwrap();
        let (from, bytes) = (start * size, (end - start) * size);
        let next = from.div_ceil(header.block);
        let taken = |n| n < header.blocks() && header.block_size(n) == bytes;
        prop_assume!(from.is_multiple_of(header.block) || !taken(next));
        let expected = here[start * size..end * size].to_vec();
        prop_assert_eq!(chunk.items_there(start..end, size), Ok(expected));
    }

    #[test]
    fn special_values_are_repeated(
        (settings, value) in inputs::typesize()
            .prop_flat_map(|n| (inputs::settings(n, &WRITTEN, FILTERS), prop::collection::vec(any::<u8>(), n))),
        count in 1..3000usize,
        special in prop::sample::select(vec![Special::Zeros, Special::Nan, Special::Repeated]),
    ) {
        let value = match special {
            Special::Repeated => value,
            _ => Vec::new(),
        };
        prop_assume!(special != Special::Nan || matches!(settings.typesize, 4 | 8));
        let chunk = Chunk::our_special(&settings, special, &value, count).unwrap();
        let here = decode(chunk.bytes(), count * settings.typesize).unwrap();
        prop_assert_eq!(chunk.decoded_there(1), Ok(here.clone()));
        let last = here[here.len() - settings.typesize..].to_vec();
        prop_assert_eq!(chunk.items_there(count - 1..count, settings.typesize), Ok(last));
    }
}
