//! Raster bands as variables: alike bands are one variable, others one each.

use std::ops::Range;

use ziggurat_core::{
    Affine, Attributes, Axis, Coordinate, Crs, Dimension, ElementType, Scalar, Variable,
};

/// What a raster file says of one band.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Band {
    pub(crate) element: ElementType,
    pub(crate) nodata: Option<Scalar>,
    pub(crate) scale: Option<f64>,
    pub(crate) offset: Option<f64>,
    pub(crate) unit: Option<String>,
    pub(crate) description: Option<String>,
}

impl Band {
    pub(crate) fn new(element: ElementType) -> Self {
        Self {
            element,
            nodata: None,
            scale: None,
            offset: None,
            unit: None,
            description: None,
        }
    }

    /// Whether both can be parts of one array.
    fn is_like(&self, other: &Self) -> bool {
        let nodata = |b: &Self| b.nodata.map(|v| v.as_f64().to_bits());
        self.element == other.element
            && nodata(self) == nodata(other)
            && (self.scale, self.offset) == (other.scale, other.offset)
            && self.unit == other.unit
    }

    fn attributes(&self) -> Attributes {
        let mut out = Attributes::new();
        let (scale, offset) = (self.scale.unwrap_or(1.0), self.offset.unwrap_or(0.0));
        if (scale, offset) != (1.0, 0.0) {
            out.insert("scale_factor".to_owned(), scale.into());
            out.insert("add_offset".to_owned(), offset.into());
        }
        if let Some(unit) = &self.unit {
            out.insert("units".to_owned(), unit.as_str().into());
        }
        out
    }
}

/// Where the bands of a file lie.
#[derive(Clone, Debug)]
pub(crate) struct Raster {
    pub(crate) height: u64,
    pub(crate) width: u64,
    pub(crate) crs: Option<Crs>,
    pub(crate) transform: Option<Affine>,
}

/// The variables that `bands` make up, each with its range of bands.
///
/// Bands that agree in type, nodata, scale and unit become one variable `data`, of dimensions
/// (y, x) or (band, y, x); bands that disagree become one variable each, named by its description.
pub(crate) fn variables(
    bands: &[Band],
    raster: &Raster,
    attributes: &Attributes,
) -> Vec<(Variable, Range<u64>)> {
    let alike = bands.windows(2).all(|pair| pair[0].is_like(&pair[1]));
    if alike {
        let whole = variable("data".to_owned(), bands, raster, attributes);
        return vec![(whole, 0..bands.len() as u64)];
    }
    let mut named: Vec<(Variable, Range<u64>)> = Vec::new();
    for (i, band) in (0u64..).zip(bands) {
        let described = band.description.as_deref().map(node_name);
        let name = described
            .filter(|n| !n.is_empty() && named.iter().all(|(v, _)| v.name != *n))
            .unwrap_or_else(|| format!("band_{}", i + 1));
        let one = variable(name, std::slice::from_ref(band), raster, attributes);
        named.push((one, i..i + 1));
    }
    named
}

fn variable(name: String, bands: &[Band], raster: &Raster, shared: &Attributes) -> Variable {
    let first = &bands[0];
    let mut attributes = first.attributes();
    let mut dims = Vec::new();
    match (bands, &first.description) {
        ([_], Some(text)) => {
            attributes.insert("long_name".to_owned(), text.as_str().into());
        }
        ([_], None) => {}
        _ => {
            let mut band = Dimension::new("band", bands.len() as u64, Axis::Band);
            let names: Option<Vec<_>> = bands.iter().map(|b| b.description.clone()).collect();
            band.coordinate = Some(match names {
                Some(names) => Coordinate::Text(names),
                None => Coordinate::Int((1i64..).take(bands.len()).collect()),
            });
            dims.push(band);
        }
    }
    let mut y = Dimension::new("y", raster.height, Axis::Y);
    let mut x = Dimension::new("x", raster.width, Axis::X);
    if let Some(t) = raster.transform.filter(Affine::is_separable) {
        let (x0, y0) = t.apply(0.5, 0.5);
        x.coordinate = Some(Coordinate::Regular {
            origin: x0,
            step: t.0[0],
        });
        y.coordinate = Some(Coordinate::Regular {
            origin: y0,
            step: t.0[4],
        });
    }
    dims.extend([y, x]);
    for (key, value) in shared {
        attributes
            .entry(key.clone())
            .or_insert_with(|| value.clone());
    }
    Variable {
        fill: None,
        name,
        element: first.element,
        dims,
        nodata: first.nodata,
        attributes,
        crs: raster.crs.clone(),
        transform: raster.transform,
    }
}

/// `text` as the name of a node: letters, digits, `_`, `-` and `.`, not starting with `__` or `.`.
fn node_name(text: &str) -> String {
    let keep = |c: char| match c {
        c if c.is_alphanumeric() => c,
        '_' | '-' | '.' => c,
        _ => '_',
    };
    let name: String = text.trim().chars().map(keep).collect();
    name.trim_matches(['_', '.']).to_owned()
}
