//! Reading frames.

use std::ops::Range;
use std::path::{Path, PathBuf};

use ziggurat_core::codec::scratch;
use ziggurat_core::{Error, Result};

use super::header::START;
use super::trailer::END;
use super::{FrameHeader, INDEX, Kind, PLACE, Place, chunk_file, offsets, trailer};
use crate::blosc2::chunk::{ChunkIndex, decode};
use crate::blosc2::encode::Encoder;
use crate::blosc2::header::EXTENDED;
use crate::blosc2::metalayers::Metalayers;
use crate::blosc2::source::{FileAt, ReadAt};

/// Largest variable-length metalayer that is decoded.
const MAX_VLMETALAYER: usize = 256 << 20;

/// Bytes that a file gives about as fast as it answers one more read.
const NEAR: usize = 8 << 10;

/// Most bytes of several blocks that are read at once: they are decoded while the cache has them.
const MOST: usize = 256 << 10;

/// A frame that is open for reading, from any number of threads.
///
/// Opening reads its header, offsets and trailer; chunks are read when asked for.
///
/// ```
/// use ziggurat_codecs::blosc2::{Contiguous, Encoder, Frame, FrameWriter, Metalayers};
/// let encoder = Encoder::new(2)?;
/// let target = Contiguous::new(std::io::Cursor::new(Vec::new()));
/// let mut writer = FrameWriter::new(target, &encoder, 400, &Metalayers::default())?;
/// writer.push(&encoder.encode(&[7; 400])?)?;
/// writer.push_elements(&[0; 400])?;
/// let bytes = writer.finish(&Metalayers::default())?.into_inner();
///
/// let frame = Frame::open_source(bytes)?;
/// assert_eq!(frame.header().chunks(), 2);
/// assert_eq!(frame.chunk(0)?.decode()?, [7; 400]);
/// assert_eq!(frame.chunk(1)?.decode()?, [0; 400]);
/// # Ok::<(), ziggurat_core::Error>(())
/// ```
pub struct Frame {
    /// What errors name: the file, or nothing.
    place: String,
    index: Box<dyn ReadAt>,
    /// Where the chunks of a sparse frame are.
    directory: PathBuf,
    header: FrameHeader,
    header_length: u64,
    places: Vec<Place>,
    vlmetalayers: Metalayers,
}

