//! Windows of the plane of X and Y, in cells.

use std::ops::Range;

use ziggurat_core::{Affine, Axis, Error, Result, Variable};

/// A box in the coordinates of X and Y (of the CRS, or cells of level 0 where there is none).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// Western edge.
    pub xmin: f64,
    /// Southern edge (or first row).
    pub ymin: f64,
    /// Eastern edge.
    pub xmax: f64,
    /// Northern edge (or last row).
    pub ymax: f64,
}

/// The dimensions that make a plane: Y and X, or the last two.
pub(super) fn plane(variable: &Variable) -> Option<(usize, usize)> {
    match (variable.axis(Axis::Y), variable.axis(Axis::X)) {
        (Some(y), Some(x)) => Some((y, x)),
        _ if variable.dims.len() >= 2 => Some((variable.dims.len() - 2, variable.dims.len() - 1)),
        _ => None,
    }
}

/// A window in cells of a variable: from `start` to `end`, in either direction.
pub(super) struct Window {
    pub(super) x: Range<f64>,
    pub(super) y: Range<f64>,
    /// Columns after which the globe begins anew, where X goes round it: not whole at levels that
    /// end with a part of a cell.
    period: Option<f64>,
    width: f64,
}

impl Window {
    /// The window `bounds` of `variable`, whose `period` in X is that of [`period`].
    pub(super) fn new(
        variable: &Variable,
        (y, x): (usize, usize),
        bounds: Option<Bounds>,
        period: Option<f64>,
    ) -> Result<Self> {
        let (width, height) = (
            precise(variable.dims[x].size),
            precise(variable.dims[y].size),
        );
        let transform = variable
            .transform
            .unwrap_or(Affine([1.0, 0.0, 0.0, 0.0, 1.0, 0.0]));
        let Some(b) = bounds else {
            return Ok(Self {
                x: 0.0..width,
                y: 0.0..height,
                period: None,
                width,
            });
        };
        let refuse = |what: &str| Err(Error::caller("bbox", what));
        if !transform.is_separable() {
            return refuse("the grid is rotated; select by --index instead");
        }
        if !(b.xmin < b.xmax && b.ymin < b.ymax) {
            return refuse("give XMIN,YMIN,XMAX,YMAX with XMIN < XMAX and YMIN < YMAX");
        }
        let corner = |x, y| {
            transform
                .invert(x, y)
                .ok_or_else(|| Error::data(&variable.name, "its transform is degenerate"))
        };
        let ((x0, y0), (x1, y1)) = (corner(b.xmin, b.ymin)?, corner(b.xmax, b.ymax)?);
        let mut window = Self {
            x: x0.min(x1)..x0.max(x1),
            y: y0.min(y1)..y0.max(y1),
            period,
            width,
        };
        if let Some(period) = period {
            // Whole turns change nothing.
            let turns = (window.x.start / period).floor() * period;
            window.x = window.x.start - turns..window.x.end - turns;
        }
        let outside = window.y.end <= 0.0 || window.y.start >= height;
        if outside || (period.is_none() && (window.x.end <= 0.0 || window.x.start >= width)) {
            let [x0, y0, x1, y1] = transform.bounds(width, height);
            return refuse(&format!(
                "it lies outside of the data, which covers {x0},{y0},{x1},{y1}"
            ));
        }
        Ok(window)
    }

    /// Whether it crosses the seam between the last column and the first.
    pub(super) fn wraps(&self) -> bool {
        self.period.is_some_and(|p| self.x.end > p * (1.0 + 1e-9))
    }

    /// Whether column `width` is column 0 again.
    #[allow(clippy::float_cmp, reason = "whole numbers, or not")]
    pub(super) fn is_periodic(&self) -> bool {
        self.period == Some(self.width)
    }

    pub(super) fn columns(&self) -> f64 {
        self.x.end - self.x.start
    }

    pub(super) fn rows(&self) -> f64 {
        self.y.end - self.y.start
    }
}

/// The columns of one turn around the globe, each of `group` columns of `base`; `None` where X does
/// not go round.
pub(super) fn period(base: &Variable, x: usize, group: u64) -> Option<f64> {
    goes_round(base, x).then(|| precise(base.dims[x].size) / precise(group))
}

/// Whether X is a longitude all around the globe.
fn goes_round(variable: &Variable, x: usize) -> bool {
    let Some(transform) = variable.transform else {
        return false;
    };
    let units = variable.dims[x]
        .attributes
        .get("units")
        .and_then(|u| u.as_str());
    let degrees = units.is_some_and(|u| u.starts_with("degree"))
        || variable
            .crs
            .as_ref()
            .is_some_and(ziggurat_core::Crs::is_geographic);
    let cell = transform.0[0].abs();
    // Longitudes are often rounded: 4320 cells from 0 to 359.92 are one turn.
    degrees && (cell * precise(variable.dims[x].size) - 360.0).abs() < cell / 2.0
}

/// Sizes and indices as floating point, exact below 2^53.
#[allow(clippy::cast_precision_loss, reason = "sizes are below 2^53")]
pub(super) fn precise(n: u64) -> f64 {
    n as f64
}
