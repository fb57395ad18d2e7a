//! New columns: their groups and arrays.

use serde_json::json;

use super::change::Change;
use super::schema::{self, Leaf, leaves};
use crate::dtype::DType;
use crate::store::join;
use crate::{Array, ArrayMetadata, CreateOptions, Result};

/// Name, type and shape of a field.
type Part = (String, DType, Vec<u64>);

/// Columns that are to be made.
pub(super) struct New<'a> {
    /// They are its fields.
    pub(super) record: &'a DType,
    pub(super) rows: u64,
    pub(super) options: &'a dyn Fn(&str) -> CreateOptions,
    /// Writes what they hold.
    pub(super) fill: &'a mut dyn FnMut(&str, &Array) -> Result<()>,
}

impl New<'_> {
    /// The metadata of their arrays; made first, since it may be refused.
    pub(super) fn metadata(&self, place: &str) -> Result<Vec<(Leaf, ArrayMetadata)>> {
        let leaves = leaves(place, self.record)?.into_iter();
        let metadata = leaves.map(|leaf| {
            let mut options = (self.options)(&leaf.path);
            options.big_endian = leaf.is_big_endian();
            let (element, cell) = leaf.elements();
            let shape = [&[self.rows], &cell[..]].concat();
            if options.dimension_names.is_none() {
                options.dimension_names = Some(dimension_names(&leaf, shape.len()));
            }
            describe_time(&leaf.dtype, &mut options);
            // Tables grow, even if nobody says how long they become.
            let expected = options.expected.unwrap_or(self.rows).max(self.rows);
            options.expected = (expected > 0).then_some(expected);
            let metadata = options.metadata(&shape, element);
            let metadata = metadata.map_err(|e| e.at(join(place, &leaf.path)))?;
            Ok((leaf, metadata))
        });
        metadata.collect()
    }

    /// Makes and fills them.
    pub(super) fn create(
        self,
        change: &mut Change,
        metadata: Vec<(Leaf, ArrayMetadata)>,
    ) -> Result<()> {
        if let DType::Record { fields, .. } = self.record {
            for group in schema::groups(fields) {
                change.create_group(&group)?;
            }
        }
        for (leaf, metadata) in metadata {
            change.renew()?;
            let array = change.create_array(&leaf.path, metadata)?;
            (self.fill)(&leaf.path, &array)?;
        }
        Ok(())
    }
}

/// `row`, and names that no other column has for the dimensions of its cells.
fn dimension_names(leaf: &Leaf, rank: usize) -> Vec<Option<String>> {
    let name = |d| match d {
        0 => "row".to_owned(),
        d => format!("{}_{d}", leaf.path.replace('/', "_")),
    };
    (0..rank).map(|d| Some(name(d))).collect()
}

/// Says in words of CF what times mean, and lets "not a time" be the fill value.
fn describe_time(dtype: &DType, options: &mut CreateOptions) {
    let DType::Time { span, unit, .. } = dtype else {
        return;
    };
    options
        .fill
        .get_or_insert_with(|| i64::MIN.to_ne_bytes().to_vec());
    let word = match unit.as_str() {
        "D" => "days",
        "h" => "hours",
        "m" => "minutes",
        "s" => "seconds",
        "ms" => "milliseconds",
        "us" => "microseconds",
        "ns" => "nanoseconds",
        _ => return,
    };
    let units = match span {
        true => word.to_owned(),
        false => format!("{word} since 1970-01-01"),
    };
    let attributes = &mut options.attributes;
    attributes.entry("units").or_insert(json!(units));
    if !span {
        let calendar = json!("proleptic_gregorian");
        attributes.entry("calendar").or_insert(calendar);
    }
}

/// The nodes directly below the group that hold the fields of a record.
pub(super) fn names(record: &DType) -> Vec<String> {
    let parts = parts(Some(record)).into_iter();
    parts.map(|(name, ..)| name).collect()
}

/// The fields of a record, to make another one of.
pub(super) fn parts(record: Option<&DType>) -> Vec<Part> {
    match record {
        Some(DType::Record { fields, .. }) => {
            let part = |f: &crate::dtype::Field| (f.name.clone(), f.dtype.clone(), f.shape.clone());
            fields.iter().map(part).collect()
        }
        _ => Vec::new(),
    }
}
