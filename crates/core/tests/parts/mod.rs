//! Blocks of which parts are decoded alone: only what a selection touches is fetched and decoded.

mod toy;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;
use ziggurat_core::codec::{BlockCodec, CodecSpec};
use ziggurat_core::exec::block_on;
use ziggurat_core::layout::Layout;
use ziggurat_core::shard::ShardIndex;
use ziggurat_core::store::{LocalStore, ObjectBackend, Store};
use ziggurat_core::{
    Array, ArrayMetadata, BlockCache, ElementType, Error, InPlace, Pick, ReadOptions, Region,
    Selection, Updates,
};

use super::selections::{model, options, selections};
use super::support::{Counting, any_layout, elements, noise, region_in};

/// A number that no other test has.
fn tag() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn metadata(shape: &[u64], element: ElementType, layout: Layout) -> ArrayMetadata {
    let fill = vec![0; element.size()];
    ArrayMetadata::new(shape, element, &fill, layout, &CodecSpec::None)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn every_selection_is_that_of_the_whole(
        (shape, layout, part, written, selections) in (1..4usize)
            .prop_flat_map(|rank| {
                let shape = prop::collection::vec(1..14u64, rank);
                (shape, any_layout(rank), prop::collection::vec(1..4u64, rank))
            })
            .prop_flat_map(|(shape, layout, part)| {
                let written = prop::collection::vec(region_in(&shape), 1..3);
                let selections = prop::collection::vec(selections(&shape), 1..6);
                (Just(shape), Just(layout), Just(part), written, selections)
            }),
        element in elements(),
        refer in any::<bool>(),
        options in options(),
    ) {
        let directory = tempfile::tempdir().unwrap();
        let stores: [Arc<dyn Store>; 2] = [
            Arc::new(ObjectBackend::memory()),
            Arc::new(LocalStore::new(directory.path())),
        ];
        for store in stores {
            let tag = tag();
            let mut metadata = metadata(&shape, element, layout.clone());
            metadata.codecs = toy::codecs(tag, &part, refer);
            let array = Array::create(store, "a", metadata).unwrap().with_options(options);
            let zero = vec![0; element.size()];
            for (n, region) in written.iter().enumerate() {
                array.write(region, &noise(region.len(), element, &zero, n as u64 + 5)).unwrap();
            }
            let all = array.read(&Region::whole(&shape)).unwrap();
            let cached = Array::open(Arc::clone(array.store()), "a")
                .unwrap()
                .with_cache(&Arc::new(BlockCache::new(500)))
                .with_options(options);
            for selection in &selections {
                let expected = model(selection, &shape, element.size(), &all).1;
                for array in [&array, &cached] {
                    let found = array.select(selection).unwrap();
                    prop_assert_eq!(&found.bytes, &expected, "{:?}", selection);
                }
            }
            toy::decoded(tag);
        }
    }

    #[test]
    fn a_span_is_that_of_the_whole(
        (shape, part) in (1..4usize).prop_flat_map(|rank| {
            let sizes = |to| prop::collection::vec(1..to, rank);
            (sizes(9_u64), sizes(4_u64))
        }),
        refer in any::<bool>(),
        ends in any::<[prop::sample::Index; 2]>(),
    ) {
        let tag = tag();
        let codecs = toy::codecs(tag, &part, refer);
        let codec = BlockCodec::new("here", &codecs, ElementType::Int16, &[7; 2], &shape).unwrap();
        let count = Region::whole(&shape).len();
        let block = noise(count, ElementType::Int16, &[0; 2], 9);
        let encoded = codec.encode("here", &block).unwrap().unwrap();
        let [a, b] = ends.map(|end| end.index(block.len() + 1));
        let span = a.min(b)..a.max(b);
        let mut out = vec![0; span.len()];
        codec.decode_span("here", &encoded, span.clone(), &mut out).unwrap();
        prop_assert_eq!(out, &block[span]);
    }
}

#[test]
fn a_span_decodes_the_parts_that_hold_it() {
    let tag = tag();
    let codecs = toy::codecs(tag, &[2, 2], false);
    let codec = BlockCodec::new("here", &codecs, ElementType::UInt8, &[0], &[4, 8]).unwrap();
    let block: Vec<u8> = (1..=32).collect();
    let encoded = codec.encode("here", &block).unwrap().unwrap();
    for (span, parts) in [
        (9..11, vec![0, 1]),
        (15..17, vec![0, 1, 2, 3, 4, 5, 6, 7]),
        (16..32, vec![4, 5, 6, 7]),
        (3..3, vec![]),
    ] {
        let mut out = vec![0; span.len()];
        codec
            .decode_span("here", &encoded, span.clone(), &mut out)
            .unwrap();
        assert_eq!(out, block[span]);
        assert_eq!(toy::decoded(tag), parts);
    }
}

/// Blocks of 512 x 512 bytes in parts of 64 x 64.
const PART: u64 = 64 * 64 + 4;
const FRONT: u64 = 64 * 8 + 4;
const BLOCK: u64 = FRONT + 64 * PART;
const INDEX: u64 = ShardIndex::encoded_size(4) as u64;

