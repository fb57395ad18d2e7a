//! Boxes of array indices, and copying between them.
//!
//! A [`Region`] is the half-open box `start[d] <= i[d] < start[d] + shape[d]`. Everything here is
//! arithmetic on indices: no storage, no values beyond opaque bytes.

/// A half-open box of array indices; `start` and `shape` have the same length, the rank.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Region {
    /// First index in each dimension.
    pub start: Vec<u64>,
    /// Number of indices in each dimension; 0 means empty.
    pub shape: Vec<u64>,
}

impl Region {
    /// The box from `start` with the given `shape`.
    ///
    /// # Panics
    /// If the ranks differ.
    #[must_use]
    pub fn new(start: impl Into<Vec<u64>>, shape: impl Into<Vec<u64>>) -> Self {
        let (start, shape) = (start.into(), shape.into());
        assert_eq!(start.len(), shape.len(), "start and shape differ in rank");
        Self { start, shape }
    }

    /// The whole of an array of this `shape`.
    #[must_use]
    pub fn whole(shape: &[u64]) -> Self {
        Self::new(vec![0; shape.len()], shape)
    }

    /// Number of dimensions.
    #[must_use]
    pub fn rank(&self) -> usize {
        self.start.len()
    }

    /// One past the last index in dimension `d`, saturating at `u64::MAX`.
    #[must_use]
    pub fn end(&self, d: usize) -> u64 {
        self.start[d].saturating_add(self.shape[d])
    }

    /// Number of elements, saturating at `u64::MAX`.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.shape.iter().fold(1, |n, &s| n.saturating_mul(s))
    }

    /// Whether it holds no element.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.shape.contains(&0)
    }

    /// The common part, or `None` where there is none.
    ///
    /// ```
    /// use ziggurat_core::Region;
    /// let a = Region::new([0, 0], [4, 4]);
    /// let b = Region::new([2, 3], [4, 4]);
    /// assert_eq!(a.intersect(&b), Some(Region::new([2, 3], [2, 1])));
    /// ```
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Option<Self> {
        let start: Vec<u64> = self
            .start
            .iter()
            .zip(&other.start)
            .map(|(a, b)| *a.max(b))
            .collect();
        let shape: Vec<u64> = (0..self.rank())
            .map(|d| self.end(d).min(other.end(d)).saturating_sub(start[d]))
            .collect();
        (!shape.contains(&0)).then_some(Self { start, shape })
    }

    /// Whether every element of `other` is in `self`.
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        // Compared by lengths, so that a box beyond `u64::MAX` is within none.
        (0..self.rank()).all(|d| {
            let before = other.start[d].checked_sub(self.start[d]);
            before
                .and_then(|n| n.checked_add(other.shape[d]))
                .is_some_and(|n| n <= self.shape[d])
        })
    }

    /// The same box with `origin` subtracted from its start.
    ///
    /// # Panics
    /// In debug builds, if `origin` lies beyond the start.
    #[must_use]
    pub fn relative_to(&self, origin: &[u64]) -> Self {
        Self {
            start: self.start.iter().zip(origin).map(|(a, b)| a - b).collect(),
            shape: self.shape.clone(),
        }
    }

    /// The box of grid cells of `cell` size that it touches, in cell indices.
    ///
    /// ```
    /// use ziggurat_core::Region;
    /// assert_eq!(Region::new([5], [6]).cells(&[4]), Region::new([1], [2]));
    /// ```
    #[must_use]
    pub fn cells(&self, cell: &[u64]) -> Self {
        let start: Vec<u64> = self.start.iter().zip(cell).map(|(s, c)| s / c).collect();
        let shape = (0..self.rank())
            .map(|d| match self.shape[d] {
                0 => 0,
                _ => self.end(d).div_ceil(cell[d]) - start[d],
            })
            .collect();
        Self { start, shape }
    }

    /// The box that grid cell `index` of `cell` size covers (not clipped to any array).
    #[must_use]
    pub fn of_cell(index: &[u64], cell: &[u64]) -> Self {
        Self {
            start: index.iter().zip(cell).map(|(i, c)| i * c).collect(),
            shape: cell.to_vec(),
        }
    }

    /// Its indices in C order.
    #[must_use]
    pub fn indices(&self) -> Indices {
        Indices {
            region: self.clone(),
            next: (!self.is_empty()).then(|| self.start.clone()),
        }
    }
}

impl std::fmt::Display for Region {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[")?;
        for d in 0..self.rank() {
            let comma = if d == 0 { "" } else { ", " };
            write!(f, "{comma}{}:{}", self.start[d], self.end(d))?;
        }
        f.write_str("]")
    }
}

/// Iterator over the indices of a [`Region`] in C order; see [`Region::indices`].
#[derive(Debug)]
pub struct Indices {
    region: Region,
    next: Option<Vec<u64>>,
}

impl Iterator for Indices {
    type Item = Vec<u64>;

    fn next(&mut self) -> Option<Vec<u64>> {
        let current = self.next.take()?;
        let mut next = current.clone();
        for d in (0..next.len()).rev() {
            next[d] += 1;
            if next[d] < self.region.end(d) {
                self.next = Some(next);
                break;
            }
            next[d] = self.region.start[d];
        }
        Some(current)
    }
}

/// C-order strides, in elements, of an array of this `shape`.
#[must_use]
pub fn strides(shape: &[u64]) -> Vec<u64> {
    let mut strides = vec![1; shape.len()];
    for d in (1..shape.len()).rev() {
        strides[d - 1] = strides[d] * shape[d];
    }
    strides
}

