//! The three nested grids: invariants for any shapes.

use proptest::prelude::*;
use ziggurat_core::layout::{Layout, Targets, automatic};
use ziggurat_core::{Error, Region};

use super::support::layouts;

proptest! {
    #[test]
    fn located_blocks_fill_their_superchunk(layout in (1..4usize).prop_flat_map(layouts)) {
        let per = layout.blocks_per_superchunk();
        let blocks = Region::whole(&per).len();
        let superchunk: Vec<u64> = per.iter().map(|_| 3).collect();
        let within = Region::of_cell(&superchunk, &per);
        for (n, block) in within.indices().enumerate() {
            prop_assert_eq!(layout.locate(&block), (superchunk.clone(), n));
            let cell = Region::of_cell(&block, layout.block());
            prop_assert!(Region::of_cell(&superchunk, layout.superchunk()).contains(&cell));
        }
        prop_assert_eq!(within.len(), blocks);
    }

    #[test]
    fn blocks_are_written_chunk_by_chunk(layout in (1..4usize).prop_flat_map(layouts)) {
        let order = layout.write_order();
        let mut sorted = order.clone();
        sorted.sort_unstable();
        let per = layout.blocks_per_superchunk();
        let blocks: Vec<Vec<u64>> = Region::whole(&per).indices().collect();
        prop_assert_eq!(sorted, (0..blocks.len()).collect::<Vec<_>>());
        // The chunk of each block, in the order they are written, without repetition: each once, in C order.
        let chunk_of = |i: &usize| -> Vec<u64> {
            let first = Region::of_cell(&blocks[*i], layout.block()).start;
            first.iter().zip(layout.chunk()).map(|(s, c)| s / c).collect()
        };
        let mut chunks: Vec<Vec<u64>> = order.iter().map(chunk_of).collect();
        chunks.dedup();
        let grid = Region::whole(layout.superchunk()).cells(layout.chunk());
        prop_assert_eq!(chunks, grid.indices().collect::<Vec<_>>());
        // Within a chunk in C order, which is the order of positions.
        for pair in order.windows(2) {
            prop_assert!(chunk_of(&pair[0]) != chunk_of(&pair[1]) || pair[0] < pair[1]);
        }
    }

    #[test]
    fn clipped_layouts_nest_and_cut_nothing_apart(
        (layout, shape) in (1..4usize)
            .prop_flat_map(|r| (layouts(r), prop::collection::vec(0..70u64, r)))
    ) {
        let clipped = layout.clipped(&shape);
        // The constructor checks the invariants.
        let again = Layout::sharded(clipped.superchunk(), clipped.chunk(), clipped.block());
        prop_assert_eq!(&again.unwrap(), &clipped);
        for d in 0..shape.len() {
            prop_assert!(clipped.superchunk()[d] <= layout.superchunk()[d]);
            prop_assert!(clipped.block()[d] <= shape[d].max(1));
            // The grids within the shape stay the same.
            for (new, old) in [
                (clipped.superchunk()[d], layout.superchunk()[d]),
                (clipped.chunk()[d], layout.chunk()[d]),
                (clipped.block()[d], layout.block()[d]),
            ] {
                prop_assert_eq!(shape[d].div_ceil(new), shape[d].div_ceil(old));
                prop_assert!(new == old || shape[d] <= new || shape[d] == 0);
            }
        }
        prop_assert_eq!(clipped.clipped(&shape), clipped);
    }

    #[test]
    fn automatic_shapes_nest_within_their_targets(
        (shape, grow) in prop::collection::vec((1..200_000u64, any::<bool>()), 1..5)
            .prop_map(|dims| dims.into_iter().unzip::<u64, bool, Vec<_>, Vec<_>>()),
        size in prop::sample::select(vec![1, 2, 4, 8, 16]),
        (a, b, c) in (16..1u64 << 20, 1..64u64, 1..64u64),
    ) {
        let targets = Targets { block: a, chunk: a * b, superchunk: a * b * c };
        let [superchunk, chunk, block] = automatic(&shape, size, &grow, targets);
        let layout = Layout::sharded(&superchunk, &chunk, &block);
        prop_assert!(layout.is_ok(), "{layout:?}");
        for (sizes, most) in
            [(&block, targets.block), (&chunk, targets.chunk), (&superchunk, targets.superchunk)]
        {
            let bytes = sizes.iter().product::<u64>() * size;
            prop_assert!(bytes <= most.max(size));
            for d in 0..shape.len() {
                prop_assert!(sizes[d] < 2 * shape[d], "no dimension is overshot by a doubling");
            }
            // Too small only where the array is.
            let full = (0..shape.len()).all(|d| sizes[d] >= shape[d]);
            prop_assert!(full || bytes * 2 > most);
        }
    }
}

#[test]
fn shapes_that_do_not_nest_are_refused() {
    let refused = |superchunk: &[u64], chunk: &[u64], block: &[u64], word: &str| {
        let error = Layout::sharded(superchunk, chunk, block).unwrap_err();
        assert!(matches!(error, Error::Caller { .. }), "{error:?}");
        assert!(error.to_string().contains(word), "{error}");
    };
    refused(&[8, 8], &[4, 4], &[4, 3], "dimension 1");
    refused(&[8, 9], &[4, 4], &[4, 4], "superchunk size 9");
    refused(&[8, 8], &[4, 4], &[4, 0], "not 0");
    refused(&[8, 0], &[4, 0], &[4, 4], "not 0");
    refused(&[8, 8], &[4, 4, 4], &[4, 4], "rank");
    assert!(Layout::unsharded(&[4, 0]).is_err());
    let many = Layout::sharded(&[1 << 20, 1 << 20], &[1, 1], &[1, 1]);
    assert!(matches!(many, Err(Error::Limit { .. })), "{many:?}");
    let wide = Layout::sharded(&[u64::MAX, u64::MAX], &[1, 1], &[1, 1]);
    assert!(matches!(wide, Err(Error::Limit { .. })), "{wide:?}");
}

#[test]
fn an_array_without_dimensions_has_one_block() {
    let layout = Layout::unsharded(&[]).unwrap();
    assert_eq!(layout.locate(&[]), (vec![], 0));
    assert_eq!(layout.write_order(), [0]);
    assert!(!layout.is_sharded());
}
