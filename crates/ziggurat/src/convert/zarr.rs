//! Zarr v3 arrays.

use std::path::Path;
use std::sync::Arc;

use serde_json::json;
use ziggurat_codecs::dtype::DType;
use ziggurat_core::codec::CodecSpec;
use ziggurat_core::hierarchy::{read_document, write_document};
use ziggurat_core::layout::Layout;
use ziggurat_core::progress::Progress;
use ziggurat_core::store::{LocalStore, Store};
use ziggurat_core::{Array, ArrayMetadata, Error, Region, Result};

use super::form::{Form, NUMPY};
use super::input::{Description, Input};
use super::{Options, shapes, table};
use crate::relay::relay;

/// An array of elements of one size.
#[derive(Debug)]
pub(super) struct ZarrArray {
    place: String,
    description: Description,
    form: Form,
    array: Array,
}

/// Opens the array or the table in the directory `path`.
pub(super) fn open(path: &Path) -> Result<Box<dyn Input>> {
    let place = path.display().to_string();
    let store: Arc<dyn Store> = Arc::new(LocalStore::new(path));
    let document = read_document(&*store, "")?;
    if document["node_type"] == "group" {
        return Ok(Box::new(table::open(path)?));
    }
    let found = Form::in_document(&place, &document)?;
    let (form, array) = match found {
        Some(form) if !form.apart => {
            let numbers = form.numbers(&place, document)?;
            let metadata = ArrayMetadata::parse(&place, &numbers)?;
            (form, Array::new(store, "", metadata)?)
        }
        found => {
            let array = Array::open(store, "")?;
            let number = DType::number(array.element());
            (found.unwrap_or_else(|| Form::of(&number, 1)), array)
        }
    };
    Ok(Box::new(ZarrArray::new(place, form, array)))
}

impl ZarrArray {
    fn new(place: String, form: Form, array: Array) -> Self {
        Self {
            description: describe(&form, &array),
            place,
            form,
            array,
        }
    }

    /// A column of a table, of elements of `dtype`, whose texts are a dimension of their own.
    pub(super) fn apart(place: &str, array: Array, dtype: &DType) -> Self {
        Self::new(place.to_owned(), Form::apart(dtype), array)
    }
}

fn describe(form: &Form, array: &Array) -> Description {
    let (metadata, layout) = (array.metadata(), array.layout());
    let mut attributes = metadata.attributes.clone();
    let mut dimension_names = metadata.dimension_names.clone();
    if form.apart {
        attributes.shift_remove(NUMPY);
        if let Some(names) = &mut dimension_names {
            names.pop();
        }
    }
    let is_number = matches!(form.dtype, DType::Number { .. } | DType::Time { .. });
    let fill = &metadata.fill;
    Description {
        block: form.narrow(layout.block()),
        fill: (is_number && fill.iter().any(|&byte| byte != 0)).then(|| fill.clone()),
        codec: CodecSpec::from_chain(&metadata.codecs).unwrap_or_default(),
        attributes,
        dimension_names,
        ..Description::new(
            &form.narrow(array.shape()),
            &form.dtype,
            form.narrow(layout.chunk()),
        )
    }
}

impl Input for ZarrArray {
    fn place(&self) -> &str {
        &self.place
    }

    fn description(&self) -> &Description {
        &self.description
    }

    fn read(&self, region: &Region) -> Result<Vec<u8>> {
        self.array.read(&self.form.region(region))
    }
}

/// Writes `input` as an array in the directory `path`, superchunk by superchunk, and its document last.
pub(super) fn write(
    input: &dyn Input,
    path: &Path,
    options: &Options,
    progress: &dyn Progress,
) -> Result<()> {
    let of = input.description();
    if let (Some(framing), false) = (&options.framing, matches!(of.dtype, DType::Number { .. })) {
        let what = format!(
            "elements of type {} in the layout {framing}, which has numbers",
            of.dtype
        );
        return Err(Error::unsupported(input.place(), what));
    }
    if let (DType::Record { .. }, [_]) = (&of.dtype, &of.shape[..]) {
        return table::write_zarr(input, path, options, progress);
    }
    let form = Form::of(&of.dtype, of.shape.len());
    let at_source = |e: Error| e.map_place(|p| format!("{}: {p}", input.place()));
    let layout = shapes::layout(of, options).map_err(at_source)?;
    let whole = Region::whole(&of.shape);
    let grid = whole.cells(layout.superchunk());
    let store: Arc<dyn Store> = Arc::new(LocalStore::new(path));
    let array = Array::new(
        Arc::clone(&store),
        "",
        metadata(of, &form, &layout, options).map_err(at_source)?,
    )?;
    progress.start("elements", grid.len());
    let regions = grid
        .indices()
        .filter_map(|i| Region::of_cell(&i, layout.superchunk()).intersect(&whole));
    relay(
        regions,
        progress,
        |region| input.read(region),
        |region, bytes| array.write(&form.region(region), bytes),
    )?;
    write_document(&*store, "", &form.document(array.document()))
}

/// The metadata of the numbers that the elements are.
fn metadata(
    of: &Description,
    form: &Form,
    layout: &Layout,
    options: &Options,
) -> Result<ArrayMetadata> {
    let layout = match layout.is_sharded() {
        true => Layout::sharded(
            &form.sizes(layout.superchunk()),
            &form.sizes(layout.chunk()),
            &form.sizes(layout.block()),
        ),
        false => Layout::unsharded(&form.sizes(layout.chunk())),
    }?;
    let fill = match &of.fill {
        Some(fill) if fill.len() == form.word.size() => fill.clone(),
        _ => vec![0; form.word.size()],
    };
    let plain = CodecSpec::default();
    let codec = match (&options.codec, &options.framing) {
        (Some(codec), _) => codec,
        (None, Some(_)) => &plain,
        (None, None) => &of.codec,
    };
    let mut metadata = ArrayMetadata::new(&form.sizes(&of.shape), form.word, &fill, layout, codec);
    metadata.framing.clone_from(&options.framing);
    metadata.attributes.clone_from(&of.attributes);
    if let Some(note) = form.note() {
        metadata.attributes.insert(NUMPY.to_owned(), json!(note));
    }
    metadata.dimension_names.clone_from(&of.dimension_names);
    if let (true, Some(names)) = (form.apart, &mut metadata.dimension_names) {
        names.push(None);
    }
    Ok(metadata)
}
