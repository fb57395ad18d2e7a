//! Appending plane by plane to blocks that grow.

use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use ziggurat_core::layout::Layout;
use ziggurat_core::store::{Durability, LocalStore};
use ziggurat_core::{Array, ArrayMetadata, ElementType, InPlace, Region, Updates};

use super::support::{Model, noise};

const ELEMENT: ElementType = ElementType::Int16;

fn updates(grow: bool) -> Updates {
    Updates::InPlace(InPlace {
        grow,
        ..InPlace::default()
    })
}

fn store(dir: &Path) -> Arc<LocalStore> {
    Arc::new(LocalStore::new(dir).with_durability(Durability::Process))
}

/// An empty array of `columns`, in blocks of 8 planes of 16 x 32 elements and superchunks of 16 x 32 x 64.
fn create(dir: &Path, codec: &str, columns: u64, grow: bool) -> Array {
    let layout = Layout::sharded(&[16, 32, 64], &[8, 16, 32], &[8, 16, 32]).unwrap();
    let shape = [0, 20, columns];
    let metadata = ArrayMetadata::new(&shape, ELEMENT, &[7, 7], layout, &codec.parse().unwrap());
    let array = Array::create(store(dir), "a", metadata).unwrap();
    array.with_updates(updates(grow))
}

fn open(dir: &Path) -> Array {
    Array::open(store(dir), "a").unwrap()
}

fn plane(array: &Array, seed: u64) -> Vec<u8> {
    let shape = &array.shape()[1..];
    noise(shape.iter().product(), ELEMENT, &[7, 7], seed)
}

#[test]
fn planes_that_are_appended_are_written_once() {
    let write = |grow: bool| {
        let dir = tempfile::tempdir().unwrap();
        let mut array = create(dir.path(), "blosc-lz4", 64, grow);
        let mut all = Vec::new();
        for i in 0..40 {
            let bytes = plane(&array, i + 1);
            array.append(0, &bytes).unwrap();
            all.extend(bytes);
            // As another process sees it.
            let other = open(dir.path());
            let found = other.read(&Region::whole(other.shape())).unwrap();
            assert_eq!(found, all, "after {i}");
        }
        let size = array.stored_size().unwrap();
        let compacted = array.compact().unwrap();
        assert!(size <= compacted.after * 3 / 2, "{size}, {compacted:?}");
        assert_eq!(
            open(dir.path())
                .read(&Region::whole(array.shape()))
                .unwrap(),
            all
        );
        compacted.after
    };
    let (grown, encoded) = (write(true), write(false));
    assert!(grown != encoded, "it grew");
    assert!(
        grown < encoded * 5 / 4,
        "{grown} bytes instead of {encoded}"
    );
}

#[test]
fn what_lay_in_a_block_stays_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let mut array = create(dir.path(), "blosc-lz4", 64, true);
    let file = dir.path().join("a/c/0/0/0");
    for i in 0..8 {
        let before = std::fs::read(&file).unwrap_or_default();
        array.append(0, &plane(&array, i + 1)).unwrap();
        let after = std::fs::read(&file).unwrap();
        if i < 3 {
            continue;
        }
        // A new beginning before each of the 4 blocks, and the index.
        assert_eq!(before.len(), after.len());
        let changed = |from: &[u8], to: &[u8]| from.iter().zip(to).filter(|(a, b)| a != b).count();
        let plane = 20 * 64 * 2;
        assert!(
            changed(&before, &after) < plane + 4 * 100 + 8 * 16 + 4,
            "after {i}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn growing_blocks_hold_what_was_written(
        codec in prop::sample::select(vec!["blosc-lz4", "blosc-zstd:1", "blosc-lz4:5:bitshuffle", "zstd:1"]),
        columns in prop::sample::select(vec![33u64, 64, 70]),
        steps in prop::collection::vec((0..6u8, 0..40u64, 1..4u64, any::<bool>(), 0..1000u64), 1..40),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut array = create(dir.path(), codec, columns, true);
        let mut model = Model::new(&array);
        for (kind, at, count, reopen, seed) in steps {
            let shape = array.shape().to_vec();
            let mut region = Region::whole(&shape);
            match kind {
                0..3 => {
                    let bytes: Vec<u8> = (0..count).flat_map(|i| plane(&array, seed + i)).collect();
                    model.resize(&[shape[0] + count, shape[1], shape[2]]);
                    let taken = array.append(0, &bytes).unwrap();
                    model.write(&taken, &bytes);
                }
                _ if shape[0] == 0 => {}
                3 | 4 => {
                    // Some planes again, of all columns or of some.
                    region.start[0] = at % shape[0];
                    region.shape[0] = count.min(shape[0] - region.start[0]);
                    if kind == 4 {
                        region.shape[2] = (at + 1).min(columns);
                    }
                    let bytes = match seed % 3 {
                        0 => [7u8, 7].repeat(region.len() as usize),
                        _ => noise(region.len(), ELEMENT, &[7, 7], seed),
                    };
                    array.write(&region, &bytes).unwrap();
                    model.write(&region, &bytes);
                }
                _ => {
                    array.compact().unwrap();
                }
            }
            if reopen {
                array = open(dir.path()).with_updates(updates(seed % 5 > 0));
            }
            let whole = Region::whole(array.shape());
            prop_assert_eq!(array.read(&whole).unwrap(), model.read(&whole));
        }
        let theirs = open(dir.path());
        let whole = Region::whole(theirs.shape());
        prop_assert_eq!(theirs.read(&whole).unwrap(), model.read(&whole));
    }
}
