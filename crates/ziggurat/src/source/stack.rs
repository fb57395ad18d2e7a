//! Several sources, one frame or more each, as one source along time.

use jiff::Timestamp;
use ziggurat_core::{Attributes, Axis, Coordinate, Dimension, Error, Region, Result, Variable};

use super::agree::check;
use super::time_of::{FILE_TIME, OBSERVATION_TIME};
use super::{Source, TimeFrom, cf_time};

/// Sources with the same variables as one, with `time` as the leading dimension.
///
/// Frames are sorted by time, and no two share one. All have the same grid, type, nodata and
/// meaning; [`align`](super::align) brings others to one grid. Attributes on which frames
/// disagree are left out.
pub struct Stack {
    place: String,
    variables: Vec<Variable>,
    frames: Vec<Frame>,
}

/// One source in a stack.
struct Frame {
    source: Box<dyn Source>,
    times: Times,
    /// Index of its first time.
    start: u64,
}

/// The times of one source.
struct Times {
    ticks: Coordinate,
    attributes: Attributes,
    /// Whether time is a dimension of the source itself.
    dimension: bool,
}

impl std::fmt::Debug for Stack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let places: Vec<_> = self.places().collect();
        f.debug_struct("Stack")
            .field("variables", &self.variables)
            .field("frames", &places)
            .finish_non_exhaustive()
    }
}

impl Stack {
    /// The stack of `sources`, in any order.
    ///
    /// Where they have no time dimension, each is one frame whose time is told by `from`; the new
    /// coordinate counts seconds since 1970 (milli-, micro- or nanoseconds where a time needs it).
    /// Where they have one as their first dimension, they are joined along it.
    ///
    /// # Errors
    /// [`Error::Caller`] naming the frame that has no time, has that of another frame, or differs
    /// from the first one in grid, type or meaning, and what to do.
    pub fn new(sources: Vec<Box<dyn Source>>, from: &TimeFrom) -> Result<Self> {
        let Some(first) = sources.first() else {
            return Err(Error::caller("stack", "no sources given"));
        };
        for other in &sources[1..] {
            check(other.as_ref(), first.as_ref())?;
        }
        let place = match &*sources {
            [one] => one.place().to_owned(),
            [one, rest @ ..] => format!("{} and {} more", one.place(), rest.len()),
            [] => String::new(),
        };
        let mut variables = stacked(&sources);
        let times = times(&sources, from)?;
        let mut frames: Vec<Frame> = sources
            .into_iter()
            .zip(times)
            .map(|(source, times)| Frame {
                source,
                times,
                start: 0,
            })
            .collect();
        let dimension = order(&mut frames)?;
        for variable in &mut variables {
            match variable.axis(Axis::Time) {
                Some(0) => variable.dims[0] = dimension.clone(),
                _ => variable.dims.insert(0, dimension.clone()),
            }
        }
        Ok(Self {
            place,
            variables,
            frames,
        })
    }

    /// The places of the frames, in the order of time.
    pub fn places(&self) -> impl Iterator<Item = &str> {
        self.frames.iter().map(|f| f.source.place())
    }
}

/// Whether `source` has time as the first dimension of all variables, or of none.
fn has_time(source: &dyn Source) -> Result<bool> {
    let mut axes = source.variables().iter().map(|v| v.axis(Axis::Time));
    let first = axes.next().flatten();
    if axes.any(|a| a != first) || first.is_some_and(|d| d > 0) {
        return Err(Error::unsupported(
            source.place(),
            "time is not the first dimension of all its variables",
        ));
    }
    Ok(first.is_some())
}

/// The times of each source.
fn times(sources: &[Box<dyn Source>], from: &TimeFrom) -> Result<Vec<Times>> {
    let timed = sources
        .iter()
        .map(|s| has_time(s.as_ref()))
        .collect::<Result<Vec<_>>>()?;
    if let Some(odd) = timed.iter().position(|t| *t != timed[0]) {
        let (has, lacks) = if timed[0] { (0, odd) } else { (odd, 0) };
        return Err(Error::caller(
            sources[lacks].place(),
            format!(
                "has no time dimension, but {} has one: import them apart",
                sources[has].place()
            ),
        ));
    }
    if timed[0] {
        return existing(sources);
    }
    let no_variable = Attributes::new();
    let frames: Vec<_> = sources
        .iter()
        .map(|s| {
            let attributes = s.variables().first().map(|v| &v.attributes);
            (s.place(), attributes.unwrap_or(&no_variable))
        })
        .collect();
    let instants: Vec<_> = from.times(&frames)?.into_iter().map(|t| vec![t]).collect();
    encoded(sources, &instants, false)
}

