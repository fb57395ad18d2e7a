//! From stored coordinate values to [`Coordinate`], and from those to an affine map.

use ziggurat_core::{Affine, Axis, Coordinate, Dimension, ElementType, Scalar};

/// Values of a one-dimensional array, as far as coordinates need them.
#[derive(Clone, Debug)]
pub(crate) enum Values {
    /// Floating point numbers, widened exactly.
    Float(Vec<f64>),
    /// Integers.
    Int(Vec<i64>),
    /// Text.
    Text(Vec<String>),
}

/// Values of the native-endian `bytes` of `element`s; `None` for complex numbers.
pub(crate) fn values(bytes: &[u8], element: ElementType) -> Option<Values> {
    let scalars = || {
        let elements = bytes.chunks_exact(element.size());
        elements.map(|b| Scalar::from_element(b, element))
    };
    if !element.is_float() {
        let integer = |s: Option<Scalar>| match s? {
            Scalar::Int(v) => Some(v),
            Scalar::UInt(v) => i64::try_from(v).ok(),
            Scalar::Float(_) => None,
        };
        if let Some(v) = scalars().map(integer).collect() {
            return Some(Values::Int(v));
        }
    }
    let floats = scalars().map(|s| s.map(Scalar::as_f64));
    floats.collect::<Option<_>>().map(Values::Float)
}

/// Coordinates along `axis` from `values` that were stored as `element`.
///
/// Floating point values become [`Coordinate::Regular`] if they are equidistant to within the
/// precision of `element` (on X and Y: or to a millionth of a step, which forgives a grid that was
/// cut out of a larger one). Integers stay integers, so that ticks stay exact; only on X and Y,
/// whose cells are merged when levels are made, do equidistant ones become regular.
pub(crate) fn coordinate(values: Values, element: ElementType, axis: Axis) -> Coordinate {
    let spatial = matches!(axis, Axis::X | Axis::Y);
    match values {
        Values::Text(v) => Coordinate::Text(v),
        Values::Int(v) => match equidistant(&v) {
            Some(regular) if spatial => regular,
            _ => Coordinate::Int(v),
        },
        Values::Float(v) => regular(&v, element, spatial).unwrap_or(Coordinate::Float(v)),
    }
}

#[allow(clippy::cast_precision_loss, reason = "checked to be below 2^53")]
fn equidistant(values: &[i64]) -> Option<Coordinate> {
    let (&first, &second) = (values.first()?, values.get(1)?);
    let step = second.checked_sub(first)?;
    let even = values
        .windows(2)
        .all(|w| w[1].checked_sub(w[0]) == Some(step));
    let exact = |v: i64| v.unsigned_abs() < 1 << 53;
    (even && step != 0 && exact(first) && exact(step)).then_some(Coordinate::Regular {
        origin: first as f64,
        step: step as f64,
    })
}

/// Last places that rounded arithmetic on the way to the file may have cost a value.
const ULPS: f64 = 4.0;

#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "indices are far below 2^53, and values of single precision fit it"
)]
fn regular(values: &[f64], element: ElementType, spatial: bool) -> Option<Coordinate> {
    // Two values off the map say nothing about spacing.
    let fewest = if spatial { 2 } else { 3 };
    if values.len() < fewest {
        return None;
    }
    let last = values.len() - 1;
    let (epsilon, digits) = match element {
        ElementType::Float16 => (2f64.powi(-10), 4),
        ElementType::Float32 => (f64::from(f32::EPSILON), 7),
        _ => (f64::EPSILON, 12),
    };
    // A single-precision 0.1 was meant as 0.1, not as 0.100000001490116.
    let meant = |v: f64| match element {
        ElementType::Float32 => (v as f32).to_string().parse().unwrap_or(v),
        _ => v,
    };
    let origin = meant(values[0]);
    let step = (meant(values[last]) - origin) / last as f64;
    let largest = values.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
    let rounding = ULPS * epsilon * largest;
    // Values so coarse that a quarter of a step is lost in them prove nothing.
    if !step.is_finite() || rounding >= step.abs() / 4.0 {
        return None;
    }
    let fits = |step: f64, tolerance: f64| {
        let off = |(i, v): (usize, &f64)| (origin + i as f64 * step - v).abs();
        values.iter().enumerate().all(|v| off(v) <= tolerance)
    };
    // The mean step carries rounding errors: the round number next to it is the likelier one.
    let round = format!("{step:.*e}", digits - 1).parse().unwrap_or(step);
    let cut = if spatial { 1e-6 * step.abs() } else { 0.0 };
    let (step, _) = [rounding, cut]
        .into_iter()
        .flat_map(|tolerance| [(round, tolerance), (step, tolerance)])
        .find(|&(step, tolerance)| fits(step, tolerance))?;
    Some(Coordinate::Regular { origin, step })
}

