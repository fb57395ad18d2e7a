//! What is said of the events of a bin.

use std::fmt;

use serde_json::json;
use ziggurat_core::time::{Bins, TimeUnits};
use ziggurat_core::{ElementType, Error, Result, Scalar, Variable};

use crate::aggregate::{Aggregator, forget_packing};

/// The tick that is no time: the missing value of [`Statistic::MinTime`] and its like.
///
/// It is the `NaT` of NumPy.
pub const NEVER: i64 = i64::MIN;

/// A number that is said, cell by cell, of the events of one bin. Missing values do not count.
///
/// | name | of the values in the bin | element type |
/// |---|---|---|
/// | `count` | how many there are | `uint32` |
/// | `sum`, `mean`, `min`, `max` | as [`Aggregator`] says | as there |
/// | `time-mean`, `time-mean-2h` | the mean over time, see below | as the base |
/// | `first`, `last` | the earliest, the latest | as the base |
/// | `min-time`, `max-time`, `first-time`, `last-time` | when that was; of equals the first | `int64` ticks |
///
/// A cell without values has a count of 0, and all else of it is missing; a missing time is [`NEVER`].
///
/// The **time-weighted mean** weighs each value with the time for which it holds:
///
/// * from its event to the next event, whatever that says of the cell: where it says "missing", the
///   cell is unknown from there to the event after it;
/// * with a [`Hold`], no longer than that: the rest of a gap is unknown;
/// * before the first event nothing holds; the last event holds to the end of its bin.
///
/// Unknown time weighs nothing. Time counts in the bins it lies in, so that a value from an earlier bin
/// weighs in later ones, and a bin without events has a time-weighted mean if a value holds there.
/// A mean is divided and rounded once; sums of integers are exact, sums of floats are in double precision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Statistic {
    /// Number of values.
    Count,
    /// Their sum; of a packed variable the sum of unpacked values.
    Sum,
    /// Sum divided by count.
    Mean,
    /// Mean over time.
    TimeMean(Option<Hold>),
    /// Smallest value.
    Min,
    /// Largest value.
    Max,
    /// Earliest value.
    First,
    /// Latest value.
    Last,
    /// When the smallest value was first reached.
    MinTime,
    /// When the largest value was first reached.
    MaxTime,
    /// When the earliest value was.
    FirstTime,
    /// When the latest value was.
    LastTime,
}

/// The longest time for which a value holds, written as [`Bins`] of fixed width are: `2h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Hold(Bins);

impl Hold {
    /// Nanoseconds.
    #[must_use]
    pub fn nanoseconds(self) -> i128 {
        // Only bins of fixed width are let in.
        self.0.width().unwrap_or(i128::MAX)
    }
}

impl Statistic {
    /// All that have no parameter.
    pub const ALL: [Self; 12] = [
        Self::Count,
        Self::Sum,
        Self::Mean,
        Self::TimeMean(None),
        Self::Min,
        Self::Max,
        Self::First,
        Self::Last,
        Self::MinTime,
        Self::MaxTime,
        Self::FirstTime,
        Self::LastTime,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Sum => "sum",
            Self::Mean => "mean",
            Self::TimeMean(_) => "time-mean",
            Self::Min => "min",
            Self::Max => "max",
            Self::First => "first",
            Self::Last => "last",
            Self::MinTime => "min-time",
            Self::MaxTime => "max-time",
            Self::FirstTime => "first-time",
            Self::LastTime => "last-time",
        }
    }

    /// The spatial aggregator that makes values of the same type and meaning of a set of cells.
    pub(super) const fn alike(self) -> Option<Aggregator> {
        Some(match self {
            Self::Count => Aggregator::Count,
            Self::Sum => Aggregator::Sum,
            Self::Mean | Self::TimeMean(_) => Aggregator::Mean,
            Self::Min => Aggregator::Min,
            Self::Max => Aggregator::Max,
            Self::First | Self::Last => Aggregator::Nearest,
            Self::MinTime | Self::MaxTime | Self::FirstTime | Self::LastTime => return None,
        })
    }

    /// Its name in the CF attribute `cell_methods`.
    #[must_use]
    pub fn cell_method(self) -> &'static str {
        self.alike().map_or("point", Aggregator::cell_method)
    }

    /// The variable that it makes of `base`, whose dimension of time has these units; its dimensions
    /// are those of `base` still.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if nothing like this can be said of values of this type.
    pub fn output(self, base: &Variable, units: &TimeUnits) -> Result<Variable> {
        if let Some(aggregator) = self.alike() {
            return aggregator.output(base, 1);
        }
        // Values that have an order have an extreme, and what has no order is refused alike.
        let mut output = Aggregator::Min.output(base, 1)?;
        output.element = ElementType::Int64;
        (output.nodata, output.fill) = (Some(Scalar::Int(NEVER)), None);
        forget_packing(&mut output);
        output.attributes.shift_remove("standard_name");
        output
            .attributes
            .insert("units".into(), json!(units.to_string()));
        let calendar = units.calendar().name();
        output.attributes.insert("calendar".into(), json!(calendar));
        let said = format!("{self} of {}", base.name);
        output.attributes.insert("long_name".into(), json!(said));
        Ok(output)
    }
}

impl fmt::Display for Statistic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            Self::TimeMean(Some(Hold(width))) => write!(f, "-{width}"),
            _ => Ok(()),
        }
    }
}

impl std::str::FromStr for Statistic {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        if let Some(found) = Self::ALL.into_iter().find(|s| s.name() == name) {
            return Ok(found);
        }
        let place = || format!("statistic {name:?}");
        let Some(hold) = name.strip_prefix("time-mean-") else {
            let known = Self::ALL.map(Self::name).join(", ");
            return Err(Error::caller(place(), format!("not known; use {known}")));
        };
        // Of fixed width in every calendar.
        let width = Bins::parse(hold, ziggurat_core::time::Calendar::Standard)?;
        match width.width() {
            Some(_) => Ok(Self::TimeMean(Some(Hold(width)))),
            None => Err(Error::caller(
                place(),
                "months and years have no fixed length; use days, such as time-mean-30D",
            )),
        }
    }
}
