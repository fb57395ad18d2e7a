//! Which events are kept.

use proptest::prelude::*;
use ziggurat_core::time::{Calendar, TimeUnits};
use ziggurat_core::{ElementType, Scalar, element};
use ziggurat_pyramid::time::{Thin, TimeAggregator, frame_mean};

use super::support::variable;

fn minutes() -> TimeUnits {
    TimeUnits::parse("minutes since 2024-01-01", None).unwrap()
}

fn keep(name: &str, ticks: &[i64], series: &[f64]) -> Vec<usize> {
    let thin = Thin::parse(name, Calendar::Standard).unwrap().unwrap();
    assert_eq!(thin.to_string(), name);
    thin.keep(&minutes(), ticks, series).unwrap()
}

const NAN: f64 = f64::NAN;

#[test]
fn every_nth_event_is_kept_from_the_first_on() {
    assert_eq!(keep("thin-3", &[1, 2, 3, 4, 5, 6, 7], &[0.0; 7]), [0, 3, 6]);
    assert_eq!(keep("thin-10", &[], &[]), Vec::<usize>::new());
}

#[test]
fn the_extremes_of_each_bin_are_kept() {
    let ticks = [0, 10, 20, 30, 60, 70, 120, 180];
    let series = [3.0, 5.0, 1.0, 1.0, NAN, 2.0, NAN, -f64::INFINITY];
    assert_eq!(keep("extremes@1h", &ticks, &series), [1, 2, 5, 7]);
}

#[test]
fn a_line_keeps_its_corners_and_gaps_stay() {
    let series = [0.0, 1.0, 2.0, 1.0, 0.0];
    assert_eq!(keep("simplify-0.5", &[0, 1, 2, 3, 4], &series), [0, 2, 4]);
    // Later in time it is off the line.
    assert_eq!(
        keep("simplify-0.5", &[0, 1, 9, 10, 11], &series),
        [0, 1, 2, 4]
    );
    let gap = [0.0, 0.0, 0.0, NAN, NAN, 0.0, 0.0, 0.0, NAN, NAN];
    let ticks: Vec<i64> = (0..10).collect();
    assert_eq!(keep("simplify-0", &ticks, &gap), [0, 2, 3, 5, 7, 8, 9]);
    let infinite = [0.0, f64::INFINITY, 0.0, 0.0];
    assert_eq!(keep("simplify-9", &[0, 1, 2, 3], &infinite), [0, 1, 2, 3]);
}

#[test]
fn a_line_of_many_corners_needs_no_deep_stack() {
    let ticks: Vec<i64> = (0..3_000).collect();
    let series: Vec<f64> = ticks.iter().map(|&t| (t * t) as f64).collect();
    assert_eq!(keep("simplify-0", &ticks, &series).len(), 3_000);
}

#[test]
fn ticks_far_apart_are_exact() {
    let far = 1 << 62;
    let ticks = [-far, far - 2, far - 1, far];
    assert_eq!(
        keep("simplify-0.1", &ticks, &[0.0, 0.0, 1.0, 0.0]),
        [0, 1, 2, 3]
    );
    let ticks = [far, far + 1, far + 2];
    assert_eq!(keep("simplify-0", &ticks, &[1.0, 2.0, 3.0]), [0, 2]);
}

#[test]
fn the_mean_of_a_frame_is_of_what_is_there() {
    let mut base = variable("v", ElementType::Int16, &[4]);
    base.nodata = Some(Scalar::Int(-1));
    base.attributes.insert("scale_factor".into(), 0.5.into());
    let mean = |values: &[i16]| frame_mean(&base, &element::to_bytes(values)).unwrap();
    assert_eq!(mean(&[2, 4, -1, 6]), 2.0);
    assert!(mean(&[-1, -1]).is_nan());
    let complex = variable("v", ElementType::Complex64, &[1]);
    assert!(frame_mean(&complex, &[0; 8]).is_err());
}

#[test]
fn names_are_read_and_written() {
    for name in [
        "count@5min",
        "time-mean@1M",
        "time-mean-2h@1W",
        "max-time@1Y.right",
        "mean@1D.left-right",
        "min@1h.right-left",
        "thin-10",
        "extremes@1D",
        "simplify-0.25",
    ] {
        let found = TimeAggregator::parse(name, Calendar::Standard).unwrap();
        assert_eq!(found.to_string(), name);
    }
    for name in [
        "mean",
        "mean@",
        "mode@1D",
        "mean@1D.up",
        "thin-0",
        "thin-",
        "simplify--1",
        "simplify-nan",
        "time-mean-1M@1D",
        "extremes@x",
        "time-mean-@1D",
        "mean@1D.right-left-right",
    ] {
        let error = TimeAggregator::parse(name, Calendar::Standard).unwrap_err();
        assert!(error.to_string().contains('"'), "{name}: {error}");
    }
}

#[test]
fn what_does_not_fit_together_is_refused() {
    let refuse = |ticks: &[i64], series: &[f64]| {
        let refused = Thin::Every(2).keep(&minutes(), ticks, series);
        refused.unwrap_err().to_string()
    };
    assert!(refuse(&[1, 2], &[0.0]).contains("one number for each"));
    assert!(refuse(&[2, 1], &[0.0, 0.0]).contains("sort"));
}

/// Recursive, as in the text book.
fn douglas_peucker(
    ticks: &[i64],
    v: &[f64],
    tolerance: f64,
    a: usize,
    b: usize,
    kept: &mut Vec<usize>,
) {
    let line = |i: usize| {
        let t = (ticks[i] - ticks[a]) as f64 / (ticks[b] - ticks[a]).max(1) as f64;
        (v[i] - (v[a] * (1.0 - t) + v[b] * t)).abs()
    };
    let mut far = a;
    for i in a + 1..b {
        if line(i) > if far == a { tolerance } else { line(far) } {
            far = i;
        }
    }
    if far != a {
        douglas_peucker(ticks, v, tolerance, a, far, kept);
        kept.push(far);
        douglas_peucker(ticks, v, tolerance, far, b, kept);
    }
}

proptest! {
    #[test]
    fn lines_are_those_of_the_text_book(
        steps in prop::collection::vec((1..50_i64, -20..20_i32), 2..60), tolerance in 0..30_u32,
    ) {
        let ticks: Vec<i64> = steps.iter().scan(0, |t, s| { *t += s.0; Some(*t) }).collect();
        let series: Vec<f64> = steps.iter().map(|s| f64::from(s.1) / 2.0).collect();
        let tolerance = f64::from(tolerance) / 4.0;
        let found = keep(&format!("simplify-{tolerance}"), &ticks, &series);
        let (mut kept, last) = (vec![0], ticks.len() - 1);
        douglas_peucker(&ticks, &series, tolerance, 0, last, &mut kept);
        kept.push(last);
        prop_assert_eq!(&found, &kept);
        // What was left out is where it was said to be.
        for pair in found.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            for i in a..b {
                let part = (ticks[i] - ticks[a]) as f64 / (ticks[b] - ticks[a]) as f64;
                let line = series[a] + (series[b] - series[a]) * part;
                prop_assert!((series[i] - line).abs() <= tolerance + 1e-9);
            }
        }
    }
}
