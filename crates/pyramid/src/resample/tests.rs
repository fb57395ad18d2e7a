#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::float_cmp,
    reason = "small numbers, exact expectations"
)]
use proptest::prelude::*;
use ziggurat_core::element::{to_bytes, to_values};
use ziggurat_core::{Element, ElementType, Error, Scalar};

use super::{AxisMap, Method, resample};

const NAN: Scalar = Scalar::Float(f64::NAN);

/// A 2-D resampling of typed values.
fn plane<T: Element>(
    values: &[T],
    shape: [u64; 2],
    y: &AxisMap,
    x: &AxisMap,
    nodata: Option<Scalar>,
    fill: Scalar,
) -> Vec<T> {
    let bytes = to_bytes(values);
    let out = resample(&bytes, T::TYPE, &shape, [(0, y), (1, x)], nodata, fill).unwrap();
    to_values(&out)
}

/// One row of values onto `count` cells.
fn line(values: &[f64], start: f64, step: f64, count: u64, method: Method) -> Vec<f64> {
    let x = AxisMap::new(values.len() as u64, start, step, count, method, false);
    let range = x
        .source_range()
        .map_or(0..0, |r| r.start as usize..r.end as usize);
    let values = &values[range];
    plane(
        values,
        [1, values.len() as u64],
        &AxisMap::identity(1),
        &x,
        None,
        NAN,
    )
}

/// The part of a plane that two maps need.
fn crop(values: &[f32], width: u64, y: &AxisMap, x: &AxisMap) -> (Vec<f32>, [u64; 2]) {
    let mut out = Vec::new();
    for row in y.source_ranges().iter().cloned().flatten() {
        for col in x.source_ranges().iter().cloned().flatten() {
            out.push(values[(row * width + col) as usize]);
        }
    }
    (out, [y.source_len(), x.source_len()])
}

#[test]
fn kernels_by_hand() {
    let v = [10.0, 20.0, 40.0, 80.0, 160.0];
    assert_eq!(line(&v, 0.0, 2.0, 2, Method::Nearest), [20.0, 80.0]);
    assert_eq!(line(&v, 1.0, 0.5, 3, Method::Nearest), [20.0, 20.0, 40.0]);
    // Centres 1.25 and 1.75: a quarter of the way from the nearest cell centre.
    assert_eq!(line(&v, 1.0, 0.5, 2, Method::Bilinear), [17.5, 25.0]);
    // Half-way between the inner two of four: (-1, 9, 9, -1) / 16.
    let half = (-10.0 + 9.0 * 20.0 + 9.0 * 40.0 - 80.0) / 16.0;
    assert_eq!(line(&v, 1.5, 1.0, 1, Method::Cubic), [half]);
    assert_eq!(line(&v, 0.5, 2.0, 2, Method::Area), [22.5, 90.0]);
    // The last cell stands for half a cell of source only.
    assert_eq!(line(&v, 0.0, 2.0, 3, Method::Area), [15.0, 60.0, 160.0]);
    // Backwards.
    assert_eq!(line(&v, 5.0, -2.0, 2, Method::Area), [120.0, 30.0]);
}

#[test]
fn beyond_the_edge() {
    let v = [10.0, 20.0];
    for method in Method::ALL {
        let out = line(&v, -2.0, 1.0, 6, method);
        assert!(
            out[..2].iter().chain(&out[4..]).all(|x| x.is_nan()),
            "{method}"
        );
        assert_eq!(out[2..4], v, "{method}");
    }
    // Centre 0.25 lies inside: what is left of the kernel is cell 0 alone.
    assert_eq!(line(&v, 0.0, 0.5, 1, Method::Bilinear), [10.0]);
    // Only half of the target overlaps; its centre is on the edge.
    assert_eq!(line(&v, 1.0, 2.0, 1, Method::Area), [20.0]);
    assert!(line(&v, 1.0, 2.0, 1, Method::Bilinear)[0].is_nan());
    for (start, step) in [
        (f64::NAN, 1.0),
        (0.0, 0.0),
        (0.0, f64::INFINITY),
        (1e300, 1.0),
    ] {
        let map = AxisMap::new(4, start, step, 2, Method::Area, true);
        assert_eq!((map.len(), map.source_range()), (2, None));
    }
}

