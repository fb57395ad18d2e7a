//! Selections against a plain vector: any shape, layout, type and selection, from files and objects.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::subsequence;
use ziggurat_core::codec::CodecSpec;
use ziggurat_core::layout::Layout;
use ziggurat_core::region::offset;
use ziggurat_core::store::{LocalStore, ObjectBackend, Store};
use ziggurat_core::{
    Array, ArrayMetadata, BlockCache, ElementType, Error, Pick, ReadOptions, Region, Selection,
};

use super::support::{any_layout, codecs, elements, noise, region_in};

/// What Python means by `range(size)[pick]`, index by index.
fn picked(pick: &Pick, size: u64) -> Vec<u64> {
    let n = size as i64;
    let wrap = |i: i64| if i < 0 { (i + n) as u64 } else { i as u64 };
    match pick {
        Pick::Index(i) => vec![wrap(*i)],
        Pick::List(list) => list.iter().map(|i| wrap(*i)).collect(),
        Pick::Mask(mask) => (0..size).filter(|i| mask[*i as usize]).collect(),
        Pick::Slice { start, stop, step } => {
            let mut found = Vec::new();
            let edge = |i: i64| if i < 0 { i + n } else { i };
            if *step > 0 {
                let mut i = start.map_or(0, edge).max(0);
                while i < stop.map_or(n, edge).min(n) {
                    found.push(i as u64);
                    i += step;
                }
            } else {
                let mut i = start.map_or(n - 1, edge).min(n - 1);
                while i > stop.map_or(-1, |stop| edge(stop).max(-1)) {
                    found.push(i as u64);
                    i += step;
                }
            }
            found
        }
    }
}

/// Shape and bytes of a selection of the C-order array `bytes`.
pub(super) fn model(
    selection: &Selection,
    shape: &[u64],
    size: usize,
    bytes: &[u8],
) -> (Vec<u64>, Vec<u8>) {
    let element = |index: &[u64]| {
        let at = offset(index, shape) as usize * size;
        bytes[at..at + size].to_vec()
    };
    match selection {
        Selection::Orthogonal(picks) => {
            let pick = |d: usize| picks.get(d).cloned().unwrap_or(Pick::ALL);
            let lists: Vec<Vec<u64>> = (0..shape.len())
                .map(|d| picked(&pick(d), shape[d]))
                .collect();
            let counts: Vec<u64> = lists.iter().map(|l| l.len() as u64).collect();
            let out = Region::whole(&counts).indices().flat_map(|at| {
                let index: Vec<u64> = at.iter().zip(&lists).map(|(i, l)| l[*i as usize]).collect();
                element(&index)
            });
            let kept = (0..shape.len()).filter(|d| !matches!(pick(*d), Pick::Index(_)));
            (kept.map(|d| counts[d]).collect(), out.collect())
        }
        Selection::Points(lists) => {
            let count = lists[0].len();
            let out = (0..count).flat_map(|n| {
                let index: Vec<u64> = lists
                    .iter()
                    .zip(shape)
                    .map(|(l, s)| {
                        if l[n] < 0 {
                            (l[n] + *s as i64) as u64
                        } else {
                            l[n] as u64
                        }
                    })
                    .collect();
                element(&index)
            });
            (vec![count as u64], out.collect())
        }
        Selection::Mask { mask, .. } => {
            let all = bytes.chunks_exact(size).zip(mask);
            let out: Vec<u8> = all
                .filter(|(_, is)| **is)
                .flat_map(|(b, _)| b.to_vec())
                .collect();
            (vec![mask.iter().filter(|is| **is).count() as u64], out)
        }
    }
}

fn pick(size: u64) -> impl Strategy<Value = Pick> {
    let n = size as i64;
    let bound = move || prop::option::of(-n - 3..n + 4);
    let step = prop_oneof![1..5i64, -4..0i64, Just(1000), Just(-1000)];
    prop_oneof![
        3 => (bound(), bound(), step)
            .prop_map(|(start, stop, step)| Pick::Slice { start, stop, step }),
        1 => (-n..n).prop_map(Pick::Index),
        1 => prop::collection::vec(-n..n, 0..6).prop_map(Pick::List),
        1 => subsequence((0..n).collect::<Vec<_>>(), 0..=size as usize).prop_map(Pick::List),
        1 => prop::collection::vec(any::<bool>(), size as usize).prop_map(Pick::Mask),
    ]
}

