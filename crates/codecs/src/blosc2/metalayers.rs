//! Metalayers: named bytes that a frame carries, in its header or in its trailer.
//!
//! On disk: a list of three: the size of the map, the map from each name to the position of its
//! content in the header (or trailer), the list of contents.

use ziggurat_core::{Error, Result};

use super::msgpack::{FIXSTR_MAX, Reader, Writer};

/// Most metalayers of a header that Blosc2 reads.
pub const MAX_METALAYERS: usize = 16;
/// Most variable-length metalayers of a trailer that Blosc2 reads.
pub const MAX_VLMETALAYERS: usize = 8 << 10;

/// The place that errors name.
const PLACE: &str = "blosc2 metalayers";

/// Named bytes in the order in which they were added; no name occurs twice.
///
/// A name has 1 to 31 bytes of text. What the bytes mean is up to who reads them; those of Python
/// programs are msgpack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metalayers(Vec<(String, Vec<u8>)>);

impl Metalayers {
    /// The content of `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        let (_, content) = self.0.iter().find(|(n, _)| n == name)?;
        Some(content)
    }

    /// Adds `name`, or replaces its content.
    ///
    /// # Errors
    /// [`Error::Caller`] for a name that is empty or longer than 31 bytes; [`Error::Limit`] if there are
    /// [`MAX_VLMETALAYERS`] already, or for more than 2 GiB.
    pub fn set(&mut self, name: &str, content: impl Into<Vec<u8>>) -> Result<()> {
        let content = content.into();
        if !(1..=FIXSTR_MAX).contains(&name.len()) {
            let what = format!("the name '{name}' has not 1 to {FIXSTR_MAX} bytes; choose another");
            return Err(Error::caller(PLACE, what));
        }
        if i32::try_from(content.len()).is_err() {
            return Err(Error::limit(PLACE, format!("'{name}' exceeds 2 GiB")));
        }
        if let Some(known) = self.0.iter_mut().find(|(n, _)| n == name) {
            known.1 = content;
        } else if self.len() == MAX_VLMETALAYERS {
            let what = format!("there are {MAX_VLMETALAYERS} already");
            return Err(Error::limit(PLACE, what));
        } else {
            self.0.push((name.to_owned(), content));
        }
        Ok(())
    }

    /// Removes `name`, and returns whether it was there.
    pub fn remove(&mut self, name: &str) -> bool {
        let before = self.len();
        self.0.retain(|(n, _)| n != name);
        self.len() < before
    }

    /// Names and contents in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(name, bytes)| (&**name, &**bytes))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads at most `limit` metalayers from where `reader` stands.
    pub(super) fn read(reader: &mut Reader<'_>, limit: usize) -> Result<Self> {
        reader.fixarray_of(3)?;
        // The size of the map: whoever reads the map finds its end.
        reader.uint16()?;
        let count = usize::from(reader.map16()?);
        if count > limit {
            let what = format!("{count} metalayers, at most {limit} are read");
            return Err(Error::limit(PLACE, what));
        }
        let mut entries = Vec::with_capacity(count);
        for _ in 0..count {
            let name = str::from_utf8(reader.fixstr()?)
                .map_err(|_| Error::data(PLACE, "a name is not text"))?;
            entries.push((name, reader.int32()?));
        }
        if usize::from(reader.array16()?) != count {
            return Err(Error::data(PLACE, "not as many contents as names"));
        }
        let mut layers = Self::default();
        for (name, position) in entries {
            if i32::try_from(reader.position()) != Ok(position) {
                let what = format!("'{name}' does not start at byte {position}, as the map says");
                return Err(Error::data(PLACE, what));
            }
            if layers.get(name).is_some() {
                return Err(Error::data(PLACE, format!("'{name}' occurs twice")));
            }
            layers.set(name, reader.bin32()?)?;
        }
        Ok(layers)
    }

    /// Appends them; `out` starts where the header or the trailer does. Of the bytes before the map
    /// Blosc2 counts `before` to its size: the head of the list in a header, nothing in a trailer.
    pub(super) fn write(&self, before: usize, out: &mut Writer) -> Result<()> {
        let too_long = |_| Error::limit(PLACE, "names and contents are too long for one frame");
        // The map's own head is 6 bytes long, and each entry 6 more than its name.
        let map = 6 + self.iter().map(|(name, _)| name.len() + 6).sum::<usize>();
        let count = u16::try_from(self.len()).map_err(too_long)?;
        let mut position = out.0.len() + 1 + map + 3;
        out.fixarray(3);
        out.uint16(u16::try_from(before + map).map_err(too_long)?);
        out.map16(count);
        for (name, content) in self.iter() {
            out.fixstr(name.as_bytes());
            out.int32(i32::try_from(position).map_err(too_long)?);
            position += 5 + content.len();
        }
        out.array16(count);
        for (_, content) in self.iter() {
            out.bin32(content);
        }
        Ok(())
    }
}
