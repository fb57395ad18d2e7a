//! Sources brought to one grid.

use ziggurat_core::{Affine, Axis, Coordinate, Error, Region, Result, Scalar, Variable};
use ziggurat_pyramid::resample::{AxisMap, Method, default_fill, resample};

use super::Source;
use super::agree::unlike;
use super::grid::{Grid, Line};

/// A source whose variables are resampled along x and y onto another grid of the same CRS.
///
/// Cells that the source does not cover are missing: nodata, or NaN.
pub struct Aligned {
    source: Box<dyn Source>,
    method: Method,
    variables: Vec<Variable>,
    targets: Vec<Target>,
}

/// How the cells of one variable lie in its source.
#[derive(Debug)]
struct Target {
    /// Dimension, size in the source, and line of x and y.
    axes: [(usize, u64, Line); 2],
}

impl std::fmt::Debug for Aligned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Aligned")
            .field("source", &self.source.place())
            .field("method", &self.method)
            .field("targets", &self.targets)
            .finish_non_exhaustive()
    }
}

/// Brings all `sources` to the grid of the first, extended in whole cells so that nothing of any is
/// cropped; those on that grid already are returned as they are.
///
/// `nodata` is for variables that declare none; integers need one where a source does not cover
/// the whole grid.
///
/// # Errors
/// [`Error::Caller`] for sources of other variables, type, CRS or meaning, without a regular grid,
/// or in need of nodata; [`Error::Unsupported`] for grids turned against each other.
pub fn align(
    sources: Vec<Box<dyn Source>>,
    method: Method,
    nodata: Option<Scalar>,
) -> Result<Vec<Box<dyn Source>>> {
    let Some(first) = sources.first() else {
        return Ok(sources);
    };
    let name = first.place().to_owned();
    let models = first.variables().to_vec();
    let mut grids: Vec<Vec<Grid>> = vec![Vec::new(); models.len()];
    for source in &sources {
        let variables = source.variables();
        if variables.len() != models.len() {
            let what = format!("has other variables than {name}: choose with --var");
            return Err(Error::caller(source.place(), what));
        }
        for ((variable, model), grids) in variables.iter().zip(&models).zip(&mut grids) {
            let faults = unlike(variable, model);
            if !faults.is_empty() {
                let what = format!("{}; the first frame is {name}", faults.join("; "));
                return Err(Error::caller(source.place(), what));
            }
            let none = || {
                let what = format!("{} has no regular grid to resample", variable.name);
                Error::caller(source.place(), what)
            };
            grids.push(Grid::of(variable).ok_or_else(none)?);
        }
    }
    let unions = grids.iter().map(|grids| {
        let endless = || Error::limit(&name, "the union of all frames is larger than 2^53 cells");
        grids[0].union(&grids[1..]).ok_or_else(endless)
    });
    let unions: Vec<Grid> = unions.collect::<Result<_>>()?;
    sources
        .into_iter()
        .map(|source| Aligned::on(source, &unions, method, nodata))
        .collect()
}

impl Aligned {
    /// `source` with variable `i` on `grids[i]`; as it is, if it lies there.
    fn on(
        source: Box<dyn Source>,
        grids: &[Grid],
        method: Method,
        nodata: Option<Scalar>,
    ) -> Result<Box<dyn Source>> {
        let pairs = || source.variables().iter().zip(grids);
        let stays = |v: &Variable, grid| {
            Grid::of(v).is_some_and(|g| g.is_like(grid)) && v.nodata.or(nodata) == v.nodata
        };
        if pairs().all(|(v, grid)| stays(v, grid)) {
            return Ok(source);
        }
        let mut targets = Vec::new();
        let mut variables = Vec::new();
        for (variable, grid) in pairs() {
            let target = Target::new(variable, grid).ok_or_else(|| {
                let what = format!("the grid of {} is turned against the first", variable.name);
                Error::unsupported(source.place(), format!("{what}: use gdalwarp"))
            })?;
            let mut variable = target.describe(variable, grid);
            variable.nodata = variable.nodata.or(nodata);
            if !target.is_covered(grid) && variable.nodata.is_none() && !variable.element.is_float()
            {
                let what = "does not cover the grid of all frames, and has no value for missing \
                            cells: give one with --nodata";
                return Err(Error::caller(source.place(), what));
            }
            variables.push(variable);
            targets.push(target);
        }
        Ok(Box::new(Self {
            source,
            method,
            variables,
            targets,
        }))
    }
}

impl Target {
    fn new(variable: &Variable, grid: &Grid) -> Option<Self> {
        let own = Grid::of(variable)?;
        let (along_x, along_y) = own.lines(grid)?;
        Some(Self {
            axes: [
                (variable.axis(Axis::X)?, own.width, along_x),
                (variable.axis(Axis::Y)?, own.height, along_y),
            ],
        })
    }

    /// `variable` as it is on `grid`.
    fn describe(&self, variable: &Variable, grid: &Grid) -> Variable {
        let mut out = variable.clone();
        let Affine([a, _, _, _, e, _]) = grid.transform;
        let (x0, y0) = grid.transform.apply(0.5, 0.5);
        let along = [(grid.width, x0, a), (grid.height, y0, e)];
        for ((d, ..), (size, origin, step)) in self.axes.iter().zip(along) {
            let dim = &mut out.dims[*d];
            dim.size = size;
            let separable = grid.transform.is_separable();
            dim.coordinate = separable.then_some(Coordinate::Regular { origin, step });
        }
        out.transform = variable.transform.map(|_| grid.transform);
        out
    }

    /// Whether every cell of `grid` has its centre in the source.
    #[allow(clippy::cast_precision_loss, reason = "below 2^53")]
    fn is_covered(&self, grid: &Grid) -> bool {
        let sizes = [grid.width, grid.height];
        self.axes.iter().zip(sizes).all(|((_, own, line), size)| {
            let inside = |cell: f64| {
                let centre = line.start + (cell + 0.5) * line.step;
                (0.0..*own as f64).contains(&centre)
            };
            inside(0.0) && inside(size as f64 - 1.0)
        })
    }
}

impl Source for Aligned {
    fn place(&self) -> &str {
        self.source.place()
    }

    fn variables(&self) -> &[Variable] {
        &self.variables
    }

    #[allow(clippy::cast_precision_loss, reason = "below 2^53")]
    fn read(&self, variable: usize, region: &Region) -> Result<Vec<u8>> {
        let Variable {
            element, nodata, ..
        } = self.variables[variable];
        let fill = default_fill(element, nodata);
        let axes = &self.targets[variable].axes;
        let mut wanted = region.clone();
        let mut maps = Vec::new();
        for &(d, size, Line { start, step }) in axes {
            let (first, count) = (region.start[d], region.shape[d]);
            let start = start + first as f64 * step;
            let map = AxisMap::new(size, start, step, count, self.method, false);
            let range = map.source_range().unwrap_or(0..0);
            (wanted.start[d], wanted.shape[d]) = (range.start, range.end - range.start);
            maps.push((d, map));
        }
        let input = if wanted.is_empty() {
            Vec::new()
        } else {
            self.source.read(variable, &wanted)?
        };
        let [x, y] = &*maps else {
            return Ok(Vec::new());
        };
        let maps = [(x.0, &x.1), (y.0, &y.1)];
        resample(&input, element, &wanted.shape, maps, nodata, fill)
    }

    fn read_shape(&self, variable: usize) -> Vec<u64> {
        let whole = self.variables[variable].shape();
        let own = self.source.read_shape(variable);
        own.into_iter()
            .zip(whole)
            .map(|(n, all)| n.min(all))
            .collect()
    }
}
