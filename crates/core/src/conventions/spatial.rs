//! The `spatial` convention: where the cells of X and Y lie.
//!
//! Source: <https://github.com/zarr-conventions/spatial/blob/v0.1/README.md>.

use serde_json::Value;

use crate::{Affine, Attributes, Axis, Error, Result, Variable};

pub(super) const PREFIX: &str = "spatial:";
pub(super) const DIMENSIONS: &str = "spatial:dimensions";
pub(super) const TRANSFORM: &str = "spatial:transform";
pub(super) const REGISTRATION: &str = "spatial:registration";

/// The X and Y dimensions of a variable and the finite affine map over them.
pub(super) struct Grid<'a> {
    y: &'a crate::Dimension,
    x: &'a crate::Dimension,
    pub(super) affine: Affine,
}

impl<'a> Grid<'a> {
    /// `None` if the variable has no such dimensions or no such map.
    pub(super) fn of(variable: &'a Variable) -> Option<Self> {
        let affine = variable.transform?;
        let (y, x) = (variable.axis(Axis::Y)?, variable.axis(Axis::X)?);
        affine.0.iter().all(|v| v.is_finite()).then(|| Self {
            y: &variable.dims[y],
            x: &variable.dims[x],
            affine,
        })
    }

    /// The six numbers of `spatial:transform`.
    pub(super) fn transform(&self) -> Value {
        self.affine.0.to_vec().into()
    }

    /// Names of the dimensions, by role: Y, then X.
    fn dimensions(&self) -> Value {
        vec![self.y.name.as_str(), &self.x.name].into()
    }

    /// `spatial:shape`; nothing for empty grids, which the convention does not know.
    pub(super) fn shape(&self) -> Option<(String, Value)> {
        let shape = vec![self.y.size, self.x.size];
        (!shape.contains(&0)).then(|| ("spatial:shape".into(), shape.into()))
    }

    /// Outer bounds of the cells.
    #[allow(clippy::cast_precision_loss, reason = "sizes are far below 2^53")]
    fn bounds(&self) -> Value {
        let bounds = self.affine.bounds(self.x.size as f64, self.y.size as f64);
        bounds.to_vec().into()
    }
}

/// All `spatial:*` of a group that holds `variable`; empty if it has no grid.
pub(super) fn attributes(variable: &Variable) -> Attributes {
    let mut out = Attributes::new();
    if let Some(grid) = Grid::of(variable) {
        out.insert(DIMENSIONS.into(), grid.dimensions());
        out.insert("spatial:bbox".into(), grid.bounds());
        out.insert(TRANSFORM.into(), grid.transform());
        out.extend(grid.shape());
        out.insert(REGISTRATION.into(), "pixel".into());
    }
    out
}

/// `spatial:dimensions` and `spatial:transform`: what an array needs.
pub(super) fn array_attributes(variable: &Variable) -> Attributes {
    let mut out = attributes(variable);
    out.retain(|k, _| k == DIMENSIONS || k == TRANSFORM);
    out
}

/// The map in `attributes`, to cell corners also if it is given to cell centres (`node`).
/// Transforms of a type other than affine are as good as none.
///
/// # Errors
/// [`Error::Data`] if it is not six numbers.
pub(super) fn parse(attributes: &Attributes) -> Result<Option<Affine>> {
    let text = |key: &str, default| attributes.get(key).map_or(Some(default), Value::as_str);
    let Some(value) = attributes.get(TRANSFORM) else {
        return Ok(None);
    };
    if text("spatial:transform_type", "affine") != Some("affine") {
        return Ok(None);
    }
    let numbers: Option<Vec<f64>> = value
        .as_array()
        .and_then(|a| a.iter().map(Value::as_f64).collect());
    let mut affine = numbers
        .and_then(|n| n.try_into().ok())
        .map(Affine)
        .ok_or_else(|| Error::data(TRANSFORM, format!("{value} is not six numbers")))?;
    if text(REGISTRATION, "pixel") == Some("node") {
        (affine.0[2], affine.0[5]) = affine.apply(-0.5, -0.5);
    }
    Ok(Some(affine))
}

/// The names of the Y and X dimensions in `attributes`.
pub(super) fn dimensions(attributes: &Attributes) -> Option<(&str, &str)> {
    match attributes.get(DIMENSIONS)?.as_array()?.as_slice() {
        [y, x] => Some((y.as_str()?, x.as_str()?)),
        _ => None,
    }
}
