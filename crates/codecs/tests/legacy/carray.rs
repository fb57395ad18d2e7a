//! The proposal of 2012, which no program ever wrote: bytes by hand, and ours.

use std::fs;

use proptest::prelude::*;
use serde_json::{Map, json};
use ziggurat_codecs::bloscpack::{Header, Version};
use ziggurat_codecs::carray::{Attribute, Carray, Column, Filter, Storage, write};
use ziggurat_codecs::dtype::DType;
use ziggurat_core::{Error, Region};

use super::sample;
use crate::blosc2::support::part;

fn column(path: &[&str], dtype: &str) -> Column {
    Column {
        path: path.iter().map(|&name| name.to_owned()).collect(),
        dtype: DType::parse(dtype).unwrap(),
    }
}

/// A Blosc-1 chunk that is a copy.
fn copied(values: &[u8]) -> Vec<u8> {
    let size = u32::try_from(values.len()).unwrap();
    let sizes = [size, size, size + 16].map(u32::to_le_bytes);
    [&[2, 1, 2, 1], sizes.as_flattened(), values].concat()
}

/// A superchunk by the letter of the proposal, without checksums: slack after each chunk.
fn superchunk(chunks: &[&[u8]], slack: usize) -> Vec<u8> {
    let chunks: Vec<Vec<u8>> = chunks
        .iter()
        .map(|c| [copied(c), vec![7; slack]].concat())
        .collect();
    let first = 32 + 8 * chunks.len();
    let size = first + chunks.iter().map(Vec::len).sum::<usize>();
    let mut out = b"blpk\x02\x00\x01\x00\xff\xff\xff\xff\0\0\0\0".to_vec();
    out.extend((size as i64).to_le_bytes());
    out.extend((chunks.len() as i64).to_le_bytes());
    let mut at = first;
    for chunk in &chunks {
        out.extend((at as i64).to_le_bytes());
        at += chunk.len();
    }
    [out, chunks.concat()].concat()
}

