//! Chunks: where they lie, what is above, below and beside them, what they hold.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::json;
use ziggurat_core::progress::Silent;
use ziggurat_core::{ElementType, Error, Region};
use ziggurat_pyramid::{Aggregator, Chunk, Datastore, Levels, Options, Size};

use super::support::{Case, NUMBERS, cases, variable};

fn indices<'a>(chunks: impl IntoIterator<Item = Chunk<'a>>) -> BTreeSet<Vec<u64>> {
    chunks.into_iter().map(|c| c.index().to_vec()).collect()
}

/// What `region` of a level stands for one level below, of size `below`.
fn finer(region: &Region, factors: &[u64], below: &[u64]) -> Region {
    let start: Vec<u64> = region
        .start
        .iter()
        .zip(factors)
        .map(|(s, f)| s * f)
        .collect();
    let end = |d: usize| (region.end(d) * factors[d]).min(below[d]);
    let shape: Vec<u64> = (0..start.len()).map(|d| end(d) - start[d]).collect();
    Region::new(start, shape)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn parents_and_children_agree(case in cases(&[ElementType::UInt8])) {
        let datastore = case.build(&Case::store());
        for number in 0..=datastore.levels() {
            let level = datastore.level("v", number).unwrap();
            let whole = Region::whole(level.array().shape());
            let chunks: Vec<Chunk<'_>> = level.chunks(&whole).collect();
            prop_assert_eq!(chunks.len() as u64, level.grid().iter().product::<u64>());
            let cells: u64 = chunks.iter().map(|c| c.region().len()).sum();
            prop_assert_eq!(cells, whole.len(), "chunks cover their level once");
            for chunk in &chunks {
                let me = chunk.index().to_vec();
                let children = chunk.children().unwrap();
                prop_assert_eq!(children.is_empty(), number == 0);
                for child in &children {
                    let parent = child.parent().unwrap().unwrap();
                    prop_assert_eq!(parent.index(), chunk.index());
                    prop_assert_eq!(parent.level().number(), number);
                }
                if number > 0 {
                    let below = datastore.level("v", number - 1).unwrap();
                    let covered = finer(&chunk.region(), &case.factors, below.array().shape());
                    let cells: u64 = children.iter().map(|c| c.region().len()).sum();
                    prop_assert_eq!(cells, covered.len());
                    prop_assert!(children.iter().all(|c| covered.contains(&c.region())));
                }
                match chunk.parent().unwrap() {
                    None => {
                        prop_assert_eq!(number, datastore.levels());
                        prop_assert!(chunk.siblings().unwrap().is_empty());
                    }
                    Some(parent) => {
                        let mut family = indices(chunk.siblings().unwrap());
                        prop_assert!(family.insert(me), "nobody is his own sibling");
                        prop_assert_eq!(family, indices(parent.children().unwrap()));
                    }
                }
            }
        }
    }

    #[test]
    fn meaningful_chunks_are_those_that_hold_something(case in cases(&NUMBERS)) {
        let datastore = case.build(&Case::store());
        let level = datastore.level("v", 0).unwrap();
        let (fill, size) = (case.fill(), case.variable.element.size());
        let whole = Region::whole(level.array().shape());
        let mut full: Vec<Chunk<'_>> = datastore.iter_chunks("v", &whole, 0).unwrap().collect();
        for chunk in &full {
            let data = level.read_chunk(chunk.index()).unwrap();
            prop_assert_eq!(&data.region, &chunk.region());
            prop_assert_eq!(data.bytes, case.part(&data.region));
        }
        full.retain(|c| case.part(&c.region()).chunks_exact(size).any(|e| e != fill));
        let found: Vec<Chunk<'_>> = datastore.iter_meaningful_chunks("v").unwrap().map(Result::unwrap).collect();
        prop_assert_eq!(found.len(), full.len());
        prop_assert_eq!(indices(found), indices(full.iter().cloned()));
        let any = datastore.find_chunk("v").unwrap().map(|c| c.index().to_vec());
        match any {
            None => prop_assert!(full.is_empty()),
            Some(index) => prop_assert!(indices(full.iter().cloned()).contains(&index)),
        }
        // The extent is their hull.
        let hull = full.iter().map(Chunk::region).reduce(|a, b| {
            let start: Vec<u64> = a.start.iter().zip(&b.start).map(|(a, b)| *a.min(b)).collect();
            let size = |d: usize| a.end(d).max(b.end(d)) - start[d];
            let shape: Vec<u64> = (0..start.len()).map(size).collect();
            Region::new(start, shape)
        });
        prop_assert_eq!(datastore.extent("v").unwrap(), hull);
    }
}

