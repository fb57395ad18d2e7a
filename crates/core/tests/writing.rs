//! Any sequence of changes against a plain vector, in memory and in a directory.

use std::sync::Arc;

use proptest::prelude::*;
use rayon::prelude::*;
use tempfile::TempDir;
use ziggurat_core::codec::CodecSpec;
use ziggurat_core::exec::block_on;
use ziggurat_core::layout::Layout;
use ziggurat_core::shard::ShardIndex;
use ziggurat_core::store::{LocalStore, ObjectBackend, Store};
use ziggurat_core::{Array, ArrayMetadata, Cleaned, ElementType, Region, WriterOptions};

use super::support::{Model, any_layout, codecs, elements, noise};

/// Numbers by which a region is chosen in whatever shape the array has by then.
type Dice = Vec<(u64, u64)>;

#[derive(Clone, Debug)]
enum Change {
    Write(Dice, u64),
    Fill(Dice, u64),
    Erase(Dice),
    Append(usize, u64, u64),
    Resize(Vec<u64>),
    Clean,
    /// Writes and appends through a writer of so many bytes; flushed after some.
    Writer(usize, Vec<(Held, bool)>),
}

#[derive(Clone, Debug)]
enum Held {
    Write(Dice, u64),
    Append(usize, u64, u64),
}

const RANK: usize = 3;

fn dice() -> impl Strategy<Value = Dice> {
    prop::collection::vec((any::<u64>(), any::<u64>()), RANK)
}

fn seed() -> impl Strategy<Value = u64> {
    prop_oneof![1 => Just(0), 3 => any::<u64>()]
}

fn appended() -> impl Strategy<Value = (usize, u64, u64)> {
    (any::<usize>(), 0..4u64, seed())
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let held = prop_oneof![
        (dice(), seed()).prop_map(|(d, s)| Held::Write(d, s)),
        appended().prop_map(|(d, n, s)| Held::Append(d, n, s)),
    ];
    let held = prop::collection::vec((held, prop::bool::weighted(0.2)), 1..8);
    let bytes = prop_oneof![Just(0), Just(300), Just(5000), Just(1 << 20)];
    let change = prop_oneof![
        3 => (dice(), seed()).prop_map(|(d, s)| Change::Write(d, s)),
        1 => (dice(), seed()).prop_map(|(d, s)| Change::Fill(d, s)),
        1 => dice().prop_map(Change::Erase),
        2 => appended().prop_map(|(d, n, s)| Change::Append(d, n, s)),
        2 => prop::collection::vec(0..9u64, RANK).prop_map(Change::Resize),
        1 => Just(Change::Clean),
        3 => (bytes, held).prop_map(|(b, h)| Change::Writer(b, h)),
    ];
    prop::collection::vec(change, 1..8)
}

#[derive(Debug)]
struct Case {
    rank: usize,
    shape: Vec<u64>,
    layout: Layout,
    element: ElementType,
    codec: CodecSpec,
    index_at_end: bool,
    changes: Vec<Change>,
}

fn cases() -> impl Strategy<Value = Case> {
    (0..=RANK)
        .prop_flat_map(|rank| {
            let array = (prop::collection::vec(0..9u64, rank), any_layout(rank));
            (
                Just(rank),
                array,
                elements(),
                codecs(),
                any::<bool>(),
                changes(),
            )
        })
        .prop_map(
            |(rank, (shape, layout), element, codec, index_at_end, changes)| Case {
                rank,
                shape,
                layout,
                element,
                codec,
                index_at_end,
                changes,
            },
        )
}

/// A region of `shape`, empty if `shape` is.
fn region(dice: &Dice, shape: &[u64]) -> Region {
    let pick = |(&(a, b), &n): (&(u64, u64), &u64)| match n {
        0 => (0, 0),
        n => (a % n, 1 + b % (n - a % n)),
    };
    let (start, shape): (Vec<u64>, Vec<u64>) = dice.iter().zip(shape).map(pick).unzip();
    Region::new(start, shape)
}

/// An array, and what it should hold.
struct Pair {
    store: Arc<dyn Store>,
    array: Option<Array>,
    model: Model,
    fill: Vec<u8>,
    element: ElementType,
}

impl Pair {
    fn new(store: Arc<dyn Store>, case: &Case) -> Self {
        let fill = match case.element.is_float() {
            true => vec![0; case.element.size()],
            false => noise(1, case.element, &[], 7),
        };
        let mut metadata = ArrayMetadata::new(
            &case.shape,
            case.element,
            &fill,
            case.layout.clone(),
            &case.codec,
        );
        metadata.index_at_end = case.index_at_end || !case.layout.is_sharded();
        let array = Array::create(Arc::clone(&store), "g/a", metadata).unwrap();
        Self {
            store,
            model: Model::new(&array),
            array: Some(array),
            fill,
            element: case.element,
        }
    }

