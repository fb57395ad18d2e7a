//! Writing frames, chunk after chunk.

use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use ziggurat_core::codec::scratch;
use ziggurat_core::{Error, Result};

use super::{FrameHeader, INDEX, Kind, PLACE, Place, chunk_file, offsets, trailer};
use crate::blosc2::encode::Encoder;
use crate::blosc2::header::Header;
use crate::blosc2::metalayers::Metalayers;
use crate::blosc2::special::Special;

/// Where a frame is written to.
pub trait Target {
    /// What is left when all is written.
    type Done;

    /// Whether its chunks are within the frame.
    const KIND: Kind;

    /// Makes room for a header of `length` bytes.
    ///
    /// # Errors
    /// Those of writing.
    fn begin(&mut self, length: usize) -> Result<()>;

    /// Writes chunk `number`, after those before.
    ///
    /// # Errors
    /// Those of writing.
    fn chunk(&mut self, number: u64, bytes: &[u8]) -> Result<()>;

    /// Writes what stands before and after the chunks.
    ///
    /// # Errors
    /// Those of writing.
    fn end(self, header: &[u8], tail: &[u8]) -> Result<Self::Done>;
}

/// A contiguous frame from where the writer stands at first, which is its start.
#[derive(Debug)]
pub struct Contiguous<W>(W);

impl<W: Write + Seek> Contiguous<W> {
    /// Writes to `out`, an empty file or memory.
    pub fn new(out: W) -> Self {
        Self(out)
    }
}

impl<W: Write + Seek> Target for Contiguous<W> {
    type Done = W;

    const KIND: Kind = Kind::Contiguous;

    fn begin(&mut self, length: usize) -> Result<()> {
        self.0.write_all(&vec![0; length]).map_err(cannot_write)
    }

    fn chunk(&mut self, _: u64, bytes: &[u8]) -> Result<()> {
        self.0.write_all(bytes).map_err(cannot_write)
    }

    fn end(mut self, header: &[u8], tail: &[u8]) -> Result<W> {
        self.0.write_all(tail).map_err(cannot_write)?;
        // The header last: before, this is no frame.
        self.0.seek(SeekFrom::Start(0)).map_err(cannot_write)?;
        self.0.write_all(header).map_err(cannot_write)?;
        self.0.flush().map_err(cannot_write)?;
        Ok(self.0)
    }
}

fn cannot_write(source: std::io::Error) -> Error {
    Error::Io {
        place: PLACE.to_owned(),
        what: "cannot write".to_owned(),
        source,
    }
}

/// A sparse frame in a directory.
#[derive(Debug)]
pub struct Sparse(PathBuf);

impl Sparse {
    /// Makes `directory`.
    ///
    /// # Errors
    /// [`Error::Io`] if it exists or cannot be made.
    pub fn create(directory: impl AsRef<Path>) -> Result<Self> {
        let path = directory.as_ref().to_owned();
        std::fs::create_dir(&path).map_err(|e| Error::io(&path, "create", e))?;
        Ok(Self(path))
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).map_err(|e| Error::io(&path, "write", e))
    }
}

impl Target for Sparse {
    type Done = PathBuf;

    const KIND: Kind = Kind::Sparse;

    fn begin(&mut self, _: usize) -> Result<()> {
        Ok(())
    }

    fn chunk(&mut self, number: u64, bytes: &[u8]) -> Result<()> {
        self.write(&chunk_file(number), bytes)
    }

    fn end(self, header: &[u8], tail: &[u8]) -> Result<PathBuf> {
        self.write(INDEX, &[header, tail].concat())?;
        Ok(self.0)
    }
}

/// Writes a frame chunk after chunk; see [`Frame`](super::Frame) for an example.
#[derive(Debug)]
pub struct FrameWriter<T> {
    target: T,
    encoder: Encoder,
    header: FrameHeader,
    places: Vec<Place>,
    /// Whether the last chunk was shorter than the others.
    full: bool,
}