pub(super) fn selections(shape: &[u64]) -> BoxedStrategy<Selection> {
    let picks: Vec<_> = shape.iter().map(|&size| pick(size)).collect();
    let some = (picks, 0..=shape.len()).prop_map(|(mut picks, keep)| {
        picks.truncate(keep.max(1));
        Selection::Orthogonal(picks)
    });
    if shape.is_empty() {
        return Just(Selection::Orthogonal(Vec::new())).boxed();
    }
    let points = (0..12usize).prop_flat_map({
        let shape = shape.to_vec();
        move |count| {
            let lists: Vec<_> = shape
                .iter()
                .map(|&n| prop::collection::vec(-(n as i64)..n as i64, count))
                .collect();
            lists.prop_map(Selection::Points)
        }
    });
    let of = shape.to_vec();
    let mask = prop::collection::vec(any::<bool>(), shape.iter().product::<u64>() as usize)
        .prop_map(move |mask| Selection::Mask {
            shape: of.clone(),
            mask,
        });
    prop_oneof![4 => some, 1 => points, 1 => mask].boxed()
}

/// Options that force threads or forbid them, fetch block by block or all at once.
pub(super) fn options() -> impl Strategy<Value = ReadOptions> {
    let gap = prop::sample::select(vec![0, 7, 64 << 10]);
    let request = prop::sample::select(vec![0, 50, 16 << 20]);
    let rest = (
        1..5usize,
        any::<bool>(),
        prop::sample::select(vec![0, 200, 1 << 20]),
    );
    (gap, request, rest).prop_map(|(gap, request, (concurrency, serial, index_bytes))| {
        let default = ReadOptions::default();
        let serial = if serial { default.serial } else { 0 };
        ReadOptions {
            gap,
            request,
            concurrency,
            index_bytes,
            serial,
            ..default
        }
    })
}

#[derive(Debug)]
struct Case {
    shape: Vec<u64>,
    layout: Layout,
    element: ElementType,
    codec: CodecSpec,
    fill: u64,
    written: Vec<Region>,
    options: ReadOptions,
    selections: Vec<Selection>,
}

