//! What is picked along one dimension.

use std::ops::Range;

use crate::array::Wanted;
use crate::{Error, Result};

/// What is picked along one dimension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pick {
    /// As a Python slice: from `start` to before `stop`, every `step`; cut to the dimension.
    Slice {
        /// Default: the first, or with a negative step the last.
        start: Option<i64>,
        /// Default: beyond the last, or with a negative step before the first.
        stop: Option<i64>,
        /// Not 0; negative: backwards.
        step: i64,
    },
    /// One index; the result does not have the dimension.
    Index(i64),
    /// These indices, in any order, repeated or not.
    List(Vec<i64>),
    /// Where a mask of the size of the dimension is true.
    Mask(Vec<bool>),
}

impl Pick {
    /// The whole dimension.
    pub const ALL: Self = Self::every(1);

    /// Every `step`-th index of the dimension; -1 turns it round.
    #[must_use]
    pub const fn every(step: i64) -> Self {
        Self::Slice {
            start: None,
            stop: None,
            step,
        }
    }

    /// What it means along dimension `d`, of this `size`, of the array at `place`.
    pub(super) fn resolve(&self, place: &str, d: usize, size: u64) -> Result<Picked> {
        match self {
            Self::Slice { step: 0, .. } => {
                let what = format!("dimension {d}: the step of a slice cannot be 0");
                Err(Error::caller(place, what))
            }
            Self::Slice { start, stop, step } => Ok(slice(*start, *stop, *step, size)),
            Self::Index(index) => {
                let start = one_index(place, d, size, *index)?;
                Ok(Picked {
                    sorted: Sorted::Range {
                        start,
                        count: 1,
                        step: 1,
                    },
                    order: Order::Rising,
                    dropped: true,
                })
            }
            Self::List(list) => Ok(Picked::list(indices(place, d, size, list)?)),
            Self::Mask(mask) if mask.len() as u64 != size => {
                let (have, d) = (mask.len(), d);
                let what = format!("dimension {d}: a mask of {have} entries for size {size}");
                Err(Error::caller(place, what))
            }
            Self::Mask(mask) => {
                let set = (0..size).zip(mask).filter_map(|(i, is)| is.then_some(i));
                Ok(Picked::list(set.collect()))
            }
        }
    }
}

impl From<i64> for Pick {
    fn from(index: i64) -> Self {
        Self::Index(index)
    }
}

impl From<Range<i64>> for Pick {
    fn from(range: Range<i64>) -> Self {
        Self::Slice {
            start: Some(range.start),
            stop: Some(range.end),
            step: 1,
        }
    }
}

impl From<Vec<i64>> for Pick {
    fn from(list: Vec<i64>) -> Self {
        Self::List(list)
    }
}

/// The indices of a `list`, none negative any more.
pub(super) fn indices(place: &str, d: usize, size: u64, list: &[i64]) -> Result<Vec<u64>> {
    let indices = list.iter().map(|&index| one_index(place, d, size, index));
    indices.collect()
}

fn one_index(place: &str, d: usize, size: u64, index: i64) -> Result<u64> {
    let found = match index < 0 {
        true => size.checked_sub(index.unsigned_abs()),
        false => Some(index.unsigned_abs()).filter(|i| *i < size),
    };
    found.ok_or_else(|| {
        let what = format!("dimension {d}: index {index} is out of range for size {size}");
        Error::caller(place, what)
    })
}

