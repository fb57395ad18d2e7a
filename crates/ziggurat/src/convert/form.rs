//! How elements of any type of `NumPy` stand in a Zarr array, which holds numbers here.
//!
//! Every element of one size is so many numbers: a text of three code points is three `uint32`. So an array of
//! texts is on disk what the array of numbers is whose last dimension is three times as long, but for the
//! document, which says the type of the elements and their number. What Zarr has no type for is bytes, and these
//! are a dimension of their own, which any reader understands.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use ziggurat_codecs::dtype::DType;
use ziggurat_core::{ElementType, Error, Region, Result};

/// The attribute that says the type of elements that Zarr has none for.
pub(super) const NUMPY: &str = "numpy";

/// Elements as numbers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Form {
    pub(super) dtype: DType,
    /// The type of the document.
    data_type: Value,
    /// What an element consists of, and of how many.
    pub(super) word: ElementType,
    words: u64,
    /// Whether they are a dimension of their own.
    pub(super) apart: bool,
}

impl Form {
    /// The form of elements of `dtype`, which have a size and the order of this machine, in an array of `rank`
    /// dimensions.
    pub(super) fn of(dtype: &DType, rank: usize) -> Self {
        let size = dtype.size() as u64;
        let named = |name: &str| {
            let configuration = json!({"length_bytes": size});
            json!({"name": name, "configuration": configuration})
        };
        let (data_type, word, words) = match dtype {
            DType::Number { element, .. } => (json!(element.name()), *element, 1),
            DType::Time { span, unit, .. } => (time(*span, unit), ElementType::Int64, 1),
            // A text without dimensions has no dimension to be in.
            DType::Bytes(_) if rank > 0 => {
                (named("null_terminated_bytes"), ElementType::UInt8, size)
            }
            DType::Text { .. } if rank > 0 => {
                (named("fixed_length_utf32"), ElementType::UInt32, size / 4)
            }
            _ => (json!("uint8"), ElementType::UInt8, size),
        };
        Self {
            apart: data_type == "uint8" && !matches!(dtype, DType::Number { .. }),
            dtype: dtype.clone(),
            data_type,
            word,
            words,
        }
    }

    /// The form of elements whose numbers, unless they are one, are a dimension of their own.
    pub(super) fn apart(dtype: &DType) -> Self {
        let form = Self::of(dtype, 1);
        let is_one = matches!(dtype, DType::Number { .. } | DType::Time { .. });
        Self {
            apart: !is_one,
            ..form
        }
    }

    /// The form in which the array of `document` is stored, unless it is one of numbers.
    pub(super) fn in_document(place: &str, document: &Value) -> Result<Option<Self>> {
        let rank = document["shape"].as_array().map_or(0, Vec::len);
        let noted = document["attributes"][NUMPY]["dtype"].as_str();
        let noted = noted.filter(|_| document["data_type"] == "uint8");
        // Who else writes such an attribute may mean something else.
        if let Some(Ok(dtype)) = noted.map(DType::parse) {
            let form = Self::of(&dtype.to_native(), 0);
            let last = document["shape"].as_array().and_then(|s| s.last());
            return Ok((last == Some(&json!(form.words)) && form.apart).then_some(form));
        }
        let data_type = &document["data_type"];
        let configuration = &data_type["configuration"];
        let length = configuration["length_bytes"].as_u64();
        let length = length.and_then(|n| usize::try_from(n).ok());
        let dtype = match (data_type["name"].as_str(), length) {
            (Some("null_terminated_bytes"), Some(n)) => format!("S{n}"),
            (Some("fixed_length_utf32"), Some(n)) if n % 4 == 0 => format!("U{}", n / 4),
            (Some(name @ ("numpy.datetime64" | "numpy.timedelta64")), _) => {
                let factor = configuration["scale_factor"].as_u64().unwrap_or(1);
                let unit = configuration["unit"].as_str().unwrap_or("generic");
                let kind = if name == "numpy.datetime64" {
                    "M8"
                } else {
                    "m8"
                };
                match (unit, factor) {
                    ("generic", _) => kind.to_owned(),
                    (unit, 1) => format!("{kind}[{unit}]"),
                    (unit, factor) => format!("{kind}[{factor}{unit}]"),
                }
            }
            _ => return Ok(None),
        };
        let dtype = DType::parse(&dtype).map_err(|e| e.at(place))?;
        match dtype.size() {
            0 => Err(Error::unsupported(place, "elements of no size")),
            _ => Ok(Some(Self::of(&dtype.to_native(), rank))),
        }
    }

