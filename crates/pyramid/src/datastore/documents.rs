//! Writing the documents of a datastore: the moment it comes into being.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use ziggurat_core::codec::CodecSpec;
use ziggurat_core::hierarchy::{Documents, group_document};
use ziggurat_core::layout::Layout;
use ziggurat_core::{
    Array, ArrayMetadata, Attributes, Coordinate, Dimension, ElementType, Region, Result, Variable,
    ZIGGURAT, conventions, element,
};

use super::create::array_path;
use super::{Datastore, Member};
use crate::Aggregator;

/// Version of the layout, as in `spec/`.
pub(super) const VERSION: &str = "0.1";

/// Longest dimension whose coordinates are written out; those of longer ones follow from the transform.
const LONGEST_COORDINATE: u64 = 1 << 24;

impl Datastore {
    /// Writes coordinates, then all documents, the root last: from then on the store can be opened.
    ///
    /// Levels that were not made by then are known to be behind.
    ///
    /// # Errors
    /// If the store refuses; then there is no root document, or the old one.
    pub fn commit(&self) -> Result<()> {
        let mut documents = Documents::default();
        self.add_pyramid(&mut documents, None)?;
        let mut root = self.pyramid_attributes(None)?;
        root.insert(ZIGGURAT.into(), self.manifest());
        documents.add("", group_document(root));
        if self.levels > 0 {
            for &aggregator in self.aggregators.iter().skip(1) {
                self.add_pyramid(&mut documents, Some(aggregator))?;
                let attributes = self.pyramid_attributes(Some(aggregator))?;
                documents.add(format!("agg/{aggregator}"), group_document(attributes));
                documents.add("agg", group_document(Attributes::new()));
            }
        }
        if self.levels > 0 && !self.made.load(Ordering::Acquire) {
            self.log_all()?;
        }
        documents.commit(&**self.store())
    }

    /// What only ziggurat needs to know.
    fn manifest(&self) -> Value {
        let variable = |m: &Member| {
            let axes: Vec<&str> = m.variable().dims.iter().map(|d| d.axis.name()).collect();
            (
                m.variable().name.clone(),
                json!({"factors": m.factors(), "axes": axes}),
            )
        };
        let names: Vec<&str> = self.aggregators.iter().map(|a| a.name()).collect();
        let variables: serde_json::Map<String, Value> = self.members.iter().map(variable).collect();
        json!({"version": VERSION, "levels": self.levels, "aggregators": names, "variables": variables})
    }

    /// The numbers of the levels of a pyramid: those of a further aggregator begin at 1.
    fn numbers(&self, aggregator: Option<Aggregator>) -> std::ops::RangeInclusive<usize> {
        usize::from(aggregator.is_some())..=self.levels
    }

    fn pyramid_attributes(&self, aggregator: Option<Aggregator>) -> Result<Attributes> {
        let numbers: Vec<usize> = self.numbers(aggregator).collect();
        let paths: Vec<String> = numbers.iter().map(usize::to_string).collect();
        let mut variables = Vec::with_capacity(numbers.len());
        for &number in &numbers {
            variables.push(self.variables_at(aggregator, number)?);
        }
        let factors = |number: usize| {
            let power = |f: &u64| f.saturating_pow(u32::try_from(number).unwrap_or(u32::MAX));
            let of = |m: &Member| m.factors().iter().map(power).collect();
            self.members.iter().map(of).collect()
        };
        let levels: Vec<conventions::Level<'_>> = (0..numbers.len())
            .map(|i| conventions::Level {
                path: &paths[i],
                variables: &variables[i],
                factors: factors(numbers[i]),
            })
            .collect();
        let method = aggregator
            .or(self.aggregators.first().copied())
            .unwrap_or(Aggregator::Mean);
        Ok(conventions::pyramid_attributes(&levels, method.name()))
    }

    fn variables_at(&self, aggregator: Option<Aggregator>, number: usize) -> Result<Vec<Variable>> {
        self.members
            .iter()
            .map(|m| m.variable_at(aggregator, number))
            .collect()
    }