/// The rules of Python's `slice.indices`, on numbers that hold every size and every index.
fn slice(start: Option<i64>, stop: Option<i64>, by: i64, size: u64) -> Picked {
    let size = i128::from(size);
    let by = i128::from(by);
    let (low, high) = match by > 0 {
        true => (0, size),
        false => (-1, size - 1),
    };
    let bound = |given: Option<i64>, default| match given.map(i128::from) {
        None => default,
        Some(i) if i < 0 => (i + size).max(low),
        Some(i) => i.min(high),
    };
    let (first, last) = match by > 0 {
        true => (low, high),
        false => (high, low),
    };
    let (start, stop) = (bound(start, first), bound(stop, last));
    let count = match by > 0 {
        true => (stop - start + by - 1).div_euclid(by),
        false => (start - stop - by - 1).div_euclid(-by),
    };
    let count = count.max(0);
    let lowest = match by > 0 || count == 0 {
        true => start,
        false => start + (count - 1) * by,
    };
    // All lies within the dimension, or nothing is picked at all.
    let number = |n: i128| u64::try_from(n).unwrap_or(0);
    Picked {
        sorted: Sorted::Range {
            start: number(lowest),
            count: number(count),
            step: number(by.abs()),
        },
        order: match by < 0 {
            true => Order::Falling,
            false => Order::Rising,
        },
        dropped: false,
    }
}

/// What is picked: the different indices in rising order, and the order in which they were asked.
#[derive(Debug)]
pub(crate) struct Picked {
    sorted: Sorted,
    pub(crate) order: Order,
    dropped: bool,
}

/// The order in which indices were asked.
#[derive(Debug)]
pub(crate) enum Order {
    /// As they are in rising order.
    Rising,
    /// From the last to the first.
    Falling,
    /// For each index asked its place among the sorted ones.
    Listed(Vec<usize>),
}

impl Order {
    /// How many are asked of `distinct` ones.
    pub(super) fn asked(&self, distinct: usize) -> usize {
        match self {
            Self::Rising | Self::Falling => distinct,
            Self::Listed(order) => order.len(),
        }
    }

    /// The place of the `i`-th that was asked, of `distinct` ones.
    pub(super) fn place(&self, i: usize, distinct: usize) -> usize {
        match self {
            Self::Rising => i,
            Self::Falling => distinct - 1 - i,
            Self::Listed(order) => order[i],
        }
    }
}

#[derive(Debug)]
enum Sorted {
    Range { start: u64, count: u64, step: u64 },
    List(Vec<u64>),
}

impl Picked {
    fn list(asked: Vec<u64>) -> Self {
        let rising = asked.windows(2).all(|pair| pair[0] < pair[1]);
        if rising {
            return Self {
                sorted: Sorted::List(asked),
                order: Order::Rising,
                dropped: false,
            };
        }
        let mut sorted = asked.clone();
        sorted.sort_unstable();
        sorted.dedup();
        let place = |index| sorted.binary_search(index).unwrap_or(0);
        let order = Order::Listed(asked.iter().map(place).collect());
        Self {
            sorted: Sorted::List(sorted),
            order,
            dropped: false,
        }
    }

    /// The different indices.
    pub(crate) fn wanted(&self) -> Wanted<'_> {
        match &self.sorted {
            Sorted::Range { start, count, step } => Wanted::Range {
                start: *start,
                count: *count,
                step: *step,
            },
            Sorted::List(list) => Wanted::List(list),
        }
    }

    /// The indices that were asked, as they were asked.
    pub(crate) fn indices(&self) -> Vec<u64> {
        let sorted: Vec<u64> = match &self.sorted {
            Sorted::Range { start, count, step } => (0..*count).map(|n| start + n * step).collect(),
            Sorted::List(list) => list.clone(),
        };
        let asked = self.order.asked(sorted.len());
        (0..asked)
            .map(|i| sorted[self.order.place(i, sorted.len())])
            .collect()
    }

    /// How many different indices there are.
    pub(crate) fn distinct(&self) -> u64 {
        match &self.sorted {
            Sorted::Range { count, .. } => *count,
            Sorted::List(list) => list.len() as u64,
        }
    }

    /// How many indices were asked.
    pub(crate) fn asked(&self) -> u64 {
        match &self.order {
            Order::Rising | Order::Falling => self.distinct(),
            Order::Listed(order) => order.len() as u64,
        }
    }

    /// The size of the dimension in the result; `None` if it has none.
    pub(super) fn size(&self) -> Option<u64> {
        (!self.dropped).then(|| self.asked())
    }
}