#[test]
fn ranges_of_periodic_axes() {
    let ranges = |start, step, count, method| {
        let map = AxisMap::new(10, start, step, count, method, true);
        map.source_ranges().to_vec()
    };
    assert_eq!(ranges(-2.0, 1.0, 4, Method::Nearest), [0..2, 8..10]);
    assert_eq!(ranges(8.0, 1.0, 4, Method::Nearest), [0..2, 8..10]);
    assert_eq!(ranges(2.0, -1.0, 4, Method::Nearest), [0..2, 8..10]);
    assert_eq!(
        ranges(12.0, 1.0, 3, Method::Area).as_slice(),
        std::slice::from_ref(&(2..5))
    );
    assert_eq!(
        ranges(-5.0, 1.0, 10, Method::Area).as_slice(),
        std::slice::from_ref(&(0..10))
    );
    assert_eq!(
        ranges(0.0, 1e12, 1, Method::Area).as_slice(),
        std::slice::from_ref(&(0..10))
    );
    // The kernel reaches over the seam, also where the target does not.
    assert_eq!(ranges(0.0, 0.5, 2, Method::Bilinear), [0..2, 9..10]);

    // 0..360 seen as -180..180.
    let x = AxisMap::new(4, -2.0, 1.0, 4, Method::Nearest, true);
    let y = AxisMap::identity(1);
    assert_eq!(
        plane(&[1i16, 2, 3, 4], [1, 4], &y, &x, None, Scalar::Int(0)),
        [3, 4, 1, 2]
    );
    // Two ranges, one after the other in the input: cells 0, 1 and 8, 9.
    let x = AxisMap::new(10, -2.0, 2.0, 2, Method::Area, true);
    assert_eq!(
        plane(&[0i16, 1, 8, 10], [1, 4], &y, &x, None, Scalar::Int(0)),
        [9, 0]
    );
    assert_eq!(x.taps(0).collect::<Vec<_>>(), [(8, 0.5), (9, 0.5)]);
}

#[test]
fn missing_cells_take_no_part() {
    let n = f32::NAN;
    let x = AxisMap::new(4, 0.0, 2.0, 2, Method::Area, false);
    let y = AxisMap::new(2, 0.0, 2.0, 1, Method::Area, false);
    let out = plane(
        &[1.0, n, n, -9.0, 4.0, -9.0, -9.0, n],
        [2, 4],
        &y,
        &x,
        Some(Scalar::Int(-9)),
        Scalar::Int(-9),
    );
    assert_eq!(out, [2.5, -9.0]);
    // A cubic kernel that has lost its centre is missing, not extrapolated.
    let x = AxisMap::new(4, 1.75, 0.5, 1, Method::Cubic, false);
    let one = AxisMap::identity(1);
    assert!(plane(&[1.0, n, n, 4.0], [1, 4], &one, &x, None, NAN)[0].is_nan());
    // Grids that differ by rounding do not fill a hole.
    let x = AxisMap::new(3, 1.000_001, 1.0, 1, Method::Bilinear, false);
    assert!(plane(&[n, 4.0], [1, 2], &one, &x, None, NAN)[0].is_nan());
    // One valid cell of a million is enough for a mean.
    let mut values = vec![n; 1_000_000];
    values[123_456] = 7.0;
    let all = AxisMap::new(1000, 0.0, 1000.0, 1, Method::Area, false);
    assert_eq!(plane(&values, [1000, 1000], &all, &all, None, NAN), [7.0]);
}

