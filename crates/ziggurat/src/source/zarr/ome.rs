//! Axes of an image in OME-NGFF metadata, 0.4 and 0.5.
//!
//! <https://ngff.openmicroscopy.org/0.5/#multiscale-md>

use serde_json::Value;
use ziggurat_core::{Affine, Attributes, Axis, Coordinate, Variable};

/// The finest level of the first image.
#[derive(Clone, Debug)]
pub(super) struct Ome {
    /// Path of the array below the group.
    pub(super) path: String,
    /// Name of the image.
    pub(super) name: Option<String>,
    axes: Vec<OmeAxis>,
}

#[derive(Clone, Debug)]
struct OmeAxis {
    name: String,
    kind: Option<String>,
    unit: Option<String>,
    scale: f64,
    translation: f64,
}

impl Ome {
    /// The image that the attributes of a group describe.
    pub(super) fn parse(attributes: &Attributes) -> Option<Self> {
        let multiscales = attributes
            .get("ome")
            .and_then(|ome| ome.get("multiscales"))
            .or_else(|| attributes.get("multiscales"))?;
        let image = multiscales.get(0)?;
        let dataset = image.get("datasets")?.get(0)?;
        let text = |v: &Value, key: &str| v.get(key).and_then(Value::as_str).map(str::to_owned);
        // The transformations of the image apply after those of the level.
        let steps = [dataset, image].map(|v| v.get("coordinateTransformations"));
        let steps = steps
            .into_iter()
            .flatten()
            .filter_map(Value::as_array)
            .flatten();
        let steps: Vec<&Value> = steps.collect();
        let axes = image.get("axes").and_then(Value::as_array)?;
        let axes = axes.iter().enumerate().map(|(d, axis)| {
            let (mut scale, mut translation) = (1.0, 0.0);
            for step in &steps {
                let number = |key: &str| step.get(key)?.get(d)?.as_f64();
                if let Some(s) = number("scale") {
                    scale *= s;
                    translation *= s;
                }
                translation += number("translation").unwrap_or(0.0);
            }
            // Before 0.4 an axis was its name alone.
            let name = text(axis, "name").or_else(|| axis.as_str().map(str::to_owned));
            let (kind, unit) = (text(axis, "type"), text(axis, "unit"));
            Some(OmeAxis {
                name: name?,
                kind,
                unit,
                scale,
                translation,
            })
        });
        Some(Self {
            path: text(dataset, "path")?,
            name: text(image, "name").filter(|n| !n.is_empty() && !n.contains('/')),
            axes: axes.collect::<Option<_>>()?,
        })
    }

    /// Names of the dimensions, if there are `rank`.
    pub(super) fn names(&self, rank: usize) -> Option<Vec<String>> {
        (self.axes.len() == rank).then(|| self.axes.iter().map(|a| a.name.clone()).collect())
    }

    /// Adds to `variable` what it does not know from elsewhere: roles, and coordinates of the axes
    /// that are measured (those with a unit, or in space).
    pub(super) fn apply(&self, variable: &mut Variable) {
        if self.axes.len() != variable.dims.len() {
            return;
        }
        for (dim, axis) in variable.dims.iter_mut().zip(&self.axes) {
            match axis.kind.as_deref() {
                Some("channel") => dim.axis = Axis::Band,
                Some("time") => dim.axis = Axis::Time,
                _ => {}
            }
            let measured = axis.unit.is_some() || axis.kind.as_deref() == Some("space");
            if dim.coordinate.is_none() && measured && axis.scale != 0.0 {
                let (origin, step) = (axis.translation, axis.scale);
                dim.coordinate = Some(Coordinate::Regular { origin, step });
                let unit = axis
                    .unit
                    .as_ref()
                    .map(|u| ("units".to_owned(), u.as_str().into()));
                dim.attributes.extend(unit);
            }
        }
        let regular = |axis| match variable.dims.iter().find(|d| d.axis == axis)?.coordinate {
            Some(Coordinate::Regular { origin, step }) => Some((origin - step / 2.0, step)),
            _ => None,
        };
        if let (None, Some((c, a)), Some((f, e))) =
            (variable.transform, regular(Axis::X), regular(Axis::Y))
        {
            variable.transform = Some(Affine([a, 0.0, c, 0.0, e, f]));
        }
    }
}