/// Position, in elements, of `index` in a C-order array of this `shape`.
#[must_use]
pub fn offset(index: &[u64], shape: &[u64]) -> u64 {
    index.iter().zip(shape).fold(0, |at, (i, s)| at * s + i)
}

/// A C-order array of opaque elements as seen by [`copy`]: its shape and where the box starts in it.
#[derive(Clone, Copy, Debug)]
pub struct Window<'a> {
    /// Shape of the array.
    pub shape: &'a [u64],
    /// First index of the box in this array.
    pub start: &'a [u64],
}

/// Copies a box of `shape` elements of `size` bytes each between two C-order arrays.
///
/// Runs that are contiguous on both sides are copied at once.
///
/// # Panics
/// If a box does not lie within its array.
pub fn copy(
    shape: &[u64],
    size: usize,
    src: &[u8],
    from: Window<'_>,
    dst: &mut [u8],
    to: Window<'_>,
) {
    if !shape.contains(&0) {
        let walk = Walk::between(shape, from, to);
        walk.copy(size, &src[walk.from * size..], &mut dst[walk.to * size..]);
    }
}

/// Calls `f(source, destination, count)`, in elements, for each run that is contiguous on both sides.
pub fn runs(
    shape: &[u64],
    from: Window<'_>,
    to: Window<'_>,
    mut f: impl FnMut(usize, usize, usize),
) {
    if !shape.contains(&0) {
        let walk = Walk::between(shape, from, to);
        let run = walk.run;
        visit(&walk.steps, walk.from, walk.to, &mut |a, b| f(a, b, run));
    }
}

/// A dimension along which a copy walks, in elements.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// How many steps.
    pub(crate) count: usize,
    /// From one to the next in the source.
    pub(crate) from: usize,
    /// From one to the next in the destination.
    pub(crate) to: usize,
}

/// A copy between two arrays: where it begins on both sides, and the runs that are contiguous there.
#[derive(Debug)]
pub(crate) struct Walk {
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// Elements of a run.
    pub(crate) run: usize,
    /// Innermost first.
    steps: Vec<Step>,
}

impl Walk {
    /// The walk along `steps`, innermost first; what is contiguous becomes one run.
    pub(crate) fn new(from: usize, to: usize, steps: impl Iterator<Item = Step>) -> Self {
        let mut walk = Self {
            from,
            to,
            run: 1,
            steps: Vec::new(),
        };
        for step in steps.filter(|step| step.count != 1) {
            match walk.steps.last_mut() {
                None if step.from == walk.run && step.to == walk.run => walk.run *= step.count,
                Some(last)
                    if step.from == last.from * last.count && step.to == last.to * last.count =>
                {
                    last.count *= step.count;
                }
                _ => walk.steps.push(step),
            }
        }
        walk
    }

    #[allow(
        clippy::cast_possible_truncation,
        reason = "offsets index memory that exists"
    )]
    fn between(shape: &[u64], from: Window<'_>, to: Window<'_>) -> Self {
        let (s, t) = (strides(from.shape), strides(to.shape));
        let base = |w: Window<'_>, strides: &[u64]| -> u64 {
            w.start.iter().zip(strides).map(|(i, n)| i * n).sum()
        };
        let steps = (0..shape.len()).rev().map(|d| Step {
            count: shape[d] as usize,
            from: s[d] as usize,
            to: t[d] as usize,
        });
        Self::new(base(from, &s) as usize, base(to, &t) as usize, steps)
    }

    /// Whether all is one run.
    pub(crate) fn is_run(&self) -> bool {
        self.steps.is_empty()
    }

    /// Copies elements of `size` bytes; both sides begin where the walk does.
    pub(crate) fn copy(&self, size: usize, src: &[u8], dst: &mut [u8]) {
        // A copy of a length that the compiler knows is a few instructions instead of a call.
        match self.run * size {
            1 => self.copy_runs::<1>(size, src, dst),
            2 => self.copy_runs::<2>(size, src, dst),
            4 => self.copy_runs::<4>(size, src, dst),
            8 => self.copy_runs::<8>(size, src, dst),
            16 => self.copy_runs::<16>(size, src, dst),
            32 => self.copy_runs::<32>(size, src, dst),
            64 => self.copy_runs::<64>(size, src, dst),
            128 => self.copy_runs::<128>(size, src, dst),
            n => visit(&self.steps, 0, 0, &mut |a, b| {
                let (a, b) = (a * size, b * size);
                dst[b..b + n].copy_from_slice(&src[a..a + n]);
            }),
        }
    }

    fn copy_runs<const N: usize>(&self, size: usize, src: &[u8], dst: &mut [u8]) {
        visit(&self.steps, 0, 0, &mut |a, b| {
            let (a, b) = (a * size, b * size);
            dst[b..b + N].copy_from_slice(&src[a..a + N]);
        });
    }
}

/// Calls `f(a, b)` for each position of a walk along `steps`, innermost first.
pub(crate) fn visit(steps: &[Step], a: usize, b: usize, f: &mut impl FnMut(usize, usize)) {
    match steps {
        [] => f(a, b),
        [step] => (0..step.count).for_each(|i| f(a + i * step.from, b + i * step.to)),
        [inner @ .., step] => {
            for i in 0..step.count {
                visit(inner, a + i * step.from, b + i * step.to, f);
            }
        }
    }
}