/// Two levels over 16 chunks of 4 x 4.
fn example() -> Datastore {
    let options = Options {
        levels: Levels::Count(2),
        aggregators: vec![Aggregator::Mean, Aggregator::Max],
        block: Size::Shape(vec![2, 2]),
        chunk: Size::Shape(vec![4, 4]),
        superchunk: Size::Shape(vec![8, 8]),
        ..Options::default()
    };
    let variables = vec![variable("v", ElementType::Float32, &[15, 16])];
    let store = Case::store();
    let datastore = Datastore::create(Arc::clone(&store), variables, &options).unwrap();
    datastore.build(&Silent).unwrap();
    datastore.commit().unwrap();
    Datastore::open(store).unwrap()
}

#[test]
fn only_the_base_can_be_put() {
    let datastore = example();
    let chunk = datastore.level("v", 0).unwrap().chunk(&[3, 1]).unwrap();
    assert_eq!(chunk.region(), Region::new([12, 4], [3, 4]), "clipped");
    assert!(!chunk.exists().unwrap());
    let bytes = ziggurat_core::element::to_bytes(&[4.5f32; 12]);
    chunk.put(&bytes).unwrap();
    assert!(chunk.exists().unwrap());
    assert_eq!(chunk.data().unwrap().bytes, bytes);
    assert_eq!(
        datastore.stale().unwrap(),
        [("v".to_owned(), chunk.region())]
    );
    assert!(matches!(chunk.put(&bytes[4..]), Err(Error::Caller { .. })));
    for level in [
        datastore.level("v", 1).unwrap(),
        datastore.aggregate("v", Aggregator::Max, 2).unwrap(),
    ] {
        let above = level.chunk(&[0, 0]).unwrap();
        let error = above.put(&above.data().unwrap().bytes).unwrap_err();
        assert!(matches!(error, Error::Caller { .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains("made by aggregation"), "{text}");
        assert!(text.contains("write level 0 and refresh"), "{text}");
    }
}

#[test]
fn attributes_of_chunks_are_kept() {
    let datastore = example();
    let chunk = |index: &[u64]| datastore.level("v", 0).unwrap().chunk(index).unwrap();
    assert!(chunk(&[0, 0]).meta().unwrap().is_empty());
    let meta = json!({"source": "höhe.tif", "n": [1, 2.5, null]});
    chunk(&[1, 2]).put_meta(meta.as_object().unwrap()).unwrap();
    assert_eq!(json!(chunk(&[1, 2]).meta().unwrap()), meta);
    assert!(chunk(&[2, 1]).meta().unwrap().is_empty());
    let opened = Datastore::open(Arc::clone(datastore.store())).unwrap();
    let again = opened.level("v", 0).unwrap().chunk(&[1, 2]).unwrap();
    assert_eq!(json!(again.meta().unwrap()), meta);
    chunk(&[1, 2])
        .put_meta(json!({"other": 1}).as_object().unwrap())
        .unwrap();
    assert_eq!(
        json!(again.meta().unwrap()),
        json!({"other": 1}),
        "replaced"
    );
    let above = again.parent().unwrap().unwrap();
    let error = above.put_meta(meta.as_object().unwrap()).unwrap_err();
    assert!(matches!(error, Error::Caller { .. }), "{error:?}");
    opened.rebuild(&Silent).unwrap();
    assert_eq!(
        json!(again.meta().unwrap()),
        json!({"other": 1}),
        "a rebuild keeps them"
    );
}

#[test]
fn what_is_not_there_is_named() {
    let datastore = example();
    let error = datastore.level("w", 0).unwrap_err();
    assert!(
        error.is_not_found() && error.to_string().contains("there are: v"),
        "{error}"
    );
    let error = datastore.level("v", 3).unwrap_err();
    assert!(
        error.is_not_found() && error.to_string().contains("coarsest is 2"),
        "{error}"
    );
    let error = datastore.aggregate("v", Aggregator::Sum, 1).unwrap_err();
    assert!(
        error.is_not_found() && error.to_string().contains("mean, max"),
        "{error}"
    );
    let level = datastore.level("v", 1).unwrap();
    for index in [&[2, 0][..], &[0, 9], &[0], &[0, 0, 0]] {
        let error = level.chunk(index).unwrap_err();
        assert!(matches!(error, Error::Caller { .. }), "{error:?}");
    }
    let outside = Region::new([100, 100], [5, 5]);
    assert_eq!(datastore.iter_chunks("v", &outside, 0).unwrap().count(), 0);
    assert_eq!(datastore.extent("v").unwrap(), None);
    assert!(datastore.find_chunk("v").unwrap().is_none());
}