/// The time coordinates that the sources have, brought to one unit.
fn existing(sources: &[Box<dyn Source>]) -> Result<Vec<Times>> {
    let axes: Vec<&Dimension> = sources.iter().map(|s| &s.variables()[0].dims[0]).collect();
    let kind = |d: &Dimension| d.coordinate.as_ref().map(std::mem::discriminant);
    let attribute = |d: &Dimension, key: &str| d.attributes.get(key).cloned();
    let alike = axes.iter().all(|d| {
        kind(d) == kind(axes[0])
            && ["units", "calendar"]
                .iter()
                .all(|key| attribute(d, key) == attribute(axes[0], key))
    });
    let incomplete = |i: usize| {
        let what = format!(
            "its times cannot be brought to those of {}: same units and calendar are needed",
            sources[0].place()
        );
        Error::caller(sources[i].place(), what)
    };
    if !alike {
        let times = axes
            .iter()
            .enumerate()
            .map(|(i, axis)| cf_time::decode(axis).ok_or_else(|| incomplete(i)));
        return encoded(sources, &times.collect::<Result<Vec<_>>>()?, true);
    }
    let times = axes.iter().enumerate().map(|(i, axis)| {
        let ticks = match &axis.coordinate {
            Some(Coordinate::Text(_)) | None => return Err(incomplete(i)),
            Some(Coordinate::Regular { .. }) => Coordinate::Float(
                (0..axis.size)
                    .filter_map(|k| axis.coordinate.as_ref()?.at(k))
                    .collect(),
            ),
            Some(explicit) => explicit.clone(),
        };
        Ok(Times {
            ticks,
            attributes: axes[0].attributes.clone(),
            dimension: true,
        })
    });
    times.collect()
}

/// The instants of each source as counts of one unit.
fn encoded(
    sources: &[Box<dyn Source>],
    times: &[Vec<Timestamp>],
    dimension: bool,
) -> Result<Vec<Times>> {
    let unit = cf_time::Unit::of(times.iter().flatten());
    let sources = sources.iter().zip(times);
    let frames = sources.map(|(source, times)| {
        let ticks: Option<Vec<i64>> = times.iter().map(|t| unit.ticks(*t)).collect();
        let ticks = ticks.ok_or_else(|| {
            let what = format!("its time is beyond 64-bit {}", unit.name());
            Error::limit(source.place(), what)
        })?;
        Ok(Times {
            ticks: Coordinate::Int(ticks),
            attributes: unit.attributes(),
            dimension,
        })
    });
    frames.collect()
}

/// Sorts `frames` by time, numbers them, and makes the dimension of all.
fn order(frames: &mut [Frame]) -> Result<Dimension> {
    let ends = |f: &Frame| -> (f64, f64) {
        let at = |i| f.times.ticks.at(i).unwrap_or(f64::NAN);
        (at(0), at(len(&f.times.ticks).saturating_sub(1)))
    };
    // Integers beyond 2^53 are compared exactly, their neighbours by `windows` below.
    let exact = |f: &Frame| match &f.times.ticks {
        Coordinate::Int(v) => (v.first().copied(), v.last().copied()),
        _ => (None, None),
    };
    frames.sort_by(|a, b| {
        exact(a)
            .0
            .cmp(&exact(b).0)
            .then(ends(a).0.total_cmp(&ends(b).0))
    });
    for pair in frames.windows(2) {
        let (before, after) = (&pair[0], &pair[1]);
        let ordered = match (exact(before).1, exact(after).0) {
            (Some(last), Some(first)) => last < first,
            _ => ends(before).1 < ends(after).0,
        };
        if ordered {
            continue;
        }
        let name = before.source.place();
        let what = if len(&before.times.ticks) == 1 && len(&after.times.ticks) == 1 {
            format!("has the same time as {name}: leave one out, or give --time ISO,...")
        } else {
            format!("its times overlap with those of {name}: leave one out")
        };
        return Err(Error::caller(after.source.place(), what));
    }
    let (mut ints, mut floats) = (Vec::new(), Vec::new());
    let mut start = 0;
    for frame in frames.iter_mut() {
        frame.start = start;
        start += len(&frame.times.ticks);
        match &frame.times.ticks {
            Coordinate::Int(v) => ints.extend(v),
            Coordinate::Float(v) => floats.extend(v),
            _ => {}
        }
    }
    let mut time = Dimension::new("time", start, Axis::Time);
    time.coordinate = Some(if floats.is_empty() {
        Coordinate::Int(ints)
    } else {
        Coordinate::Float(floats)
    });
    if let Some(frame) = frames.first() {
        time.attributes.clone_from(&frame.times.attributes);
    }
    Ok(time)
}

