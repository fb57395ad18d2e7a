//! `zarr.json` of an array: between the JSON and the values that reading and writing need.
//!
//! Written is the profile that every tested reader reads (`spec/`, P clauses). Read is more: any
//! codec chain, either index location, both key encodings.

use serde_json::{Map, Value, json};

use super::fill::{fill_from_json, fill_to_json};
use super::keys::KeyEncoding;
use crate::attributes::set_member;
use crate::codec::{CodecSpec, check_order};
use crate::layout::Layout;
use crate::{Attributes, ElementType, Error, Result};

/// Everything `zarr.json` says about an array of fixed-size numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct ArrayMetadata {
    /// Size of each dimension.
    pub shape: Vec<u64>,
    /// Element type.
    pub element: ElementType,
    /// Native-endian bytes of the fill value.
    pub fill: Vec<u8>,
    /// Superchunks, chunks and blocks.
    pub layout: Layout,
    /// Codec chain of a block, as JSON.
    pub codecs: Vec<Value>,
    /// Whether the shard index is at the end of the object.
    pub index_at_end: bool,
    /// Codec chain of the shard index, as JSON, where it is not the usual one: little-endian numbers
    /// and a CRC-32C. Superchunks with another one are read, and not written.
    pub index_codecs: Option<Vec<Value>>,
    /// The [framing](crate::shard::Framing) of superchunks, if they have one.
    pub framing: Option<String>,
    /// Separator of chunk keys, and whether they start with `c`.
    pub keys: KeyEncoding,
    /// Names of the dimensions.
    pub dimension_names: Option<Vec<Option<String>>>,
    /// User attributes.
    pub attributes: Attributes,
}

/// Key of the attribute in which ziggurat records what Zarr has no word for.
pub const ZIGGURAT: &str = "ziggurat";

impl ArrayMetadata {
    /// Metadata in the profile, without dimension names and attributes.
    #[must_use]
    pub fn new(
        shape: &[u64],
        element: ElementType,
        fill: &[u8],
        layout: Layout,
        codec: &CodecSpec,
    ) -> Self {
        Self {
            shape: shape.to_vec(),
            element,
            fill: fill.to_vec(),
            codecs: codec.chain_for(element, layout.block()),
            layout,
            index_at_end: true,
            index_codecs: None,
            framing: None,
            keys: KeyEncoding::Default('/'),
            dimension_names: None,
            attributes: Attributes::new(),
        }
    }

