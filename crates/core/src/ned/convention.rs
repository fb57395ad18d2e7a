//! What attributes say of a non-equidistant dimension.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Identity, Precision, RangeTable, Record};
use crate::{Attributes, Error, Result};

/// What `zarr_conventions` knows the convention by.
pub const UUID: &str = "5e1bf942-20f1-4e76-9200-5a64ba7ff51e";

/// The attribute of the group that holds the coordinate.
const NED: &str = "ned";

/// Where the conventions of a node are declared.
const DECLARED: &str = "zarr_conventions";

/// The version of `spec/ned.md` that is written.
const VERSION: &str = "0.1";

/// The convention `ned`, for one dimension of a group.
///
/// Source: `spec/ned.md`, N8 to N12.
///
/// ```
/// use ziggurat_core::{Attributes, ned::{Convention, Precision}};
/// let time = Convention {
///     units: "milliseconds since 1970-01-01".into(),
///     calendar: Some("standard".into()),
///     precision: Precision::Fixed32,
///     chunk_length: 4096,
///     default_zoom: 10,
///     tolerance: 0,
///     sorted: true,
///     table: "ned/time".into(),
///     length: 2,
/// };
/// let mut group = Attributes::new();
/// time.declare(&mut group, "time");
/// assert_eq!(Convention::find(&group, "time")?.as_ref(), Some(&time));
/// let record = time.record(&[10, 20, 2])?;
/// assert_eq!(record.table().length(), 2);
/// # Ok::<(), ziggurat_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Convention {
    /// What a tick is: the CF units of the coordinate.
    pub units: String,
    /// Its CF calendar; `None` for the standard one, and where it is no time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<String>,
    /// How parameters are stored.
    pub precision: Precision,
    /// Events of a full chunk.
    pub chunk_length: u64,
    /// The zoom of the range of one event.
    pub default_zoom: u8,
    /// The largest distance, in ticks, of arrivals that are one event.
    pub tolerance: u64,
    /// Whether the coordinate is known to be in order.
    pub sorted: bool,
    /// Path of the range table, from the group.
    pub table: String,
    /// Events it was made for.
    pub length: u64,
}

impl Convention {
    /// The object of the dimension.
    #[must_use]
    pub fn to_json(&self) -> Value {
        // Strings, numbers and a map with strings for keys: nothing that JSON refuses.
        serde_json::to_value(self).unwrap_or_default()
    }

    /// Reads the object of the dimension `dimension`.
    ///
    /// # Errors
    /// [`Error::Data`] for a member that is missing, unknown or impossible.
    pub fn parse(dimension: &str, value: &Value) -> Result<Self> {
        let wrong = |what: String| Error::data(place(dimension), what);
        let found: Self =
            serde_json::from_value(value.clone()).map_err(|e| wrong(e.to_string()))?;
        let impossible = [
            (found.chunk_length == 0, "chunk_length is 0"),
            (found.default_zoom > 64, "default_zoom is above 64"),
            (found.units.is_empty(), "units are empty"),
            (
                !is_below(&found.table),
                "table is no path of a node below the group",
            ),
        ];
        match impossible.into_iter().find(|(is_so, _)| *is_so) {
            Some((_, what)) => Err(wrong(what.to_owned())),
            None => Ok(found),
        }
    }

    /// What the attributes of a group say of a dimension; `None` if the convention is not declared for it.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for another version, and those of [`parse`](Self::parse).
    pub fn find(attributes: &Attributes, dimension: &str) -> Result<Option<Self>> {
        let declared = attributes.get(DECLARED).and_then(Value::as_array);
        if !declared.is_some_and(|all| all.iter().any(|entry| entry["uuid"] == UUID)) {
            return Ok(None);
        }
        let Some(ned) = attributes.get(NED) else {
            return Ok(None);
        };
        if ned["version"] != VERSION {
            let what = format!(
                "version {} of the convention; use a newer program",
                ned["version"]
            );
            return Err(Error::unsupported(place(dimension), what));
        }
        let found = ned["dimensions"].get(dimension);
        found.map(|value| Self::parse(dimension, value)).transpose()
    }

    /// Declares the convention in the attributes of a group, for one more dimension or one that changed.
    pub fn declare(&self, attributes: &mut Attributes, dimension: &str) {
        let entry = json!({
            "uuid": UUID,
            "name": NED,
            "description": "Non-equidistant dimensions: where events lie, chunk by chunk",
        });
        match attributes.get_mut(DECLARED).and_then(Value::as_array_mut) {
            Some(all) if all.iter().any(|entry| entry["uuid"] == UUID) => {}
            Some(all) => all.push(entry),
            None => {
                attributes.insert(DECLARED.to_owned(), json!([entry]));
            }
        }
        let mut dimensions = match attributes.get(NED).map(|ned| &ned["dimensions"]) {
            Some(Value::Object(dimensions)) => dimensions.clone(),
            _ => serde_json::Map::new(),
        };
        dimensions.insert(dimension.to_owned(), self.to_json());
        let ned = json!({"version": VERSION, "dimensions": dimensions});
        attributes.insert(NED.to_owned(), ned);
    }

    /// Whether it was made for a coordinate of these CF units and so many events.
    ///
    /// # Errors
    /// [`Error::Conflict`] if it was not: another program changed the coordinate.
    pub fn check(&self, units: &str, calendar: Option<&str>, length: u64) -> Result<()> {
        let standard = |calendar: Option<&str>| match calendar {
            None | Some("gregorian") => "standard".to_owned(),
            Some(calendar) => calendar.to_ascii_lowercase(),
        };
        let is_same = self.units == units
            && standard(self.calendar.as_deref()) == standard(calendar)
            && self.length == length;
        if is_same {
            return Ok(());
        }
        let what = format!(
            "it is for {} events in {:?}, there are {length} in {units:?}; make it anew",
            self.length, self.units
        );
        Err(Error::conflict("attribute \"ned\"", what))
    }

    /// The record, with the range table that is stored as `table`.
    ///
    /// # Errors
    /// [`Error::Data`] for a damaged table, [`Error::Conflict`] for one of another length.
    pub fn record(&self, table: &[i64]) -> Result<Record> {
        let table = RangeTable::from_array(self.chunk_length, table)?;
        table.check_length(self.length)?;
        let identity = Identity::within(self.tolerance);
        Ok(Record::with(table, self.sorted, identity))
    }
}

/// Whether a path leads to a node below where it starts.
fn is_below(path: &str) -> bool {
    let is_name = |name: &str| !name.is_empty() && !name.chars().all(|c| c == '.');
    path.split('/').all(is_name)
}

fn place(dimension: &str) -> String {
    format!("attribute \"ned\" of dimension {dimension:?}")
}