impl Frame {
    /// Opens a contiguous frame (a file) or a sparse one (a directory).
    ///
    /// # Errors
    /// [`Error::Data`], [`Error::Unsupported`] or [`Error::Limit`] of what is in it, with the path;
    /// [`Error::NotFound`] or [`Error::Io`] if it cannot be read.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file = match path.is_dir() {
            true => path.join(INDEX),
            false => path.to_owned(),
        };
        let source = FileAt::open(&file)?;
        let place = path.display().to_string();
        let mut frame = Self::read(source).map_err(|e| e.map_place(|p| name(&place, p)))?;
        let (found, expected) = match path.is_dir() {
            true => (frame.header.kind, Kind::Sparse),
            false => (frame.header.kind, Kind::Contiguous),
        };
        if found != expected {
            let what = format!("it says that it is {found:?}, but is not; open the directory");
            return Err(Error::data(place, what));
        }
        path.clone_into(&mut frame.directory);
        frame.place = place;
        Ok(frame)
    }

    /// Opens a contiguous frame in memory, or wherever else bytes can be read. Others may follow it.
    ///
    /// # Errors
    /// As [`open`](Self::open); [`Error::Caller`] for a sparse frame.
    pub fn open_source(source: impl ReadAt + 'static) -> Result<Self> {
        let frame = Self::read(source)?;
        match frame.header.kind {
            Kind::Contiguous => Ok(frame),
            Kind::Sparse => {
                let what = "a sparse frame, whose chunks are elsewhere; open its directory";
                Err(Error::caller(PLACE, what))
            }
        }
    }

    fn read(source: impl ReadAt + 'static) -> Result<Self> {
        let mut buffer = Vec::new();
        let size = source.size();
        let start = source.read(
            0,
            START.min(usize::try_from(size).unwrap_or(START)),
            &mut buffer,
        )?;
        let header_length = FrameHeader::length(start)?;
        let header = FrameHeader::parse(source.read(0, header_length, &mut buffer)?)?;
        let header_length = header_length as u64;
        let length = header.frame_length;
        if length > size {
            let what = format!("cut off: {size} bytes of {length}; obtain it again");
            return Err(Error::data(PLACE, what));
        }
        let overlap = || Error::data(PLACE, format!("its parts overlap in {length} bytes"));
        let end = length.checked_sub(END as u64).ok_or_else(overlap)?;
        let trailer_length = trailer::length(source.read(end, END, &mut buffer)?)?;
        let trailer_start = length
            .checked_sub(trailer_length as u64)
            .ok_or_else(overlap)?;
        let vlmetalayers =
            trailer::read(source.read(trailer_start, trailer_length, &mut buffer)?)?;
        let offsets_start = match header.kind {
            Kind::Contiguous => header_length.checked_add(header.encoded),
            Kind::Sparse => Some(header_length),
        };
        let offsets_start = offsets_start
            .filter(|start| *start <= trailer_start)
            .ok_or_else(overlap)?;
        let places = match header.chunks() {
            0 => Vec::new(),
            count => {
                let room = trailer_start - offsets_start;
                let room = usize::try_from(room).map_err(|_| overlap())?;
                offsets::read(source.read(offsets_start, room, &mut buffer)?, count)?
            }
        };
        Ok(Self {
            place: String::new(),
            index: Box::new(source),
            directory: PathBuf::new(),
            header,
            header_length,
            places,
            vlmetalayers,
        })
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> &FrameHeader {
        &self.header
    }

    /// Where the chunks are, in order.
    #[must_use]
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// The names of the variable-length metalayers.
    pub fn vlmetalayer_names(&self) -> impl Iterator<Item = &str> {
        self.vlmetalayers.iter().map(|(name, _)| name)
    }

    /// The content of a variable-length metalayer, decoded.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none of this name; [`Error::Data`] if it is damaged;
    /// [`Error::Limit`] for more than 256 MiB.
    pub fn vlmetalayer(&self, name: &str) -> Result<Vec<u8>> {
        let chunk = self.vlmetalayers.get(name).ok_or_else(|| {
            Error::not_found(&self.place, format!("variable-length metalayer '{name}'"))
        })?;
        decode(chunk, MAX_VLMETALAYER)
            .map_err(|e| e.map_place(|p| self.name(&format!("metalayer '{name}': {p}"))))
    }

    /// The variable-length metalayers as they are stored, each a chunk.
    pub(in crate::blosc2) fn vlmetalayers(&self) -> &Metalayers {
        &self.vlmetalayers
    }

    /// Chunk `number`.
    ///
    /// # Errors
    /// [`Error::Caller`] if there is none; [`Error::Data`] if it is damaged or not where the frame
    /// says; errors of reading.
    pub fn chunk(&self, number: u64) -> Result<Chunk<'_>> {
        let place = usize::try_from(number)
            .ok()
            .and_then(|n| self.places.get(n));
        let place = place.ok_or_else(|| {
            let n = self.places.len();
            Error::caller(&self.place, format!("chunk {number} of {n}"))
        })?;
        self.find(number, *place)
            .map_err(|e| e.map_place(|p| self.name(&format!("chunk {number}: {p}"))))
    }

    fn find(&self, number: u64, place: Place) -> Result<Chunk<'_>> {
        let size = self.header.chunk_size(number);
        let (source, start, room) = match place {
            Place::Nowhere(special) => {
                let mut encoder = Encoder::new(self.header.typesize)?;
                if self.header.block > 0 {
                    encoder = encoder.block(self.header.block)?;
                }
                let bytes = encoder.encode_special(special, &[], size)?;
                let room = bytes.len() as u64;
                (Source::Own(Box::new(bytes)), 0, room)
            }
            Place::At(at) if self.header.kind == Kind::Contiguous => {
                // What the offset leaves of the bytes between header and offsets.
                let room = self.header.encoded.checked_sub(at);
                let room = room.ok_or_else(|| {
                    let n = self.header.encoded;
                    Error::data(PLACE, format!("its offset is {at}, of {n} bytes of chunks"))
                })?;
                (Source::Shared(&*self.index), self.header_length + at, room)
            }
            Place::At(at) => {
                let file = FileAt::open(&self.directory.join(chunk_file(at)))?;
                let room = file.size();
                (Source::Own(Box::new(file)), 0, room)
            }
        };
        let index = read_index(source.get(), start, room, &self.header)?;
        let found = index.header();
        if found.decoded != size {
            let what = format!("it decodes to {} bytes instead of {size}", found.decoded);
            return Err(Error::data(PLACE, what));
        }
        if found.encoded as u64 > room {
            let what = format!("it has {} bytes where {room} are left", found.encoded);
            return Err(Error::data(PLACE, what));
        }
        Ok(Chunk {
            source,
            start,
            index,
        })
    }

    /// An error's place within this frame.
    pub(in crate::blosc2) fn name(&self, place: &str) -> String {
        name(&self.place, place)
    }
}

