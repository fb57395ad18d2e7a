//! What damage is done to: the samples, and what we write ourselves, for each target.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use ziggurat_codecs::blosc2::{Encoder, Filter, Filters, Frame, NdLayout, Special};
use ziggurat_codecs::carray::{self, Column, Storage};
use ziggurat_codecs::dtype::DType;
use ziggurat_codecs::npy;
use ziggurat_core::codec::{BlockCodec, blosc};
use ziggurat_core::shard::ShardIndex;
use ziggurat_core::{ArrayMetadata, ElementType, Region};

use super::targets::{NEXT_FILE, b2nd_codecs};
use crate::blosc2::support::{array, elements};

pub(super) type Seeds = Vec<Vec<u8>>;

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples")
}

/// What is in a folder of the samples, in order.
fn entries(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(samples().join(folder)).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).collect();
    paths.sort();
    paths
}

/// The files of `folders` with this extension.
pub(super) fn files(folders: &[&str], extension: &str) -> Seeds {
    let paths = folders.iter().flat_map(|folder| entries(folder));
    paths
        .filter(|p| p.is_file() && p.extension().is_some_and(|e| e == extension))
        .map(|p| fs::read(p).unwrap())
        .collect()
}

/// Frames that Blosc2 and Caterva wrote, and one of ours.
pub(super) fn frames() -> Seeds {
    let layout = NdLayout::new(&[9, 9], &[5, 4], &[3, 2], Some("<i2")).unwrap();
    let own = array(&layout, &Encoder::new(2).unwrap(), &elements(81, 2, 1));
    let foreign = [
        files(&["b2nd"], "b2nd"),
        files(&["caterva"], "cat"),
        files(&["caterva"], "caterva"),
    ];
    [foreign.concat(), vec![own]].concat()
}

/// Chunks of the frames, one of each pipeline that we write, and of Blosc 1.
pub(super) fn chunks() -> Seeds {
    let foreign = frames().into_iter().filter_map(|frame| {
        let frame = Frame::open_source(frame).ok()?;
        let last = frame.header().chunks().checked_sub(1)?;
        frame.chunk(last).and_then(|chunk| chunk.encoded()).ok()
    });
    let data = elements(90, 4, 3);
    let encoder = Encoder::new(4).unwrap().block(120).unwrap();
    let filters = [
        vec![Filter::Delta],
        vec![Filter::Truncate { bits: 9 }, Filter::Bitshuffle],
        vec![Filter::Shuffle { group: 2 }],
    ];
    let own = filters.iter().map(|filters| {
        let filters = Filters::new(filters).unwrap();
        encoder.filters(filters).unwrap().encode(&data).unwrap()
    });
    let repeated = encoder.encode_special(Special::Repeated, &[1, 2, 3, 4], 360);
    foreign
        .chain(own)
        .chain(repeated)
        .chain(blosc_chunks())
        .collect()
}

/// Chunks of Blosc 1 by each compressor.
pub(super) fn blosc_chunks() -> Seeds {
    let data = elements(300, 4, 3);
    let configurations = ["blosclz", "lz4", "lz4hc", "snappy", "zlib", "zstd"].map(|name| {
        let shuffle = if name == "lz4" {
            "bitshuffle"
        } else {
            "shuffle"
        };
        json!({"cname": name, "clevel": 5, "shuffle": shuffle, "typesize": 4, "blocksize": 512})
    });
    let encode = |configuration: &serde_json::Value| {
        let mut chunk = Vec::new();
        blosc::encode(configuration, &data, &mut chunk).unwrap();
        chunk
    };
    configurations.iter().map(encode).collect()
}

/// Chunks of the codec `b2nd`: mixed, and of one value.
pub(super) fn b2nd_codec() -> Seeds {
    let size = 9 * 20;
    let mixed = elements(size, 4, 3);
    let inputs = [mixed.clone(), vec![7; mixed.len()]];
    let encode = |codec: &BlockCodec| {
        let chunks = inputs
            .iter()
            .map(|input| codec.encode("chunk", input).unwrap().unwrap());
        chunks.map(|chunk| chunk.to_vec()).collect::<Vec<_>>()
    };
    b2nd_codecs().iter().flat_map(encode).collect()
}

pub(super) fn metalayers() -> Seeds {
    let shapes: [(&[u64], Option<&str>); 3] =
        [(&[], Some("|u1")), (&[7], None), (&[70, 9, 3], Some("<f8"))];
    let layout = |(shape, dtype): (&[u64], Option<&str>)| {
        let ones = vec![1; shape.len()];
        NdLayout::new(shape, shape, &ones, dtype)
            .unwrap()
            .to_bytes()
    };
    shapes.into_iter().map(layout).collect()
}