/// Number of explicit coordinate values.
fn len(ticks: &Coordinate) -> u64 {
    match ticks {
        Coordinate::Int(v) => v.len() as u64,
        Coordinate::Float(v) => v.len() as u64,
        _ => 0,
    }
}

/// The variables of the first source, with the attributes that all sources share.
fn stacked(sources: &[Box<dyn Source>]) -> Vec<Variable> {
    let mut variables = sources[0].variables().to_vec();
    for (i, variable) in variables.iter_mut().enumerate() {
        variable.attributes.retain(|key, value| {
            let shared = |s: &dyn Source| s.variables()[i].attributes.get(key) == Some(value);
            ![OBSERVATION_TIME, FILE_TIME].contains(&&**key)
                && sources.iter().all(|s| shared(s.as_ref()))
        });
    }
    variables
}

impl Frame {
    /// Its part of `region`, both along time: where it lies in the stack and in its source.
    fn part(&self, region: &Region) -> Option<Region> {
        let (mut start, mut shape) = (region.start.clone(), region.shape.clone());
        let first = region.start[0].max(self.start);
        let end = region.end(0).min(self.start + len(&self.times.ticks));
        if first >= end {
            return None;
        }
        if self.times.dimension {
            (start[0], shape[0]) = (first - self.start, end - first);
        } else {
            start.remove(0);
            shape.remove(0);
        }
        Some(Region::new(start, shape))
    }

    /// `region` of its source as a region of the stack.
    fn stacked(&self, region: Region) -> Region {
        let Region {
            mut start,
            mut shape,
        } = region;
        if self.times.dimension {
            start[0] += self.start;
        } else {
            start.insert(0, self.start);
            shape.insert(0, 1);
        }
        Region::new(start, shape)
    }
}

impl Source for Stack {
    fn place(&self) -> &str {
        &self.place
    }

    fn variables(&self) -> &[Variable] {
        &self.variables
    }

    fn read(&self, variable: usize, region: &Region) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        for frame in &self.frames {
            if let Some(part) = frame.part(region) {
                let bytes = frame.source.read(variable, &part)?;
                // Of a single frame no copy is made.
                if out.is_empty() {
                    out = bytes;
                } else {
                    out.extend_from_slice(&bytes);
                }
            }
        }
        Ok(out)
    }

    fn read_shape(&self, variable: usize) -> Vec<u64> {
        let Some(frame) = self.frames.first() else {
            return self.variables[variable].shape();
        };
        let mut shape = frame.source.read_shape(variable);
        if !frame.times.dimension {
            shape.insert(0, 1);
        }
        shape
    }

    fn occupied(&self, variable: usize) -> Result<Option<Vec<Region>>> {
        let (mut boxes, mut known) = (Vec::new(), false);
        for frame in &self.frames {
            let whole = || vec![Region::whole(&frame.source.variables()[variable].shape())];
            let found = frame.source.occupied(variable)?;
            known |= found.is_some();
            let found = found.unwrap_or_else(whole);
            boxes.extend(found.into_iter().map(|region| frame.stacked(region)));
        }
        Ok(known.then_some(boxes))
    }
}
