//! How the arrays of one file refer to each other.

use std::collections::{HashMap, HashSet};

use ziggurat_core::Axis;

use super::{Array, Kind, axis::axis, crs, text};

/// Arrays that find each other by name.
pub(super) struct Dataset<'a> {
    pub(super) place: &'a str,
    pub(super) arrays: &'a [Array],
    by_path: HashMap<&'a str, usize>,
    /// Arrays that only serve others: coordinates, bounds and grid mappings.
    pub(super) helpers: HashSet<usize>,
}

impl<'a> Dataset<'a> {
    pub(super) fn new(place: &'a str, arrays: &'a [Array]) -> Self {
        let by_path = arrays
            .iter()
            .enumerate()
            .map(|(i, a)| (a.path.as_str(), i))
            .collect();
        let mut dataset = Self {
            place,
            arrays,
            by_path,
            helpers: HashSet::new(),
        };
        let mut helpers = HashSet::new();
        for array in arrays {
            for key in ["bounds", "climatology", "grid_mapping"] {
                let names = text(&array.attributes, key).unwrap_or_default();
                helpers.extend(words(names).filter_map(|name| dataset.find(name, array)));
            }
            let dims = array.dims.iter();
            helpers.extend(dims.filter_map(|(name, _)| dataset.coordinate_of(name, array)));
        }
        dataset.helpers = helpers;
        dataset
    }

    /// The array that `name` means within the group of `from` or, failing that, the groups around it.
    pub(super) fn find(&self, name: &str, from: &Array) -> Option<usize> {
        let mut group = from.path.as_str();
        while let Some((parent, _)) = group.rsplit_once('/') {
            group = parent;
            if let Some(&found) = self.by_path.get(format!("{group}/{name}").as_str()) {
                return Some(found);
            }
        }
        self.by_path.get(name.trim_start_matches('/')).copied()
    }

    /// The array with the coordinates of dimension `dim` of `array`: the one-dimensional one of
    /// that name, or one that `coordinates` lists and that alone says what the dimension is.
    pub(super) fn coordinate_of(&self, dim: &str, array: &Array) -> Option<usize> {
        let along = |&i: &usize| {
            let other = &self.arrays[i];
            matches!(other.dims.as_slice(), [(name, size)]
                if name == dim && array.dims.iter().any(|(n, s)| n == dim && s == size))
                && !matches!(other.kind, Kind::Other(_))
        };
        self.find(dim, array).filter(along).or_else(|| {
            let listed = text(&array.attributes, "coordinates").unwrap_or_default();
            words(listed)
                .filter_map(|name| self.find(name, array))
                .filter(along)
                .find(|&i| {
                    let other = &self.arrays[i];
                    matches!(other.kind, Kind::Text)
                        || axis(&other.path, &other.attributes) != Axis::Other
                })
        })
    }

    /// The grid mapping that `array` names, or the one that rioxarray would take.
    pub(super) fn grid_mapping(&self, array: &Array) -> Option<usize> {
        match text(&array.attributes, "grid_mapping") {
            Some(names) => words(names).find_map(|name| self.find(name, array)),
            None => ["spatial_ref", "crs"]
                .iter()
                .filter_map(|name| self.find(name, array))
                .find(|&i| crs::crs(&self.arrays[i].attributes).is_some()),
        }
    }
}

/// The names in a blank-separated list, also in the long form `mapping: coordinate coordinate`.
pub(super) fn words(list: &str) -> impl Iterator<Item = &str> {
    list.split_whitespace().map(|w| w.trim_end_matches(':'))
}
