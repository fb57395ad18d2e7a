//! What is done with foreign bytes, by the tests of damaged samples and by the fuzzer in `fuzz/`.
//!
//! An error is a right answer, and so are other values. A target panics where two ways of reading
//! disagree; it asks for no more than [`LIMIT`] bytes at once, whatever the bytes claim.

use std::cell::OnceCell;
use std::fs;
use std::io::Cursor;
use std::path::Path;

use serde_json::{Value, json};
use ziggurat_codecs::blosc2::{B2nd, ChunkIndex, Frame, FrameHeader, NdLayout, decode};
use ziggurat_codecs::bloscpack::Reader;
use ziggurat_codecs::dtype::DType;
use ziggurat_codecs::{bcolz, carray, npy};
use ziggurat_core::codec::{BlockCodec, blosc};
use ziggurat_core::shard::ShardIndex;
use ziggurat_core::{ArrayMetadata, ElementType, Region, Result};

/// Most that is decoded at once: more than any sample holds.
pub const LIMIT: u64 = 1 << 20;

/// What is between the files of a directory that a target gets as one input.
pub const NEXT_FILE: &[u8] = b"\n~~~~\n";

/// A chunk of Blosc 1 or 2: each block alone is what it is in the whole.
pub fn chunk(bytes: &[u8]) {
    let whole = decode(bytes, to_usize(LIMIT));
    let (Ok(index), Ok(whole)) = (ChunkIndex::parse(bytes), whole) else {
        return;
    };
    let mut first = None;
    for (number, expected) in whole.chunks(index.header().block).enumerate() {
        let mut block = vec![0; expected.len()];
        let stored = &bytes[index.extent(number)];
        let decoded = index.decode_block(number, stored, first.as_deref(), &mut block);
        assert!(decoded.is_ok() && block == expected, "block {number}");
        first.get_or_insert(block);
    }
}

/// A contiguous frame, what is in its metalayers, and its chunks.
pub fn frame(bytes: &[u8]) {
    if let Ok(header) = FrameHeader::parse(bytes) {
        let written = header.to_bytes().and_then(|b| FrameHeader::parse(&b));
        assert_eq!(written.ok(), Some(header));
    }
    let Ok(frame) = Frame::open_source(bytes.to_vec()) else {
        return;
    };
    for name in frame.vlmetalayer_names().take(2) {
        let _ = frame.vlmetalayer(name);
    }
    for number in 0..frame.header().chunks().min(16) {
        let _ = frame.chunk(number).and_then(|chunk| {
            let decoded = chunk.index().header().decoded as u64;
            match decoded <= LIMIT {
                true => chunk.decode(),
                false => chunk.encoded(),
            }
        });
    }
}

/// The metalayer that says the shapes of an array: what is read is written as it was.
pub fn metalayer(bytes: &[u8]) {
    if let Ok(layout) = NdLayout::parse(bytes) {
        assert_eq!(layout.to_bytes(), bytes);
        let _ = (
            layout.chunk_bytes(4),
            layout.block_bytes(4),
            layout.chunks(),
        );
        let _ = layout.element();
    }
}

/// An array of Blosc2 or Caterva: its first element is that of the whole.
pub fn b2nd(bytes: &[u8]) {
    let Ok(array) = B2nd::open_source(bytes.to_vec()) else {
        return;
    };
    let typesize = array.frame().header().typesize;
    let shape = array.layout().shape();
    if shape.contains(&0) || typesize as u64 > LIMIT {
        return;
    }
    let element = array.read(&Region::new(vec![0; shape.len()], vec![1; shape.len()]));
    let whole = Region::whole(shape);
    if whole.len().saturating_mul(typesize as u64) <= LIMIT
        && let Ok(elements) = array.read(&whole)
    {
        assert_eq!(element.ok().as_deref(), elements.get(..typesize));
    }
}

/// A file of bloscpack, or a superchunk of the draft of 2012: what is read in two parts is the whole.
pub fn bloscpack(bytes: &[u8]) {
    for reader in [Reader::new, Reader::draft] {
        let Ok(mut reader) = reader("input", Cursor::new(bytes)) else {
            continue;
        };
        let _ = reader.array();
        let end = reader.len().min(LIMIT);
        if let Ok(whole) = reader.read(0..end) {
            let parts = [0..end / 3, end / 3..end].map(|range| reader.read(range));
            assert_eq!(
                parts
                    .into_iter()
                    .collect::<Result<Vec<_>>>()
                    .ok()
                    .map(|p| p.concat()),
                Some(whole)
            );
        }
    }
}

/// A carray of bcolz: `meta/storage`, `meta/sizes`, `__attrs__`, the first and the second chunk.
pub fn bcolz_carray(bytes: &[u8]) {
    let files = [
        "meta/storage",
        "meta/sizes",
        "__attrs__",
        "data/__0.blp",
        "data/__1.blp",
    ];
    in_directory(bytes, &files, |root| {
        if let Ok(bcolz::Stored::Carray(array)) = bcolz::open(root) {
            let row =
                array.shape()[1..].iter().product::<u64>() * array.storage().dtype.size() as u64;
            let rows = LIMIT.checked_div(row).unwrap_or(LIMIT);
            let _ = array.read(0..array.rows().min(rows));
        }
    });
}

