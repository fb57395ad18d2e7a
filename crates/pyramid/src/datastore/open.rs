//! Opening a datastore that was committed.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde_json::Value;
use ziggurat_core::ElementType;
use ziggurat_core::hierarchy::open_group;
use ziggurat_core::store::{Store, join};
use ziggurat_core::{
    Affine, Array, Axis, Coordinate, Dimension, Error, Region, Result, Variable, ZIGGURAT,
    conventions, element,
};

use super::create::{array_path, cells_at_top, check_name};
use super::documents::VERSION;
use super::{Datastore, Member};
use crate::Aggregator;
use crate::build::Target;

impl Datastore {
    /// Opens the datastore in `store`.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no Zarr group, [`Error::Unsupported`] if it was not made by
    /// ziggurat or by a newer version of the layout, [`Error::Data`] if a document is damaged.
    pub fn open(store: Arc<dyn Store>) -> Result<Self> {
        let place = store.place("");
        let attributes = open_group(&*store, "")?;
        let Some(manifest) = attributes.get(ZIGGURAT) else {
            let what = "a Zarr group that ziggurat did not make; make a datastore of it with `ziggurat import`";
            return Err(Error::unsupported(place, what));
        };
        let version = manifest["version"].as_str().unwrap_or("unknown");
        if version != VERSION {
            let what = format!("version {version} of the layout; this program reads {VERSION}");
            return Err(Error::unsupported(place, what));
        }
        Manifest {
            place: &place,
            json: manifest,
        }
        .open(store)
    }
}

/// The `ziggurat` attribute of the root.
struct Manifest<'a> {
    place: &'a str,
    json: &'a Value,
}

impl Manifest<'_> {
    fn fault(&self, what: impl std::fmt::Display) -> Error {
        Error::data(
            self.place,
            format!("its {ZIGGURAT} attribute is damaged: {what}"),
        )
    }

    fn open(&self, store: Arc<dyn Store>) -> Result<Datastore> {
        let levels = self.json["levels"].as_u64().filter(|n| *n <= 64);
        let levels = levels.ok_or_else(|| self.fault("levels must be a number"))?;
        let levels = usize::try_from(levels).map_err(|e| self.fault(e))?;
        let names = self.json["aggregators"].as_array();
        let aggregators: Vec<Aggregator> = names
            .ok_or_else(|| self.fault("aggregators must be a list"))?
            .iter()
            .map(|name| name.as_str().unwrap_or_default().parse())
            .collect::<Result<_>>()?;
        let variables = self.json["variables"].as_object();
        let members = variables
            .ok_or_else(|| self.fault("variables must be an object"))?
            .iter()
            .map(|(name, entry)| self.member(&store, name, entry, levels, &aggregators))
            .collect::<Result<_>>()?;
        Ok(Datastore {
            store,
            levels,
            aggregators,
            members,
            made: AtomicBool::new(true),
        })
    }

    fn member(
        &self,
        store: &Arc<dyn Store>,
        name: &str,
        entry: &Value,
        levels: usize,
        aggregators: &[Aggregator],
    ) -> Result<Member> {
        // Names become paths: none may lead out of the store.
        check_name(self.place, name).map_err(|e| self.fault(e))?;
        let base = Array::open(Arc::clone(store), &array_path(None, 0, name))?;
        let factors: Option<Vec<u64>> = entry["factors"]
            .as_array()
            .and_then(|f| f.iter().map(Value::as_u64).collect());
        let factors = factors.filter(|f| f.len() == base.shape().len() && !f.contains(&0));
        let factors = factors.ok_or_else(|| self.fault(format!("factors of {name}")))?;
        let axes: Vec<Axis> = (0..factors.len())
            .map(|d| Axis::from_name(entry["axes"][d].as_str()))
            .collect();
        let variable = describe(store, &base, name, &axes)?;
        let cells = cells_at_top(&factors, levels);
        let mut targets = Vec::new();
        for (i, &aggregator) in aggregators.iter().enumerate().filter(|_| levels > 0) {
            let place = (i > 0).then_some(aggregator);
            targets.push(Target {
                aggregator,
                made: aggregator.output(&variable, cells)?,
                arrays: (1..=levels)
                    .map(|level| Array::open(Arc::clone(store), &array_path(place, level, name)))
                    .collect::<Result<_>>()?,
            });
        }
        Ok(Member {
            variable,
            factors,
            base,
            targets,
        })
    }
}

