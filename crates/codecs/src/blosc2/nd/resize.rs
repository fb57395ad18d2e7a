//! Growing and shrinking arrays without touching the chunks that stay as they are.

use std::path::Path;

use ziggurat_core::exec::block_on;
use ziggurat_core::region::{Window, copy};
use ziggurat_core::store::{Expected, LocalStore, Store, join};
use ziggurat_core::{Error, Region, Result};

use super::{B2nd, NdLayout, PLACE};
use crate::blosc2::encode::Encoder;
use crate::blosc2::frame::{INDEX, Kind, MAX_CHUNKS, Place, chunk_file, ends};
use crate::blosc2::special::Special;

/// What has to be written so that an array has another shape: the header, whose length stays; all that
/// follows the chunks; in a directory, files that come and go.
///
/// Elements that come are zero, elements that go are lost. Chunks that go leave a gap in a contiguous
/// frame, as do edge chunks that are written anew because something lay beyond the old edge.
///
/// A crash at any byte leaves the old array or the new one: a contiguous frame is written beside the
/// old one, the chunks by the system, which shares them where it can, and takes its name when it is
/// whole. Of a directory the new chunks are written first, then the index in this way, then chunks go;
/// files that a crash leaves there belong to no chunk.
///
/// ```
/// # use ziggurat_codecs::blosc2::{B2nd, Contiguous, Encoder, Metalayers, NdLayout, NdWriter};
/// # use ziggurat_core::Region;
/// # let layout = NdLayout::new(&[3, 2], &[2, 2], &[2, 1], Some("|u1"))?;
/// # let target = Contiguous::new(std::io::Cursor::new(Vec::new()));
/// # let mut writer = NdWriter::new(target, layout, Encoder::new(1)?, &Metalayers::default())?;
/// # writer.push_array(&[1, 2, 3, 4, 5, 6])?;
/// # let mut file = writer.finish(&Metalayers::default())?.into_inner();
/// let array = B2nd::open_source(file.clone())?;
/// array.resize(&[2, 3])?.apply_to(&mut file)?;
/// let array = B2nd::open_source(file)?;
/// assert_eq!(array.read(&Region::whole(&[2, 3]))?, [1, 2, 0, 3, 4, 0]);
/// # Ok::<(), ziggurat_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Resize {
    kind: Kind,
    header: Vec<u8>,
    tail_start: u64,
    tail: Vec<u8>,
    /// Files of chunks that come, and of those that go.
    come: Vec<(String, Vec<u8>)>,
    go: Vec<String>,
}

impl B2nd {
    /// What it takes to give the array this `shape`.
    ///
    /// # Errors
    /// [`Error::Caller`] if `shape` has another rank; [`Error::Limit`] if it makes too many chunks;
    /// [`Error::Data`] if an edge chunk is damaged; those of reading.
    pub fn resize(&self, shape: &[u64]) -> Result<Resize> {
        let mut plan = Plan::new(self, self.layout().resized(shape)?)?;
        for index in Region::whole(&plan.layout.chunk_grid()).indices() {
            let place = plan.place(&index)?;
            plan.places.push(place);
        }
        plan.finish()
    }
}

impl Resize {
    /// Writes it to the file or directory that the array was opened from.
    ///
    /// # Errors
    /// As [`apply_in`](Self::apply_in).
    pub fn apply(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        // What a link leads to is replaced, not the link.
        let found = path
            .canonicalize()
            .map_err(|e| Error::io(path, "find", e))?;
        let name = found.file_name().and_then(|name| name.to_str());
        let Some((parent, name)) = found.parent().zip(name) else {
            let what = "a name that is not UTF-8; rename it";
            return Err(Error::caller(path.display().to_string(), what));
        };
        self.apply_in(&LocalStore::new(parent), name)
    }

