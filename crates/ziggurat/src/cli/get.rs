//! `ziggurat get`.

use std::ops::Range;
use std::path::{Path, PathBuf};

use ziggurat::core::time::{DateTime, Period, TimeUnits};
use ziggurat::core::{Axis, Coordinate, Dimension, Error, Region, Result, Scalar};
use ziggurat::export::{Image, Options, write};
use ziggurat::pyramid::{Aggregator, Datastore, Grid, Request};
use ziggurat::source::open as open_source;

use super::args::Get;
use super::parse;

pub(super) fn run(args: &Get) -> Result<()> {
    let options = Options {
        colormap: args.colormap.unwrap_or_default(),
        range: args.range,
        unpack: args.unpack,
    };
    let grid = match Target::find(&args.path)? {
        Target::Datastore(target) => from_datastore(args, &target)?,
        Target::Foreign(path) => from_source(args, &path)?,
    };
    let image = Image {
        variable: &grid.variable,
        bytes: grid.bytes,
    };
    write(&args.out, &image, &options)
}

/// What the path of `get` leads to.
enum Target {
    Datastore(Place),
    /// A Zarr array or group that is no part of a datastore.
    Foreign(PathBuf),
}

/// A place in a datastore: its root and the parts of the path below.
struct Place {
    datastore: Datastore,
    below: Vec<String>,
}

impl Target {
    /// The nearest datastore at or above `path`.
    fn find(path: &Path) -> Result<Self> {
        let mut below = Vec::new();
        let mut root = path.to_owned();
        loop {
            if root.join("zarr.json").is_file()
                && let Ok(datastore) = super::open(&root)
            {
                below.reverse();
                return Ok(Self::Datastore(Place { datastore, below }));
            }
            match root.file_name().and_then(|n| n.to_str()) {
                Some(name) => below.push(name.to_owned()),
                None => break,
            }
            if !root.pop() || root.as_os_str().is_empty() {
                break;
            }
        }
        if !path.exists() {
            return Err(Error::not_found(
                path.display().to_string(),
                "no store is there",
            ));
        }
        if path.join("zarr.json").is_file() {
            // Says what is wrong with a store that is damaged.
            return match super::open(path) {
                Err(Error::Unsupported { .. } | Error::Caller { .. }) => {
                    Ok(Self::Foreign(path.to_owned()))
                }
                Err(e) => Err(e),
                Ok(datastore) => Ok(Self::Datastore(Place {
                    datastore,
                    below: Vec::new(),
                })),
            };
        }
        Ok(Self::Foreign(path.to_owned()))
    }
}

/// What the parts below the root of a datastore name.
struct Named {
    variable: String,
    aggregator: Option<Aggregator>,
    level: Option<usize>,
}

impl Place {
    /// Reads `VAR`, `LEVEL`, `LEVEL/VAR`, `agg/NAME[/LEVEL[/VAR]]`, or nothing.
    fn named(&self) -> Result<Named> {
        let parts: Vec<&str> = self.below.iter().map(String::as_str).collect();
        let (aggregator, rest) = match parts.as_slice() {
            ["agg", name, rest @ ..] => (Some(name.parse()?), rest),
            rest => (None, rest),
        };
        let level = |text: &&str| text.parse::<usize>().ok();
        let (level, rest) = match rest {
            [first, rest @ ..] if level(first).is_some() => (level(first), rest),
            rest => (None, rest),
        };
        let names: Vec<&str> = self
            .datastore
            .variables()
            .map(|v| v.name.as_str())
            .collect();
        let variable = match rest {
            [name] => (*name).to_owned(),
            [] if names.len() == 1 => names[0].to_owned(),
            [] => {
                let what = format!(
                    "it holds several variables; name one: STORE/{}",
                    names.join(", STORE/")
                );
                return Err(Error::caller(self.datastore.store().place(""), what));
            }
            _ => {
                let what = format!(
                    "{}; use VARIABLE, LEVEL/VARIABLE or agg/NAME/LEVEL/VARIABLE",
                    parts.join("/")
                );
                return Err(Error::not_found(self.datastore.store().place(""), what));
            }
        };
        self.datastore.member(&variable)?;
        Ok(Named {
            variable,
            aggregator,
            level,
        })
    }
}

fn from_datastore(args: &Get, place: &Place) -> Result<Grid> {
    let named = place.named()?;
    let level = args.level.or(named.level);
    let aggregator = args.aggregate.or(named.aggregator);
    let member = place.datastore.member(&named.variable)?;
    // Ranges count cells of the level that is read; that is the base unless another is named.
    let dims = member.variable_at(aggregator, level.unwrap_or(0))?.dims;
    let mut ranges = index_ranges(&args.index, &dims)?;
    if let Some(text) = &args.time {
        ranges.push(time_range(text, &dims)?);
    }
    // Of a dimension that is aggregated, each level has other indices.
    let aggregated = |name: &str| {
        let mut factors = dims.iter().zip(member.factors());
        factors.any(|(d, f)| d.name == name && *f > 1)
    };
    let fixed = ranges.iter().any(|(name, _)| aggregated(name)).then_some(0);
    let request = Request {
        aggregator,
        level: level.or(fixed),
        bounds: args.bbox,
        shape: args.shape,
        method: args.resample,
        ranges,
    };
    place.datastore.read(&named.variable, &request)
}

