//! Shapes that change: what is cut off never comes back, whoever dies on the way.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};
use ziggurat_core::codec::CodecSpec;
use ziggurat_core::exec::block_on;
use ziggurat_core::layout::Layout;
use ziggurat_core::store::{ObjectBackend, Store};
use ziggurat_core::{Array, ArrayMetadata, ElementType, Error, Region};

use super::support::{Model, Mortal, layouts, noise};

fn create(store: &Arc<dyn Store>, shape: &[u64], layout: &Layout) -> Array {
    let codec = CodecSpec::None;
    let metadata = ArrayMetadata::new(shape, ElementType::UInt8, &[0], layout.clone(), &codec);
    Array::create(Arc::clone(store), "a", metadata).unwrap()
}

fn document(store: &Arc<dyn Store>) -> Value {
    let bytes = block_on(store.get("a/zarr.json")).unwrap().unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// Killed before each change of the store, in turn, until shrinking comes to its end.
    #[test]
    fn a_kill_while_shrinking_leaves_the_old_shape_or_the_new(
        layout in layouts(2),
        shape in prop::collection::vec(1..12u64, 2),
        smaller in prop::collection::vec(0..12u64, 2),
        seed in 1..u64::MAX,
    ) {
        let smaller: Vec<u64> = shape.iter().zip(&smaller).map(|(n, m)| *n.min(m)).collect();
        for budget in 0.. {
            let mortal = Arc::new(Mortal::new(ObjectBackend::memory()));
            let store: Arc<dyn Store> = Arc::<Mortal<ObjectBackend>>::clone(&mortal);
            let mut array = create(&store, &shape, &layout);
            let whole = Region::whole(&shape);
            array.write(&whole, &noise(whole.len(), ElementType::UInt8, &[0], seed)).unwrap();
            let mut model = Model::new(&array);
            model.write(&whole, &array.read(&whole).unwrap());
            let old = model.bytes.clone();
            mortal.dies_after(budget);
            let result = array.resize(&smaller);
            mortal.lives();
            let mut after = Array::open(Arc::clone(&store), "a").unwrap();
            if after.shape() == shape {
                prop_assert_eq!(after.read(&whole).unwrap(), old);
            } else {
                prop_assert_eq!(after.shape(), &smaller[..]);
            }
            let shape_then = after.shape().to_vec();
            model.resize(&shape_then);
            prop_assert_eq!(&after.read(&Region::whole(&shape_then)).unwrap(), &model.bytes);
            // Whoever enlarges it finds fill values.
            let larger: Vec<u64> = shape.iter().map(|n| n + 3).collect();
            after.resize(&larger).unwrap();
            model.resize(&larger);
            prop_assert_eq!(&after.read(&Region::whole(&larger)).unwrap(), &model.bytes);
            prop_assert!(document(&store)["attributes"]["ziggurat"]["clearing"].is_null());
            if result.is_ok() {
                prop_assert!(budget > 0 || smaller == shape);
                break;
            }
        }
    }
}

#[test]
fn a_shrunk_array_leaves_nothing_behind() {
    let store: Arc<dyn Store> = Arc::new(ObjectBackend::memory());
    let layout = Layout::sharded(&[4, 4], &[2, 2], &[2, 2]).unwrap();
    let mut array = create(&store, &[9, 9], &layout);
    array.write(&Region::whole(&[9, 9]), &[3; 81]).unwrap();
    array.resize(&[5, 3]).unwrap();
    let mut keys = block_on(store.list("a/c")).unwrap();
    keys.sort();
    assert_eq!(keys, ["a/c/0/0", "a/c/1/0"]);
    // Blocks of 2 x 2 bytes: 2 x 2 of them above, 1 x 2 below.
    assert_eq!(array.stored_size().unwrap(), 6 * 4 + 2 * (4 * 16 + 4));
    array.resize(&[0, 3]).unwrap();
    assert_eq!(block_on(store.list("a")).unwrap(), ["a/zarr.json"]);
}

#[test]
fn a_document_keeps_what_others_wrote_into_it() {
    let store: Arc<dyn Store> = Arc::new(ObjectBackend::memory());
    let layout = Layout::sharded(&[8], &[4], &[2]).unwrap();
    let mut array = create(&store, &[8], &layout);
    let mut changed = document(&store);
    changed["attributes"]["units"] = json!("m");
    changed["attributes"]["ziggurat"]["more"] = json!([1]);
    changed["extra"] = json!({"must_understand": false});
    let bytes = serde_json::to_vec(&changed).unwrap();
    block_on(store.put("a/zarr.json", bytes.into())).unwrap();
    array.write(&Region::whole(&[8]), &[1; 8]).unwrap();
    array.resize(&[3]).unwrap();
    array.resize(&[12]).unwrap();
    changed["shape"] = json!([12]);
    assert_eq!(document(&store), changed);
}

#[test]
fn other_handles_see_the_shape_when_they_are_refreshed() {
    let store: Arc<dyn Store> = Arc::new(ObjectBackend::memory());
    let layout = Layout::unsharded(&[2]).unwrap();
    let mut array = create(&store, &[4], &layout);
    let mut other = Array::open(Arc::clone(&store), "a").unwrap();
    array.write(&Region::whole(&[4]), &[1, 2, 3, 4]).unwrap();
    array.resize(&[3]).unwrap();
    assert_eq!(other.shape(), [4]);
    assert_eq!(other.read(&Region::whole(&[4])).unwrap(), [1, 2, 3, 0]);
    other.refresh().unwrap();
    assert_eq!(other.shape(), [3]);
    // And a handle that is not refreshed resizes what is there, not what it saw.
    array.resize(&[5]).unwrap();
    other.resize(&[6]).unwrap();
    assert_eq!(array.read(&Region::whole(&[5])).unwrap(), [1, 2, 3, 0, 0]);
}

#[test]
fn a_shape_of_another_rank_is_refused() {
    let store: Arc<dyn Store> = Arc::new(ObjectBackend::memory());
    let mut array = create(&store, &[4], &Layout::unsharded(&[2]).unwrap());
    let error = array.resize(&[4, 4]).unwrap_err();
    assert!(matches!(error, Error::Caller { .. }), "{error:?}");
}