fn cases() -> impl Strategy<Value = Case> {
    (0..4usize)
        .prop_flat_map(|rank| (prop::collection::vec(1..14u64, rank), any_layout(rank)))
        .prop_flat_map(|(shape, layout)| {
            let written = prop::collection::vec(region_in(&shape), 1..3);
            let selections = prop::collection::vec(selections(&shape), 1..6);
            let types = (elements(), codecs(), 0..2u64);
            (
                Just(shape),
                Just(layout),
                types,
                written,
                options(),
                selections,
            )
        })
        .prop_map(
            |(shape, layout, (element, codec, fill), written, options, selections)| Case {
                shape,
                layout,
                element,
                codec,
                fill,
                written,
                options,
                selections,
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]
    #[test]
    fn selections_are_what_numpy_selects(case in cases()) {
        let directory = tempfile::tempdir().unwrap();
        let stores: [Arc<dyn Store>; 2] = [
            Arc::new(ObjectBackend::memory()),
            Arc::new(LocalStore::new(directory.path())),
        ];
        let size = case.element.size();
        let fill = match case.element.is_float() {
            true => vec![0; size],
            false => noise(1, case.element, &vec![0; size], case.fill),
        };
        for store in stores {
            let metadata = ArrayMetadata::new(
                &case.shape, case.element, &fill, case.layout.clone(), &case.codec,
            );
            let array = Array::create(store, "a", metadata).unwrap().with_options(case.options);
            for (n, region) in case.written.iter().enumerate() {
                let seed = n as u64 + 5;
                array.write(region, &noise(region.len(), case.element, &fill, seed)).unwrap();
            }
            let all = array.read(&Region::whole(&case.shape)).unwrap();
            let cached = Array::open(Arc::clone(array.store()), "a")
                .unwrap()
                .with_cache(&Arc::new(BlockCache::new(500)))
                .with_options(case.options);
            for selection in &case.selections {
                let (shape, bytes) = model(selection, &case.shape, size, &all);
                for array in [&array, &cached] {
                    let found = array.select(selection).unwrap();
                    prop_assert_eq!(&found.shape, &shape, "{:?}", selection);
                    prop_assert_eq!(&found.bytes, &bytes, "{:?}", selection);
                }
                prop_assert_eq!(selection.shape(&case.shape).unwrap(), shape);
            }
        }
    }
}

fn example() -> Array {
    let layout = Layout::sharded(&[8, 8], &[4, 4], &[2, 2]).unwrap();
    let codec = CodecSpec::None;
    let metadata = ArrayMetadata::new(&[10, 6], ElementType::Int16, &[0, 0], layout, &codec);
    let array = Array::create(Arc::new(ObjectBackend::memory()), "a", metadata).unwrap();
    let values: Vec<u8> = (0..60i16).flat_map(i16::to_ne_bytes).collect();
    array.write(&Region::whole(&[10, 6]), &values).unwrap();
    array
}

#[test]
fn values_come_typed_and_shaped() {
    let array = example();
    let corners = Selection::from([Pick::from(vec![0, -1]), Pick::every(-5)]);
    assert_eq!(
        array.select_values::<i16>(&corners).unwrap(),
        [5, 0, 59, 54]
    );
    let found = array.select_ndarray::<i16>(&corners).unwrap();
    assert_eq!(found, ndarray::array![[5, 0], [59, 54]].into_dyn());
    let error = array.select_values::<u16>(&corners).unwrap_err();
    assert!(matches!(error, Error::Caller { .. }), "{error}");
}

#[test]
fn what_does_not_fit_names_the_dimension() {
    let array = example();
    let slice = |step| Pick::Slice {
        start: None,
        stop: None,
        step,
    };
    let wrong = [
        (
            Selection::from([Pick::ALL, Pick::from(6)]),
            "dimension 1: index 6",
        ),
        (Selection::from([Pick::from(-11)]), "dimension 0: index -11"),
        (
            Selection::from([Pick::ALL, Pick::from(vec![0, 9])]),
            "dimension 1: index 9",
        ),
        (
            Selection::from([Pick::Mask(vec![true; 3])]),
            "dimension 0: a mask of 3",
        ),
        (Selection::from([slice(0)]), "dimension 0: the step"),
        (
            Selection::from([Pick::ALL, Pick::ALL, Pick::ALL]),
            "3 dimensions selected of 2",
        ),
        (
            Selection::Points(vec![vec![0, 1], vec![0]]),
            "lists of [2, 1]",
        ),
        (Selection::Points(vec![vec![0]]), "2 lists"),
        (
            Selection::Points(vec![vec![0], vec![-7]]),
            "dimension 1: index -7",
        ),
        (
            Selection::Mask {
                shape: vec![6, 10],
                mask: vec![true; 60],
            },
            "[6, 10]",
        ),
        (
            Selection::Mask {
                shape: vec![10, 6],
                mask: vec![true; 59],
            },
            "59 entries",
        ),
    ];
    for (selection, says) in wrong {
        let error = array.select(&selection).unwrap_err();
        assert!(matches!(error, Error::Caller { .. }), "{error:?}");
        assert!(
            error.to_string().contains(says),
            "{error} should say {says}"
        );
    }
}

#[test]
fn what_is_too_large_is_not_allocated() {
    let layout = Layout::unsharded(&[1 << 10]).unwrap();
    let metadata = ArrayMetadata::new(
        &[1 << 62],
        ElementType::Int16,
        &[0, 0],
        layout,
        &CodecSpec::None,
    );
    let array = Array::create(Arc::new(ObjectBackend::memory()), "a", metadata).unwrap();
    for all in [Pick::ALL, Pick::every(-1)] {
        let error = array.select(&Selection::from([all])).unwrap_err();
        assert!(matches!(error, Error::Limit { .. }), "{error:?}");
    }
    let far = Selection::from([Pick::from(vec![-1, 0, 1 << 61])]);
    assert_eq!(array.select(&far).unwrap().bytes, [0; 6]);
}
