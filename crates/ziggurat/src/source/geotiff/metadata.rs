//! The `GDAL_METADATA` tag: XML items that say what the bands mean.
//!
//! GDAL writes `<Item name= sample= role=>text</Item>` and escapes the text twice. The radar
//! composites of the Finnish Meteorological Institute hold a second such document within an item.

use serde_json::{Number, Value};
use ziggurat_core::{Attributes, ElementType, Scalar};

use crate::source::bands::Band;
use crate::source::time_of;

/// One item.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Item {
    pub(crate) name: String,
    pub(crate) text: String,
    /// Band, counted from 0; `None` for items of the whole file.
    sample: Option<usize>,
    role: Option<String>,
    domain: Option<String>,
    unit: Option<String>,
}

impl Item {
    /// An item of the whole file.
    #[cfg(feature = "gdal")]
    pub(crate) fn new(name: &str, text: &str) -> Self {
        Self {
            name: name.to_owned(),
            text: text.to_owned(),
            ..Self::default()
        }
    }
}

/// The items of a `GDALMetadata` document, those of documents within it included; what is not
/// well formed is passed over.
pub(crate) fn items(xml: &str) -> Vec<Item> {
    scan(xml, true)
}

fn scan(xml: &str, outer: bool) -> Vec<Item> {
    let mut items = Vec::new();
    let mut rest = xml;
    while let Some((_, after)) = rest.split_once("<Item") {
        rest = after;
        if !after.starts_with([' ', '\t', '\r', '\n', '>', '/']) {
            continue;
        }
        let Some((mut item, after)) = attributes(after) else {
            return items;
        };
        rest = after.unwrap_or(rest);
        if let Some(after) = after {
            let Some((text, _)) = after.split_once("</Item") else {
                return items;
            };
            // GDAL escapes once as text and once as XML.
            unescape(&unescape(text)).trim().clone_into(&mut item.text);
        }
        if outer && item.text.contains("<Item") {
            items.extend(scan(&item.text, false));
        } else {
            items.push(item);
        }
    }
    items
}

/// The attributes of an element, and what follows its `>`; `None` there for `<Item ... />`.
fn attributes(mut rest: &str) -> Option<(Item, Option<&str>)> {
    let mut item = Item::default();
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix('>') {
            return Some((item, Some(after)));
        }
        if rest.starts_with("/>") {
            return Some((item, None));
        }
        let (key, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, after) = after[1..].split_once(quote)?;
        let value = unescape(value);
        match key.trim() {
            "name" => item.name = value,
            "sample" => item.sample = value.parse().ok(),
            "role" => item.role = Some(value),
            "domain" => item.domain = Some(value),
            "unit" => item.unit = Some(value),
            _ => {}
        }
        rest = after;
    }
}

/// `text` with XML entities replaced; unknown ones stay.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let known = after.split_once(';').and_then(|(name, after)| {
            let c = match name {
                "lt" => '<',
                "gt" => '>',
                "amp" => '&',
                "quot" => '"',
                "apos" => '\'',
                _ => {
                    let code = name.strip_prefix('#')?;
                    let number = match code.strip_prefix(['x', 'X']) {
                        Some(hex) => u32::from_str_radix(hex, 16).ok(),
                        None => code.parse().ok(),
                    };
                    char::from_u32(number?)?
                }
            };
            Some((c, after))
        });
        let (c, after) = known.unwrap_or(('&', after));
        out.push(c);
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Gives `bands` and `attributes` what `items` say, and their nodata the type of the band.
pub(crate) fn apply(items: &[Item], bands: &mut [Band], attributes: &mut Attributes, place: &str) {
    let alone = bands.len() == 1;
    let radar = radar(items, bands, attributes);
    for item in items {
        let named = || (item.name.clone(), Value::from(item.text.as_str()));
        let band = item.sample.and_then(|i| bands.get_mut(i));
        match (item.role.as_deref(), band) {
            (Some("scale"), Some(band)) => band.scale = item.text.parse().ok(),
            (Some("offset"), Some(band)) => band.offset = item.text.parse().ok(),
            (Some("unittype"), Some(band)) => band.unit = text(&item.text),
            (Some("description"), Some(band)) => band.description = text(&item.text),
            (None, Some(_)) if alone && is_free(item) => attributes.extend([named()]),
            (None, None) if item.sample.is_none() && !radar && is_free(item) => {
                attributes.extend([named()]);
            }
            _ => {}
        }
    }
    for band in bands {
        let nodata = band.nodata;
        band.nodata = nodata.and_then(|v| as_element(v, band.element, place));
    }
}

