//! A moment as a date and a time of day, and what users write for one.

use std::fmt;

use super::Calendar;
use crate::{Error, Result};

/// Nanoseconds of a day, an hour, a minute and a second.
pub(super) const DAY: i128 = 24 * HOUR;
pub(super) const HOUR: i128 = 60 * MINUTE;
pub(super) const MINUTE: i128 = 60 * SECOND;
pub(super) const SECOND: i128 = 1_000_000_000;

/// A moment in some calendar, in UTC.
///
/// It does not know its calendar: moments of one calendar compare in the order of time.
/// [`Display`](fmt::Display) is ISO 8601, with as many digits of a second as it takes and with a
/// sign where the year has not four digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime {
    /// Astronomical year: 0 is 1 BC.
    pub year: i64,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
    /// 0 to 999 999 999.
    pub nanosecond: u32,
}

impl DateTime {
    /// Reads ISO 8601: `2016`, `2016-09`, `2016-09-28`, `2016-09-28T15:45:00.5+02:00` and the
    /// like, with a blank for the `T` if so wished. What is left out is at its beginning; a zone
    /// is subtracted; no zone, `Z`, `UTC` and `GMT` are the same.
    ///
    /// # Errors
    /// [`Error::Caller`] for other texts and for dates that `calendar` does not have.
    pub fn parse(text: &str, calendar: Calendar) -> Result<Self> {
        Ok(Period::parse(text, calendar)?.start)
    }

    /// Nanoseconds from 0000-01-01 of `calendar`; `None` if it has no such date.
    #[must_use]
    pub fn to_nanoseconds(&self, calendar: Calendar) -> Option<i128> {
        let days = calendar.days(self.year, self.month, self.day)?;
        if self.hour > 23 || self.minute > 59 || self.second > 59 || self.nanosecond > 999_999_999 {
            return None;
        }
        let time = i128::from(self.hour) * HOUR
            + i128::from(self.minute) * MINUTE
            + i128::from(self.second) * SECOND
            + i128::from(self.nanosecond);
        Some(i128::from(days) * DAY + time)
    }

    /// The inverse of [`to_nanoseconds`](Self::to_nanoseconds); `None` beyond the range of years.
    #[must_use]
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "remainders are below their moduli"
    )]
    pub fn from_nanoseconds(nanoseconds: i128, calendar: Calendar) -> Option<Self> {
        let days = i64::try_from(nanoseconds.div_euclid(DAY)).ok()?;
        let time = nanoseconds.rem_euclid(DAY);
        let (year, month, day) = calendar.date(days)?;
        Some(Self {
            year,
            month,
            day,
            hour: (time / HOUR) as u8,
            minute: (time % HOUR / MINUTE) as u8,
            second: (time % MINUTE / SECOND) as u8,
            nanosecond: (time % SECOND) as u32,
        })
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.year {
            0..=9999 => write!(f, "{:04}", self.year)?,
            _ => write!(f, "{:+05}", self.year)?,
        }
        write!(f, "-{:02}-{:02}T", self.month, self.day)?;
        write!(f, "{:02}:{:02}:{:02}", self.hour, self.minute, self.second)?;
        if self.nanosecond > 0 {
            let digits = format!("{:09}", self.nanosecond);
            write!(f, ".{}", digits.trim_end_matches('0'))?;
        }
        Ok(())
    }
}

/// The half-open stretch of time `[start, end)` that a date stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// First moment.
    pub start: DateTime,
    /// First moment after it.
    pub end: DateTime,
}

impl Period {
    /// Reads what [`DateTime::parse`] reads as the whole of it: `2016-09` is the month, `2016-09-28T15` the hour;
    /// a text with a fraction of a second is one nanosecond.
    ///
    /// ```
    /// use ziggurat_core::time::{Calendar, Period};
    /// let month = Period::parse("2016-09", Calendar::Standard)?;
    /// assert_eq!(month.start.to_string(), "2016-09-01T00:00:00");
    /// assert_eq!(month.end.to_string(), "2016-10-01T00:00:00");
    /// # Ok::<(), ziggurat_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`DateTime::parse`].
    pub fn parse(text: &str, calendar: Calendar) -> Result<Self> {
        let what =
            || format!("not a date of the {calendar} calendar; write it as 2016-09-28T15:45");
        parse(text.trim(), calendar).ok_or_else(|| Error::caller(text, what()))
    }
}

