//! Files that are cut off at every byte or changed at every byte, and sizes that are lies.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::Map;
use ziggurat_codecs::bcolz::{self, Carray, Storage, Stored, write_carray};
use ziggurat_codecs::bloscpack::{Checksum, Options, Reader, Version, write};
use ziggurat_codecs::dtype::DType;
use ziggurat_core::{Error, Result};

use super::sample;

/// All bytes of a file, and the array that they are, if any.
fn read(bytes: &[u8], is_draft: bool) -> Result<(Vec<u8>, String)> {
    let file = Cursor::new(bytes);
    let mut reader = match is_draft {
        true => Reader::draft("damaged.blp", file)?,
        false => Reader::new("damaged.blp", file)?,
    };
    let array = match reader.metadata() {
        Some(metadata) if metadata.value["container"] == "numpy" => {
            format!("{:?}", reader.array()?)
        }
        other => format!("{other:?}"),
    };
    Ok((reader.read(0..reader.len())?, array))
}

/// Every `.blp` of the samples of bloscpack.
fn files() -> Vec<(String, Vec<u8>)> {
    let folders = [sample("bloscpack"), sample("bloscpack/early")];
    let entries = folders
        .iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap());
    let paths = entries
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "blp"));
    paths
        .map(|p| (p.display().to_string(), fs::read(p).unwrap()))
        .collect()
}

/// A file of the draft, with room after chunks.
fn draft() -> Vec<u8> {
    let options = Options {
        version: Version::Draft,
        slack: 3,
        chunk_size: 64,
        ..Options::default()
    };
    let mut file = Cursor::new(Vec::new());
    let values: Vec<u8> = (0..200).map(|i| i / 3).collect();
    write("draft", &mut file, &options, 200, &mut values.as_slice()).unwrap();
    file.into_inner()
}

#[test]
fn no_cut_goes_unnoticed() {
    let files = files();
    assert_eq!(files.len(), 46);
    for (name, bytes) in files {
        for length in 0..bytes.len() {
            let error = read(&bytes[..length], false).expect_err(&name).to_string();
            let is_told = error.starts_with("damaged.blp: ");
            assert!(is_told, "{name} cut at {length}: {error}");
        }
    }
    let draft = draft();
    for length in 0..draft.len() {
        assert!(read(&draft[..length], true).is_err(), "cut at {length}");
    }
}

#[test]
fn no_change_that_a_checksum_can_tell_gives_other_values() {
    let mut told = 0;
    for (name, bytes) in files() {
        let checksum = Checksum::from_code(bytes[6]).unwrap();
        let has_checksum = bytes[4] > 1 && checksum != Checksum::None;
        let original = read(&bytes, false).unwrap();
        let mut changed = bytes.clone();
        for i in 0..bytes.len() {
            changed[i] ^= 1 << (i % 8);
            match read(&changed, false) {
                Ok(found) if has_checksum => {
                    assert!(found.0 == original.0, "{name}: byte {i}");
                    // The metadata of this sample have no checksum of their own.
                    if !name.contains("meta_nocompress") {
                        assert_eq!(array(&found.1), array(&original.1), "{name}: byte {i}");
                    }
                }
                Ok(_) => {}
                Err(error) => {
                    let error = error.to_string();
                    assert!(
                        error.starts_with("damaged.blp: "),
                        "{name}: byte {i}: {error}"
                    );
                    told += usize::from(has_checksum && error.contains(checksum.name()));
                }
            }
            changed[i] = bytes[i];
        }
    }
    assert!(told > 10_000, "{told} changes were told by a checksum");

    let draft = draft();
    let original = read(&draft, true).unwrap();
    for i in 0..draft.len() {
        let mut changed = draft.clone();
        changed[i] ^= 1 << (i % 8);
        if let Ok(found) = read(&changed, true) {
            assert!(found.0 == original.0, "byte {i}");
        }
    }
}

/// What an array or the metadata are, without how metadata are stored.
fn array(text: &str) -> &str {
    text.split(", options:").next().unwrap()
}

/// A header of 32 bytes with numbers of our choice.
fn header(version: u8, options: u8, chunk: i32, last: i32, chunks: i64, spare: i64) -> Vec<u8> {
    let mut out = b"blpk".to_vec();
    out.extend([version, options, 1, 8]);
    out.extend([chunk, last].map(i32::to_le_bytes).as_flattened());
    out.extend([chunks, spare].map(i64::to_le_bytes).as_flattened());
    out
}

