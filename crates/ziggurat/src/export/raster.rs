//! An image as bands of rows, north on top and east on the right.

use ziggurat_core::{Affine, Axis, Coordinate, Dimension, Error, Result};

use super::Image;

/// A view of an [`Image`] that `GeoTIFF` and PNG are written from.
#[derive(Debug)]
pub(super) struct Raster<'a> {
    pub(super) image: &'a Image<'a>,
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) bands: usize,
    /// The dimension of the bands, where there is one beside rows and columns.
    pub(super) band: Option<&'a Dimension>,
    /// From (column, row) of this view, so its `e` is negative.
    pub(super) transform: Option<Affine>,
    /// Element at (0, 0, 0), and elements to the next band, row and column.
    origin: usize,
    steps: [isize; 3],
}

impl<'a> Raster<'a> {
    /// The view; at most one dimension beside rows and columns may be larger than 1.
    pub(super) fn new(place: &str, image: &'a Image<'a>) -> Result<Self> {
        let variable = image.variable;
        let rank = variable.dims.len();
        let refuse = |what: &str| {
            let sizes: Vec<String> = variable
                .dims
                .iter()
                .map(|d| format!("{} = {}", d.name, d.size))
                .collect();
            let what = format!("{what}; dimensions are ({})", sizes.join(", "));
            Err(Error::caller(place, what))
        };
        if rank < 2 {
            return refuse("a picture needs rows and columns: write .npy or - for text");
        }
        if image.bytes.is_empty() {
            return refuse("the selection is empty");
        }
        // What has no role: the last dimensions, columns fastest.
        let last_but = |taken: Option<usize>| {
            if taken == Some(rank - 1) {
                rank - 2
            } else {
                rank - 1
            }
        };
        let y = variable.axis(Axis::Y);
        let x = variable.axis(Axis::X).unwrap_or_else(|| last_but(y));
        let y = y.unwrap_or_else(|| last_but(Some(x)));
        let others = || (0..rank).filter(|&d| d != x && d != y);
        let mut large = others().filter(|&d| variable.dims[d].size > 1);
        let band = large.next().or_else(|| others().next());
        if large.next().is_some() {
            return refuse("too many dimensions for a picture: choose one of each with --index");
        }
        let size = |d: usize| usize::try_from(variable.dims[d].size).unwrap_or(usize::MAX);
        let (width, height) = (size(x), size(y));
        let stride = |d: usize| -> usize { (d + 1..rank).map(size).product() };
        let (dx, dy) = (&variable.dims[x], &variable.dims[y]);
        let transform = variable.transform.or_else(|| regular(dx, dy));
        let (west, south) = match transform {
            Some(t) if t.is_separable() => (t.0[0] < 0.0, t.0[4] > 0.0),
            Some(_) => (false, false),
            None => (
                dx.axis == Axis::X && rises(dx) == Some(false),
                dy.axis == Axis::Y && rises(dy) == Some(true),
            ),
        };
        let mut raster = Self {
            image,
            width,
            height,
            bands: band.map_or(1, size),
            band: band.map(|d| &variable.dims[d]),
            transform,
            origin: 0,
            steps: [band.map_or(0, stride), stride(y), stride(x)].map(usize::cast_signed),
        };
        if west {
            raster.flip(2, width);
        }
        if south {
            raster.flip(1, height);
        }
        Ok(raster)
    }

    /// Turns rows (1) or columns (2) round, of which there are `count`.
    #[allow(clippy::cast_precision_loss, reason = "a count of cells in memory")]
    fn flip(&mut self, direction: usize, count: usize) {
        self.origin += (count - 1) * self.steps[direction].unsigned_abs();
        self.steps[direction] = -self.steps[direction];
        if let Some(Affine([a, _, c, _, e, f])) = &mut self.transform {
            let (step, start) = if direction == 2 { (a, c) } else { (e, f) };
            *start += *step * count as f64;
            *step = -*step;
        }
    }

    /// The bytes of one cell.
    ///
    /// # Panics
    /// If there is no such cell.
    pub(super) fn cell(&self, band: usize, row: usize, column: usize) -> &'a [u8] {
        let size = self.image.variable.element.size();
        let offset: isize = [band, row, column]
            .iter()
            .zip(self.steps)
            .map(|(i, step)| i.cast_signed() * step)
            .sum();
        let start = self.origin.wrapping_add_signed(offset) * size;
        &self.image.bytes[start..start + size]
    }

    /// The cells of one row, west to east.
    pub(super) fn row(&self, band: usize, row: usize) -> impl Iterator<Item = &'a [u8]> {
        (0..self.width).map(move |column| self.cell(band, row, column))
    }
}

/// The map that the coordinates of two equidistant dimensions stand for.
fn regular(x: &Dimension, y: &Dimension) -> Option<Affine> {
    let edge = |d: &Dimension| match d.coordinate {
        Some(Coordinate::Regular { origin, step }) => Some((step, origin - step / 2.0)),
        _ => None,
    };
    let known = x.axis == Axis::X && y.axis == Axis::Y;
    let ((width, west), (height, north)) = (edge(x)?, edge(y)?);
    known.then_some(Affine([width, 0.0, west, 0.0, height, north]))
}

/// Whether the coordinates rise with the index.
fn rises(dimension: &Dimension) -> Option<bool> {
    let coordinate = dimension.coordinate.as_ref()?;
    let (first, second) = (coordinate.at(0)?, coordinate.at(1)?);
    Some(second > first)
}