    /// What stands in the attributes beside the elements.
    pub(super) fn note(&self) -> Option<Value> {
        let literal = self.dtype.to_literal();
        let text = match &self.dtype {
            DType::Record { .. } => literal.unwrap_or_else(|| self.dtype.to_string()),
            dtype => dtype.to_string(),
        };
        self.apart.then(|| json!({"dtype": text}))
    }

    /// Sizes or indices of numbers from those of elements; `apart` is what stands in the dimension of their own.
    fn widen(&self, cells: &[u64], apart: u64) -> Vec<u64> {
        let mut cells = cells.to_vec();
        match cells.last_mut() {
            _ if self.apart => cells.push(apart),
            Some(last) => *last *= self.words,
            None => {}
        }
        cells
    }

    /// Sizes in numbers.
    pub(super) fn sizes(&self, cells: &[u64]) -> Vec<u64> {
        self.widen(cells, self.words)
    }

    /// The numbers of a box of elements.
    pub(super) fn region(&self, region: &Region) -> Region {
        Region::new(self.widen(&region.start, 0), self.sizes(&region.shape))
    }

    /// The sizes in elements of what is so large in numbers.
    pub(super) fn narrow(&self, cells: &[u64]) -> Vec<u64> {
        let mut cells = cells.to_vec();
        match cells.last_mut() {
            _ if self.apart => drop(cells.pop()),
            Some(last) => *last = last.div_ceil(self.words),
            None => {}
        }
        cells
    }

    /// The document of the array of elements, from that of its numbers.
    pub(super) fn document(&self, mut numbers: Value) -> Value {
        if self.apart || matches!(self.dtype, DType::Number { .. }) {
            return numbers;
        }
        scale(&mut numbers, |n| n / self.words);
        if let DType::Bytes(_) | DType::Text { .. } = self.dtype {
            numbers["fill_value"] = json!("");
        }
        numbers["data_type"] = self.data_type.clone();
        numbers
    }

    /// The reverse of [`document`](Self::document).
    pub(super) fn numbers(&self, place: &str, mut document: Value) -> Result<Value> {
        if self.apart {
            return Ok(document);
        }
        let fill = document["fill_value"].as_str().map(str::to_owned);
        let is_empty = match (&self.dtype, fill.as_deref()) {
            (DType::Time { .. }, Some("NaT")) => {
                document["fill_value"] = json!(i64::MIN);
                true
            }
            (DType::Time { .. }, _) => true,
            (DType::Bytes(_), Some(fill)) => {
                let bytes = STANDARD.decode(fill);
                bytes.is_ok_and(|bytes| bytes.iter().all(|&byte| byte == 0))
            }
            (_, fill) => fill == Some(""),
        };
        let transposes = document["codecs"].to_string().contains("\"transpose\"");
        if !is_empty || transposes {
            let what = format!(
                "elements of type {} with a fill value or in another order; store them in C order \
                 with the fill value \"\"",
                self.dtype
            );
            return Err(Error::unsupported(place, what));
        }
        if let DType::Bytes(_) | DType::Text { .. } = self.dtype {
            document["fill_value"] = json!(0);
        }
        scale(&mut document, |n| n.saturating_mul(self.words));
        document["data_type"] = json!(self.word.name());
        Ok(document)
    }
}

fn time(span: bool, unit: &str) -> Value {
    let digits = unit.bytes().take_while(u8::is_ascii_digit).count();
    let (factor, unit) = unit.split_at(digits);
    let name = if span {
        "numpy.timedelta64"
    } else {
        "numpy.datetime64"
    };
    let unit = if unit.is_empty() { "generic" } else { unit };
    let factor: u64 = factor.parse().unwrap_or(1);
    json!({"name": name, "configuration": {"unit": unit, "scale_factor": factor}})
}

/// Changes the last size of every shape in the document of an array.
fn scale(document: &mut Value, by: impl Fn(u64) -> u64) {
    let shapes = [
        "/shape",
        "/chunk_grid/configuration/chunk_shape",
        "/codecs/0/configuration/chunk_shape",
        "/attributes/ziggurat/chunk_shape",
    ];
    for shape in shapes {
        let last = document.pointer_mut(shape).and_then(Value::as_array_mut);
        if let Some(last) = last.and_then(|sizes| sizes.last_mut())
            && let Some(size) = last.as_u64()
        {
            *last = json!(by(size));
        }
    }
}
