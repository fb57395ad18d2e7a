//! Retrieving: a window of a variable, at the resolution that was asked.

use std::ops::Range;

use ziggurat_core::{Array, Coordinate, Error, Region, Result, Variable};

use super::window::{Bounds, Window, period, plane, precise};
use super::{Datastore, Member};
use crate::Aggregator;
use crate::resample::{AxisMap, Method, default_fill, resample};

/// What is wanted of a variable. The default is all of level 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// The aggregator whose levels are read; `None` for the levels of the store itself.
    pub aggregator: Option<Aggregator>,
    /// The level; `None` for the best one for `shape`.
    pub level: Option<usize>,
    /// The window in X and Y; `None` for all.
    pub bounds: Option<Bounds>,
    /// Rows and columns of the result; `None` for the cells of the level as they are.
    pub shape: Option<(u64, u64)>,
    /// How cells become other cells.
    pub method: Method,
    /// Index ranges, by dimension name, of the level that is read. In X and Y they exclude `bounds` and `shape`.
    pub ranges: Vec<(String, Range<u64>)>,
}

/// A piece of a variable in memory, with its meaning.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// Dimensions, transform and attributes of the piece.
    pub variable: Variable,
    /// Native-endian elements in C order.
    pub bytes: Vec<u8>,
    /// The level it was read from.
    pub level: usize,
}

impl Datastore {
    /// Reads what `request` asks of `variable`.
    ///
    /// Without a level, the coarsest one whose cells are no larger than those asked is read, so that
    /// no resampling skips cells. On a grid of longitudes that goes round the globe, `bounds` may
    /// be given from -180 or from 0.
    ///
    /// # Errors
    /// [`Error::Caller`] if the request lies outside the data or contradicts itself.
    pub fn read(&self, variable: &str, request: &Request) -> Result<Grid> {
        let member = self.member(variable)?;
        let level = match request.level {
            Some(level) => level,
            None => best_level(member, request, self.levels)?,
        };
        let array = member.array(request.aggregator, level)?;
        let meaning = member.variable_at(request.aggregator, level)?;
        let selection = Selection::new(array, (member, level), &meaning, request)?;
        let (variable, bytes) = selection.read(array, &meaning, request.method)?;
        Ok(Grid {
            variable,
            bytes,
            level,
        })
    }
}

/// The coarsest level that is at least as fine as the result.
fn best_level(member: &Member, request: &Request, levels: usize) -> Result<usize> {
    let Some((rows, columns)) = request.shape else {
        return Ok(0);
    };
    let base = member.variable();
    let Some((y, x)) = plane(base) else {
        return Ok(0);
    };
    let window = Window::new(base, (y, x), request.bounds, period(base, x, 1))?;
    let mut best = 0;
    for level in 1..=levels {
        let times = u32::try_from(level).unwrap_or(u32::MAX);
        let cell = |d: usize| precise(member.factors()[d].saturating_pow(times));
        let slack = 1.0 + 1e-9;
        // Only a level of whole cells goes round the globe without a seam.
        let group = member.factors()[x].saturating_pow(times);
        if window.wraps() && !base.dims[x].size.is_multiple_of(group) {
            break;
        }
        if cell(x) > window.columns() / precise(columns) * slack
            || cell(y) > window.rows() / precise(rows) * slack
        {
            break;
        }
        best = level;
    }
    Ok(best)
}

/// What is read: index ranges of every dimension, and maps of the plane where cells change.
struct Selection {
    region: Region,
    plane: Option<((usize, usize), [AxisPlan; 2])>,
}

/// One axis of the plane: from `start`, `count` cells of `step` source cells each.
struct AxisPlan {
    start: f64,
    step: f64,
    count: u64,
    periodic: bool,
}

impl Selection {
    fn new(
        array: &Array,
        (member, level): (&Member, usize),
        meaning: &Variable,
        request: &Request,
    ) -> Result<Self> {
        let mut region = Region::whole(array.shape());
        let planar = plane(meaning).filter(|_| request.bounds.is_some() || request.shape.is_some());
        for (name, range) in &request.ranges {
            let names = || {
                meaning
                    .dims
                    .iter()
                    .map(|d| d.name.as_str())
                    .collect::<Vec<_>>()
                    .join(", ")
            };
            let Some(d) = meaning.dims.iter().position(|d| d.name == *name) else {
                let what = format!("{name:?} is no dimension; there are {}", names());
                return Err(Error::caller("index", what));
            };
            if planar.is_some_and(|(y, x)| d == y || d == x) {
                let what = format!("{name} is selected by bbox or shape; give one or the other");
                return Err(Error::caller("index", what));
            }
            if range.start >= range.end || range.end > region.shape[d] {
                let what = format!(
                    "{}:{} of {name}, which has {} indices at this level",
                    range.start, range.end, region.shape[d]
                );
                return Err(Error::caller("index", what));
            }
            (region.start[d], region.shape[d]) = (range.start, range.end - range.start);
        }
        let Some((y, x)) = planar else {
            return Ok(Self {
                region,
                plane: None,
            });
        };
        let times = u32::try_from(level).unwrap_or(u32::MAX);
        let turn = period(
            member.variable(),
            x,
            member.factors()[x].saturating_pow(times),
        );
        let window = Window::new(meaning, (y, x), request.bounds, turn)?;
        if window.wraps() && !window.is_periodic() {
            let what = format!(
                "it crosses the seam of the globe, where level {level} has only a part of a cell; \
                 read a finer level, or both sides"
            );
            return Err(Error::caller("bbox", what));
        }
        let periodic = window.is_periodic();
        let (height, width) = (precise(region.shape[y]), precise(region.shape[x]));
        let axes = match request.shape {
            Some((rows, columns)) if rows == 0 || columns == 0 => {
                return Err(Error::caller("shape", "rows and columns must be 1 or more"));
            }
            Some((rows, columns)) => [
                AxisPlan::resampled(&window.y, rows, false),
                AxisPlan::resampled(&window.x, columns, periodic),
            ],
            None => [
                AxisPlan::snapped(&window.y, height, false),
                AxisPlan::snapped(&window.x, width, periodic),
            ],
        };
        Ok(Self {
            region,
            plane: Some(((y, x), axes)),
        })
    }

