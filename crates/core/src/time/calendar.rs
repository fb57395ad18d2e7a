//! Day counts of the CF calendars.

use std::str::FromStr;

use crate::{Error, Result};

/// A calendar of CF section 4.4.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Calendar {
    /// Julian up to 1582-10-04, Gregorian from 1582-10-15: `standard` or `gregorian`.
    Standard,
    /// Gregorian at all times, as ISO 8601 has it.
    ProlepticGregorian,
    /// Julian at all times.
    Julian,
    /// Every year has 365 days: `noleap` or `365_day`.
    NoLeap,
    /// Every year has 366 days: `all_leap` or `366_day`.
    AllLeap,
    /// Every month has 30 days.
    Days360,
}

/// The first day of the Gregorian calendar, 1582-10-15, counted from its 0000-01-01.
const REFORM: i64 = 578_101;

/// How many days the Julian calendar's 0000-01-01 lies before the Gregorian calendar's.
const JULIAN_LEAD: i64 = 2;

impl Calendar {
    /// The CF name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::ProlepticGregorian => "proleptic_gregorian",
            Self::Julian => "julian",
            Self::NoLeap => "noleap",
            Self::AllLeap => "all_leap",
            Self::Days360 => "360_day",
        }
    }

    /// Whether `year` has a 29th of February.
    #[must_use]
    pub fn is_leap(self, year: i64) -> bool {
        let divides = |n| year.rem_euclid(n) == 0;
        match self {
            Self::ProlepticGregorian => divides(4) && (!divides(100) || divides(400)),
            Self::Standard if year > 1582 => Self::ProlepticGregorian.is_leap(year),
            Self::Julian | Self::Standard => divides(4),
            Self::NoLeap => false,
            Self::AllLeap | Self::Days360 => true,
        }
    }

    /// The number of the last day of a month; `month` is 1 to 12.
    #[must_use]
    pub fn month_length(self, year: i64, month: u8) -> u8 {
        match month {
            _ if self == Self::Days360 => 30,
            2 => 28 + u8::from(self.is_leap(year)),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }

    /// Days from 0000-01-01 to a date; `None` if the calendar has no such date.
    ///
    /// The 0000-01-01 of [`Calendar::Standard`] is that of the Gregorian calendar.
    #[must_use]
    pub(super) fn days(self, year: i64, month: u8, day: u8) -> Option<i64> {
        if !(1..=12).contains(&month) || !(1..=self.month_length(year, month)).contains(&day) {
            return None;
        }
        if self == Self::Standard {
            let new = Self::ProlepticGregorian.days(year, month, day);
            if let Some(days) = new.filter(|&d| d >= REFORM) {
                return Some(days);
            }
            let old = Self::Julian
                .days(year, month, day)?
                .checked_sub(JULIAN_LEAD)?;
            return (old < REFORM).then_some(old);
        }
        let months = (1..month).map(|m| i64::from(self.month_length(year, m)));
        self.year_start(year)?
            .checked_add(months.sum::<i64>() + i64::from(day) - 1)
    }

    /// Year, month and day of a count of days; `None` beyond the range of years.
    #[must_use]
    pub(super) fn date(self, days: i64) -> Option<(i64, u8, u8)> {
        if self == Self::Standard {
            return if days < REFORM {
                Self::Julian.date(days.checked_add(JULIAN_LEAD)?)
            } else {
                Self::ProlepticGregorian.date(days)
            };
        }
        // 146097 days are exactly 400 Gregorian years; in the others the guess is off by little
        // for any year that matters, and the search below mends it.
        let per_400_years = match self {
            Self::NoLeap => 146_000,
            Self::AllLeap => 146_400,
            Self::Days360 => 144_000,
            Self::Julian => 146_100,
            Self::ProlepticGregorian | Self::Standard => 146_097,
        };
        let guess = i128::from(days) * 400 / per_400_years;
        let mut year = i64::try_from(guess).ok()?;
        while self.year_start(year)? > days {
            year -= 1;
        }
        while self.year_start(year + 1)? <= days {
            year += 1;
        }
        let mut rest = days - self.year_start(year)?;
        let mut month = 1;
        loop {
            let length = i64::from(self.month_length(year, month));
            if rest < length {
                return Some((year, month, u8::try_from(rest + 1).ok()?));
            }
            rest -= length;
            month += 1;
        }
    }

    /// Days from 0000-01-01 to the first day of a year.
    fn year_start(self, year: i64) -> Option<i64> {
        // Leap years in [0, year): the multiples of 4 among them, and so on.
        let multiples = |n: i64| year.div_euclid(n) + i64::from(year.rem_euclid(n) != 0);
        let (length, leap) = match self {
            Self::Days360 => (360, 0),
            Self::NoLeap => (365, 0),
            Self::AllLeap => (366, 0),
            Self::Julian => (365, multiples(4)),
            Self::ProlepticGregorian | Self::Standard => {
                (365, multiples(4) - multiples(100) + multiples(400))
            }
        };
        year.checked_mul(length)?.checked_add(leap)
    }
}

impl std::fmt::Display for Calendar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Calendar {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Ok(match name.trim().to_ascii_lowercase().as_str() {
            "standard" | "gregorian" => Self::Standard,
            "proleptic_gregorian" => Self::ProlepticGregorian,
            "julian" => Self::Julian,
            "noleap" | "365_day" => Self::NoLeap,
            "all_leap" | "366_day" => Self::AllLeap,
            "360_day" => Self::Days360,
            _ => {
                let what = "not a calendar known here; CF has standard, proleptic_gregorian, \
                            julian, noleap, all_leap and 360_day";
                return Err(Error::unsupported(name, what));
            }
        })
    }
}
