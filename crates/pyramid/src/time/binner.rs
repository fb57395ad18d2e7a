//! From frames in the order of time to the values of bins.

use std::borrow::Cow;
use std::ops::Range;

use ziggurat_core::{Error, Result, Variable};

use super::cells::{Cells, Frames, Needs};
use super::value::{ForValue, Value, for_value};
use super::{Statistic, TickBins};
use crate::aggregate::{Aggregator, Output, Sample, packing, replace};

/// The values of one bin.
#[derive(Clone, Copy, Debug)]
pub struct Bin<'a> {
    /// The bin.
    pub number: i128,
    /// Native-endian elements of all cells, for each statistic in the order it was asked for.
    pub values: &'a [Vec<u8>],
}

/// What is done with finished bins.
type Emit<'e> = dyn FnMut(Bin<'_>) -> Result<()> + 'e;

/// Computes statistics of bins from events that come in the order of time.
///
/// It holds the quantities of one bin and, for a time-weighted mean, the latest frame, however many
/// events there are. Bins come out in order, each as soon as an event of a later one is known. A bin of
/// which nothing can be said does not come out: all is missing there, and counts are 0.
///
/// ```
/// use ziggurat_core::{Attributes, ElementType, Variable, time::TimeUnits};
/// use ziggurat_pyramid::time::{Binner, Binning, Statistic, TickBins};
/// # let rain = Variable { name: "rain".into(), element: ElementType::UInt8, dims: vec![], nodata: None,
/// #     fill: None, attributes: Attributes::new(), crs: None, transform: None };
/// let units = TimeUnits::parse("minutes since 2024-01-01", None)?;
/// let hours = TickBins::new(Binning::parse("1h", units.calendar())?, units)?;
/// let mut binner = Binner::new(&rain, 2, &hours, &[Statistic::Max])?;
/// let mut found = Vec::new();
/// let mut keep = |bin: ziggurat_pyramid::time::Bin<'_>| {
///     found.push((hours.ticks(bin.number).start, bin.values[0].clone()));
///     Ok(())
/// };
/// // Three events of two cells.
/// binner.push(&[50, 55, 190], &[1, 2, 3, 1, 7, 7], &mut keep)?;
/// binner.finish(&mut keep)?;
/// assert_eq!(found, [(0, vec![3, 2]), (180, vec![7, 7])]);
/// # Ok::<(), ziggurat_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Binner(Box<dyn Kernel>);

impl Binner {
    /// For events whose frames are `cells` elements of `base`.
    ///
    /// Its dimensions are not looked at. Where values cannot be missing but a bin may be without any,
    /// as in integers without a missing value, that is told by the fill value, or 0.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the values have no such statistic; [`Error::Limit`] for a time-weighted
    /// mean over bins of more than 2^63 nanoseconds, which are 292 years.
    pub fn new(
        base: &Variable,
        cells: usize,
        bins: &TickBins,
        statistics: &[Statistic],
    ) -> Result<Self> {
        let start = Start {
            base,
            cells,
            bins,
            statistics,
        };
        for_value(base.element, start).map(Self)
    }

    /// Makes these bins only: events before them merely hold into them, events after them are ignored,
    /// and what holds at the end of the events holds to the end of the bins.
    ///
    /// The events that must be pushed are [`TickBins::needed`]. Of `numbers` no bin may be later than the
    /// last event of the axis.
    #[must_use]
    pub fn only(mut self, numbers: Range<i128>) -> Self {
        self.0.only(numbers);
        self
    }

