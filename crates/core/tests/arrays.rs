//! Arrays against a plain vector: any shape, layout, type and codec, any sequence of writes.

use std::sync::Arc;

use proptest::prelude::*;
use ziggurat_core::codec::CodecSpec;
use ziggurat_core::exec::block_on;
use ziggurat_core::layout::Layout;
use ziggurat_core::store::{ObjectBackend, Store};
use ziggurat_core::{Array, ArrayMetadata, ElementType, Error, Region};

use super::support::{Model, any_layout, codecs, elements, layouts, noise, region_in};

/// A region with the seed of its elements: 0 writes the fill value.
type Write = (Region, u64);

#[derive(Debug)]
struct Case {
    shape: Vec<u64>,
    element: ElementType,
    fill: Vec<u8>,
    layout: Layout,
    codec: CodecSpec,
    writes: Vec<Write>,
    reads: Vec<Region>,
}

fn cases() -> impl Strategy<Value = Case> {
    (0..4usize)
        .prop_flat_map(|rank| (prop::collection::vec(1..14u64, rank), any_layout(rank)))
        .prop_flat_map(|(shape, layout)| {
            let writes = prop::collection::vec(
                (
                    region_in(&shape),
                    prop_oneof![1 => Just(0), 3 => any::<u64>()],
                ),
                0..6,
            );
            let reads = prop::collection::vec(region_in(&shape), 1..4);
            let rest = (elements(), any::<bool>(), codecs(), writes, reads);
            (Just(shape), Just(layout), rest)
        })
        .prop_map(|(shape, layout, (element, zero, codec, writes, reads))| {
            let seed = if zero { 0 } else { 7 };
            let fill = noise(1, element, &vec![0; element.size()], seed);
            // A NaN is one value in a document; any other would not survive it.
            let fill = if element.is_float() {
                vec![0; element.size()]
            } else {
                fill
            };
            Case {
                shape,
                element,
                fill,
                layout,
                codec,
                writes,
                reads,
            }
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]
    #[test]
    fn reads_see_what_was_written(case in cases()) {
        let store: Arc<dyn Store> = Arc::new(ObjectBackend::memory());
        let metadata = ArrayMetadata::new(
            &case.shape, case.element, &case.fill, case.layout, &case.codec,
        );
        let array = Array::create(Arc::clone(&store), "g/a", metadata).unwrap();
        let mut model = Model::new(&array);
        let whole = Region::whole(&case.shape);
        for (region, seed) in &case.writes {
            let bytes = noise(region.len(), case.element, &case.fill, *seed);
            array.write(region, &bytes).unwrap();
            model.write(region, &bytes);
            prop_assert_eq!(array.read(region).unwrap(), bytes);
        }
        let reopened = Array::open(Arc::clone(&store), "g/a").unwrap();
        prop_assert_eq!(reopened.metadata(), array.metadata());
        for handle in [&array, &reopened] {
            prop_assert_eq!(&handle.read(&whole).unwrap(), &model.bytes);
            for region in &case.reads {
                prop_assert_eq!(handle.read(region).unwrap(), model.read(region));
            }
        }
        // What is stored holds something, and what holds something is stored.
        let superchunk = array.layout().superchunk().to_vec();
        let full: Vec<Vec<u64>> = whole
            .cells(&superchunk)
            .indices()
            .filter(|index| {
                let part = Region::of_cell(index, &superchunk).intersect(&whole).unwrap();
                model.read(&part).chunks_exact(case.element.size()).any(|e| e != case.fill)
            })
            .collect();
        prop_assert_eq!(array.superchunks().unwrap(), full);
        for block in whole.cells(array.layout().block()).indices() {
            let part = Region::of_cell(&block, array.layout().block()).intersect(&whole).unwrap();
            let holds = model.read(&part).chunks_exact(case.element.size()).any(|e| e != case.fill);
            prop_assert_eq!(reopened.contains_block(&block).unwrap(), holds);
        }
        // And with everything taken back nothing is left but the document.
        array.write(&whole, &case.fill.repeat(whole.len() as usize)).unwrap();
        prop_assert_eq!(block_on(store.list("")).unwrap(), ["g/a/zarr.json"]);
        prop_assert_eq!(array.stored_size().unwrap(), 0);
    }

    #[test]
    fn a_superchunk_does_not_depend_on_how_it_was_written(layout in layouts(2), seed in 1..u64::MAX) {
        let shape: Vec<u64> = layout.superchunk().iter().map(|s| s + 1).collect();
        let bytes = noise(Region::whole(&shape).len(), ElementType::Int16, &[0, 0], seed);
        let stored = |by_rows: bool| {
            let store: Arc<dyn Store> = Arc::new(ObjectBackend::memory());
            let codec = CodecSpec::default();
            let metadata =
                ArrayMetadata::new(&shape, ElementType::Int16, &[0, 0], layout.clone(), &codec);
            let array = Array::create(Arc::clone(&store), "a", metadata).unwrap();
            if by_rows {
                let width = shape[1] as usize * 2;
                for (row, bytes) in bytes.chunks_exact(width).enumerate().rev() {
                    array.write(&Region::new([row as u64, 0], [1, shape[1]]), bytes).unwrap();
                }
            } else {
                array.write(&Region::whole(&shape), &bytes).unwrap();
            }
            block_on(store.get("a/c/0/0")).unwrap()
        };
        prop_assert_eq!(stored(true), stored(false));
    }
}

fn example() -> (Arc<dyn Store>, Array) {
    let store: Arc<dyn Store> = Arc::new(ObjectBackend::memory());
    let layout = Layout::sharded(&[8, 8], &[4, 4], &[2, 2]).unwrap();
    let codec = CodecSpec::default();
    let metadata = ArrayMetadata::new(&[10, 10], ElementType::Int16, &[0, 0], layout, &codec);
    let array = Array::create(Arc::clone(&store), "a", metadata).unwrap();
    (store, array)
}

#[test]
fn requests_outside_of_an_array_are_refused() {
    let (_, array) = example();
    for region in [
        Region::new([0, 5], [1, 6]),
        Region::new([11, 0], [0, 0]),
        Region::new([0], [1]),
        Region::new([u64::MAX, 0], [2, 1]),
        Region::new([0, 0], [u64::MAX, u64::MAX]),
    ] {
        let error = array.read(&region).unwrap_err();
        assert!(matches!(error, Error::Caller { .. }), "{error:?}");
        let error = array.write(&region, &[0; 4]).unwrap_err();
        assert!(matches!(error, Error::Caller { .. }), "{error:?}");
    }
    let error = array
        .write(&Region::new([0, 0], [2, 2]), &[0; 7])
        .unwrap_err();
    assert!(error.to_string().contains("which takes 8"), "{error}");
    let error = array
        .read_values::<f32>(&Region::whole(&[10, 10]))
        .unwrap_err();
    assert!(error.to_string().contains("int16, not float32"), "{error}");
    assert!(array.read(&Region::new([3, 3], [0, 2])).unwrap().is_empty());
}

#[test]
fn a_node_is_not_replaced_by_create() {
    let (store, array) = example();
    let error = Array::create(store, "a", array.metadata().clone()).unwrap_err();
    assert!(matches!(error, Error::Conflict { .. }), "{error:?}");
}

#[test]
fn an_array_of_a_huge_domain_costs_nothing() {
    let store: Arc<dyn Store> = Arc::new(ObjectBackend::memory());
    let shape = [u64::MAX, 1 << 60];
    let layout = Layout::sharded(&[64, 64], &[32, 32], &[16, 16]).unwrap();
    let codec = CodecSpec::default();
    let metadata = ArrayMetadata::new(&shape, ElementType::UInt8, &[0], layout, &codec);
    let array = Array::create(store, "a", metadata).unwrap();
    let corner = Region::new([u64::MAX - 3, (1 << 60) - 3], [3, 3]);
    array.write(&corner, &[1, 2, 3, 4, 5, 6, 7, 8, 9]).unwrap();
    let seen = array
        .read(&Region::new([u64::MAX - 4, (1 << 60) - 2], [3, 2]))
        .unwrap();
    assert_eq!(seen, [0, 0, 2, 3, 5, 6]);
    assert_eq!(array.superchunks().unwrap().len(), 1);
    let error = array.read(&Region::whole(&shape)).unwrap_err();
    assert!(matches!(error, Error::Limit { .. }), "{error:?}");
}

#[test]
fn metadata_that_contradicts_itself_makes_no_array() {
    let store: Arc<dyn Store> = Arc::new(ObjectBackend::memory());
    let layout = Layout::unsharded(&[4, 4]).unwrap();
    let codec = CodecSpec::default();
    let rank = ArrayMetadata::new(&[10], ElementType::UInt8, &[0], layout.clone(), &codec);
    let fill = ArrayMetadata::new(&[10, 10], ElementType::UInt8, &[], layout, &codec);
    for metadata in [rank, fill] {
        let error = Array::new(Arc::clone(&store), "a", metadata).unwrap_err();
        assert!(matches!(error, Error::Caller { .. }), "{error:?}");
    }
}
