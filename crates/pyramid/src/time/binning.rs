//! Bins on an axis of ticks.

use std::fmt;
use std::ops::Range;

use ziggurat_core::time::{Bins, Calendar, Side, TimeUnits};
use ziggurat_core::{Coordinate, Error, Result, Scalar};

/// Bins and the end that names each.
///
/// As a text it is that of [`Bins`]: `1D` are days that begin with 00:00 and are named by it.
/// `1D.right` are days that end with 00:00 and are named by that; `1D.right-left` are the same days
/// named by their beginning. (pandas: `closed`, then `label`.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Binning {
    /// The bins, with the end that belongs to them.
    pub bins: Bins,
    /// The end that names them.
    pub label: Side,
}

impl Binning {
    /// Reads the text.
    ///
    /// # Errors
    /// [`Error::Caller`] for other texts.
    pub fn parse(text: &str, calendar: Calendar) -> Result<Self> {
        let (bins, sides) = text.split_once('.').unwrap_or((text, "left"));
        let (closed, label) = sides.split_once('-').unwrap_or((sides, sides));
        let side = |name| match name {
            "left" => Ok(Side::Left),
            "right" => Ok(Side::Right),
            _ => Err(Error::caller(
                format!("bins {text:?}"),
                "ends are left or right, first of what is closed, then of the label: 1D.right-left",
            )),
        };
        Ok(Self {
            bins: Bins::parse(bins, calendar)?.closed(side(closed)?),
            label: side(label)?,
        })
    }
}

impl fmt::Display for Binning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sides = match (self.bins.closed_side(), self.label) {
            (Side::Left, Side::Left) => "",
            (Side::Right, Side::Right) => ".right",
            (Side::Left, Side::Right) => ".left-right",
            (Side::Right, Side::Left) => ".right-left",
        };
        write!(f, "{}{sides}", self.bins)
    }
}

/// The bins of an axis of ticks.
///
/// ```
/// use ziggurat_core::{Scalar, time::TimeUnits};
/// use ziggurat_pyramid::time::{Binning, TickBins};
/// let units = TimeUnits::parse("minutes since 2024-01-01", None)?;
/// let days = TickBins::new(Binning::parse("1D", units.calendar())?, units)?;
/// let today = days.number(2000)?;
/// assert_eq!(days.ticks(today), 1440..2880);
/// assert_eq!(days.label(today), Some(Scalar::Int(1440)));
/// assert_eq!(days.step(), Some(Scalar::Int(1440)));
/// # Ok::<(), ziggurat_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TickBins {
    binning: Binning,
    units: TimeUnits,
    /// The moment of tick 0.
    reference: i128,
}

impl TickBins {
    /// Bins on the axis whose ticks have these units.
    ///
    /// # Errors
    /// [`Error::Caller`] if the bins are of another calendar.
    pub fn new(binning: Binning, units: TimeUnits) -> Result<Self> {
        if binning.bins.calendar() != units.calendar() {
            let what = format!("not bins of the {} calendar", units.calendar());
            return Err(Error::caller(format!("bins {binning}"), what));
        }
        let reference = units.nanoseconds(Scalar::Int(0))?;
        Ok(Self {
            binning,
            units,
            reference,
        })
    }

    /// Units of the ticks.
    #[must_use]
    pub fn units(&self) -> &TimeUnits {
        &self.units
    }

    /// The bin that holds a tick.
    ///
    /// # Errors
    /// [`Error::Data`] if the tick is beyond the range of years.
    pub fn number(&self, tick: i64) -> Result<i128> {
        Ok(self.bin(tick)?.0)
    }

    /// The ticks in a bin.
    #[must_use]
    pub fn ticks(&self, number: i128) -> Range<i64> {
        let after = i128::from(self.binning.bins.closed_side() == Side::Right);
        let first = |number: i128, beyond| match self.binning.bins.start(number) {
            Some(edge) => {
                let since = edge + after - self.reference;
                let whole = -(-since).div_euclid(self.units.unit_nanoseconds());
                i64::try_from(whole).unwrap_or(if whole < 0 { i64::MIN } else { i64::MAX })
            }
            None => beyond,
        };
        first(number, i64::MIN)..first(number + 1, i64::MAX)
    }

