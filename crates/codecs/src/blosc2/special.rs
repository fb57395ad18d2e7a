//! Chunks that say what every element is, instead of holding them.

use ziggurat_core::{Error, Result};

use super::header::PLACE;

/// What every element of a chunk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Special {
    /// Zero.
    Zeros,
    /// Not a number; elements have 4 or 8 bytes.
    Nan,
    /// The value after the header, which may be of any size.
    Repeated,
    /// Nothing was ever written. Read as zero.
    Uninitialized,
}

impl Special {
    pub(super) const fn code(self) -> u8 {
        match self {
            Self::Zeros => 1,
            Self::Nan => 2,
            Self::Repeated => 3,
            Self::Uninitialized => 4,
        }
    }

    pub(super) fn of_code(code: u8) -> Result<Self> {
        let all = [Self::Zeros, Self::Nan, Self::Repeated, Self::Uninitialized];
        let known = all.into_iter().find(|special| special.code() == code);
        known.ok_or_else(|| Error::data(PLACE, format!("the unknown special value {code}")))
    }

    /// Fills `out` with elements of `typesize` bytes, of which the first is at position `at` of the
    /// chunk; `value` is the repeated one.
    pub(super) fn fill(
        self,
        typesize: usize,
        value: &[u8],
        at: usize,
        out: &mut [u8],
    ) -> Result<()> {
        let value = match (self, typesize) {
            (Self::Zeros | Self::Uninitialized, _) => &[0],
            (Self::Nan, 4) => &f32::NAN.to_le_bytes()[..],
            (Self::Nan, 8) => &f64::NAN.to_le_bytes()[..],
            (Self::Repeated, _) if !value.is_empty() => value,
            (Self::Nan | Self::Repeated, _) => {
                let what = format!("{self:?} in elements of {typesize} bytes");
                return Err(Error::data(PLACE, what));
            }
        };
        if let [byte] = value {
            out.fill(*byte);
            return Ok(());
        }
        let phase = at % value.len();
        let (head, tail) = out.split_at_mut(((value.len() - phase) % value.len()).min(out.len()));
        head.copy_from_slice(&value[phase..][..head.len()]);
        for element in tail.chunks_mut(value.len()) {
            element.copy_from_slice(&value[..element.len()]);
        }
        Ok(())
    }
}
