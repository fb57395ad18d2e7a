//! Names of the aggregators in time.

use std::fmt;

use ziggurat_core::time::Calendar;
use ziggurat_core::{Error, Result};

use super::{Binning, Statistic, Thin};

/// An aggregator along a dimension of time.
///
/// | name | makes |
/// |---|---|
/// | `mean@1D` | a [`Statistic`] of each bin of a [`Binning`] |
/// | `time-mean-2h@1M` | the time-weighted mean of each month; a value holds for at most 2 hours |
/// | `max@1h.right` | the maximum of hours that end with the minute 0 and are named by it |
/// | `thin-10`, `extremes@1D`, `simplify-0.5` | fewer events, see [`Thin`] |
///
/// No name needs quotes in a shell or an escape in a path.
///
/// ```
/// use ziggurat_core::time::Calendar;
/// use ziggurat_pyramid::time::{Statistic, TimeAggregator};
/// let found = TimeAggregator::parse("mean@24h", Calendar::Standard)?;
/// assert!(matches!(found, TimeAggregator::Bin(Statistic::Mean, _)));
/// assert_eq!(found.to_string(), "mean@1D");
/// # Ok::<(), ziggurat_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TimeAggregator {
    /// A statistic of the events of each bin.
    Bin(Statistic, Binning),
    /// Some of the events.
    Thin(Thin),
}

impl TimeAggregator {
    /// Reads a name of the table, for an axis with this calendar.
    ///
    /// # Errors
    /// [`Error::Caller`] for other texts.
    pub fn parse(text: &str, calendar: Calendar) -> Result<Self> {
        if let Some(thin) = Thin::parse(text, calendar)? {
            return Ok(Self::Thin(thin));
        }
        let Some((statistic, bins)) = text.split_once('@') else {
            let what = "not along time; write mean@1D, thin-10, extremes@1D or simplify-0.5";
            return Err(Error::caller(format!("aggregator {text:?}"), what));
        };
        Ok(Self::Bin(
            statistic.parse()?,
            Binning::parse(bins, calendar)?,
        ))
    }
}

impl fmt::Display for TimeAggregator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bin(statistic, binning) => write!(f, "{statistic}@{binning}"),
            Self::Thin(thin) => thin.fmt(f),
        }
    }
}
