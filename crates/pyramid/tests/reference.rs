//! What levels must hold, by loops over base cells and nothing else.

use ziggurat_core::region::offset;
use ziggurat_core::{ElementType, Region, Scalar};
use ziggurat_pyramid::Aggregator;

use super::support::Case;

/// Everything about the valid base cells that one cell stands for.
#[derive(Clone, Default)]
struct Group {
    count: u64,
    integer: i128,
    float: f64,
    unpacked: f64,
    /// Smallest and largest stored value, with its bytes.
    min: Option<(Scalar, Vec<u8>)>,
    max: Option<(Scalar, Vec<u8>)>,
    first: Vec<u8>,
}

fn integer(value: Scalar) -> i128 {
    match value {
        Scalar::Int(v) => v.into(),
        Scalar::UInt(v) => v.into(),
        Scalar::Float(_) => 0,
    }
}

fn less(a: Scalar, b: Scalar) -> bool {
    match (a, b) {
        (Scalar::Float(a), Scalar::Float(b)) => a < b,
        _ => integer(a) < integer(b),
    }
}

/// Size of each dimension at `level`.
pub(crate) fn shape_at(case: &Case, level: usize) -> Vec<u64> {
    let times = level as u32;
    let sizes = case.variable.shape().into_iter().zip(&case.factors);
    sizes.map(|(n, f)| n.div_ceil(f.pow(times))).collect()
}

fn groups(case: &Case, level: usize) -> Vec<Group> {
    let element = case.variable.element;
    let number = |key: &str, default: f64| {
        case.variable
            .attributes
            .get(key)
            .map_or(default, |v| v.as_f64().unwrap())
    };
    let (scale, add) = (number("scale_factor", 1.0), number("add_offset", 0.0));
    let nodata = case.variable.nodata.map(Scalar::as_f64);
    let shape = shape_at(case, level);
    let mut groups = vec![Group::default(); Region::whole(&shape).len() as usize];
    let base = Region::whole(&case.variable.shape());
    for (index, bytes) in base.indices().zip(case.bytes.chunks_exact(element.size())) {
        let above: Vec<u64> = index
            .iter()
            .zip(&case.factors)
            .map(|(i, f)| i / f.pow(level as u32))
            .collect();
        let group = &mut groups[offset(&above, &shape) as usize];
        if group.first.is_empty() {
            group.first = bytes.to_vec();
        }
        let value = Scalar::from_element(bytes, element).unwrap();
        if value.as_f64().is_nan() || Some(value.as_f64()) == nodata {
            continue;
        }
        group.count += 1;
        group.integer += integer(value);
        group.float += value.as_f64();
        group.unpacked += scale * value.as_f64() + add;
        if group
            .min
            .as_ref()
            .is_none_or(|(least, _)| less(value, *least))
        {
            group.min = Some((value, bytes.to_vec()));
        }
        if group
            .max
            .as_ref()
            .is_none_or(|(most, _)| less(*most, value))
        {
            group.max = Some((value, bytes.to_vec()));
        }
    }
    groups
}

/// `sum / count`, half to even.
fn mean(sum: i128, count: u64) -> i128 {
    let n = i128::from(count);
    let floor = sum.div_euclid(n);
    let twice = 2 * (sum - floor * n);
    let up = twice > n || (twice == n && floor.rem_euclid(2) == 1);
    floor + i128::from(up)
}

/// Native-endian elements of `level` as `aggregator` must make them.
pub(crate) fn expected(case: &Case, aggregator: Aggregator, level: usize) -> Vec<u8> {
    let element = case.variable.element;
    let packed = case.variable.attributes.contains_key("scale_factor");
    let missing = case.fill();
    let falling = packed; // The scale of packed cases is negative.
    // The type of a count has room for as many cells as the factors of all levels make.
    let most: u64 = case
        .factors
        .iter()
        .map(|f| f.pow(case.levels() as u32))
        .product();
    let wide = most > u64::from(u32::MAX);
    let cell = |group: &Group| -> Vec<u8> {
        match aggregator {
            Aggregator::Count if wide => group.count.to_ne_bytes().to_vec(),
            Aggregator::Count => (group.count as u32).to_ne_bytes().to_vec(),
            Aggregator::Nearest => group.first.clone(),
            Aggregator::Sum if packed || element.is_float() || case.variable.nodata.is_some() => {
                let sum = match (group.count, packed) {
                    (0, _) => f64::NAN,
                    (_, true) => group.unpacked,
                    _ if element.is_float() => group.float,
                    _ => group.integer as f64,
                };
                sum.to_ne_bytes().to_vec()
            }
            Aggregator::Sum => (group.integer as u64).to_ne_bytes().to_vec(),
            _ if group.count == 0 => missing.clone(),
            Aggregator::Mean if element.is_float() => {
                let mean = group.float / group.count as f64;
                match element {
                    ElementType::Float16 => half::f16::from_f64(mean).to_ne_bytes().to_vec(),
                    ElementType::Float32 => (mean as f32).to_ne_bytes().to_vec(),
                    _ => mean.to_ne_bytes().to_vec(),
                }
            }
            Aggregator::Mean => {
                let mean = mean(group.integer, group.count);
                let scalar = match i64::try_from(mean) {
                    Ok(v) => Scalar::Int(v),
                    Err(_) => Scalar::UInt(u64::try_from(mean).unwrap()),
                };
                scalar.to_element(element).unwrap()
            }
            Aggregator::Min if falling => group.max.clone().unwrap().1,
            Aggregator::Max if falling => group.min.clone().unwrap().1,
            Aggregator::Min => group.min.clone().unwrap().1,
            Aggregator::Max => group.max.clone().unwrap().1,
        }
    };
    groups(case, level).iter().flat_map(cell).collect()
}

/// Whether elements are the same, any NaN being like any other, and zeros of either sign too.
pub(crate) fn same(element: ElementType, a: &[u8], b: &[u8]) -> bool {
    let size = element.size();
    a.len() == b.len()
        && a.chunks_exact(size)
            .zip(b.chunks_exact(size))
            .all(|(a, b)| {
                let number = |bytes| Scalar::from_element(bytes, element).unwrap().as_f64();
                a == b
                    || (element.is_float()
                        && (number(a) == number(b) || (number(a).is_nan() && number(b).is_nan())))
            })
}
