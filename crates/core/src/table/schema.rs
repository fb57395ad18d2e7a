//! Columns: which types they may have, how they are named in the document, which arrays they are.

use serde_json::{Map, Value, json};

use crate::dtype::{DType, Field};
use crate::store::join;
use crate::{ElementType, Error, Result};

/// A column that is stored as one array: a field that is no record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Leaf {
    /// Names from the outermost field to this one, with `/` between them.
    pub(super) path: String,
    /// Where the cell begins in a record, in bytes.
    pub(super) offset: usize,
    pub(super) dtype: DType,
    /// Shape of the cell; empty for one value.
    pub(super) shape: Vec<u64>,
}

impl Leaf {
    /// Bytes of a cell.
    pub(super) fn size(&self) -> usize {
        let count: u64 = self.shape.iter().product();
        self.dtype.size() * usize::try_from(count).unwrap_or(usize::MAX)
    }

    /// Whether cells hold the same, whatever their byte order.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.dtype.to_native() == other.dtype.to_native() && self.shape == other.shape
    }

    /// The elements of the array, and the shape of a cell in it.
    ///
    /// Texts have a dimension of their own: of bytes, or of code points.
    pub(super) fn elements(&self) -> (ElementType, Vec<u64>) {
        let (element, letters) = match &self.dtype {
            DType::Number { element, .. } => (*element, None),
            DType::Time { .. } => (ElementType::Int64, None),
            DType::Text { length, .. } => (ElementType::UInt32, Some(*length)),
            // Records are no leaves.
            DType::Bytes(size) | DType::Void(size) | DType::Record { size, .. } => {
                (ElementType::UInt8, Some(*size))
            }
        };
        let letters = letters.map(|n| n as u64);
        let shape = self.shape.iter().copied().chain(letters);
        (element, shape.collect())
    }

    /// Whether numbers are to be stored big-endian.
    pub(super) fn is_big_endian(&self) -> bool {
        match self.dtype {
            DType::Number { big_endian, .. }
            | DType::Time { big_endian, .. }
            | DType::Text { big_endian, .. } => big_endian,
            _ => false,
        }
    }
}

/// The columns of `record`, which is the type of the rows of the table at `place`.
///
/// # Errors
/// [`Error::Caller`] if it is no record, or if a name cannot be that of a node;
/// [`Error::Unsupported`] for arrays of records and cells without bytes.
pub(super) fn leaves(place: &str, record: &DType) -> Result<Vec<Leaf>> {
    let DType::Record { fields, .. } = record else {
        let what = format!("rows are records of named columns, not {record}");
        return Err(Error::caller(place, what));
    };
    let mut found = Vec::new();
    collect(place, "", 0, fields, &mut found)?;
    Ok(found)
}

fn collect(
    place: &str,
    above: &str,
    begin: usize,
    fields: &[Field],
    found: &mut Vec<Leaf>,
) -> Result<()> {
    for field in fields {
        let path = join(above, &field.name);
        if !is_node_name(&field.name) {
            let what = format!(
                "column {:?}: a name is not empty, has no '/', is not only periods, and does not \
                 begin with '__'; rename it",
                field.name
            );
            return Err(Error::caller(place, what));
        }
        let offset = begin + field.offset;
        match &field.dtype {
            DType::Record { fields, .. } if field.shape.is_empty() => {
                collect(place, &path, offset, fields, found)?;
            }
            DType::Record { .. } => {
                let what = format!("column {path}: arrays of records; make a column of each field");
                return Err(Error::unsupported(place, what));
            }
            _ if field.size() == 0 => {
                let what = format!("column {path}: cells of no bytes; leave it out");
                return Err(Error::unsupported(place, what));
            }
            dtype => found.push(Leaf {
                path,
                offset,
                dtype: dtype.clone(),
                shape: field.shape.clone(),
            }),
        }
    }
    Ok(())
}

/// Whether Zarr allows it as the name of a node (`spec/`, P1).
pub(super) fn is_node_name(name: &str) -> bool {
    let periods = name.bytes().all(|byte| byte == b'.');
    !periods && !name.contains('/') && !name.starts_with("__") && name != "zarr.json"
}

/// The groups that hold the columns of records among `fields`, outermost first.
pub(super) fn groups(fields: &[Field]) -> Vec<String> {
    let mut found = Vec::new();
    for field in fields {
        if let DType::Record { fields, .. } = &field.dtype {
            found.push(field.name.clone());
            let below = groups(fields).into_iter();
            found.extend(below.map(|path| join(&field.name, &path)));
        }
    }
    found
}

/// The same record without gaps.
pub(super) fn packed(record: &DType) -> Result<DType> {
    let DType::Record { fields, .. } = record else {
        return Ok(record.clone());
    };
    let part = |field: &Field| {
        Ok((
            field.name.clone(),
            packed(&field.dtype)?,
            field.shape.clone(),
        ))
    };
    DType::record(fields.iter().map(part).collect::<Result<Vec<_>>>()?)
}

/// The member `columns` of the document.
pub(super) fn to_json(fields: &[Field]) -> Value {
    let column = |field: &Field| {
        let mut column = Map::new();
        column.insert("name".into(), json!(field.name));
        match &field.dtype {
            DType::Record { fields, .. } => column.insert("columns".into(), to_json(fields)),
            dtype => column.insert("dtype".into(), json!(dtype.to_string())),
        };
        if !field.shape.is_empty() {
            column.insert("shape".into(), json!(field.shape));
        }
        Value::Object(column)
    };
    fields.iter().map(column).collect()
}

/// The record that the member `columns` describes; `None` if it is malformed.
pub(super) fn from_json(columns: &Value) -> Option<Result<DType>> {
    let columns = columns.as_array()?;
    let mut parts = Vec::with_capacity(columns.len());
    for column in columns {
        let dtype = match column.get("columns") {
            Some(columns) => from_json(columns)?,
            None => DType::parse(column["dtype"].as_str()?),
        };
        let sizes = column.get("shape").map(|sizes| {
            let sizes = sizes.as_array()?;
            sizes.iter().map(Value::as_u64).collect()
        });
        let shape: Vec<u64> = sizes.unwrap_or(Some(Vec::new()))?;
        match dtype {
            Ok(dtype) => parts.push((column["name"].as_str()?.to_owned(), dtype, shape)),
            Err(error) => return Some(Err(error)),
        }
    }
    Some(DType::record(parts))
}
