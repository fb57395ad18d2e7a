//! What to read of an array: slices, indices, lists and masks along each dimension, or points.

mod pick;
mod take;

pub use pick::Pick;
pub(crate) use pick::{Order, Picked};
pub(crate) use take::take;

use crate::{Error, Result};

/// Elements of an array, as `NumPy` names them.
///
/// Negative indices count from the end. Slices are cut to the array; an index, a list or a point out
/// of range is an error.
///
/// ```
/// use ziggurat_core::{Pick, Selection};
/// let rows = Selection::from([Pick::from(2..5), Pick::every(-1), Pick::from(7)]);
/// assert_eq!(rows.shape(&[10, 4, 9])?, [3, 4]);
/// let points = Selection::Points(vec![vec![0, 0, -1], vec![3, 1, 2]]);
/// assert_eq!(points.shape(&[10, 4])?, [3]);
/// # Ok::<(), ziggurat_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// Every combination of what is picked along each dimension (`oindex` of Zarr); dimensions
    /// that are not named are taken whole.
    Orthogonal(Vec<Pick>),
    /// One element for each coordinate (`vindex` of Zarr): a list for each dimension, all of one
    /// length.
    Points(Vec<Vec<i64>>),
    /// The elements where a mask is true, in C order.
    Mask {
        /// That of the array.
        shape: Vec<u64>,
        /// One for each element, in C order.
        mask: Vec<bool>,
    },
}

impl<P: Into<Vec<Pick>>> From<P> for Selection {
    fn from(picks: P) -> Self {
        Self::Orthogonal(picks.into())
    }
}

/// A selection of an array of one shape.
#[derive(Debug)]
pub(crate) enum Resolved {
    Product(Vec<Picked>),
    /// Coordinates of points, those of one dimension after the other.
    Points(usize, Vec<Vec<u64>>),
}

impl Selection {
    /// The shape of what it selects of an array of this `shape`.
    ///
    /// # Errors
    /// [`Error::Caller`] if it does not fit the array.
    pub fn shape(&self, shape: &[u64]) -> Result<Vec<u64>> {
        Ok(self.resolve("selection", shape)?.shape())
    }

    /// What it means for the array of this `shape` at `place`.
    pub(crate) fn resolve(&self, place: &str, shape: &[u64]) -> Result<Resolved> {
        let fault = |what: String| Err(Error::caller(place, what));
        let rank = shape.len();
        match self {
            Self::Orthogonal(picks) if picks.len() > rank => {
                fault(format!("{} dimensions selected of {rank}", picks.len()))
            }
            Self::Orthogonal(picks) => {
                let all = Pick::ALL;
                let picks = picks.iter().chain(std::iter::repeat(&all));
                let dims = picks.zip(shape).enumerate();
                dims.map(|(d, (pick, &size))| pick.resolve(place, d, size))
                    .collect::<Result<_>>()
                    .map(Resolved::Product)
            }
            Self::Points(lists) => {
                let count = lists.first().map_or(0, Vec::len);
                if rank == 0 || lists.len() != rank || lists.iter().any(|l| l.len() != count) {
                    return fault(format!(
                        "points take {rank} lists of one length, not lists of {:?}",
                        lists.iter().map(Vec::len).collect::<Vec<_>>()
                    ));
                }
                let dims = lists.iter().zip(shape).enumerate();
                dims.map(|(d, (list, &size))| pick::indices(place, d, size, list))
                    .collect::<Result<_>>()
                    .map(|lists| Resolved::Points(count, lists))
            }
            Self::Mask { shape: of, mask } => {
                let count = of.iter().try_fold(1_u64, |n, &s| n.checked_mul(s));
                if of != shape || count != Some(mask.len() as u64) {
                    let have = mask.len();
                    return fault(format!(
                        "a mask of shape {of:?} with {have} entries does not fit shape {shape:?}"
                    ));
                }
                Ok(points_of(shape, mask))
            }
        }
    }
}

fn points_of(shape: &[u64], mask: &[bool]) -> Resolved {
    let mut lists = vec![Vec::new(); shape.len()];
    let mut count = 0;
    for (position, _) in mask.iter().enumerate().filter(|(_, is)| **is) {
        let mut rest = position as u64;
        for (list, &size) in lists.iter_mut().zip(shape).rev() {
            list.push(rest % size);
            rest /= size;
        }
        count += 1;
    }
    Resolved::Points(count, lists)
}

impl Resolved {
    /// Shape of what is selected.
    pub(crate) fn shape(&self) -> Vec<u64> {
        match self {
            Self::Product(dims) => dims.iter().filter_map(Picked::size).collect(),
            Self::Points(count, _) => vec![*count as u64],
        }
    }
}
