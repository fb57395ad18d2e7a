//! The examples of the proposal, and what is no such text.

use proptest::prelude::*;
use serde_json::json;

use super::*;

#[test]
fn the_example_of_the_proposal() {
    let text = "dtype: \n  col1: int8\n  col2: float32\nchunkshape: (30, 20)\nsuperchunksize: 10  # max. number\n\
                endianness: big  # default: little\ncompression:\n  library: blosclz   # or others\n  level: 5\n  \
                filters: [shuffle, truncate]  # order matters\n";
    let expected = json!({
        "dtype": {"col1": "int8", "col2": "float32"}, "chunkshape": [30, 20], "superchunksize": 10,
        "endianness": "big",
        "compression": {"library": "blosclz", "level": 5, "filters": ["shuffle", "truncate"]},
    });
    assert_eq!(parse(text), Some(expected.clone()));
    assert_eq!(parse(&expected.to_string()), Some(expected));
}

#[test]
fn single_values() {
    let cases = [
        ("(300, 200)", json!([300, 200])),
        ("(5000000000,)\n", json!([5_000_000_000_u64])),
        ("()", json!([])),
        (
            "a: [[1, -2.5], ['x, y', \"#\"], ()]",
            json!({"a": [[1, -2.5], ["x, y", "#"], []]}),
        ),
        ("a: b c\nd:\n", json!({"a": "b c", "d": null})),
        ("'a b': true", json!({"a b": true})),
        ("", json!({})),
    ];
    for (text, value) in cases {
        assert_eq!(parse(text), Some(value), "{text}");
    }
}

#[test]
fn what_is_not_understood_is_refused() {
    let cases = [
        "a: 1\n  b: 2",
        "a:\n  b: 1\n c: 2",
        "- a\n- b",
        "a: [1",
        "a: 1]x[",
        "a: 1\na: 2",
        "a: |\n  x",
        "a: 'x",
        "{",
    ];
    for text in cases {
        let got = parse(text);
        let is_refused = got.is_none() || got.as_ref().is_some_and(|v| v["a"].is_string());
        assert!(is_refused, "{text}: {got:?}");
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in "[a-c:'\"#,()\\[\\]{}0-9. \n-]{0,60}") {
        parse(&text);
    }

    #[test]
    fn no_nesting_overflows(depth in 0..5000_usize) {
        parse(&"[".repeat(depth));
        let deep: Vec<String> = (0..depth.min(300)).map(|i| format!("{}a:", " ".repeat(i))).collect();
        parse(&deep.join("\n"));
    }
}
