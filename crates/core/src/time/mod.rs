//! CF time: numbers with units such as `days since 1970-01-01`, in any CF calendar.
//!
//! Source: CF conventions 1.11, section 4.4. Years are astronomical in every calendar: year 0 is
//! the year before year 1 (1 BC), year -1 the one before that. All arithmetic is on integers
//! (128-bit nanoseconds), so that what can be exact is exact. There are no leap seconds.
//!
//! ```
//! use ziggurat_core::{Scalar, time::{Calendar, DateTime, TimeUnits}};
//! let units = TimeUnits::parse("hours since 2016-09-28", Some("standard"))?;
//! let at = units.decode(Scalar::Float(15.75))?;
//! assert_eq!(at.to_string(), "2016-09-28T15:45:00");
//! assert_eq!(units.encode(&at)?, Scalar::Float(15.75));
//! assert_eq!(at, DateTime::parse("2016-09-28 15:45Z", Calendar::Standard)?);
//! # Ok::<(), ziggurat_core::Error>(())
//! ```

mod bins;
mod calendar;
mod datetime;
mod units;

pub use bins::{Bins, Side};
pub use calendar::Calendar;
pub use datetime::{DateTime, Period};
pub use units::{TimeUnits, unit_nanoseconds};

#[cfg(test)]
mod tests;
