//! Files of bloscpack 0.1.1, 0.2.1, 0.3.0 and 0.16.0, and ours.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::rc::Rc;

use proptest::prelude::*;
use serde_json::{Value, json};
use ziggurat_codecs::bloscpack::{
    Array, Checksum, Metadata, MetadataOptions, Options, Reader, Version, write,
};
use ziggurat_codecs::dtype::DType;
use ziggurat_codecs::{Blosc, Shuffle};
use ziggurat_core::Error;

use super::{assert_values, expected, sample};

fn open(name: &str) -> Reader<File> {
    let path = sample("bloscpack").join(name);
    Reader::new(name, File::open(path).unwrap()).unwrap()
}

/// `values` in C order of an array whose bytes are in Fortran order.
fn to_c_order(bytes: &[u8], shape: &[u64], size: usize) -> Vec<u8> {
    let (rows, columns) = (shape[0] as usize, shape[1] as usize);
    let at = |i: usize| (i % columns * rows + i / columns) * size;
    (0..rows * columns)
        .flat_map(|i| bytes[at(i)..][..size].to_vec())
        .collect()
}

#[test]
fn samples_have_the_values_that_bloscpack_reads() {
    let mut arrays = 0;
    for (name, entry) in expected("bloscpack") {
        let mut reader = open(entry["file"].as_str().unwrap());
        let header = reader.header().clone();
        let told = &entry["header"];
        assert_eq!(header.version, Version::V3, "{name}");
        assert_eq!(json!(header.offsets), told["offsets"], "{name}");
        assert_eq!(json!(header.checksum.name()), told["checksum"], "{name}");
        assert_eq!(json!(header.typesize), told["typesize"], "{name}");
        assert_eq!(json!(header.chunk_size), told["chunk_size"], "{name}");
        assert_eq!(json!(header.last_chunk), told["last_chunk"], "{name}");
        assert_eq!(json!(header.chunks), told["nchunks"], "{name}");
        assert_eq!(json!(header.spare), told["max_app_chunks"], "{name}");
        assert_eq!(
            reader.chunks().count() as u64,
            header.chunks.unwrap(),
            "{name}"
        );
        let metadata = reader.metadata().map_or(&Value::Null, |m| &m.value);
        assert_eq!(metadata, &entry["meta"], "{name}");
        if entry["kind"] == "bytes" {
            let bytes = reader.read(0..reader.len()).unwrap();
            let expected: Vec<u8> = (0..bytes.len()).map(|i| i as u8).collect();
            assert_eq!(entry["nbytes"], bytes.len(), "{name}");
            assert_eq!(bytes, expected, "{name}");
            assert!(
                matches!(reader.array(), Err(Error::Caller { .. })),
                "{name}"
            );
            continue;
        }
        arrays += 1;
        let array = reader.array().unwrap();
        assert_eq!(json!(array.shape), entry["shape"], "{name}");
        assert_eq!(
            json!(if array.fortran { "F" } else { "C" }),
            entry["order"],
            "{name}"
        );
        let mut bytes = reader.elements(0..array.shape.iter().product()).unwrap();
        if array.fortran {
            bytes = to_c_order(&bytes, &array.shape, array.dtype.size());
        }
        assert_values(&name, &array.dtype, &bytes, &entry["values_C_order"]);
    }
    assert_eq!(arrays, 31);
}

#[test]
fn early_versions_have_the_bytes_that_were_packed() {
    let expected: Vec<u8> = (0..2500)
        .flat_map(|i| (f64::from(i) * 0.5).to_le_bytes())
        .collect();
    let mut seen = Vec::new();
    for entry in fs::read_dir(sample("bloscpack/early")).unwrap() {
        let path = entry.unwrap().path();
        let mut reader =
            Reader::new(path.display().to_string(), File::open(&path).unwrap()).unwrap();
        assert_eq!(reader.read(0..reader.len()).unwrap(), expected, "{path:?}");
        assert_eq!(
            reader.read(8190..8200).unwrap(),
            expected[8190..8200],
            "{path:?}"
        );
        seen.push((reader.header().version, reader.header().checksum));
    }
    for checksum in Checksum::ALL {
        assert!(seen.contains(&(Version::V2, checksum)), "{checksum:?}");
    }
    assert!(seen.contains(&(Version::V1, Checksum::None)));
    assert!(seen.contains(&(Version::V3, Checksum::Crc32)));
    assert_eq!(seen.len(), 12);
}

/// Counts what is read of a file.
struct Counted(File, Rc<Cell<usize>>);

impl Read for Counted {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let count = self.0.read(out)?;
        self.1.set(self.1.get() + count);
        Ok(count)
    }
}

impl Seek for Counted {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.0.seek(to)
    }
}

#[test]
fn a_range_reads_only_its_chunks() {
    let count = Rc::new(Cell::new(0));
    let file = File::open(sample("bloscpack/i4_sha512.blp")).unwrap();
    let mut reader = Reader::new("i4", Counted(file, Rc::clone(&count))).unwrap();
    let chunks: Vec<_> = reader.chunks().collect();
    assert_eq!(chunks, [0..1024, 1024..2048, 2048..2800]);
    count.set(0);
    let elements = reader.elements(300..302).unwrap();
    assert_eq!(
        elements,
        [300_i32.to_le_bytes(), 301_i32.to_le_bytes()].concat()
    );
    // The second chunk: its header twice, and its checksum; bloscpack says that it starts at 1354.
    assert_eq!(count.get(), 16 + (1746 - 1354));
}

