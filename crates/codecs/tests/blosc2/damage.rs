//! Damaged files: an error that names the fault or, where nothing could tell, some values; never a panic,
//! and never memory for what a header only claims.

use std::path::Path;

use ziggurat_codecs::blosc2::{B2nd, Encoder, NdLayout};
use ziggurat_core::{Error, Region, Result};

use super::samples::folder;
use super::support::{array, elements};

/// More than any sample holds: what is larger was claimed.
const LARGE: u64 = 1 << 20;

fn read(file: Vec<u8>) -> Result<Vec<u8>> {
    let array = B2nd::open_source(file)?;
    for name in array.frame().vlmetalayer_names() {
        array.frame().vlmetalayer(name)?;
    }
    let whole = Region::whole(array.layout().shape());
    let bytes = whole
        .len()
        .saturating_mul(array.frame().header().typesize as u64);
    match bytes {
        ..=LARGE => array.read(&whole),
        _ => array.read(&Region::new(whole.start, vec![1; array.layout().rank()])),
    }
}

fn files() -> Vec<Vec<u8>> {
    let small = |folder: &Path| {
        let mut files: Vec<Vec<u8>> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_file())
            .map(|path| std::fs::read(path).unwrap())
            .filter(|bytes| bytes.len() < 1300)
            .collect();
        files.sort();
        files
    };
    let layout = NdLayout::new(&[9, 9], &[5, 4], &[3, 2], Some("<i2")).unwrap();
    let own = array(&layout, &Encoder::new(2).unwrap(), &elements(81, 2, 1));
    let mut files = [
        small(&folder().join("b2nd")),
        small(&folder().join("caterva")),
    ]
    .concat();
    assert!(files.len() > 18);
    files.push(own);
    files
}

#[test]
fn a_truncated_file_is_damaged() {
    for file in files() {
        for length in 0..file.len() {
            match read(file[..length].to_vec()) {
                Err(Error::Data { .. }) => {}
                other => panic!("{length} of {}: {other:?}", file.len()),
            }
        }
    }
}

#[test]
fn no_changed_byte_is_fatal() {
    for file in files() {
        let good = read(file.clone()).unwrap();
        for at in 0..file.len() {
            for change in [0x01, 0x80, 0xff, file[at], file[at] ^ 0x7f] {
                let mut changed = file.clone();
                changed[at] ^= change;
                match read(changed) {
                    Ok(values) => assert!(values.len() <= LARGE as usize),
                    Err(Error::Data { .. } | Error::Unsupported { .. } | Error::Limit { .. }) => {}
                    // Says that its chunks are elsewhere.
                    Err(Error::Caller { .. }) if at == 26 => {}
                    Err(other) => panic!("byte {at} ^ {change:#x} of {good:?}: {other:?}"),
                }
            }
        }
    }
}

#[test]
fn faults_name_the_chunk() {
    let layout = NdLayout::new(&[64], &[32], &[16], Some("<i4")).unwrap();
    let mut file = array(&layout, &Encoder::new(4).unwrap(), &elements(64, 4, 2));
    let start = file
        .windows(4)
        .position(|w| w[0] == 5 && w[1] == 1 && w[3] == 4)
        .unwrap();
    file[start + 3] = 0;
    let error = B2nd::open_source(file)
        .unwrap()
        .read(&Region::whole(&[64]))
        .unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("chunk 0") && text.contains("elements of no size"),
        "{text}"
    );
}
