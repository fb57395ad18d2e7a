//! Arrays of Zarr that use the codec `b2nd`, from and to bare elements in C order.
//!
//! ```text
//! b2nd_codec write ELEMENTS ARRAY float32 shape=100,200 chunk=32,32 [shard=64,64] configuration={"block_shape":...}
//! b2nd_codec read ARRAY ELEMENTS [start=2,0 shape=3,7]
//! ```

use std::error::Error;
use std::fs;
use std::sync::Arc;

use ziggurat_codecs::b2nd::Configuration;
use ziggurat_core::codec::CodecSpec;
use ziggurat_core::layout::Layout;
use ziggurat_core::store::LocalStore;
use ziggurat_core::{Array, ArrayMetadata, ElementType, Region};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    ziggurat_codecs::register();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(|a| &**a).collect();
    match arguments[..] {
        ["write", elements, array, dtype, ref options @ ..] => {
            write(&fs::read(elements)?, array, dtype.parse()?, options)
        }
        ["read", array, elements, ref options @ ..] => {
            let array = Array::open(Arc::new(LocalStore::new(array)), "")?;
            let region = match lengths(options, "start=")? {
                Some(start) => Region::new(start, required(options, "shape=")?),
                None => Region::whole(array.shape()),
            };
            Ok(fs::write(elements, array.read(&region)?)?)
        }
        _ => Err("usage: b2nd_codec write|read ...; see the head of its source".into()),
    }
}

fn write(elements: &[u8], path: &str, element: ElementType, options: &[&str]) -> Result<()> {
    let (shape, chunk) = (required(options, "shape=")?, required(options, "chunk=")?);
    let layout = match lengths(options, "shard=")? {
        Some(shard) => Layout::sharded(&shard, &chunk, &chunk)?,
        None => Layout::unsharded(&chunk)?,
    };
    let fill = vec![0; element.size()];
    let mut metadata = ArrayMetadata::new(&shape, element, &fill, layout, &CodecSpec::None);
    let configuration = option(options, "configuration=").ok_or("configuration= is missing")?;
    let configuration = Configuration::parse(&serde_json::from_str(configuration)?)?;
    metadata.codecs = vec![configuration.to_json()];
    let array = Array::create(Arc::new(LocalStore::new(path)), "", metadata)?;
    Ok(array.write(&Region::whole(&shape), elements)?)
}

fn option<'a>(options: &[&'a str], name: &str) -> Option<&'a str> {
    options.iter().find_map(|option| option.strip_prefix(name))
}

fn lengths(options: &[&str], name: &str) -> Result<Option<Vec<u64>>> {
    let numbers = |text: &str| text.split(',').map(str::parse).collect();
    Ok(option(options, name).map(numbers).transpose()?)
}

fn required(options: &[&str], name: &str) -> Result<Vec<u64>> {
    lengths(options, name)?.ok_or_else(|| format!("{name} is missing").into())
}