    fn read(
        &self,
        array: &Array,
        meaning: &Variable,
        method: Method,
    ) -> Result<(Variable, Vec<u8>)> {
        let mut variable = meaning.cropped(&self.region);
        let Some(((y, x), axes)) = &self.plane else {
            return Ok((variable, array.read(&self.region)?));
        };
        let (y, x) = (*y, *x);
        let maps = [
            axes[0].map(self.region.shape[y], method),
            axes[1].map(self.region.shape[x], method),
        ];
        for (d, axis) in [(y, &axes[0]), (x, &axes[1])] {
            let dim = &mut variable.dims[d];
            dim.coordinate = dim.coordinate.as_ref().and_then(|c| axis.coordinate(c));
            dim.size = axis.count;
        }
        variable.transform = meaning.transform.map(|t| {
            t.moved(axes[1].start, axes[0].start)
                .coarsened(axes[1].step, axes[0].step)
        });
        let (shape, input) = self.source(array, (y, x), &maps)?;
        let fill = default_fill(variable.element, variable.nodata);
        let bytes = resample(
            &input,
            variable.element,
            &shape,
            [(y, &maps[0]), (x, &maps[1])],
            variable.nodata,
            fill,
        )?;
        Ok((variable, bytes))
    }

    /// The source cells that the maps need, one range after the other.
    fn source(
        &self,
        array: &Array,
        (y, x): (usize, usize),
        maps: &[AxisMap; 2],
    ) -> Result<(Vec<u64>, Vec<u8>)> {
        let mut shape = self.region.shape.clone();
        (shape[y], shape[x]) = (maps[0].source_len(), maps[1].source_len());
        let total = Region::whole(&shape);
        let size = array.element().size();
        if let ([rows], [columns]) = (maps[0].source_ranges(), maps[1].source_ranges()) {
            return Ok((shape, array.read(&self.part(y, rows, x, columns))?));
        }
        let mut input = vec![0; usize::try_from(total.len()).unwrap_or(0) * size];
        let mut to = vec![0; shape.len()];
        for rows in maps[0].source_ranges() {
            to[x] = 0;
            for columns in maps[1].source_ranges() {
                let part = self.part(y, rows, x, columns);
                let bytes = array.read(&part)?;
                let zero = vec![0; shape.len()];
                ziggurat_core::region::copy(
                    &part.shape,
                    size,
                    &bytes,
                    ziggurat_core::region::Window {
                        shape: &part.shape,
                        start: &zero,
                    },
                    &mut input,
                    ziggurat_core::region::Window {
                        shape: &shape,
                        start: &to,
                    },
                );
                to[x] += columns.end - columns.start;
            }
            to[y] += rows.end - rows.start;
        }
        Ok((shape, input))
    }

    fn part(&self, y: usize, rows: &Range<u64>, x: usize, columns: &Range<u64>) -> Region {
        let mut part = self.region.clone();
        (part.start[y], part.shape[y]) = (rows.start, rows.end - rows.start);
        (part.start[x], part.shape[x]) = (columns.start, columns.end - columns.start);
        part
    }
}

impl AxisPlan {
    /// `count` cells over the window.
    fn resampled(window: &Range<f64>, count: u64, periodic: bool) -> Self {
        Self {
            start: window.start,
            step: (window.end - window.start) / precise(count),
            count,
            periodic,
        }
    }

    /// The cells of the level, from the edge nearest to the start of the window to the one nearest to its end.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to the size of the level"
    )]
    fn snapped(window: &Range<f64>, size: f64, periodic: bool) -> Self {
        let (mut start, mut end) = (window.start.round(), window.end.round());
        if periodic && start >= size {
            (start, end) = (start - size, end - size);
        }
        let start = start.clamp(0.0, (size - 1.0).max(0.0));
        let most = if periodic { start + size } else { size };
        let end = end.clamp(start + 1.0, most.max(start + 1.0));
        Self {
            start,
            step: 1.0,
            count: (end - start) as u64,
            periodic,
        }
    }

    fn map(&self, size: u64, method: Method) -> AxisMap {
        AxisMap::new(
            size,
            self.start,
            self.step,
            self.count,
            method,
            self.periodic,
        )
    }

    /// Coordinates of the cells of this axis.
    #[allow(clippy::float_cmp, reason = "whole cells have a step of exactly 1")]
    fn coordinate(&self, source: &Coordinate) -> Option<Coordinate> {
        let whole = self.step == 1.0 && self.start.fract() == 0.0 && !self.periodic;
        match source {
            Coordinate::Regular { origin, step } => Some(Coordinate::Regular {
                origin: origin + step * (self.start + self.step / 2.0 - 0.5),
                step: step * self.step,
            }),
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a whole index of the level"
            )]
            explicit if whole => Some(explicit.cropped(self.start as u64, self.count)),
            _ => None,
        }
    }
}
