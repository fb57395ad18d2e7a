//! How much is read: one request for a chunk, the bytes of a block, no index twice.

use std::sync::Arc;

use ziggurat_core::codec::CodecSpec;
use ziggurat_core::layout::Layout;
use ziggurat_core::shard::ShardIndex;
use ziggurat_core::store::{ObjectBackend, Store};
use ziggurat_core::{Array, ArrayMetadata, ElementType, Region};

use super::support::{Counting, noise};

/// Blocks of 64 KiB that do not compress; 4 x 4 of them in a chunk, 4 chunks in a superchunk.
fn example() -> (Arc<Counting<ObjectBackend>>, Array) {
    let store = Arc::new(Counting::new(ObjectBackend::memory()));
    let layout = Layout::sharded(&[2048, 2048], &[1024, 1024], &[256, 256]).unwrap();
    let codec = CodecSpec::None;
    let metadata = ArrayMetadata::new(&[2500, 2048], ElementType::UInt8, &[0], layout, &codec);
    let dynamic: Arc<dyn Store> = Arc::<Counting<ObjectBackend>>::clone(&store);
    let written = Array::create(Arc::clone(&dynamic), "a", metadata).unwrap();
    let whole = Region::whole(&[2048, 2048]);
    written
        .write(&whole, &noise(whole.len(), ElementType::UInt8, &[0], 5))
        .unwrap();
    // The handle that wrote knows the index.
    let array = Array::open(dynamic, "a").unwrap();
    store.taken();
    (store, array)
}

const BLOCK: u64 = 256 * 256;
const INDEX: u64 = ShardIndex::encoded_size(64) as u64;

fn sizes(store: &Counting<ObjectBackend>) -> Vec<u64> {
    store.taken().into_iter().map(|(_, bytes)| bytes).collect()
}

#[test]
fn a_chunk_is_one_request_after_the_index() {
    let (store, array) = example();
    let chunk = |y, x| Region::of_cell(&[y, x], &[1024, 1024]);
    array.read(&chunk(0, 1)).unwrap();
    assert_eq!(sizes(&store), [INDEX, 16 * BLOCK]);
    array.read(&chunk(1, 0)).unwrap();
    assert_eq!(sizes(&store), [16 * BLOCK], "the index is known");
}

#[test]
fn a_block_is_fetched_alone() {
    let (store, array) = example();
    array.read(&Region::new([300, 600], [10, 10])).unwrap();
    assert_eq!(sizes(&store), [INDEX, BLOCK]);
    let mut block = vec![0; BLOCK as usize];
    assert!(array.read_block_into(&[5, 5], &mut block).unwrap());
    assert_eq!(sizes(&store), [BLOCK]);
    assert!(array.contains_block(&[7, 7]).unwrap());
    assert_eq!(sizes(&store), [] as [u64; 0]);
}

#[test]
fn what_is_absent_is_asked_once() {
    let (store, array) = example();
    let empty = Region::new([2048, 0], [400, 2048]);
    assert!(array.read(&empty).unwrap().iter().all(|b| *b == 0));
    assert_eq!(sizes(&store), [0]);
    array.read(&empty).unwrap();
    assert!(!array.contains_block(&[8, 0]).unwrap());
    assert_eq!(sizes(&store), [] as [u64; 0]);
}

#[test]
fn after_a_write_the_index_is_known() {
    let (store, array) = example();
    array.read(&Region::new([0, 0], [1, 1])).unwrap();
    array
        .write(&Region::new([2048, 0], [1, 3]), &[1, 2, 3])
        .unwrap();
    array
        .write(&Region::new([0, 0], [1, 3]), &[7, 8, 9])
        .unwrap();
    store.taken();
    assert_eq!(array.read(&Region::new([2048, 1], [1, 2])).unwrap(), [2, 3]);
    assert_eq!(array.read(&Region::new([0, 1], [1, 2])).unwrap(), [8, 9]);
    assert_eq!(array.read(&Region::new([1, 1], [1, 2])).unwrap().len(), 2);
    assert_eq!(sizes(&store), [BLOCK, BLOCK, BLOCK]);
}

#[test]
fn far_blocks_are_fetched_apart_and_near_ones_together() {
    let (store, array) = example();
    // A column of blocks in two chunks: each is 64 KiB wide, so gaps of one block are bridged.
    array.read(&Region::new([0, 0], [2048, 1])).unwrap();
    let read = sizes(&store);
    assert_eq!(read[0], INDEX);
    assert!(read[1..].iter().sum::<u64>() >= 8 * BLOCK);
    assert_eq!(
        read[1..],
        [BLOCK; 8],
        "three blocks lie between two of a column"
    );
    array.read(&Region::new([0, 0], [1, 600])).unwrap();
    assert_eq!(sizes(&store), [3 * BLOCK], "neighbours in a row");
}

#[test]
fn a_point_a_plane_and_a_box_read_the_blocks_they_touch() {
    let (store, array) = example();
    array.read(&Region::new([0, 0], [1, 1])).unwrap();
    for (region, blocks) in [
        (Region::new([700, 900], [1, 1]), 1),
        (Region::new([300, 0], [1, 2048]), 8),
        (Region::new([0, 600], [2048, 1]), 8),
        (Region::new([500, 250], [20, 20]), 4),
        (Region::new([0, 0], [2048, 2048]), 64),
    ] {
        store.taken();
        array.read(&region).unwrap();
        let read: u64 = sizes(&store).iter().sum();
        assert_eq!(read, blocks * BLOCK, "{region}");
    }
}