/// Affine map of two regular dimensions: corners lie half a step before the centres.
pub(crate) fn transform(x: &Dimension, y: &Dimension) -> Option<Affine> {
    match (&x.coordinate, &y.coordinate) {
        (
            Some(Coordinate::Regular {
                origin: x0,
                step: a,
            }),
            Some(Coordinate::Regular {
                origin: y0,
                step: e,
            }),
        ) => Some(Affine([*a, 0.0, x0 - a / 2.0, 0.0, *e, y0 - e / 2.0])),
        _ => None,
    }
}

/// Whether two maps put the corners of `width` by `height` cells within a hundredth of a cell.
pub(crate) fn agree(a: &Affine, b: &Affine, width: f64, height: f64) -> bool {
    [(0.0, 0.0), (width, 0.0), (0.0, height), (width, height)]
        .into_iter()
        .all(|(col, row)| {
            let (x, y) = a.apply(col, row);
            let at = b.invert(x, y);
            at.is_some_and(|(c, r)| (c - col).abs() < 0.01 && (r - row).abs() < 0.01)
        })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "results are exact")]
    #![allow(clippy::cast_precision_loss, reason = "indices are small")]

    use super::*;

    fn of(values: &[f64], element: ElementType, axis: Axis) -> Coordinate {
        coordinate(Values::Float(values.to_vec()), element, axis)
    }

    #[test]
    fn single_precision_is_read_as_the_decimals_it_was_made_from() {
        let stored: Vec<f64> = (0..3600)
            .map(|i| {
                f64::from(
                    format!("{:.2}", -179.95 + f64::from(i) * 0.1)
                        .parse::<f32>()
                        .unwrap(),
                )
            })
            .collect();
        let Coordinate::Regular { origin, step } = of(&stored, ElementType::Float32, Axis::X)
        else {
            panic!("not regular");
        };
        assert_eq!((origin, step), (-179.95, 0.1));
    }

    #[test]
    fn a_deviation_beyond_the_precision_is_irregular() {
        let mut v: Vec<f64> = (0..100).map(|i| 10.0 + 0.25 * f64::from(i)).collect();
        assert!(matches!(
            of(&v, ElementType::Float64, Axis::Time),
            Coordinate::Regular { .. }
        ));
        v[50] += 1e-9;
        assert!(matches!(
            of(&v, ElementType::Float64, Axis::Time),
            Coordinate::Float(_)
        ));
        assert!(matches!(
            of(&v, ElementType::Float64, Axis::X),
            Coordinate::Regular { .. }
        ));
        v[50] += 1e-3;
        assert!(matches!(
            of(&v, ElementType::Float64, Axis::X),
            Coordinate::Float(_)
        ));
        v[50] = f64::NAN;
        assert!(matches!(
            of(&v, ElementType::Float64, Axis::X),
            Coordinate::Float(_)
        ));
    }

    #[test]
    fn few_or_constant_values_are_not_regular() {
        for v in [&[][..], &[1.0], &[2.0, 2.0, 2.0], &[0.0, f64::INFINITY]] {
            assert!(
                matches!(of(v, ElementType::Float64, Axis::X), Coordinate::Float(_)),
                "{v:?}"
            );
        }
        assert!(matches!(
            of(&[1.0, 2.0], ElementType::Float64, Axis::Time),
            Coordinate::Float(_)
        ));
        assert!(matches!(
            of(&[1.0, 2.0], ElementType::Float64, Axis::Y),
            Coordinate::Regular { .. }
        ));
    }

    #[test]
    fn integers_stay_integers_off_the_map() {
        let v = || Values::Int(vec![10, 20, 30]);
        assert_eq!(
            coordinate(v(), ElementType::Int64, Axis::Time),
            Coordinate::Int(vec![10, 20, 30])
        );
        assert_eq!(
            coordinate(v(), ElementType::Int64, Axis::Y),
            Coordinate::Regular {
                origin: 10.0,
                step: 10.0
            }
        );
        let extreme = Values::Int(vec![i64::MIN, i64::MAX]);
        assert!(matches!(
            coordinate(extreme, ElementType::Int64, Axis::Y),
            Coordinate::Int(_)
        ));
    }
}