#[test]
fn integers_round_half_to_even_and_clamp() {
    let two = AxisMap::new(4, 0.0, 2.0, 2, Method::Area, false);
    let one = AxisMap::identity(1);
    let fill = Scalar::Int(0);
    assert_eq!(
        plane(&[0i8, 1, -1, -2], [1, 4], &one, &two, None, fill),
        [0, -2]
    );
    // Ties are exact also where a weight such as 1/6 is not.
    let six = AxisMap::new(6, 0.0, 6.0, 1, Method::Area, false);
    let values: Vec<u8> = (0..36).map(|i| 100 + u8::from(i % 2 == 0)).collect();
    assert_eq!(plane(&values, [6, 6], &six, &six, None, fill), [100]);
    // Cubic overshoots at an edge.
    let x = AxisMap::new(4, 0.0, 0.5, 8, Method::Cubic, false);
    let out = plane(&[0u8, 0, 255, 255], [1, 4], &one, &x, None, fill);
    assert_eq!((out[2], out[5]), (0, 255));
}

#[test]
fn nearest_is_exact_for_every_type() {
    let flip = AxisMap::new(2, 2.0, -1.0, 2, Method::Nearest, false);
    let one = AxisMap::identity(1);
    let big = [u64::MAX, (1 << 53) + 1];
    assert_eq!(
        plane(&big, [1, 2], &one, &flip, None, Scalar::Int(0)),
        [big[1], big[0]]
    );
    let bytes: Vec<u8> = (0..32).collect();
    let out = resample(
        &bytes,
        ElementType::Complex128,
        &[1, 2],
        [(0, &one), (1, &flip)],
        None,
        NAN,
    );
    assert_eq!(out.unwrap(), [&bytes[16..], &bytes[..16]].concat());
    let out = resample(
        &[1, 0],
        ElementType::Bool,
        &[1, 2],
        [(0, &one), (1, &flip)],
        None,
        Scalar::Int(0),
    );
    assert_eq!(out.unwrap(), [0, 1]);
}

#[test]
fn any_two_axes() {
    // (y, band, x, part) = (2, 2, 4, 2)
    let values: Vec<i32> = (0..32).collect();
    let y = AxisMap::new(2, 0.0, 2.0, 1, Method::Area, false);
    let x = AxisMap::new(4, 0.0, 2.0, 2, Method::Area, false);
    let bytes = to_bytes(&values);
    let out = |maps| {
        let out = resample(
            &bytes,
            ElementType::Int32,
            &[2, 2, 4, 2],
            maps,
            None,
            Scalar::Int(0),
        );
        to_values::<i32>(&out.unwrap())
    };
    let expected = [9, 10, 13, 14, 17, 18, 21, 22];
    assert_eq!(out([(0, &y), (2, &x)]), expected);
    assert_eq!(out([(2, &x), (0, &y)]), expected);
}

#[test]
fn contradictions_are_refused() {
    let map = AxisMap::identity(2);
    let try_it = |bytes: &[u8], element, shape: &[u64], axes: [usize; 2], fill| {
        resample(
            bytes,
            element,
            shape,
            [(axes[0], &map), (axes[1], &map)],
            None,
            fill,
        )
    };
    let int8 = ElementType::Int8;
    assert!(try_it(&[0; 4], int8, &[2, 2], [0, 1], Scalar::Int(0)).is_ok());
    for (bytes, shape, axes, fill) in [
        (3, [2, 2], [0, 1], 0),
        (6, [2, 3], [0, 1], 0),
        (4, [2, 2], [0, 0], 0),
        (4, [2, 2], [0, 2], 0),
        (4, [u64::MAX, 2], [0, 1], 0),
        (4, [2, 2], [0, 1], 128),
    ] {
        let bytes = vec![0; bytes];
        let out = try_it(&bytes, int8, &shape, axes, Scalar::Int(fill));
        assert!(
            matches!(out, Err(Error::Caller { .. })),
            "{shape:?} {axes:?} {fill}"
        );
    }
    let half = AxisMap::new(2, 0.0, 2.0, 1, Method::Area, false);
    let out = resample(
        &[0; 4],
        ElementType::Bool,
        &[2, 2],
        [(0, &half), (1, &half)],
        None,
        Scalar::Int(0),
    );
    assert!(matches!(out, Err(Error::Unsupported { .. })));
}

