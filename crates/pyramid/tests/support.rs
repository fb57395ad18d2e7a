//! Datastores of random data, and the values they were made of.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};
use ziggurat_core::exec::block_on;
use ziggurat_core::progress::Silent;
use ziggurat_core::region::offset;
use ziggurat_core::store::{ObjectBackend, Store};
use ziggurat_core::{Attributes, Axis, Dimension, ElementType, Region, Scalar, Variable};
use ziggurat_pyramid::{Aggregator, Datastore, Factors, Levels, Options, Size};

/// A variable without coordinates; its dimensions are called d0, d1, ...
pub(crate) fn variable(name: &str, element: ElementType, shape: &[u64]) -> Variable {
    let dim = |(d, &n): (usize, &u64)| Dimension::new(format!("d{d}"), n, Axis::Other);
    Variable {
        fill: None,
        name: name.into(),
        element,
        dims: shape.iter().enumerate().map(dim).collect(),
        nodata: None,
        attributes: Attributes::new(),
        crs: None,
        transform: None,
    }
}

/// A base of random values with everything that decides what its levels are.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) variable: Variable,
    pub(crate) factors: Vec<u64>,
    pub(crate) options: Options,
    /// Native-endian elements of the whole base.
    pub(crate) bytes: Vec<u8>,
    /// Superchunks that are written; the base is fill elsewhere.
    pub(crate) written: Vec<Region>,
}

impl Case {
    /// What an element is that was never written.
    pub(crate) fn fill(&self) -> Vec<u8> {
        let zero_or_nan = match self.variable.element.is_float() {
            true => Scalar::Float(f64::NAN),
            false => Scalar::UInt(0),
        };
        let fill = self.variable.nodata.unwrap_or(zero_or_nan);
        fill.to_element(self.variable.element).unwrap()
    }

    pub(crate) fn levels(&self) -> usize {
        match self.options.levels {
            Levels::Count(n) => n,
            Levels::Auto => unreachable!("cases count their levels"),
        }
    }

    pub(crate) fn store() -> Arc<dyn Store> {
        Arc::new(ObjectBackend::memory())
    }

    /// The elements of `region` of the base.
    pub(crate) fn part(&self, region: &Region) -> Vec<u8> {
        let (shape, size) = (self.variable.shape(), self.variable.element.size());
        let at = |index: Vec<u64>| offset(&index, &shape) as usize * size;
        region
            .indices()
            .map(at)
            .flat_map(|i| self.bytes[i..i + size].to_vec())
            .collect()
    }

    /// Sets the elements of `region` of the base.
    pub(crate) fn set(&mut self, region: &Region, bytes: &[u8]) {
        let (shape, size) = (self.variable.shape(), self.variable.element.size());
        for (index, element) in region.indices().zip(bytes.chunks_exact(size)) {
            let i = offset(&index, &shape) as usize * size;
            self.bytes[i..i + size].copy_from_slice(element);
        }
    }

    /// A datastore with its base written and nothing else.
    pub(crate) fn create(&self, store: &Arc<dyn Store>) -> Datastore {
        let variables = vec![self.variable.clone()];
        let datastore = Datastore::create(Arc::clone(store), variables, &self.options).unwrap();
        for region in &self.written {
            datastore
                .write(&self.variable.name, region, &self.part(region))
                .unwrap();
        }
        datastore
    }

    /// A complete datastore.
    pub(crate) fn build(&self, store: &Arc<dyn Store>) -> Datastore {
        let datastore = self.create(store);
        datastore.build(&Silent).unwrap();
        datastore.commit().unwrap();
        Datastore::open(Arc::clone(store)).unwrap()
    }
}

/// Everything in a store that is not kept for ziggurat alone; documents as JSON.
pub(crate) fn contents(store: &Arc<dyn Store>) -> BTreeMap<String, Result<Value, Vec<u8>>> {
    let keys = block_on(store.list("")).unwrap();
    let content = |key: &String| {
        let bytes = block_on(store.get(key)).unwrap().unwrap();
        match key.ends_with("zarr.json") {
            true => Ok(serde_json::from_slice(&bytes).unwrap()),
            false => Err(bytes.to_vec()),
        }
    };
    let kept = keys.into_iter().filter(|key| !key.starts_with("__"));
    kept.map(|key| (key.clone(), content(&key))).collect()
}

pub(crate) const NUMBERS: [ElementType; 11] = [
    ElementType::Int8,
    ElementType::Int16,
    ElementType::Int32,
    ElementType::Int64,
    ElementType::UInt8,
    ElementType::UInt16,
    ElementType::UInt32,
    ElementType::UInt64,
    ElementType::Float16,
    ElementType::Float32,
    ElementType::Float64,
];