/// What level 0 of `name` means, from its attributes and coordinates.
fn describe(store: &Arc<dyn Store>, base: &Array, name: &str, axes: &[Axis]) -> Result<Variable> {
    let meta = base.metadata();
    let names = meta.dimension_names.clone().unwrap_or_default();
    let mut dims = Vec::with_capacity(axes.len());
    for (d, (&size, &axis)) in base.shape().iter().zip(axes).enumerate() {
        let name = names
            .get(d)
            .cloned()
            .flatten()
            .unwrap_or_else(|| format!("dim_{d}"));
        check_name(&base.place(), &name).map_err(|e| Error::data(base.place(), e.to_string()))?;
        let mut dim = Dimension::new(name, size, axis);
        read_coordinate(store, &mut dim)?;
        dims.push(dim);
    }
    let group = open_group(&**store, "0")?;
    let mapping = conventions::grid_mapping_of(&meta.attributes);
    let mapping = mapping.and_then(|name| open_attributes(store, &join("0", name)));
    let attributes = &meta.attributes;
    let mut variable = conventions::variable_from_attributes(
        name,
        meta.element,
        dims,
        attributes,
        Some(&group),
        mapping.as_ref(),
    )
    .map_err(|e| e.at(base.place()))?;
    if variable.nodata.is_none() {
        variable.set_fill(&meta.fill);
    }
    if let Some(t) = variable.transform.filter(Affine::is_separable) {
        variable.dims.iter_mut().for_each(|dim| regular(dim, t));
    }
    Ok(variable)
}

/// The coordinates of X and Y follow from the transform.
fn regular(dim: &mut Dimension, t: Affine) {
    let Affine([a, _, c, _, e, f]) = t;
    let (first, step) = match dim.axis {
        Axis::X => (c, a),
        Axis::Y => (f, e),
        _ => return,
    };
    dim.coordinate = Some(Coordinate::Regular {
        origin: first + step / 2.0,
        step,
    });
}

fn open_attributes(store: &Arc<dyn Store>, path: &str) -> Option<ziggurat_core::Attributes> {
    let document = ziggurat_core::hierarchy::read_document(&**store, path).ok()?;
    document["attributes"].as_object().cloned()
}

/// Reads the coordinate array of a dimension, where there is one.
fn read_coordinate(store: &Arc<dyn Store>, dim: &mut Dimension) -> Result<()> {
    let array = match Array::open(Arc::clone(store), &join("0", &dim.name)) {
        Ok(array) => array,
        Err(e) if e.is_not_found() => return Ok(()),
        Err(e) => return Err(e),
    };
    if array.shape() != [dim.size] {
        let what = format!(
            "{:?} coordinates for {} indices; another program resized one of them",
            array.shape(),
            dim.size
        );
        return Err(Error::data(array.place(), what));
    }
    let bytes = array.read(&Region::whole(array.shape()))?;
    dim.attributes.clone_from(&array.metadata().attributes);
    let labels = dim.attributes.shift_remove("labels");
    let names = labels.as_ref().and_then(Value::as_array);
    dim.coordinate = match (array.element(), names) {
        (ElementType::Int64, Some(names)) => {
            let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
            Some(Coordinate::Text(names.iter().map(text).collect()))
        }
        (ElementType::Int64, None) => Some(Coordinate::Int(element::to_values(&bytes))),
        (ElementType::Float64, _) => Some(Coordinate::Float(element::to_values(&bytes))),
        _ => None,
    };
    Ok(())
}
