//! Arrays of zarrs that use the codec, found at link time.

use std::sync::Arc;

use serde_json::{Value, json};
use zarrs::array::{Array, ArrayBytes, ArrayMetadata, ArraySubset, CodecOptions, Indexer};
use zarrs::storage::storage_adapter::performance_metrics::PerformanceMetricsStorageAdapter;
use zarrs::storage::store::MemoryStore;
use ziggurat_codecs::b2nd::Configuration;
use ziggurat_core::Region;

use super::field;
use crate::blosc2::support::part;

type Counting = PerformanceMetricsStorageAdapter<MemoryStore>;

const SHAPE: [u64; 3] = [40, 60, 100];
/// Chunks of 40 KiB in the shards; 2 x 3 x 2 blocks, which do not divide them.
const CHUNK: [u64; 3] = [10, 20, 50];
const BLOCK: [u64; 3] = [6, 8, 30];

fn document(codecs: &Value, chunk: &[u64]) -> ArrayMetadata {
    serde_json::from_value(json!({
        "zarr_format": 3, "node_type": "array", "shape": SHAPE, "data_type": "float32",
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunk}},
        "chunk_key_encoding": {"name": "default"}, "fill_value": -1, "codecs": codecs,
        "attributes": {}
    }))
    .unwrap()
}

fn sharded(b2nd: &Configuration) -> ArrayMetadata {
    let codecs = json!([{"name": "sharding_indexed", "configuration": {
        "chunk_shape": CHUNK, "codecs": [b2nd.to_json()],
        "index_codecs": [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "crc32c"}],
        "index_location": "end"
    }}]);
    document(&codecs, &[20, 60, 100])
}

/// An array in a store that counts, whose last shard was not written.
fn array(metadata: &ArrayMetadata) -> (Array<Counting>, Vec<u8>) {
    let store = Arc::new(Counting::new(Arc::new(MemoryStore::new())));
    let array = Array::new_with_metadata(store, "/a", metadata.clone()).unwrap();
    array.store_metadata().unwrap();
    let written = [20, 60, 100];
    let mut elements = field(&written);
    let bytes = ArrayBytes::new_flen(elements.clone());
    let subset = ArraySubset::new_with_shape(written.to_vec());
    array.store_array_subset(&subset, bytes).unwrap();
    elements.extend((-1f32).to_le_bytes().repeat(20 * 60 * 100));
    (array, elements)
}

fn read(array: &Array<Counting>, region: &Region) -> Vec<u8> {
    let subset = ArraySubset::new_with_start_shape(region.start.clone(), region.shape.clone());
    let bytes: ArrayBytes<'_> = array.retrieve_array_subset(&subset.unwrap()).unwrap();
    bytes.into_fixed().unwrap().into_owned()
}

fn regions() -> Vec<Region> {
    vec![
        Region::whole(&SHAPE),
        Region::new([3, 0, 0], [1, 60, 100]),
        Region::new([0, 7, 0], [40, 1, 100]),
        Region::new([0, 0, 51], [20, 60, 1]),
        Region::new([9, 19, 49], [2, 2, 2]),
        Region::new([17, 33, 80], [1, 1, 1]),
        Region::new([18, 3, 80], [10, 5, 9]),
        Region::new([30, 3, 80], [10, 5, 9]),
        Region::new([10, 20, 50], [10, 20, 50]),
    ]
}

#[test]
fn regions_of_shards_and_chunks() {
    let b2nd = |checksum| Configuration::new(BLOCK).checksum(checksum);
    let documents = [
        sharded(&b2nd(false)),
        sharded(&b2nd(true)),
        document(&json!([b2nd(true).to_json()]), &[20, 60, 100]),
    ];
    for metadata in documents {
        let (array, elements) = array(&metadata);
        for region in regions() {
            let expected = part(&elements, 4, &SHAPE, &region);
            assert!(read(&array, &region) == expected, "{region}");
        }
    }
}

#[test]
fn a_transposed_chunk() {
    let codecs = json!([
        {"name": "transpose", "configuration": {"order": [2, 0, 1]}},
        Configuration::new([30, 6, 8]).to_json()
    ]);
    let (array, elements) = array(&document(&codecs, &[20, 60, 100]));
    for region in regions() {
        let expected = part(&elements, 4, &SHAPE, &region);
        assert!(read(&array, &region) == expected, "{region}");
    }
}

#[test]
fn only_the_blocks_that_are_touched_are_read() {
    let (array, elements) = array(&sharded(&Configuration::new(BLOCK).checksum(true)));
    let store = array.storage();
    // In the chunk at [0, 1, 1] the blocks at [0, 0..2, 1], which are not adjacent.
    let region = Region::new([2, 25, 85], [3, 4, 10]);
    store.reset();
    assert!(read(&array, &region) == part(&elements, 4, &SHAPE, &region));
    let (index, front) = (2 * 3 * 2 * 16 + 4, 32 + 8 * 12 + 4);
    let blocks = store.bytes_read() - index - front;
    assert_eq!(store.reads(), 2 + 2);
    // Two of the twelve blocks of a chunk.
    let chunk = Region::new([0, 20, 50], CHUNK);
    store.reset();
    read(&array, &chunk);
    assert_eq!(store.reads(), 2);
    let whole = store.bytes_read() - index - front;
    assert!(blocks * 4 < whole, "{blocks} of {whole} bytes");
}

