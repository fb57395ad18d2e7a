//! Arrays of Blosc2 from and to bare elements in C order.
//!
//! ```text
//! b2nd write ELEMENTS ARRAY shape=10,7 chunk=4,4 block=2,2 itemsize=8 dtype=<f8 codec=zstd level=5
//!            filters=truncate:10,shuffle split=auto layout=contiguous metalayer:NAME=TEXT vlmetalayer:NAME=TEXT
//! b2nd read ARRAY ELEMENTS [start=2,0 shape=3,7]
//! b2nd resize ARRAY shape=12,7
//! b2nd metalayers ARRAY
//! ```
//! Without `dtype` the array is one of Caterva; `layout=sparse` makes a directory.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::{self, File};
use std::io::Write;

use ziggurat_codecs::blosc2::{
    B2nd, Compressor, Contiguous, Encoder, Filter, Filters, Metalayers, NdLayout, NdWriter, Sparse,
    Split, Target,
};
use ziggurat_core::Region;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (files, options): (Vec<&str>, Vec<&str>) = arguments
        .iter()
        .map(|a| &**a)
        .partition(|a| !a.contains('='));
    let options = Options(options.iter().filter_map(|o| o.split_once('=')).collect());
    match files[..] {
        ["write", elements, array] => write(&fs::read(elements)?, array, &options),
        ["read", array, elements] => {
            let array = B2nd::open(array)?;
            let shape = array.layout().shape();
            let region = match options.get("start") {
                Ok(_) => Region::new(options.lengths("start")?, options.lengths("shape")?),
                Err(_) => Region::whole(shape),
            };
            Ok(fs::write(elements, array.read(&region)?)?)
        }
        ["resize", path] => {
            let array = B2nd::open(path)?;
            Ok(array.resize(&options.lengths("shape")?)?.apply(path)?)
        }
        ["metalayers", path] => {
            let array = B2nd::open(path)?;
            let mut out = std::io::stdout();
            for (name, content) in array.frame().header().metalayers.iter() {
                writeln!(out, "{name}: {content:02x?}")?;
            }
            for name in array.frame().vlmetalayer_names() {
                writeln!(out, "{name}: {:02x?}", array.frame().vlmetalayer(name)?)?;
            }
            Ok(())
        }
        _ => Err("usage: b2nd write|read|resize|metalayers ...; see the head of its source".into()),
    }
}

fn write(elements: &[u8], path: &str, options: &Options<'_>) -> Result<()> {
    let lengths = |name| options.lengths(name);
    let dtype = options.get("dtype").ok();
    let (shape, chunk, block) = (lengths("shape")?, lengths("chunk")?, lengths("block")?);
    let layout = NdLayout::new(&shape, &chunk, &block, dtype)?;
    let codec = Compressor::parse(options.get("codec")?).ok_or("no such codec")?;
    let filters: Vec<Filter> = options
        .get("filters")?
        .split(',')
        .filter(|name| !name.is_empty())
        .map(filter)
        .collect::<Result<_>>()?;
    let encoder = Encoder::new(options.get("itemsize")?.parse()?)?
        .compressor(codec, options.get("level")?.parse()?)?
        .filters(Filters::new(&filters)?)?
        .split(match options.get("split")? {
            "always" => Split::Always,
            "never" => Split::Never,
            _ => Split::Auto,
        });
    match options.get("layout")? {
        "sparse" => write_to(Sparse::create(path)?, layout, encoder, elements, options),
        _ => write_to(
            Contiguous::new(File::create(path)?),
            layout,
            encoder,
            elements,
            options,
        ),
    }
}

fn write_to<T: Target>(
    target: T,
    layout: NdLayout,
    encoder: Encoder,
    elements: &[u8],
    options: &Options<'_>,
) -> Result<()> {
    let layers = options.metalayers("metalayer:")?;
    let mut writer = NdWriter::new(target, layout, encoder, &layers)?;
    writer.push_array(elements)?;
    writer.finish(&options.metalayers("vlmetalayer:")?)?;
    Ok(())
}

fn filter(text: &str) -> Result<Filter> {
    Ok(match text.split_once(':').unwrap_or((text, "0")) {
        ("shuffle", group) => Filter::Shuffle {
            group: group.parse()?,
        },
        ("bitshuffle", _) => Filter::Bitshuffle,
        ("delta", _) => Filter::Delta,
        ("truncate", bits) => Filter::Truncate {
            bits: bits.parse()?,
        },
        _ => return Err(format!("no filter {text}").into()),
    })
}

/// What stands as `name=value`.
struct Options<'a>(BTreeMap<&'a str, &'a str>);

impl<'a> Options<'a> {
    fn get(&self, name: &str) -> Result<&'a str> {
        let value = self.0.get(name).copied();
        value.ok_or_else(|| format!("{name}= is missing").into())
    }

    fn lengths(&self, name: &str) -> Result<Vec<u64>> {
        let numbers = self.get(name)?.split(',').filter(|text| !text.is_empty());
        Ok(numbers
            .map(str::parse)
            .collect::<std::result::Result<_, _>>()?)
    }

    /// Texts as msgpack, which is what Python programs expect.
    fn metalayers(&self, prefix: &str) -> Result<Metalayers> {
        let mut layers = Metalayers::default();
        for (name, text) in &self.0 {
            if let Some(name) = name.strip_prefix(prefix) {
                let length = u8::try_from(text.len())?;
                layers.set(name, [&[0xd9, length], text.as_bytes()].concat())?;
            }
        }
        Ok(layers)
    }
}
