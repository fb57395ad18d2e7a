//! Appending, by one and by several, held and at once.

use std::collections::BTreeSet;
use std::sync::Arc;

use tempfile::TempDir;
use ziggurat_core::codec::CodecSpec;
use ziggurat_core::exec::block_on;
use ziggurat_core::layout::Layout;
use ziggurat_core::store::{LocalStore, ObjectBackend, Store};
use ziggurat_core::{Array, ArrayMetadata, ElementType, Error, Region, WriterOptions};

use super::support::{Mortal, noise};

/// An array of `length` x 4 bytes in superchunks of 8 x 4 and blocks of 2 x 4.
fn create(store: &Arc<dyn Store>, length: u64) -> Array {
    let layout = Layout::sharded(&[8, 4], &[4, 4], &[2, 4]).unwrap();
    let codec = CodecSpec::None;
    let metadata = ArrayMetadata::new(&[length, 4], ElementType::UInt8, &[0], layout, &codec);
    Array::create(Arc::clone(store), "a", metadata).unwrap()
}

fn memory() -> (Arc<Mortal<ObjectBackend>>, Arc<dyn Store>) {
    let mortal = Arc::new(Mortal::new(ObjectBackend::memory()));
    let store: Arc<dyn Store> = Arc::<Mortal<ObjectBackend>>::clone(&mortal);
    (mortal, store)
}

#[test]
fn handles_that_append_side_by_side_overwrite_nothing() {
    let directory = TempDir::new().unwrap();
    let store: Arc<dyn Store> = Arc::new(LocalStore::new(directory.path()));
    create(&store, 3);
    let append = &|thread: u8| {
        // A store of its own, as another process has it.
        let store: Arc<dyn Store> = Arc::new(LocalStore::new(directory.path()));
        let mut array = Array::open(store, "a").unwrap();
        for i in 0..20 {
            let row = [thread + 1, i, 7, 7];
            let region = array.append(0, &row).unwrap();
            assert_eq!(array.read(&region).unwrap(), row);
        }
    };
    std::thread::scope(|scope| {
        for thread in 0..3 {
            scope.spawn(move || append(thread));
        }
    });
    let array = Array::open(store, "a").unwrap();
    assert_eq!(array.shape(), [63, 4]);
    let bytes = array.read(&Region::new([3, 0], [60, 4])).unwrap();
    let rows: BTreeSet<(u8, u8)> = bytes.chunks(4).map(|row| (row[0], row[1])).collect();
    let all = (1..=3).flat_map(|thread| (0..20).map(move |i| (thread, i)));
    assert_eq!(rows, all.collect());
}

#[test]
fn many_appends_are_one_write_of_each_superchunk() {
    let (mortal, store) = memory();
    let mut writer = create(&store, 0).writer(WriterOptions::default());
    mortal.count_anew();
    for i in 0..24 {
        writer
            .append(0, &noise(4, ElementType::UInt8, &[0], i + 1))
            .unwrap();
    }
    writer.flush().unwrap();
    // Three superchunks, and the document before each goes out.
    assert_eq!(mortal.count(), 6);
    let reread = Array::open(store, "a").unwrap();
    let whole = Region::whole(&[24, 4]);
    assert_eq!(reread.read(&whole).unwrap(), writer.read(&whole).unwrap());
}

