//! Elements of any type.

/// Elements in C order, as bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Elements {
    /// Of one size; numbers are native-endian.
    Fixed {
        /// Bytes of one element.
        size: usize,
        /// All of them.
        bytes: Vec<u8>,
    },
    /// Each of its own size, as texts and byte strings are.
    Variable {
        /// All of them, one after the other.
        bytes: Vec<u8>,
        /// Where each begins, and where the last one ends.
        offsets: Vec<usize>,
    },
    /// Each there or missing.
    Optional {
        /// With any value where one is missing.
        elements: Box<Elements>,
        /// Whether each is there.
        present: Vec<bool>,
    },
}

impl Elements {
    /// The bytes of element `i`; `None` if it is missing, or if there are fewer.
    #[must_use]
    pub fn get(&self, i: usize) -> Option<&[u8]> {
        match self {
            Self::Fixed { size, bytes } => {
                let begin = i.checked_mul(*size)?;
                bytes.get(begin..begin.checked_add(*size)?)
            }
            Self::Variable { bytes, offsets } => bytes.get(*offsets.get(i)?..*offsets.get(i + 1)?),
            Self::Optional { elements, present } => match present.get(i) {
                Some(true) => elements.get(i),
                _ => None,
            },
        }
    }

    /// The elements at `positions`.
    pub(super) fn pick(&self, positions: &[usize]) -> Self {
        match self {
            Self::Fixed { size, .. } => Self::Fixed {
                size: *size,
                bytes: positions
                    .iter()
                    .flat_map(|&i| self.get(i).unwrap_or(&[]))
                    .copied()
                    .collect(),
            },
            Self::Variable { .. } => {
                let mut bytes = Vec::new();
                let mut offsets = vec![0];
                for &i in positions {
                    bytes.extend_from_slice(self.get(i).unwrap_or(&[]));
                    offsets.push(bytes.len());
                }
                Self::Variable { bytes, offsets }
            }
            Self::Optional { elements, present } => Self::Optional {
                elements: Box::new(elements.pick(positions)),
                present: positions
                    .iter()
                    .map(|&i| present.get(i) == Some(&true))
                    .collect(),
            },
        }
    }
}
