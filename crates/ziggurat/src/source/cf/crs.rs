//! Coordinate reference systems and affine maps as attributes declare them.
//!
//! Understood are CF (`crs_wkt`), GDAL's `NetCDF` and Zarr drivers (`spatial_ref`, `GeoTransform`,
//! `_CRS`), rioxarray, the `proj:` and `spatial:` Zarr conventions, and the usual ways to write an
//! EPSG code.

use serde_json::Value;
use ziggurat_core::{Affine, Attributes, Crs};

use super::text;

/// The reference system declared by the attributes of a grid mapping, array or group.
pub(crate) fn crs(attributes: &Attributes) -> Option<Crs> {
    let gdal = attributes.get("_CRS").and_then(Value::as_object);
    let nested = |key| gdal.and_then(|o| text(o, key));
    let spatial_ref = text(attributes, "spatial_ref");
    let wkt = text(attributes, "crs_wkt")
        .or(spatial_ref)
        .or_else(|| text(attributes, "proj:wkt2"))
        .or_else(|| nested("wkt"))
        .filter(|wkt| wkt.contains('['));
    let projjson = attributes
        .get("proj:projjson")
        .or_else(|| gdal.and_then(|o| o.get("projjson")));
    let code = [
        "proj:code",
        "epsg_code",
        "spatial_epsg",
        "epsg",
        "EPSG_code",
    ]
    .iter()
    .find_map(|key| code(attributes.get(*key)?))
    .or_else(|| nested("url").and_then(code_in_text))
    .or_else(|| projjson.and_then(id_of_projjson))
    .or_else(|| wkt.and_then(id_of_wkt))
    .or_else(|| spatial_ref.and_then(code_in_text))
    .or_else(|| {
        let proj4 = text(attributes, "proj4_params").or_else(|| text(attributes, "proj4"))?;
        let init = proj4
            .split_whitespace()
            .find_map(|w| w.strip_prefix("+init="))?;
        code_in_text(init)
    });
    (code.is_some() || wkt.is_some()).then(|| Crs {
        code,
        wkt: wkt.map(str::to_owned),
    })
}

/// The affine map that GDAL's `GeoTransform` or `spatial:transform` declares.
#[allow(
    clippy::many_single_char_names,
    reason = "the six numbers have these names"
)]
pub(crate) fn affine(attributes: &Attributes) -> Option<Affine> {
    if let Some(geotransform) = text(attributes, "GeoTransform") {
        let numbers: Vec<f64> = geotransform
            .split_whitespace()
            .map(|w| w.parse().ok())
            .collect::<Option<_>>()?;
        let [c, a, b, f, d, e] = <[f64; 6]>::try_from(numbers).ok()?;
        return Some(Affine([a, b, c, d, e, f]));
    }
    let list = attributes.get("spatial:transform")?.as_array()?;
    let numbers: Vec<f64> = list.iter().map(Value::as_f64).collect::<Option<_>>()?;
    let [a, b, mut c, d, e, mut f] = <[f64; 6]>::try_from(numbers).ok()?;
    if text(attributes, "spatial:registration") == Some("node") {
        // The map is to the nodes, which are the centres of our cells.
        c -= f64::midpoint(a, b);
        f -= f64::midpoint(d, e);
    }
    Some(Affine([a, b, c, d, e, f]))
}

/// `AUTHORITY:CODE` from a number or from text.
fn code(value: &Value) -> Option<String> {
    match value {
        Value::Number(n) => n.as_u64().map(|n| format!("EPSG:{n}")),
        Value::Array(items) => code(items.first()?),
        Value::String(s) => code_in_text(s),
        _ => None,
    }
}

/// Code in `4326`, `EPSG:4326`, `urn:ogc:def:crs:EPSG::4326` or `http://www.opengis.net/def/crs/EPSG/0/4326`.
fn code_in_text(text: &str) -> Option<String> {
    let words: Vec<&str> = text
        .trim()
        .split([':', '/'])
        .filter(|w| !w.is_empty() && *w != "0")
        .collect();
    let plain = |w: &str| w.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    match words.as_slice() {
        [number] if number.bytes().all(|b| b.is_ascii_digit()) => Some(format!("EPSG:{number}")),
        [.., authority, code] if plain(authority) && plain(code) => {
            Some(format!("{}:{code}", authority.to_ascii_uppercase()))
        }
        _ => None,
    }
}

