//! The shard index: damage of any kind is an error, never a panic.

use std::sync::Arc;

use bytes::Bytes;
use proptest::prelude::*;
use ziggurat_core::codec::CodecSpec;
use ziggurat_core::exec::block_on;
use ziggurat_core::layout::Layout;
use ziggurat_core::shard::{Part, ShardIndex, arrange};
use ziggurat_core::store::{LocalStore, ObjectBackend, Store};
use ziggurat_core::{Array, ArrayMetadata, ElementType, Error, Region, Result};

const BLOCKS: usize = 4;

/// An array of one superchunk of four blocks, the last of them absent, and the object of it.
fn example(store: &Arc<dyn Store>, codec: &str) -> (Array, Vec<u8>) {
    let layout = Layout::sharded(&[8, 8], &[8, 8], &[4, 4]).unwrap();
    let codec: CodecSpec = codec.parse().unwrap();
    let metadata = ArrayMetadata::new(&[8, 8], ElementType::Int32, &[0; 4], layout, &codec);
    let array = Array::create(Arc::clone(store), "a", metadata).unwrap();
    let values: Vec<i32> = (0..64)
        .map(|i| if i / 8 < 4 || i % 8 < 4 { i + 1 } else { 0 })
        .collect();
    array
        .write(&Region::whole(&[8, 8]), bytemuck::cast_slice(&values))
        .unwrap();
    let object = block_on(store.get("a/c/0/0")).unwrap().unwrap();
    (array, object.to_vec())
}

/// Reads all of the array from an object that was tampered with.
fn read(store: &Arc<dyn Store>, object: Vec<u8>) -> Result<Vec<u8>> {
    block_on(store.put("a/c/0/0", object.into())).unwrap();
    // A new handle knows no index.
    Array::open(Arc::clone(store), "a")
        .unwrap()
        .read(&Region::whole(&[8, 8]))
}

/// `object` with another index of the right checksum.
fn reindexed(object: &[u8], entries: &[(u64, u64)]) -> Vec<u8> {
    let data = object.len() - ShardIndex::encoded_size(BLOCKS);
    let index: Vec<u8> = entries
        .iter()
        .flat_map(|(o, n)| [o.to_le_bytes(), n.to_le_bytes()].concat())
        .collect();
    let checksum = crc32c::crc32c(&index).to_le_bytes();
    [&object[..data], &index, &checksum].concat()
}

fn is_damage(result: &Result<Vec<u8>>) -> bool {
    matches!(result, Err(Error::Data { place, .. }) if place.contains('a'))
}

#[test]
fn an_object_cut_anywhere_is_damaged() {
    let dir = tempfile::tempdir().unwrap();
    let stores: [Arc<dyn Store>; 2] = [
        Arc::new(ObjectBackend::memory()),
        Arc::new(LocalStore::new(dir.path())),
    ];
    for store in stores {
        let (_, object) = example(&store, "zstd:1");
        for length in 0..object.len() {
            let cut = read(&store, object[..length].to_vec());
            assert!(is_damage(&cut), "cut to {length} of {} bytes", object.len());
        }
        // Bytes added at the end hide the index.
        assert!(is_damage(&read(&store, [&object[..], &[0]].concat())));
    }
}

#[test]
fn every_bit_of_the_index_is_checked() {
    let store: Arc<dyn Store> = Arc::new(ObjectBackend::memory());
    let (_, object) = example(&store, "none");
    let first = object.len() - ShardIndex::encoded_size(BLOCKS);
    for bit in first * 8..object.len() * 8 {
        let mut damaged = object.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(is_damage(&read(&store, damaged)), "bit {bit}");
    }
}

#[test]
fn entries_that_lead_nowhere_are_damage() {
    let store: Arc<dyn Store> = Arc::new(ObjectBackend::memory());
    for codec in ["none", "zstd:1", "gzip:1", "blosc-lz4:1:shuffle"] {
        let (array, object) = example(&store, codec);
        let size = object.len() as u64;
        for wrong in [
            (size, 1),
            (size - 1, 2),
            (0, size + 1),
            (u64::MAX, 0),
            (0, u64::MAX),
            (u64::MAX - 1, 1),
            (u64::MAX - 1, u64::MAX - 1),
            (1 << 62, 1 << 62),
            (0, 0),
            (3, 5),
        ] {
            for at in 0..BLOCKS {
                let mut entries = [(0, 64); BLOCKS];
                entries[at] = wrong;
                let read = read(&store, reindexed(&object, &entries));
                assert!(is_damage(&read), "{codec}: {wrong:?} at {at}");
            }
        }
        drop(array);
        block_on(store.delete_prefix("a")).unwrap();
    }
}

