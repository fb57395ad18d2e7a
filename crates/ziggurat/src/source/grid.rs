//! The horizontal grid of a variable, and how two of them differ.

use ziggurat_core::{Affine, Axis, Coordinate, Variable};

/// Positions, in cells, that differ by less are the same: what rounding of coordinates leaves.
const SAME: f64 = 1e-4;

/// Cells of equal shape in rows and columns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Grid {
    pub(crate) transform: Affine,
    pub(crate) width: u64,
    pub(crate) height: u64,
}

/// How the cells of one grid lie in another, separately along x and y.
///
/// Cell `i` of the target covers `start + i * step` to `start + (i + 1) * step`, in source cells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Line {
    pub(crate) start: f64,
    pub(crate) step: f64,
}

impl Grid {
    /// The grid of `variable`, from its transform or else its regular coordinates.
    #[allow(
        clippy::many_single_char_names,
        reason = "the coefficients of an affine map"
    )]
    pub(crate) fn of(variable: &Variable) -> Option<Self> {
        let (y, x) = (variable.axis(Axis::Y)?, variable.axis(Axis::X)?);
        let line = |d: usize| match variable.dims[d].coordinate {
            Some(Coordinate::Regular { origin, step }) => Some((origin - step / 2.0, step)),
            _ => None,
        };
        let transform = variable.transform.or_else(|| {
            let ((c, a), (f, e)) = (line(x)?, line(y)?);
            Some(Affine([a, 0.0, c, 0.0, e, f]))
        })?;
        Some(Self {
            transform,
            width: variable.dims[x].size,
            height: variable.dims[y].size,
        })
    }

    /// The lines (x, y) along which cells of `target` lie in this grid; `None` if rows and columns
    /// of the two are not parallel.
    pub(crate) fn lines(&self, target: &Self) -> Option<(Line, Line)> {
        let (width, height) = (count(target.width), count(target.height));
        let position = |col, row| {
            let (x, y) = target.transform.apply(col, row);
            self.transform.invert(x, y)
        };
        let (x0, y0) = position(0.0, 0.0)?;
        let (right, bottom) = (position(width, 0.0)?, position(0.0, height)?);
        let parallel = (right.1 - y0).abs() < SAME && (bottom.0 - x0).abs() < SAME;
        let line = |start: f64, end: f64, count: f64| {
            let step = (end - start) / count;
            // Whole cells stay whole, so that values are copied, not interpolated.
            let (whole, unit) = (start.round(), step.signum());
            let same = (start - whole).abs() < SAME && (end - whole - unit * count).abs() < SAME;
            if same {
                Line {
                    start: whole,
                    step: unit,
                }
            } else {
                Line { start, step }
            }
        };
        parallel.then(|| (line(x0, right.0, width), line(y0, bottom.1, height)))
    }

    /// Whether the cells of both are the same.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        let same = Line {
            start: 0.0,
            step: 1.0,
        };
        (self.width, self.height) == (other.width, other.height)
            && self.lines(other) == Some((same, same))
    }

    /// This grid, extended by whole cells to hold all of `others`; `None` if that has no end.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::many_single_char_names,
        reason = "checked to be below 2^53; the coefficients of an affine map"
    )]
    pub(crate) fn union<'a>(&self, others: impl IntoIterator<Item = &'a Self>) -> Option<Self> {
        let (mut low, mut high) = ((0.0, 0.0), (count(self.width), count(self.height)));
        for other in others {
            let bounds = other
                .transform
                .bounds(count(other.width), count(other.height));
            let [x0, y0, x1, y1] = bounds;
            for (x, y) in [(x0, y0), (x0, y1), (x1, y0), (x1, y1)] {
                let (col, row) = self.transform.invert(x, y)?;
                low = (col.min(low.0), row.min(low.1));
                high = (col.max(high.0), row.max(high.1));
            }
        }
        let (left, top) = ((low.0 + SAME).floor(), (low.1 + SAME).floor());
        let (width, height) = ((high.0 - SAME).ceil() - left, (high.1 - SAME).ceil() - top);
        let [a, b, _, d, e, _] = self.transform.0;
        let (c, f) = self.transform.apply(left, top);
        (width.max(height) < 9e15).then_some(Self {
            transform: Affine([a, b, c, d, e, f]),
            width: width as u64,
            height: height as u64,
        })
    }

    /// In words, how this grid differs from `other`, the grid of `name`; `unit` is that of the
    /// coordinates. Empty if it does not.
    #[allow(
        clippy::many_single_char_names,
        reason = "the coefficients of an affine map"
    )]
    pub(crate) fn differences(&self, other: &Self, name: &str, unit: &str) -> Vec<String> {
        let mut out = Vec::new();
        if self.is_like(other) {
            return out;
        }
        let ([a, b, c, d, e, f], [ao, bo, co, d_o, eo, fo]) = (self.transform.0, other.transform.0);
        let turned = [(a, ao), (b, bo), (d, d_o), (e, eo)].iter().any(|(v, w)| {
            (v - w).abs() * count(self.width.max(self.height)) > SAME * (ao.abs() + bo.abs())
        });
        if turned {
            out.push(match (b, d, bo, d_o) {
                (0.0, 0.0, 0.0, 0.0) => format!("cells of {a} x {e} {unit} against {ao} x {eo}"),
                _ => format!(
                    "affine map {:?} against {:?}",
                    self.transform.0, other.transform.0
                ),
            });
        }
        let (dx, dy) = (c - co, f - fo);
        let (col, row) = (ao.hypot(d_o), bo.hypot(eo));
        if dx.abs() > SAME * col || dy.abs() > SAME * row {
            out.push(format!(
                "origin differs from {name} by ({}, {}) {unit} = ({}, {}) cells",
                signed(dx),
                signed(dy),
                signed(dx / col),
                signed(dy / row),
            ));
        }
        for (what, n, m) in [
            ("rows", self.height, other.height),
            ("columns", self.width, other.width),
        ] {
            if n != m {
                out.push(format!("{n} {what} against {m}"));
            }
        }
        out
    }
}