fn parse(text: &str, calendar: Calendar) -> Option<Period> {
    // The date ends at the T, at a blank, or with the text; its year may have a sign.
    let (date, time) = text.split_once(['T', 't', ' ']).unwrap_or((text, ""));
    let negative = date.starts_with('-');
    let mut parts = date.trim_start_matches(['-', '+']).split('-');
    let mut part = || parts.next().map(digits::<i64>);
    let year = part()?? * if negative { -1 } else { 1 };
    let (month, day) = (part(), part());
    if part().is_some() {
        return None;
    }
    let small = |value: Option<Option<i64>>| match value {
        Some(v) => u8::try_from(v?).ok(),
        None => Some(1),
    };
    let mut start = DateTime {
        year,
        month: small(month)?,
        day: small(day)?,
        hour: 0,
        minute: 0,
        second: 0,
        nanosecond: 0,
    };
    let (clock, zone) = split_zone(time.trim());
    if !clock.is_empty() && day.is_none() {
        return None;
    }
    let mut length = DAY;
    let mut clock = clock.split(':').filter(|c| !c.is_empty());
    if let Some(hour) = clock.next() {
        (start.hour, length) = (digits(hour)?, HOUR);
    }
    if let Some(minute) = clock.next() {
        (start.minute, length) = (digits(minute)?, MINUTE);
    }
    if let Some(second) = clock.next() {
        let (whole, fraction) = second.split_once('.').unwrap_or((second, ""));
        (start.second, length) = (digits(whole)?, SECOND);
        if !fraction.is_empty() {
            let padded = format!("{fraction:0<9}");
            // Digits beyond the nanosecond are cut off.
            start.nanosecond = digits(padded.get(..9)?)?;
            digits::<u8>(&padded[9..padded.len().min(10)]).or((padded.len() == 9).then_some(0))?;
            length = 1;
        }
    }
    if clock.next().is_some() {
        return None;
    }
    let begin = start.to_nanoseconds(calendar)?;
    // Months and years vary: their end is the next one's beginning.
    let end = match (month, day) {
        (_, Some(_)) => begin + length,
        (Some(_), None) if start.month < 12 => DateTime {
            month: start.month + 1,
            ..start
        }
        .to_nanoseconds(calendar)?,
        _ => DateTime {
            year: year.checked_add(1)?,
            month: 1,
            ..start
        }
        .to_nanoseconds(calendar)?,
    };
    let zone = zone_offset(zone)?;
    let at = |ns| DateTime::from_nanoseconds(ns - zone, calendar);
    Some(Period {
        start: at(begin)?,
        end: at(end)?,
    })
}

/// Clock and zone of the part after the date.
fn split_zone(time: &str) -> (&str, &str) {
    let at = time.find(|c: char| c.is_ascii_alphabetic() || c == '+' || c == '-');
    let (clock, zone) = time.split_at(at.unwrap_or(time.len()));
    (clock.trim(), zone.trim())
}

/// Nanoseconds that a zone such as `Z`, `+02:00`, `-6:00`, `+0530` or `+2` is ahead of UTC.
fn zone_offset(zone: &str) -> Option<i128> {
    if ["", "Z", "UTC", "GMT"]
        .iter()
        .any(|z| zone.eq_ignore_ascii_case(z))
    {
        return Some(0);
    }
    let sign = match zone.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let rest = &zone[1..];
    let (hours, minutes) = match rest.split_once(':') {
        Some(parts) => parts,
        None if rest.len() > 2 => rest.split_at_checked(rest.len() - 2)?,
        None => (rest, "0"),
    };
    let (hours, minutes) = (digits::<u8>(hours)?, digits::<u8>(minutes)?);
    let offset = i128::from(hours) * HOUR + i128::from(minutes) * MINUTE;
    (hours < 24 && minutes < 60).then_some(sign * offset)
}

/// A number of decimal digits only.
fn digits<T: std::str::FromStr>(text: &str) -> Option<T> {
    let all = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    all.then(|| text.parse().ok()).flatten()
}
