//! The forms of msgpack that frames are made of. Every value has one form; any other is an error.
//!
//! Numbers are big-endian. Source: <https://github.com/msgpack/msgpack/blob/master/spec.md>.

use ziggurat_core::{Error, Result};

const FALSE: u8 = 0xc2;
const TRUE: u8 = 0xc3;
const BIN32: u8 = 0xc6;
const UINT16: u8 = 0xcd;
const UINT32: u8 = 0xce;
const UINT64: u8 = 0xcf;
const INT16: u8 = 0xd1;
const INT32: u8 = 0xd2;
const INT64: u8 = 0xd3;
const FIXEXT16: u8 = 0xd8;
const STR32: u8 = 0xdb;
const ARRAY16: u8 = 0xdc;
const MAP16: u8 = 0xde;
const FIXARRAY: u8 = 0x90;
const FIXSTR: u8 = 0xa0;

/// Longest string and most items of the short forms.
pub(super) const FIXSTR_MAX: usize = 31;
pub(super) const FIXARRAY_MAX: usize = 15;

/// Takes values from the front of `bytes`.
pub(super) struct Reader<'a> {
    place: &'static str,
    bytes: &'a [u8],
    at: usize,
}

macro_rules! readers {
    ($($name:ident: $type:ty = $marker:ident;)*) => {$(
        pub(super) fn $name(&mut self) -> Result<$type> {
            self.marker($marker, stringify!($name))?;
            self.array().map(<$type>::from_be_bytes)
        }
    )*};
}

impl<'a> Reader<'a> {
    /// `place` is what errors name.
    pub(super) fn new(place: &'static str, bytes: &'a [u8]) -> Self {
        Self {
            place,
            bytes,
            at: 0,
        }
    }

    readers! {
        uint16: u16 = UINT16;
        uint32: u32 = UINT32;
        uint64: u64 = UINT64;
        int16: i16 = INT16;
        int32: i32 = INT32;
        int64: i64 = INT64;
        array16: u16 = ARRAY16;
        map16: u16 = MAP16;
    }

    /// Bytes that were taken.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// A number below 128 in one byte.
    pub(super) fn fixint(&mut self) -> Result<u8> {
        match self.byte()? {
            value @ 0..0x80 => Ok(value),
            found => Err(self.unexpected("a small number", found)),
        }
    }

    pub(super) fn boolean(&mut self) -> Result<bool> {
        match self.byte()? {
            FALSE => Ok(false),
            TRUE => Ok(true),
            found => Err(self.unexpected("a boolean", found)),
        }
    }

    /// The length of a list of at most 15 items, which follow.
    pub(super) fn fixarray(&mut self) -> Result<usize> {
        match self.byte()? {
            marker @ 0x90..0xa0 => Ok(usize::from(marker - FIXARRAY)),
            found => Err(self.unexpected("a short list", found)),
        }
    }

    /// A list whose length is known: nothing else is accepted.
    pub(super) fn fixarray_of(&mut self, length: usize) -> Result<()> {
        match self.fixarray()? {
            found if found == length => Ok(()),
            found => Err(self.damaged(&format!("a list of {found} instead of {length}"))),
        }
    }

    /// At most 31 bytes of text.
    pub(super) fn fixstr(&mut self) -> Result<&'a [u8]> {
        match self.byte()? {
            marker @ 0xa0..0xc0 => self.take(usize::from(marker - FIXSTR)),
            found => Err(self.unexpected("a short text", found)),
        }
    }

    pub(super) fn str32(&mut self) -> Result<&'a [u8]> {
        self.marker(STR32, "a long text")?;
        self.sized()
    }

    pub(super) fn bin32(&mut self) -> Result<&'a [u8]> {
        self.marker(BIN32, "bytes")?;
        self.sized()
    }

    /// The type and the content of an extension of 16 bytes.
    pub(super) fn fixext16(&mut self) -> Result<(u8, [u8; 16])> {
        self.marker(FIXEXT16, "16 bytes")?;
        Ok((self.byte()?, self.array()?))
    }

    /// Whether everything was taken.
    pub(super) fn end(&self) -> Result<()> {
        match self.bytes.len() - self.at {
            0 => Ok(()),
            left => Err(self.damaged(&format!("{left} bytes too many"))),
        }
    }

    fn sized(&mut self) -> Result<&'a [u8]> {
        let length = u32::from_be_bytes(self.array()?);
        self.take(length as usize)
    }

    fn marker(&mut self, marker: u8, what: &str) -> Result<()> {
        match self.byte()? {
            found if found == marker => Ok(()),
            found => Err(self.unexpected(what, found)),
        }
    }

    fn byte(&mut self) -> Result<u8> {
        self.array().map(|[byte]| byte)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let bytes = self.take(N)?;
        bytes.try_into().map_err(|_| self.damaged("it is cut off"))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let rest = &self.bytes[self.at..];
        let taken = rest
            .get(..length)
            .ok_or_else(|| self.damaged(&format!("it ends within {length} bytes")))?;
        self.at += length;
        Ok(taken)
    }

    fn unexpected(&self, what: &str, found: u8) -> Error {
        let at = self.at - 1;
        Error::data(
            self.place,
            format!("byte {at} is {found:#04x}, where {what} should start"),
        )
    }

    fn damaged(&self, what: &str) -> Error {
        Error::data(self.place, format!("{what}, at byte {}", self.at))
    }
}

/// Appends values to bytes. Lengths are those that the caller has checked.
#[derive(Default)]
pub(super) struct Writer(pub(super) Vec<u8>);

macro_rules! writers {
    ($($name:ident: $type:ty = $marker:ident;)*) => {$(
        pub(super) fn $name(&mut self, value: $type) {
            self.0.push($marker);
            self.0.extend(value.to_be_bytes());
        }
    )*};
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "short lists and texts are checked to be short, long ones to be below 2 GiB"
)]
impl Writer {
    writers! {
        uint16: u16 = UINT16;
        uint32: u32 = UINT32;
        uint64: u64 = UINT64;
        int16: i16 = INT16;
        int32: i32 = INT32;
        int64: i64 = INT64;
        array16: u16 = ARRAY16;
        map16: u16 = MAP16;
    }

    pub(super) fn fixint(&mut self, value: u8) {
        self.0.push(value & 0x7f);
    }

    pub(super) fn boolean(&mut self, value: bool) {
        self.0.push(if value { TRUE } else { FALSE });
    }

    pub(super) fn fixarray(&mut self, length: usize) {
        self.0.push(FIXARRAY | length.min(FIXARRAY_MAX) as u8);
    }

    pub(super) fn fixstr(&mut self, text: &[u8]) {
        self.0.push(FIXSTR | text.len().min(FIXSTR_MAX) as u8);
        self.0.extend(text);
    }

    pub(super) fn str32(&mut self, text: &[u8]) {
        self.sized(STR32, text);
    }

    pub(super) fn bin32(&mut self, bytes: &[u8]) {
        self.sized(BIN32, bytes);
    }

    pub(super) fn fixext16(&mut self, kind: u8, bytes: [u8; 16]) {
        self.0.extend([FIXEXT16, kind]);
        self.0.extend(bytes);
    }

    fn sized(&mut self, marker: u8, bytes: &[u8]) {
        self.0.push(marker);
        self.0.extend((bytes.len() as u32).to_be_bytes());
        self.0.extend(bytes);
    }
}