#[allow(clippy::cast_precision_loss, reason = "cells of a grid on earth")]
fn count(n: u64) -> f64 {
    n as f64
}

/// With its sign, rounded to what matters.
fn signed(value: f64) -> String {
    let rounded = (value * 1e6).round() / 1e6;
    format!("{:+}", if rounded == 0.0 { 0.0 } else { rounded })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(x: f64, y: f64, cell: f64, width: u64, height: u64) -> Grid {
        Grid {
            transform: Affine([cell, 0.0, x, 0.0, -cell, y]),
            width,
            height,
        }
    }

    #[test]
    fn differences_are_told_in_units_and_cells() {
        let first = grid(500.0, 900.0, 5.0, 934, 724);
        let other = grid(502.0, 899.0, 5.0, 934, 723);
        assert_eq!(
            other.differences(&first, "A", "m"),
            [
                "origin differs from A by (+2, -1) m = (+0.4, -0.2) cells",
                "723 rows against 724"
            ]
        );
        assert!(
            first
                .differences(&grid(500.000_001, 900.0, 5.0, 934, 724), "A", "m")
                .is_empty()
        );
        let coarse = grid(500.0, 900.0, 10.0, 467, 362);
        assert_eq!(
            coarse.differences(&first, "A", "m")[0],
            "cells of 10 x -10 m against 5 x -5"
        );
    }

    #[test]
    fn union_is_made_of_whole_cells_of_the_first() {
        let first = grid(500.0, 900.0, 5.0, 10, 10);
        // 0.4 cells to the right and below, 2.2 cells wider.
        let union = first.union([&grid(502.0, 898.0, 5.0, 12, 9)]).unwrap();
        assert_eq!(union, grid(500.0, 900.0, 5.0, 13, 10));
        let union = first.union([&grid(489.0, 905.0, 5.0, 2, 2)]).unwrap();
        assert_eq!(union, grid(485.0, 905.0, 5.0, 13, 11));
        let lines = first.lines(&union).unwrap();
        assert_eq!(
            lines.0,
            Line {
                start: -3.0,
                step: 1.0
            }
        );
        assert_eq!(
            lines.1,
            Line {
                start: -1.0,
                step: 1.0
            }
        );
        // South-up against north-up.
        let flipped = Grid {
            transform: Affine([5.0, 0.0, 500.0, 0.0, 5.0, 850.0]),
            ..first
        };
        assert_eq!(
            flipped.lines(&first).unwrap().1,
            Line {
                start: 10.0,
                step: -1.0
            }
        );
        assert_eq!(first.union([&flipped]), Some(first));
        let turned = Grid {
            transform: Affine([4.0, 3.0, 500.0, 3.0, -4.0, 900.0]),
            ..first
        };
        assert_eq!(first.lines(&turned), None);
        assert!(turned.is_like(&turned));
    }
}
