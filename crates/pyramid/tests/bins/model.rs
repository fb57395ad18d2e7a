//! Any events in any bins: statistics against loops over events, cell by cell.

use std::ops::Range;

use proptest::prelude::*;
use ziggurat_core::{Element, Scalar, element};
use ziggurat_pyramid::time::{NEVER, TickBins};

use super::{Events, axis, statistics};

/// An integer that may be missing, in steps small enough that every type and sum holds it.
#[derive(Clone, Debug)]
struct Case {
    /// Tick and values of each event, sorted.
    events: Vec<(i64, Vec<Option<i8>>)>,
    bins: TickBins,
    widths: ziggurat_core::time::Bins,
    step: usize,
}

const HOLD: &str = "time-mean-2h";
const NAMES: [&str; 13] = [
    "count",
    "sum",
    "mean",
    "min",
    "max",
    "first",
    "last",
    "min-time",
    "max-time",
    "first-time",
    "last-time",
    "time-mean",
    HOLD,
];

fn cases() -> impl Strategy<Value = Case> {
    let value = prop::option::weighted(0.8, -20..20_i8);
    let event = (0..400_i64, prop::collection::vec(value, 3));
    let units = prop::sample::select(vec![
        ("minutes since 2024-02-28", "standard"),
        ("hours since 2023-02-27T12:20", "360_day"),
        ("milliseconds since 1582-10-04T23:59:59.5", "standard"),
        ("days since 0000-12-30", "noleap"),
    ]);
    let widths = prop::sample::select(vec!["5min", "1h", "1D", "1W", "1M", "1Y"]);
    let sides = prop::sample::select(vec!["", ".right", ".right-left"]);
    let events = prop::collection::vec(event, 1..20);
    (events, units, widths, sides, 1..6_usize, 1..200_i64).prop_map(
        |(mut events, (units, calendar), width, sides, step, scale)| {
            events.sort_by_key(|event| event.0);
            events.dedup_by_key(|event| event.0);
            // Spread over some bins, whatever the unit; days never hold for 5 minutes.
            let scale = if units.starts_with("milli") {
                scale * 60_000
            } else {
                scale
            };
            let width = if units.starts_with("days") {
                "1M"
            } else {
                width
            };
            let width = if units.starts_with("hours") && width == "5min" {
                "1h"
            } else {
                width
            };
            for event in &mut events {
                event.0 = event.0 * scale / 20;
            }
            events.dedup_by_key(|event| event.0);
            let bins = axis(&format!("{width}{sides}"), units, calendar);
            let widths = ziggurat_core::time::Bins::parse(width, bins.units().calendar()).unwrap();
            Case {
                events,
                bins,
                widths,
                step,
            }
        },
    )
}

impl Case {
    fn events<T: Element>(
        &self,
        nodata: Option<Scalar>,
        value: impl Fn(Option<i8>) -> T,
    ) -> Events<T> {
        let ticks: Vec<i64> = self.events.iter().map(|event| event.0).collect();
        let frames: Vec<T> = self
            .events
            .iter()
            .flat_map(|e| e.1.iter().map(|v| value(*v)))
            .collect();
        Events::new(nodata, 3, &ticks, &frames)
    }

    fn nanoseconds(&self, tick: i64) -> i128 {
        self.bins.units().nanoseconds(Scalar::Int(tick)).unwrap()
    }

    /// (sum of value x nanoseconds, nanoseconds) of a cell in a bin.
    fn area(&self, number: i128, cell: usize, hold: Option<i128>) -> (i128, i128) {
        let edge = |number| self.widths.start(number).unwrap();
        let (start, stop) = (edge(number), edge(number + 1));
        let (mut sum, mut time) = (0, 0);
        for (i, (tick, values)) in self.events.iter().enumerate() {
            let from = self.nanoseconds(*tick);
            let mut to = match self.events.get(i + 1) {
                Some(next) => self.nanoseconds(next.0),
                None if self.bins.number(*tick).unwrap() == number => stop,
                None => from,
            };
            if let Some(hold) = hold {
                to = to.min(from + hold);
            }
            let part = (to.min(stop) - from.max(start)).max(0);
            if let Some(v) = values[cell] {
                (sum, time) = (sum + i128::from(v) * part, time + part);
            }
        }
        (sum, time)
    }

    /// The statistics of `NAMES` of a cell, as exact fractions; none where it is missing.
    fn expected(&self, number: i128, cell: usize) -> Vec<Option<(i128, i128)>> {
        let all = self
            .events
            .iter()
            .filter(|e| self.bins.number(e.0).unwrap() == number);
        let seen: Vec<(i64, i128)> = all
            .filter_map(|e| Some((e.0, i128::from(e.1[cell]?))))
            .collect();
        let whole = |v: i128| (v, 1);
        let min = seen.iter().min_by_key(|(t, v)| (*v, *t));
        let max = seen.iter().min_by_key(|(t, v)| (-*v, *t));
        let (n, sum) = (seen.len() as i128, seen.iter().map(|s| s.1).sum::<i128>());
        let value = |s: Option<&(i64, i128)>| s.map(|s| whole(s.1));
        let time = |s: Option<&(i64, i128)>| s.map(|s| whole(s.0.into()));
        let area = |hold| Some(self.area(number, cell, hold)).filter(|area| area.1 > 0);
        let any = |v| (n > 0).then_some(v);
        vec![
            Some(whole(n)),
            any(whole(sum)),
            any((sum, n)),
            value(min),
            value(max),
            value(seen.first()),
            value(seen.last()),
            time(min),
            time(max),
            time(seen.first()),
            time(seen.last()),
            area(None),
            area(Some(7_200_000_000_000)),
        ]
    }

