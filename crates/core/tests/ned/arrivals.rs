//! Events in any order give one axis.

use std::collections::BTreeMap;

use proptest::prelude::*;
use ziggurat_core::ned::{Arrival, Identity, OnMatch, Query, RangeTable, Record, Ticks};

use super::{Kept, is_conflict};

/// Events in an order of arrival, and where calls end.
fn arrivals() -> impl Strategy<Value = (Vec<i64>, Vec<usize>)> {
    let ticks = prop_oneof![
        prop::collection::vec(-40..40_i64, 0..60),
        prop::collection::vec(any::<i64>(), 0..20),
        prop::collection::vec(prop_oneof![Just(i64::MIN), Just(i64::MAX), -3..3_i64], 0..9),
    ];
    (ticks, prop::collection::vec(1..9_usize, 60))
}

fn arrived(kept: &mut Kept, ticks: &[i64], calls: &[usize], on_match: OnMatch) {
    let events: Vec<(i64, usize)> = ticks.iter().copied().zip(0..).collect();
    let mut events = &events[..];
    for call in calls {
        let (now, later) = events.split_at((*call).min(events.len()));
        kept.arrive(now, on_match).unwrap();
        kept.check();
        events = later;
    }
    assert!(events.is_empty());
}

/// For each cell its smallest tick, and the first and last that arrived.
fn model(ticks: &[i64], tolerance: u64) -> BTreeMap<i64, (i64, usize, usize)> {
    let mut cells = BTreeMap::new();
    for (at, &tick) in ticks.iter().enumerate() {
        let cell = *Identity::within(tolerance).cell(tick).start();
        let event = cells.entry(cell).or_insert((tick, at, at));
        *event = (event.0.min(tick), event.1, at);
    }
    cells
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_order_gives_the_axis_that_the_cells_give(
        (ticks, calls) in arrivals(), tolerance in 0..7_u64, chunk in 1..9_u64,
    ) {
        let cells = model(&ticks, tolerance);
        let axis: Vec<i64> = cells.values().map(|event| event.0).collect();
        for on_match in [OnMatch::Replace, OnMatch::Keep] {
            let mut kept = Kept::new(chunk, tolerance);
            arrived(&mut kept, &ticks, &calls, on_match);
            kept.sort();
            kept.check();
            prop_assert_eq!(&kept.ticks, &axis);
            let values: Vec<usize> = match on_match {
                OnMatch::Keep => cells.values().map(|event| event.1).collect(),
                _ => cells.values().map(|event| event.2).collect(),
            };
            prop_assert_eq!(&kept.values, &values);
        }
    }

    #[test]
    fn permuted_arrival_gives_the_same_record(
        (ticks, calls) in arrivals(), tolerance in 0..7_u64, chunk in 1..9_u64, seed in any::<u64>(),
    ) {
        let mut other = ticks.clone();
        shuffle(&mut other, seed);
        let mut kept = [Kept::new(chunk, tolerance), Kept::new(chunk, tolerance)];
        arrived(&mut kept[0], &ticks, &calls, OnMatch::Keep);
        arrived(&mut kept[1], &other, &calls, OnMatch::Keep);
        let records = kept.each_mut().map(|kept| {
            kept.sort();
            (kept.record.clone(), kept.ticks.clone())
        });
        prop_assert_eq!(&records[0], &records[1]);
    }

    #[test]
    fn errors_are_for_matches_and_change_nothing(
        (ticks, calls) in arrivals(), tolerance in 0..7_u64, chunk in 1..9_u64,
    ) {
        let mut kept = Kept::new(chunk, tolerance);
        let events: Vec<(i64, usize)> = ticks.iter().copied().zip(0..).collect();
        let (mut from, mut stored) = (0, Vec::new());
        for call in calls {
            let to = (from + call).min(events.len());
            let before = kept.clone();
            let mut all = stored.clone();
            all.extend(&ticks[from..to]);
            let result = kept.arrive(&events[from..to], OnMatch::Error);
            if model(&all, tolerance).len() == all.len() {
                prop_assert!(result.is_ok());
                stored = all;
            } else {
                prop_assert!(is_conflict(&result));
                prop_assert_eq!(&kept, &before);
            }
            from = to;
        }
        kept.sort();
        stored.sort_unstable();
        prop_assert_eq!(kept.ticks, stored);
    }

    #[test]
    fn events_within_the_open_chunk_leave_the_axis_sorted(
        first in prop::collection::btree_set(0..1000_i64, 1..40), more in prop::collection::btree_set(0..1000_i64, 1..9),
        chunk in 1..9_u64,
    ) {
        let mut kept = Kept::new(chunk, 0);
        let events: Vec<_> = first.iter().map(|&tick| (tick, 0)).collect();
        kept.arrive(&events, OnMatch::Error).unwrap();
        prop_assert!(kept.record.is_sorted());
        let full = first.len() / chunk as usize * chunk as usize;
        let border = full.checked_sub(1).map_or(i64::MIN, |at| kept.ticks[at]);
        let new: Vec<i64> = more.difference(&first).copied().collect();
        let events: Vec<_> = new.iter().map(|&tick| (tick, 1)).collect();
        kept.arrive(&events, OnMatch::Error).unwrap();
        prop_assert_eq!(kept.record.is_sorted(), new.iter().all(|tick| *tick > border));
        prop_assert!(kept.values[..full].iter().all(|value| *value == 0), "full chunks stay");
    }

    #[test]
    fn a_cell_holds_what_is_within_the_tolerance_and_cells_are_disjoint(
        tick: i64, other: i64, near in -20..20_i64, tolerance in prop_oneof![0..9_u64, any::<u64>()],
    ) {
        let identity = Identity::within(tolerance);
        let cell = identity.cell(tick);
        prop_assert!(cell.contains(&tick));
        prop_assert!(cell.end().abs_diff(*cell.start()) <= tolerance);
        for other in [other, tick.saturating_add(near)] {
            let same = identity.cell(other) == cell;
            prop_assert_eq!(same, cell.contains(&other));
            prop_assert!(!same || other.abs_diff(tick) <= tolerance);
        }
    }
}