    /// Writes the coordinates of every level of a pyramid and adds the documents of its level groups.
    fn add_pyramid(&self, documents: &mut Documents, aggregator: Option<Aggregator>) -> Result<()> {
        for number in self.numbers(aggregator) {
            let variables = self.variables_at(aggregator, number)?;
            let group = array_path(aggregator, number, "");
            let group = group.trim_end_matches('/');
            documents.add(
                group,
                group_document(conventions::level_attributes(&variables)),
            );
            for (member, variable) in self.members.iter().zip(&variables) {
                let array = member.array(aggregator, number)?;
                let mut document = array.document();
                let mut attributes = conventions::array_attributes(variable);
                if let Some(own) = document["attributes"].as_object() {
                    attributes.extend(own.clone());
                }
                if let Some(methods) = cell_methods(
                    member,
                    aggregator.or(self.aggregators.first().copied()),
                    number,
                ) {
                    attributes.insert("cell_methods".into(), json!(methods));
                }
                document["attributes"] = Value::Object(attributes);
                documents.add(array.path(), document);
            }
            self.add_coordinates(documents, group, &variables)?;
        }
        Ok(())
    }

    fn add_coordinates(
        &self,
        documents: &mut Documents,
        group: &str,
        variables: &[Variable],
    ) -> Result<()> {
        let mut done: Vec<&str> = Vec::new();
        for variable in variables {
            for dim in &variable.dims {
                if done.contains(&dim.name.as_str()) || dim.size > LONGEST_COORDINATE {
                    continue;
                }
                let attributes = conventions::coordinate_attributes(dim, variable.crs.as_ref());
                if let Some(array) = self.coordinate_array(group, dim, attributes)? {
                    documents.add(array.path(), array.document());
                    done.push(&dim.name);
                }
            }
        }
        let georeferenced = variables
            .iter()
            .find(|v| v.crs.is_some() || v.transform.is_some());
        if let Some(variable) = georeferenced {
            let attributes = conventions::spatial_ref_attributes(
                variable.crs.as_ref(),
                variable.transform.as_ref(),
            );
            let mut metadata = ArrayMetadata::new(
                &[],
                ElementType::Int64,
                &[0; 8],
                Layout::unsharded(&[])?,
                &CodecSpec::default(),
            );
            metadata.dimension_names = Some(Vec::new());
            metadata.attributes = attributes;
            let array = Array::new(
                Arc::clone(self.store()),
                &format!("{group}/{}", conventions::SPATIAL_REF),
                metadata,
            )?;
            documents.add(array.path(), array.document());
        }
        Ok(())
    }

    /// Writes the coordinates of `dim`, one chunk, without its document; `None` if it has none.
    fn coordinate_array(
        &self,
        group: &str,
        dim: &Dimension,
        mut attributes: Attributes,
    ) -> Result<Option<Array>> {
        let (element, bytes) = match &dim.coordinate {
            None => return Ok(None),
            Some(Coordinate::Int(ticks)) => (ElementType::Int64, element::to_bytes(ticks)),
            Some(Coordinate::Text(names)) => {
                attributes.insert("labels".into(), json!(names));
                let numbers: Vec<i64> = (1..).take(names.len()).collect();
                (ElementType::Int64, element::to_bytes(&numbers))
            }
            Some(coordinate) => {
                let values: Vec<f64> = (0..dim.size).filter_map(|i| coordinate.at(i)).collect();
                (ElementType::Float64, element::to_bytes(&values))
            }
        };
        let fill = match element {
            ElementType::Float64 => f64::NAN.to_ne_bytes(),
            _ => 0i64.to_ne_bytes(),
        };
        let layout = Layout::unsharded(&[dim.size])?;
        let mut metadata =
            ArrayMetadata::new(&[dim.size], element, &fill, layout, &CodecSpec::default());
        metadata.dimension_names = Some(vec![Some(dim.name.clone())]);
        metadata.attributes = attributes;
        let array = Array::new(
            Arc::clone(self.store()),
            &format!("{group}/{}", dim.name),
            metadata,
        )?;
        array.write(&Region::whole(&[dim.size]), &bytes)?;
        Ok(Some(array))
    }
}

/// The CF attribute that says how cells were made: `y: x: mean`.
fn cell_methods(member: &Member, aggregator: Option<Aggregator>, number: usize) -> Option<String> {
    let method = aggregator.filter(|_| number > 0)?.cell_method();
    let dims = member.variable().dims.iter().zip(member.factors());
    if member.factors().iter().all(|f| *f == 1) {
        return None;
    }
    let mut methods = String::new();
    for (dim, _) in dims.filter(|(_, f)| **f > 1) {
        methods += &dim.name;
        methods += ": ";
    }
    Some(methods + method)
}