/// An array of the proposal of 2012: `meta/storage`, `meta/shape`, `meta/attributes`, a superchunk.
pub fn carray_2012(bytes: &[u8]) {
    let files = [
        "meta/storage",
        "meta/shape",
        "meta/attributes",
        "data/__1__.bin",
    ];
    in_directory(bytes, &files, |root| {
        let Ok(array) = carray::Carray::open(root) else {
            return;
        };
        for column in &array.storage().columns {
            let whole = Region::whole(array.shape());
            let bytes = whole.len().saturating_mul(column.dtype.size() as u64);
            if bytes <= LIMIT && column.path.is_empty() {
                let _ = array.read(column, &whole);
            }
        }
    });
}

/// The name or the literal of a type of `NumPy`: as it is written, if it can be, it is read again.
pub fn dtype(bytes: &[u8]) {
    let text = str::from_utf8(bytes);
    let dtype = text.ok().and_then(|text| DType::parse(text).ok());
    if let Some(dtype) = dtype
        && let Some(literal) = dtype.to_literal()
    {
        assert_eq!(DType::parse(&literal).ok(), Some(dtype));
    }
}

/// The header of a `.npy` file.
pub fn npy(bytes: &[u8]) {
    if let Ok(header) = npy::parse_header(bytes) {
        assert!(header.data_size() <= 1 << 50);
        assert!(header.data_offset <= bytes.len() as u64);
    }
}

/// `zarr.json`: what is understood of it is written so that it is understood again.
pub fn metadata(bytes: &[u8]) {
    let Ok(document) = serde_json::from_slice::<Value>(bytes) else {
        return;
    };
    if let Ok(metadata) = ArrayMetadata::parse("input", &document) {
        let written = metadata.to_json();
        let again = ArrayMetadata::parse("input", &written).map(|m| m.to_json());
        assert_eq!(again.ok(), Some(written));
    }
}

/// The index of a shard, with its checksum or with a right one.
pub fn shard_index(bytes: &[u8]) {
    let blocks = bytes.len() / 16;
    let _ = ShardIndex::parse("input", bytes, blocks);
    let word = |b: &[u8]| b.iter().rev().fold(0, |n, &x| n << 8 | u64::from(x));
    let entries = bytes
        .chunks_exact(16)
        .map(|e| Some((word(&e[..8]), word(&e[8..]))));
    let index = ShardIndex::new(entries.collect());
    let encoded = index.encode();
    let again = ShardIndex::parse("input", &encoded, blocks);
    assert_eq!(again.map(|i| i.encode()).ok(), Some(encoded));
}

/// A chunk of Blosc 1, as the Zarr codec `blosc` has it: a part is what it is in the whole.
pub fn blosc_chunk(bytes: &[u8]) {
    let Ok(sizes) = blosc::Sizes::read(bytes) else {
        return;
    };
    if sizes.decoded as u64 > LIMIT {
        return;
    }
    let mut whole = vec![0; sizes.decoded];
    if blosc::decode(bytes, sizes.decoded, 0..sizes.decoded, &mut whole).is_ok() {
        let span = sizes.decoded / 3..sizes.decoded / 2;
        let mut part = vec![0; span.len()];
        let decoded = blosc::decode(bytes, sizes.decoded, span.clone(), &mut part);
        assert!(decoded.is_ok() && part == whole[span]);
    }
}

/// A chunk of the codec `b2nd`, with checksums or without: a part of it alone is what it is in the whole.
pub fn b2nd_codec(bytes: &[u8]) {
    for codec in b2nd_codecs() {
        let size = codec.decoded_size();
        let mut whole = vec![0; size];
        let span = size / 3..size / 2;
        let mut part = vec![0; span.len()];
        let decoded = codec.decode_span("chunk", bytes, span.clone(), &mut part);
        if codec.decode_into("chunk", bytes, &mut whole).is_ok() {
            assert!(decoded.is_ok() && part == whole[span]);
        }
    }
}

/// The codecs that [`b2nd_codec`] tries.
pub fn b2nd_codecs() -> [BlockCodec; 2] {
    ziggurat_codecs::register();
    [Value::Null, "crc32c".into()].map(|checksum| {
        let configuration = json!({
            "block_shape": [4, 5], "cname": "zstd", "clevel": 1, "filters": [{"name": "shuffle"}],
            "split": "auto", "checksum": checksum,
        });
        let codec = json!({"name": "b2nd", "configuration": configuration});
        BlockCodec::new("chunk", &[codec], ElementType::UInt32, &[0; 4], &[9, 20]).unwrap()
    })
}

/// Calls `work` with a directory that holds the parts of `bytes` as files.
fn in_directory(bytes: &[u8], names: &[&str], work: impl FnOnce(&Path)) {
    thread_local! {
        static ROOT: OnceCell<tempfile::TempDir> = const { OnceCell::new() };
    }
    ROOT.with(|root| {
        let root = root.get_or_init(|| tempfile::tempdir().unwrap()).path();
        let mut rest = bytes;
        for name in names {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let end = rest.windows(NEXT_FILE.len()).position(|w| w == NEXT_FILE);
            let (file, after) = match end {
                Some(end) => (&rest[..end], Some(&rest[end + NEXT_FILE.len()..])),
                None => (rest, None),
            };
            fs::write(path, file).unwrap();
            rest = after.unwrap_or_default();
        }
        work(root);
    });
}

fn to_usize(n: u64) -> usize {
    usize::try_from(n).unwrap()
}
