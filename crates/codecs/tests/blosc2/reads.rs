//! What is read of a file: neighbouring blocks at once, no block twice.

use std::sync::{Arc, Mutex};

use ziggurat_codecs::blosc2::{B2nd, Encoder, Filter, Filters, NdLayout, ReadAt};
use ziggurat_core::{Region, Result};

use super::support::{array, elements};

/// Memory that remembers the lengths of what was read.
#[derive(Clone)]
struct Counting(Vec<u8>, Arc<Mutex<Vec<usize>>>);

impl ReadAt for Counting {
    fn size(&self) -> u64 {
        self.0.size()
    }

    fn read<'a>(&'a self, start: u64, length: usize, buffer: &'a mut Vec<u8>) -> Result<&'a [u8]> {
        self.1.lock().unwrap().push(length);
        self.0.read(start, length, buffer)
    }
}

/// A chunk of 4 x 4 blocks of 64 x 64 elements of 4 bytes, which compress if there are `filters`.
fn example(filters: &[Filter]) -> (B2nd, Arc<Mutex<Vec<usize>>>, Vec<u8>) {
    let layout = NdLayout::new(&[256, 256], &[256, 256], &[64, 64], Some("<f4")).unwrap();
    let encoder = Encoder::new(4).unwrap();
    let encoder = encoder.filters(Filters::new(filters).unwrap()).unwrap();
    let mut state = 1_u64;
    let noise = elements(256 * 256, 4, 1).into_iter().map(|byte| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1);
        byte ^ if filters.is_empty() {
            (state >> 56) as u8
        } else {
            0
        }
    });
    let data: Vec<u8> = noise.collect();
    let reads = Arc::<Mutex<Vec<usize>>>::default();
    let source = Counting(array(&layout, &encoder, &data), Arc::clone(&reads));
    (B2nd::open_source(source).unwrap(), reads, data)
}

/// The lengths of what is read of a region, after the front of the chunk.
fn lengths(array: &B2nd, reads: &Mutex<Vec<usize>>, region: &Region, data: &[u8]) -> Vec<usize> {
    reads.lock().unwrap().clear();
    // Several threads cut a region between blocks.
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let found = alone.unwrap().install(|| array.read(region)).unwrap();
    let rows = region.start[0]..region.end(0);
    let width = region.shape[1] as usize * 4;
    let expected: Vec<u8> = rows
        .flat_map(|y| data[(y * 256 + region.start[1]) as usize * 4..][..width].to_vec())
        .collect();
    assert!(found == expected, "{region}");
    reads.lock().unwrap().split_off(1)
}

#[test]
fn neighbours_are_read_at_once() {
    let (array, reads, data) = example(&[]);
    let block = 64 * 64 * 4;
    let row = lengths(&array, &reads, &Region::new([70, 0], [1, 256]), &data);
    assert!(row.len() == 1 && row[0] >= 4 * block, "{row:?}");
    let column = lengths(&array, &reads, &Region::new([0, 70], [256, 1]), &data);
    assert_eq!(column.len(), 4, "three blocks lie between two of a column");
    assert!(column.iter().sum::<usize>() < 4 * block + 1000);
    let inner = lengths(&array, &reads, &Region::new([60, 60], [10, 10]), &data);
    assert_eq!(inner.len(), 2);
}

#[test]
fn the_first_block_is_read_once_for_those_that_refer_to_it() {
    let (array, reads, data) = example(&[Filter::Delta]);
    let row = lengths(&array, &reads, &Region::new([70, 0], [1, 256]), &data);
    assert_eq!(row.len(), 2, "the first block, and the row");
    let corner = lengths(&array, &reads, &Region::new([0, 0], [1, 1]), &data);
    assert!(corner.len() <= 2);
}
