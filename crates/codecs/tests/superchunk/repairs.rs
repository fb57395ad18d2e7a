//! Superchunks that others changed.

use std::io::Cursor;
use std::sync::Arc;

use proptest::prelude::*;
use ziggurat_codecs::blosc2::{
    Compressor, Contiguous, Encoder, Frame, Metalayers, NdLayout, NdWriter,
};
use ziggurat_codecs::superchunk::{Face, repair, verify};
use ziggurat_core::{Array, Error, Region};

use super::support::{assert_faces, example, object, part, put, reopen};

/// The frame of the second superchunk, which has the columns from 16 on, as C-Blosc2 writes it by default:
/// shuffled.
fn foreign_frame(elements: &[u8], dtype: &str) -> Vec<u8> {
    let part = part(elements, 2, &[20, 30], &Region::new([0, 16], [20, 14]));
    let layout = NdLayout::new(&[20, 14], &[10, 8], &[5, 4], Some(dtype)).unwrap();
    let encoder = Encoder::new(2)
        .unwrap()
        .compressor(Compressor::Lz4, 5)
        .unwrap();
    let target = Contiguous::new(Cursor::new(Vec::new()));
    let mut writer = NdWriter::new(target, layout, encoder, &Metalayers::default()).unwrap();
    writer.push_array(&part).unwrap();
    let mut layers = Metalayers::default();
    layers.set("note", *b"x").unwrap();
    writer.finish(&layers).unwrap().into_inner()
}

#[test]
fn a_superchunk_that_is_right_is_not_touched() {
    let (array, _) = example();
    let before = object(&array, &[0, 1]).unwrap();
    assert_eq!(repair(&array, &[0, 1]).unwrap(), None);
    assert_eq!(repair(&array, &[7, 7]).unwrap(), None, "not stored");
    assert_eq!(object(&array, &[0, 1]).unwrap(), before);
}

#[test]
fn an_index_that_was_cut_off_is_made_again_as_it_was() {
    let (array, elements) = example();
    let before = object(&array, &[0, 0]).unwrap();
    let frame = Frame::open_source(before.clone()).unwrap();
    put(
        &array,
        &[0, 0],
        before.slice(..frame.header().frame_length as usize),
    );
    let array = reopen(&array);
    let error = array
        .read(&Region::whole(&[20, 30]))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("c/0/0") && error.contains("repair-index"),
        "{error}"
    );
    assert_eq!(verify(&array, &[0, 0]).unwrap().len(), 1);
    let done = repair(&array, &[0, 0]).unwrap().unwrap();
    assert_eq!(
        (done.from, done.encoded, done.dropped.len()),
        (Face::Blosc2, 0, 0)
    );
    assert_eq!(object(&array, &[0, 0]).unwrap(), before);
    assert_faces(&array, &elements);
}

#[test]
fn a_frame_of_another_writer_is_taken_over() {
    let (array, mut elements) = example();
    elements[40..50].copy_from_slice(&[200; 10]);
    put(&array, &[0, 1], foreign_frame(&elements, "<u2"));
    let done = repair(&array, &[0, 1]).unwrap().unwrap();
    assert_eq!((done.from, done.kept), (Face::Blosc2, 0));
    assert_eq!(done.dropped, ["note"]);
    assert!(
        done.to_string().ends_with("metalayers dropped: note"),
        "{done}"
    );
    assert_faces(&reopen(&array), &elements);
}

#[test]
fn a_shard_of_another_writer_is_framed() {
    let (array, elements) = example();
    let mut plain = array.metadata().clone();
    plain.framing = None;
    let plain = Array::new(Arc::clone(array.store()), "a", plain).unwrap();
    plain.write(&Region::whole(&[20, 30]), &elements).unwrap();
    let array = reopen(&array);
    assert_eq!(verify(&array, &[0, 0]).unwrap().len(), 1, "no frame");
    let done = repair(&array, &[0, 0]).unwrap().unwrap();
    assert_eq!((done.from, done.encoded), (Face::Zarr, 0));
    // Compaction does the same, as blocks stay as they are.
    let done = array.compact_superchunk(&[0, 1]).unwrap();
    assert!(done.after > done.before);
    assert_faces(&array, &elements);
}

#[test]
fn what_cannot_be_repaired_is_refused_and_left() {
    let (array, elements) = example();
    let good = object(&array, &[0, 1]).unwrap();
    let try_repair = |bytes: Vec<u8>| {
        put(&array, &[0, 1], bytes.clone());
        let error = repair(&reopen(&array), &[0, 1]).unwrap_err();
        assert_eq!(object(&array, &[0, 1]).unwrap(), bytes, "not touched");
        error
    };
    let neither = try_repair(vec![7; 1000]);
    assert!(matches!(neither, Error::Data { .. }), "{neither}");
    let signed = try_repair(foreign_frame(&elements, "<i2"));
    assert!(signed.to_string().contains("<i2"), "{signed}");
    // Both are readable, and the index is that of another superchunk.
    let mut other = elements.clone();
    other[40] ^= 1;
    let mut differing = foreign_frame(&other, "<u2");
    let frame = differing.len();
    differing.extend(&good);
    let index = array.index_of("", &good).unwrap();
    let moved = (0..16).map(|i| index.get(i).map(|(at, n)| (at + frame as u64, n)));
    differing.extend(ziggurat_core::shard::ShardIndex::new(moved.collect()).encode());
    let conflict = try_repair(differing);
    assert!(matches!(conflict, Error::Conflict { .. }), "{conflict}");
    let shapes: [&[u64]; 3] = [&[4], &[4], &[4]];
    let mut plain =
        super::support::metadata(&[4], ziggurat_core::ElementType::Int32, &[0; 4], shapes);
    plain.framing = None;
    let plain = super::support::create(plain).unwrap();
    assert!(matches!(repair(&plain, &[0]), Err(Error::Caller { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn a_flipped_byte_is_found_or_does_no_harm(at in any::<prop::sample::Index>(), flip in 1..=255_u8) {
        let (array, elements) = example();
        let mut bytes = object(&array, &[0, 1]).unwrap().to_vec();
        let at = at.index(bytes.len());
        let index = array.index_of("", &bytes).unwrap();
        let within = |(start, length)| (start..start + length).contains(&(at as u64));
        let in_block = (0..16).filter_map(|i| index.get(i)).any(within);
        bytes[at] ^= flip;
        put(&array, &[0, 1], bytes);
        let array = reopen(&array);
        if verify(&array, &[0, 1]).unwrap().is_empty() {
            // What nobody reads, or an element, as blocks have no checksum: in both faces alike.
            let found = array.read(&Region::whole(&[20, 30])).unwrap();
            prop_assert!(in_block || found == elements);
            assert_faces(&array, &found);
        } else if let Ok(done) = repair(&array, &[0, 1]) {
            prop_assert!(done.is_some());
            let found = verify(&array, &[0, 1]).unwrap();
            prop_assert!(found.is_empty(), "{found:?}");
        }
    }
}
