//! Metalayers of Blosc2 as attributes, and back.
//!
//! | in a frame | in Zarr |
//! |---|---|
//! | variable-length metalayer `x`, msgpack of what JSON can say | attribute `x` |
//! | any other variable-length metalayer `x` | `blosc2: {"vlmetalayers": {"x": {"base64": ...}}}` |
//! | metalayer `x` | `blosc2: {"metalayers": {"x": {"msgpack": value} or {"base64": ...}}}` |
//! | variable-length metalayer `zarr` | attributes whose name no metalayer has, fill value, names of dimensions |
//!
//! A value is taken for msgpack only if its shortest msgpack is the very bytes, so that they come back as
//! they were.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use ziggurat_codecs::blosc2::{Frame, Metalayers};
use ziggurat_core::{Attributes, Error, Result};

use super::input::Description;
use super::msgpack;

/// The attribute that keeps what is not an attribute.
const BLOSC2: &str = "blosc2";
/// The metalayer that keeps what is not a metalayer.
const ZARR: &str = "zarr";
/// Longest name of a metalayer.
const LONGEST: usize = 31;
/// Metalayers that describe the array.
const OF_ARRAY: [&str; 2] = ["b2nd", "caterva"];

/// Puts attributes, fill value and names into the description of the array in `frame`.
pub(super) fn read(frame: &Frame, of: &mut Description) -> Result<()> {
    let (mut fixed, mut variable) = (Map::new(), Map::new());
    for (name, content) in frame.header().metalayers.iter() {
        if !OF_ARRAY.contains(&name) {
            fixed.insert(name.to_owned(), to_json(content));
        }
    }
    for name in frame.vlmetalayer_names() {
        let content = frame.vlmetalayer(name)?;
        match msgpack::decode(&content) {
            Some(Value::Object(members)) if name == ZARR => restore(members, of),
            Some(value) if ![BLOSC2, super::form::NUMPY].contains(&name) => {
                of.attributes.insert(name.to_owned(), value);
            }
            _ => {
                variable.insert(name.to_owned(), to_json(&content));
            }
        }
    }
    let mut kept = Map::new();
    for (key, layers) in [("metalayers", fixed), ("vlmetalayers", variable)] {
        if !layers.is_empty() {
            kept.insert(key.to_owned(), layers.into());
        }
    }
    if !kept.is_empty() {
        of.attributes.insert(BLOSC2.to_owned(), kept.into());
    }
    Ok(())
}

/// Takes back what [`write`] has put into the metalayer `zarr`.
fn restore(members: Map<String, Value>, of: &mut Description) {
    for (name, value) in members {
        match (name.as_str(), value) {
            ("attributes", Value::Object(attributes)) => of.attributes.extend(attributes),
            ("fill", Value::String(fill)) => {
                of.fill = STANDARD
                    .decode(fill)
                    .ok()
                    .filter(|fill| fill.len() == of.dtype.size());
            }
            ("dimension_names", Value::Array(names)) if names.len() == of.shape.len() => {
                let names = names.iter().map(|name| name.as_str().map(str::to_owned));
                of.dimension_names = Some(names.collect());
            }
            _ => {}
        }
    }
}

/// The metalayers of fixed and of variable length that stand for a description; `place` is what errors name.
///
/// # Errors
/// [`Error::Limit`] for more than there may be; [`Error::Data`] if the attribute `blosc2` is not as it was.
pub(super) fn write(place: &str, of: &Description) -> Result<(Metalayers, Metalayers)> {
    let (mut fixed, mut variable) = (Metalayers::default(), Metalayers::default());
    let mut others = Attributes::new();
    for (name, value) in &of.attributes {
        let plain = (1..=LONGEST).contains(&name.len()) && ![ZARR, BLOSC2].contains(&name.as_str());
        match msgpack::encode(value) {
            Some(content) if plain => variable.set(name, content)?,
            _ if name == BLOSC2 && is_ours(value) => {}
            _ => {
                others.insert(name.clone(), value.clone());
            }
        }
    }
    let kept = of.attributes.get(BLOSC2).filter(|value| is_ours(value));
    for (key, layers) in [("metalayers", &mut fixed), ("vlmetalayers", &mut variable)] {
        let kept = kept.and_then(|kept| kept[key].as_object());
        for (name, content) in kept.into_iter().flatten() {
            let content = from_json(content).ok_or_else(|| {
                let what = format!("the attribute '{BLOSC2}' has no bytes for '{name}'");
                Error::data(place, what)
            })?;
            layers.set(name, content)?;
        }
    }
    let mut zarr = Map::new();
    if !others.is_empty() {
        zarr.insert("attributes".to_owned(), others.into());
    }
    if let Some(fill) = &of.fill {
        zarr.insert("fill".to_owned(), json!(STANDARD.encode(fill)));
    }
    if let Some(names) = &of.dimension_names {
        zarr.insert("dimension_names".to_owned(), json!(names));
    }
    if !zarr.is_empty() {
        let content = msgpack::encode(&zarr.into())
            .ok_or_else(|| Error::limit(place, "attributes that are too long"))?;
        variable.set(ZARR, content)?;
    }
    Ok((fixed, variable))
}

/// Whether an attribute `blosc2` is one that [`read`] makes.
fn is_ours(value: &Value) -> bool {
    let known = ["metalayers", "vlmetalayers"];
    value.as_object().is_some_and(|members| {
        let mut members = members.iter();
        members.all(|(name, layers)| known.contains(&name.as_str()) && layers.is_object())
    })
}

fn to_json(content: &[u8]) -> Value {
    match msgpack::decode(content) {
        Some(value) => json!({"msgpack": value}),
        None => json!({"base64": STANDARD.encode(content)}),
    }
}

fn from_json(content: &Value) -> Option<Vec<u8>> {
    match (content.get("msgpack"), content["base64"].as_str()) {
        (Some(value), _) => msgpack::encode(value),
        (None, Some(text)) => STANDARD.decode(text).ok(),
        (None, None) => None,
    }
}
