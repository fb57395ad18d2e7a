//! Bins of time: of fixed width, or months and years of a calendar.

use std::fmt;
use std::str::FromStr;

use super::datetime::{DAY, HOUR, MINUTE, SECOND};
use super::{Calendar, DateTime};
use crate::{Error, Result};

/// Consecutive bins that cover all time, each with a number that rises with time.
///
/// Moments are nanoseconds from 0000-01-01 of the calendar, as [`TimeUnits::nanoseconds`] gives them.
///
/// | text | bins |
/// |---|---|
/// | `15s`, `5min`, `2h` | of this width, from midnight of 0000-01-01: from every midnight, if the width divides a day |
/// | `1D`, `10D` | days |
/// | `1W` | weeks from Monday |
/// | `1M`, `3M` | months, from January |
/// | `1Y`, `10Y` | years, from one that the number divides |
///
/// Without a number it is 1. The letters are those of pandas' offsets: `min` are minutes, `M` months.
///
/// ```
/// use ziggurat_core::time::{Bins, Calendar, DateTime};
/// let bins = Bins::parse("1M", Calendar::Standard)?;
/// let at = |text| DateTime::parse(text, Calendar::Standard).ok()?.to_nanoseconds(Calendar::Standard);
/// let number = bins.number(at("2016-02-29T12:00").ok_or("no date")?);
/// assert_eq!(bins.start(number), at("2016-02-01"));
/// assert_eq!(bins.start(number + 1), at("2016-03-01"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [`TimeUnits::nanoseconds`]: super::TimeUnits::nanoseconds
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Bins {
    width: Width,
    calendar: Calendar,
    closed: Side,
}

/// An end of a bin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Side {
    /// Its beginning.
    #[default]
    Left,
    /// Its end.
    Right,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Width {
    /// Of nanoseconds, from this moment on.
    Fixed { width: i128, origin: i128 },
    /// Of calendar months, from month 0 of year 0 on.
    Months(i64),
}

/// The first Monday: 0000-01-01 of the Gregorian calendar is a Saturday.
const MONDAY: i128 = 2 * DAY;

impl Bins {
    /// Bins as in the table above, closed at their beginning.
    ///
    /// # Errors
    /// [`Error::Caller`] for other texts, and for bins of no width or of more than 10 000 years.
    pub fn parse(text: &str, calendar: Calendar) -> Result<Self> {
        let width = Width::from_str(text)?;
        let closed = Side::Left;
        Ok(Self {
            width,
            calendar,
            closed,
        })
    }

    /// The same bins, of which each holds the moment at this end of it and not that at the other.
    #[must_use]
    pub fn closed(self, closed: Side) -> Self {
        Self { closed, ..self }
    }

    /// The end of each bin that belongs to it.
    #[must_use]
    pub fn closed_side(&self) -> Side {
        self.closed
    }

    /// The calendar of the moments.
    #[must_use]
    pub fn calendar(&self) -> Calendar {
        self.calendar
    }

    /// The bin that holds a moment.
    #[must_use]
    pub fn number(&self, moment: i128) -> i128 {
        let moment = match self.closed {
            Side::Left => moment,
            Side::Right => moment - 1,
        };
        match self.width {
            Width::Fixed { width, origin } => (moment - origin).div_euclid(width),
            Width::Months(months) => {
                let month = DateTime::from_nanoseconds(moment, self.calendar)
                    .map(|at| i128::from(at.year) * 12 + i128::from(at.month) - 1);
                // Beyond the range of years, which no moment of a coordinate is.
                let month = month.unwrap_or(if moment < 0 { i128::MIN } else { i128::MAX });
                month.div_euclid(months.into())
            }
        }
    }

    /// The moment at which a bin begins, and the one before it ends; `None` beyond the range of years.
    #[must_use]
    pub fn start(&self, number: i128) -> Option<i128> {
        match self.width {
            Width::Fixed { width, origin } => number.checked_mul(width)?.checked_add(origin),
            Width::Months(months) => {
                let month = number.checked_mul(months.into())?;
                let first = DateTime {
                    year: i64::try_from(month.div_euclid(12)).ok()?,
                    month: u8::try_from(month.rem_euclid(12) + 1).ok()?,
                    day: 1,
                    hour: 0,
                    minute: 0,
                    second: 0,
                    nanosecond: 0,
                };
                first.to_nanoseconds(self.calendar)
            }
        }
    }

    /// The moment that names a bin: one of its ends.
    #[must_use]
    pub fn label(&self, number: i128, side: Side) -> Option<i128> {
        self.start(match side {
            Side::Left => number,
            Side::Right => number + 1,
        })
    }

    /// Nanoseconds of a bin, if all have as many.
    #[must_use]
    pub fn width(&self) -> Option<i128> {
        match self.width {
            Width::Fixed { width, .. } => Some(width),
            Width::Months(_) => None,
        }
    }
}

/// Longest bins: 10 000 years.
const MOST_YEARS: i64 = 10_000;