    /// Writes it to the file or directory `key` of a store, which the array was opened from.
    ///
    /// # Errors
    /// [`Error::Conflict`] if it changes meanwhile; those of the store.
    pub fn apply_in(&self, store: &dyn Store, key: &str) -> Result<()> {
        block_on(async {
            for (name, bytes) in &self.come {
                store.put(&join(key, name), bytes.clone().into()).await?;
            }
            match self.kind {
                Kind::Contiguous => self.replace(store, key).await?,
                Kind::Sparse => self.replace(store, &join(key, INDEX)).await?,
            }
            for name in &self.go {
                store.delete(&join(key, name)).await?;
            }
            Ok(())
        })
    }

    /// Puts a new file into the place of the one that holds the header.
    async fn replace(&self, store: &dyn Store, key: &str) -> Result<()> {
        let place = store.place(key);
        let seen = store.version(key).await?;
        let seen = seen.ok_or_else(|| Error::not_found(&place, "the frame to resize"))?;
        let mut writer = store.create(key).await?;
        writer.write(&[self.header.clone().into()]).await?;
        let chunks = self.header.len() as u64..self.tail_start;
        if writer.copy(&seen, chunks).await? {
            writer.write(&[self.tail.clone().into()]).await?;
            let expected = Expected::Version(seen);
            if writer.finish(&expected).await?.is_some() {
                return Ok(());
            }
        }
        let what = "it changed meanwhile; open it again";
        Err(Error::conflict(place, what))
    }

    /// Writes it to the contiguous frame that the array was opened from.
    ///
    /// # Errors
    /// [`Error::Caller`] if `frame` is another.
    pub fn apply_to(&self, frame: &mut Vec<u8>) -> Result<()> {
        let start = usize::try_from(self.tail_start).ok();
        let start = start.filter(|n| (self.header.len()..=frame.len()).contains(n));
        let Some(start) = start.filter(|_| self.kind == Kind::Contiguous) else {
            let what = "not the frame that was to be resized";
            return Err(Error::caller(PLACE, what));
        };
        frame.truncate(start);
        frame.extend(&self.tail);
        frame[..self.header.len()].copy_from_slice(&self.header);
        Ok(())
    }
}

/// A resize in the making.
struct Plan<'a> {
    array: &'a B2nd,
    layout: NdLayout,
    typesize: usize,
    places: Vec<Place>,
    /// Chunks that are written anew, after those of the frame.
    chunks: Vec<u8>,
    come: Vec<(String, Vec<u8>)>,
    next_file: u64,
}

impl<'a> Plan<'a> {
    fn new(array: &'a B2nd, layout: NdLayout) -> Result<Self> {
        let typesize = array.frame().header().typesize;
        let chunk = layout.chunk_bytes(typesize)? as u64;
        // What a header can say, and a reader accepts.
        let limit = MAX_CHUNKS;
        if layout.chunks() > limit || layout.chunks().checked_mul(chunk).is_none() {
            let what = format!("{layout}: more than {limit} chunks; use larger ones");
            return Err(Error::limit(PLACE, what));
        }
        let files = array.frame().places().iter().map(|place| match place {
            Place::At(number) => number.saturating_add(1),
            Place::Nowhere(_) => 0,
        });
        Ok(Self {
            array,
            layout,
            typesize,
            places: Vec::new(),
            chunks: Vec::new(),
            come: Vec::new(),
            next_file: files.max().unwrap_or(0),
        })
    }