/// `nodata` as the value of an `element` that it stands for; warns if there is none.
fn as_element(nodata: Scalar, element: ElementType, place: &str) -> Option<Scalar> {
    let Some(bytes) = nodata.to_element(element) else {
        tracing::warn!("{place}: nodata {nodata:?} is no {element} value and is ignored");
        return None;
    };
    Scalar::from_element(&bytes, element).or(Some(nodata))
}

/// A text that says something.
pub(crate) fn text(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|t| !t.is_empty())
}

/// Whether an item is of the user, not of GDAL's or CF's own book-keeping.
fn is_free(item: &Item) -> bool {
    const RESERVED: [&str; 13] = [
        "AREA_OR_POINT",
        "scale_factor",
        "add_offset",
        "_FillValue",
        "missing_value",
        "valid_min",
        "valid_max",
        "valid_range",
        "coordinates",
        "grid_mapping",
        "calendar",
        "_Unsigned",
        "OVR_RESAMPLING_ALG",
    ];
    item.domain.as_deref().unwrap_or_default().is_empty()
        && !item.name.is_empty()
        && !RESERVED.contains(&&*item.name)
        && !["STATISTICS_", "TIFFTAG_"]
            .iter()
            .any(|prefix| item.name.starts_with(prefix))
}

/// The convention of FMI's radar composites: value = Gain * stored + Offset in the unit of
/// Quantity, with Nodata outside of the radars' reach and Undetect where nothing came back.
/// Whether it applies.
fn radar(items: &[Item], bands: &mut [Band], attributes: &mut Attributes) -> bool {
    let find = |name: &str| items.iter().find(|i| i.name == name && i.sample.is_none());
    let number = |name| find(name).and_then(|i| i.text.parse::<f64>().ok());
    let (Some(gain), Some(offset)) = (number("Gain"), number("Offset")) else {
        return false;
    };
    let quantity = find("Quantity");
    for band in bands {
        band.scale = Some(gain);
        band.offset = Some(offset);
        band.nodata = band
            .nodata
            .or_else(|| find("Nodata").and_then(|i| super::scalar(&i.text)));
        band.unit = quantity.and_then(|i| text(i.unit.as_deref()?));
        band.description = quantity.and_then(|i| text(&i.text));
    }
    if let Some(undetect) = number("Undetect").and_then(whole_or_float) {
        attributes.insert("undetect".to_owned(), undetect);
    }
    let observed = find("Observation time").and_then(|i| time_of::in_text(&i.text).ok().flatten());
    if let Some(time) = observed {
        attributes.insert(
            time_of::OBSERVATION_TIME.to_owned(),
            time.to_string().into(),
        );
    }
    true
}

/// The JSON number, an integer where `value` is one.
#[allow(
    clippy::cast_possible_truncation,
    reason = "checked to be whole and small"
)]
fn whole_or_float(value: f64) -> Option<Value> {
    if value.fract() == 0.0 && value.abs() < 9e15 {
        Some(Value::from(value as i64))
    } else {
        Number::from_f64(value).map(Value::Number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_found_and_faults_passed_over() {
        let xml = r#"<GDALMetadata>
            <Item name="a">x &amp;lt; y &amp;amp;&#65;</Item>
            <Item name='b' sample="1" role="scale">0.5</Item>
            <Item name="empty"/><Items>no</Items>
            <Item name="GDAL_METADATA">&lt;Item name="c" unit="dBZ"&gt;d&lt;/Item&gt;</Item>
            <Item name="cut"#;
        let found = items(xml);
        let names: Vec<_> = found.iter().map(|i| (&*i.name, &*i.text)).collect();
        assert_eq!(
            names,
            [("a", "x < y &A"), ("b", "0.5"), ("empty", ""), ("c", "d")]
        );
        assert_eq!(
            (found[1].sample, found[1].role.as_deref()),
            (Some(1), Some("scale"))
        );
        assert_eq!(found[3].unit.as_deref(), Some("dBZ"));
        for n in 0..xml.len() {
            items(&xml[..n]);
        }
    }
}
