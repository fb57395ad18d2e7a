//! What other software wrote is read with its values, and its metalayers are written alike.

use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};
use ziggurat_codecs::blosc2::{B2nd, Compressor, Filter, Frame, FrameHeader, NdLayout, Place};
use ziggurat_core::{ElementType, Error, Region};

pub(super) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples")
}

/// The lines of `expected.jsonl`.
fn expected() -> Vec<Value> {
    let text = std::fs::read_to_string(folder().join("expected.jsonl")).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    lines.collect()
}

fn name(sample: &Value) -> &str {
    sample["file"].as_str().unwrap()
}

fn lengths(value: &Value) -> Vec<u64> {
    let lengths = value.as_array().unwrap().iter();
    lengths.map(|n| n.as_u64().unwrap()).collect()
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .filter_map(|d| char::from_digit(d.into(), 16))
        .collect()
}

#[test]
fn values_are_those_that_were_written() {
    let samples = expected();
    assert_eq!(samples.len(), 45);
    for sample in samples {
        let array = B2nd::open(folder().join(name(&sample))).unwrap();
        let layout = array.layout();
        assert_eq!(layout.shape(), lengths(&sample["shape"]), "{sample}");
        assert_eq!(layout.chunk(), lengths(&sample["chunk"]), "{sample}");
        assert_eq!(layout.block(), lengths(&sample["block"]), "{sample}");
        assert_eq!(layout.dtype(), sample["dtype"].as_str(), "{sample}");
        let typesize = array.frame().header().typesize;
        assert_eq!(typesize as u64, sample["itemsize"], "{sample}");
        let elements = array.read(&Region::whole(layout.shape())).unwrap();
        let sum = hex(&Sha256::digest(&elements));
        assert_eq!(sum, sample["sha256"], "{}: {elements:?}", name(&sample));
    }
}

#[test]
fn types_are_those_of_numpy() {
    let element = |file: &str| B2nd::open(folder().join(file)).unwrap().layout().element();
    let found = |file: &str| element(file).unwrap();
    assert_eq!(found("b2nd/big_endian.b2nd"), (ElementType::Float64, true));
    assert_eq!(found("b2nd/c16.b2nd"), (ElementType::Complex128, false));
    assert_eq!(found("b2nd/bool.b2nd").0, ElementType::Bool);
    for file in [
        "b2nd/struct.b2nd",
        "b2nd/datetime.b2nd",
        "caterva/i4_1d.cat",
    ] {
        assert!(
            matches!(element(file), Err(Error::Unsupported { .. })),
            "{file}"
        );
    }
}

#[test]
fn regions_are_cut_out_of_the_whole() {
    for sample in expected() {
        let array = B2nd::open(folder().join(name(&sample))).unwrap();
        let shape = array.layout().shape().to_vec();
        let size = array.frame().header().typesize;
        let whole = array.read(&Region::whole(&shape)).unwrap();
        for index in Region::whole(&shape).indices().step_by(7) {
            let one = Region::new(index.clone(), vec![1; shape.len()]);
            let at = ziggurat_core::region::offset(&index, &shape) as usize * size;
            assert_eq!(array.read(&one).unwrap(), whole[at..at + size], "{index:?}");
        }
    }
}

#[test]
fn what_caterva_said_of_its_codec_is_found() {
    for sample in expected() {
        let Some(codec) = sample["codec"].as_str() else {
            continue;
        };
        let frame = Frame::open(folder().join(name(&sample))).unwrap();
        let pipeline = frame.header().pipeline;
        assert_eq!(
            pipeline.compressor().unwrap(),
            Compressor::parse(codec).unwrap()
        );
        assert_eq!(u64::from(pipeline.level()), sample["level"]);
        let filters = pipeline.filters().unwrap();
        let filters: Vec<&str> = filters
            .iter()
            .map(|filter| match filter {
                Filter::Shuffle { .. } => "SHUFFLE",
                Filter::Bitshuffle => "BITSHUFFLE",
                Filter::Delta => "DELTA",
                Filter::Truncate { .. } => "TRUNC_PREC",
            })
            .collect();
        assert_eq!(Value::from(filters), sample["filters"], "{}", name(&sample));
        for (layer, content) in sample["metalayers"].as_object().unwrap() {
            let found = frame.header().metalayers.get(layer).unwrap();
            assert_eq!(hex(found), content.as_str().unwrap(), "{}", name(&sample));
        }
    }
}

#[test]
fn headers_and_layouts_are_written_as_they_were_read() {
    for sample in expected() {
        let path = folder().join(name(&sample));
        let file = if path.is_dir() {
            path.join("chunks.b2frame")
        } else {
            path
        };
        let bytes = std::fs::read(file).unwrap();
        let length = FrameHeader::length(&bytes[..24]).unwrap();
        let header = FrameHeader::parse(&bytes[..length]).unwrap();
        let mut written = header.to_bytes().unwrap();
        if bytes[0x3a..0x3e] == (-1i32).to_be_bytes() {
            // Caterva's chunk size of an empty array; here it is 0.
            written[0x3a..0x3e].fill(0xff);
        }
        assert_eq!(written, bytes[..length], "{}", name(&sample));
        for (layer, content) in header.metalayers.iter() {
            if ["b2nd", "caterva"].contains(&layer) {
                let layout = NdLayout::parse(content).unwrap();
                assert_eq!((layout.name(), &layout.to_bytes()[..]), (layer, content));
            }
        }
    }
}

#[test]
fn metalayers_of_both_kinds_are_found() {
    let frame = Frame::open(folder().join("b2nd/meta_vlmeta.b2nd")).unwrap();
    assert_eq!(
        frame.header().metalayers.get("units").unwrap(),
        b"\xa6kelvin"
    );
    assert_eq!(frame.vlmetalayer("title").unwrap(), b"\xa5hello");
    let mut names: Vec<&str> = frame.vlmetalayer_names().collect();
    names.sort_unstable();
    assert_eq!(names, ["arr", "title"]);
    assert!(frame.vlmetalayer("none").unwrap_err().is_not_found());
}

#[test]
fn special_chunks_take_no_bytes() {
    for file in [
        "b2nd/zero_special.b2nd",
        "caterva/zeros_i4.cat",
        "caterva/empty_uninit.cat",
    ] {
        let frame = Frame::open(folder().join(file)).unwrap();
        assert!(
            frame
                .places()
                .iter()
                .all(|p| matches!(p, Place::Nowhere(_))),
            "{file}"
        );
    }
}

#[test]
fn a_directory_is_opened_by_its_name() {
    let inside = folder().join("caterva/f8_2d_sparse.cat/chunks.b2frame");
    let error = B2nd::open(inside).unwrap_err().to_string();
    assert!(error.contains("open the directory"), "{error}");
}
