//! Answers against a look at every event.

use proptest::prelude::*;
use ziggurat_core::Error;
use ziggurat_core::ned::{Direction, Events, Query, RangeTable, Ticks};

use super::{is_conflict, read};

const DIRECTIONS: [Direction; 3] = [Direction::Previous, Direction::Next, Direction::Nearest];

fn ticks() -> impl Strategy<Value = Vec<i64>> {
    let unsorted = prop_oneof![
        prop::collection::vec(-40..40_i64, 0..40),
        prop::collection::vec(any::<i64>(), 0..20),
        prop::collection::vec(prop_oneof![Just(i64::MIN), Just(i64::MAX), -2..3_i64], 0..9),
    ];
    // Sorted, sorted but for the end, and not at all.
    (unsorted, 0..3_usize, any::<prop::sample::Index>()).prop_map(|(mut ticks, how, at)| {
        let to = match how {
            0 => ticks.len(),
            1 if !ticks.is_empty() => at.index(ticks.len()),
            _ => 0,
        };
        ticks[..to].sort_unstable();
        ticks
    })
}

/// Every event that `is_asked` for, in the order of coordinates, then of indices.
fn brute(ticks: &[i64], is_asked: impl Fn(i64) -> bool) -> Vec<(i64, u64)> {
    let mut found: Vec<(i64, u64)> = ticks
        .iter()
        .copied()
        .zip(0..)
        .filter(|e| is_asked(e.0))
        .collect();
    found.sort_unstable();
    found
}

fn answered(ticks: &[i64], chunk: u64, query: &Query) -> Vec<(i64, u64)> {
    let table = RangeTable::of(chunk, ticks).unwrap();
    let known = read(ticks, chunk, query.chunks(&table));
    let Events { runs, ticks } = query.find(&table, &known).unwrap();
    assert!(runs.iter().all(|run| !run.is_empty()));
    assert!(
        runs.windows(2).all(|w| w[0].end != w[1].start),
        "runs are as long as can be"
    );
    ticks.into_iter().zip(runs.into_iter().flatten()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn all_within_an_interval_are_found(ticks in ticks(), chunk in 1..9_u64, a in -45..45_i64, b in -45..45_i64) {
        prop_assert_eq!(answered(&ticks, chunk, &Query::Within(a..=b)), brute(&ticks, |t| (a..=b).contains(&t)));
        prop_assert_eq!(answered(&ticks, chunk, &Query::between(a, b)), brute(&ticks, |t| (a..b).contains(&t)));
        let all = Query::new(Some(i64::MIN), Some(i64::MAX));
        prop_assert_eq!(answered(&ticks, chunk, &all), brute(&ticks, |_| true));
        let until = Query::new(None, Some(b));
        prop_assert_eq!(answered(&ticks, chunk, &until), brute(&ticks, |t| t <= b));
        prop_assert!(answered(&ticks, chunk, &Query::between(i64::MIN, i64::MIN)).is_empty());
    }

    #[test]
    fn only_chunks_that_meet_are_asked_for(ticks in ticks(), chunk in 1..9_u64, a in -45..45_i64, b in -45..45_i64) {
        let table = RangeTable::of(chunk, &ticks).unwrap();
        let (a, b) = (a.min(b), a.max(b));
        let meets = |t: &[i64]| *t.iter().min().unwrap() <= b && *t.iter().max().unwrap() >= a;
        let chunks = ticks.chunks(chunk as usize).zip(0..).filter(|c| meets(c.0)).map(|c| c.1);
        prop_assert_eq!(table.meeting(a..=b).collect::<Vec<u64>>(), chunks.collect::<Vec<u64>>());
    }

    #[test]
    fn the_nearest_is_found(
        ticks in ticks(), chunk in 1..9_u64, tick in prop_oneof![4 => -45..45_i64, 1 => any::<i64>()],
        tolerance in prop_oneof![0..30_u64, Just(u64::MAX)],
    ) {
        for direction in DIRECTIONS {
            let is_there = |t: i64| match direction {
                Direction::Previous => t <= tick,
                Direction::Next => t >= tick,
                Direction::Nearest => true,
            };
            let asked = brute(&ticks, |t| is_there(t) && t.abs_diff(tick) <= tolerance);
            let best = asked.into_iter().min_by_key(|(t, index)| (t.abs_diff(tick), *t, *index));
            let found = answered(&ticks, chunk, &Query::Near { tick, direction, tolerance });
            prop_assert_eq!(found, best.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn of_a_sorted_axis_few_chunks_are_asked_for_the_nearest(
        ticks in prop::collection::btree_set(-400..400_i64, 1..80), chunk in 1..9_u64, tick in -450..450_i64,
    ) {
        let ticks: Vec<i64> = ticks.into_iter().collect();
        let table = RangeTable::of(chunk, &ticks).unwrap();
        for (direction, most) in DIRECTIONS.into_iter().zip([1, 1, 2]) {
            prop_assert!(table.beside(tick, direction).len() <= most);
        }
    }
}

#[test]
fn of_two_that_are_as_near_the_earlier_is_taken() {
    assert_eq!(
        answered(&[10, 20], 1, &Query::new(Some(15), None)),
        [(10, 0)]
    );
    assert_eq!(
        answered(&[20, 10, 20], 1, &Query::new(None, None)),
        [(20, 0)]
    );
    assert_eq!(
        answered(&[20, 10, 20], 1, &Query::new(Some(16), None)),
        [(20, 0)]
    );
    assert!(answered(&[], 1, &Query::new(None, None)).is_empty());
}

#[test]
fn an_interval_of_ten_among_a_million_needs_one_chunk() {
    let ticks: Vec<i64> = (0..1_000_000).map(|i| i * 300 + i % 7).collect();
    let table = RangeTable::of(4096, &ticks).unwrap();
    let query = Query::between(ticks[500_000], ticks[500_010]);
    assert_eq!(query.chunks(&table), [122]);
    let events = query.find(&table, &read(&ticks, 4096, [122])).unwrap();
    assert!(events.runs.iter().eq([&(500_000..500_010)]));
    assert_eq!(events.ticks, ticks[500_000..500_010]);
}

#[test]
fn coordinates_that_the_table_was_not_made_for_are_noticed() {
    let table = RangeTable::of(2, &[10, 20, 30]).unwrap();
    let query = Query::Within(10..=30);
    let is_stale = |ticks: [&[i64]; 2]| {
        let known: Ticks = (0..).zip(ticks.map(<[i64]>::to_vec)).collect();
        is_conflict(&query.find(&table, &known))
    };
    assert!(!is_stale([&[10, 20], &[30]]));
    assert!(is_stale([&[10, 21], &[30]]));
    assert!(is_stale([&[10, 20], &[30, 40]]));
    assert!(is_stale([&[10, 20], &[]]));
    let unread = query.find(&table, &Ticks::new());
    assert!(matches!(unread, Err(Error::Caller { .. })));
}