    /// Adds events: sorted ticks, none before those of earlier calls, and their frames one after another
    /// (native-endian). Finished bins go to `emit`.
    ///
    /// # Errors
    /// [`Error::Caller`] if the frames have not the size of the events, or events are out of order;
    /// [`Error::Data`] if a tick is beyond the range of years; those of `emit`.
    pub fn push(
        &mut self,
        ticks: &[i64],
        frames: &[u8],
        mut emit: impl FnMut(Bin<'_>) -> Result<()>,
    ) -> Result<()> {
        self.0.push(ticks, frames, &mut emit)
    }

    /// Says that there are no more events: the last bins go to `emit`.
    ///
    /// # Errors
    /// Those of `emit`.
    pub fn finish(mut self, mut emit: impl FnMut(Bin<'_>) -> Result<()>) -> Result<()> {
        self.0.finish(&mut emit)
    }
}

/// A binner of some type of elements.
trait Kernel: std::fmt::Debug + Send {
    fn only(&mut self, numbers: Range<i128>);
    fn push(&mut self, ticks: &[i64], frames: &[u8], emit: &mut Emit<'_>) -> Result<()>;
    fn finish(&mut self, emit: &mut Emit<'_>) -> Result<()>;
}

struct Start<'a> {
    base: &'a Variable,
    cells: usize,
    bins: &'a TickBins,
    statistics: &'a [Statistic],
}

#[derive(Debug)]
struct Typed<T: Value> {
    bins: TickBins,
    cells: usize,
    nodata: Option<T>,
    missing: T,
    needs: Needs,
    columns: Vec<Column<T>>,
    /// For each area the longest hold in nanoseconds.
    holds: Vec<Option<i128>>,
    /// Nanoseconds in the unit of time by which values are weighed.
    grain: i128,
    only: Option<Range<i128>>,
    /// The bin that is being made.
    open: Option<(i128, Cells<T>)>,
    /// The memory of the one before.
    spare: Option<Cells<T>>,
    last: Option<Last<T>>,
    values: Vec<Vec<u8>>,
}

/// The latest event; its frame only if it may hold.
#[derive(Debug)]
struct Last<T> {
    tick: i64,
    frame: Vec<T>,
}

/// What a statistic is made from.
#[derive(Clone, Debug)]
enum Column<T> {
    Spatial(Output<T>),
    TimeMean(usize),
    MinTime,
    MaxTime,
    First,
    Last,
    FirstTime,
    LastTime,
}

impl ForValue for Start<'_> {
    type Done = Box<dyn Kernel>;

    fn with<T: Value>(self) -> Result<Self::Done> {
        let base = self.base;
        let nodata = base.nodata.and_then(T::from_scalar);
        let fill = base.fill.and_then(T::from_scalar);
        let missing = nodata.or(T::NAN).or(fill).unwrap_or(T::zeroed());
        let mut needs = Needs::default();
        let (mut holds, mut columns) = (Vec::new(), Vec::new());
        for &statistic in self.statistics {
            let made = statistic.output(base, self.bins.units())?;
            // Of packed values the least is the greatest if the scale falls.
            let falls = packing(base).0 < 0.0;
            columns.push(match statistic {
                Statistic::TimeMean(hold) => {
                    let hold = hold.map(super::Hold::nanoseconds);
                    let at = holds.iter().position(|h| *h == hold);
                    Column::TimeMean(at.unwrap_or_else(|| {
                        holds.push(hold);
                        holds.len() - 1
                    }))
                }
                Statistic::First => Column::First,
                Statistic::Last => Column::Last,
                Statistic::FirstTime => Column::FirstTime,
                Statistic::LastTime => Column::LastTime,
                Statistic::MinTime if falls => Column::MaxTime,
                Statistic::MaxTime if falls => Column::MinTime,
                Statistic::MinTime => Column::MinTime,
                Statistic::MaxTime => Column::MaxTime,
                Statistic::Count
                | Statistic::Sum
                | Statistic::Mean
                | Statistic::Min
                | Statistic::Max => {
                    let aggregator = statistic.alike().unwrap_or(Aggregator::Count);
                    Column::Spatial(Output::new(aggregator, base, &made, missing))
                }
            });
        }
        for column in &columns {
            match column {
                Column::Spatial(output) => output.needs(&mut needs.channels),
                Column::MinTime => (needs.channels.min, needs.min_time) = (true, true),
                Column::MaxTime => (needs.channels.max, needs.max_time) = (true, true),
                Column::First | Column::FirstTime => needs.first = true,
                Column::Last | Column::LastTime => needs.last = true,
                Column::TimeMean(_) => {}
            }
        }
        needs.areas = holds.len();
        let (_, edges) = self.bins.bin(0)?;
        if !holds.is_empty() && edges.end - edges.start > i128::from(i64::MAX) {
            let place = format!("time-weighted mean over {}", self.bins.binning());
            return Err(Error::limit(
                place,
                "bins of more than 292 years; take shorter ones",
            ));
        }
        Ok(Box::new(Typed {
            bins: self.bins.clone(),
            cells: self.cells,
            nodata,
            missing,
            needs,
            values: vec![Vec::new(); columns.len()],
            columns,
            holds,
            grain: self.bins.grain(),
            only: None,
            open: None,
            spare: None,
            last: None,
        }))
    }
}

impl<T: Value> Kernel for Typed<T> {
    fn only(&mut self, numbers: Range<i128>) {
        self.only = Some(numbers);
    }

    fn push(&mut self, ticks: &[i64], frames: &[u8], emit: &mut Emit<'_>) -> Result<()> {
        let size = ticks.len().checked_mul(self.cells * size_of::<T>());
        if size != Some(frames.len()) {
            let place = format!("{} events", ticks.len());
            let what = format!("frames of {} bytes, not {size:?}", frames.len());
            return Err(Error::caller(place, what));
        }
        let before = self.last.as_ref().map(|last| last.tick);
        if !ticks.is_sorted() || before.zip(ticks.first()).is_some_and(|(b, &t)| t < b) {
            return Err(Error::caller(
                "events",
                "not in the order of time; sort them",
            ));
        }
        let values: Cow<'_, [T]> = match bytemuck::try_cast_slice(frames) {
            Ok(values) => values.into(),
            Err(_) => ziggurat_core::element::to_values(frames).into(),
        };
        let mut done = 0;
        while let Some(&tick) = ticks.get(done) {
            let number = self.bins.number(tick)?;
            let stop = self.bins.ticks(number).end;
            let run = done..done + ticks[done..].partition_point(|&t| t < stop).max(1);
            let frames = &values[run.start * self.cells..run.end * self.cells];
            done = run.end;
            self.hold_to(self.bins.moment(tick)?, emit)?;
            self.add(number, &ticks[run], frames, emit)?;
        }
        Ok(())
    }

    fn finish(&mut self, emit: &mut Emit<'_>) -> Result<()> {
        if let Some(last) = &self.last {
            let end = match &self.only {
                Some(only) => only.end - 1,
                None => self.bins.number(last.tick)?,
            };
            if let Some(edges) = self.bins.edges(end) {
                self.hold_to(edges.end, emit)?;
            }
        }
        self.close(emit)
    }
}

impl<T: Value> Typed<T> {
    fn makes(&self, number: i128) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(&number))
    }

    /// Adds events of one bin, each of which holds to the next; how long the last one does is not known.
    fn add(
        &mut self,
        number: i128,
        ticks: &[i64],
        values: &[T],
        emit: &mut Emit<'_>,
    ) -> Result<()> {
        let Some(&tick) = ticks.last() else {
            return Ok(());
        };
        if self.makes(number) {
            let moments = ticks.iter().map(|&tick| self.bins.moment(tick));
            let moments: Vec<i128> = moments.collect::<Result<_>>()?;
            let holds = self.holds.iter().map(|&hold| {
                let between = moments
                    .windows(2)
                    .map(|pair| self.weight(pair[1] - pair[0], hold));
                between.chain([0]).collect()
            });
            let holds: Vec<Vec<u64>> = holds.collect();
            let frames = Frames {
                values,
                ticks,
                holds: &holds,
                nodata: self.nodata,
            };
            self.open(number, emit)?.add(frames);
        }
        let last = self.last.get_or_insert_with(|| Last {
            tick,
            frame: Vec::new(),
        });
        last.tick = tick;
        if !self.holds.is_empty() {
            last.frame.clear();
            last.frame
                .extend_from_slice(&values[values.len() - self.cells..]);
        }
        Ok(())
    }

    /// Adds the time for which the latest event holds, in each bin up to a moment.
    fn hold_to(&mut self, stop: i128, emit: &mut Emit<'_>) -> Result<()> {
        if self.holds.is_empty() {
            return Ok(());
        }
        let Some(last) = self.last.take() else {
            return Ok(());
        };
        let from = self.bins.moment(last.tick)?;
        let ends = self.holds.iter();
        let ends = ends.map(|hold| hold.map_or(stop, |hold| stop.min(from + hold)));
        let ends: Vec<i128> = ends.collect();
        let mut numbers = self
            .bins
            .spanned(from..ends.iter().copied().max().unwrap_or(from));
        if let Some(only) = &self.only {
            numbers = numbers.start.max(only.start)..numbers.end.min(only.end);
        }
        for number in numbers {
            let Some(edges) = self.bins.edges(number) else {
                continue;
            };
            let time = |end: i128| (end.min(edges.end) - from.max(edges.start)).max(0);
            let holds = ends.iter().map(|&end| vec![self.weight(time(end), None)]);
            let holds: Vec<Vec<u64>> = holds.collect();
            let frames = Frames {
                values: &last.frame,
                ticks: &[last.tick],
                holds: &holds,
                nodata: self.nodata,
            };
            self.open(number, emit)?.hold(frames);
        }
        self.last = Some(last);
        Ok(())
    }

    /// A time in nanoseconds, which is no longer than a bin, as a weight.
    fn weight(&self, time: i128, longest: Option<i128>) -> u64 {
        let time = longest.map_or(time, |longest| time.min(longest));
        u64::try_from(time / self.grain).unwrap_or(u64::MAX)
    }

    /// The quantities of a bin; any other bin that was open is finished.
    fn open(&mut self, number: i128, emit: &mut Emit<'_>) -> Result<&mut Cells<T>> {
        if self.open.as_ref().is_none_or(|open| open.0 != number) {
            self.close(emit)?;
        }
        let open = self.open.take().unwrap_or_else(|| {
            let cells = match self.spare.take() {
                Some(used) => used.renewed(&self.needs, self.missing),
                None => Cells::new(self.cells, &self.needs, self.missing),
            };
            (number, cells)
        });
        Ok(&mut self.open.insert(open).1)
    }

    fn close(&mut self, emit: &mut Emit<'_>) -> Result<()> {
        let Some((number, cells)) = self.open.take() else {
            return Ok(());
        };
        for (column, bytes) in self.columns.iter().zip(&mut self.values) {
            column.write(&cells, self.missing, bytes);
        }
        self.spare = Some(cells);
        let values = &self.values;
        emit(Bin { number, values })
    }
}

impl<T: Value> Column<T> {
    /// Makes `bytes` the values of all cells.
    fn write(&self, cells: &Cells<T>, missing: T, bytes: &mut Vec<u8>) {
        match self {
            Self::Spatial(output) => output.write(&cells.partial, bytes),
            Self::First => replace(bytes, cells.first.iter().copied()),
            Self::Last => replace(bytes, cells.last.iter().copied()),
            Self::MinTime => replace(bytes, cells.min_time.iter().copied()),
            Self::MaxTime => replace(bytes, cells.max_time.iter().copied()),
            Self::FirstTime => replace(bytes, cells.first_time.iter().copied()),
            Self::LastTime => replace(bytes, cells.last_time.iter().copied()),
            Self::TimeMean(area) => {
                let area = &cells.areas[*area];
                let mean = |(&sum, &time): (&_, &u64)| match time {
                    0 => missing,
                    _ => T::narrow(T::Wide::mean(sum, time)),
                };
                replace(bytes, area.sum.iter().zip(&area.time).map(mean));
            }
        }
    }
}
