//! Statistics of bins: examples, and against a model.

mod model;

use std::collections::BTreeMap;
use std::ops::Range;

use ziggurat_core::time::{Calendar, TimeUnits};
use ziggurat_core::{Coordinate, Element, ElementType, Scalar, Variable, element};
use ziggurat_pyramid::time::{Bin, Binner, Binning, NEVER, Statistic, TickBins};

use super::support::variable;

/// Number of a bin to the values of each statistic.
type Bins = BTreeMap<i128, Vec<Vec<u8>>>;

fn axis(bins: &str, units: &str, calendar: &str) -> TickBins {
    let units = TimeUnits::parse(units, Some(calendar)).unwrap();
    TickBins::new(Binning::parse(bins, units.calendar()).unwrap(), units).unwrap()
}

fn statistics(names: &[&str]) -> Vec<Statistic> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

struct Events<T> {
    base: Variable,
    cells: usize,
    ticks: Vec<i64>,
    frames: Vec<T>,
}

impl<T: Element> Events<T> {
    fn new(nodata: Option<Scalar>, cells: usize, ticks: &[i64], frames: &[T]) -> Self {
        let mut base = variable("v", T::TYPE, &[]);
        base.nodata = nodata;
        let (ticks, frames) = (ticks.to_vec(), frames.to_vec());
        Self {
            base,
            cells,
            ticks,
            frames,
        }
    }

    /// What the binner makes of some events, pushed some at a time.
    fn made(
        &self,
        bins: &TickBins,
        wanted: &[Statistic],
        events: Range<usize>,
        step: usize,
        only: Option<Range<i128>>,
    ) -> Bins {
        let mut found = Bins::new();
        let mut keep = |bin: Bin<'_>| {
            assert!(
                found.keys().all(|&number| number < bin.number),
                "bins in order, each once"
            );
            found.insert(bin.number, bin.values.to_vec());
            Ok(())
        };
        let mut binner = Binner::new(&self.base, self.cells, bins, wanted).unwrap();
        if let Some(only) = only {
            binner = binner.only(only);
        }
        for start in events.clone().step_by(step) {
            let end = events.end.min(start + step);
            let frames = &self.frames[start * self.cells..end * self.cells];
            // Unaligned, as bytes of a message are.
            let bytes = [vec![0], element::to_bytes(frames)].concat();
            binner
                .push(&self.ticks[start..end], &bytes[1..], &mut keep)
                .unwrap();
        }
        binner.finish(&mut keep).unwrap();
        found
    }

    fn all(&self, bins: &TickBins, names: &[&str]) -> Bins {
        self.made(bins, &statistics(names), 0..self.ticks.len(), 3, None)
    }
}

#[test]
fn values_hold_to_the_next_event() {
    let bins = axis("1h", "minutes since 2024-01-01", "standard");
    let first = bins.number(0).unwrap();
    let nan = f64::NAN;
    // From 0:30; unknown from 2:00 to 2:30; then to the end of its bin.
    let events = Events::new(None, 1, &[30, 45, 120, 150], &[1.0, 2.0, nan, 7.0]);
    let means = |name: &str| -> Vec<(i128, f64)> {
        let found = events.all(&bins, &[name]);
        let value = |bytes: &Vec<Vec<u8>>| element::to_values::<f64>(&bytes[0])[0];
        found
            .iter()
            .map(|(number, bytes)| (number - first, value(bytes)))
            .collect()
    };
    assert_eq!(means("time-mean"), [(0, 1.5), (1, 2.0), (2, 7.0)]);
    // 2.0 holds for 20 minutes only.
    assert_eq!(means("time-mean-20min"), [(0, 1.5), (1, 2.0), (2, 7.0)]);
    assert_eq!(means("time-mean-10min")[0], (0, 1.5));
    let gap = means("time-mean-10min");
    assert_eq!(
        gap.iter().map(|bin| bin.0).collect::<Vec<_>>(),
        [0, 2],
        "nothing holds in bin 1"
    );
}

#[test]
fn means_are_rounded_once_half_to_even_and_exact_where_products_are_large() {
    let bins = axis("1D", "nanoseconds since 2024-01-01", "standard");
    let hour = 3_600_000_000_000;
    let big = i64::MAX;
    let events = Events::new(None, 2, &[0, 12 * hour], &[big, 1, big - 1, 2]);
    let found = events.all(&bins, &["mean", "time-mean"]);
    for values in found.values().next().unwrap() {
        assert_eq!(element::to_values::<i64>(values), [big - 1, 2]);
    }
    let events = Events::new(None, 1, &[0, 12 * hour], &[u64::MAX, u64::MAX]);
    let found = events.all(&bins, &["time-mean"]);
    assert_eq!(
        element::to_values::<u64>(&found.values().next().unwrap()[0]),
        [u64::MAX]
    );
}

#[test]
fn infinity_is_a_value_with_a_time() {
    let bins = axis("1D", "seconds since 2024-01-01", "standard");
    let inf = f32::INFINITY;
    let events = Events::new(None, 2, &[5, 6, 6], &[f32::NAN, inf, inf, inf, inf, inf]);
    let found = events.all(&bins, &["min", "min-time", "max-time", "time-mean"]);
    let values = found.values().next().unwrap();
    assert_eq!(element::to_values::<f32>(&values[0]), [inf, inf]);
    assert_eq!(element::to_values::<i64>(&values[1]), [6, 5]);
    assert_eq!(element::to_values::<i64>(&values[2]), [6, 5]);
    assert_eq!(element::to_values::<f32>(&values[3]), [inf, inf]);
}

