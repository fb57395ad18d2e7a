//! Every level of every aggregator against loops over base cells.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use ziggurat_core::progress::Silent;
use ziggurat_core::{ElementType, Error, Region};
use ziggurat_pyramid::{Aggregator, Datastore, Factors, Levels, Options};

use super::reference::{expected, same, shape_at};
use super::support::{Case, NUMBERS, cases, variable};

/// Whether all levels of `datastore` hold what `case` demands.
pub(crate) fn check(datastore: &Datastore, case: &Case) -> TestCaseResult {
    let name = &case.variable.name;
    for (i, aggregator) in datastore.aggregators().iter().enumerate() {
        for number in 1..=datastore.levels() {
            let level = datastore.aggregate(name, *aggregator, number).unwrap();
            let array = level.array();
            let shape = shape_at(case, number);
            prop_assert_eq!(array.shape(), &shape[..]);
            let seen = array.read(&Region::whole(&shape)).unwrap();
            let want = expected(case, *aggregator, number);
            prop_assert!(
                same(array.element(), &seen, &want),
                "{aggregator} at level {number}, {}: {seen:?} instead of {want:?}",
                array.element()
            );
            if i == 0 {
                let first = datastore.level(name, number).unwrap();
                prop_assert_eq!(first.array().path(), array.path());
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]
    #[test]
    fn of_numbers(case in cases(&NUMBERS)) {
        let store = Case::store();
        let datastore = case.build(&store);
        let whole = Region::whole(&case.variable.shape());
        prop_assert_eq!(datastore.levels(), case.levels());
        prop_assert_eq!(datastore.level("v", 0).unwrap().array().read(&whole).unwrap(), case.bytes.clone());
        check(&datastore, &case)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn of_truth_values(case in cases(&[ElementType::Bool])) {
        check(&case.build(&Case::store()), &case)?;
    }

    #[test]
    fn in_one_thread_or_many(case in cases(&[ElementType::Int16])) {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let (one, many) = (Case::store(), Case::store());
        pool.install(|| case.build(&one));
        case.build(&many);
        prop_assert_eq!(super::support::contents(&one), super::support::contents(&many));
    }
}

fn options(levels: usize, aggregators: &[Aggregator]) -> Options {
    Options {
        levels: Levels::Count(levels),
        aggregators: aggregators.to_vec(),
        ..Options::default()
    }
}

/// The levels of a row of values by one aggregator, as `f64`.
fn of_row<T: ziggurat_core::Element, U: ziggurat_core::Element>(
    values: &[T],
    aggregator: Aggregator,
    adapt: impl Fn(&mut ziggurat_core::Variable),
) -> Vec<U> {
    let shape = [1, values.len() as u64];
    let mut variable = variable("v", T::TYPE, &shape);
    adapt(&mut variable);
    let options = options(1, &[Aggregator::Nearest, aggregator]);
    let datastore = Datastore::create(Case::store(), vec![variable], &options).unwrap();
    let bytes = ziggurat_core::element::to_bytes(values);
    datastore
        .write("v", &Region::whole(&shape), &bytes)
        .unwrap();
    datastore.build(&Silent).unwrap();
    let level = datastore.aggregate("v", aggregator, 1).unwrap();
    level
        .read_values(&Region::whole(level.array().shape()))
        .unwrap()
}

#[test]
fn means_of_integers_round_half_to_even_once() {
    let values: [i32; 12] = [1, 2, 2, 3, -1, -2, -2, -3, -1, 0, i32::MAX, i32::MAX - 1];
    let means: Vec<i32> = of_row(&values, Aggregator::Mean, |_| {});
    assert_eq!(means, [2, 2, -2, -2, 0, i32::MAX - 1]);
    let ends = [u64::MAX, u64::MAX - 2, i64::MAX as u64, u64::MAX];
    let means: Vec<u64> = of_row(&ends, Aggregator::Mean, |_| {});
    assert_eq!(means, [u64::MAX - 1, 13835058055282163711]);
}

#[test]
fn a_falling_scale_turns_extremes_round() {
    let packed = |v: &mut ziggurat_core::Variable| {
        v.attributes.insert("scale_factor".into(), (-0.1).into());
    };
    let values: [i16; 4] = [3, 8, -5, -7];
    assert_eq!(of_row::<_, i16>(&values, Aggregator::Min, packed), [8, -5]);
    assert_eq!(of_row::<_, i16>(&values, Aggregator::Max, packed), [3, -7]);
}

#[test]
fn infinities_are_values() {
    let values = [f32::INFINITY, 1.0, f32::NEG_INFINITY, f32::NAN];
    assert_eq!(
        of_row::<_, f32>(&values, Aggregator::Max, |_| {}),
        [f32::INFINITY, f32::NEG_INFINITY]
    );
    assert_eq!(
        of_row::<_, f32>(&values, Aggregator::Min, |_| {}),
        [1.0, f32::NEG_INFINITY]
    );
    assert_eq!(of_row::<_, u32>(&values, Aggregator::Count, |_| {}), [2, 1]);
}

#[test]
fn counts_of_many_cells_are_wide() {
    let base = variable("v", ElementType::UInt8, &[1, 1]);
    let made = |cells| Aggregator::Count.output(&base, cells).unwrap().element;
    assert_eq!(made(u64::from(u32::MAX)), ElementType::UInt32);
    assert_eq!(made(1 << 32), ElementType::UInt64);
}

#[test]
fn what_cannot_be_aggregated_is_refused() {
    for element in [ElementType::Complex64, ElementType::Complex128] {
        for aggregator in Aggregator::ALL {
            let error = aggregator
                .output(&variable("v", element, &[4, 4]), 4)
                .unwrap_err();
            assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
        }
        // Without levels it can be stored.
        let none = options(0, &[Aggregator::Mean]);
        let variables = vec![variable("v", element, &[4, 4])];
        let datastore = Datastore::create(Case::store(), variables, &none).unwrap();
        datastore.build(&Silent).unwrap();
        datastore.commit().unwrap();
    }
    let count_first = options(1, &[Aggregator::Count]);
    let variables = vec![variable("v", ElementType::UInt8, &[4, 4])];
    let error = Datastore::create(Case::store(), variables, &count_first).unwrap_err();
    assert!(matches!(error, Error::Caller { .. }), "{error:?}");
    assert!(
        error.to_string().contains("does not continue the base"),
        "{error}"
    );
}

#[test]
fn a_huge_domain_costs_what_it_holds() {
    let shape = [1 << 40, 1 << 40];
    let mut sparse = variable("v", ElementType::Float32, &shape);
    sparse.dims[0].axis = ziggurat_core::Axis::Y;
    sparse.dims[1].axis = ziggurat_core::Axis::X;
    let options = Options {
        factors: Factors::Spatial(2),
        ..options(30, &[Aggregator::Max])
    };
    let store = Case::store();
    let datastore = Datastore::create(Arc::clone(&store), vec![sparse], &options).unwrap();
    let corner = Region::new([(1 << 40) - 1, (1 << 40) - 2], [1, 2]);
    let bytes = ziggurat_core::element::to_bytes(&[1.5f32, 2.5]);
    datastore.write("v", &corner, &bytes).unwrap();
    datastore.build(&Silent).unwrap();
    datastore.commit().unwrap();
    let datastore = Datastore::open(store).unwrap();
    let top = datastore.level("v", 30).unwrap();
    let seen: Vec<f32> = top.read_values(&Region::new([1022, 1023], [2, 1])).unwrap();
    assert!(seen[0].is_nan());
    assert_eq!(seen[1], 2.5);
    assert!(datastore.extent("v").unwrap().unwrap().contains(&corner));
}