    fn noise(&self, region: &Region, seed: u64) -> Vec<u8> {
        noise(region.len(), self.element, &self.fill, seed)
    }

    /// The region that `n` steps along `dimension` will take, with elements for it.
    fn next(&self, dimension: usize, n: u64, seed: u64) -> (Region, Vec<u8>) {
        let mut region = Region::whole(&self.model.shape);
        region.start[dimension] = self.model.shape[dimension];
        region.shape[dimension] = n;
        let bytes = self.noise(&region, seed);
        (region, bytes)
    }

    fn append_to_model(&mut self, dimension: usize, region: &Region, bytes: &[u8]) {
        let mut shape = self.model.shape.clone();
        shape[dimension] = region.end(dimension);
        self.model.resize(&shape);
        self.model.write(region, bytes);
    }

    fn change(&mut self, change: &Change) {
        let mut array = self.array.take().unwrap();
        let rank = array.shape().len();
        match change {
            Change::Write(dice, seed) => {
                let region = region(dice, array.shape());
                let bytes = self.noise(&region, *seed);
                array.write(&region, &bytes).unwrap();
                self.model.write(&region, &bytes);
            }
            Change::Fill(dice, seed) => {
                let region = region(dice, array.shape());
                let value = noise(1, self.element, &self.fill, *seed);
                array.fill(&region, &value).unwrap();
                self.model
                    .write(&region, &value.repeat(region.len() as usize));
            }
            Change::Erase(dice) => {
                let region = region(dice, array.shape());
                array.erase(&region).unwrap();
                self.model.write(&region, &self.noise(&region, 0));
            }
            Change::Append(d, n, seed) if rank > 0 => {
                let (region, bytes) = self.next(d % rank, *n, *seed);
                // Of slices without elements nobody can say how many there are.
                if !bytes.is_empty() {
                    assert_eq!(array.append(d % rank, &bytes).unwrap(), region);
                    self.append_to_model(d % rank, &region, &bytes);
                }
            }
            Change::Resize(shape) => {
                array.resize(&shape[..rank]).unwrap();
                self.model.resize(&shape[..rank]);
            }
            Change::Clean => assert_eq!(array.clean().unwrap(), Cleaned::default()),
            Change::Writer(bytes, held) => array = self.hold(array, *bytes, held),
            Change::Append(..) => {}
        }
        self.array = Some(array);
    }

    fn hold(&mut self, array: Array, bytes: usize, held: &[(Held, bool)]) -> Array {
        let rank = array.shape().len();
        let mut writer = array.writer(WriterOptions { bytes });
        for (change, flush) in held {
            match change {
                Held::Write(dice, seed) => {
                    let region = region(dice, &self.model.shape);
                    let bytes = self.noise(&region, *seed);
                    writer.write(&region, &bytes).unwrap();
                    self.model.write(&region, &bytes);
                }
                Held::Append(d, n, seed) if rank > 0 => {
                    let (region, bytes) = self.next(d % rank, *n, *seed);
                    if !bytes.is_empty() {
                        assert_eq!(writer.append(d % rank, &bytes).unwrap(), region);
                        self.append_to_model(d % rank, &region, &bytes);
                    }
                }
                Held::Append(..) => {}
            }
            if *flush {
                writer.flush().unwrap();
            }
            let whole = Region::whole(&self.model.shape);
            assert_eq!(writer.read(&whole).unwrap(), self.model.bytes);
        }
        drop(writer);
        Array::open(Arc::clone(&self.store), "g/a").unwrap()
    }

