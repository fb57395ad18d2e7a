//! Frames: chunks in order, limits of metalayers.

use std::io::Cursor;

use ziggurat_codecs::blosc2::{Contiguous, Encoder, Frame, FrameHeader, FrameWriter, Metalayers};
use ziggurat_core::Error;

use super::support::elements;

#[test]
fn the_last_chunk_may_be_shorter() {
    let encoder = Encoder::new(4).unwrap();
    let data = elements(1050, 4, 1);
    let target = Contiguous::new(Cursor::new(Vec::new()));
    let mut writer = FrameWriter::new(target, &encoder, 400, &Metalayers::default()).unwrap();
    for chunk in data.chunks(400) {
        writer.push_elements(chunk).unwrap();
    }
    assert!(writer.push_elements(&data[..400]).is_err());
    let mut file = writer.finish(&Metalayers::default()).unwrap().into_inner();
    // An index of another format may follow.
    file.extend([1; 100]);
    let frame = Frame::open_source(file).unwrap();
    assert_eq!(frame.header().chunks(), 11);
    assert!(frame.chunk(11).is_err());
    let read: Vec<u8> = (0..11)
        .flat_map(|n| frame.chunk(n).unwrap().decode().unwrap())
        .collect();
    assert_eq!(read, data);
}

#[test]
fn metalayers_have_limits() {
    let mut layers = Metalayers::default();
    assert!(layers.set("", []).is_err());
    assert!(layers.set(&"n".repeat(32), []).is_err());
    layers.set(&"n".repeat(31), [1]).unwrap();
    layers.set(&"n".repeat(31), [2]).unwrap();
    assert_eq!(layers.len(), 1);
    assert!(layers.remove(&"n".repeat(31)));
    assert!(!layers.remove("n"));

    let encoder = Encoder::new(1).unwrap();
    let begin = |layers: &Metalayers| {
        let target = Contiguous::new(Cursor::new(Vec::new()));
        FrameWriter::new(target, &encoder, 10, layers)
    };
    for n in 0..16 {
        layers
            .set(&format!("layer {n}"), vec![n; usize::from(n)])
            .unwrap();
    }
    let file = begin(&layers)
        .unwrap()
        .finish(&layers)
        .unwrap()
        .into_inner();
    let frame = Frame::open_source(file).unwrap();
    assert_eq!(frame.header().metalayers, layers);
    assert!(frame.header().has_vlmetalayers);
    for (name, content) in layers.iter() {
        assert_eq!(frame.vlmetalayer(name).unwrap(), content);
    }
    layers.set("one more", []).unwrap();
    assert!(begin(&layers).is_err());
}

/// Frames were lists of 13 before Blosc2 was released.
#[test]
fn a_frame_of_the_first_days_is_named() {
    let early = b"\x9d\xa8b2frame\0\xd2\0\0\0\x5c";
    match FrameHeader::length(early) {
        Err(Error::Unsupported { what, .. }) => assert!(what.contains("first release"), "{what}"),
        other => panic!("{other:?}"),
    }
    let error = FrameHeader::length(b"\x9d\xa8b2other\0").unwrap_err();
    assert!(matches!(error, Error::Data { .. }), "{error}");
}
