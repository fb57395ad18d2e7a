//! Damaged chunks.

use proptest::prelude::*;
use ziggurat_codecs::b2nd::Configuration;
use ziggurat_codecs::blosc2::{Compressor, Filter};
use ziggurat_core::{Error, Region, Result};

use super::{Case, cases, field};
use crate::blosc2::support::part;

/// The whole chunk and every block alone.
fn read(case: &Case, bytes: &[u8]) -> Result<Vec<u8>> {
    let codec = case.codec();
    let mut parts = Vec::new();
    for cell in Region::whole(&case.shape).cells(codec.block()).indices() {
        let cell = Region::of_cell(&cell, codec.block());
        let cell = cell.intersect(&Region::whole(&case.shape)).unwrap();
        let front = &bytes[..codec.front().min(bytes.len())];
        let located = codec.parts(front, &cell)?;
        let cut = || Error::data("here", "cut off");
        let stored: Result<Vec<&[u8]>> = located
            .extents()
            .iter()
            .map(|e| bytes.get(e.start as usize..e.end as usize).ok_or_else(cut))
            .collect();
        let stored = stored?;
        let mut out = vec![0; cell.len() as usize * case.data_type.1];
        located.decode_into(|n| stored[n], &mut out)?;
        parts.push((cell, out));
    }
    let mut out = vec![0; case.elements.len()];
    codec.decode_into(bytes, &mut out)?;
    for (cell, found) in parts {
        assert_eq!(found, part(&out, case.data_type.1, &case.shape, &cell));
    }
    Ok(out)
}

fn small(checksum: bool) -> Vec<Case> {
    let filters = [
        &[][..],
        &[Filter::Shuffle { group: 0 }],
        &[Filter::Delta, Filter::Bitshuffle],
    ];
    let compressors = [
        (Compressor::Lz4, 5),
        (Compressor::Zstd, 3),
        (Compressor::Zlib, 0),
    ];
    let mut cases = Vec::new();
    for filters in filters {
        for (compressor, level) in compressors {
            let shape = vec![9, 10];
            let configuration = Configuration::new([4, 5]).compressor(compressor, level);
            cases.push(Case {
                configuration: configuration.filters(filters).unwrap().checksum(checksum),
                elements: field(&shape),
                data_type: ("float32", 4),
                part: Region::whole(&shape),
                shape,
            });
        }
    }
    cases
}

#[test]
fn with_checksums_no_changed_byte_goes_unnoticed() {
    for case in small(true) {
        let bytes = case.encode();
        for at in 0..bytes.len() {
            for change in [0x01, 0x80, 0xff] {
                let mut changed = bytes.clone();
                changed[at] ^= change;
                match read(&case, &changed) {
                    Ok(values) => assert_eq!(values, case.elements, "byte {at}"),
                    Err(Error::Data { .. } | Error::Unsupported { .. }) => {}
                    Err(other) => panic!("byte {at}: {other:?}"),
                }
            }
        }
    }
}

#[test]
fn without_checksums_no_changed_byte_is_fatal() {
    for case in small(false) {
        let bytes = case.encode();
        for at in 0..bytes.len() {
            for change in [0x01, 0x80, 0xff, 0x7f ^ bytes[at]] {
                let mut changed = bytes.clone();
                changed[at] ^= change;
                match read(&case, &changed) {
                    Ok(values) => assert_eq!(values.len(), case.elements.len()),
                    Err(Error::Data { .. } | Error::Unsupported { .. }) => {}
                    Err(other) => panic!("byte {at}: {other:?}"),
                }
            }
        }
    }
}

#[test]
fn a_truncated_chunk_is_damaged() {
    for case in small(true).into_iter().chain(small(false)) {
        let bytes = case.encode();
        for length in 0..bytes.len() {
            let fault = read(&case, &bytes[..length]).unwrap_err();
            assert!(matches!(fault, Error::Data { .. }), "{length}: {fault:?}");
        }
    }
}

proptest! {
    #[test]
    fn nothing_panics(case in cases(), changes in prop::collection::vec((any::<u16>(), any::<u8>()), 1..4)) {
        let mut bytes = case.encode();
        for (at, byte) in changes {
            let at = usize::from(at) % bytes.len();
            bytes[at] = byte;
        }
        let _ = read(&case, &bytes);
    }
}

#[test]
fn faults_name_the_block() {
    let case = &small(true)[1];
    let mut bytes = case.encode();
    *bytes.last_mut().unwrap() ^= 1;
    let fault = read(case, &bytes).unwrap_err().to_string();
    assert!(fault.contains("codec b2nd"), "{fault}");
    assert!(
        fault.contains("block 5 does not match its checksum"),
        "{fault}"
    );
}

#[test]
fn a_special_chunk_holds_no_more_than_its_value() {
    let case = &small(false)[1];
    let mut bytes = case.encode();
    // It now says that all elements are zero; a front, which is shorter, could not tell.
    bytes[31] |= 1 << 4;
    let mut out = vec![0; case.elements.len()];
    let fault = case.codec().decode_into(&bytes, &mut out);
    assert!(matches!(fault, Err(Error::Data { .. })), "{fault:?}");
}
