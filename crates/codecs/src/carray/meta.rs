//! The files of `meta`.

use std::path::Path;

use serde_json::{Map, Value, json};
use ziggurat_core::{Error, Result};

use super::yaml;
use crate::directory::{check_name, place, read_text};
use crate::dtype::DType;

/// Deepest nesting of a record.
const MAX_DEPTH: usize = 32;

/// A column of a record, or the array itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Names from the outermost record inwards; empty for the array itself.
    pub path: Vec<String>,
    /// Type of the elements.
    pub dtype: DType,
}

/// What was done to elements before they were compressed, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Equal bytes of elements were brought together; chunks say so themselves.
    Shuffle,
    /// Low bits were set to zero; they are lost.
    Truncate,
}

/// `meta/storage`: how an array is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storage {
    /// One for an array, one for each innermost field of a record.
    pub columns: Vec<Column>,
    /// Shape of a chunk, at least 1 in each dimension.
    pub chunk_shape: Vec<u64>,
    /// Most chunks in a file, at least 1.
    pub superchunk: u64,
    /// Whether the *first* dimension varies fastest in a chunk.
    pub fortran: bool,
    /// Compressor of the chunks.
    pub library: String,
    /// Its level, 0 to 9.
    pub level: u8,
    /// What happened before.
    pub filters: Vec<Filter>,
}

impl Storage {
    pub(super) fn read(path: &Path) -> Result<Self> {
        Self::parse(&place(path), &read(path)?)
    }

    fn parse(place: &str, storage: &Value) -> Result<Self> {
        let wrong = |key: &str| Error::data(place, format!("'{key}' is {}", storage[key]));
        let big_endian = match storage.get("endianness").map(Value::as_str) {
            None | Some(Some("little")) => false,
            Some(Some("big")) => true,
            _ => return Err(wrong("endianness")),
        };
        let mut columns = Vec::new();
        collect(
            place,
            &storage["dtype"],
            big_endian,
            &mut Vec::new(),
            &mut columns,
        )?;
        let compression = &storage["compression"];
        let filters = match compression.get("filters") {
            None => Vec::new(),
            Some(filters) => filters
                .as_array()
                .and_then(|names| names.iter().map(filter).collect::<Option<_>>())
                .ok_or_else(|| wrong("compression"))?,
        };
        Ok(Self {
            columns,
            chunk_shape: sizes(&storage["chunkshape"])
                .filter(|shape| !shape.contains(&0))
                .ok_or_else(|| wrong("chunkshape"))?,
            superchunk: match storage.get("superchunksize") {
                None => 1,
                Some(n) => n
                    .as_u64()
                    .filter(|&n| n > 0)
                    .ok_or_else(|| wrong("superchunksize"))?,
            },
            fortran: match storage.get("order").map(Value::as_str) {
                None | Some(Some("C")) => false,
                Some(Some("F")) => true,
                _ => return Err(wrong("order")),
            },
            library: compression["library"]
                .as_str()
                .unwrap_or("blosclz")
                .to_owned(),
            level: match compression.get("level") {
                None => 5,
                Some(n) => n
                    .as_u64()
                    .and_then(|n| u8::try_from(n).ok())
                    .filter(|&n| n <= 9)
                    .ok_or_else(|| wrong("compression"))?,
            },
            filters,
        })
    }

    /// The text of the file, if it can be written so that it is read as the same.
    pub(super) fn to_text(&self, place: &str) -> Result<String> {
        let text = self.write();
        let again = yaml::parse(&text).and_then(|value| Self::parse(place, &value).ok());
        let is_plain = |column: &Column| !column.path.iter().any(|name| name.contains('\''));
        match again.is_some_and(|again| again.write() == text) && self.columns.iter().all(is_plain)
        {
            true => Ok(text),
            false => Err(Error::caller(
                place,
                "columns, or a chunk shape, that cannot be written",
            )),
        }
    }

    /// The byte order is that of the first column.
    fn write(&self) -> String {
        let mut out = String::new();
        match self.columns.as_slice() {
            [Column { path, dtype }] if path.is_empty() => {
                out.push_str(&format!("dtype: {}\n", name(dtype)))
            }
            columns => {
                out.push_str("dtype:\n");
                let mut open: &[String] = &[];
                for Column { path, dtype } in columns {
                    let Some((last, records)) = path.split_last() else {
                        continue;
                    };
                    let shared = open.iter().zip(records).take_while(|(a, b)| a == b).count();
                    for (depth, record) in records.iter().enumerate().skip(shared) {
                        out.push_str(&format!("{}'{record}':\n", "  ".repeat(depth + 1)));
                    }
                    out.push_str(&format!(
                        "{}'{last}': {}\n",
                        "  ".repeat(path.len()),
                        name(dtype)
                    ));
                    open = records;
                }
            }
        }
        let big = self
            .columns
            .first()
            .is_some_and(|c| c.dtype.to_string().starts_with('>'));
        let filters: Vec<&str> = self.filters.iter().map(|f| f.name()).collect();
        out.push_str(&format!("chunkshape: {}\n", tuple(&self.chunk_shape)));
        out.push_str(&format!("superchunksize: {}\n", self.superchunk));
        out.push_str(&format!(
            "endianness: {}\n",
            if big { "big" } else { "little" }
        ));
        out.push_str(&format!(
            "order: {}\n",
            if self.fortran { "F" } else { "C" }
        ));
        let Self { library, level, .. } = self;
        out.push_str(&format!(
            "compression:\n  library: {library}\n  level: {level}\n"
        ));
        out.push_str(&format!("  filters: [{}]\n", filters.join(", ")));
        out
    }
}

