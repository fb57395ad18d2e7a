//! The part of YAML that the files of the proposal use: nested mappings of words, numbers and lists.
//!
//! The result is JSON. Tuples in parentheses, as Python writes them, are lists. Everything else of YAML
//! (anchors, block text, documents, lists over several lines) is refused.

use std::path::Path;

use serde_json::{Map, Value};
use ziggurat_core::{Error, Result};

use crate::directory::{place, read_text};

/// Deepest nesting that is followed.
const MAX_DEPTH: usize = 32;

/// Reads a file.
pub(super) fn read(path: &Path) -> Result<Value> {
    parse(&read_text(path)?).ok_or_else(|| {
        Error::data(
            place(path),
            "is neither JSON nor the YAML that is understood",
        )
    })
}

/// Reads `text`, YAML or JSON; `None` if it is neither.
pub(super) fn parse(text: &str) -> Option<Value> {
    if text.trim_start().starts_with(['{', '"']) {
        return serde_json::from_str(text).ok();
    }
    let lines = text.lines().map(|line| without_comment(line).trim_end());
    let lines: Option<Vec<Line>> = lines
        .filter(|line| !line.trim_start().is_empty())
        .map(Line::read)
        .collect();
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
    /// A line without comment; `None` for what is not understood.
    fn read(line: &'a str) -> Option<Self> {
        let text = line.trim_start_matches(' ');
        let indent = line.len() - text.len();
        if text.starts_with(['\t', '-', '&', '*', '|', '>', '%', '@']) && !is_number(text) {
            return None;
        }
        let is_flow = text.starts_with(['(', '[', '{']);
        let (key, text) = match text.split_once(':').filter(|_| !is_flow) {
            Some((key, rest)) if rest.is_empty() || rest.starts_with(' ') => {
                (Some(unquoted(key.trim())), rest.trim())
            }
            _ => (None, text),
        };
        Some(Self { indent, key, text })
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
mod tests;
