//! What is fetched and decoded for selections of arrays that use the codec.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ziggurat_codecs::b2nd::Configuration;
use ziggurat_codecs::blosc2::{Filter, Split};
use ziggurat_core::codec::CodecSpec;
use ziggurat_core::layout::Layout;
use ziggurat_core::shard::ShardIndex;
use ziggurat_core::store::LocalStore;
use ziggurat_core::{Array, ArrayMetadata, ElementType, Pick, ReadOptions, Region, Selection};

use super::counting::Counting;
use super::{noise, register};

/// A superchunk of two chunks of 4 x 4 x 4 blocks of noise.
const SHAPE: [u64; 3] = [64, 64, 64];
const CHUNK: [u64; 3] = [32, 64, 64];
const BLOCK: [u64; 3] = [8, 16, 16];

/// Bytes of an encoded block: one stream that is a copy.
const PART: usize = 4 + 8 * 16 * 16 * 4;
/// Bytes that say where blocks lie.
const FRONT: usize = 32 + 8 * 64 + 4;
const INDEX: usize = ShardIndex::encoded_size(2);

struct Example {
    directory: tempfile::TempDir,
    /// The file of the superchunk, and what was written to it.
    file: PathBuf,
    stored: Vec<u8>,
    elements: Vec<u8>,
}

impl Example {
    fn new(filters: &[Filter]) -> Self {
        register();
        let layout = Layout::sharded(&SHAPE, &CHUNK, &CHUNK).unwrap();
        let float = ElementType::Float32;
        let mut metadata = ArrayMetadata::new(&SHAPE, float, &[0; 4], layout, &CodecSpec::None);
        let configuration = Configuration::new(BLOCK).filters(filters).unwrap();
        let configuration = configuration.split(Split::Never).checksum(true);
        metadata.codecs = vec![configuration.to_json()];
        let directory = tempfile::tempdir().unwrap();
        let store = Arc::new(LocalStore::new(directory.path()));
        let array = Array::create(store, "", metadata).unwrap();
        let elements = noise(64 * 64 * 64 * 4, 3);
        array.write(&Region::whole(&SHAPE), &elements).unwrap();
        let file = directory.path().join("c/0/0/0");
        let stored = fs::read(&file).unwrap();
        assert_eq!(stored.len(), 2 * (FRONT + 64 * PART) + INDEX);
        Self {
            directory,
            file,
            stored,
            elements,
        }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Damages all blocks but these, of each chunk.
    fn keep(&self, blocks: [&[usize]; 2]) {
        let mut bytes = self.stored.clone();
        for (n, kept) in blocks.into_iter().enumerate() {
            let chunk = &mut bytes[n * (FRONT + 64 * PART)..][FRONT..][..64 * PART];
            for (block, bytes) in chunk.chunks_mut(PART).enumerate() {
                if !kept.contains(&block) {
                    bytes.fill(0xaa);
                }
            }
        }
        fs::write(&self.file, bytes).unwrap();
    }

    /// The elements at these indices, in their order.
    fn values(&self, [x, y, z]: &[Vec<usize>; 3]) -> Vec<u8> {
        let mut out = Vec::new();
        for x in x {
            for y in y {
                for z in z {
                    out.extend_from_slice(&self.elements[((x * 64 + y) * 64 + z) * 4..][..4]);
                }
            }
        }
        out
    }
}

/// A selection, how many times it reads of the store, and the blocks of each chunk that it touches.
type Case = ([Vec<usize>; 3], usize, [Vec<usize>; 2]);

fn cases() -> Vec<Case> {
    let all = || (0..64).collect::<Vec<usize>>();
    let both = |blocks: Vec<usize>| [blocks.clone(), blocks];
    let rows = || (0..4).flat_map(|x| (0..4).map(move |z| x * 16 + 4 + z));
    vec![
        // A plane across each dimension: one run of blocks; 4 of each chunk; each block alone.
        ([vec![35], all(), all()], 2, [vec![], (0..16).collect()]),
        ([all(), vec![20], all()], 2 * 5, both(rows().collect())),
        (
            [all(), all(), vec![63]],
            2 * 17,
            both((0..16).map(|n| 4 * n + 3).collect()),
        ),
        // A cube that is a block, one at the corner of eight, and a point.
        (
            [(8..16).collect(), (16..32).collect(), (32..48).collect()],
            2,
            [vec![16 + 4 + 2], vec![]],
        ),
        (
            [vec![7, 8], vec![15, 16], vec![15, 16]],
            1 + 4,
            [vec![0, 1, 4, 5, 16, 17, 20, 21], vec![]],
        ),
        ([vec![63], vec![0], vec![17]], 2, [vec![], vec![49]]),
        // Steps that leave out every second block.
        (
            [vec![0, 16, 32, 48], vec![3], vec![0, 32]],
            2 * 5,
            both(vec![0, 2, 32, 34]),
        ),
    ]
}

#[test]
fn blocks_that_are_touched_are_fetched_and_decoded() {
    let shuffle = Filter::Shuffle { group: 0 };
    for filters in [&[shuffle][..], &[Filter::Delta, shuffle]] {
        let example = Example::new(filters);
        for (indices, reads, mut blocks) in cases() {
            let mut reads = reads + 1;
            if filters.len() == 2 {
                for touched in &mut blocks {
                    match touched[..] {
                        [] | [0, ..] => continue,
                        [1, ..] => {}
                        _ => reads += 1,
                    }
                    touched.insert(0, 0);
                }
            }
            example.keep([&blocks[0], &blocks[1]]);
            let chunks = blocks.iter().filter(|touched| !touched.is_empty()).count();
            let parts = blocks.concat().len();
            let expected = example.values(&indices);
            let selection = Selection::from(indices.map(|list| {
                let list: Vec<i64> = list.into_iter().map(|i| i as i64).collect();
                Pick::from(list)
            }));

            let local = Arc::new(LocalStore::new(example.path()));
            let array = Array::open(local, "").unwrap();
            assert!(
                array.select(&selection).unwrap().bytes == expected,
                "{selection:?}"
            );

            let counting = Arc::new(Counting::new(LocalStore::new(example.path())));
            let array = Array::open(Arc::<Counting<_>>::clone(&counting), "").unwrap();
            // Nothing is fetched only because it lies between.
            let array = array.with_options(ReadOptions {
                gap: 100,
                ..ReadOptions::default()
            });
            counting.taken();
            assert!(
                array.select(&selection).unwrap().bytes == expected,
                "{selection:?}"
            );
            let taken = counting.taken();
            let bytes = taken
                .iter()
                .map(|(_, bytes)| *bytes as usize)
                .sum::<usize>();
            assert_eq!(
                bytes,
                INDEX + chunks * FRONT + parts * PART,
                "{selection:?}: {taken:?}"
            );
            assert_eq!(taken.len(), reads, "{selection:?}: {taken:?}");
        }
    }
}