/// The files of a directory as one input.
fn joined(root: &Path, names: &[&str]) -> Vec<u8> {
    let parts = names
        .iter()
        .map(|name| fs::read(root.join(name)).unwrap_or_default());
    parts.collect::<Vec<_>>().join(NEXT_FILE)
}

pub(super) fn bcolz() -> Seeds {
    let names = [
        "meta/storage",
        "meta/sizes",
        "__attrs__",
        "data/__0.blp",
        "data/__1.blp",
    ];
    let arrays = entries("bcolz")
        .into_iter()
        .filter(|p| p.join("meta").is_dir());
    arrays
        .map(|root| joined(&root, &names))
        .filter(|seed| seed.len() < 900)
        .step_by(9)
        .collect()
}

pub(super) fn proposal() -> Seeds {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("a");
    let storage = Storage {
        columns: vec![Column {
            path: Vec::new(),
            dtype: DType::parse("<i2").unwrap(),
        }],
        chunk_shape: vec![2, 3],
        superchunk: 4,
        fortran: true,
        library: "lz4".to_owned(),
        level: 5,
        filters: vec![carray::Filter::Shuffle],
    };
    let attribute = carray::Attribute {
        value: json!([1, 2]),
        dtype: DType::parse("<i4").unwrap(),
    };
    let attributes = [("ids".to_owned(), attribute)];
    let data = elements(20, 2, 3);
    let read = |_: &Column, region: &Region| Ok(data[..region.len() as usize * 2].to_vec());
    carray::write(&root, &storage, &[4, 5], &attributes, 3, read).unwrap();
    let names = [
        "meta/storage",
        "meta/shape",
        "meta/attributes",
        "data/__1__.bin",
    ];
    let by_hand = b"dtype: \n  col1: int8\n  col2: int16\nchunkshape: (2, 2)\nsuperchunksize: 3  # most\n\
        endianness: big\norder: F\ncompression:\n  library: blosclz\n  level: 5\n  filters: [shuffle, truncate]";
    let by_hand = [
        by_hand.as_slice(),
        b"(3, 4)\n",
        b"t:\n  value: 23.5\n  type: scalar\n  dtype: float32\n",
    ];
    vec![joined(&root, &names), by_hand.join(NEXT_FILE)]
}

pub(super) fn dtypes() -> Seeds {
    let texts = [
        "float64",
        ">M8[25s]",
        "|S5",
        "[('a', '<i4'), ('b', [('x', '>f8'), ('y', '<U3')], (2,))]",
        "{'names': ['a', 'b'], 'formats': ['<i4', ('<f8', (2, 3))], 'offsets': [0, 8], 'itemsize': 64}",
    ];
    texts.map(|text| text.as_bytes().to_vec()).to_vec()
}

pub(super) fn npy() -> Seeds {
    let version_2 =
        b"\x93NUMPY\x02\0\x3b\0\0\0{'descr': '>f4', 'fortran_order': True, 'shape': (12L, ), }  \n";
    vec![
        npy::encode_header(ElementType::Int16, &[2, 3]),
        version_2.to_vec(),
    ]
}

/// Documents of arrays, from the cases that other readers are tested with.
pub(super) fn metadata() -> Seeds {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance-tests/cases/ok");
    let mut paths: Vec<PathBuf> = fs::read_dir(cases)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    paths.sort();
    let documents = paths
        .into_iter()
        .filter_map(|p| fs::read(p.join("zarr.json")).ok());
    let arrays = documents.filter(|bytes| {
        let document = serde_json::from_slice(bytes);
        document.is_ok_and(|document| ArrayMetadata::parse("", &document).is_ok())
    });
    arrays.step_by(7).collect()
}

pub(super) fn shard_indices() -> Seeds {
    let index = ShardIndex::new(vec![Some((0, 7)), None, Some((u64::MAX - 1, 3))]);
    vec![index.encode().to_vec()]
}

/// Puts seeds where the fuzzer looks for those of `target`.
pub(super) fn write(target: &str, seeds: &[Vec<u8>]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz/corpus")
        .join(target);
    fs::create_dir_all(&folder).unwrap();
    for (number, seed) in seeds.iter().enumerate() {
        fs::write(folder.join(number.to_string()), seed).unwrap();
    }
}
