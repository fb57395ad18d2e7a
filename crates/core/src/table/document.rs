//! What the document of the group says of the table, and its replacement.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::schema;
use crate::array::Fence;
use crate::attributes::{member, set_member};
use crate::dtype::{DType, Field};
use crate::exec::block_on;
use crate::hierarchy::{DOCUMENT, group_document, read_document};
use crate::store::{Expected, Store, Version, join};
use crate::{Attributes, Error, Result};

/// Member of the attribute `ziggurat` that makes a group a table.
const TABLE: &str = "table";

/// The version of `spec/table.md` that is written.
const VERSION: &str = "0.1";

/// What others see of a table.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct State {
    /// The record of the columns, without gaps; `None` while the table is being made.
    pub(super) record: Option<DType>,
    pub(super) rows: u64,
    /// All attributes but that of the table.
    pub(super) attributes: Attributes,
}

impl State {
    /// Whether the node `name` below the group is a column, or holds some.
    pub(super) fn has(&self, name: &str) -> bool {
        self.fields().iter().any(|field| field.name == name)
    }

    /// The outermost columns.
    pub(super) fn fields(&self) -> &[Field] {
        match &self.record {
            Some(DType::Record { fields, .. }) => fields,
            _ => &[],
        }
    }

    fn to_json(&self, change: Option<&[String]>) -> Value {
        let mut table = Map::new();
        table.insert("version".into(), json!(VERSION));
        table.insert("rows".into(), json!(self.rows));
        table.insert("columns".into(), schema::to_json(self.fields()));
        if let Some(leftovers) = change {
            table.insert("change".into(), json!({"leftovers": leftovers}));
        }
        let mut attributes = self.attributes.clone();
        set_member(&mut attributes, TABLE, Some(Value::Object(table)));
        group_document(attributes)
    }
}

/// The document as it was seen.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) version: Version,
    pub(super) state: State,
    /// What the change that is going on, if one is, would leave behind.
    pub(super) change: Option<Vec<String>>,
}

impl Seen {
    /// # Errors
    /// [`Error::NotFound`] if there is no node, [`Error::Caller`] if it is no table,
    /// [`Error::Data`] if what it says is malformed.
    pub(super) fn read(store: &dyn Store, path: &str) -> Result<Self> {
        let place = store.place(path);
        // The version first: if the document is another by the time it is read, nothing is committed.
        let version = block_on(store.version(&join(path, DOCUMENT)))?;
        let document = read_document(store, path)?;
        let version = version.ok_or_else(|| Error::not_found(&place, "no table is there"))?;
        let mut attributes = document["attributes"]
            .as_object()
            .cloned()
            .unwrap_or_default();
        let Some(table) = member(&attributes, TABLE).cloned() else {
            return Err(Error::caller(place, "it is no table"));
        };
        set_member(&mut attributes, TABLE, None);
        let fault = |what: &str| Error::data(&place, format!("the table: {what}"));
        if table["version"] != VERSION {
            let what = format!("version {} of tables; this is {VERSION}", table["version"]);
            return Err(Error::unsupported(place, what));
        }
        let rows = table["rows"].as_u64();
        let rows = rows.ok_or_else(|| fault("'rows' is no number"))?;
        let record = match &table["columns"] {
            Value::Array(none) if none.is_empty() => None,
            columns => {
                let record = schema::from_json(columns)
                    .ok_or_else(|| fault("'columns' is no list of columns"))?
                    .map_err(|e| e.at(&place))?;
                // Names are paths below the group.
                schema::leaves(&place, &record).map_err(|e| match e {
                    Error::Caller { what, .. } => fault(&what),
                    other => other,
                })?;
                Some(record)
            }
        };
        let change = match table.get("change") {
            None => None,
            Some(change) => Some(leftovers(change).ok_or_else(|| fault("'change' is malformed"))?),
        };
        let state = State {
            record,
            rows,
            attributes,
        };
        Ok(Self {
            version,
            state,
            change,
        })
    }
}

/// Names of nodes directly below the group, which may be deleted.
fn leftovers(change: &Value) -> Option<Vec<String>> {
    let names = change["leftovers"].as_array()?.iter();
    let name = |name: &Value| {
        let name = name.as_str()?;
        schema::is_node_name(name).then(|| name.to_owned())
    };
    names.map(name).collect()
}

/// Replaces the document, if it is as `expected`, by one that says `state` and that `change` goes on.
pub(super) fn put(
    store: &Arc<dyn Store>,
    path: &str,
    state: &State,
    change: Option<&[String]>,
    expected: &Expected,
) -> Result<Option<Fence>> {
    let key = join(path, DOCUMENT);
    let text = serde_json::to_vec_pretty(&state.to_json(change))
        .map_err(|e| Error::other(store.place(&key), "cannot write JSON", e))?;
    let put = block_on(store.put_if(&key, &[text.into()], expected))?;
    let store = Arc::clone(store);
    Ok(put.map(|version| Fence {
        store,
        key,
        version,
    }))
}
