//! `meta/storage`: how an array is stored.

use std::path::Path;

use serde_json::Value;
use ziggurat_core::{Error, Result};

use super::yaml;
use crate::directory::{check_name, place};
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
        Self::parse(&place(path), &yaml::read(path)?)
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
        let big = self
            .columns
            .first()
            .is_some_and(|c| c.dtype.to_string().starts_with('>'));
        let filters: Vec<&str> = self.filters.iter().map(|f| f.name()).collect();
        let mut lines = self.dtype_lines();
        lines.extend([
            format!("chunkshape: {}", tuple(&self.chunk_shape)),
            format!("superchunksize: {}", self.superchunk),
            format!("endianness: {}", if big { "big" } else { "little" }),
            format!("order: {}", if self.fortran { "F" } else { "C" }),
            "compression:".to_owned(),
            format!("  library: {}", self.library),
            format!("  level: {}", self.level),
            format!("  filters: [{}]", filters.join(", ")),
        ]);
        lines.join("\n") + "\n"
    }

    /// `dtype: '<f8'`, or the fields of a record, each level further in.
    fn dtype_lines(&self) -> Vec<String> {
        if let [Column { path, dtype }] = self.columns.as_slice()
            && path.is_empty()
        {
            return vec![format!("dtype: '{dtype}'")];
        }
        let mut lines = vec!["dtype:".to_owned()];
        let mut open: &[String] = &[];
        for Column { path, dtype } in &self.columns {
            let Some((last, records)) = path.split_last() else {
                continue;
            };
            let shared = open.iter().zip(records).take_while(|(a, b)| a == b).count();
            for (depth, record) in records.iter().enumerate().skip(shared) {
                lines.push(format!("{}'{record}':", "  ".repeat(depth + 1)));
            }
            lines.push(format!("{}'{last}': '{dtype}'", "  ".repeat(path.len())));
            open = records;
        }
        lines
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

pub(super) fn sizes(value: &Value) -> Option<Vec<u64>> {
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