fn id_of_projjson(value: &Value) -> Option<String> {
    let id = value.get("id")?;
    let code = match id.get("code")? {
        Value::Number(n) => n.to_string(),
        Value::String(s) => s.clone(),
        _ => return None,
    };
    Some(format!("{}:{code}", id.get("authority")?.as_str()?))
}

/// The identifier of the whole system, `AUTHORITY[...]` in WKT 1 and `ID[...]` in WKT 2: the one
/// directly within the outermost brackets.
fn id_of_wkt(wkt: &str) -> Option<String> {
    let (mut depth, mut quoted) = (0_usize, false);
    for (at, byte) in wkt.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'[' | b'(' => depth += 1,
            b']' | b')' => depth = depth.saturating_sub(1),
            b',' if depth == 1 => {
                let item = wkt[at + 1..].trim_start();
                let id = item
                    .strip_prefix("AUTHORITY[")
                    .or_else(|| item.strip_prefix("ID["));
                if let Some(id) = id {
                    let mut parts = id.split([',', ']']).map(|p| p.trim().trim_matches('"'));
                    return Some(format!("{}:{}", parts.next()?, parts.next()?));
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn code_of(json: &Value) -> Option<String> {
        crs(json.as_object().unwrap()).and_then(|c| c.code)
    }

    #[test]
    fn finds_codes() {
        let wkt1 = r#"PROJCS["Amersfoort / RD New, x",GEOGCS["A[",AUTHORITY["EPSG","4289"]],UNIT["metre",1,AUTHORITY["EPSG","9001"]],AUTHORITY["EPSG","28992"]]"#;
        let wkt2 = r#"PROJCRS["RD",BASEGEOGCRS["A",ID["EPSG",4289]], ID["EPSG", 28992]]"#;
        for (attributes, expected) in [
            (json!({"crs_wkt": wkt1}), Some("EPSG:28992")),
            (json!({"spatial_ref": wkt2}), Some("EPSG:28992")),
            (json!({"crs_wkt": r#"GEOGCS["unknown",DATUM["x"]]"#}), None),
            (json!({"spatial_epsg": 3035}), Some("EPSG:3035")),
            (json!({"epsg_code": "EPSG:4326"}), Some("EPSG:4326")),
            (json!({"epsg_code": "4326"}), Some("EPSG:4326")),
            (
                json!({"proj:code": "iau_2015:30100"}),
                Some("IAU_2015:30100"),
            ),
            (
                json!({"_CRS": {"url": "http://www.opengis.net/def/crs/EPSG/0/28992"}}),
                Some("EPSG:28992"),
            ),
            (json!({"_CRS": {"wkt": wkt2}}), Some("EPSG:28992")),
            (
                json!({"proj:projjson": {"id": {"authority": "EPSG", "code": 3067}}}),
                Some("EPSG:3067"),
            ),
            (
                json!({"spatial_ref": "urn:ogc:def:crs:EPSG::4326"}),
                Some("EPSG:4326"),
            ),
            (
                json!({"proj4": "+init=epsg:3857 +no_defs"}),
                Some("EPSG:3857"),
            ),
            (json!({"spatial_ref": "+proj=longlat"}), None),
            (json!({"crs_wkt": "]]]\"[[ID[", "epsg": null}), None),
            (json!({}), None),
        ] {
            assert_eq!(code_of(&attributes).as_deref(), expected, "{attributes}");
        }
        let both = crs(json!({"crs_wkt": wkt1}).as_object().unwrap()).unwrap();
        assert_eq!(both.wkt.as_deref(), Some(wkt1));
    }

    #[test]
    fn finds_affine_maps() {
        let of = |json: Value| affine(json.as_object().unwrap());
        let expected = Some(Affine([10.0, 0.0, 500.0, 0.0, -20.0, 900.0]));
        assert_eq!(of(json!({"GeoTransform": "500 10 0 900 0 -20 "})), expected);
        assert_eq!(
            of(json!({"spatial:transform": [10.0, 0, 500, 0, -20, 900]})),
            expected
        );
        let node =
            json!({"spatial:transform": [10, 0, 505, 0, -20, 890], "spatial:registration": "node"});
        assert_eq!(of(node), expected);
        assert_eq!(of(json!({"GeoTransform": "500 10 0 900 0"})), None);
        assert_eq!(of(json!({"spatial:transform": ["a", 0, 0, 0, 0, 0]})), None);
    }
}
