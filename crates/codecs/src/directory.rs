//! Directories that hold an array: small text files, and writing that leaves nothing half-done.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;
use ziggurat_core::{Error, Result};

/// Longest text file that is read.
const MAX_TEXT: u64 = 16 << 20;

/// A path as messages name it.
pub(crate) fn place(path: &Path) -> String {
    path.display().to_string()
}

/// The text of a file.
pub(crate) fn read_text(path: &Path) -> Result<String> {
    let io = |e| Error::io(path, "read", e);
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(io)?;
    file.take(MAX_TEXT + 1)
        .read_to_end(&mut bytes)
        .map_err(io)?;
    if bytes.len() as u64 > MAX_TEXT {
        return Err(Error::limit(
            place(path),
            format!("text over {MAX_TEXT} bytes"),
        ));
    }
    String::from_utf8(bytes).map_err(|_| Error::data(place(path), "is no UTF-8 text"))
}

/// The JSON in a file, as Python writes it: `NaN`, `Infinity` and `-Infinity` become strings.
pub(crate) fn read_json(path: &Path) -> Result<Value> {
    serde_json::from_str(&quote_non_finite(&read_text(path)?))
        .map_err(|e| Error::data(place(path), format!("is no JSON: {e}")))
}

/// Puts the numbers that JSON has not into quotes.
fn quote_non_finite(text: &str) -> String {
    const NUMBERS: [&str; 3] = ["NaN", "Infinity", "-Infinity"];
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some(number) = NUMBERS.into_iter().find(|n| rest.starts_with(n)) {
            out.extend(["\"", number, "\""]);
            rest = &rest[number.len()..];
            continue;
        }
        let taken = match first {
            '"' => string_length(rest),
            other => other.len_utf8(),
        };
        let (part, after) = rest.split_at(taken);
        out.push_str(part);
        rest = after;
    }
    out
}

/// Bytes of the JSON string at the start of `text`, quotes included.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |end| end + 2)
}

/// Makes the directory `root` by `fill`, all or nothing.
///
/// It is filled under another name beside `root` and renamed at last.
pub(crate) fn create<T>(root: &Path, fill: impl FnOnce(&Path) -> Result<T>) -> Result<T> {
    if root.symlink_metadata().is_ok() {
        let what = "exists; choose another name or remove it";
        return Err(Error::conflict(place(root), what));
    }
    let staged = staged_name(root)?;
    fs::create_dir(&staged).map_err(|e| Error::io(&staged, "create", e))?;
    let filled = fill(&staged).and_then(|value| {
        fs::rename(&staged, root).map_err(|e| Error::io(root, "create", e))?;
        Ok(value)
    });
    if filled.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_dir_all(&staged);
    }
    filled
}

fn staged_name(root: &Path) -> Result<PathBuf> {
    let name = root
        .file_name()
        .ok_or_else(|| Error::caller(place(root), "is no name of a directory to create"))?;
    let mut staged = std::ffi::OsString::from(".");
    staged.push(name);
    staged.push(format!(".{}.partial", std::process::id()));
    Ok(root.with_file_name(staged))
}

/// Writes a small file.
pub(crate) fn write_text(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(|e| Error::io(path, "write", e))
}

/// That `name` is one component of a path, so that it leads nowhere else.
pub(crate) fn check_name(place: &str, name: &str) -> Result<()> {
    let is_plain = !matches!(name, "" | "." | "..") && !name.contains(['/', '\\', '\0', ':']);
    match is_plain {
        true => Ok(()),
        false => Err(Error::data(
            place,
            format!("'{name}' is no name of a column"),
        )),
    }
}
