//! Applying axis maps to arrays in memory.

use half::f16;
use rayon::prelude::*;
use ziggurat_core::{Element, ElementType, Error, Result, Scalar};

use super::AxisMap;

/// Resamples two axes of a C-order array of native-endian `input`.
///
/// `shape` is that of the input, where a mapped axis holds its map's
/// [source ranges](AxisMap::source_ranges), one after the other; `maps` gives the two axes and
/// their maps, in any order; the output has `map.len()` cells along them.
///
/// * Cells that equal `nodata`, and NaN, are missing: their weights are dropped and the rest is
///   renormalised. Too little left (for cubic a quarter, else about nothing): the target is missing.
/// * Missing target cells hold `fill` (see [`default_fill`](super::default_fill)).
/// * Integers are rounded half to even and clamped to their type. Weighted sums are made in `f64`,
///   so 64-bit integers beyond 2^53 stay exact only where a target cell is one source cell.
/// * Where every target cell is at most one source cell ([`Method::Nearest`](super::Method), or
///   aligned grids) elements are copied as they are, whatever their type.
///
/// Memory beyond input and output: per thread, the sums in `f64` of the input rows that make one
/// output row.
///
/// # Errors
/// [`Error::Caller`] if shapes, axes and maps contradict each other, or `fill` is no value of the type;
/// [`Error::Unsupported`] for weighted means of `bool` and complex numbers.
///
/// ```
/// use ziggurat_core::{ElementType, Scalar, element};
/// use ziggurat_pyramid::resample::{AxisMap, Method, resample};
/// let input = element::to_bytes(&[1i16, 3, -9, 4, 5, 6, 8, 8]);
/// let y = AxisMap::new(2, 0.0, 2.0, 1, Method::Area, false);
/// let x = AxisMap::new(4, 0.0, 2.0, 2, Method::Area, false);
/// let nodata = Scalar::Int(-9);
/// let out = resample(&input, ElementType::Int16, &[2, 4], [(0, &y), (1, &x)], Some(nodata), nodata)?;
/// // (1 + 3 + 5 + 6) / 4 = 3.75 and (4 + 8 + 8) / 3 = 6.67
/// assert_eq!(element::to_values::<i16>(&out), [4, 7]);
/// # Ok::<(), ziggurat_core::Error>(())
/// ```
pub fn resample(
    input: &[u8],
    element: ElementType,
    shape: &[u64],
    maps: [(usize, &AxisMap); 2],
    nodata: Option<Scalar>,
    fill: Scalar,
) -> Result<Vec<u8>> {
    let place = || format!("resampling {element} {shape:?}");
    let layout = Layout::new(shape, maps).ok_or_else(|| {
        Error::caller(place(), "the maps do not belong to two axes of this shape")
    })?;
    if product(shape, element.size()) != Some(input.len()) {
        let what = format!("{} bytes are not an array of this shape", input.len());
        return Err(Error::caller(place(), what));
    }
    let Some(fill) = fill.to_element(element) else {
        return Err(Error::caller(place(), format!("{fill:?} is no {element}")));
    };
    let output = layout
        .output_bytes(element.size())
        .ok_or_else(|| Error::limit(place(), "the result does not fit in memory"))?;
    let mut output = vec![0; output];
    if output.is_empty() {
        return Ok(output);
    }
    if layout.outer.is_selection() && layout.inner.is_selection() {
        layout.select(input, &mut output, &fill);
        return Ok(output);
    }
    macro_rules! mean {
        ($t:ty) => {{
            let nodata = nodata.and_then(|v| v.to_element(element));
            let nodata = nodata.map(|bytes| <$t>::from_ne(&bytes));
            layout.mean::<$t>(input, &mut output, nodata, &fill);
        }};
    }
    match element {
        ElementType::Int8 => mean!(i8),
        ElementType::Int16 => mean!(i16),
        ElementType::Int32 => mean!(i32),
        ElementType::Int64 => mean!(i64),
        ElementType::UInt8 => mean!(u8),
        ElementType::UInt16 => mean!(u16),
        ElementType::UInt32 => mean!(u32),
        ElementType::UInt64 => mean!(u64),
        ElementType::Float16 => mean!(f16),
        ElementType::Float32 => mean!(f32),
        ElementType::Float64 => mean!(f64),
        ElementType::Bool | ElementType::Complex64 | ElementType::Complex128 => {
            return Err(Error::unsupported(
                place(),
                "values of this type are not averaged; use nearest",
            ));
        }
    }
    Ok(output)
}

