//! STUB
#![allow(missing_docs, missing_debug_implementations, reason = "stub")]
use crate::{Affine, Attributes, Crs, Dimension, ElementType, Variable};
pub struct Level {
    pub path: String,
    pub variables: Vec<Variable>,
}
pub fn pyramid_attributes(_levels: &[Level], _factors: &[Vec<u64>], _method: &str) -> Attributes {
    Attributes::new()
}
pub fn level_attributes(_v: &[Variable]) -> Attributes {
    Attributes::new()
}
pub fn array_attributes(v: &Variable) -> Attributes {
    v.attributes.clone()
}
pub fn coordinate_attributes(_d: &Dimension, _c: Option<&Crs>) -> Attributes {
    Attributes::new()
}
pub fn spatial_ref_attributes(_c: Option<&Crs>, _t: Option<&Affine>) -> Attributes {
    Attributes::new()
}
pub fn variable_from_attributes(
    name: &str,
    e: ElementType,
    a: &Attributes,
    _r: Option<&Attributes>,
) -> Variable {
    Variable {
        name: name.into(),
        element: e,
        dims: vec![],
        nodata: None,
        attributes: a.clone(),
        crs: None,
        transform: None,
    }
}
