//! Boxes of indices against loops over single indices.

use proptest::prelude::*;
use ziggurat_core::Region;
use ziggurat_core::region::{Window, copy, offset, runs, strides};

/// A region of this rank with small numbers.
fn region(rank: usize) -> impl Strategy<Value = Region> {
    let numbers = |most: u64| prop::collection::vec(0..most, rank);
    (numbers(9), numbers(6)).prop_map(|(start, shape)| Region::new(start, shape))
}

fn two_regions() -> impl Strategy<Value = (Region, Region)> {
    (0..4usize).prop_flat_map(|rank| (region(rank), region(rank)))
}

fn holds(region: &Region, index: &[u64]) -> bool {
    let bounds = region.start.iter().zip(&region.shape);
    let mut inside = index.iter().zip(bounds);
    inside.all(|(i, (start, size))| start <= i && *i < start + size)
}

/// Every index that could matter, in C order.
fn all(rank: usize) -> Vec<Vec<u64>> {
    let mut all = vec![vec![]];
    for _ in 0..rank {
        let longer = |head: Vec<u64>| {
            (0..16).map(move |i| {
                let mut index = head.clone();
                index.push(i);
                index
            })
        };
        all = all.into_iter().flat_map(longer).collect();
    }
    all
}

proptest! {
    #[test]
    fn indices_are_all_in_c_order(region in (0..4usize).prop_flat_map(region)) {
        let found: Vec<Vec<u64>> = region.indices().collect();
        let naive: Vec<Vec<u64>> =
            all(region.rank()).into_iter().filter(|i| holds(&region, i)).collect();
        prop_assert_eq!(found.len() as u64, region.len());
        prop_assert_eq!(region.is_empty(), naive.is_empty());
        prop_assert_eq!(found, naive);
    }

    #[test]
    fn the_intersection_is_what_both_hold((a, b) in two_regions()) {
        let naive: Vec<Vec<u64>> = all(a.rank())
            .into_iter()
            .filter(|i| holds(&a, i) && holds(&b, i))
            .collect();
        match a.intersect(&b) {
            None => prop_assert!(naive.is_empty()),
            Some(common) => {
                prop_assert!(a.contains(&common) && b.contains(&common));
                prop_assert_eq!(common.indices().collect::<Vec<_>>(), naive);
            }
        }
        prop_assert_eq!(a.intersect(&b), b.intersect(&a));
    }

    #[test]
    fn contains_agrees_with_single_indices((a, b) in two_regions()) {
        if !b.is_empty() {
            prop_assert_eq!(a.contains(&b), b.indices().all(|i| holds(&a, &i)));
        }
    }

    #[test]
    fn cells_are_those_that_are_touched(
        (region, cell) in (0..4usize).prop_flat_map(|r| (region(r), prop::collection::vec(1..5u64, r)))
    ) {
        let mut naive: Vec<Vec<u64>> = region
            .indices()
            .map(|i| i.iter().zip(&cell).map(|(i, c)| i / c).collect())
            .collect();
        naive.sort();
        naive.dedup();
        let cells = region.cells(&cell);
        prop_assert_eq!(cells.indices().collect::<Vec<_>>(), naive);
        for index in cells.indices() {
            prop_assert!(Region::of_cell(&index, &cell).intersect(&region).is_some());
        }
    }

    #[test]
    fn offsets_count_in_c_order(shape in prop::collection::vec(1..5u64, 0..4)) {
        let steps = strides(&shape);
        for (n, index) in Region::whole(&shape).indices().enumerate() {
            prop_assert_eq!(offset(&index, &shape), n as u64);
            let by_steps: u64 = index.iter().zip(&steps).map(|(i, s)| i * s).sum();
            prop_assert_eq!(by_steps, n as u64);
        }
    }

    #[test]
    fn a_copy_moves_every_element_and_no_other(
        (shape, from, to, size) in (0..4usize).prop_flat_map(|rank| {
            let margins = || prop::collection::vec((0..3u64, 0..3u64), rank);
            (prop::collection::vec(0..4u64, rank), margins(), margins(), 1..5usize)
        })
    ) {
        let outer = |margins: &[(u64, u64)]| -> Vec<u64> {
            shape.iter().zip(margins).map(|(n, (a, b))| n + a + b).collect()
        };
        let start = |margins: &[(u64, u64)]| margins.iter().map(|m| m.0).collect::<Vec<_>>();
        let (src_shape, dst_shape) = (outer(&from), outer(&to));
        let (src_start, dst_start) = (start(&from), start(&to));
        let elements = |shape: &[u64]| shape.iter().product::<u64>() as usize * size;
        let src: Vec<u8> = (0..elements(&src_shape)).map(|i| (i % 251) as u8 + 1).collect();
        let mut dst = vec![0; elements(&dst_shape)];
        let mut naive = dst.clone();
        for index in Region::whole(&shape).indices() {
            let at = |start: &[u64], shape: &[u64]| {
                let moved: Vec<u64> = index.iter().zip(start).map(|(i, s)| i + s).collect();
                offset(&moved, shape) as usize * size
            };
            let (a, b) = (at(&src_start, &src_shape), at(&dst_start, &dst_shape));
            naive[b..b + size].copy_from_slice(&src[a..a + size]);
        }
        let from = Window { shape: &src_shape, start: &src_start };
        let to = Window { shape: &dst_shape, start: &dst_start };
        copy(&shape, size, &src, from, &mut dst, to);
        prop_assert_eq!(dst, naive);
        let mut total = 0;
        runs(&shape, from, to, |_, _, n| total += n as u64);
        prop_assert_eq!(total, shape.iter().product::<u64>());
    }
}

#[test]
fn whole_arrays_are_one_run() {
    let shape = [3, 4, 5];
    let whole = Window {
        shape: &shape,
        start: &[0, 0, 0],
    };
    let mut seen = Vec::new();
    runs(&shape, whole, whole, |a, b, n| seen.push((a, b, n)));
    assert_eq!(seen, [(0, 0, 60)]);
}

#[test]
fn the_ends_of_the_number_line_are_no_trap() {
    let far = Region::new([u64::MAX - 1], [5]);
    let near = Region::new([0], [10]);
    assert!(!near.contains(&far));
    assert_eq!(near.intersect(&far), None);
    assert_eq!(Region::new([0, 0], [u64::MAX, 3]).len(), u64::MAX);
    assert_eq!(
        Region::new([u64::MAX - 2], [2]).cells(&[4]),
        Region::new([u64::MAX / 4], [1])
    );
}