/// Gaps so narrow that no part is fetched for nothing.
const EXACT: ReadOptions = ReadOptions {
    gap: 100,
    request: 16 << 20,
    concurrency: 16,
    index_bytes: 16 << 20,
    serial: 1 << 20,
    trust: std::time::Duration::from_millis(100),
};

fn example(store: Arc<dyn Store>, refer: bool) -> (u64, Array, Vec<u8>) {
    let tag = tag();
    let layout = Layout::sharded(&[1024, 1024], &[512, 512], &[512, 512]).unwrap();
    let shape = [1024, 1024];
    let mut metadata = metadata(&shape, ElementType::UInt8, layout);
    metadata.codecs = toy::codecs(tag, &[64, 64], refer);
    let array = Array::create(Arc::clone(&store), "a", metadata).unwrap();
    let bytes = noise(1 << 20, ElementType::UInt8, &[0], 3);
    array.write(&Region::whole(&shape), &bytes).unwrap();
    // The handle that wrote knows the index.
    let array = Array::open(store, "a").unwrap().with_options(EXACT);
    (tag, array, bytes)
}

fn counting() -> (Arc<Counting<ObjectBackend>>, u64, Array, Vec<u8>) {
    let store = Arc::new(Counting::new(ObjectBackend::memory()));
    let (tag, array, bytes) = example(Arc::<Counting<ObjectBackend>>::clone(&store), false);
    store.taken();
    (store, tag, array, bytes)
}

fn sizes(store: &Counting<ObjectBackend>) -> Vec<u64> {
    store.taken().into_iter().map(|(_, bytes)| bytes).collect()
}

fn points(list: &[[i64; 2]]) -> Selection {
    Selection::Points(
        (0..2)
            .map(|d| list.iter().map(|p| p[d]).collect())
            .collect(),
    )
}

#[test]
fn parts_that_are_touched_are_fetched_and_decoded() {
    let (store, tag, array, bytes) = counting();
    array.read(&Region::new([0, 0], [1, 1])).unwrap();
    assert_eq!(sizes(&store), [INDEX, FRONT, PART], "index, front, part");
    assert_eq!(toy::decoded(tag), [0]);
    let slice = |d: usize, pick: Pick| {
        let mut picks = [Pick::ALL, Pick::ALL];
        picks[d] = pick;
        Selection::from(picks)
    };
    let row = |n: u64| (0..8).map(|i| n * 8 + i).collect::<Vec<_>>();
    let column = |n: u64| (0..8).map(|i| i * 8 + n).collect::<Vec<_>>();
    for (selection, fetched, parts) in [
        (points(&[[70, 200]]), vec![FRONT, PART], vec![11]),
        // Two in one part, one in another far away, in any order.
        (
            points(&[[70, 200], [511, 511], [100, 255]]),
            vec![FRONT, PART, PART],
            vec![11, 63],
        ),
        (
            points(&[[70, 200], [1023, 0]]),
            vec![FRONT, FRONT, PART, PART],
            vec![11, 56],
        ),
        // Neighbours come with one request, through both blocks of the row.
        (
            slice(0, Pick::from(130)),
            vec![FRONT, FRONT, 8 * PART, 8 * PART],
            [row(2), row(2)].concat(),
        ),
        // A column is 8 parts, each alone.
        (
            Selection::from([Pick::from(0..512), Pick::from(700)]),
            [vec![FRONT], vec![PART; 8]].concat(),
            column(2),
        ),
        // Each 130th row is in every second row of parts.
        (
            Selection::from([
                Pick::Slice {
                    start: Some(0),
                    stop: Some(512),
                    step: 130,
                },
                Pick::from(0..64),
            ]),
            vec![FRONT, PART, PART, PART, PART],
            vec![0, 16, 32, 48],
        ),
        (
            Selection::from([Pick::from(vec![65, 64, 511]), Pick::from(vec![0, 500, 5])]),
            vec![FRONT, PART, PART, PART, PART],
            vec![8, 15, 56, 63],
        ),
    ] {
        let found = array.select(&selection).unwrap().bytes;
        assert_eq!(found, model(&selection, &[1024, 1024], 1, &bytes).1);
        let (mut asked, mut fetched, mut parts) = (sizes(&store), fetched, parts);
        for list in [&mut asked, &mut fetched, &mut parts] {
            list.sort_unstable();
        }
        assert_eq!(asked, fetched, "{selection:?}");
        assert_eq!(toy::decoded(tag), parts, "{selection:?}");
    }
}

