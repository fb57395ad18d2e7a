//! Arrays of this project that use the codec, and those of zarrs, each read by the other.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::json;
use zarrs::array::{Array as Foreign, ArrayBytes, ArraySubset};
use zarrs::filesystem::FilesystemStore;
use ziggurat_codecs::b2nd::{self, Configuration};
use ziggurat_codecs::blosc2::Split;
use ziggurat_core::codec::CodecSpec;
use ziggurat_core::layout::Layout;
use ziggurat_core::store::{LocalStore, ObjectBackend};
use ziggurat_core::{Array, ArrayMetadata, ElementType, Error, Region};

use super::{configurations, noise, register};
use crate::blosc2::support::part;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn ours_and_theirs(
        configuration in configurations(vec![3, 4]),
        element in prop::sample::select(ElementType::ALL.to_vec()),
        sharded in any::<bool>(),
        seed in any::<u64>(),
    ) {
        register();
        let layout = match sharded {
            true => Layout::sharded(&[16, 20], &[16, 10], &[8, 10]),
            false => Layout::unsharded(&[8, 10]),
        };
        let (shape, size) = ([21, 23], element.size());
        let mut metadata =
            ArrayMetadata::new(&shape, element, &vec![0; size], layout.unwrap(), &CodecSpec::None);
        metadata.codecs = vec![configuration.to_json()];
        let dir = tempfile::tempdir().unwrap();
        let store = || Arc::new(LocalStore::new(dir.path()));
        let ours = Array::create(store(), "a", metadata.clone()).unwrap();
        let mut elements = noise(21 * 23 * size, seed);
        if element == ElementType::Bool {
            for byte in &mut elements {
                *byte &= 1;
            }
        }
        let whole = Region::whole(&shape);
        ours.write(&whole, &elements).unwrap();
        prop_assert_eq!(&ours.read(&whole).unwrap(), &elements);

        let foreign = Arc::new(FilesystemStore::new(dir.path()).unwrap());
        let theirs = Foreign::open(Arc::clone(&foreign), "/a").unwrap();
        let subset = ArraySubset::new_with_shape(shape.to_vec());
        let found: ArrayBytes<'_> = theirs.retrieve_array_subset(&subset).unwrap();
        prop_assert_eq!(&*found.into_fixed().unwrap(), &elements[..]);

        let document = serde_json::from_value(metadata.to_json()).unwrap();
        let copied = Foreign::new_with_metadata(foreign, "/b", document).unwrap();
        copied.store_metadata().unwrap();
        let bytes = ArrayBytes::new_flen(elements.clone());
        copied.store_array_subset(&subset, bytes).unwrap();
        let ours = Array::open(store(), "b").unwrap();
        prop_assert_eq!(&ours.read(&whole).unwrap(), &elements);
        let region = Region::new([5, 3], [9, 17]);
        let expected = part(&elements, size, &shape, &region);
        prop_assert_eq!(ours.read(&region).unwrap(), expected);
    }
}

#[test]
fn faults_name_array_codec_and_member() {
    register();
    let layout = Layout::unsharded(&[8, 10]).unwrap();
    let mut metadata = ArrayMetadata::new(
        &[20, 20],
        ElementType::Int16,
        &[0; 2],
        layout,
        &CodecSpec::None,
    );
    let mut codec = Configuration::new([3, 4]).to_json();
    codec["configuration"]["cname"] = json!("brotli");
    metadata.codecs = vec![codec];
    let fault = Array::create(Arc::new(ObjectBackend::memory()), "depth", metadata).unwrap_err();
    assert!(matches!(fault, Error::Unsupported { .. }), "{fault:?}");
    let fault = fault.to_string();
    for part in ["depth", "codec b2nd", "'cname'", "brotli"] {
        assert!(fault.contains(part), "{fault}");
    }
}

#[test]
fn automatic_blocks_fit_their_chunk() {
    for (shape, typesize) in [
        (vec![], 1),
        (vec![5], 1),
        (vec![1 << 24], 8),
        (vec![1, 300, 7, 1000], 2),
        (vec![100; 4], 16),
    ] {
        let block = b2nd::automatic_block(&shape, typesize);
        let fits = |(b, s): (&u64, &u64)| (1..=*s).contains(b);
        assert!(block.len() == shape.len() && block.iter().zip(&shape).all(fits));
        let bytes = block.iter().product::<u64>() * typesize as u64;
        let all = shape.iter().product::<u64>() * typesize as u64;
        assert!(
            bytes <= 64 << 10 && bytes * 5 >= all.min(64 << 10),
            "{block:?}"
        );
        let chain = b2nd::chain(&Configuration::new([]), &shape, typesize);
        assert_eq!(chain[0]["configuration"]["block_shape"], json!(block));
    }
}

#[test]
fn short_forms() {
    register();
    let spec = |text: &str| text.parse::<CodecSpec>();
    for (text, same) in [
        ("b2nd", "b2nd-zstd:5:shuffle"),
        ("b2nd-lz4", "b2nd-lz4:5:shuffle"),
        ("b2nd-zlib:9:noshuffle", "b2nd-zlib:9:noshuffle"),
        (
            "b2nd-lz4hc:0:delta+bitshuffle",
            "b2nd-lz4hc:0:delta+bitshuffle",
        ),
    ] {
        let spec = spec(text).unwrap();
        assert_eq!(spec.to_string(), same);
        let chain = spec.chain_for(ElementType::Float32, &[64, 128, 128]);
        assert_eq!(
            chain[0]["configuration"]["block_shape"],
            json!([16, 32, 32])
        );
        let again = CodecSpec::from_chain(&chain).unwrap();
        assert_eq!(again.to_string(), same);
        let smaller = again.chain_for(ElementType::Float32, &[5]);
        assert_eq!(smaller[0]["configuration"]["block_shape"], json!([5]));
    }
    for text in [
        "b2nd-blosclz",
        "b2nd-snappy",
        "b2nd:10",
        "b2nd::shuffle",
        "b2nd-zstd:5:shuffle:1",
        "b2nd-zstd:5:shuffle+delta",
        "b2nd-zstd:5:trunc_prec",
        "b2ndx",
    ] {
        let fault = spec(text).unwrap_err().to_string();
        assert!(fault.contains("b2nd[-{zstd,"), "{fault}");
    }
    // Other members than a short form has.
    let split = Configuration::new([1])
        .checksum(true)
        .split(Split::Never)
        .to_json();
    assert!(CodecSpec::from_chain(&[split]).is_none());
}
