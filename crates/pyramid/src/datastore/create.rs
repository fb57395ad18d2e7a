//! Making a new datastore.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use ziggurat_core::codec::CodecSpec;
use ziggurat_core::exec::block_on;
use ziggurat_core::layout::Layout;
use ziggurat_core::store::Store;
use ziggurat_core::{Array, ArrayMetadata, Error, Result, Scalar, Variable};

use super::{Datastore, Member, Options};
use crate::Aggregator;
use crate::aggregate::may_be_missing;
use crate::build::Target;

/// Path of an array.
pub(super) fn array_path(aggregator: Option<Aggregator>, level: usize, name: &str) -> String {
    match aggregator {
        None => format!("{level}/{name}"),
        Some(a) => format!("agg/{a}/{level}/{name}"),
    }
}

impl Datastore {
    /// A new datastore for `variables`.
    ///
    /// No document is written before [`commit`](Datastore::commit), so that until then nobody can
    /// open what is not complete.
    ///
    /// # Errors
    /// [`Error::Conflict`] if the store holds something already, [`Error::Caller`] if the options do
    /// not fit the variables or two variables disagree on a dimension.
    pub fn create(
        store: Arc<dyn Store>,
        variables: Vec<Variable>,
        options: &Options,
    ) -> Result<Self> {
        let place = store.place("");
        if block_on(store.list_dir(""))?
            .iter()
            .any(|name| !name.starts_with("__"))
        {
            return Err(Error::conflict(
                place,
                "there is something already; choose another place or delete it",
            ));
        }
        check_variables(&place, &variables)?;
        // What an earlier store left of its dirty log says nothing about this one.
        block_on(store.delete_prefix("__ziggurat"))?;
        let factors = options.factors_of(&variables)?;
        let shapes: Vec<_> = variables
            .iter()
            .map(Variable::shape)
            .zip(factors.iter().cloned())
            .collect();
        let levels = options.count_levels(&shapes)?;
        let aggregators = check_aggregators(&options.aggregators, levels)?;
        let members = variables
            .into_iter()
            .zip(factors)
            .map(|(variable, factors)| {
                new_member(&store, variable, factors, levels, &aggregators, options)
            })
            .collect::<Result<_>>()?;
        Ok(Self {
            store,
            levels,
            aggregators,
            members,
            made: AtomicBool::new(false),
        })
    }
}

/// The aggregators without repetition, if levels can be made of them.
pub(super) fn check_aggregators(given: &[Aggregator], levels: usize) -> Result<Vec<Aggregator>> {
    let mut aggregators: Vec<Aggregator> = Vec::new();
    for a in given {
        if !aggregators.contains(a) {
            aggregators.push(*a);
        }
    }
    match aggregators.first() {
        _ if levels == 0 => {}
        Some(first) if first.continues_base() => {}
        Some(first) => {
            let what =
                format!("{first} does not continue the base; name mean, min, max or nearest first");
            return Err(Error::caller("aggregate", what));
        }
        None => return Err(Error::caller("aggregate", "no aggregator was given")),
    }
    Ok(aggregators)
}

fn new_member(
    store: &Arc<dyn Store>,
    variable: Variable,
    factors: Vec<u64>,
    levels: usize,
    aggregators: &[Aggregator],
    options: &Options,
) -> Result<Member> {
    let layout = options.layout_of(&variable, &factors)?;
    let storage = Storage {
        layout: &layout,
        codec: &options.codec,
        framing: options.framing.as_deref(),
    };
    let path = array_path(None, 0, &variable.name);
    let base = new_array(store, &path, &variable, storage)?;
    let storage = Storage {
        layout: base.layout(),
        ..storage
    };
    let targets = targets(store, &variable, &factors, levels, aggregators, storage)?;
    Ok(Member {
        variable,
        factors,
        base,
        targets,
    })
}

/// How arrays are stored.
#[derive(Clone, Copy, Debug)]
pub(super) struct Storage<'a> {
    pub(super) layout: &'a Layout,
    pub(super) codec: &'a CodecSpec,
    pub(super) framing: Option<&'a str>,
}

/// The arrays of every aggregator and level above a base that is stored like this.
pub(super) fn targets(
    store: &Arc<dyn Store>,
    variable: &Variable,
    factors: &[u64],
    levels: usize,
    aggregators: &[Aggregator],
    storage: Storage<'_>,
) -> Result<Vec<Target>> {
    let cells = cells_at_top(factors, levels);
    let mut targets = Vec::new();
    for (i, &aggregator) in aggregators.iter().enumerate().filter(|_| levels > 0) {
        let made = aggregator.output(variable, cells)?;
        let place = (i > 0).then_some(aggregator);
        let mut coarse = made.clone();
        let mut arrays = Vec::with_capacity(levels);
        for level in 1..=levels {
            coarse = coarse.coarsened(factors);
            let path = array_path(place, level, &variable.name);
            arrays.push(new_array(store, &path, &coarse, storage)?);
        }
        targets.push(Target {
            aggregator,
            made,
            arrays,
        });
    }
    Ok(targets)
}

