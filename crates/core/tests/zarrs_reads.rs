//! zarrs reads what is written here, bit for bit.

use std::sync::Arc;

use proptest::prelude::*;
use zarrs::array::{Array as Foreign, ArrayBytes, ArraySubset};
use zarrs::filesystem::FilesystemStore;
use ziggurat_core::store::LocalStore;
use ziggurat_core::{Array, ArrayMetadata, Region};

use super::support::{any_layout, codecs, elements, noise, region_in};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn every_layout_and_codec(
        (shape, layout, part) in (1..4usize)
            .prop_flat_map(|r| (prop::collection::vec(1..14u64, r), any_layout(r)))
            .prop_flat_map(|(shape, layout)| (Just(shape.clone()), Just(layout), region_in(&shape))),
        element in elements(),
        codec in codecs(),
        seed in 1..u64::MAX,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let fill = vec![0; element.size()];
        let metadata = ArrayMetadata::new(&shape, element, &fill, layout, &codec);
        let ours = Array::create(Arc::new(LocalStore::new(dir.path())), "a", metadata).unwrap();
        ours.write(&part, &noise(part.len(), element, &fill, seed)).unwrap();
        let whole = Region::whole(&shape);
        let expected = ours.read(&whole).unwrap();
        let foreign = Foreign::open(Arc::new(FilesystemStore::new(dir.path()).unwrap()), "/a").unwrap();
        let subset = ArraySubset::new_with_shape(shape);
        let theirs: ArrayBytes<'_> = foreign.retrieve_array_subset(&subset).unwrap();
        prop_assert_eq!(&*theirs.into_fixed().unwrap(), &expected[..]);
    }
}