#[test]
fn what_is_complete_goes_out_early_and_the_rest_waits() {
    let (_, store) = memory();
    let mut writer = create(&store, 0).writer(WriterOptions::default());
    for i in 0..10u8 {
        writer.append(0, &[i + 1; 4]).unwrap();
    }
    assert!(block_on(store.size("a/c/0/0")).unwrap().is_some());
    assert!(block_on(store.size("a/c/1/0")).unwrap().is_none());
    let reader = Array::open(Arc::clone(&store), "a").unwrap();
    let seen = reader.read(&Region::new([0, 0], [8, 1])).unwrap();
    assert_eq!(seen, [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(writer.read(&Region::new([9, 0], [1, 1])).unwrap(), [10]);
}

#[test]
fn an_error_loses_nothing_that_is_held() {
    for budget in 0..5 {
        let (mortal, store) = memory();
        let mut writer = create(&store, 0).writer(WriterOptions { bytes: 40 });
        mortal.dies_after(budget);
        for i in 0..40u8 {
            let mut refused = 0;
            while let Err(error) = writer.append(0, &[i + 1, i, 0, 1]) {
                assert!(matches!(error, Error::Interrupted { .. }), "{error:?}");
                mortal.dies_after(budget + 1);
                refused += 1;
                assert!(refused < 9, "it never goes on");
            }
        }
        mortal.dies_after(0);
        assert!(writer.flush().is_err());
        mortal.lives();
        writer.flush().unwrap();
        let array = Array::open(store, "a").unwrap();
        assert_eq!(array.shape(), [40, 4]);
        let rows = array.read(&Region::whole(&[40, 4])).unwrap();
        for (i, row) in rows.chunks(4).enumerate() {
            assert_eq!(row, [i as u8 + 1, i as u8, 0, 1]);
        }
    }
}

#[test]
fn a_writer_overwrites_nothing_that_another_appended() {
    let (_, store) = memory();
    let mut other = create(&store, 2);
    let mut writer = Array::open(Arc::clone(&store), "a")
        .unwrap()
        .writer(WriterOptions::default());
    writer.append(0, &[1; 4]).unwrap();
    other.append(0, &[2; 4]).unwrap();
    let error = writer.flush().unwrap_err();
    assert!(matches!(error, Error::Conflict { .. }), "{error:?}");
    drop(writer);
    other.refresh().unwrap();
    assert_eq!(other.read(&Region::new([2, 0], [1, 4])).unwrap(), [2; 4]);
    assert_eq!(other.shape(), [3, 4]);
}

#[test]
fn a_writer_merges_with_what_others_write_beside_it() {
    let (_, store) = memory();
    let array = create(&store, 8);
    array.write(&Region::whole(&[8, 4]), &[9; 32]).unwrap();
    let mut writer = Array::open(Arc::clone(&store), "a")
        .unwrap()
        .writer(WriterOptions::default());
    writer.write(&Region::new([0, 0], [1, 2]), &[1, 2]).unwrap();
    array.write(&Region::new([0, 2], [1, 2]), &[3, 4]).unwrap();
    writer.flush().unwrap();
    assert_eq!(
        array.read(&Region::new([0, 0], [2, 4])).unwrap(),
        [1, 2, 3, 4, 9, 9, 9, 9]
    );
}

#[test]
fn a_synced_writer_and_a_dropped_one_leave_everything_in_place() {
    let directory = TempDir::new().unwrap();
    let store: Arc<dyn Store> = Arc::new(LocalStore::new(directory.path()));
    let mut writer = create(&store, 0).writer(WriterOptions::default());
    writer.append(0, &[5; 36]).unwrap();
    writer
        .write(&Region::new([0, 0], [8, 4]), &[0; 32])
        .unwrap();
    writer.sync().unwrap();
    writer.append(0, &[6; 4]).unwrap();
    drop(writer);
    let array = Array::open(store, "a").unwrap();
    let seen = array.read(&Region::new([7, 0], [3, 1])).unwrap();
    assert_eq!(seen, [0, 5, 6]);
    assert_eq!(array.superchunks().unwrap(), [[1, 0]]);
}

#[test]
fn bytes_that_are_no_whole_steps_are_refused() {
    let (_, store) = memory();
    let mut array = create(&store, 1);
    for (dimension, length) in [(0, 3), (0, 5), (2, 4)] {
        let error = array.append(dimension, &vec![1; length]).unwrap_err();
        assert!(matches!(error, Error::Caller { .. }), "{error:?}");
    }
    assert_eq!(array.append(1, &[1; 3]).unwrap().shape, [1, 3]);
    assert!(array.append(0, &[]).unwrap().is_empty());
}