    /// The tick that names a bin, a float if it lies between ticks; `None` beyond the range of years.
    #[must_use]
    pub fn label(&self, number: i128) -> Option<Scalar> {
        let moment = self.binning.bins.label(number, self.binning.label)?;
        Some(self.units.value_of(moment))
    }

    /// The distance between labels, if all have the same: the axis of the bins is equidistant.
    #[must_use]
    pub fn step(&self) -> Option<Scalar> {
        let width = self.binning.bins.width()?;
        Some(self.units.value_of(self.reference + width))
    }

    /// The coordinate of consecutive bins: regular where they are equidistant and double precision
    /// holds every label, else explicit, and in integers if all labels are ticks.
    ///
    /// # Errors
    /// [`Error::Caller`] for bins beyond the range of years.
    pub fn coordinate(&self, numbers: Range<i128>) -> Result<Coordinate> {
        const EXACT: u64 = 1 << 53;
        let beyond = || {
            let what = format!("bins {numbers:?} are beyond the range of years");
            Error::caller(format!("bins {}", self.binning), what)
        };
        let label = |number| self.label(number).ok_or_else(beyond);
        if let Some(step) = self.step()
            && !numbers.is_empty()
        {
            let ends = [label(numbers.start)?, label(numbers.end)?];
            let exact = |s: &Scalar| matches!(s, Scalar::Int(v) if v.unsigned_abs() <= EXACT);
            if ends.iter().all(exact) && exact(&step) {
                return Ok(Coordinate::Regular {
                    origin: ends[0].as_f64(),
                    step: step.as_f64(),
                });
            }
        }
        let labels: Vec<Scalar> = numbers.clone().map(label).collect::<Result<_>>()?;
        let ticks = labels.iter().map(|label| match label {
            Scalar::Int(tick) => Some(*tick),
            _ => None,
        });
        Ok(match ticks.collect() {
            Some(ticks) => Coordinate::Int(ticks),
            None => Coordinate::Float(labels.into_iter().map(Scalar::as_f64).collect()),
        })
    }

    /// The moment of a tick.
    pub(super) fn moment(&self, tick: i64) -> Result<i128> {
        self.units.nanoseconds(Scalar::Int(tick))
    }

    /// The bin that holds a tick, and the moments between which it lies.
    pub(super) fn bin(&self, tick: i64) -> Result<(i128, Range<i128>)> {
        let number = self.binning.bins.number(self.moment(tick)?);
        let edges = self.edges(number).ok_or_else(|| {
            let what = format!("tick {tick} is beyond the range of years");
            Error::data(self.units.to_string(), what)
        })?;
        Ok((number, edges))
    }

    /// The moments between which a bin lies.
    pub(super) fn edges(&self, number: i128) -> Option<Range<i128>> {
        Some(self.binning.bins.start(number)?..self.binning.bins.start(number + 1)?)
    }

    /// The bins in which the time from one moment to another lies: time has no closed side.
    pub(super) fn spanned(&self, time: Range<i128>) -> Range<i128> {
        let bins = self.binning.bins.closed(Side::Left);
        match time.is_empty() {
            true => 0..0,
            false => bins.number(time.start)..bins.number(time.end - 1) + 1,
        }
    }

    /// Nanoseconds of which the time between any two ticks or ends of bins is a multiple.
    pub(super) fn grain(&self) -> i128 {
        // Bins begin with a second.
        const SECOND: i128 = 1_000_000_000;
        let greatest = |mut a: i128, mut b: i128| {
            while b != 0 {
                (a, b) = (b, a.rem_euclid(b));
            }
            a
        };
        let grain = greatest(SECOND, self.units.unit_nanoseconds());
        greatest(grain, self.reference.rem_euclid(SECOND))
    }

    pub(super) fn binning(&self) -> Binning {
        self.binning
    }
}