    fn check(&self) {
        let array = self.array.as_ref().unwrap();
        let other = Array::open(Arc::clone(&self.store), "g/a").unwrap();
        let whole = Region::whole(&self.model.shape);
        for array in [array, &other] {
            assert_eq!(array.shape(), self.model.shape);
            assert_eq!(array.read(&whole).unwrap(), self.model.bytes);
        }
        // Nothing is stored that holds nothing, within the shape or beyond it.
        let full: Vec<String> = whole
            .cells(array.layout().superchunk())
            .indices()
            .filter(|index| {
                let cell = Region::of_cell(index, array.layout().superchunk());
                let part = cell.intersect(&whole).unwrap();
                self.model.read(&part) != self.noise(&part, 0)
            })
            .map(|index| array.superchunk_key(&index))
            .collect();
        let mut stored = block_on(self.store.list("g")).unwrap();
        stored.retain(|key| !key.ends_with("zarr.json"));
        stored.sort();
        let mut full = full;
        full.sort();
        assert_eq!(stored, full);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn every_change_is_seen_and_nothing_else(case in cases(), local in any::<bool>()) {
        let directory = TempDir::new().unwrap();
        let store: Arc<dyn Store> = match local {
            true => Arc::new(LocalStore::new(directory.path())),
            false => Arc::new(ObjectBackend::memory()),
        };
        let mut pair = Pair::new(store, &case);
        prop_assert_eq!(case.rank, case.shape.len());
        for change in &case.changes {
            pair.change(change);
            pair.check();
        }
    }
}

/// An array of 8 x 8 bytes in superchunks of 4 x 4 and blocks of 2 x 2, in memory.
fn example() -> (Arc<dyn Store>, Array) {
    let store: Arc<dyn Store> = Arc::new(ObjectBackend::memory());
    let layout = Layout::sharded(&[4, 4], &[4, 4], &[2, 2]).unwrap();
    let metadata = ArrayMetadata::new(&[8, 8], ElementType::UInt8, &[0], layout, &CodecSpec::None);
    let array = Array::create(Arc::clone(&store), "a", metadata).unwrap();
    (store, array)
}

#[test]
fn a_superchunk_is_the_same_streamed_or_changed_block_by_block() {
    let (store, array) = example();
    let bytes: Vec<u8> = (1..=16).collect();
    array.write(&Region::new([0, 0], [4, 4]), &bytes).unwrap();
    for (i, byte) in bytes.iter().enumerate() {
        let at = [4 + i as u64 / 4, 4 + i as u64 % 4];
        array.write(&Region::new(at, [1, 1]), &[*byte]).unwrap();
    }
    let object = |key| block_on(store.get(key)).unwrap().unwrap();
    assert_eq!(object("a/c/0/0"), object("a/c/1/1"));
}

#[test]
fn what_changes_nothing_is_not_written() {
    let (store, array) = example();
    array.write(&Region::new([0, 0], [1, 1]), &[7]).unwrap();
    let version = || block_on(store.version("a/c/0/0")).unwrap();
    let before = version();
    array.erase(&Region::new([2, 2], [1, 1])).unwrap();
    array.erase(&Region::new([0, 2], [2, 2])).unwrap();
    assert_eq!(version(), before);
    array.erase(&Region::new([0, 0], [1, 1])).unwrap();
    assert_eq!(version(), None);
}

#[test]
fn clean_drops_blocks_that_others_stored_in_vain() {
    let (store, array) = example();
    array.write(&Region::new([0, 0], [4, 2]), &[5; 8]).unwrap();
    array.write(&Region::new([4, 4], [2, 2]), &[6; 4]).unwrap();
    let before = array.read(&Region::whole(&[8, 8])).unwrap();
    // As a writer that stores fill values leaves it: blocks 1 and 3 of one, all of another superchunk.
    let zeroes = |positions: &[usize]| {
        let mut object = vec![5; 8];
        let mut entries = vec![Some((0, 4)), None, Some((4, 4)), None];
        for &position in positions {
            entries[position] = Some((object.len() as u64, 4));
            object.extend([0; 4]);
        }
        object.extend_from_slice(&ShardIndex::new(entries).encode());
        object
    };
    block_on(store.put("a/c/0/0", zeroes(&[1, 3]).into())).unwrap();
    block_on(store.put("a/c/0/1", zeroes(&[0, 1, 2, 3]).into())).unwrap();
    let untouched = block_on(store.version("a/c/1/1")).unwrap();
    let cleaned = array.clean().unwrap();
    assert_eq!((cleaned.blocks, cleaned.superchunks), (6, 2));
    assert_eq!(array.read(&Region::whole(&[8, 8])).unwrap(), before);
    assert_eq!(block_on(store.version("a/c/0/1")).unwrap(), None);
    assert_eq!(block_on(store.version("a/c/1/1")).unwrap(), untouched);
    assert_eq!(array.clean().unwrap(), Cleaned::default());
}

#[test]
fn threads_that_write_one_superchunk_lose_nothing() {
    let (_, array) = example();
    let write = &|i: u64| {
        let at = [i / 4, i % 4];
        array.write(&Region::new(at, [1, 1]), &[i as u8 + 1])
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16).map(|i| scope.spawn(move || write(i))).collect();
        for thread in threads {
            thread.join().unwrap().unwrap();
        }
    });
    let seen = array.read(&Region::new([0, 0], [4, 4])).unwrap();
    assert_eq!(seen, (1..=16).collect::<Vec<u8>>());
    // And on the pool, whose threads never wait for one another.
    (0..16u64)
        .into_par_iter()
        .try_for_each(|i| write(15 - i))
        .unwrap();
    assert_eq!(array.read(&Region::new([0, 0], [4, 4])).unwrap(), seen);
}