#[test]
fn lies_about_sizes_are_told_before_anything_is_allocated() {
    let huge = i64::MAX;
    let chunk = |decoded: u32, encoded: u32| {
        let sizes = [decoded, decoded, encoded].map(u32::to_le_bytes);
        [&[2, 1, 0x81, 8], sizes.as_flattened()].concat()
    };
    let metadata = |size: u32, room: u32| {
        let sizes = [size, room, room].map(u32::to_le_bytes);
        [b"JSON\0\0\0\0\0\x01\x01\x06", sizes.as_flattened(), &[0; 8]].concat()
    };
    let lies = [
        header(3, 1, 1 << 20, 1 << 20, huge, 0),
        header(3, 1, 1 << 20, 1 << 20, 1, huge),
        header(3, 1, 1 << 20, 1 << 20, huge, huge),
        header(3, 0, 1 << 20, 1 << 20, huge, 0),
        header(3, 1, i32::MAX, i32::MAX, huge / 8, 0),
        header(3, 0, 8, 9, 1, 0),
        header(3, 0, -2, -1, 1, 0),
        header(3, 1, -1, -1, -1, 0),
        header(3, 0, -1, -1, 1, 3),
        header(3, 0, -1, -1, -5, 0),
        header(3, 4, 8, 8, 1, 0),
        header(2, 2, 8, 8, 1, 0),
        header(2, 0, 8, 8, 1, 1),
        header(4, 0, 8, 8, 1, 0),
        [header(3, 2, 8, 8, 1, 0), metadata(u32::MAX, u32::MAX)].concat(),
        [header(3, 2, 8, 8, 1, 0), metadata(64 << 20, u32::MAX)].concat(),
        [header(3, 0, 1 << 30, 1 << 30, 1, 0), chunk(1 << 30, 16)].concat(),
        [
            header(3, 0, -1, -1, -1, 0),
            chunk(i32::MAX as u32 - 16, 20),
            vec![0; 8],
        ]
        .concat(),
        [header(3, 0, -1, -1, -1, 0), chunk(8, u32::MAX), vec![0; 8]].concat(),
        [header(3, 0, -1, -1, -1, 0), chunk(8, 3), vec![0; 8]].concat(),
        [b"blpk\x01\0\0\0".to_vec(), huge.to_le_bytes().to_vec()].concat(),
    ];
    for lie in lies {
        let error = read(&lie, false).expect_err(&format!("{lie:?}"));
        assert!(error.to_string().starts_with("damaged.blp: "), "{error}");
    }
}

#[test]
fn offsets_that_were_never_written_are_told() {
    let bytes = fs::read(sample("bloscpack/early/v2_adler32.blp")).unwrap();
    let mut unfinished = bytes.clone();
    unfinished[32..56].fill(0xff);
    let error = read(&unfinished, false).unwrap_err().to_string();
    assert!(error.contains("interrupted"), "{error}");
    // Chunks that change places have checksums that match.
    let mut swapped = bytes;
    let (a, b) = swapped[32..48].split_at_mut(8);
    a.swap_with_slice(b);
    assert!(read(&swapped, false).is_err());
}

proptest! {
    #[test]
    fn no_bytes_panic(
        version in 0..5_u8,
        options in 0..4_u8,
        numbers in prop::collection::vec(prop_oneof![-2..40_i64, any::<i64>()], 4),
        rest in prop::collection::vec(prop_oneof![Just(0_u8), 0..40_u8, any::<u8>()], 0..200),
        is_draft in any::<bool>(),
    ) {
        let start = header(version, options, numbers[0] as i32, numbers[1] as i32, numbers[2], numbers[3]);
        let _ = read(&[start, rest].concat(), is_draft);
    }
}

/// Every file of a sample of bcolz, copied to `root`.
fn copy(name: &str, root: &Path) -> Vec<PathBuf> {
    let from = sample("bcolz").join(name);
    let mut files = Vec::new();
    let mut folders = vec![from.clone()];
    while let Some(folder) = folders.pop() {
        let target = root.join(folder.strip_prefix(&from).unwrap());
        fs::create_dir_all(&target).unwrap();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let file = target.join(path.file_name().unwrap());
            fs::write(&file, fs::read(&path).unwrap()).unwrap();
            files.push(file);
        }
    }
    files
}

fn read_all(root: &Path) -> Result<Vec<Vec<u8>>> {
    match bcolz::open(root)? {
        Stored::Carray(carray) => Ok(vec![carray.read(0..carray.rows())?]),
        Stored::Ctable(table) => table
            .columns()
            .iter()
            .map(|(_, c)| c.read(0..c.rows()))
            .collect(),
    }
}

#[test]
fn damaged_directories_of_bcolz_are_told() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["i8_2d", "bytes_S5", "ctable_mutated"] {
        let root = dir.path().join(name);
        let files = copy(name, &root);
        let original = read_all(&root).unwrap();
        for path in files {
            let bytes = fs::read(&path).unwrap();
            let is_chunk = path.extension().is_some_and(|e| e == "blp");
            for length in 0..bytes.len() {
                fs::write(&path, &bytes[..length]).unwrap();
                match read_all(&root) {
                    Err(e) => assert!(
                        e.to_string().contains(name),
                        "{path:?} cut at {length}: {e}"
                    ),
                    // The newline at the end is all that may be missing.
                    Ok(found) => {
                        assert!(!is_chunk && found == original, "{path:?} cut at {length}");
                    }
                }
            }
            let mut changed = bytes.clone();
            for i in 0..bytes.len() {
                changed[i] ^= 1 << (i % 8);
                fs::write(&path, &changed).unwrap();
                let found = read_all(&root);
                assert!(!(is_chunk && i < 16 && found.is_ok()), "{path:?}: byte {i}");
                changed[i] = bytes[i];
            }
            fs::write(&path, &bytes).unwrap();
        }
    }
}

#[test]
fn rows_that_are_not_there_are_not_allocated() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("a");
    let storage = Storage::new(DType::parse("<f8").unwrap(), 4);
    write_carray(&root, &storage, &[4], &Map::new(), &mut [0; 32].as_slice()).unwrap();
    let rows = 1_u64 << 58;
    let sizes = format!(
        r#"{{"shape": [{rows}], "nbytes": {}, "cbytes": 0}}"#,
        rows * 8
    );
    fs::write(root.join("meta/sizes"), sizes).unwrap();
    let carray = Carray::open(&root).unwrap();
    assert_eq!(carray.read(0..4).unwrap(), [0; 32]);
    let error = carray.read(0..rows).unwrap_err();
    assert!(
        matches!(error, Error::Limit { .. } | Error::Data { .. }),
        "{error}"
    );
}
