//! Units of CF time coordinates.

use super::datetime::{DAY, HOUR, MINUTE, SECOND};
use super::{Calendar, DateTime};
use crate::{Error, Result, Scalar};

/// `<unit> since <reference>` in a calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeUnits {
    text: String,
    calendar: Calendar,
    /// Nanoseconds of one unit.
    unit: i128,
    /// The reference, in nanoseconds from 0000-01-01.
    reference: i128,
}

impl TimeUnits {
    /// Parses the attributes `units` and `calendar` of a time coordinate.
    ///
    /// Without a calendar it is `standard`, as CF says; but that has no year 0, so units that
    /// count from year 0 or before (Ferret and COARDS write them for climatologies) then mean
    /// `proleptic_gregorian`, which has.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for months and years, whose length varies, and for unknown
    /// calendars; [`Error::Data`] if it is not a unit of time since a date.
    pub fn parse(units: &str, calendar: Option<&str>) -> Result<Self> {
        let (unit, since) = split(units).ok_or_else(|| {
            Error::data(units, "not CF time units such as `days since 1970-01-01`")
        })?;
        let length = unit_nanoseconds(unit).ok_or_else(|| {
            match unit.to_ascii_lowercase().trim_end_matches('s') {
                "month" | "year" | "common_year" => Error::unsupported(
                    units,
                    "months and years have no fixed length; write the coordinate in days",
                ),
                _ => Error::data(units, format!("`{unit}` is not a unit of time")),
            }
        })?;
        let is_early = since.starts_with('-') || since.trim_start_matches('0').starts_with('-');
        let calendar = match calendar {
            Some(name) => name.parse()?,
            None if is_early => Calendar::ProlepticGregorian,
            None => Calendar::Standard,
        };
        let reference = DateTime::parse(since, calendar)
            .ok()
            .and_then(|d| d.to_nanoseconds(calendar))
            .ok_or_else(|| {
                Error::data(
                    units,
                    format!("`{since}` is not a date of the {calendar} calendar"),
                )
            })?;
        Ok(Self {
            text: units.to_owned(),
            calendar,
            unit: length,
            reference,
        })
    }

    /// The calendar.
    #[must_use]
    pub fn calendar(&self) -> Calendar {
        self.calendar
    }

    /// Nanoseconds of one unit.
    #[must_use]
    pub fn unit_nanoseconds(&self) -> i128 {
        self.unit
    }

    /// Nanoseconds from 0000-01-01 of the calendar: exact for integers, to the nearest
    /// microsecond for floating point values (nanosecond, if that is the unit).
    ///
    /// Values of different units in the same calendar can be compared by it.
    ///
    /// # Errors
    /// [`Error::Data`] for NaN and for values that are beyond the range of years.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "the value is within bounds, and only its fraction is rounded"
    )]
    pub fn nanoseconds(&self, value: Scalar) -> Result<i128> {
        let since = match value {
            Scalar::Int(v) => i128::from(v).checked_mul(self.unit),
            Scalar::UInt(v) => i128::from(v).checked_mul(self.unit),
            // More than 2^63 units fit no integer either.
            Scalar::Float(v) if v.abs() < 9.2e18 => {
                let resolution = 1000.min(self.unit);
                let per_unit = self.unit / resolution;
                let part = (v.fract() * per_unit as f64).round() as i128;
                Some((v.trunc() as i128 * per_unit + part) * resolution)
            }
            Scalar::Float(_) => None,
        };
        let found = since.and_then(|s| s.checked_add(self.reference));
        found.ok_or_else(|| self.out_of_range(value))
    }

    /// The moment that `value` stands for.
    ///
    /// # Errors
    /// As [`nanoseconds`](Self::nanoseconds).
    pub fn decode(&self, value: Scalar) -> Result<DateTime> {
        DateTime::from_nanoseconds(self.nanoseconds(value)?, self.calendar)
            .ok_or_else(|| self.out_of_range(value))
    }

    /// The value that stands for a moment: an integer where it is one, else the nearest `f64`.
    ///
    /// # Errors
    /// [`Error::Caller`] if the calendar has no such date.
    pub fn encode(&self, at: &DateTime) -> Result<Scalar> {
        let what = || format!("no date of the {} calendar", self.calendar);
        let nanoseconds = at
            .to_nanoseconds(self.calendar)
            .ok_or_else(|| Error::caller(at.to_string(), what()))?;
        Ok(self.value_of(nanoseconds))
    }

    /// The value of a count of nanoseconds from 0000-01-01 of the calendar.
    #[must_use]
    #[allow(
        clippy::cast_precision_loss,
        reason = "integers are exact, the rest is the nearest"
    )]
    pub fn value_of(&self, nanoseconds: i128) -> Scalar {
        let since = nanoseconds - self.reference;
        let (whole, rest) = (since.div_euclid(self.unit), since.rem_euclid(self.unit));
        match i64::try_from(whole) {
            Ok(v) if rest == 0 => Scalar::Int(v),
            _ => Scalar::Float(whole as f64 + rest as f64 / self.unit as f64),
        }
    }

    fn out_of_range(&self, value: Scalar) -> Error {
        let value = match value {
            Scalar::Float(v) => v.to_string(),
            Scalar::Int(v) => v.to_string(),
            Scalar::UInt(v) => v.to_string(),
        };
        Error::data(&self.text, format!("{value} is no moment in time"))
    }
}

impl std::fmt::Display for TimeUnits {
    /// The units as they were given.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// Unit and reference of `<unit> since <reference>`.
fn split(units: &str) -> Option<(&str, &str)> {
    let (unit, rest) = units.trim().split_once(char::is_whitespace)?;
    let rest = rest.trim_start();
    let (since, reference) = rest.split_once(char::is_whitespace)?;
    since
        .eq_ignore_ascii_case("since")
        .then_some((unit, reference.trim()))
}

/// Nanoseconds of a unit of time of fixed length under any of its CF names; `None` for others.
///
/// ```
/// use ziggurat_core::time::unit_nanoseconds;
/// assert_eq!(unit_nanoseconds("hrs"), Some(3_600_000_000_000));
/// assert_eq!(unit_nanoseconds("month"), None);
/// ```
#[must_use]
pub fn unit_nanoseconds(unit: &str) -> Option<i128> {
    Some(match unit.to_ascii_lowercase().as_str() {
        "nanosecond" | "nanoseconds" | "nanosec" | "nanosecs" | "nsec" | "nsecs" | "ns" => 1,
        "microsecond" | "microseconds" | "microsec" | "microsecs" | "usec" | "usecs" | "us"
        | "µs" => 1_000,
        "millisecond" | "milliseconds" | "millisec" | "millisecs" | "msec" | "msecs" | "ms" => {
            1_000_000
        }
        "second" | "seconds" | "sec" | "secs" | "s" => SECOND,
        "minute" | "minutes" | "min" | "mins" => MINUTE,
        "hour" | "hours" | "hr" | "hrs" | "h" => HOUR,
        "day" | "days" | "d" => DAY,
        "week" | "weeks" => 7 * DAY,
        _ => return None,
    })
}
