//! The `multiscales` convention: which groups are the levels, and how coarse each is.
//!
//! Source: <https://github.com/zarr-conventions/multiscales/blob/v0.1/README.md>. Every level is
//! said to be derived from the finest one, which is the truth (aggregates are exact over all
//! levels) and makes its scale independent of the levels between.

use serde_json::{Value, json};

use super::{Level, spatial};
use crate::{Attributes, Variable};

/// The value of `multiscales`, with the scales and the grid of `lead`, a variable of the finest level.
#[allow(clippy::cast_precision_loss, reason = "factors are small")]
pub(super) fn value(levels: &[Level<'_>], lead: &Variable, method: &str) -> Value {
    let resampling = resampling_method(method);
    let finest = levels.first();
    let base = finest.and_then(|l| l.find(&lead.name));
    let base_factors = base.map_or(&[][..], |(_, f)| f);
    let at = |factors: &[u64], d: usize| factors.get(d).map_or(1.0, |&f| f as f64);

    let layout = levels.iter().filter_map(|level| {
        let (variable, factors) = level.find(&lead.name)?;
        let rank = variable.dims.len();
        let scale: Vec<f64> = (0..rank)
            .map(|d| at(factors, d) / at(base_factors, d))
            .collect();
        let mut entry = Attributes::new();
        entry.insert("asset".into(), level.path.into());
        let derived = finest.filter(|f| f.path != level.path);
        if let Some(finest) = derived {
            entry.insert("derived_from".into(), finest.path.into());
        }
        let transform = json!({"scale": scale, "translation": vec![0.0; rank]});
        entry.insert("transform".into(), transform);
        if let Some(grid) = spatial::Grid::of(variable) {
            entry.extend(grid.shape());
            entry.insert(spatial::TRANSFORM.into(), grid.transform());
        }
        if derived.is_some() {
            entry.insert("resampling_method".into(), resampling.into());
        }
        Some(Value::Object(entry))
    });
    json!({"resampling_method": resampling, "layout": layout.collect::<Vec<_>>()})
}

/// The name that the convention lists for an aggregator, where it lists one.
fn resampling_method(aggregator: &str) -> &str {
    match aggregator {
        "mean" => "average",
        "median" => "med",
        other => other,
    }
}

/// A level as a `multiscales` layout tells of it.
#[derive(Clone, Debug, PartialEq)]
pub struct LayoutLevel {
    /// Path of the level's group, or of its array in stores of others.
    pub path: String,
    /// Cells of the first level that one cell stands for, per dimension; empty if it is not told.
    pub scale: Vec<f64>,
}

/// The levels in the attributes of a pyramid's group, in the order of the layout; `None` if there
/// is no `multiscales` layout.
///
/// Scales relative to a level between are multiplied out. Entries without an `asset` are skipped.
#[must_use]
pub fn layout_from_attributes(attributes: &Attributes) -> Option<Vec<LayoutLevel>> {
    let layout = attributes.get("multiscales")?.get("layout")?.as_array()?;
    let mut levels: Vec<LayoutLevel> = Vec::new();
    for entry in layout {
        let Some(path) = entry.get("asset").and_then(Value::as_str) else {
            continue;
        };
        let scale = entry.pointer("/transform/scale").and_then(Value::as_array);
        let mut scale: Vec<f64> = scale
            .into_iter()
            .flatten()
            .filter_map(Value::as_f64)
            .collect();
        let source = entry.get("derived_from").and_then(Value::as_str);
        let source = source.and_then(|s| levels.iter().find(|l| l.path == s));
        if let Some(source) = source {
            for (own, theirs) in scale.iter_mut().zip(&source.scale) {
                *own *= theirs;
            }
        }
        levels.push(LayoutLevel {
            path: path.to_owned(),
            scale,
        });
    }
    Some(levels)
}
