//! Time coordinates as counts of a unit since an instant
//! ([CF 1.11, section 4.4](https://cfconventions.org/cf-conventions/cf-conventions.html#time-coordinate)).

use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use ziggurat_core::{Attributes, Coordinate, Dimension};

/// A unit in which times are counted, since 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unit {
    /// Nanoseconds in one.
    nanoseconds: i128,
}

impl Unit {
    /// The coarsest unit, of seconds at most, in which all of `times` are whole.
    pub(crate) fn of<'a>(times: impl IntoIterator<Item = &'a Timestamp>) -> Self {
        let mut nanoseconds = 1_000_000_000;
        for time in times {
            while time.as_nanosecond() % nanoseconds != 0 {
                nanoseconds /= 1000;
            }
        }
        Self { nanoseconds }
    }

    pub(crate) fn name(self) -> &'static str {
        match self.nanoseconds {
            1 => "nanoseconds",
            1_000 => "microseconds",
            1_000_000 => "milliseconds",
            _ => "seconds",
        }
    }

    /// `time` as a count; `None` if it does not fit.
    pub(crate) fn ticks(self, time: Timestamp) -> Option<i64> {
        i64::try_from(time.as_nanosecond() / self.nanoseconds).ok()
    }

    /// CF attributes of a coordinate that counts it.
    pub(crate) fn attributes(self) -> Attributes {
        let units = format!("{} since 1970-01-01", self.name());
        [
            ("units", &*units),
            ("calendar", "proleptic_gregorian"),
            ("standard_name", "time"),
            ("axis", "T"),
        ]
        .map(|(key, value)| (key.to_owned(), value.into()))
        .into_iter()
        .collect()
    }
}

/// The instants of a time dimension with CF units and our calendar; `None` for others.
pub(crate) fn decode(time: &Dimension) -> Option<Vec<Timestamp>> {
    let text = |key| time.attributes.get(key).and_then(|v| v.as_str());
    let calendar = text("calendar").unwrap_or("standard");
    if !["standard", "gregorian", "proleptic_gregorian"].contains(&calendar) {
        return None;
    }
    let (unit, origin) = text("units")?.split_once(" since ")?;
    let unit: i128 = match unit.trim() {
        "days" | "day" | "d" => 86_400_000_000_000,
        "hours" | "hour" | "hr" | "h" => 3_600_000_000_000,
        "minutes" | "minute" | "min" => 60_000_000_000,
        "seconds" | "second" | "sec" | "s" => 1_000_000_000,
        "milliseconds" | "millisecond" | "msec" | "ms" => 1_000_000,
        "microseconds" | "microsecond" | "us" => 1_000,
        "nanoseconds" | "nanosecond" | "ns" => 1,
        _ => return None,
    };
    let origin = origin.trim().trim_end_matches("UTC").trim_end();
    let civil = || {
        let time = DateTime::from_str(origin).ok()?;
        // Before that day the standard calendar is the Julian one.
        let ours = calendar == "proleptic_gregorian"
            || time >= DateTime::constant(1582, 10, 15, 0, 0, 0, 0);
        TimeZone::UTC.to_timestamp(time).ok().filter(|_| ours)
    };
    let origin = Timestamp::from_str(origin).ok().or_else(civil)?;
    let instant = |nanoseconds: i128| {
        Timestamp::from_nanosecond(origin.as_nanosecond().checked_add(nanoseconds)?).ok()
    };
    match &time.coordinate {
        Some(Coordinate::Int(v)) => v
            .iter()
            .map(|&n| instant(i128::from(n).checked_mul(unit)?))
            .collect(),
        Some(coordinate) => (0..time.size)
            .map(|i| instant(float(coordinate.at(i)?, unit)?))
            .collect(),
        None => None,
    }
}

/// Nanoseconds in `count` units, the fraction to the millisecond.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "whole and fraction are apart, and checked"
)]
fn float(count: f64, unit: i128) -> Option<i128> {
    let whole = Some(count.floor()).filter(|n| n.abs() < 9e15)?;
    let fraction = (count - whole) * unit as f64;
    let fraction = if unit > 1_000_000 {
        (fraction / 1e6).round() * 1e6
    } else {
        fraction.round()
    };
    (whole as i128)
        .checked_mul(unit)?
        .checked_add(fraction as i128)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ziggurat_core::Axis;

    #[test]
    fn units_are_as_fine_as_needed() {
        let times = |texts: &[&str]| -> Vec<Timestamp> {
            texts.iter().map(|t| t.parse().unwrap()).collect()
        };
        let whole = times(&["2009-08-18T00:00:00Z", "1900-01-01T00:00:00Z"]);
        assert_eq!(Unit::of(&whole).name(), "seconds");
        assert_eq!(Unit::of(&whole).ticks(whole[1]), Some(-2_208_988_800));
        let fine = times(&["2009-08-18T00:00:00.25Z", "2009-08-18T00:00:01Z"]);
        assert_eq!(Unit::of(&fine).name(), "milliseconds");
        assert_eq!(
            Unit::of(&fine).attributes()["units"],
            "milliseconds since 1970-01-01"
        );
        let finest = times(&["2400-01-01T00:00:00.000000001Z"]);
        assert_eq!(Unit::of(&finest).ticks(finest[0]), None);
    }

    #[test]
    fn cf_times_are_decoded() {
        let decoded = |units: &str, calendar: &str, coordinate| {
            let mut time = Dimension::new("time", 1, Axis::Time);
            time.attributes.insert("units".into(), units.into());
            time.attributes.insert("calendar".into(), calendar.into());
            time.coordinate = Some(coordinate);
            decode(&time).map(|t| t[0].to_string())
        };
        let float = |v| Coordinate::Float(vec![v]);
        for (units, value, expected) in [
            ("days since 2000-01-01", 1.5, "2000-01-02T12:00:00Z"),
            (
                "hours since 1900-01-01 00:00:00",
                1.1,
                "1900-01-01T01:06:00Z",
            ),
            (
                "seconds since 1970-01-01T00:00:00Z",
                -0.25,
                "1969-12-31T23:59:59.75Z",
            ),
            (
                "minutes since 2000-01-01 00:00:00 UTC",
                90.0,
                "2000-01-01T01:30:00Z",
            ),
        ] {
            assert_eq!(
                decoded(units, "standard", float(value)).as_deref(),
                Some(expected)
            );
        }
        let day = Coordinate::Int(vec![1]);
        assert_eq!(
            decoded("days since 0001-01-01", "standard", day.clone()),
            None
        );
        assert_eq!(
            decoded("days since 2000-01-01", "360_day", day.clone()),
            None
        );
        assert_eq!(decoded("months since 2000-01-01", "standard", day), None);
    }
}