#[test]
fn types_as_they_were_written_before_0_7_2() {
    let cases = [
        (json!("<i8"), "<i8"),
        (json!("float64"), "<f8"),
        (
            json!([["a", "<f8"], ["b", "<i4", 2]]),
            "[('a', '<f8'), ('b', '<i4', (2,))]",
        ),
        (json!([["a", [["b", "<f8"]]]]), "[('a', [('b', '<f8')])]"),
    ];
    for (written, dtype) in cases {
        let metadata = json!({"dtype": written, "shape": [2], "order": "C", "container": "numpy"});
        let array = Array::parse(&metadata).unwrap();
        assert_eq!(array.dtype, DType::parse(dtype).unwrap());
    }
}

fn options() -> impl Strategy<Value = Options> {
    let version = prop_oneof![
        Just(Version::V1),
        Just(Version::V2),
        Just(Version::V3),
        Just(Version::Draft)
    ];
    let blosc = (
        prop::sample::select(vec!["blosclz", "lz4", "lz4hc", "snappy", "zlib", "zstd"]),
        0..=9_u8,
        prop::sample::select(vec![Shuffle::None, Shuffle::Bytes, Shuffle::Bits]),
    );
    let layout = (
        prop::sample::select(Checksum::ALL.to_vec()),
        any::<bool>(),
        0..20_u64,
        0..30_u32,
    );
    let metadata = prop::option::of((
        prop::sample::select(Checksum::ALL.to_vec()),
        0..=9_u8,
        0..300_u32,
    ));
    (version, blosc, layout, 1..3000_u32, 1..20_u8, metadata).prop_map(
        |(
            version,
            (compressor, level, shuffle),
            (checksum, offsets, spare, slack),
            chunk,
            typesize,
            metadata,
        )| {
            let is_bare = version == Version::V1;
            let offsets = offsets && !is_bare;
            Options {
                version,
                checksum: if is_bare { Checksum::None } else { checksum },
                offsets,
                spare: if offsets && version == Version::V3 {
                    spare
                } else {
                    0
                },
                slack: if offsets && version == Version::Draft {
                    slack
                } else {
                    0
                },
                chunk_size: chunk * u32::from(typesize),
                typesize,
                blosc: Blosc {
                    compressor: compressor.to_owned(),
                    level,
                    shuffle,
                },
                metadata: metadata.filter(|_| version == Version::V3).map(
                    |(checksum, level, room)| Metadata {
                        value: json!({"a": [1, 2.5, null], "text": "ü".repeat(room as usize / 3)}),
                        options: MetadataOptions {
                            checksum,
                            level,
                            room,
                        },
                    },
                ),
            }
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        options in options(),
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..4000),
            (0..40_000_usize, 1..200_usize).prop_map(|(n, p)| (0..n).map(|i| (i / p) as u8).collect()),
        ],
        from in any::<prop::sample::Index>(),
        to in any::<prop::sample::Index>(),
    ) {
        let mut file = Cursor::new(Vec::new());
        write("t.blp", &mut file, &options, bytes.len() as u64, &mut bytes.as_slice()).unwrap();
        let mut reader = match options.version {
            Version::Draft => Reader::draft("t.blp", file),
            _ => Reader::new("t.blp", file),
        }.unwrap();
        prop_assert_eq!(reader.len(), bytes.len() as u64);
        prop_assert_eq!(reader.metadata().map(|m| &m.value), options.metadata.as_ref().map(|m| &m.value));
        prop_assert_eq!(&reader.read(0..reader.len()).unwrap(), &bytes);
        let (a, b) = (from.index(bytes.len() + 1), to.index(bytes.len() + 1));
        let (a, b) = (a.min(b), a.max(b));
        prop_assert_eq!(&reader.read(a as u64..b as u64).unwrap(), &bytes[a..b]);
    }
}

#[test]
fn options_that_a_version_has_not_are_refused() {
    let metadata = Some(Metadata {
        value: json!({}),
        options: MetadataOptions::default(),
    });
    let v1 = Options {
        version: Version::V1,
        ..Options::default()
    };
    let v2 = Options {
        version: Version::V2,
        ..Options::default()
    };
    let wrong = [
        v1.clone(),
        Options {
            offsets: false,
            ..v1
        },
        Options {
            metadata,
            ..v2.clone()
        },
        Options {
            spare: 1,
            ..v2.clone()
        },
        Options {
            slack: 1,
            ..v2.clone()
        },
        Options {
            chunk_size: 0,
            ..v2.clone()
        },
        Options {
            chunk_size: u32::MAX,
            ..v2
        },
    ];
    for options in wrong {
        let done = write(
            "t",
            &mut Cursor::new(Vec::new()),
            &options,
            0,
            &mut [].as_slice(),
        );
        assert!(
            matches!(done, Err(Error::Caller { .. })),
            "{options:?}: {done:?}"
        );
    }
    let short = write(
        "t",
        &mut Cursor::new(Vec::new()),
        &Options::default(),
        9,
        &mut [0; 8].as_slice(),
    );
    assert!(short.is_err());
}