#[test]
fn elements_in_any_order() {
    let (array, elements) = array(&sharded(&Configuration::new(BLOCK)));
    let indices: Vec<Vec<u64>> = vec![vec![9, 9, 9], vec![0, 59, 99], vec![9, 9, 8], vec![3, 2, 1]];
    let decoder = array.partial_decoder(&[0, 0, 0]).unwrap();
    let indexer: &dyn Indexer = &indices;
    let found = decoder
        .partial_decode(indexer, &CodecOptions::default())
        .unwrap();
    let expected = indices
        .iter()
        .flat_map(|index| part(&elements, 4, &SHAPE, &Region::new(index.clone(), [1, 1, 1])));
    assert_eq!(
        found.into_fixed().unwrap().into_owned(),
        expected.collect::<Vec<u8>>()
    );
}

#[test]
fn chunks_without_blocks() {
    // Shorter than the front of a chunk of blocks: one value, or elements as they are.
    let codecs = json!([Configuration::new([1, 1, 5]).to_json()]);
    let chunk = [4, 5, 10];
    let (array, elements) = array(&document(&codecs, &chunk));
    let same: Vec<u8> = 7f32.to_le_bytes().repeat(200);
    array
        .store_chunk(&[0, 0, 0], ArrayBytes::new_flen(same.clone()))
        .unwrap();
    let region = Region::new([1, 2, 3], [2, 2, 4]);
    assert_eq!(read(&array, &region), part(&same, 4, &chunk, &region));
    let region = Region::new([5, 2, 3], [2, 2, 4]);
    assert_eq!(read(&array, &region), part(&elements, 4, &SHAPE, &region));
}

#[test]
fn metadata_is_kept() {
    let b2nd = Configuration::new(BLOCK).checksum(true);
    let (array, _) = array(&sharded(&b2nd));
    let written = serde_json::to_value(array.metadata()).unwrap();
    let codec = &written["codecs"][0]["configuration"]["codecs"][0];
    assert_eq!(*codec, b2nd.to_json());
    let reopened = Array::open(array.storage(), "/a").unwrap();
    let reopened = serde_json::to_value(reopened.metadata()).unwrap();
    assert_eq!(reopened["codecs"], written["codecs"]);
}

#[test]
fn faults_are_named() {
    let mut codec = Configuration::new(BLOCK).to_json();
    codec["configuration"]["shuffle"] = json!(1);
    let metadata = document(&json!([codec]), &[20, 60, 100]);
    let fault = Array::new_with_metadata(Arc::new(MemoryStore::new()), "/a", metadata).unwrap_err();
    assert!(fault.to_string().contains("'shuffle'"), "{fault}");
}

mod asynchronous {
    use zarrs::storage::storage_adapter::sync_to_async::{
        SyncToAsyncSpawnBlocking, SyncToAsyncStorageAdapter,
    };

    use super::*;

    struct Here;

    impl SyncToAsyncSpawnBlocking for Here {
        fn spawn_blocking<F, R>(&self, f: F) -> impl Future<Output = R> + Send
        where
            F: FnOnce() -> R + Send + 'static,
            R: Send + 'static,
        {
            std::future::ready(f())
        }
    }

    #[test]
    fn regions_of_shards_and_chunks() {
        let chunked = json!([Configuration::new(BLOCK).checksum(true).to_json()]);
        let documents = [
            sharded(&Configuration::new(BLOCK)),
            document(&chunked, &[20, 60, 100]),
        ];
        for (n, metadata) in documents.into_iter().enumerate() {
            let (written, elements) = array(&metadata);
            let store = written.storage();
            let adapter = Arc::new(SyncToAsyncStorageAdapter::new(Arc::clone(&store), Here));
            let array = Array::new_with_metadata(adapter, "/a", metadata).unwrap();
            for region in regions() {
                let subset =
                    ArraySubset::new_with_start_shape(region.start.clone(), region.shape.clone());
                let expected = part(&elements, 4, &SHAPE, &region);
                store.reset();
                let subset = subset.unwrap();
                let read = array.async_retrieve_array_subset::<ArrayBytes<'_>>(&subset);
                let found = ziggurat_core::exec::block_on(read).unwrap();
                assert!(found.into_fixed().unwrap() == expected, "{region}");
                // Of shards zarrs 0.23 reads whole chunks.
                if n == 1 && region.len() == 1 {
                    let front = 32 + 8 * (4 * 8 * 4) + 4;
                    assert_eq!(store.reads(), 2);
                    assert!(store.bytes_read() < 2 * front, "{}", store.bytes_read());
                }
            }
        }
    }
}