    /// Where the chunk at `index` is henceforth.
    fn place(&mut self, index: &[u64]) -> Result<Place> {
        let (old, frame) = (self.array.layout(), self.array.frame());
        let zeros = Place::Nowhere(Special::Zeros);
        let grid = old.chunk_grid();
        if index.iter().zip(&grid).any(|(i, n)| i >= n) {
            return Ok(zeros);
        }
        let number = old.chunk_number(index);
        let place = usize::try_from(number)
            .ok()
            .and_then(|n| frame.places().get(n));
        let place = *place.unwrap_or(&zeros);
        let (before, after) = (within(old, index), within(&self.layout, index));
        if before.contains(&after) || place == zeros {
            return Ok(place);
        }
        // What lay beyond the edge comes into sight.
        let stored = frame.chunk(number)?.decode()?;
        let cleared = clear_beyond(old, self.typesize, &before, &stored)?;
        if cleared == stored {
            return Ok(place);
        }
        let encoder = self.encoder()?;
        if encoder.special(&cleared) == Some(Special::Zeros) {
            return Ok(zeros);
        }
        let chunk = encoder.encode(&cleared)?;
        Ok(match frame.header().kind {
            Kind::Contiguous => {
                let at = frame.header().encoded + self.chunks.len() as u64;
                self.chunks.extend(chunk);
                Place::At(at)
            }
            Kind::Sparse => {
                let number = self.next_file;
                self.next_file += 1;
                self.come.push((chunk_file(number), chunk));
                Place::At(number)
            }
        })
    }

    /// Encodes as the frame says, or by default what it names is only read.
    fn encoder(&self) -> Result<Encoder> {
        let pipeline = self.array.frame().header().pipeline;
        let plain = Encoder::new(self.typesize)?.block(self.layout.block_bytes(self.typesize)?)?;
        let named = pipeline
            .compressor()
            .and_then(|c| plain.compressor(c, pipeline.level().min(9)))
            .unwrap_or(plain);
        named.filters(pipeline.filters()?).or(Ok(named))
    }

    fn finish(self) -> Result<Resize> {
        let frame = self.array.frame();
        let mut header = frame.header().clone();
        let header_length = header.to_bytes()?.len() as u64;
        let name = self.layout.name();
        header.metalayers.set(name, self.layout.to_bytes())?;
        header.chunk = self.layout.chunk_bytes(self.typesize)?;
        header.decoded = self.layout.chunks() * header.chunk as u64;
        let mut go = Vec::new();
        let tail_start = match header.kind {
            Kind::Contiguous if self.places.is_empty() => {
                header.encoded = 0;
                header_length
            }
            Kind::Contiguous => {
                let start = header_length + header.encoded;
                header.encoded += self.chunks.len() as u64;
                start
            }
            Kind::Sparse => {
                let kept: std::collections::HashSet<_> = self.places.iter().collect();
                for (number, place) in (0..).zip(frame.places()) {
                    if let Place::At(file) = place
                        && !kept.contains(place)
                    {
                        let size = frame.chunk(number)?.index().header().encoded;
                        header.encoded = header.encoded.saturating_sub(size as u64);
                        go.push(chunk_file(*file));
                    }
                }
                let more = self.come.iter().map(|(_, bytes)| bytes.len() as u64);
                header.encoded += more.sum::<u64>();
                header_length
            }
        };
        let (head, tail) = ends(&mut header, &self.places, frame.vlmetalayers())?;
        Ok(Resize {
            kind: header.kind,
            header: head,
            tail_start,
            tail: [self.chunks, tail].concat(),
            come: self.come,
            go,
        })
    }
}

/// The part of the chunk at `index` that is in the array, in indices of the chunk.
fn within(layout: &NdLayout, index: &[u64]) -> Region {
    let cell = Region::of_cell(index, layout.chunk());
    let shape: Vec<u64> = (0..layout.rank())
        .map(|d| {
            cell.end(d)
                .min(layout.shape()[d])
                .saturating_sub(cell.start[d])
        })
        .collect();
    Region::whole(&shape)
}

/// A stored chunk with zeros wherever it is not `within`.
fn clear_beyond(
    layout: &NdLayout,
    typesize: usize,
    within: &Region,
    stored: &[u8],
) -> Result<Vec<u8>> {
    let chunk = layout.chunk();
    let elements = layout.from_blocks(typesize, stored)?;
    let mut kept = vec![0; elements.len()];
    let window = Window {
        shape: chunk,
        start: &within.start,
    };
    copy(
        &within.shape,
        typesize,
        &elements,
        window,
        &mut kept,
        window,
    );
    // A chunk of an array that has its shape is whole.
    layout
        .resized(chunk)?
        .to_blocks(&within.start, typesize, &kept)
}