impl<T: Target> FrameWriter<T> {
    /// Begins a frame of chunks that decode to `chunk` bytes each. `encoder` encodes elements that are
    /// pushed, and the header names what it does.
    ///
    /// # Errors
    /// [`Error::Caller`] if `chunk` is 0; [`Error::Limit`] if the metalayers do not fit; those of writing.
    pub fn new(
        mut target: T,
        encoder: &Encoder,
        chunk: usize,
        metalayers: &Metalayers,
    ) -> Result<Self> {
        if chunk == 0 {
            return Err(Error::caller(PLACE, "chunks of no bytes"));
        }
        let header = FrameHeader {
            kind: T::KIND,
            frame_length: 0,
            decoded: 0,
            encoded: 0,
            typesize: encoder.typesize(),
            block: encoder.block_of(chunk),
            chunk,
            has_vlmetalayers: false,
            metalayers: metalayers.clone(),
            pipeline: encoder.pipeline(),
        };
        target.begin(header.to_bytes()?.len())?;
        Ok(Self {
            target,
            encoder: *encoder,
            header,
            places: Vec::new(),
            full: false,
        })
    }

    /// Writes an encoded chunk.
    ///
    /// # Errors
    /// [`Error::Caller`] if it decodes to another size than chunks of this frame (the last may be
    /// shorter), [`Error::Data`] if it is none; those of writing.
    pub fn push(&mut self, chunk: &[u8]) -> Result<()> {
        let header = Header::parse(chunk)?;
        if header.encoded != chunk.len() {
            let n = header.encoded;
            let what = format!("a chunk of {n} bytes has {}", chunk.len());
            return Err(Error::data(PLACE, what));
        }
        self.grow(header.decoded)?;
        let number = self.places.len() as u64;
        self.target.chunk(number, chunk)?;
        self.places.push(Place::At(match T::KIND {
            Kind::Contiguous => self.header.encoded,
            Kind::Sparse => number,
        }));
        self.header.encoded += chunk.len() as u64;
        Ok(())
    }

    /// Adds a chunk of `decoded` bytes that takes none, as all its elements are special.
    ///
    /// # Errors
    /// As [`push`](Self::push), and as [`Encoder::encode_special`]; [`Error::Caller`] for repeated
    /// values, which need a chunk.
    pub fn push_special(&mut self, special: Special, decoded: usize) -> Result<()> {
        // Says what is wrong, if something is.
        self.encoder.encode_special(special, &[], decoded)?;
        self.grow(decoded)?;
        self.places.push(Place::Nowhere(special));
        Ok(())
    }

    /// Encodes and writes the elements of a chunk: special ones if they are all the same.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn push_elements(&mut self, elements: &[u8]) -> Result<()> {
        match self.encoder.special(elements) {
            Some(Special::Repeated) => {
                let value = &elements[..self.encoder.typesize()];
                let special = Special::Repeated;
                self.push(
                    &self
                        .encoder
                        .encode_special(special, value, elements.len())?,
                )
            }
            Some(special) => self.push_special(special, elements.len()),
            None => scratch::with_buffer(|chunk| {
                self.encoder.encode_to(elements, chunk)?;
                self.push(chunk)
            }),
        }
    }

    /// Ends the frame. Contents of `vlmetalayers` are given decoded.
    ///
    /// # Errors
    /// [`Error::Limit`] if the metalayers do not fit; those of writing.
    pub fn finish(mut self, vlmetalayers: &Metalayers) -> Result<T::Done> {
        let encoder = Encoder::new(1)?;
        let mut layers = Metalayers::default();
        for (name, content) in vlmetalayers.iter() {
            layers.set(name, encoder.encode(content)?)?;
        }
        let (header, tail) = ends(&mut self.header, &self.places, &layers)?;
        self.target.end(&header, &tail)
    }

    /// Counts a chunk of `decoded` bytes.
    fn grow(&mut self, decoded: usize) -> Result<()> {
        let chunk = self.header.chunk;
        if self.full || decoded == 0 || decoded > chunk {
            let what = format!("a chunk of {decoded} bytes; all but the last have {chunk}");
            return Err(Error::caller(PLACE, what));
        }
        self.full = decoded < chunk;
        self.header.decoded += decoded as u64;
        Ok(())
    }
}

/// The bytes before and after the chunks of a frame, whose length is put right.
pub(crate) fn ends(
    header: &mut FrameHeader,
    places: &[Place],
    vlmetalayers: &Metalayers,
) -> Result<(Vec<u8>, Vec<u8>)> {
    let mut tail = offsets::write(places)?;
    tail.extend(trailer::write(vlmetalayers)?);
    header.has_vlmetalayers = !vlmetalayers.is_empty();
    let within = match header.kind {
        Kind::Contiguous => header.encoded,
        Kind::Sparse => 0,
    };
    header.frame_length = header.to_bytes()?.len() as u64 + within + tail.len() as u64;
    Ok((header.to_bytes()?, tail))
}
