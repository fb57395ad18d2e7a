//! The codec on the command line: `b2nd`, `b2nd-lz4:5`, `b2nd-zstd:3:delta+shuffle`.

use serde_json::{Value, json};
use ziggurat_core::ElementType;
use ziggurat_core::codec::ShortForm;

use super::{Configuration, automatic_block};

/// Blocks are [automatic](automatic_block), and there are checksums.
pub(super) const FORM: ShortForm = ShortForm {
    usage: "b2nd[-{zstd,lz4,lz4hc,zlib}][:0..9][:noshuffle|FILTER+FILTER...] of shuffle, bitshuffle, delta",
    parse,
    print,
    fit,
};

/// Stands for no filters.
const NONE: &str = "noshuffle";

fn parse(text: &str) -> Option<Value> {
    let mut parts = text.split(':');
    let cname = match parts.next()?.strip_prefix("b2nd")? {
        "" => "zstd",
        // It is only read.
        "-blosclz" => return None,
        name => name.strip_prefix('-')?,
    };
    let level: u8 = parts.next().map_or(Some(5), |level| level.parse().ok())?;
    let filters: Vec<Value> = match parts.next().unwrap_or("shuffle") {
        NONE => Vec::new(),
        names => names.split('+').map(|name| json!({"name": name})).collect(),
    };
    let configuration = json!({
        "block_shape": [], "cname": cname, "clevel": level, "filters": filters, "checksum": "crc32c"
    });
    let configuration = Configuration::parse(&configuration).ok()?;
    parts.next().is_none().then(|| configuration.to_json())
}

fn print(codec: &Value) -> Option<String> {
    let configuration = &codec["configuration"];
    let (cname, level) = (configuration["cname"].as_str()?, &configuration["clevel"]);
    let filters = configuration["filters"].as_array()?.iter();
    let filters = filters.map(|filter| filter["name"].as_str());
    let filters = match filters.collect::<Option<Vec<&str>>>()?.join("+") {
        none if none.is_empty() => NONE.to_owned(),
        filters => filters,
    };
    let text = format!("b2nd-{cname}:{level}:{filters}");
    // Only if nothing else is said than what the text stands for.
    let mut parsed = parse(&text)?;
    parsed["configuration"]["block_shape"] = configuration["block_shape"].clone();
    (parsed == *codec).then_some(text)
}

fn fit(codec: &Value, element: ElementType, block: &[u64]) -> Value {
    let mut codec = codec.clone();
    codec["configuration"]["block_shape"] = json!(automatic_block(block, element.size()));
    codec
}