impl std::fmt::Debug for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Frame")
            .field("place", &self.place)
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}

fn name(frame: &str, place: &str) -> String {
    match frame {
        "" => place.to_owned(),
        frame => format!("{frame}: {place}"),
    }
}

/// Reads the front of a chunk, in one request if it has as many blocks as the frame says.
fn read_index(
    source: &dyn ReadAt,
    start: u64,
    room: u64,
    frame: &FrameHeader,
) -> Result<ChunkIndex> {
    let blocks = frame.chunk.div_ceil(frame.block.max(1));
    let room = usize::try_from(room).unwrap_or(usize::MAX);
    let guess = (EXTENDED + 4 * blocks).min(room);
    let mut buffer = Vec::new();
    let front = source.read(start, guess, &mut buffer)?;
    let prefix = crate::blosc2::header::Header::parse(front)?.prefix();
    match front.get(..prefix) {
        Some(front) => ChunkIndex::parse(front),
        None => ChunkIndex::parse(source.read(start, prefix.min(room), &mut Vec::new())?),
    }
}

enum Source<'a> {
    Shared(&'a dyn ReadAt),
    Own(Box<dyn ReadAt>),
}

impl Source<'_> {
    fn get(&self) -> &dyn ReadAt {
        match self {
            Self::Shared(source) => *source,
            Self::Own(source) => &**source,
        }
    }
}

/// A chunk of a frame whose front has been read.
pub struct Chunk<'a> {
    source: Source<'a>,
    start: u64,
    index: ChunkIndex,
}