    /// The document `zarr.json`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let sharding = || {
            json!([{"name": "sharding_indexed", "configuration": {
                "chunk_shape": self.layout.block(),
                "codecs": self.codecs,
                "index_codecs": self.index_codecs.clone().unwrap_or_else(usual_index_codecs),
                "index_location": if self.index_at_end { "end" } else { "start" },
            }}])
        };
        let mut attributes = self.attributes.clone();
        if self.layout.chunk() != self.layout.block() {
            let chunk = json!(self.layout.chunk());
            set_member(&mut attributes, "chunk_shape", Some(chunk));
        }
        if let Some(framing) = &self.framing {
            set_member(&mut attributes, "framing", Some(json!(framing)));
        }
        let (encoding, separator) = match self.keys {
            KeyEncoding::Default(s) => ("default", s),
            KeyEncoding::V2(s) => ("v2", s),
        };
        let mut document = Map::new();
        document.insert("zarr_format".into(), json!(3));
        document.insert("node_type".into(), json!("array"));
        document.insert("shape".into(), json!(self.shape));
        document.insert("data_type".into(), json!(self.element.name()));
        document.insert(
            "chunk_grid".into(),
            json!({"name": "regular", "configuration": {"chunk_shape": self.layout.superchunk()}}),
        );
        document.insert(
            "chunk_key_encoding".into(),
            json!({"name": encoding, "configuration": {"separator": separator}}),
        );
        document.insert("fill_value".into(), fill_to_json(&self.fill, self.element));
        let codecs = if self.layout.is_sharded() {
            sharding()
        } else {
            json!(self.codecs)
        };
        document.insert("codecs".into(), codecs);
        document.insert("attributes".into(), Value::Object(attributes));
        if let Some(names) = &self.dimension_names {
            document.insert("dimension_names".into(), json!(names));
        }
        Value::Object(document)
    }

    /// Reads the document of the array at `place`.
    ///
    /// # Errors
    /// [`Error::Data`] if the document breaks the specification, [`Error::Unsupported`] for data
    /// types, grids and extensions that only `zarrs` reads.
    pub fn parse(place: &str, document: &Value) -> Result<Self> {
        Self::check(place, document)?;
        let reader = Reader { place, document };
        let shape = reader.sizes(&document["shape"], "shape")?;
        let element: ElementType = match document["data_type"].as_str() {
            Some(name) => name.parse().map_err(|_| {
                Error::unsupported(
                    place,
                    format!("data type {name}: it is not a fixed-size number"),
                )
            })?,
            None => {
                return Err(Error::unsupported(
                    place,
                    format!("data type {}", document["data_type"]),
                ));
            }
        };
        let grid = &document["chunk_grid"];
        if grid["name"] != "regular" {
            return Err(Error::unsupported(
                place,
                format!("chunk grid {}", grid["name"]),
            ));
        }
        let outer = reader.sizes(&grid["configuration"]["chunk_shape"], "chunk_shape")?;
        if outer.len() != shape.len() || outer.contains(&0) {
            return Err(reader.fault("chunk_shape must have one entry of at least 1 per dimension"));
        }
        let fill = fill_from_json(&document["fill_value"], element)
            .ok_or_else(|| reader.fault("fill_value does not fit the data type"))?;
        let Some(codecs) = document["codecs"].as_array() else {
            return Err(reader.fault("codecs must be a list"));
        };
        let (layout, codecs, (index_at_end, index_codecs)) = match codecs.as_slice() {
            [shard] if shard["name"] == "sharding_indexed" => reader.sharding(&outer, shard)?,
            _ => (Layout::unsharded(&outer)?, codecs.clone(), (true, None)),
        };
        let metadata = Self {
            attributes: reader.attributes()?,
            dimension_names: reader.dimension_names(shape.len())?,
            keys: reader.keys()?,
            shape,
            element,
            fill,
            layout,
            codecs,
            index_at_end,
            index_codecs,
            framing: None,
        };
        Ok(metadata.with_convention())
    }

    /// Refuses what no document of an array may say, whatever its data type: a member that is
    /// missing, unknown or malformed, codecs out of order (`spec/`, R1 to R5 and R10).
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn check(place: &str, document: &Value) -> Result<()> {
        let reader = Reader { place, document };
        reader.check_members()?;
        let rank = reader.sizes(&document["shape"], "shape")?.len();
        reader.dimension_names(rank)?;
        reader.attributes()?;
        check_order(place, &document["codecs"])
    }

    /// Takes chunk shape and framing out of the attribute convention, where they are there and fit.
    fn with_convention(mut self) -> Self {
        let Some(ours) = self
            .attributes
            .get(ZIGGURAT)
            .filter(|_| self.layout.is_sharded())
        else {
            return self;
        };
        let chunk = ours["chunk_shape"].as_array();
        let chunk: Option<Vec<u64>> = chunk.and_then(|n| n.iter().map(Value::as_u64).collect());
        self.framing = ours["framing"].as_str().map(str::to_owned);
        if chunk.is_some() {
            set_member(&mut self.attributes, "chunk_shape", None);
        }
        if self.framing.is_some() {
            set_member(&mut self.attributes, "framing", None);
        }
        if let Some(chunk) = chunk
            // A convention may be stale or wrong without harm: then a chunk is one block.
            && let Ok(layout) =
                Layout::sharded(self.layout.superchunk(), &chunk, self.layout.block())
        {
            self.layout = layout;
        }
        self
    }
}

/// Whether the index of a superchunk is at its end, and its codecs where they are not the usual ones.
type Index = (bool, Option<Vec<Value>>);

fn usual_index_codecs() -> Vec<Value> {
    vec![
        json!({"name": "bytes", "configuration": {"endian": "little"}}),
        json!({"name": "crc32c"}),
    ]
}

struct Reader<'a> {
    place: &'a str,
    document: &'a Value,
}