impl Filter {
    const fn name(self) -> &'static str {
        match self {
            Self::Shuffle => "shuffle",
            Self::Truncate => "truncate",
        }
    }
}

fn filter(name: &Value) -> Option<Filter> {
    let known = [Filter::Shuffle, Filter::Truncate];
    known.into_iter().find(|f| name == f.name())
}

/// The type in quotes, with its byte order.
fn name(dtype: &DType) -> String {
    format!("'{dtype}'")
}

/// A Python tuple.
pub(super) fn tuple(sizes: &[u64]) -> String {
    match sizes {
        [one] => format!("({one},)"),
        sizes => format!(
            "({})",
            sizes
                .iter()
                .map(u64::to_string)
                .collect::<Vec<_>>()
                .join(", ")
        ),
    }
}

fn sizes(value: &Value) -> Option<Vec<u64>> {
    value.as_array()?.iter().map(Value::as_u64).collect()
}

/// Collects the columns of `dtype`, a name or a mapping of fields.
fn collect(
    place: &str,
    dtype: &Value,
    big_endian: bool,
    path: &mut Vec<String>,
    out: &mut Vec<Column>,
) -> Result<()> {
    match dtype {
        Value::String(name) => {
            let mut dtype = DType::parse(name).map_err(|e| e.at(place))?;
            if let DType::Record { .. } = dtype {
                let what = "a record within a column; name its fields instead";
                return Err(Error::unsupported(place, what));
            }
            // What says no order of its own has that of the file.
            if !name.starts_with(['<', '>', '=', '|']) {
                set_order(&mut dtype, big_endian);
            }
            out.push(Column {
                path: path.clone(),
                dtype,
            });
            Ok(())
        }
        Value::Object(fields) if !fields.is_empty() && path.len() < MAX_DEPTH => {
            for (field, dtype) in fields {
                check_name(place, field)?;
                path.push(field.clone());
                collect(place, dtype, big_endian, path, out)?;
                path.pop();
            }
            Ok(())
        }
        _ => Err(Error::data(place, format!("'dtype' is {dtype}"))),
    }
}

fn set_order(dtype: &mut DType, big: bool) {
    match dtype {
        DType::Number { big_endian, .. }
        | DType::Time { big_endian, .. }
        | DType::Text { big_endian, .. } => *big_endian = big,
        DType::Bytes(_) | DType::Void(_) | DType::Record { .. } => {}
    }
}

/// An attribute: a value, and the type in which it was kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    /// A number, text, or a list of them.
    pub value: Value,
    /// Type of each.
    pub dtype: DType,
}

impl Attribute {
    /// `scalar` or `array`.
    const fn kind(&self) -> &'static str {
        match self.value {
            Value::Array(_) => "array",
            _ => "scalar",
        }
    }
}

/// The attributes in the file `path`; none if there is no file.
pub(super) fn read_attributes(path: &Path) -> Result<Vec<(String, Attribute)>> {
    let place = place(path);
    let entries = match read(path) {
        Ok(Value::Object(entries)) => entries,
        Ok(_) => return Err(Error::data(place, "is no mapping of attributes")),
        Err(e) if e.is_not_found() => Map::new(),
        Err(e) => return Err(e),
    };
    let mut attributes = Vec::with_capacity(entries.len());
    for (name, entry) in entries {
        let dtype = entry["dtype"]
            .as_str()
            .ok_or_else(|| Error::data(&place, format!("attribute '{name}' has no dtype")))?;
        let attribute = Attribute {
            value: entry["value"].clone(),
            dtype: DType::parse(dtype).map_err(|e| e.at(&place))?,
        };
        if entry["type"] != attribute.kind() {
            let what = format!(
                "attribute '{name}' is of type {} and has the value {}",
                entry["type"], entry["value"]
            );
            return Err(Error::data(&place, what));
        }
        attributes.push((name, attribute));
    }
    Ok(attributes)
}

/// The text of `meta/attributes`: JSON, which is YAML, so that any text can be a value.
pub(super) fn attributes_text(attributes: &[(String, Attribute)]) -> String {
    let entry = |(name, attribute): &(String, Attribute)| {
        let Attribute { value, dtype } = attribute;
        let entry = json!({"value": value, "type": attribute.kind(), "dtype": dtype.to_string()});
        (name.clone(), entry)
    };
    let entries: Map<String, Value> = attributes.iter().map(entry).collect();
    format!("{}\n", Value::Object(entries))
}

/// The shape in `meta/shape`, or in `meta/sizes` of the later draft.
pub(super) fn read_shape(root: &Path) -> Result<Vec<u64>> {
    let path = root.join("meta/shape");
    let (path, value) = match read(&path) {
        Err(e) if e.is_not_found() => {
            let path = root.join("meta/sizes");
            let value = read(&path).map_err(|e| match e.is_not_found() {
                true => Error::data(place(root), "has no meta/shape: writing it was interrupted"),
                false => e,
            })?;
            (path, value["shape"].clone())
        }
        found => (path, found?),
    };
    sizes(&value).ok_or_else(|| Error::data(place(&path), format!("the shape is {value}")))
}

fn read(path: &Path) -> Result<Value> {
    yaml::parse(&read_text(path)?).ok_or_else(|| {
        Error::data(
            place(path),
            "is neither JSON nor the YAML that is understood",
        )
    })
}
