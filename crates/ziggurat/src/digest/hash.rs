//! Hashing decoded values.

use std::borrow::Cow;
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};
use zarrs::array::data_type::api::codec_traits::bytes::BytesDataTypeExt;
use zarrs::array::{ArrayBytes, DataType, Endianness};
use zarrs::plugin::ExtensionName;
use ziggurat_core::{Error, Result};

/// The running digest of an array whose values come in C order.
pub(super) struct Hash {
    place: String,
    sha: Sha256,
    form: Form,
}

/// What is hashed.
enum Form {
    /// The little-endian bytes of elements of this type.
    Bytes(DataType),
    /// The text of a JSON list, which has been opened; whether a comma is due.
    Json { comma: bool, item: Item },
}

/// What the JSON list holds.
#[derive(Clone, Copy)]
enum Item {
    Strings,
    Integers,
}

impl Hash {
    pub(super) fn new(place: &str, data_type: &DataType) -> Result<Self> {
        let json = |item| Form::Json { comma: false, item };
        let name = data_type.name_v3().unwrap_or_default();
        let form = match &*name {
            _ if data_type.is_optional() => {
                let what = "a data type with missing values; decode it by its own program";
                return Err(Error::unsupported(place, what));
            }
            _ if data_type.is_fixed() => Form::Bytes(data_type.clone()),
            "string" => json(Item::Strings),
            "bytes" => json(Item::Integers),
            name => {
                let what = format!("elements of type {name} have no fixed size and no digest");
                return Err(Error::unsupported(place, what));
            }
        };
        let mut sha = Sha256::new();
        if let Form::Json { .. } = form {
            sha.update("[");
        }
        let place = place.to_owned();
        Ok(Self { place, sha, form })
    }

    /// Adds native-endian values.
    pub(super) fn update(&mut self, values: ArrayBytes<'_>) -> Result<()> {
        let unexpected = || Error::data(&self.place, "decoded to another form than its type has");
        match (&mut self.form, values) {
            (Form::Bytes(data_type), ArrayBytes::Fixed(bytes)) => {
                let little = match data_type.codec_bytes() {
                    Ok(codec) => codec
                        .encode(Cow::Borrowed(&*bytes), Some(Endianness::Little))
                        .map_err(|e| Error::other(&self.place, "cannot order the bytes", e))?,
                    // Types without byte order.
                    Err(_) => Cow::Borrowed(&*bytes),
                };
                self.sha.update(little);
            }
            (Form::Json { comma, item }, ArrayBytes::Variable(values)) => {
                let bytes = values.bytes();
                let mut text = String::new();
                for range in values.offsets().windows(2) {
                    let element = bytes.get(range[0]..range[1]).ok_or_else(unexpected)?;
                    if std::mem::replace(comma, true) {
                        text.push_str(", ");
                    }
                    match item {
                        Item::Integers => integers(&mut text, element),
                        Item::Strings => {
                            let element = std::str::from_utf8(element).map_err(|e| {
                                Error::other(&self.place, "damaged data: a string is not UTF-8", e)
                            })?;
                            string(&mut text, element);
                        }
                    }
                    self.sha.update(&text);
                    text.clear();
                }
            }
            _ => return Err(unexpected()),
        }
        Ok(())
    }

    /// The digest in lowercase hexadecimal.
    pub(super) fn finish(mut self) -> String {
        if let Form::Json { .. } = self.form {
            self.sha.update("]");
        }
        format!("{:x}", self.sha.finalize())
    }
}

/// Appends a list of bytes as Python's `json.dumps` prints it.
fn integers(out: &mut String, bytes: &[u8]) {
    out.push('[');
    for (i, byte) in bytes.iter().enumerate() {
        let comma = if i == 0 { "" } else { ", " };
        // Writing to a String does not fail.
        let _ = write!(out, "{comma}{byte}");
    }
    out.push(']');
}

/// Appends a string as Python's `json.dumps` prints it: in ASCII, others as UTF-16 in `\uXXXX`.
fn string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}