impl Chunk<'_> {
    /// What its front says.
    #[must_use]
    pub fn index(&self) -> &ChunkIndex {
        &self.index
    }

    /// The bytes of one block as they are stored; none if all elements are the same.
    ///
    /// # Errors
    /// Those of reading.
    pub fn stored_block(&self, block: usize) -> Result<Vec<u8>> {
        self.with_bytes(self.index.extent(block), |bytes| Ok(bytes.to_vec()))
    }

    /// Its bytes.
    ///
    /// # Errors
    /// Those of reading.
    pub fn encoded(&self) -> Result<Vec<u8>> {
        self.with_bytes(0..self.index.header().encoded, |bytes| Ok(bytes.to_vec()))
    }

    /// All its elements.
    ///
    /// # Errors
    /// [`Error::Data`] if it is damaged; those of reading.
    pub fn decode(&self) -> Result<Vec<u8>> {
        let header = self.index.header();
        let mut out = vec![0; header.decoded];
        self.with_bytes(0..header.encoded, |bytes| {
            self.index.decode(bytes, &mut out)
        })?;
        Ok(out)
    }

    /// Reads and decodes `blocks`, in any order, and gives each to `work`: its position among them and
    /// its elements. Those that lie close together are read at once.
    ///
    /// # Errors
    /// [`Error::Data`] if one is damaged; those of reading, and of `work`.
    ///
    /// # Panics
    /// If there is no such block.
    pub fn each_block(
        &self,
        blocks: &[usize],
        mut work: impl FnMut(usize, &[u8]) -> Result<()>,
    ) -> Result<()> {
        let index = &self.index;
        let mut wanted: Vec<Wanted> = (0..blocks.len())
            .map(|position| Wanted {
                position,
                block: blocks[position],
                extent: index.extent(blocks[position]),
            })
            .collect();
        wanted.sort_unstable_by_key(|one| one.extent.start);
        self.with_first(index.needs_first(), |first| {
            self.each_wanted(&wanted, first, &mut work)
        })
    }

    /// Reads and decodes one block into `out`, which has its size.
    ///
    /// # Errors
    /// [`Error::Data`] if it is damaged; those of reading.
    ///
    /// # Panics
    /// If there is no such block.
    pub fn decode_block(&self, block: usize, out: &mut [u8]) -> Result<()> {
        let index = &self.index;
        self.with_first(index.needs_first() && block > 0, |first| {
            self.with_bytes(index.extent(block), |stored| {
                index.decode_block(block, stored, first, out)
            })
        })
    }

    /// Calls `work` with the first block, decoded, if it is `needed`.
    fn with_first<R>(
        &self,
        needed: bool,
        work: impl FnOnce(Option<&[u8]>) -> Result<R>,
    ) -> Result<R> {
        if !needed {
            return work(None);
        }
        scratch::with_bytes(self.index.header().block_size(0), |first| {
            self.decode_block(0, first)
                .map_err(|e| e.map_place(|p| format!("block 0: {p}")))?;
            work(Some(first))
        })
    }

    /// As [`each_block`](Self::each_block), of blocks in the order in which they lie in the chunk. `first` is
    /// the first block of the chunk, decoded, if others need it.
    fn each_wanted(
        &self,
        mut wanted: &[Wanted],
        first: Option<&[u8]>,
        work: &mut impl FnMut(usize, &[u8]) -> Result<()>,
    ) -> Result<()> {
        let index = &self.index;
        while let [one, ..] = wanted {
            let start = one.extent.start;
            let (near, others) = wanted.split_at(together(wanted));
            let end = near.last().map_or(start, |last| last.extent.end);
            self.with_bytes(start..end, |stored| {
                near.iter().try_for_each(|one| {
                    let stored = &stored[one.extent.start - start..one.extent.end - start];
                    let decoded = match first {
                        Some(first) if one.block == 0 => return work(one.position, first),
                        _ => scratch::with_bytes(index.header().block_size(one.block), |out| {
                            index.decode_block(one.block, stored, first, out)?;
                            work(one.position, out)
                        }),
                    };
                    decoded.map_err(|e| e.map_place(|p| format!("block {}: {p}", one.block)))
                })
            })?;
            wanted = others;
        }
        Ok(())
    }

    fn with_bytes<R>(
        &self,
        range: Range<usize>,
        work: impl FnOnce(&[u8]) -> Result<R>,
    ) -> Result<R> {
        scratch::with_buffer(|buffer| {
            let start = self.start + range.start as u64;
            work(self.source.get().read(start, range.len(), buffer)?)
        })
    }
}

/// A block that is wanted of a chunk.
struct Wanted {
    position: usize,
    block: usize,
    extent: Range<usize>,
}

/// How many of the first of `wanted` are read at once.
fn together(wanted: &[Wanted]) -> usize {
    let start = wanted.first().map_or(0, |one| one.extent.start);
    let pairs = wanted.windows(2);
    let near = pairs.take_while(|pair| {
        let gap = pair[1].extent.start.saturating_sub(pair[0].extent.end);
        gap <= NEAR && pair[1].extent.end - start <= MOST
    });
    wanted.len().min(1 + near.count())
}

impl std::fmt::Debug for Chunk<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chunk")
            .field("start", &self.start)
            .field("index", &self.index)
            .finish_non_exhaustive()
    }
}
