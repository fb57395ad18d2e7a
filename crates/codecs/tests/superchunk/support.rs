//! Framed arrays in memory, and what they should hold.

use std::sync::Arc;

use bytes::Bytes;
use zarrs::array::{Array as Foreign, ArrayBytes, ArraySubset};
use zarrs::storage::store::MemoryStore;
use zarrs::storage::{StoreKey, WritableStorageTraits};
use ziggurat_codecs::blosc2::B2nd;
use ziggurat_codecs::superchunk::{NAME, verify};
use ziggurat_core::exec::block_on;
use ziggurat_core::layout::Layout;
use ziggurat_core::region::{Window, copy};
use ziggurat_core::store::ObjectBackend;
use ziggurat_core::{Array, ArrayMetadata, ElementType, Region, Result};

pub(super) use crate::blosc2::support::part;

/// Metadata of a framed array.
pub(super) fn metadata(
    shape: &[u64],
    element: ElementType,
    fill: &[u8],
    [superchunk, chunk, block]: [&[u64]; 3],
) -> ArrayMetadata {
    ziggurat_codecs::register();
    let layout = Layout::sharded(superchunk, chunk, block).unwrap();
    let mut metadata = ArrayMetadata::new(shape, element, fill, layout, &"zstd:1".parse().unwrap());
    metadata.framing = Some(NAME.to_owned());
    metadata
}

pub(super) fn create(metadata: ArrayMetadata) -> Result<Array> {
    Array::create(Arc::new(ObjectBackend::memory()), "a", metadata)
}

/// An array of 20 x 30 `uint16` in two superchunks, and its elements: a ramp, noise, and fill values.
pub(super) fn example() -> (Array, Vec<u8>) {
    let shapes: [&[u64]; 3] = [&[20, 16], &[10, 8], &[5, 4]];
    let array = create(metadata(&[20, 30], ElementType::UInt16, &[9, 0], shapes)).unwrap();
    let mut state = 1_u32;
    let elements: Vec<u8> = (0..600_u32)
        .flat_map(|i| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let value = match i % 30 / 10 {
                0 => i as u16,
                1 => (state >> 16) as u16,
                _ => 9,
            };
            value.to_le_bytes()
        })
        .collect();
    array.write(&Region::whole(&[20, 30]), &elements).unwrap();
    (array, elements)
}

/// The object of a superchunk.
pub(super) fn object(array: &Array, superchunk: &[u64]) -> Option<Bytes> {
    block_on(array.store().get(&array.superchunk_key(superchunk))).unwrap()
}

pub(super) fn put(array: &Array, superchunk: &[u64], object: impl Into<Bytes>) {
    let key = array.superchunk_key(superchunk);
    block_on(array.store().put(&key, object.into())).unwrap();
}

/// The same array without anything remembered.
pub(super) fn reopen(array: &Array) -> Array {
    Array::open(Arc::clone(array.store()), array.path()).unwrap()
}

/// All elements, as zarrs reads them.
fn by_zarrs(array: &Array) -> Vec<u8> {
    let store = Arc::new(MemoryStore::new());
    for key in block_on(array.store().list("")).unwrap() {
        let object = block_on(array.store().get(&key)).unwrap().unwrap();
        store.set(&StoreKey::new(key).unwrap(), object).unwrap();
    }
    let foreign = Foreign::open(store, "/a").unwrap();
    let whole = ArraySubset::new_with_shape(array.shape().to_vec());
    let elements: ArrayBytes<'_> = foreign.retrieve_array_subset(&whole).unwrap();
    elements.into_fixed().unwrap().into_owned()
}

/// Asserts that both faces of every superchunk hold `elements`.
pub(super) fn assert_faces(array: &Array, elements: &[u8]) {
    let whole = Region::whole(array.shape());
    assert_eq!(array.read(&whole).unwrap(), elements, "as Zarr");
    assert!(by_zarrs(array) == elements, "as zarrs reads Zarr");
    let size = array.element().size();
    let mut framed = array.metadata().fill.repeat(whole.len() as usize);
    for superchunk in array.superchunks().unwrap() {
        let faults = verify(array, &superchunk).unwrap();
        assert!(faults.is_empty(), "{faults:?}");
        let cell = Region::of_cell(&superchunk, array.layout().superchunk());
        let within = cell.intersect(&whole).unwrap();
        let face = B2nd::open_source(object(array, &superchunk).unwrap()).unwrap();
        assert_eq!(face.layout().shape(), within.shape);
        let found = face.read(&Region::whole(&within.shape)).unwrap();
        let origin = vec![0; within.rank()];
        let (from, to) = (
            Window {
                shape: &within.shape,
                start: &origin,
            },
            Window {
                shape: &whole.shape,
                start: &within.start,
            },
        );
        copy(&within.shape, size, &found, from, &mut framed, to);
    }
    assert!(framed == elements, "as Blosc2");
}
