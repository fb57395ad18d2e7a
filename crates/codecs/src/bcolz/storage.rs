//! `meta/storage`: how an array is stored.

use std::path::Path;

use serde_json::{Value, json};
use ziggurat_core::{Error, Result};

use crate::directory::{place, read_json};
use crate::dtype::DType;
use crate::{Blosc, Shuffle};

/// How an array is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Storage {
    /// Type of an element.
    pub dtype: DType,
    /// How chunks are coded; what is on disk says it for itself.
    pub blosc: Blosc,
    /// Decimal digits that were kept of floating point numbers, 0 for all.
    pub quantize: u64,
    /// Rows of a chunk, at least 1.
    pub chunk_rows: u64,
    /// Rows that were expected when the array was made.
    pub expected_rows: u64,
    /// What new rows hold when the array is enlarged; a number that JSON has not is a string such as `NaN`.
    pub fill: Value,
}

impl Storage {
    /// For elements of `dtype` in chunks of `chunk_rows`, filled with zeros, lz4 at level 5.
    #[must_use]
    pub fn new(dtype: DType, chunk_rows: u64) -> Self {
        let fill = match &dtype {
            DType::Bytes(_) | DType::Text { .. } => json!(""),
            DType::Number { element, .. } if element.name() == "bool" => json!(false),
            DType::Number { element, .. } if element.is_float() => json!(0.0),
            _ => json!(0),
        };
        Self {
            dtype,
            blosc: Blosc::default(),
            quantize: 0,
            chunk_rows,
            expected_rows: 0,
            fill,
        }
    }

    pub(super) fn read(path: &Path) -> Result<Self> {
        let storage = read_json(path)?;
        let place = place(path);
        let wrong = |key: &str| Error::data(&place, format!("'{key}' is {}", storage[key]));
        let dtype = storage["dtype"].as_str().ok_or_else(|| wrong("dtype"))?;
        let chunk_rows = storage["chunklen"].as_u64().filter(|&n| n > 0);
        let cparams = &storage["cparams"];
        Ok(Self {
            dtype: DType::parse(dtype).map_err(|e| e.at(&place))?,
            blosc: Blosc {
                // The first versions knew one compressor and did not name it.
                compressor: cparams["cname"].as_str().unwrap_or("blosclz").to_owned(),
                level: cparams["clevel"]
                    .as_u64()
                    .and_then(|n| n.try_into().ok())
                    .unwrap_or(5),
                shuffle: match &cparams["shuffle"] {
                    Value::Bool(false) => Shuffle::None,
                    Value::Number(n) if n.as_u64() == Some(0) => Shuffle::None,
                    Value::Number(n) if n.as_u64() == Some(2) => Shuffle::Bits,
                    Value::Bool(true) | Value::Number(_) | Value::Null => Shuffle::Bytes,
                    _ => return Err(wrong("cparams")),
                },
            },
            quantize: cparams["quantize"].as_u64().unwrap_or(0),
            chunk_rows: chunk_rows.ok_or_else(|| wrong("chunklen"))?,
            expected_rows: storage["expectedlen"].as_u64().unwrap_or(0),
            fill: storage["dflt"].clone(),
        })
    }

    /// The text of the file.
    pub(super) fn to_text(&self) -> String {
        let shuffle = match self.blosc.shuffle {
            Shuffle::None => 0,
            Shuffle::Bytes => 1,
            Shuffle::Bits => 2,
        };
        let Blosc {
            compressor, level, ..
        } = &self.blosc;
        // Python reads and writes these without quotes.
        let fill = match (&self.dtype, self.fill.as_str()) {
            (DType::Number { .. }, Some(number @ ("NaN" | "Infinity" | "-Infinity"))) => {
                number.to_owned()
            }
            _ => self.fill.to_string(),
        };
        let cparams = json!({
            "clevel": level, "shuffle": shuffle, "cname": compressor, "quantize": self.quantize,
        });
        format!(
            "{{\"dtype\": {}, \"cparams\": {cparams}, \"chunklen\": {}, \"expectedlen\": {}, \"dflt\": {fill}}}\n",
            json!(self.dtype.to_string()),
            self.chunk_rows,
            self.expected_rows,
        )
    }
}