#[test]
fn most_of_a_block_and_small_blocks_are_fetched_at_once() {
    let (store, tag, array, bytes) = counting();
    let most = Region::new([0, 0], [512, 300]);
    array.read(&most).unwrap();
    assert_eq!(sizes(&store), [INDEX, BLOCK]);
    assert_eq!(toy::decoded(tag).len(), 8 * 5, "but decoded are parts");
    array.read(&Region::new([512, 512], [512, 512])).unwrap();
    assert_eq!(sizes(&store), [BLOCK]);
    let array = array.with_options(ReadOptions::default());
    let point = array.read(&Region::new([600, 600], [1, 1])).unwrap();
    assert_eq!(point, bytes[600 * 1024 + 600..][..1]);
    assert_eq!(
        sizes(&store),
        [INDEX, BLOCK],
        "less than a second round trip"
    );
    toy::decoded(tag);
}

#[test]
fn what_is_cached_are_whole_blocks() {
    let (store, tag, array, _) = counting();
    let array = array.with_cache(&Arc::new(BlockCache::new(1 << 20)));
    array.read(&Region::new([0, 0], [1, 1])).unwrap();
    assert_eq!(sizes(&store), [INDEX, BLOCK]);
    toy::decoded(tag);
    array.read(&Region::new([511, 100], [1, 1])).unwrap();
    assert_eq!(toy::decoded(tag), [] as [u64; 0]);
}

/// Both kinds of store.
fn stores() -> (tempfile::TempDir, [Arc<dyn Store>; 2]) {
    let directory = tempfile::tempdir().unwrap();
    let local = LocalStore::new(directory.path());
    let memory = ObjectBackend::memory();
    (directory, [Arc::new(memory), Arc::new(local)])
}

#[test]
fn a_part_that_others_refer_to_is_decoded_once() {
    let (_directory, stores) = stores();
    for store in stores {
        let (tag, array, bytes) = example(store, true);
        let rows = Region::new([64, 64], [65, 64]);
        let expected: Vec<u8> = (64..129)
            .flat_map(|y| bytes[y * 1024 + 64..][..64].to_vec())
            .collect();
        assert_eq!(array.read(&rows).unwrap(), expected);
        assert_eq!(toy::decoded(tag), [0, 9, 17]);
    }
}

#[test]
fn damage_is_told_where_it_is_touched() {
    let (_directory, stores) = stores();
    let superchunk = "a/c/0/0";
    for store in stores {
        let (_, array, bytes) = example(Arc::clone(&store), false);
        let whole = block_on(store.get(superchunk)).unwrap().unwrap();
        let damage = |at: u64| {
            let mut bytes = whole.to_vec();
            bytes[at as usize] ^= 1;
            block_on(store.put(superchunk, bytes.into())).unwrap();
        };
        let read = |y: u64, x: u64| array.read(&Region::new([y, x], [1, 1]));
        let refused = |y, x| match read(y, x) {
            Err(Error::Data { place, what }) => {
                assert_eq!(place, array.place());
                what
            }
            other => panic!("{other:?}"),
        };
        // The last part is the first that is stored.
        damage(FRONT + 5);
        assert_eq!(refused(511, 511), "the checksum of part 63 differs");
        assert_eq!(read(511, 447).unwrap(), bytes[511 * 1024 + 447..][..1]);
        damage(3);
        assert_eq!(refused(0, 0), "the checksum of the table differs");
        assert_eq!(read(0, 600).unwrap(), bytes[600..601]);
        // A table that is right in itself but points beyond the block.
        let mut bytes = whole.to_vec();
        bytes[4..8].copy_from_slice(&(BLOCK as u32 + 1).to_le_bytes());
        let sum = crc32c::crc32c(&bytes[..64 * 8]);
        bytes[64 * 8..][..4].copy_from_slice(&sum.to_le_bytes());
        block_on(store.put(superchunk, bytes.into())).unwrap();
        assert_eq!(refused(0, 0), "a part of a block lies beyond its end");
    }
}

#[test]
fn what_changes_between_front_and_parts_is_read_again() {
    let in_place = Updates::InPlace(InPlace {
        slack: 0,
        garbage: 50,
        grow: false,
    });
    for updates in [Updates::Rewrite, in_place] {
        let (_directory, stores) = stores();
        for store in stores {
            let copies = store.local().is_some() && matches!(updates, Updates::Rewrite);
            let (tag, array, old) = example(Arc::clone(&store), false);
            let old = [old[70 * 1024 + 70], old[500 * 1024 + 500]];
            let new = old.map(|byte| byte ^ 0xff);
            let other = Array::open(Arc::clone(&store), "a")
                .unwrap()
                .with_updates(updates);
            toy::before_locating(tag, move || {
                // The whole block, so that nothing of it is where it was.
                other
                    .write(&Region::new([0, 0], [512, 512]), &vec![9; 512 * 512])
                    .unwrap();
                for (at, value) in [(70, new[0]), (500, new[1])] {
                    other
                        .write(&Region::new([at, at], [1, 1]), &[value])
                        .unwrap();
                }
            });
            let found = array
                .select(&points(&[[70, 70], [500, 500]]))
                .unwrap()
                .bytes;
            // A file that was replaced is still there for who has it open.
            assert_eq!(found, if copies { old } else { new }, "{updates:?}");
            assert!(toy::decoded(tag).len() >= 2);
        }
    }
}
