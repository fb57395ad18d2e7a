//! A build within too little memory makes the same store.

use std::sync::Arc;

use ziggurat_core::exec::block_on;
use ziggurat_core::progress::Silent;
use ziggurat_core::store::{ObjectBackend, Store};
use ziggurat_core::{Attributes, Axis, Dimension, ElementType, Region, Variable, element};

use super::{Held, build_within};
use crate::{Aggregator, Datastore, Levels, Options, Size};

/// Every object of a store whose levels were built within `held`.
fn built(held: impl Fn() -> Held) -> Vec<(String, Vec<u8>)> {
    let size = 150;
    let variable = Variable {
        name: "v".into(),
        element: ElementType::Float32,
        dims: vec![
            Dimension::new("y", size, Axis::Y),
            Dimension::new("x", size, Axis::X),
        ],
        nodata: None,
        fill: None,
        attributes: Attributes::new(),
        crs: None,
        transform: None,
    };
    let options = Options {
        levels: Levels::Count(3),
        aggregators: vec![Aggregator::Mean, Aggregator::Max, Aggregator::Count],
        block: Size::Shape(vec![8, 8]),
        chunk: Size::Shape(vec![8, 8]),
        superchunk: Size::Shape(vec![32, 32]),
        ..Options::default()
    };
    let store = Arc::new(ObjectBackend::memory());
    let datastore = Datastore::create(
        Arc::<ObjectBackend>::clone(&store),
        vec![variable],
        &options,
    )
    .unwrap();
    let whole = Region::whole(&[size, size]);
    let values: Vec<f32> = (0..150u16 * 150).map(|i| f32::from(i % 977)).collect();
    datastore
        .write("v", &whole, &element::to_bytes(&values))
        .unwrap();
    for m in datastore.members() {
        build_within(
            held(),
            m.base(),
            m.variable(),
            m.factors(),
            m.targets(),
            &Silent,
        )
        .unwrap();
    }
    let mut keys = block_on(store.list("")).unwrap();
    keys.sort();
    let object = |key: String| {
        let bytes = block_on(store.get(&key)).unwrap().unwrap();
        (key, bytes.to_vec())
    };
    keys.into_iter().map(object).collect()
}

#[test]
fn superchunks_put_before_their_time_end_up_the_same() {
    let roomy = built(Held::default);
    assert!(roomy.len() > 50, "{} objects", roomy.len());
    assert!(built(|| Held::new(0, 0)) == roomy);
    assert!(built(|| Held::new(2000, 300)) == roomy);
}
