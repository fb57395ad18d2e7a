//! Headers as `NumPy` 2 wrote them, and every way to cut them off.

use proptest::prelude::*;

use super::*;

/// A header as `numpy.lib.format.write_array` writes it: 128 bytes, blanks, newline.
fn numpy(version: u8, dict: &str) -> Vec<u8> {
    let start = if version == 1 { 10 } else { 12 };
    let mut out = MAGIC.to_vec();
    out.extend([version, 0, 128 - start, 0]);
    out.resize(usize::from(start), 0);
    out.extend(dict.as_bytes());
    out.resize(127, b' ');
    out.push(b'\n');
    out
}

fn header(element: ElementType, shape: &[u64], fortran: bool, big_endian: bool) -> Header {
    Header {
        element,
        shape: shape.to_vec(),
        fortran,
        big_endian,
        data_offset: 128,
    }
}

#[test]
fn reads_what_numpy_writes() {
    let cases = [
        (
            1,
            "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }",
            header(ElementType::Float32, &[3, 4], false, false),
        ),
        (
            2,
            "{'descr': '>i2', 'fortran_order': True, 'shape': (3, 4), }",
            header(ElementType::Int16, &[3, 4], true, true),
        ),
        (
            3,
            "{'descr': '|u1', 'fortran_order': False, 'shape': (5,), }",
            header(ElementType::UInt8, &[5], false, false),
        ),
        (
            1,
            "{'descr': '<c16', 'fortran_order': False, 'shape': (), }",
            header(ElementType::Complex128, &[], false, false),
        ),
        // Python 2.
        (
            1,
            "{'descr': '<i8', 'fortran_order': False, 'shape': (3L, 4L), }",
            header(ElementType::Int64, &[3, 4], false, false),
        ),
    ];
    for (version, dict, expected) in cases {
        assert_eq!(
            parse_header(&numpy(version, dict)).unwrap(),
            expected,
            "{dict}"
        );
    }
}

#[test]
fn writes_what_numpy_writes() {
    let dict = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }";
    assert_eq!(encode_header(ElementType::Float32, &[3, 4]), numpy(1, dict));
    // Beyond 64 KiB the length needs version 2.
    let long = encode_header(ElementType::UInt8, &vec![1; 30_000]);
    assert_eq!((long[6], long.len() % 64), (2, 0));
    assert_eq!(parse_header(&long).unwrap().shape, vec![1; 30_000]);
}

#[test]
fn refuses_what_is_no_number() {
    for (descr, advice) in [
        ("'<M8[ns]'", "a.view('int64')"),
        ("'|O'", "pickled"),
        ("'<U3'", "text"),
        ("'<f16'", "float64"),
        ("[('a', '<i4'), ('b', '<f4')]", "np.save(f, a['field'])"),
    ] {
        let dict = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': (2,), }}");
        let error = parse_header(&numpy(1, &dict)).unwrap_err();
        assert!(matches!(error, Error::Unsupported { .. }), "{error}");
        assert!(error.to_string().contains(advice), "{error}");
    }
    let mut future = numpy(3, "{}");
    future[6] = 4;
    assert!(matches!(
        parse_header(&future),
        Err(Error::Unsupported { .. })
    ));
}

#[test]
fn refuses_what_is_too_large() {
    for shape in [
        "(1000000000000000000,)",
        "(1000000000000000000, 1000000000000000000, 0)",
        "(4294967296, 4294967296, 4294967296)",
        "(99999999999999999999999999,)",
    ] {
        let dict = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}");
        let error = parse_header(&numpy(1, &dict)).unwrap_err();
        assert!(matches!(error, Error::Limit { .. }), "{error}");
    }
    let mut header = MAGIC.to_vec();
    header.extend([2, 0, 0xff, 0xff, 0xff, 0xff]);
    assert!(matches!(header_size(&header), Err(Error::Limit { .. })));
}

#[test]
fn refuses_what_is_malformed() {
    for dict in [
        "",
        "{'descr': '<f8', 'fortran_order': False}",
        "{'descr': '<f8', 'fortran_order': 0, 'shape': (2,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': 2}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-2,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': ('2',)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2,)} + {}",
        "{1: 2}",
        "{'shape': ((((((((((((((((((((((((((((((((((((((((((((((((((((((((",
    ] {
        let error = parse_header(&numpy(1, dict)).unwrap_err();
        assert!(matches!(error, Error::Data { .. }), "{dict}: {error}");
    }
}

proptest! {
    #[test]
    fn round_trip(
        element in proptest::sample::select(ElementType::ALL.to_vec()),
        shape in proptest::collection::vec(0_u64..300, 0..5),
    ) {
        let bytes = encode_header(element, &shape);
        prop_assert_eq!(bytes.len() % 64, 0);
        let header = parse_header(&bytes).unwrap();
        prop_assert_eq!(header.data_offset, bytes.len() as u64);
        prop_assert_eq!((header.element, &header.shape, header.fortran), (element, &shape, false));
        for cut in 0..bytes.len() {
            prop_assert!(matches!(parse_header(&bytes[..cut]), Err(Error::Data { .. })), "{}", cut);
        }
    }

    #[test]
    fn foreign_bytes_never_panic(
        version in 0_u8..5,
        text in proptest::collection::vec(any::<u8>(), 0..200),
        noise in proptest::collection::vec((0_usize..128, any::<u8>()), 0..4),
    ) {
        let mut bytes = numpy(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }");
        for (at, byte) in noise {
            bytes[at] = byte;
        }
        let _ = parse_header(&bytes);
        let _ = parse_header(&[MAGIC.as_slice(), &[version, 0, 200, 0], &text].concat());
        let _ = parse_header(&text);
    }
}