/// Values whose sums in double precision are exact, often the nodata value 3, NaN, or an extreme.
fn value(element: ElementType, extremes: bool) -> BoxedStrategy<Scalar> {
    if element.is_float() {
        let quarters = (-40..40i32).prop_map(|n| Scalar::Float(f64::from(n) / 4.0));
        return prop_oneof![6 => quarters, 1 => Just(Scalar::Float(f64::NAN)), 1 => Just(Scalar::Float(3.0))]
            .boxed();
    }
    let signed = !element.name().starts_with('u');
    let small = (0..12i64).prop_map(move |n| Scalar::Int(if signed { n - 5 } else { n }));
    if !extremes {
        return small.boxed();
    }
    let bits = element.size() as u32 * 8;
    let (top, bottom) = match signed {
        true => (
            Scalar::Int(i64::MAX >> (64 - bits)),
            Scalar::Int(i64::MIN >> (64 - bits)),
        ),
        false => (Scalar::UInt(u64::MAX >> (64 - bits)), Scalar::UInt(0)),
    };
    prop_oneof![6 => small, 1 => Just(top), 1 => Just(bottom)].boxed()
}

fn size(shape: Vec<u64>) -> Size {
    Size::Shape(shape)
}

/// Cases of these element types.
pub(crate) fn cases(elements: &'static [ElementType]) -> impl Strategy<Value = Case> {
    let dims = (1..5usize).prop_flat_map(|rank| {
        let most = [40u64, 18, 9, 6][rank - 1];
        let factor = prop::sample::select(vec![1u64, 2, 2, 3, 5]);
        prop::collection::vec((1..=most, factor, 1..4u64, 1..4u64, 1..3u64), rank)
    });
    let rest = (
        prop::sample::select(elements),
        prop::option::of(Just(Scalar::Int(3))),
        (any::<bool>(), any::<bool>(), any::<bool>()),
        (1..5usize, 0..4usize, any::<u64>()),
    );
    (dims, rest)
        .prop_filter("some dimension is aggregated", |(dims, _)| {
            dims.iter().any(|d| d.1 > 1)
        })
        .prop_flat_map(|(dims, rest)| {
            let count = dims.iter().map(|d| d.0 as usize).product::<usize>();
            let packed = rest.2.0 && rest.0.is_integer();
            (
                Just(dims),
                Just(rest),
                prop::collection::vec(value(rest.0, !packed), count),
            )
        })
        .prop_map(
            |(
                dims,
                (element, nodata, (packed, unsharded, sparse), (levels, first, mask)),
                values,
            )| {
                let part = |f: fn(&(u64, u64, u64, u64, u64)) -> u64| {
                    dims.iter().map(f).collect::<Vec<_>>()
                };
                let (shape, factors) = (part(|d| d.0), part(|d| d.1));
                let mut variable = variable("v", element, &shape);
                variable.nodata = nodata.filter(|_| element != ElementType::Bool);
                if packed && element.is_integer() {
                    variable
                        .attributes
                        .insert("scale_factor".into(), json!(-0.5));
                    variable.attributes.insert("add_offset".into(), json!(3.0));
                }
                let mut aggregators: Vec<Aggregator> = Aggregator::ALL.to_vec();
                if element == ElementType::Bool {
                    aggregators.retain(|a| !matches!(a, Aggregator::Mean | Aggregator::Sum));
                }
                let continuing: Vec<Aggregator> = aggregators
                    .iter()
                    .copied()
                    .filter(|a| a.continues_base())
                    .collect();
                aggregators.insert(0, continuing[first % continuing.len()]);
                let (block, chunk) = (part(|d| d.2), part(|d| d.2 * d.3));
                let superchunk = if unsharded {
                    chunk.clone()
                } else {
                    part(|d| d.2 * d.3 * d.4)
                };
                let named = factors
                    .iter()
                    .enumerate()
                    .map(|(d, f)| (format!("d{d}"), *f))
                    .collect();
                let options = Options {
                    levels: Levels::Count(levels),
                    factors: Factors::Named(named),
                    aggregators,
                    block: size(block),
                    chunk: size(chunk),
                    superchunk: size(superchunk.clone()),
                    unsharded,
                    ..Options::default()
                };
                let bytes = values
                    .iter()
                    .flat_map(|v| match element {
                        ElementType::Bool => vec![u8::from(v.as_f64() > 3.0)],
                        _ => v.to_element(element).unwrap(),
                    })
                    .collect();
                let whole = Region::whole(&shape);
                let written = whole
                    .cells(&superchunk)
                    .indices()
                    .enumerate()
                    .filter(|(n, _)| !sparse || (mask >> (n % 61)).trailing_zeros() >= 2)
                    .filter_map(|(_, i)| Region::of_cell(&i, &superchunk).intersect(&whole))
                    .collect();
                let mut case = Case {
                    variable,
                    factors,
                    options,
                    bytes,
                    written,
                };
                let fill = case.fill();
                let all = std::mem::take(&mut case.bytes);
                case.bytes = fill.repeat(all.len() / element.size());
                let source = Case {
                    bytes: all,
                    ..case.clone()
                };
                for region in case.written.clone() {
                    case.set(&region, &source.part(&region));
                }
                case
            },
        )
}