fn shuffle<T>(values: &mut [T], mut seed: u64) {
    for at in (1..values.len()).rev() {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        values.swap(at, (seed >> 33) as usize % (at + 1));
    }
}

#[test]
fn a_round_tick_is_in_the_middle_of_its_cell() {
    let five_minutes = Identity::within(10_000);
    assert_eq!(five_minutes.cell(0), -5_000..=5_000);
    let odd = Identity::within(1);
    assert_eq!((odd.cell(0), odd.cell(-1)), (0..=1, -2..=-1));
    assert_eq!(
        Identity::within(u64::MAX).cell(i64::MAX),
        i64::MIN + 1..=i64::MAX
    );
}

#[test]
fn a_smaller_tick_of_the_same_event_becomes_the_coordinate_in_a_full_chunk_too() {
    let mut kept = Kept::new(2, 9);
    kept.arrive(&[(104, 0), (200, 1), (300, 2)], OnMatch::Error)
        .unwrap();
    kept.arrive(&[(97, 3)], OnMatch::Keep).unwrap();
    assert_eq!(
        (kept.ticks.as_slice(), kept.values.as_slice()),
        (&[97, 200, 300][..], &[0, 1, 2][..])
    );
    kept.arrive(&[(102, 4)], OnMatch::Replace).unwrap();
    assert_eq!((kept.ticks[0], kept.values[0]), (97, 4));
    kept.check();
    assert!(kept.record.is_sorted());
}

#[test]
fn an_append_asks_for_the_open_chunk_alone() {
    let mut kept = Kept::new(10, 0);
    let events: Vec<(i64, usize)> = (0..95).map(|t| (t * 10, 0)).collect();
    kept.arrive(&events, OnMatch::Error).unwrap();
    let chunks = |ticks: &[i64]| Arrival::new(Identity::default(), ticks).chunks(&kept.record);
    assert_eq!(chunks(&[2000]), [9]);
    assert_eq!(chunks(&[925]), [9]);
    assert_eq!(chunks(&[345]), [3, 9]);
    assert_eq!(chunks(&[2000, 5]), [0, 9], "those between are not touched");
    assert_eq!(chunks(&[395]), [9], "no chunk holds anything near it");
}

#[test]
fn many_events_take_no_time_in_any_order() {
    let n = 100_000;
    let mut events: Vec<(i64, usize)> = (0..n).map(|i| (i as i64 * 300_000, i)).collect();
    let sorted = events.clone();
    shuffle(&mut events, 7);
    // All at once, in thousands, and those two hours late one by one.
    let mut kept = Kept::new(4096, 999);
    kept.arrive(&events, OnMatch::Error).unwrap();
    assert!(kept.record.is_sorted());
    assert!(kept.values.iter().copied().eq(0..n));
    let mut again = Kept::new(4096, 999);
    for call in events.chunks(1000) {
        again.arrive(call, OnMatch::Error).unwrap();
    }
    assert!(!again.record.is_sorted());
    again.sort();
    again.check();
    assert_eq!(again, kept);
    let moves = again.clear(&Query::between(300_000_000, 600_000_000));
    assert_eq!((again.ticks.len(), moves.len()), (n - 1000, 1));
    for late in &sorted[1000..2000] {
        again.arrive(&[*late], OnMatch::Error).unwrap();
    }
    again.sort();
    assert_eq!(again, kept);
}

#[test]
fn ten_thousand_events_come_one_by_one_and_the_open_chunk_is_all_that_is_kept() {
    let mut record = Record::new(1000, Identity::default()).unwrap();
    let mut open = Ticks::new();
    let mut all = Vec::new();
    for i in 0..10_000_i64 {
        // Every third event is overtaken by the next.
        let tick = if i % 3 == 0 { i * 60 + 90 } else { i * 60 };
        let arrival = Arrival::new(record.identity(), &[tick]);
        assert!(arrival.chunks(&record).len() <= 1);
        let plan = arrival.plan(&record, &open, OnMatch::Error).unwrap();
        record.apply(&plan).unwrap();
        open = plan.ticks;
        all.push(tick);
    }
    // At 1000, 4000 and 7000 the chunk was full when the overtaken event came.
    assert!(!record.is_sorted());
    let late = RangeTable::of(1000, &all).unwrap();
    assert_eq!(record.table().length(), late.length());
    let unsorted = (1..10).filter(|c| {
        record.table().extremes(*c).unwrap().start() < record.table().extremes(c - 1).unwrap().end()
    });
    assert_eq!(unsorted.count(), 3);
}
