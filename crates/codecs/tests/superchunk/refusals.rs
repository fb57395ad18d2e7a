//! What cannot be a frame, and who cannot write one.

use std::sync::Arc;

use serde_json::json;
use ziggurat_core::layout::Layout;
use ziggurat_core::{Array, ArrayMetadata, ElementType, Error, Region};

use super::support::{create, example, metadata, reopen};

fn refusal(change: impl FnOnce(&mut ArrayMetadata)) -> String {
    let shapes: [&[u64]; 3] = [&[8, 8], &[4, 4], &[4, 4]];
    let mut metadata = metadata(&[9, 9], ElementType::Int32, &[0; 4], shapes);
    change(&mut metadata);
    let error = create(metadata).unwrap_err();
    assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
    error.to_string()
}

#[test]
fn what_cannot_be_a_frame_is_refused_when_it_is_chosen() {
    let blosc = refusal(|m| {
        m.codecs = "blosc-zstd"
            .parse::<ziggurat_core::codec::CodecSpec>()
            .unwrap()
            .chain(m.element);
    });
    assert!(blosc.contains("of zstd alone"), "{blosc}");
    let big = refusal(|m| m.codecs[0]["configuration"]["endian"] = json!("big"));
    assert!(big.contains("little-endian"), "{big}");
    let start = refusal(|m| m.index_at_end = false);
    assert!(start.contains("at their end"), "{start}");
    let small = refusal(|m| {
        m.element = ElementType::UInt8;
        m.fill = vec![0];
        m.layout = Layout::sharded(&[8, 8], &[1, 2], &[1, 2]).unwrap();
    });
    assert!(small.contains("2 bytes"), "{small}");
    let scalar = refusal(|m| {
        m.shape = vec![];
        m.layout = Layout::sharded(&[], &[], &[]).unwrap();
    });
    assert!(scalar.contains("without dimensions"), "{scalar}");
}

#[test]
fn an_array_is_read_whose_framing_is_not_known() {
    let (array, elements) = example();
    let mut other = array.metadata().clone();
    other.framing = Some("folio".to_owned());
    let array = Array::new(Arc::clone(array.store()), array.path(), other).unwrap();
    assert_eq!(array.read(&Region::whole(&[20, 30])).unwrap(), elements);
    let one = Region::new([0, 0], [1, 1]);
    for error in [
        array.write(&one, &[0; 2]),
        array.write(&Region::whole(&[20, 30]), &elements),
    ] {
        let error = error.unwrap_err().to_string();
        assert!(
            error.contains("\"folio\"") && error.contains("register"),
            "{error}"
        );
    }
    array.store_metadata().unwrap();
    let mut other = reopen(&array);
    assert!(other.resize(&[20, 40]).is_err() && other.append(1, &[0; 40]).is_err());
    assert_eq!(reopen(&array).shape(), [20, 30], "nothing was changed");
    assert_eq!(reopen(&array).metadata().framing.as_deref(), Some("folio"));
    assert_eq!(array.read(&one).unwrap(), elements[..2]);
}