/// The 12 x 16 field of the frozen values.
fn field() -> Vec<f32> {
    let cell = |i: u16| {
        let (y, x) = (f64::from(i / 16), f64::from(i % 16));
        ((x * 7.0 + y * 13.0) % 31.0 + 0.5 * x - 0.25 * y * y / 3.0) as f32
    };
    (0..12 * 16).map(cell).collect()
}

type Frozen = (Method, [f64; 2], [f64; 2], [u64; 2], &'static [f32]);

/// Of GDAL 3.10.3's warper: `WarpedVRT` of `field` in one CRS, with `XSCALE` and `YSCALE` = 1 / step.
/// Method, start (x, y), step (x, y), size (x, y).
const WARPED: &[Frozen] = &[
    (
        Method::Bilinear,
        [2.3, 1.6],
        [0.4, 0.4],
        [6, 3],
        &[
            22.4417, 16.7617, 11.0817, 9.7417, 12.7417, 15.7417, 15.1417, 14.4217, 13.7017,
            14.8417, 17.8417, 20.8417, 10.9250, 13.9250, 16.9250, 19.3050, 21.0650, 22.8250,
        ],
    ),
    (
        Method::Cubic,
        [3.1, 3.2],
        [0.7, 0.7],
        [6, 3],
        &[
            29.8057, 13.3083, 6.5707, 14.0807, 19.1581, 26.0630, 14.0774, 15.9363, 20.3395,
            24.1575, 9.3130, 7.8609, 16.1660, 12.2412, 13.0618, 17.9469, 8.0633, 8.7727,
        ],
    ),
    (
        Method::Bilinear,
        [2.0, 2.0],
        [2.0, 2.0],
        [6, 4],
        &[
            16.7604, 18.6823, 17.2135, 18.1667, 20.5729, 22.0104, 14.9531, 13.4844, 15.4062,
            18.2969, 19.2500, 18.7500, 13.9323, 12.4635, 14.8698, 17.7604, 15.3229, 16.7604,
            8.3698, 11.2604, 13.1823, 13.1667, 13.1510, 15.0729,
        ],
    ),
    (
        Method::Cubic,
        [4.0, 4.0],
        [2.0, 2.0],
        [4, 2],
        &[
            12.7196, 15.2048, 18.5410, 19.6815, 12.0705, 14.9153, 18.7169, 14.7312,
        ],
    ),
    (
        Method::Bilinear,
        [3.0, 3.0],
        [3.0, 3.0],
        [3, 2],
        &[15.1111, 16.5617, 19.5432, 12.3241, 15.3056, 15.6080],
    ),
    (
        Method::Area,
        [0.5, 0.25],
        [1.5, 2.5],
        [6, 3],
        &[
            11.6667, 16.9333, 18.6667, 18.7667, 14.3000, 19.5667, 16.3583, 15.4250, 15.0917,
            17.2583, 16.9250, 15.9917, 11.7500, 17.0167, 12.5500, 12.6500, 14.3833, 19.6500,
        ],
    ),
    (
        Method::Area,
        [0.0, 0.0],
        [4.0, 4.0],
        [4, 3],
        &[
            14.9583, 17.8333, 18.7708, 21.6458, 14.2500, 13.2500, 18.0625, 19.0000, 7.0000,
            11.8125, 10.8125, 13.6875,
        ],
    ),
];

#[test]
fn values_of_gdal() {
    let field = field();
    for &(method, start, step, size, expected) in WARPED {
        let x = AxisMap::new(16, start[0], step[0], size[0], method, false);
        let y = AxisMap::new(12, start[1], step[1], size[1], method, false);
        let (part, shape) = crop(&field, 16, &y, &x);
        let out = plane(&part, shape, &y, &x, None, NAN);
        assert_eq!(out.len(), expected.len());
        for (a, b) in out.iter().zip(expected) {
            assert!(
                (a - b).abs() < 1e-3,
                "{method} {start:?} {step:?}: {a} is not {b}"
            );
        }
    }
}

fn methods() -> impl Strategy<Value = Method> {
    prop::sample::select(&Method::ALL[..])
}

proptest! {
    #[test]
    fn constant_stays_constant(
        method in methods(), size in 1u64..20, start in -5.0..25.0, step in -6.0..6.0,
        count in 1u64..20, value in any::<i16>(), periodic: bool,
    ) {
        let map = AxisMap::new(size, start, step, count, method, periodic);
        let one = AxisMap::identity(1);
        let fill = Scalar::Int(if value == 7 { 8 } else { 7 });
        let values = vec![value; map.source_len() as usize];
        let out = plane(&values, [1, map.source_len()], &one, &map, None, fill);
        for (i, v) in out.into_iter().enumerate() {
            let has_taps = map.taps(i).next().is_some();
            prop_assert_eq!(v == value, has_taps);
            if has_taps {
                let total: f64 = map.taps(i).map(|(_, w)| w).sum();
                prop_assert!((total - 1.0).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn aligned_grids_are_copied(method in methods(), values in prop::collection::vec(any::<i64>(), 1..30)) {
        let size = values.len() as u64;
        let same = AxisMap::new(size, 0.0, 1.0, size, method, false);
        let flip = AxisMap::new(size, size as f64, -1.0, size, method, false);
        let one = AxisMap::identity(1);
        let through = |v: &[i64], map| plane(v, [1, size], &one, map, None, Scalar::Int(0));
        prop_assert_eq!(&through(&values, &same), &values);
        let flipped = through(&values, &flip);
        prop_assert!(flipped.iter().eq(values.iter().rev()));
        prop_assert_eq!(&through(&flipped, &flip), &values);
    }

    #[test]
    fn nodata_never_leaks(
        method in methods(), holes in prop::collection::vec(any::<bool>(), 48), start in -2.0..6.0,
        step in 0.2..4.0, count in 1u64..12,
    ) {
        // Valid cells are all 5: anything else but nodata is nodata that has leaked.
        let values: Vec<f32> = holes.iter().map(|&hole| if hole { -1e30 } else { 5.0 }).collect();
        let x = AxisMap::new(8, start, step, count, method, false);
        let y = AxisMap::new(6, start, step, count, method, false);
        let (part, shape) = crop(&values, 8, &y, &x);
        let nodata = Scalar::Float(-1e30);
        for v in plane(&part, shape, &y, &x, Some(nodata), nodata) {
            prop_assert!(v == -1e30 || (v - 5.0).abs() < 1e-5, "{}", v);
        }
    }

    #[test]
    fn area_of_whole_cells_is_the_block_mean(values in prop::collection::vec(-1000i32..1000, 7 * 9), factor in 1u64..5) {
        let y = AxisMap::new(7, 0.0, factor as f64, 7u64.div_ceil(factor), Method::Area, false);
        let x = AxisMap::new(9, 0.0, factor as f64, 9u64.div_ceil(factor), Method::Area, false);
        let out = plane(&values, [7, 9], &y, &x, None, Scalar::Int(0));
        for (i, v) in out.into_iter().enumerate() {
            let (row, col) = (i / x.len(), i % x.len());
            let f = factor as usize;
            let cells: Vec<f64> = (row * f..7.min(row * f + f))
                .flat_map(|r| (col * f..9.min(col * f + f)).map(move |c| (r, c)))
                .map(|(r, c)| f64::from(values[r * 9 + c]))
                .collect();
            let mean = cells.iter().sum::<f64>() / cells.len() as f64;
            prop_assert_eq!(f64::from(v), mean.round_ties_even());
        }
    }
}
