//! Arrays of Blosc2 and Caterva.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::ops::Range;
use std::path::Path;

use ziggurat_codecs::blosc2::{
    B2nd, Compressor, Contiguous, Encoder, Filter, Filters, Frame, FrameHeader, NdLayout, NdWriter,
    Sparse, Target,
};
use ziggurat_codecs::dtype::DType;
use ziggurat_codecs::{Blosc, Shuffle};
use ziggurat_core::codec::CodecSpec;
use ziggurat_core::progress::Progress;
use ziggurat_core::{Error, Region, Result};

use super::attributes;
use super::codec::{blosc, codec};
use super::input::{Description, Input};
use super::linear::{Linear, Sequence};
use super::{Format, Options, msgpack, shapes};
use crate::relay::relay;

/// An array in a frame.
struct FrameArray {
    place: String,
    description: Description,
    stored: DType,
    array: B2nd,
}

/// Opens a frame, contiguous or sparse; its elements are of `dtype` where it does not say of which.
pub(super) fn open(path: &Path, dtype: Option<&DType>) -> Result<Box<dyn Input>> {
    let place = path.display().to_string();
    let frame = Frame::open(path)?;
    let layers = &frame.header().metalayers;
    if layers.get("b2nd").is_none() && layers.get("caterva").is_none() {
        return bytes(place, frame, dtype);
    }
    let array = B2nd::of(frame)?;
    let (header, layout) = (array.frame().header(), array.layout());
    let stored = type_of(&place, header, layout.dtype(), dtype)?;
    let at_least_one = |cells: &[u64]| cells.iter().map(|&n| n.max(1)).collect::<Vec<_>>();
    let mut description = Description {
        block: at_least_one(layout.block()),
        codec: codec(&pipeline(header)),
        ..Description::new(layout.shape(), &stored, at_least_one(layout.chunk()))
    };
    attributes::read(array.frame(), &mut description)?;
    Ok(Box::new(FrameArray {
        place,
        description,
        stored,
        array,
    }))
}

/// A frame without array: elements one after the other.
fn bytes(place: String, frame: Frame, dtype: Option<&DType>) -> Result<Box<dyn Input>> {
    let header = frame.header();
    let stored = type_of(&place, header, None, dtype)?;
    let size = header.typesize as u64;
    if !header.decoded.is_multiple_of(size) {
        let what = format!("{} bytes are no whole elements of {size}", header.decoded);
        return Err(Error::data(place, what));
    }
    let shape = [header.decoded / size];
    let chunk = shapes::of_sequence(&shape, header.typesize, header.chunk as u64 / size);
    let mut description = Description {
        codec: codec(&pipeline(header)),
        ..Description::new(&shape, &stored, chunk)
    };
    attributes::read(&frame, &mut description)?;
    Ok(Box::new(Linear {
        sequence: Chunks {
            place: place.clone(),
            frame,
        },
        place,
        description,
        stored,
        fortran: false,
    }))
}

/// The type of elements: as the array says, or the user, or a metalayer `numpy`, or bytes of no meaning.
fn type_of(
    place: &str,
    header: &FrameHeader,
    said: Option<&str>,
    given: Option<&DType>,
) -> Result<DType> {
    let size = header.typesize;
    let said = said.map(DType::parse).transpose();
    let said = said.map_err(|e| e.at(place))?;
    let contradicts = |dtype: &DType| format!("elements of {size} bytes are not of type {dtype}");
    match (said, given) {
        (Some(said), _) if said.size() == size => return Ok(said),
        // C-Blosc2 writes the type of a byte where it was told none.
        (Some(said), _) if said.size() != 1 => {
            return Err(Error::data(place, contradicts(&said)));
        }
        (_, Some(given)) if given.size() == size => return Ok(given.clone()),
        (_, Some(given)) => return Err(Error::caller(place, contradicts(given))),
        (_, None) => {}
    }
    let noted = header.metalayers.get("numpy").and_then(msgpack::decode);
    let noted = noted.and_then(|noted| DType::parse(noted["dtype"].as_str()?).ok());
    Ok(noted
        .filter(|dtype| dtype.size() == size)
        .unwrap_or(DType::Void(size)))
}

impl Input for FrameArray {
    fn place(&self) -> &str {
        &self.place
    }

    fn description(&self) -> &Description {
        &self.description
    }

    fn read(&self, region: &Region) -> Result<Vec<u8>> {
        let mut bytes = self.array.read(region)?;
        self.stored.swap_to_native(&mut bytes);
        Ok(bytes)
    }
}

/// The elements of a frame.
struct Chunks {
    place: String,
    frame: Frame,
}

