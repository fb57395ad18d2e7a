//! Which events are kept where fewer are wanted.

use std::fmt;

use ziggurat_core::time::{Bins, Calendar};
use ziggurat_core::{Error, Result, Variable};

use super::TickBins;
use super::binning::Binning;
use super::value::{ForValue, Value, for_value};
use crate::aggregate::packing;

/// A choice of events, by their ticks and a series of one number for each. Kept events are unchanged.
///
/// | name | keeps |
/// |---|---|
/// | `thin-10` | every 10th event, from the first on |
/// | `extremes@1D` | of each bin the event with the smallest number and that with the largest; of equals the first |
/// | `simplify-0.5` | as few as Douglas and Peucker need, so that no number is more than 0.5 off the line between kept events |
///
/// The series of a grid is one number for each frame, such as [`frame_mean`]: an event is kept or goes
/// as a whole, so that the cells of one time stay together. The extremes of single cells are the
/// statistics `min`, `max` and their times.
///
/// NaN is no number. It is no extreme; for `simplify` it ends a line, and the first of successive NaN
/// events is kept, so that a gap stays a gap.
///
/// The distance to a line is *vertical*: the difference in value at the time of the event. Time and
/// values have different units, so that a perpendicular distance would depend on them; this one is the
/// error of a reader that interpolates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Thin {
    /// Every n-th event. A late event moves all that follow.
    Every(usize),
    /// The extremes of each bin.
    Extremes(Bins),
    /// The corners of a line within this distance.
    Simplify(f64),
}

impl Thin {
    /// Reads a name of the table; `None` if it begins like none.
    ///
    /// # Errors
    /// [`Error::Caller`] if what follows the beginning is no such parameter.
    pub fn parse(text: &str, calendar: Calendar) -> Result<Option<Self>> {
        let refuse = |what| Error::caller(format!("aggregator {text:?}"), what);
        if let Some(count) = text.strip_prefix("thin-") {
            let count = count.parse().ok().filter(|&count| count > 0);
            let count = count.ok_or_else(|| refuse("give a number of events, such as thin-10"))?;
            return Ok(Some(Self::Every(count)));
        }
        if let Some(bins) = text.strip_prefix("extremes@") {
            return Ok(Some(Self::Extremes(Bins::parse(bins, calendar)?)));
        }
        if let Some(tolerance) = text.strip_prefix("simplify-") {
            let number = tolerance
                .parse()
                .ok()
                .filter(|t: &f64| t.is_finite() && *t >= 0.0);
            let number = number.ok_or_else(|| refuse("give a distance, such as simplify-0.5"))?;
            return Ok(Some(Self::Simplify(number)));
        }
        Ok(None)
    }

    /// Positions of the events that are kept, in order.
    ///
    /// # Errors
    /// [`Error::Caller`] if there are not as many numbers as events, the events are not in the order of
    /// time, or the bins are of another calendar; [`Error::Data`] if a tick is beyond the range of years.
    pub fn keep(
        self,
        units: &ziggurat_core::time::TimeUnits,
        ticks: &[i64],
        series: &[f64],
    ) -> Result<Vec<usize>> {
        let refuse = |what: &str| Error::caller(format!("{} events", ticks.len()), what);
        if ticks.len() != series.len() {
            return Err(refuse("give one number for each event"));
        }
        if !ticks.is_sorted() {
            return Err(refuse("not in the order of time; sort them"));
        }
        match self {
            Self::Every(count) => Ok((0..ticks.len()).step_by(count.max(1)).collect()),
            Self::Simplify(tolerance) => Ok(simplified(ticks, series, tolerance)),
            Self::Extremes(bins) => {
                let binning = Binning {
                    bins,
                    label: bins.closed_side(),
                };
                extremes(&TickBins::new(binning, units.clone())?, ticks, series)
            }
        }
    }
}

impl fmt::Display for Thin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Every(count) => write!(f, "thin-{count}"),
            Self::Extremes(bins) => write!(f, "extremes@{bins}"),
            Self::Simplify(tolerance) => write!(f, "simplify-{tolerance}"),
        }
    }
}

