//! Names as `NumPy` 2.4 gives them, and every text that it does not.

use crate::Error;
use proptest::prelude::*;

use super::*;

#[test]
fn names_of_one_type_are_the_same() {
    let same = [
        (">u1", "|u1"),
        (">?", "bool"),
        ("<f8", "float64"),
        ("|b1", "bool"),
        ("?", "bool"),
        ("|u1", "uint8"),
        ("<c16", "complex128"),
        ("<M8[ns]", "datetime64[ns]"),
        ("<m8[25s]", "timedelta64[25s]"),
        ("'<i4'", "int32"),
        ("|S5", "S5"),
    ];
    for (a, b) in same {
        assert_eq!(
            DType::parse(a).unwrap(),
            DType::parse(b).unwrap(),
            "{a} {b}"
        );
    }
    assert_ne!(DType::parse(">f8").unwrap(), DType::parse("<f8").unwrap());
}

#[test]
fn what_is_written_is_what_numpy_writes() {
    let texts = [
        "<f8",
        ">i2",
        "|b1",
        "|u1",
        "<c8",
        "<M8[ns]",
        ">m8[25s]",
        "<M8",
        "|S5",
        "|S0",
        "<U4",
        ">U4",
        "|V16",
        "[('a', '<i4'), ('b', '<f8')]",
        "[('a', '|i1'), ('', '|V7'), ('b', '<f8', (2,3,)), ('c', [('x', '>i4')])]",
    ];
    for text in texts {
        assert_eq!(DType::parse(text).unwrap().to_string(), text);
    }
}

#[test]
fn fields_lie_where_numpy_puts_them() {
    // numpy.dtype([('a', 'i1'), ('b', [('x', '<f4'), ('y', '>f8', (2,))])], align=True)
    let text = "{'names': ['a', 'b'], 'formats': ['i1', {'names': ['x', 'y'], 'formats': ['<f4', ('>f8', (2,))], \
                'offsets': [0, 8], 'itemsize': 24, 'aligned': True}], 'offsets': [0, 8], 'itemsize': 32}";
    let DType::Record { fields, size } = DType::parse(text).unwrap() else {
        panic!("no record");
    };
    assert_eq!((size, fields[1].offset, fields[1].size()), (32, 8, 24));
    let DType::Record { fields: inner, .. } = &fields[1].dtype else {
        panic!("no record within");
    };
    assert_eq!((inner[1].offset, inner[1].size()), (8, 16));
    let record = DType::Record { fields, size };
    assert_eq!(DType::parse(&record.to_string()).unwrap(), record);
}

#[test]
fn every_word_of_a_record_changes_places() {
    let text = "[('a', '>u2', (2,)), ('', 'V1'), ('b', [('c', '>c8'), ('d', '<u2')])]";
    let dtype = DType::parse(text).unwrap();
    let bytes: Vec<u8> = (0..15).collect();
    let mut swapped = [bytes.clone(), bytes].concat();
    dtype.swap_to_native(&mut swapped);
    assert_eq!(
        swapped[..15],
        [1, 0, 3, 2, 4, 8, 7, 6, 5, 12, 11, 10, 9, 13, 14]
    );
    assert_eq!(swapped[15..], swapped[..15]);
    assert!(dtype.to_native().is_native());
}

#[test]
fn objects_and_nonsense_are_refused() {
    for text in ["|O", "object", "O8", "[('a', '|O')]", "<f16", "float128"] {
        assert!(
            matches!(DType::parse(text), Err(Error::Unsupported { .. })),
            "{text}"
        );
    }
    let nonsense = [
        "",
        "<",
        "f3",
        "i16",
        "float65",
        ">float64",
        "S-1",
        "S",
        "U1x",
        "M8[",
        "M8[xs]",
        "M8[0s]",
        "[]",
        "()",
        "3",
        "['a', '<i4']",
        "[('a',)]",
        "[('a', '<i4', -1)]",
        "[('a', '<i4'), ('a', '<i4')]",
        "[('a', '<i4')",
        "{'names': ['a'], 'formats': ['<i4'], 'offsets': [1], 'itemsize': 4}",
        "{'names': ['a']}",
    ];
    for text in nonsense {
        let got = DType::parse(text);
        assert!(matches!(got, Err(Error::Data { .. })), "{text}: {got:?}");
    }
    for text in [
        "S2147483648",
        "U536870912",
        "[('a', '<i4', (65536, 65536, 65536, 65536))]",
    ] {
        assert!(
            matches!(DType::parse(text), Err(Error::Limit { .. })),
            "{text}"
        );
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in "[\\[\\](){}'a-c0-9,: <>|SUVMm]{0,40}") {
        if let Ok(dtype) = DType::parse(&text) {
            let mut elements = vec![0; dtype.size().min(1 << 16)];
            dtype.swap_to_native(&mut elements);
        }
    }
}

#[test]
fn names_with_quotes_are_quoted_as_python_does() {
    let text = r#"[("it's", '<i4')]"#;
    assert_eq!(DType::parse(text).unwrap().to_literal().unwrap(), text);
}
