//! The part of YAML that the files of the proposal use: nested mappings of words, numbers and lists.
//!
//! The result is JSON. Tuples in parentheses, as Python writes them, are lists. Everything else of YAML
//! (anchors, block text, documents, lists over several lines) is refused.

use serde_json::{Map, Value};

/// Deepest nesting that is followed.
const MAX_DEPTH: usize = 32;

/// Reads `text`, YAML or JSON; `None` if it is neither.
pub(super) fn parse(text: &str) -> Option<Value> {
    if text.trim_start().starts_with(['{', '"']) {
        return serde_json::from_str(text).ok();
    }
    let lines: Option<Vec<Line>> = text.lines().filter_map(Line::read).collect();
    let lines = lines?;
    let value = match lines.as_slice() {
        [] => Value::Object(Map::new()),
        [
            Line {
                key: None, text, ..
            },
        ] => scalar(text)?,
        lines => mapping(lines, 0)?,
    };
    Some(value)
}

/// A line that is not empty: `key: text`, or text alone.
struct Line<'a> {
    indent: usize,
    key: Option<&'a str>,
    text: &'a str,
}

impl<'a> Line<'a> {
    /// `None` for a line that says nothing, `Some(None)` for one that is malformed.
    fn read(line: &'a str) -> Option<Option<Self>> {
        let line = without_comment(line).trim_end();
        let text = line.trim_start_matches(' ');
        if text.is_empty() {
            return None;
        }
        let indent = line.len() - text.len();
        if text.starts_with(['\t', '-', '&', '*', '|', '>', '%', '@']) && !is_number(text) {
            return Some(None);
        }
        let is_flow = text.starts_with(['(', '[', '{']);
        let (key, text) = match text.split_once(':').filter(|_| !is_flow) {
            Some((key, rest)) if rest.is_empty() || rest.starts_with(' ') => {
                (Some(unquoted(key.trim())), rest.trim())
            }
            _ => (None, text),
        };
        Some(Some(Self { indent, key, text }))
    }
}

fn is_number(text: &str) -> bool {
    text.parse::<f64>().is_ok()
}

/// The line up to a `#` that is not in quotes.
fn without_comment(line: &str) -> &str {
    let mut quote = None;
    let mut before = ' ';
    for (i, c) in line.char_indices() {
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (Some(q), c) if q == c => quote = None,
            (None, '#') if before == ' ' => return &line[..i],
            _ => {}
        }
        before = c;
    }
    line
}

/// The mapping of `lines`, which are all at least as far in as the first.
fn mapping(lines: &[Line], depth: usize) -> Option<Value> {
    let indent = lines.first()?.indent;
    let mut out = Map::new();
    let mut rest = lines;
    while let [line, after @ ..] = rest {
        if line.indent != indent || depth > MAX_DEPTH {
            return None;
        }
        let within = after.iter().take_while(|l| l.indent > indent).count();
        let (within, after) = after.split_at(within);
        let value = match (line.text, within) {
            ("", []) => Value::Null,
            ("", within) => mapping(within, depth + 1)?,
            (text, []) => scalar(text)?,
            _ => return None,
        };
        if out.insert(line.key?.to_owned(), value).is_some() {
            return None;
        }
        rest = after;
    }
    Some(Value::Object(out))
}

/// A word, a number, or a list of them.
fn scalar(text: &str) -> Option<Value> {
    let mut rest = text;
    let value = flow(&mut rest, 0)?;
    rest.trim().is_empty().then_some(value)
}

/// A value in a list, or alone; moves `rest` behind it.
fn flow(rest: &mut &str, depth: usize) -> Option<Value> {
    *rest = rest.trim_start();
    let close = match rest.chars().next()? {
        '[' => ']',
        '(' => ')',
        '{' => return None,
        quote @ ('\'' | '"') => {
            let (text, after) = rest[1..].split_once(quote)?;
            *rest = after;
            return Some(Value::String(text.to_owned()));
        }
        _ => {
            let end = match depth {
                0 => rest.len(),
                _ => rest.find([',', ']', ')'])?,
            };
            let (text, after) = rest.split_at(end);
            *rest = after;
            return Some(word(text.trim()));
        }
    };
    *rest = &rest[1..];
    let mut items = Vec::new();
    loop {
        *rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix(close) {
            *rest = after;
            return Some(Value::Array(items));
        }
        if depth > MAX_DEPTH {
            return None;
        }
        items.push(flow(rest, depth + 1)?);
        *rest = rest.trim_start();
        match rest.strip_prefix(',') {
            Some(after) => *rest = after,
            None if rest.starts_with(close) => {}
            None => return None,
        }
    }
}

fn word(text: &str) -> Value {
    match text {
        "true" | "True" => Value::Bool(true),
        "false" | "False" => Value::Bool(false),
        "null" | "~" | "None" | "" => Value::Null,
        // As in the JSON that Python writes.
        "NaN" | ".nan" => Value::from("NaN"),
        "Infinity" | ".inf" => Value::from("Infinity"),
        "-Infinity" | "-.inf" => Value::from("-Infinity"),
        // Numbers are those of JSON.
        text => serde_json::from_str::<serde_json::Number>(text)
            .map_or_else(|_| Value::from(text), Value::Number),
    }
}

fn unquoted(text: &str) -> &str {
    for quote in ['\'', '"'] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|t| t.strip_suffix(quote)) {
            return inner;
        }
    }
    text
}

#[cfg(test)]
mod tests {
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
            let deep: String = (0..depth.min(300)).map(|i| format!("{}a:\n", " ".repeat(i))).collect();
            parse(&deep);
        }
    }
}