impl Reader<'_> {
    fn fault(&self, what: impl Into<String>) -> Error {
        Error::data(self.place, what)
    }

    fn check_members(&self) -> Result<()> {
        const KNOWN: [&str; 11] = [
            "zarr_format",
            "node_type",
            "shape",
            "data_type",
            "chunk_grid",
            "chunk_key_encoding",
            "fill_value",
            "codecs",
            "attributes",
            "dimension_names",
            "storage_transformers",
        ];
        let Some(members) = self.document.as_object() else {
            return Err(self.fault("zarr.json must hold one JSON object"));
        };
        if self.document["zarr_format"] != 3 {
            return Err(self.fault(format!(
                "zarr_format is {}, not 3",
                self.document["zarr_format"]
            )));
        }
        if self.document["node_type"] != "array" {
            return Err(self.fault(format!(
                "node_type is {}, not \"array\"",
                self.document["node_type"]
            )));
        }
        if let Some(missing) = KNOWN[2..8].iter().find(|k| !members.contains_key(**k)) {
            return Err(self.fault(format!("{missing} is missing")));
        }
        for (key, value) in members {
            let ignorable = value.get("must_understand") == Some(&Value::Bool(false));
            if !KNOWN.contains(&key.as_str()) && !ignorable {
                return Err(Error::unsupported(
                    self.place,
                    format!("the unknown member {key:?} of the document"),
                ));
            }
        }
        match members
            .get("storage_transformers")
            .and_then(Value::as_array)
        {
            Some(list) if !list.is_empty() => Err(Error::unsupported(
                self.place,
                format!("storage transformers {}", json!(list)),
            )),
            _ => Ok(()),
        }
    }

    fn attributes(&self) -> Result<Attributes> {
        match self.document.get("attributes") {
            None => Ok(Attributes::new()),
            Some(Value::Object(map)) => Ok(map.clone()),
            Some(_) => Err(self.fault("attributes must be an object")),
        }
    }

    fn sizes(&self, value: &Value, name: &str) -> Result<Vec<u64>> {
        let sizes = value
            .as_array()
            .and_then(|list| list.iter().map(Value::as_u64).collect());
        sizes.ok_or_else(|| {
            self.fault(format!(
                "{name} must be a list of whole numbers, not {value}"
            ))
        })
    }

    fn sharding(&self, outer: &[u64], shard: &Value) -> Result<(Layout, Vec<Value>, Index)> {
        let configuration = &shard["configuration"];
        let block = self.sizes(&configuration["chunk_shape"], "the inner chunk_shape")?;
        let codecs = configuration["codecs"].as_array().cloned();
        let Some(index) = configuration["index_codecs"].as_array() else {
            return Err(self.fault("index_codecs must be a list"));
        };
        let usual = matches!(index.as_slice(), [bytes, crc]
            if bytes["name"] == "bytes" && bytes["configuration"]["endian"] == "little"
                && (crc["name"] == "crc32c" || crc == "crc32c"));
        let ordered = |codec: &Value| {
            codec["name"] != "bytes" || codec["configuration"]["endian"].is_string()
        };
        if !index.iter().all(ordered) {
            let what = "index_codecs: numbers in an order that is not told";
            return Err(Error::unsupported(self.place, what));
        }
        let index = (!usual).then(|| index.clone());
        let at_end = match &configuration["index_location"] {
            Value::Null => true,
            v if v == "end" => true,
            v if v == "start" => false,
            v => return Err(self.fault(format!("index_location {v}"))),
        };
        let layout = Layout::sharded(outer, &block, &block)
            .map_err(|e| self.fault(format!("sharding: {e}")))?;
        let codecs = codecs.ok_or_else(|| self.fault("the inner codecs are missing"))?;
        Ok((layout, codecs, (at_end, index)))
    }

    fn keys(&self) -> Result<KeyEncoding> {
        let encoding = &self.document["chunk_key_encoding"];
        let name = encoding["name"]
            .as_str()
            .or(encoding.as_str())
            .unwrap_or_default();
        let separator = |default| match encoding["configuration"]["separator"].as_str() {
            None => Ok(default),
            Some("/") => Ok('/'),
            Some(".") => Ok('.'),
            Some(other) => Err(self.fault(format!("separator {other:?} of chunk keys"))),
        };
        match name {
            "default" => separator('/').map(KeyEncoding::Default),
            "v2" => separator('.').map(KeyEncoding::V2),
            _ => Err(Error::unsupported(
                self.place,
                format!("chunk key encoding {encoding}"),
            )),
        }
    }

    fn dimension_names(&self, rank: usize) -> Result<Option<Vec<Option<String>>>> {
        let names = match self.document.get("dimension_names") {
            None => return Ok(None),
            Some(names) => names.as_array(),
        };
        let name = |v: &Value| match v {
            Value::Null => Some(None),
            Value::String(s) => Some(Some(s.clone())),
            _ => None,
        };
        names
            .and_then(|list| list.iter().map(name).collect::<Option<Vec<_>>>())
            .filter(|list| list.len() == rank)
            .map(Some)
            .ok_or_else(|| self.fault("dimension_names must hold one string or null per dimension"))
    }
}