#[test]
fn a_directory_by_the_letter_of_the_proposal() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    for folder in ["meta", "data/col1", "data/col2"] {
        fs::create_dir_all(root.join(folder)).unwrap();
    }
    fs::write(
        root.join("meta/storage"),
        "dtype: \n  col1: int8\n  col2: int16\nchunkshape: (2, 2)\nsuperchunksize: 3  # max. number of chunks\n\
         endianness: big  # default: little\norder: F         # default: C\ncompression:\n  library: blosclz\n  \
         level: 5\n  filters: [shuffle, truncate]  # order matters\n",
    )
    .unwrap();
    fs::write(root.join("meta/shape"), "(3, 4)\n").unwrap();
    fs::write(
        root.join("meta/attributes"),
        "temperature:\n  value: 23.5\n  type: scalar\n  dtype: float32\nids:\n  value: [1,3,6,10]\n  \
         type: array\n  dtype: int32\n",
    )
    .unwrap();
    // Element (i, j) is 10 i + j; the lower chunks are cut off in col1 and filled up in col2.
    let first: [&[u8]; 3] = [&[0, 10, 1, 11], &[2, 12, 3, 13], &[20, 21]];
    fs::write(root.join("data/col1/__1__.bin"), superchunk(&first, 9)).unwrap();
    fs::write(
        root.join("data/col1/__2__.bin"),
        superchunk(&[&[22, 23]], 0),
    )
    .unwrap();
    let wide = |values: [u8; 4]| values.map(|v| [0, v]).as_flattened().to_vec();
    let chunks = [
        [0, 10, 1, 11],
        [2, 12, 3, 13],
        [20, 0, 21, 0],
        [22, 0, 23, 0],
    ]
    .map(wide);
    let first: Vec<&[u8]> = chunks[..3].iter().map(Vec::as_slice).collect();
    fs::write(root.join("data/col2/__1__.bin"), superchunk(&first, 1)).unwrap();
    fs::write(
        root.join("data/col2/__2__.bin"),
        superchunk(&[&chunks[3]], 1),
    )
    .unwrap();

    assert!(Carray::is_at(root));
    assert!(!Carray::is_at(&sample("bcolz/i8_2d")));
    let carray = Carray::open(root).unwrap();
    assert_eq!(carray.shape(), [3, 4]);
    let storage = carray.storage();
    assert_eq!(storage.columns[0].path, ["col1"]);
    assert_eq!(storage.columns[1], column(&["col2"], ">i2"));
    assert_eq!(storage.filters, [Filter::Shuffle, Filter::Truncate]);
    assert_eq!(
        (storage.library.as_str(), storage.level, storage.superchunk),
        ("blosclz", 5, 3)
    );
    let attribute = |value, dtype: &str| Attribute {
        value,
        dtype: DType::parse(dtype).unwrap(),
    };
    let attributes = [
        ("temperature".to_owned(), attribute(json!(23.5), "float32")),
        ("ids".to_owned(), attribute(json!([1, 3, 6, 10]), "int32")),
    ];
    assert_eq!(carray.attributes(), attributes);

    // In Fortran order, as it is stored.
    let all = [0, 10, 20, 1, 11, 21, 2, 12, 22, 3, 13, 23];
    assert_eq!(
        carray
            .read(&storage.columns[0], &Region::whole(&[3, 4]))
            .unwrap(),
        all
    );
    let wide: Vec<u8> = all.iter().flat_map(|&v| [0, v]).collect();
    assert_eq!(
        carray
            .read(&storage.columns[1], &Region::whole(&[3, 4]))
            .unwrap(),
        wide
    );
    let part = carray
        .read(&storage.columns[0], &Region::new([1, 1], [2, 2]))
        .unwrap();
    assert_eq!(part, [11, 21, 12, 22]);

    // The shape where the later draft has it, in YAML and in JSON.
    fs::remove_file(root.join("meta/shape")).unwrap();
    for sizes in [
        "shape: (3, 4)\nnbytes: 12\ncbytes: 9\n",
        r#"{"shape": [3, 4], "nbytes": 12}"#,
    ] {
        fs::write(root.join("meta/sizes"), sizes).unwrap();
        assert_eq!(Carray::open(root).unwrap().shape(), [3, 4]);
    }
    fs::remove_file(root.join("meta/sizes")).unwrap();
    assert!(
        Carray::open(root)
            .unwrap_err()
            .to_string()
            .contains("interrupted")
    );
}

#[test]
fn files_that_say_other_things_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("a");
    let storage = Storage {
        columns: vec![column(&[], "|u1")],
        chunk_shape: vec![4],
        superchunk: 2,
        fortran: false,
        library: "zlib".to_owned(),
        level: 5,
        filters: vec![],
    };
    write(&root, &storage, &[10], &[], 5, |_, r| {
        Ok(vec![1; r.len() as usize])
    })
    .unwrap();
    let path = root.join("data/__1__.bin");
    let bytes = fs::read(&path).unwrap();
    let header = Header::parse_draft(&bytes).unwrap();
    assert_eq!(header.version, Version::Draft);
    assert_eq!(
        (header.file_size, header.chunks, header.chunk_size),
        (Some(bytes.len() as u64), Some(2), Some(4))
    );

    let carray = Carray::open(&root).unwrap();
    let read = || carray.read(&storage.columns[0], &Region::whole(&[10]));
    assert_eq!(read().unwrap(), [1; 10]);
    fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    let error = read().unwrap_err().to_string();
    assert!(
        error.contains("__1__.bin") && error.contains("bytes"),
        "{error}"
    );
    let mut flipped = bytes.clone();
    flipped[32 + 16 + 16] ^= 1;
    fs::write(&path, &flipped).unwrap();
    let error = read().unwrap_err().to_string();
    assert!(
        error.contains("chunk 0") && error.contains("adler32"),
        "{error}"
    );
    fs::write(&path, &bytes).unwrap();
    fs::remove_file(root.join("data/__2__.bin")).unwrap();
    let error = read().unwrap_err().to_string();
    assert!(
        error.contains("__2__.bin") && error.contains("missing"),
        "{error}"
    );
    assert_eq!(
        carray
            .read(&storage.columns[0], &Region::new([0], [8]))
            .unwrap(),
        [1; 8]
    );

    let original = fs::read_to_string(root.join("meta/storage")).unwrap();
    let changes = [
        ("'|u1'", "object"),
        ("'|u1'", "{}"),
        ("(4,)", "(4, 4)"),
        ("(4,)", "(0,)"),
        ("superchunksize: 2", "superchunksize: 0"),
        ("order: C", "order: D"),
        ("level: 5", "level: 10"),
        ("filters: []", "filters: [secret]"),
        ("endianness: little", "endianness: middle"),
    ];
    for (from, to) in changes {
        fs::write(root.join("meta/storage"), original.replace(from, to)).unwrap();
        assert_ne!(original, original.replace(from, to));
        assert!(Carray::open(&root).is_err(), "{to}");
    }
}

