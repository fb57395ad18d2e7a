//! A georeferenced grid whose values say where they come from.

use std::sync::Arc;

use ziggurat_core::progress::Silent;
use ziggurat_core::{Affine, Axis, Crs, Dimension, ElementType, Region};
use ziggurat_pyramid::{Aggregator, Datastore, Factors, Grid, Levels, Options};

use super::support::{Case, variable};

/// A grid of cells whose values are their positions, and its georeference.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) height: u64,
    pub(crate) width: u64,
    pub(crate) transform: Affine,
    pub(crate) factor: u64,
    pub(crate) levels: usize,
    pub(crate) degrees: bool,
}

impl World {
    /// Longitudes from `west` all around, cells as high as wide.
    pub(crate) fn globe(width: u64, west: f64, north_up: bool, factor: u64) -> Self {
        let cell = 360.0 / width as f64;
        let height = (180.0 / cell) as u64;
        let transform = match north_up {
            true => Affine([cell, 0.0, west, 0.0, -cell, 90.0]),
            false => Affine([cell, 0.0, west, 0.0, cell, -90.0]),
        };
        Self {
            height,
            width,
            transform,
            factor,
            levels: 3,
            degrees: true,
        }
    }

    pub(crate) fn datastore(&self) -> Datastore {
        let mut variable = variable("v", ElementType::Int32, &[self.height, self.width]);
        variable.dims[0] = Dimension::new("y", self.height, Axis::Y);
        variable.dims[1] = Dimension::new("x", self.width, Axis::X);
        variable.transform = Some(self.transform);
        variable.nodata = Some(ziggurat_core::Scalar::Int(-1));
        let epsg = if self.degrees { 4326 } else { 28992 };
        variable.crs = Some(Crs::from_epsg(epsg).unwrap());
        let options = Options {
            levels: Levels::Count(self.levels),
            factors: Factors::Spatial(self.factor),
            aggregators: vec![Aggregator::Nearest],
            ..Options::default()
        };
        let store = Case::store();
        let datastore = Datastore::create(Arc::clone(&store), vec![variable], &options).unwrap();
        let values: Vec<i32> = (0..(self.height * self.width) as i32).collect();
        let whole = Region::whole(&[self.height, self.width]);
        datastore
            .write("v", &whole, &ziggurat_core::element::to_bytes(&values))
            .unwrap();
        datastore.build(&Silent).unwrap();
        datastore.commit().unwrap();
        Datastore::open(store).unwrap()
    }

    /// Size of level `level`: rows and columns.
    pub(crate) fn shape(&self, level: usize) -> (u64, u64) {
        let f = self.factor.pow(level as u32);
        (self.height.div_ceil(f), self.width.div_ceil(f))
    }

    /// Edges of the cells of a level along x and y.
    pub(crate) fn edges(&self, level: usize) -> (Vec<f64>, Vec<f64>) {
        let f = self.factor.pow(level as u32) as f64;
        let (rows, columns) = self.shape(level);
        let Affine([a, _, c, _, e, y]) = self.transform;
        let along =
            |n: u64, step: f64, from: f64| (0..=n).map(|i| from + i as f64 * f * step).collect();
        (along(columns, a, c), along(rows, e, y))
    }

    /// The value of cell (row, column) of a level: that of its first base cell.
    pub(crate) fn value(&self, level: usize, row: u64, column: u64) -> i32 {
        let f = self.factor.pow(level as u32);
        (row * f * self.width + column * f) as i32
    }
}

pub(crate) fn values(grid: &Grid) -> Vec<i32> {
    ziggurat_core::element::to_values(&grid.bytes)
}

/// Whether the coordinates of `grid` are the centres that its transform says.
pub(crate) fn coordinates_agree(grid: &Grid) -> bool {
    let transform = grid.variable.transform.unwrap();
    grid.variable.dims.iter().all(|dim| {
        (0..dim.size).all(|i| {
            let (x, y) = transform.apply(i as f64 + 0.5, i as f64 + 0.5);
            let want = if dim.axis == Axis::X { x } else { y };
            let at = dim.coordinate.as_ref().and_then(|c| c.at(i)).unwrap();
            (at - want).abs() < 1e-9
        })
    })
}