/// The array as nested loops: `lead`, the outer mapped axis, `between`, the inner one, `trail`.
///
/// An output row is everything that shares the first three indices; it is made from the input rows
/// that the outer map names.
struct Layout<'a> {
    outer: &'a AxisMap,
    between: usize,
    inner: &'a AxisMap,
    trail: usize,
    lead: usize,
    /// Input cells along the outer and the inner axis.
    source: [usize; 2],
}

impl<'a> Layout<'a> {
    fn new(shape: &[u64], maps: [(usize, &'a AxisMap); 2]) -> Option<Self> {
        let [first, second] = maps;
        let ((a, outer), (b, inner)) = if first.0 < second.0 {
            (first, second)
        } else {
            (second, first)
        };
        let fits = |axis: usize, map: &AxisMap| shape.get(axis) == Some(&map.source_len());
        if a == b || !fits(a, outer) || !fits(b, inner) {
            return None;
        }
        let size = |axes: &[u64]| product(axes, 1);
        Some(Self {
            outer,
            between: size(&shape[a + 1..b])?,
            inner,
            trail: size(&shape[b + 1..])?,
            lead: size(&shape[..a])?,
            source: [size(&shape[a..=a])?, size(&shape[b..=b])?],
        })
    }

    fn output_bytes(&self, size: usize) -> Option<usize> {
        let rows = self.lead.checked_mul(self.outer.len())?;
        let rows = rows.checked_mul(self.between)?;
        let row = self.inner.len().checked_mul(self.trail)?;
        rows.checked_mul(row)?.checked_mul(size)
    }

    /// Target index on the outer axis of output row `row`, and where in the input row number `p` of
    /// the outer axis starts, in units of whole input rows.
    fn row(&self, row: usize) -> (usize, impl Fn(usize) -> usize) {
        let middle = row % self.between;
        let target = row / self.between % self.outer.len();
        let lead = row / self.between / self.outer.len();
        let (between, source) = (self.between, self.source[0]);
        (target, move |p| (lead * source + p) * between + middle)
    }

    /// Copies elements that are opaque `fill.len()` bytes.
    fn select(&self, input: &[u8], output: &mut [u8], fill: &[u8]) {
        let cell = self.trail * fill.len();
        let (wide, long) = (self.source[1] * cell, self.inner.len() * cell);
        let blank = fill.repeat(self.trail);
        output
            .par_chunks_mut(long)
            .enumerate()
            .for_each(|(row, out)| {
                let (target, at) = self.row(row);
                let tap = self.outer.weighted(target).next();
                let source = tap.map(|(p, _)| &input[at(p) * wide..][..wide]);
                for (j, out) in out.chunks_exact_mut(cell).enumerate() {
                    let tap = self.inner.weighted(j).next();
                    out.copy_from_slice(match (source, tap) {
                        (Some(source), Some((p, _))) => &source[p * cell..][..cell],
                        _ => &blank,
                    });
                }
            });
    }

    /// Weighted means of what is not missing: first along the inner axis, then along the outer one.
    fn mean<T: Sample>(&self, input: &[u8], output: &mut [u8], nodata: Option<T>, fill: &[u8]) {
        let size = size_of::<T>();
        let wide = self.source[1] * self.trail * size;
        let long = self.inner.len() * self.trail;
        let rows = output.par_chunks_mut(long * size).enumerate();
        rows.for_each_init(Rows::default, |rows, (row, out)| {
            let (target, at) = self.row(row);
            let taps: Vec<_> = self.outer.weighted(target).collect();
            rows.forget(|number| !taps.iter().any(|(p, _)| at(*p) == number));
            let mut total = Sums::zero(long);
            for (p, w) in taps {
                let number = at(p);
                let source = || &input[number * wide..][..wide];
                let row = rows.get(number, |sums| self.across(source(), nodata, sums));
                total.add(row, w);
            }
            for (i, out) in out.chunks_exact_mut(size).enumerate() {
                let least = self.outer.least(target) * self.inner.least(i / self.trail);
                if total.weights[i] > least {
                    T::from_f64(total.values[i] / total.weights[i]).write_ne(out);
                } else {
                    out.copy_from_slice(fill);
                }
            }
        });
    }

    /// The sums of one input row along the inner axis.
    fn across<T: Sample>(&self, source: &[u8], nodata: Option<T>, sums: &mut Sums) {
        let cells: Vec<(f64, f64)> = source
            .chunks_exact(size_of::<T>())
            .map(|bytes| {
                let value = T::from_ne(bytes);
                let v = value.to_f64();
                let missing = nodata == Some(value) || v.is_nan();
                if missing { (0.0, 0.0) } else { (v, 1.0) }
            })
            .collect();
        sums.values.clear();
        sums.weights.clear();
        for target in 0..self.inner.len() {
            for t in 0..self.trail {
                let (mut value, mut weight) = (0.0, 0.0);
                for (p, w) in self.inner.weighted(target) {
                    let (v, valid) = cells[p * self.trail + t];
                    value += w * v;
                    weight += w * valid;
                }
                sums.values.push(value);
                sums.weights.push(weight);
            }
        }
    }
}

/// Weighted sums of values, and of the weights of what was not missing.
#[derive(Default)]
struct Sums {
    values: Vec<f64>,
    weights: Vec<f64>,
}

impl Sums {
    fn zero(len: usize) -> Self {
        let (values, weights) = (vec![0.0; len], vec![0.0; len]);
        Self { values, weights }
    }

    fn add(&mut self, other: &Self, factor: f64) {
        let add = |to: &mut [f64], from: &[f64]| {
            for (to, from) in to.iter_mut().zip(from) {
                *to += factor * from;
            }
        };
        add(&mut self.values, &other.values);
        add(&mut self.weights, &other.weights);
    }
}

/// Input rows that were summed along the inner axis, by number: neighbouring output rows share them.
#[derive(Default)]
struct Rows {
    kept: Vec<(usize, Sums)>,
    /// Memory to use again.
    spare: Vec<Sums>,
}

impl Rows {
    fn forget(&mut self, useless: impl Fn(usize) -> bool) {
        let gone = self.kept.extract_if(.., |(number, _)| useless(*number));
        self.spare.extend(gone.map(|(_, sums)| sums));
    }

    fn get(&mut self, number: usize, make: impl FnOnce(&mut Sums)) -> &Sums {
        let known = self.kept.iter().position(|(n, _)| *n == number);
        let at = known.unwrap_or_else(|| {
            let mut sums = self.spare.pop().unwrap_or_default();
            make(&mut sums);
            self.kept.push((number, sums));
            self.kept.len() - 1
        });
        &self.kept[at].1
    }
}

/// `factor` times all of `sizes`; `None` if that overflows.
fn product(sizes: &[u64], factor: usize) -> Option<usize> {
    let times = |n: usize, &s: &u64| n.checked_mul(usize::try_from(s).ok()?);
    sizes.iter().try_fold(factor, times)
}

/// An element that is averaged in `f64`.
trait Sample: Element {
    fn to_f64(self) -> f64;

    /// The nearest value of the type: integers half to even, clamped.
    fn from_f64(value: f64) -> Self;

    fn write_ne(self, out: &mut [u8]);
}

macro_rules! sample {
    ($($t:ty, $value:ident => $from:expr, $to:expr;)*) => {$(
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            clippy::cast_lossless,
            reason = "rounding and clamping are documented"
        )]
        impl Sample for $t {
            fn to_f64(self) -> f64 {
                let $value = self;
                $from
            }

            fn from_f64($value: f64) -> Self {
                $to
            }

            fn write_ne(self, out: &mut [u8]) {
                out.copy_from_slice(&self.to_ne_bytes());
            }
        }
    )*};
}
macro_rules! integer_sample {
    ($($t:ty),*) => {
        sample! { $($t, v => v as f64, v.round_ties_even() as $t;)* }
    };
}
integer_sample!(i8, i16, i32, i64, u8, u16, u32, u64);
sample! {
    f16, v => v.into(), f16::from_f64(v);
    f32, v => v.into(), v as f32;
    f64, v => v, v;
}
