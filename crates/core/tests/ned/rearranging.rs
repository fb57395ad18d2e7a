//! What sorting and clearing move, and what they leave.

use proptest::prelude::*;
use ziggurat_core::ned::{
    Identity, Move, OnMatch, Query, RangeTable, Record, closing, moved, sorting,
};

use super::{Kept, is_conflict};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn sorting_moves_only_what_is_out_of_place(ticks in prop::collection::vec(-20..20_i64, 0..40)) {
        let moves = sorting(&ticks);
        let mut order: Vec<usize> = (0..ticks.len()).collect();
        order.sort_by_key(|&at| ticks[at]);
        let indices: Vec<usize> = (0..ticks.len()).collect();
        prop_assert_eq!(&moved(&indices, &moves, ticks.len(), 0), &order, "stable");
        let out_of_place = order.iter().zip(0..).filter(|(from, to)| **from != *to).count();
        let events: u64 = moves.iter().map(|run| run.length).sum();
        prop_assert_eq!(events, out_of_place as u64);
        for w in moves.windows(2) {
            prop_assert!(w[0].to + w[0].length <= w[1].to, "in the order of places");
            let goes_on = w[0].to + w[0].length == w[1].to && w[0].from + w[0].length == w[1].from;
            prop_assert!(!goes_on, "whole runs");
        }
    }

    #[test]
    fn clearing_leaves_the_rest(
        ticks in prop::collection::btree_set(-40..40_i64, 0..40).prop_map(|t| t.into_iter().collect::<Vec<_>>()).prop_shuffle(),
        chunk in 1..9_u64, a in -45..45_i64, b in -45..45_i64, tolerance in 0..9_u64,
    ) {
        for (query, is_cleared) in [
            (Query::between(a, b), Box::new(|t| (a..b).contains(&t)) as Box<dyn Fn(i64) -> bool>),
            (Query::around(a, tolerance), Box::new(|t| a.abs_diff(t) <= tolerance)),
        ] {
            let mut kept = Kept::new(chunk, 0);
            let events: Vec<(i64, usize)> = ticks.iter().copied().zip(0..).collect();
            for event in &events {
                kept.arrive(&[*event], OnMatch::Error).unwrap();
            }
            let stay: Vec<(i64, usize)> = kept.ticks.iter().copied().zip(kept.values.iter().copied())
                .filter(|(t, _)| !is_cleared(*t)).collect();
            let moves = kept.clear(&query);
            kept.check();
            prop_assert_eq!(kept.ticks.iter().copied().zip(kept.values.iter().copied()).collect::<Vec<_>>(), stay);
            prop_assert!(moves.iter().all(|run| run.to < run.from), "all go down");
            // What is cleared may come again.
            let cleared: Vec<_> = events.iter().copied().filter(|(t, _)| is_cleared(*t)).collect();
            kept.arrive(&cleared, OnMatch::Error).unwrap();
            kept.sort();
            kept.check();
            let mut all = ticks.clone();
            all.sort_unstable();
            prop_assert_eq!(&kept.ticks, &all);
        }
    }

    #[test]
    fn gaps_are_closed_in_place_from_the_first(gaps in prop::collection::vec((0..5_u64, 0..4_u64), 0..8), tail in 0..5_u64) {
        let mut at = 0;
        let mut all = Vec::new();
        for (stay, gap) in gaps {
            all.push(at + stay..at + stay + gap);
            at += stay + gap;
        }
        let length = at + tail;
        let stay: Vec<u64> = (0..length).filter(|i| !all.iter().any(|gap| gap.contains(i))).collect();
        all.reverse();
        let mut values: Vec<u64> = (0..length).collect();
        for run in closing(&all, length) {
            prop_assert!(run.length > 0 && run.to < run.from);
            let from = run.from as usize;
            values.copy_within(from..from + run.length as usize, run.to as usize);
        }
        prop_assert_eq!(&values[..stay.len()], &stay[..]);
    }
}

#[test]
fn what_is_before_the_first_late_event_stays() {
    let run = |from, to, length| Move { from, to, length };
    assert_eq!(sorting(&[1, 2, 3]), []);
    assert_eq!(sorting(&[1, 9, 10, 5, 12]), [run(3, 1, 1), run(1, 2, 2)]);
    let table = RangeTable::of(2, &[1, 9, 10, 5, 12]).unwrap();
    let mut record = Record::with(table, false, Identity::default());
    let mut ticks = vec![1, 9, 10, 5, 12];
    record.sort(&mut ticks).unwrap();
    assert!(record.is_sorted());
    assert_eq!(record.table().to_array(), [1, 5, 2, 9, 10, 2, 12, 12, 1]);
    assert!(is_conflict(&record.sort(&mut vec![1])));
}