    /// The bins from the first event to the last.
    fn numbers(&self) -> Range<i128> {
        let number = |event: Option<&(i64, _)>| self.bins.number(event.unwrap().0).unwrap();
        number(self.events.first())..number(self.events.last()) + 1
    }
}

/// Half to even.
fn rounded((sum, n): (i128, i128)) -> i128 {
    let (q, r) = (sum.div_euclid(n), sum.rem_euclid(n));
    q + i128::from(2 * r > n || (2 * r == n && q % 2 != 0))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn bins_are_what_loops_make_of_them(case in cases()) {
        let wanted = statistics(&NAMES);
        let count = case.events.len();
        let floats = case.events(None, |v| v.map_or(f64::NAN, f64::from));
        let bytes = case.events(Some(Scalar::Int(-128)), |v| v.unwrap_or(-128));
        let floats = floats.made(&case.bins, &wanted, 0..count, case.step, None);
        let bytes = bytes.made(&case.bins, &wanted, 0..count, case.step, None);
        prop_assert!(floats.keys().eq(bytes.keys()));
        prop_assert!(floats.keys().all(|number| case.numbers().contains(number)));
        for number in case.numbers() {
            for cell in 0..3 {
                let expected = case.expected(number, cell);
                let Some(found) = floats.get(&number) else {
                    prop_assert!(expected.iter().skip(1).all(Option::is_none), "bin {} is absent", number);
                    continue;
                };
                for (i, expected) in expected.iter().enumerate() {
                    let float: f64 = match NAMES[i] {
                        "count" => element::to_values::<u32>(&found[i])[cell].into(),
                        name if name.ends_with("time") => {
                            let at = element::to_values::<i64>(&found[i])[cell];
                            if at == NEVER { f64::NAN } else { at as f64 }
                        }
                        _ => element::to_values::<f64>(&found[i])[cell],
                    };
                    let exact = expected.map_or(f64::NAN, |(sum, n)| sum as f64 / n as f64);
                    let near = (float - exact).abs() <= 1e-13 * exact.abs();
                    prop_assert!(near || (float.is_nan() && exact.is_nan()), "{} of bin {number}: {float}, {exact}", NAMES[i]);
                    if ["mean", "time-mean", HOLD, "min", "max", "first", "last"].contains(&NAMES[i]) {
                        let integer = i128::from(element::to_values::<i8>(&bytes[&number][i])[cell]);
                        prop_assert_eq!(integer, expected.map_or(-128, rounded), "{} of bin {}", NAMES[i], number);
                    }
                }
            }
        }
    }

    /// After a change only the stale bins are made anew, each from what it needs, and all is as if the
    /// axis were made at once.
    #[test]
    fn stale_bins_made_anew_are_all_that_changed(
        case in cases(), gone in prop::collection::vec(any::<bool>(), 20), names in 0..3_usize,
    ) {
        let wanted = statistics([&NAMES[..11], &["time-mean"], &[HOLD]][names]);
        let after = case.events(None, |v| v.map_or(f64::NAN, f64::from));
        let mut before = case.clone();
        before.events = case.events.iter().zip(&gone).filter(|e| !e.1).map(|e| e.0.clone()).collect();
        let changed = case.events.iter().zip(&gone).filter(|e| *e.1).map(|e| e.0.0);
        let changed: Vec<i64> = changed.collect();
        let some = before.events(None, |v| v.map_or(f64::NAN, f64::from));
        let make = |events: &Events<f64>| events.made(&case.bins, &wanted, 0..events.ticks.len(), case.step, None);
        let (few, all) = (make(&some), make(&after));
        // Events come, and events go.
        for (old, new, events) in [(&few, &all, &after), (&all, &few, &some)] {
            let stale = case.bins.stale(&changed, &events.ticks, &wanted).unwrap();
            prop_assert!(stale.windows(2).all(|pair| pair[0].end < pair[1].start));
            let mut bins = old.clone();
            for numbers in stale {
                bins.retain(|number, _| !numbers.contains(number));
                let Some(&last) = events.ticks.last() else { continue };
                let numbers = numbers.start..numbers.end.min(case.bins.number(last).unwrap() + 1);
                if numbers.is_empty() {
                    continue;
                }
                let needed = case.bins.needed(numbers.clone(), &events.ticks, &wanted);
                bins.extend(events.made(&case.bins, &wanted, needed, case.step, Some(numbers)));
            }
            prop_assert!(bins == *new, "{bins:?} instead of {new:?}");
        }
    }
}