/// A Zarr array or group that ziggurat did not make: whole cells by index.
fn from_source(args: &Get, path: &Path) -> Result<Grid> {
    let place = path.display().to_string();
    if args.bbox.is_some()
        || args.shape.is_some()
        || args.level.is_some()
        || args.aggregate.is_some()
    {
        let what = "not a datastore, so it has no levels; use --index and --time, or `ziggurat import` it first";
        return Err(Error::caller(place, what));
    }
    let source = open_source(path)?;
    let [variable] = source.variables() else {
        let names: Vec<&str> = source.variables().iter().map(|v| v.name.as_str()).collect();
        let what = format!("it holds several variables; name one: {}", names.join(", "));
        return Err(Error::caller(place, what));
    };
    let mut variable = variable.clone();
    let mut ranges = index_ranges(&args.index, &variable.dims)?;
    if let Some(text) = &args.time {
        ranges.push(time_range(text, &variable.dims)?);
    }
    let mut region = Region::whole(&variable.shape());
    for (name, range) in ranges {
        if let Some(d) = variable.dims.iter().position(|dim| dim.name == name) {
            (region.start[d], region.shape[d]) = (range.start, range.end - range.start);
        }
    }
    let bytes = source.read(0, &region)?;
    variable = variable.cropped(&region);
    Ok(Grid {
        variable,
        bytes,
        level: 0,
    })
}

/// The ranges of `--index`, with open ends filled in.
fn index_ranges(given: &[String], dims: &[Dimension]) -> Result<Vec<(String, Range<u64>)>> {
    let mut ranges = Vec::with_capacity(given.len());
    for text in given {
        let Some((name, from, to)) = parse::index(text) else {
            return Err(Error::caller(
                "index",
                format!("{text:?} is neither DIM=I nor DIM=FROM:TO"),
            ));
        };
        let Some(dim) = dims.iter().find(|d| d.name == name) else {
            let names: Vec<&str> = dims.iter().map(|d| d.name.as_str()).collect();
            return Err(Error::caller(
                "index",
                format!("{name:?} is no dimension; there are {}", names.join(", ")),
            ));
        };
        let range = from.unwrap_or(0)..to.unwrap_or(dim.size);
        if range.is_empty() || range.end > dim.size {
            let what = format!(
                "{}:{} of {name}, which has {} indices",
                range.start, range.end, dim.size
            );
            return Err(Error::caller("index", what));
        }
        ranges.push((name, range));
    }
    Ok(ranges)
}

/// The indices of the time dimension that `--time` names: an instant, a period, or FROM/TO.
fn time_range(text: &str, dims: &[Dimension]) -> Result<(String, Range<u64>)> {
    let refuse = |what: String| Error::caller("time", what);
    let Some(dim) = dims.iter().find(|d| d.axis == Axis::Time) else {
        return Err(refuse("the variable has no time dimension".into()));
    };
    let attribute = |key: &str| dim.attributes.get(key).and_then(|v| v.as_str());
    let Some(units) = attribute("units") else {
        return Err(refuse(format!("{} has no units; use --index", dim.name)));
    };
    let units = TimeUnits::parse(units, attribute("calendar"))?;
    let period = |text: &str| Period::parse(text, units.calendar());
    let (first, last) = match text.split_once('/') {
        Some((from, to)) => (period(from)?, period(to)?),
        None => (period(text)?, period(text)?),
    };
    let times: Vec<DateTime> = (0..dim.size)
        .filter_map(|i| time_at(dim, &units, i))
        .collect();
    let inside = |t: &DateTime| *t >= first.start && *t < last.end;
    let Some(from) = times.iter().position(inside) else {
        let span = match (times.first(), times.last()) {
            (Some(a), Some(b)) => format!("; the data covers {a} to {b}"),
            _ => String::new(),
        };
        return Err(refuse(format!("nothing at {text}{span}")));
    };
    let to = times.iter().rposition(inside).unwrap_or(from) + 1;
    if !times[from..to].iter().all(inside) {
        return Err(refuse("the times are not sorted; use --index".into()));
    }
    Ok((dim.name.clone(), from as u64..to as u64))
}

/// The time at an index, exact for integer coordinates.
pub(super) fn time_at(dim: &Dimension, units: &TimeUnits, index: u64) -> Option<DateTime> {
    let value = match &dim.coordinate {
        Some(Coordinate::Int(ticks)) => Scalar::Int(*ticks.get(usize::try_from(index).ok()?)?),
        other => Scalar::Float(other.as_ref()?.at(index)?),
    };
    units.decode(value).ok()
}