/// How many base cells a cell of the coarsest level stands for, at most.
pub(super) fn cells_at_top(factors: &[u64], levels: usize) -> u64 {
    let times = u32::try_from(levels).unwrap_or(u32::MAX);
    factors
        .iter()
        .fold(1, |n: u64, f| n.saturating_mul(f.saturating_pow(times)))
}

fn new_array(
    store: &Arc<dyn Store>,
    path: &str,
    variable: &Variable,
    storage: Storage<'_>,
) -> Result<Array> {
    let shape = variable.shape();
    let fill = fill_value(variable);
    let layout = match storage.framing {
        None => storage.layout.clipped(&shape),
        // A framing may not take blocks of any size: all levels have those of the base.
        Some(_) => storage.layout.clipped_to_blocks(&shape),
    };
    let mut metadata = ArrayMetadata::new(&shape, variable.element, &fill, layout, storage.codec);
    metadata.framing = storage.framing.map(str::to_owned);
    metadata.dimension_names = Some(variable.dims.iter().map(|d| Some(d.name.clone())).collect());
    let array = Array::new(Arc::clone(store), path, metadata)?;
    array.check_writable()?;
    Ok(array)
}

/// The fill value: what is missing where something can be, else what the variable says, else zero.
fn fill_value(variable: &Variable) -> Vec<u8> {
    let scalar = match (variable.nodata, variable.fill) {
        (Some(value), _) | (None, Some(value)) => value,
        _ if may_be_missing(variable) => Scalar::Float(f64::NAN),
        _ => Scalar::UInt(0),
    };
    let zero = vec![0; variable.element.size()];
    scalar.to_element(variable.element).unwrap_or(zero)
}

fn check_variables(place: &str, variables: &[Variable]) -> Result<()> {
    if variables.is_empty() {
        return Err(Error::caller(place, "no variable was given"));
    }
    for (i, variable) in variables.iter().enumerate() {
        check_name(place, &variable.name)?;
        if variables[..i].iter().any(|v| v.name == variable.name) {
            return Err(Error::caller(
                place,
                format!("two variables are called {:?}", variable.name),
            ));
        }
        if let Some(value) = variable.nodata
            && value.to_element(variable.element).is_none()
        {
            let what = format!(
                "nodata {value:?} of {} does not fit {}",
                variable.name, variable.element
            );
            return Err(Error::caller(place, what));
        }
        if variable.dims.is_empty() || variable.shape().contains(&0) {
            let what = format!(
                "{} has shape {:?}; nothing can be stored",
                variable.name,
                variable.shape()
            );
            return Err(Error::caller(place, what));
        }
        for (j, dim) in variable.dims.iter().enumerate() {
            check_name(place, &dim.name)?;
            if variable.dims[..j].iter().any(|d| d.name == dim.name) {
                return Err(Error::caller(
                    place,
                    format!("{} has two dimensions {:?}", variable.name, dim.name),
                ));
            }
            let taken = dim.name == "spatial_ref" || variables.iter().any(|v| v.name == dim.name);
            if taken {
                let what = format!(
                    "{:?} is a dimension and the name of another array; rename one",
                    dim.name
                );
                return Err(Error::caller(place, what));
            }
            let others = variables[..i].iter().flat_map(|v| &v.dims);
            if let Some(other) = others
                .into_iter()
                .find(|d| d.name == dim.name && d.size != dim.size)
            {
                let what = format!(
                    "dimension {:?} has {} and {} indices; rename one",
                    dim.name, other.size, dim.size
                );
                return Err(Error::caller(place, what));
            }
        }
    }
    Ok(())
}

/// The rules of Zarr for node names, and none of the names of this layout.
pub(super) fn check_name(place: &str, name: &str) -> Result<()> {
    let only_periods = name.chars().all(|c| c == '.');
    let reserved = ["zarr.json", "spatial_ref", "agg"].contains(&name);
    if only_periods || reserved || name.contains('/') || name.starts_with("__") {
        let what = format!("{name:?} cannot be the name of an array; rename it (--var NEW=OLD)");
        return Err(Error::caller(place, what));
    }
    Ok(())
}