#[test]
fn blocks_may_lie_anywhere_and_overlap() {
    let store: Arc<dyn Store> = Arc::new(ObjectBackend::memory());
    let (array, object) = example(&store, "none");
    let before = array.read(&Region::whole(&[8, 8])).unwrap();
    // The second block twice, the first where the third was.
    let entries = [(64, 64), (64, 64), (0, 64), (u64::MAX, u64::MAX)];
    let seen = read(&store, reindexed(&object, &entries)).unwrap();
    let block = |bytes: &[u8], row: usize, column: usize| -> Vec<u8> {
        (0..4)
            .flat_map(|r| {
                let at = ((row * 4 + r) * 8 + column * 4) * 4;
                bytes[at..at + 16].to_vec()
            })
            .collect()
    };
    assert_eq!(block(&seen, 0, 0), block(&before, 0, 1));
    assert_eq!(block(&seen, 0, 1), block(&before, 0, 1));
    assert_eq!(block(&seen, 1, 0), block(&before, 0, 0));
    assert_eq!(block(&seen, 1, 1), [0; 64]);
}

fn put_together(old: &Bytes, parts: &[Part]) -> Bytes {
    let bytes = |part: &Part| match part {
        Part::New(bytes) => bytes.to_vec(),
        Part::Kept(range) => old[range.start as usize..range.end as usize].to_vec(),
    };
    parts.iter().flat_map(bytes).collect::<Vec<u8>>().into()
}

proptest! {
    #[test]
    fn an_assembled_index_tells_where_each_block_lies(
        blocks in prop::collection::vec(prop::option::of(prop::collection::vec(any::<u8>(), 1..9)), 1..20),
        seed in any::<u64>(),
    ) {
        let blocks: Vec<Option<Bytes>> = blocks.into_iter().map(|b| b.map(Bytes::from)).collect();
        let mut order: Vec<usize> = (0..blocks.len()).collect();
        order.sort_by_key(|i| (*i as u64).wrapping_mul(seed | 1).rotate_left(20));
        // First a part of the blocks, then the others while the first stay.
        let first: Vec<bool> = (0..blocks.len()).map(|i| seed >> (i % 64) & 1 == 0).collect();
        let half = |which: bool| {
            let blocks = blocks.iter().enumerate().filter(|(i, _)| first[*i] == which).collect::<Vec<_>>();
            blocks.into_iter().map(|(i, block)| (i, block.clone()))
        };
        for at_end in [true, false] {
            let mut object = Bytes::new();
            let mut index = ShardIndex::absent();
            for which in [true, false] {
                if let Some((parts, next)) = arrange(&index, half(which), &order, at_end) {
                    object = put_together(&object, &parts);
                    index = next;
                }
            }
            prop_assert_eq!(index.is_empty(), blocks.iter().all(Option::is_none));
            if index.is_empty() {
                continue;
            }
            let size = ShardIndex::encoded_size(blocks.len());
            let data = object.len() - size;
            let stored = if at_end { &object[data..] } else { &object[..size] };
            prop_assert_eq!(&ShardIndex::parse("x", stored, blocks.len()).unwrap(), &index);
            let mut next = if at_end { 0 } else { size as u64 };
            for &i in &order {
                let found = index.get(i).map(|(offset, n)| object.slice(offset as usize..(offset + n) as usize));
                prop_assert_eq!(&found, &blocks[i]);
                if let Some((offset, n)) = index.get(i) {
                    prop_assert_eq!(offset, next, "side by side in the order given");
                    next = offset + n;
                }
            }
            prop_assert_eq!(index.get(blocks.len()), None);
        }
    }

    #[test]
    fn any_bytes_parse_or_fail(bytes in prop::collection::vec(any::<u8>(), 0..80), blocks in 0..6usize) {
        let _ = ShardIndex::parse("x", &bytes, blocks);
    }

    #[test]
    fn damaged_blocks_are_errors_or_values(
        codec in prop::sample::select(vec!["zstd:1", "gzip:1", "blosc-zstd:1:shuffle", "none"]),
        at in any::<prop::sample::Index>(),
        flip in 1..=255u8,
    ) {
        let store: Arc<dyn Store> = Arc::new(ObjectBackend::memory());
        let (_, mut object) = example(&store, codec);
        let data = object.len() - ShardIndex::encoded_size(BLOCKS);
        object[at.index(data)] ^= flip;
        match read(&store, object) {
            Ok(bytes) => prop_assert_eq!(bytes.len(), 256),
            Err(e) => prop_assert!(matches!(e, Error::Data { .. }), "{e:?}"),
        }
    }
}
