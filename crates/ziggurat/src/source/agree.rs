//! Whether sources can be frames of one variable, and in words why not.

use ziggurat_core::{Axis, Crs, Dimension, Error, Result, Scalar, Variable};

use super::Source;
use super::grid::Grid;

/// Attributes that say what the values mean: frames must agree on them.
const MEANING: [&str; 4] = ["scale_factor", "add_offset", "units", "undetect"];

/// That every variable of `source` can be stacked on that of `first`.
pub(crate) fn check(source: &dyn Source, first: &dyn Source) -> Result<()> {
    let names =
        |s: &dyn Source| -> Vec<String> { s.variables().iter().map(|v| v.name.clone()).collect() };
    let refuse = |faults: Vec<String>| Err(Error::caller(source.place(), faults.join("; ")));
    if names(source) != names(first) {
        return refuse(vec![format!(
            "has variables {} against {} of {}: choose with --var",
            names(source).join(", "),
            names(first).join(", "),
            first.place()
        )]);
    }
    for (variable, model) in source.variables().iter().zip(first.variables()) {
        let mut faults = unlike(variable, model);
        if !faults.is_empty() {
            faults.push(format!("the first frame is {}", first.place()));
            return refuse(faults);
        }
        let mut faults = moved(variable, model, first.place());
        if !faults.is_empty() {
            faults.push(format!(
                "give --resample nearest|bilinear|cubic|area to bring all frames to the grid of {}",
                first.place()
            ));
            return refuse(faults);
        }
    }
    Ok(())
}

/// In words, what makes `variable` another quantity than `model`.
pub(crate) fn unlike(variable: &Variable, model: &Variable) -> Vec<String> {
    let mut faults = Vec::new();
    let mut differ = |what: &str, a: String, b: String| {
        if a != b {
            faults.push(format!("{what} {a} against {b}"));
        }
    };
    differ(
        "data type",
        variable.element.to_string(),
        model.element.to_string(),
    );
    differ("nodata", show(variable.nodata), show(model.nodata));
    if !same_crs(variable, model) {
        let name = |v: &Variable| {
            let crs = v.crs.as_ref();
            crs.and_then(|c| c.code.as_deref().or(c.wkt()))
                .unwrap_or("none")
                .to_owned()
        };
        differ("CRS", name(variable), name(model));
    }
    for key in MEANING {
        let text = |v: &Variable| {
            let value = v.attributes.get(key);
            value.map_or_else(|| "none".to_owned(), ToString::to_string)
        };
        differ(key, text(variable), text(model));
    }
    let others = |v: &Variable| -> Vec<Dimension> {
        let moves = |d: &Dimension| matches!(d.axis, Axis::X | Axis::Y | Axis::Time);
        v.dims.iter().filter(|d| !moves(d)).cloned().collect()
    };
    let sizes = |v: &Variable| {
        let dims = v.dims.iter().filter(|d| d.axis != Axis::Time);
        let spatial = |d: &Dimension| matches!(d.axis, Axis::X | Axis::Y);
        let text = dims.map(|d| {
            if spatial(d) {
                d.name.clone()
            } else {
                format!("{}: {}", d.name, d.size)
            }
        });
        format!("({})", text.collect::<Vec<_>>().join(", "))
    };
    differ("dimensions", sizes(variable), sizes(model));
    if faults.is_empty() {
        for (a, b) in others(variable).iter().zip(&others(model)) {
            if a.coordinate != b.coordinate {
                faults.push(format!("other coordinates of {}", a.name));
            }
        }
    }
    faults
}

/// In words, how the grid of `variable` differs from that of `model`, which is of `name`.
fn moved(variable: &Variable, model: &Variable, name: &str) -> Vec<String> {
    if let (Some(grid), Some(other)) = (Grid::of(variable), Grid::of(model)) {
        return grid.differences(&other, name, &unit(model));
    }
    let mut faults = Vec::new();
    for (a, b) in variable.dims.iter().zip(&model.dims) {
        if a.axis == Axis::Time {
            continue;
        }
        if a.size != b.size {
            faults.push(format!("{} has size {} against {}", a.name, a.size, b.size));
        } else if a.coordinate != b.coordinate {
            faults.push(format!("other coordinates of {}", a.name));
        }
    }
    if Grid::of(variable).is_some() != Grid::of(model).is_some() {
        faults.push(format!("only one of it and {name} has a georeference"));
    }
    faults
}

/// Whether both have the same coordinate reference system, or none.
fn same_crs(a: &Variable, b: &Variable) -> bool {
    match (&a.crs, &b.crs) {
        (Some(a), Some(b)) => a.is_same(b),
        (None, None) => true,
        _ => false,
    }
}

/// The unit of the x coordinates of `variable`.
fn unit(variable: &Variable) -> String {
    let x = variable.axis(Axis::X).map(|d| &variable.dims[d].attributes);
    let told = || x.and_then(|a| a.get("units")?.as_str());
    let known = variable.crs.as_ref().and_then(Crs::udunits);
    known.or_else(told).unwrap_or("map units").to_owned()
}

fn show(nodata: Option<Scalar>) -> String {
    match nodata {
        None => "none".to_owned(),
        Some(Scalar::Float(v)) => v.to_string(),
        Some(Scalar::Int(v)) => v.to_string(),
        Some(Scalar::UInt(v)) => v.to_string(),
    }
}
