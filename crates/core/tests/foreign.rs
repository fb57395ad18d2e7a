//! Arrays that zarr-python wrote, by `data/make.py`.

use std::path::Path;
use std::sync::Arc;

use ziggurat_core::store::LocalStore;
use ziggurat_core::{Array, Element, Region};

fn open(name: &str) -> Array {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/zarr_python");
    Array::open(Arc::new(LocalStore::new(root)), name).unwrap()
}

/// Element (i, j), `None` where nothing was written.
fn written(i: u64, j: u64) -> Option<i16> {
    (i < 8).then(|| (i * 11 + j) as i16 - 20)
}

/// Reads regions of every kind; `is` compares an element with the number it should be.
fn check<T: Element>(name: &str, is: impl Fn(T, Option<i16>) -> bool) {
    let array = open(name);
    assert_eq!(array.shape(), [13, 11]);
    for region in [
        Region::whole(&[13, 11]),
        Region::new([3, 2], [6, 8]),
        Region::new([7, 10], [1, 1]),
        Region::new([9, 0], [4, 11]),
    ] {
        let values = array.read_values::<T>(&region).unwrap();
        for (value, index) in values.iter().zip(region.indices()) {
            assert!(
                is(*value, written(index[0], index[1])),
                "{name} {index:?}: {value:?}"
            );
        }
    }
    // Rows from 8 on have no object.
    assert!(
        array
            .superchunks()
            .unwrap()
            .iter()
            .all(|index| index[0] < 2)
    );
}

macro_rules! integer {
    ($t:ty) => {
        |value: $t, want: Option<i16>| value == <$t>::from(want.unwrap_or(-99))
    };
}

macro_rules! float {
    ($t:ty) => {
        |value: $t, want: Option<i16>| match want {
            Some(n) => f64::from(value) == f64::from(n),
            None => value.is_nan(),
        }
    };
}

#[test]
fn superchunks_with_the_index_at_the_end() {
    check::<f32>("index_end", float!(f32));
    assert_eq!(open("index_end").layout().block(), [2, 3]);
}

#[test]
fn superchunks_with_the_index_at_the_start() {
    check::<i32>("index_start", integer!(i32));
}

#[test]
fn blocks_that_are_transposed() {
    check::<i16>("transposed", integer!(i16));
}

#[test]
fn blosc() {
    check::<f64>("blosc", float!(f64));
}

#[test]
fn gzip() {
    check::<i64>("gzip", integer!(i64));
}

#[test]
fn big_endian() {
    check::<i16>("big_endian", integer!(i16));
}

#[test]
fn uncompressed() {
    check::<i16>("raw", integer!(i16));
}

#[test]
fn keys_of_version_2_and_zstd_with_checksum() {
    check::<half::f16>("v2_keys", float!(half::f16));
}