#[test]
fn the_least_of_packed_values_is_the_greatest_if_the_scale_falls() {
    let bins = axis("1D", "seconds since 2024-01-01", "standard");
    let mut events = Events::new(None, 1, &[5, 6], &[1_i16, 3]);
    events
        .base
        .attributes
        .insert("scale_factor".into(), (-0.5).into());
    let found = events.all(&bins, &["min", "min-time", "max-time", "sum"]);
    let values = found.values().next().unwrap();
    assert_eq!(element::to_values::<i16>(&values[0]), [3]);
    assert_eq!(element::to_values::<i64>(&values[1]), [6]);
    assert_eq!(element::to_values::<i64>(&values[2]), [5]);
    assert_eq!(element::to_values::<f64>(&values[3]), [-2.0]);
    let units = TimeUnits::parse("seconds since 2024-01-01", None).unwrap();
    let time = Statistic::MinTime.output(&events.base, &units).unwrap();
    assert_eq!(
        (time.element, time.nodata),
        (ElementType::Int64, Some(Scalar::Int(NEVER)))
    );
    assert_eq!(time.attributes["units"], "seconds since 2024-01-01");
    assert!(!time.attributes.contains_key("scale_factor"));
}

#[test]
fn bins_of_one_width_are_equidistant() {
    let days = axis("1D.right", "hours since 2024-01-01T06:00", "standard");
    let number = days.number(0).unwrap();
    assert_eq!(days.ticks(number), -5..19);
    assert_eq!(days.label(number), Some(Scalar::Int(18)));
    let axis_of = |bins: &TickBins| {
        let number = bins.number(0).unwrap();
        bins.coordinate(number..number + 3).unwrap()
    };
    assert_eq!(
        axis_of(&days),
        Coordinate::Regular {
            origin: 18.0,
            step: 24.0
        }
    );
    let months = axis("1M", "days since 2024-01-01", "standard");
    assert_eq!(months.step(), None);
    assert_eq!(axis_of(&months), Coordinate::Int(vec![0, 31, 60]));
    let hours = axis("12h", "days since 2024-01-01", "360_day");
    assert_eq!(axis_of(&hours), Coordinate::Float(vec![0.0, 0.5, 1.0]));
    let fine = axis("1h", "nanoseconds since 1970-01-01", "standard");
    let number = fine.number(1_700_000_000_000_000_000).unwrap();
    let exact = fine.coordinate(number..number + 1).unwrap();
    assert_eq!(exact, Coordinate::Int(vec![1_699_999_200_000_000_000]));
}

#[test]
fn what_cannot_be_is_refused() {
    let bins = axis("1D", "seconds since 2024-01-01", "standard");
    let base = variable("v", ElementType::UInt8, &[]);
    let mut binner = Binner::new(&base, 2, &bins, &statistics(&["min"])).unwrap();
    let mut push = |ticks: &[i64], frames: &[u8]| binner.push(ticks, frames, |_| Ok(()));
    assert!(
        push(&[1], &[0; 3])
            .unwrap_err()
            .to_string()
            .contains("3 bytes")
    );
    assert!(
        push(&[2, 1], &[0; 4])
            .unwrap_err()
            .to_string()
            .contains("sort")
    );
    push(&[5], &[0; 2]).unwrap();
    assert!(
        push(&[4], &[0; 2])
            .unwrap_err()
            .to_string()
            .contains("sort")
    );
    let long = axis("1000Y", "days since 2024-01-01", "standard");
    let refused = |element, bins: &TickBins, name| {
        let base = variable("v", element, &[]);
        let error = Binner::new(&base, 1, bins, &statistics(&[name])).unwrap_err();
        error.to_string()
    };
    assert!(refused(ElementType::UInt8, &long, "time-mean").contains("292 years"));
    assert!(refused(ElementType::Bool, &bins, "mean").contains("bool"));
    assert!(refused(ElementType::Complex64, &bins, "first").contains("complex64"));
    let other = Binning::parse("1M", Calendar::Days360).unwrap();
    assert!(TickBins::new(other, bins.units().clone()).is_err());
    let weeks = axis("1M", "weeks since 2024-01-01", "standard");
    let beyond = weeks.number(i64::MAX).unwrap_err();
    assert!(beyond.to_string().contains("range of years"));
    let far = bins.stale(&[0], &[0, i64::MAX / 2], &statistics(&["time-mean"]));
    assert!(far.unwrap_err().to_string().contains("longest hold"));
}

#[test]
fn a_late_event_makes_only_its_bins_stale() {
    let bins = axis("1h", "minutes since 2024-01-01", "standard");
    let first = bins.number(0).unwrap();
    let events = [10, 130, 310, 400];
    let stale = |names: &[&str], changed: &[i64], events: &[i64]| -> Vec<i128> {
        let stale = bins.stale(changed, events, &statistics(names)).unwrap();
        stale.into_iter().flatten().map(|n| n - first).collect()
    };
    assert_eq!(stale(&["mean"], &[130], &events), [2]);
    assert_eq!(stale(&["mean"], &[130, 400], &events), [2, 6]);
    // Up to the event at 5:10, or up to 4:10.
    assert_eq!(stale(&["time-mean"], &[130], &events), [2, 3, 4, 5]);
    assert_eq!(stale(&["time-mean-2h"], &[130], &events), [2, 3, 4]);
    // Before, 5:10 and 3:20 held to the end of their bins.
    assert_eq!(stale(&["time-mean"], &[400], &events), [6]);
    assert_eq!(
        stale(&["time-mean"], &[400], &[10, 130, 200, 400]),
        [4, 5, 6]
    );
    assert_eq!(
        bins.needed(first + 5..first + 6, &events, &statistics(&["mean"])),
        2..3
    );
    assert_eq!(
        bins.needed(first + 5..first + 6, &events, &statistics(&["time-mean"])),
        1..3
    );
}