fn extremes(bins: &TickBins, ticks: &[i64], series: &[f64]) -> Result<Vec<usize>> {
    let mut kept = Vec::new();
    let mut done = 0;
    while let Some(&tick) = ticks.get(done) {
        let stop = bins.ticks(bins.number(tick)?).end;
        let run = done..done + ticks[done..].partition_point(|&t| t < stop).max(1);
        done = run.end;
        let mut found: Option<(usize, usize)> = None;
        for i in run.filter(|&i| !series[i].is_nan()) {
            let (min, max) = found.unwrap_or((i, i));
            let min = if series[i] < series[min] { i } else { min };
            let max = if series[i] > series[max] { i } else { max };
            found = Some((min, max));
        }
        if let Some((min, max)) = found {
            kept.push(min.min(max));
            kept.extend((min != max).then_some(min.max(max)));
        }
    }
    Ok(kept)
}

/// The corners of the lines between gaps, the beginning of each gap, and both ends.
fn simplified(ticks: &[i64], series: &[f64], tolerance: f64) -> Vec<usize> {
    let mut keep = vec![false; series.len()];
    let mut stop = 0;
    for run in series.chunk_by(|a, b| a.is_nan() == b.is_nan()) {
        let start = stop;
        stop += run.len();
        keep[start] = true;
        if !run[0].is_nan() {
            keep[stop - 1] = true;
            corners(&ticks[start..stop], run, tolerance, &mut keep[start..stop]);
        }
    }
    if let Some(last) = keep.last_mut() {
        *last = true;
    }
    (0..keep.len()).filter(|&i| keep[i]).collect()
}

/// Douglas and Peucker's corners between the ends of one line, without recursion: a line of a million
/// events may split off one event at a time.
fn corners(ticks: &[i64], series: &[f64], tolerance: f64, keep: &mut [bool]) {
    let mut lines = vec![(0, series.len() - 1)];
    while let Some((a, b)) = lines.pop() {
        let mut farthest = (tolerance, None);
        for i in a + 1..b {
            let distance = distance(ticks, series, (a, b), i);
            if distance > farthest.0 {
                farthest = (distance, Some(i));
            }
        }
        if let (_, Some(corner)) = farthest {
            keep[corner] = true;
            lines.extend([(a, corner), (corner, b)]);
        }
    }
}

/// How far event `i` is from the line between events `a` and `b`, in value.
///
/// Differences of ticks are exact before they become the fraction of the way.
#[allow(clippy::cast_precision_loss, reason = "only their ratio is rounded")]
fn distance(ticks: &[i64], series: &[f64], (a, b): (usize, usize), i: usize) -> f64 {
    let (part, whole) = (ticks[i].abs_diff(ticks[a]), ticks[b].abs_diff(ticks[a]));
    let fraction = if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    };
    let line = series[a] * (1.0 - fraction) + series[b] * fraction;
    let distance = (series[i] - line).abs();
    // Next to infinity there is no line.
    if distance.is_nan() {
        f64::INFINITY
    } else {
        distance
    }
}

/// The mean of the values of a frame (native-endian elements of `base`), unpacked; NaN if all are
/// missing.
///
/// # Errors
/// [`Error::Unsupported`] for complex values.
pub fn frame_mean(base: &Variable, frame: &[u8]) -> Result<f64> {
    struct Mean<'a>(&'a Variable, &'a [u8]);

    impl ForValue for Mean<'_> {
        type Done = f64;

        #[allow(clippy::cast_precision_loss, reason = "cells are below 2^53")]
        fn with<T: Value>(self) -> Result<f64> {
            let nodata = self.0.nodata.and_then(T::from_scalar);
            let (mut sum, mut count) = (T::Sum::default(), 0_u64);
            for bytes in self.1.chunks_exact(size_of::<T>()) {
                let value = T::from_ne(bytes);
                if !value.is_nan() && Some(value) != nodata {
                    sum += value.widen();
                    count += 1;
                }
            }
            let (scale, offset) = packing(self.0);
            Ok(scale * (T::sum_f64(sum) / count as f64) + offset)
        }
    }
    for_value(base.element, Mean(base, frame))
}
