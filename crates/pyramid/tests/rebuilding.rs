//! Other levels, later writes: always what a fresh datastore would hold, and nothing else.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use ziggurat_core::progress::Silent;
use ziggurat_core::{Region, Scalar, Variable};
use ziggurat_pyramid::{Aggregator, Datastore, Levels};

use super::levels::check;
use super::support::{Case, NUMBERS, cases, contents};

/// A part of the base and elements for it: the base itself read backwards.
fn change(case: &Case, pick: u64) -> (Region, Vec<u8>) {
    let shape = case.variable.shape();
    let start: Vec<u64> = shape.iter().map(|n| pick % n).collect();
    let size = shape
        .iter()
        .zip(&start)
        .map(|(n, s)| (pick / 7) % (n - s) + 1)
        .collect::<Vec<_>>();
    let region = Region::new(start, size);
    let element = case.variable.element.size();
    let mut cells: Vec<&[u8]> = case.bytes.chunks_exact(element).rev().collect();
    cells.truncate(region.len() as usize);
    (region, cells.concat())
}

/// NaN means missing in floats, declared or not, and 3 is 3 whatever type declares it.
fn plain(variable: Variable) -> Variable {
    let nodata = variable
        .nodata
        .map(Scalar::as_f64)
        .filter(|n| !n.is_nan())
        .map(Scalar::Float);
    Variable { nodata, ..variable }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_rebuilt_datastore_equals_a_fresh_one(
        case in cases(&NUMBERS),
        levels in 0..5usize,
        kept in prop::sample::subsequence(Aggregator::ALL.to_vec(), 1..6),
    ) {
        let first = kept.iter().position(|a| a.continues_base());
        prop_assume!(levels == 0 || first.is_some());
        let mut aggregators = kept.clone();
        aggregators.swap(0, first.unwrap_or(0));
        let store = Case::store();
        let mut datastore = case.build(&store);
        datastore.replan(Some(Levels::Count(levels)), &aggregators).unwrap();
        datastore.rebuild(&Silent).unwrap();
        prop_assert_eq!(datastore.stale().unwrap(), []);
        let mut other = case.clone();
        other.options.levels = Levels::Count(levels);
        other.options.aggregators = aggregators;
        let fresh = Case::store();
        other.build(&fresh);
        prop_assert_eq!(contents(&store), contents(&fresh));
        check(&Datastore::open(store).unwrap(), &other)?;
    }

    #[test]
    fn a_refreshed_datastore_equals_a_fresh_one(
        case in cases(&NUMBERS),
        picks in prop::collection::vec(any::<u64>(), 1..4),
        reopened in any::<bool>(),
    ) {
        let mut case = case;
        let store = Case::store();
        let mut datastore = case.create(&store);
        datastore.build(&Silent).unwrap();
        datastore.commit().unwrap();
        if reopened {
            datastore = Datastore::open(Arc::clone(&store)).unwrap();
        }
        prop_assert_eq!(datastore.stale().unwrap(), []);
        let mut changed = Vec::new();
        for pick in picks {
            let (region, bytes) = change(&case, pick);
            datastore.write("v", &region, &bytes).unwrap();
            case.set(&region, &bytes);
            changed.push(("v".to_owned(), region));
        }
        prop_assert_eq!(datastore.stale().unwrap(), changed.clone());
        let elsewhere = Datastore::open(Arc::clone(&store)).unwrap();
        prop_assert_eq!(elsewhere.stale().unwrap(), changed);
        datastore.refresh(&Silent).unwrap();
        prop_assert_eq!(datastore.stale().unwrap(), []);
        case.written = vec![Region::whole(&case.variable.shape())];
        let fresh = Case::store();
        case.build(&fresh);
        prop_assert_eq!(contents(&store), contents(&fresh));
        check(&datastore, &case)?;
    }

    #[test]
    fn an_opened_datastore_means_the_same(case in cases(&NUMBERS)) {
        let store = Case::store();
        let made = case.create(&store);
        made.build(&Silent).unwrap();
        made.commit().unwrap();
        let opened = Datastore::open(store).unwrap();
        prop_assert_eq!(opened.aggregators(), made.aggregators());
        prop_assert_eq!(opened.levels(), made.levels());
        let variables = |d: &Datastore| d.variables().cloned().map(plain).collect::<Vec<_>>();
        prop_assert_eq!(variables(&opened), variables(&made));
        prop_assert_eq!(opened.members()[0].factors(), made.members()[0].factors());
        for level in 0..=made.levels() {
            for aggregator in made.aggregators() {
                let at = |d: &Datastore| {
                    plain(d.members()[0].variable_at(Some(*aggregator), level).unwrap())
                };
                prop_assert_eq!(at(&opened), at(&made));
                let document = |d: &Datastore| {
                    d.members()[0].array(Some(*aggregator), level).unwrap().metadata().layout.clone()
                };
                prop_assert_eq!(document(&opened), document(&made));
            }
        }
        // Committing what was opened changes nothing.
        let before = contents(opened.store());
        opened.commit().unwrap();
        prop_assert_eq!(contents(opened.store()), before);
    }
}

#[test]
fn what_others_put_beside_the_levels_stays() {
    use ziggurat_core::exec::block_on;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let case = cases(&NUMBERS).new_tree(&mut runner).unwrap().current();
    let store = Case::store();
    let mut datastore = case.build(&store);
    for key in ["notes.txt", "extra/zarr.json", "0/more/zarr.json"] {
        block_on(store.put(key, "{}".into())).unwrap();
    }
    datastore
        .replan(Some(Levels::Count(1)), &[Aggregator::Min])
        .unwrap();
    datastore.rebuild(&Silent).unwrap();
    for key in ["notes.txt", "extra/zarr.json", "0/more/zarr.json"] {
        assert!(block_on(store.get(key)).unwrap().is_some(), "{key}");
    }
    assert!(block_on(store.list("2")).unwrap().is_empty());
    assert!(block_on(store.list("agg")).unwrap().is_empty());
}