#[test]
fn columns_that_lead_elsewhere_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("a");
    for path in [&[".."][..], &["a/b"], &[""], &["it's"]] {
        let storage = Storage {
            columns: vec![column(path, "<i4")],
            chunk_shape: vec![4],
            superchunk: 1,
            fortran: false,
            library: "lz4".to_owned(),
            level: 5,
            filters: vec![],
        };
        let done = write(&root, &storage, &[4], &[], 0, |_, _| Ok(vec![0; 16]));
        assert!(
            matches!(done, Err(Error::Caller { .. })),
            "{path:?}: {done:?}"
        );
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

fn reversed(region: &Region) -> Region {
    let reverse = |sizes: &[u64]| sizes.iter().rev().copied().collect::<Vec<_>>();
    Region::new(reverse(&region.start), reverse(&region.shape))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_is_read(
        (shape, chunk_shape) in prop::collection::vec((0..9_u64, 1..5_u64), 1..4).prop_map(|d| d.into_iter().unzip::<_, _, Vec<_>, Vec<_>>()),
        superchunk in 1..6_u64,
        fortran in any::<bool>(),
        slack in 0..40_u32,
        library in prop::sample::select(vec!["blosclz", "lz4", "zlib", "zstd"]),
        corner in any::<prop::sample::Index>(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("a");
        let columns = vec![column(&["a"], ">i2"), column(&["b", "x y"], "|S3"), column(&["b", "z"], "<M8[ns]")];
        let storage = Storage {
            columns: columns.clone(), chunk_shape, superchunk, fortran, library: library.to_owned(), level: 5,
            filters: vec![Filter::Shuffle],
        };
        let mut text = Map::new();
        text.insert("note".to_owned(), json!({"value": "a: 'b' # c", "type": "scalar", "dtype": "<U10"}));
        let note = Attribute { value: json!("a: 'b' # \n c"), dtype: DType::parse("<U12").unwrap() };
        let attributes = [("note: 1".to_owned(), note)];
        // What is stored is a C-order array of the reversed shape if it is in Fortran order.
        let order = |region: &Region| if fortran { reversed(region) } else { region.clone() };
        let stored = order(&Region::whole(&shape)).shape;
        let values = |column: &Column| -> Vec<u8> {
            let count = shape.iter().product::<u64>() as usize * column.dtype.size();
            (0..count).map(|i| (i % 251) as u8).collect()
        };
        write(&root, &storage, &shape, &attributes, slack, |column, region| {
            Ok(part(&values(column), column.dtype.size(), &stored, &order(region)))
        }).unwrap();
        let carray = Carray::open(&root).unwrap();
        prop_assert_eq!(carray.storage(), &storage);
        prop_assert_eq!(carray.shape(), &shape[..]);
        prop_assert_eq!(carray.attributes(), &attributes[..]);
        let start: Vec<u64> = shape.iter().map(|&n| corner.index(n as usize + 1) as u64).collect();
        let rest: Vec<u64> = shape.iter().zip(&start).map(|(n, s)| n - s).collect();
        for region in [Region::whole(&shape), Region::new(start, rest)] {
            for column in &columns {
                let expected = part(&values(column), column.dtype.size(), &stored, &order(&region));
                prop_assert_eq!(carray.read(column, &region).unwrap(), expected);
            }
        }
    }
}