impl Sequence for Chunks {
    fn read(&self, range: Range<u64>) -> Result<Vec<u8>> {
        let header = self.frame.header();
        let (size, chunk) = (header.typesize as u64, header.chunk as u64);
        let (mut at, end) = (range.start * size, range.end * size);
        let mut out = Vec::new();
        while at < end {
            let number = at / chunk;
            let bytes = self.frame.chunk(number)?.decode();
            let bytes = bytes
                .map_err(|e| e.map_place(|p| format!("{}: chunk {number}: {p}", self.place)))?;
            // A chunk that is shorter than the header says has been refused.
            let from = usize::try_from(at % chunk).unwrap_or(usize::MAX);
            let left = usize::try_from(end - at).unwrap_or(usize::MAX);
            let part = &bytes[from..bytes.len().min(from.saturating_add(left))];
            out.extend_from_slice(part);
            at += part.len() as u64;
        }
        Ok(out)
    }
}

/// How the frame says that its chunks are compressed, in terms of Blosc 1.
fn pipeline(header: &FrameHeader) -> Blosc {
    let pipeline = &header.pipeline;
    let filters = pipeline.filters().unwrap_or_default();
    let has = |wanted: fn(&Filter) -> bool| filters.iter().any(|filter| wanted(&filter));
    let compressor = match pipeline.compressor() {
        Ok(Compressor::Lz4hc) => "lz4hc",
        Ok(Compressor::Zlib) => "zlib",
        Ok(Compressor::Zstd) => "zstd",
        _ => "lz4",
    };
    Blosc {
        compressor: compressor.to_owned(),
        level: pipeline.level(),
        shuffle: match () {
            () if has(|f| matches!(f, Filter::Bitshuffle)) => Shuffle::Bits,
            () if has(|f| matches!(f, Filter::Shuffle { .. })) => Shuffle::Bytes,
            () => Shuffle::None,
        },
    }
}

/// Writes `input` as an array of Blosc2 or Caterva, chunk by chunk.
pub(super) fn write(
    input: &dyn Input,
    path: &Path,
    format: Format,
    options: &Options,
    progress: &dyn Progress,
) -> Result<()> {
    let of = input.description();
    let at_source = |e: Error| e.map_place(|p| format!("{}: {p}", input.place()));
    let (chunk, block) = shapes::chunk_and_block(of, options).map_err(at_source)?;
    let dtype = of.dtype.to_string();
    let dtype = (format != Format::Caterva).then_some(dtype.as_str());
    let layout = NdLayout::new(&of.shape, &chunk, &block, dtype).map_err(at_source)?;
    let codec = options.codec.as_ref().unwrap_or(&of.codec);
    let array = Array {
        input,
        layout,
        encoder: encoder(codec, of.dtype.size())?,
        progress,
    };
    if format == Format::Sparse {
        return array.write(Sparse::create(path)?).map(drop);
    }
    let failed = |e| Error::io(path, "write", e);
    let file = BufWriter::new(File::create(path).map_err(failed)?);
    let mut file = array
        .write(Contiguous::new(file))
        .map_err(|e| e.map_place(|p| format!("{}: {p}", path.display())))?;
    file.flush().map_err(failed)?;
    file.get_ref().sync_all().map_err(failed)
}

/// An array on its way into a frame.
struct Array<'a> {
    input: &'a dyn Input,
    layout: NdLayout,
    encoder: Encoder,
    progress: &'a dyn Progress,
}

impl Array<'_> {
    fn write<T: Target>(self, target: T) -> Result<T::Done> {
        let input = self.input;
        let (fixed, variable) = attributes::write(input.place(), input.description())?;
        let chunk = self.layout.chunk().to_vec();
        let whole = Region::whole(self.layout.shape());
        let grid = Region::whole(&self.layout.chunk_grid());
        let mut writer = NdWriter::new(target, self.layout, self.encoder, &fixed)?;
        self.progress.start("chunks", grid.len());
        let regions = grid
            .indices()
            .filter_map(|i| Region::of_cell(&i, &chunk).intersect(&whole));
        relay(
            regions,
            self.progress,
            |region| input.read(region),
            |_, bytes| writer.push(bytes),
        )?;
        writer.finish(&variable)
    }
}

/// The encoder that is most like `codec`.
fn encoder(codec: &CodecSpec, size: usize) -> Result<Encoder> {
    let Blosc {
        compressor,
        level,
        shuffle,
    } = blosc(codec);
    let filters: &[Filter] = match shuffle {
        Shuffle::Bits => &[Filter::Bitshuffle],
        Shuffle::Bytes => &[Filter::Shuffle { group: 0 }],
        Shuffle::None => &[],
    };
    Encoder::new(size)?
        .compressor(
            Compressor::parse(&compressor).unwrap_or(Compressor::Lz4),
            level,
        )?
        .filters(Filters::new(filters)?)
}