impl FromStr for Width {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let refuse = || {
            let what =
                "not a width of bins; use a number and s, min, h, D, W, M or Y, such as 5min";
            Error::caller(format!("bins {text:?}"), what)
        };
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (count, unit) = text.split_at(digits);
        let count: i64 = match count {
            "" => 1,
            count => count.parse().map_err(|_| refuse())?,
        };
        let fixed = |unit: i128, origin| Self::Fixed {
            width: unit * i128::from(count),
            origin,
        };
        let width = match unit {
            "s" | "S" => fixed(SECOND, 0),
            "min" | "T" => fixed(MINUTE, 0),
            "h" | "H" => fixed(HOUR, 0),
            "d" | "D" => fixed(DAY, 0),
            "w" | "W" => fixed(7 * DAY, MONDAY),
            "M" | "MS" => Self::Months(count),
            "y" | "Y" | "YS" => Self::Months(count.checked_mul(12).ok_or_else(refuse)?),
            _ => return Err(refuse()),
        };
        let fits = match width {
            Self::Fixed { width, .. } => (1..=i128::from(MOST_YEARS) * 366 * DAY).contains(&width),
            Self::Months(months) => (1..=MOST_YEARS * 12).contains(&months),
        };
        fits.then_some(width).ok_or_else(refuse)
    }
}

impl fmt::Display for Bins {
    /// The text that [`parse`](Self::parse) takes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = match self.width {
            Width::Months(months) if months % 12 == 0 => return write!(f, "{}Y", months / 12),
            Width::Months(months) => return write!(f, "{months}M"),
            Width::Fixed { width, origin: 0 } => {
                let known = [(DAY, "D"), (HOUR, "h"), (MINUTE, "min"), (SECOND, "s")];
                known.map(|(unit, name)| (width, unit, name))
            }
            Width::Fixed { width, .. } => [(width, 7 * DAY, "W"); 4],
        };
        match units.iter().find(|(width, unit, _)| width % unit == 0) {
            Some((width, unit, name)) => write!(f, "{}{name}", width / unit),
            // Widths are whole seconds.
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ns(text: &str, calendar: Calendar) -> i128 {
        let at = DateTime::parse(text, calendar).unwrap();
        at.to_nanoseconds(calendar).unwrap()
    }

    /// The bin of a moment, as text.
    fn bin(bins: &str, calendar: Calendar, side: Side, text: &str) -> (String, String) {
        let bins = Bins::parse(bins, calendar).unwrap().closed(side);
        let number = bins.number(ns(text, calendar));
        let end = |side| {
            let at = bins.label(number, side).unwrap();
            DateTime::from_nanoseconds(at, calendar)
                .unwrap()
                .to_string()
        };
        (end(Side::Left), end(Side::Right))
    }

    #[test]
    fn bins_are_where_people_expect_them() {
        let left = |bins, text| bin(bins, Calendar::Standard, Side::Left, text).0;
        let text = "2024-05-17T13:47:21";
        assert_eq!(left("5min", text), "2024-05-17T13:45:00");
        assert_eq!(left("h", text), "2024-05-17T13:00:00");
        assert_eq!(left("1D", text), "2024-05-17T00:00:00");
        assert_eq!(left("1W", text), "2024-05-13T00:00:00", "a Monday");
        assert_eq!(left("1M", text), "2024-05-01T00:00:00");
        assert_eq!(left("3M", text), "2024-04-01T00:00:00");
        assert_eq!(left("1Y", text), "2024-01-01T00:00:00");
        assert_eq!(left("10Y", text), "2020-01-01T00:00:00");
        assert_eq!(left("1Y", "-0001-05-01"), "-0001-01-01T00:00:00");
    }

    #[test]
    fn a_moment_between_bins_belongs_to_the_closed_side() {
        let at = "2024-05-01";
        let of = |side| bin("1M", Calendar::Standard, side, at);
        let may = ("2024-05-01T00:00:00", "2024-06-01T00:00:00");
        let april = ("2024-04-01T00:00:00", "2024-05-01T00:00:00");
        assert_eq!(of(Side::Left), (may.0.into(), may.1.into()));
        assert_eq!(of(Side::Right), (april.0.into(), april.1.into()));
    }

    #[test]
    fn months_are_those_of_the_calendar() {
        let end = |calendar| bin("1M", calendar, Side::Left, "2023-02-28").1;
        for calendar in [Calendar::NoLeap, Calendar::AllLeap, Calendar::Days360] {
            assert_eq!(end(calendar), "2023-03-01T00:00:00");
        }
        let february = bin("1M", Calendar::Days360, Side::Left, "2023-02-30").0;
        assert_eq!(february, "2023-02-01T00:00:00");
    }

    #[test]
    fn what_are_no_bins_is_refused() {
        for text in [
            "x",
            "0D",
            "5",
            "min5",
            "-1h",
            "1.5h",
            "99999999Y",
            "1month",
            "9223372036854775807W",
        ] {
            let error = Bins::parse(text, Calendar::Standard).unwrap_err();
            assert!(error.to_string().contains("such as 5min"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn each_moment_lies_in_its_bin(
            moment in -(1_i128 << 66)..1 << 66, count in 1..400_i64,
            unit in prop::sample::select(vec!["s", "min", "h", "D", "W", "M", "Y"]),
            calendar in prop::sample::select(vec![
                Calendar::Standard, Calendar::ProlepticGregorian, Calendar::NoLeap, Calendar::Days360]),
        ) {
            let text = format!("{count}{unit}");
            let bins = Bins::parse(&text, calendar).unwrap();
            prop_assert_eq!(Bins::parse(&bins.to_string(), calendar).unwrap(), bins);
            let number = bins.number(moment);
            let (start, stop) = (bins.start(number).unwrap(), bins.start(number + 1).unwrap());
            prop_assert!(start <= moment && moment < stop);
            let right = bins.closed(Side::Right);
            let number = right.number(moment);
            let (start, stop) = (right.start(number).unwrap(), right.start(number + 1).unwrap());
            prop_assert!(start < moment && moment <= stop);
            prop_assert!(bins.width().is_none_or(|width| width == stop - start));
        }
    }
}
