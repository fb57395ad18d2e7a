//! A source seen through the choices of its user: some variables, other names, a given CRS or nodata.

use ziggurat_core::{Crs, Error, Region, Result, Scalar, Variable};

use super::Source;

/// What a user says about a source that the file does not, or says otherwise.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choice {
    /// Variables to take, as (new name, name in the source); empty for all.
    pub variables: Vec<(String, String)>,
    /// Coordinate reference system.
    pub crs: Option<Crs>,
    /// Value that means missing.
    pub nodata: Option<Scalar>,
}

impl Choice {
    /// Adds the choice `NAME` or `NEW=NAME`.
    pub fn take(&mut self, text: &str) {
        let (new, name) = text.split_once('=').unwrap_or((text, text));
        self.variables.push((new.to_owned(), name.to_owned()));
    }
}

/// A source, restricted and completed by a [`Choice`].
pub struct Selected {
    inner: Box<dyn Source>,
    variables: Vec<Variable>,
    /// Numbers of the variables in `inner`.
    picks: Vec<usize>,
}

impl std::fmt::Debug for Selected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Selected")
            .field("place", &self.inner.place())
            .field("variables", &self.variables)
            .finish_non_exhaustive()
    }
}

impl Selected {
    /// `inner` as `choice` says.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a variable that is not there, listing those that are;
    /// [`Error::Caller`] for a nodata value that does not fit a variable.
    pub fn new(inner: Box<dyn Source>, choice: &Choice) -> Result<Self> {
        let all = inner.variables();
        let names = || {
            all.iter()
                .map(|v| v.name.as_str())
                .collect::<Vec<_>>()
                .join(", ")
        };
        let mut picks = Vec::new();
        let mut variables = Vec::new();
        // Variables of NetCDF groups are called group/name, which no array can be.
        let array_name = |name: &str| name.replace('/', "_");
        let every = || {
            all.iter()
                .map(|v| (array_name(&v.name), v.name.clone()))
                .collect()
        };
        let wanted: Vec<(String, String)> = match choice.variables.is_empty() {
            true => every(),
            false => choice.variables.clone(),
        };
        for (new, name) in wanted {
            // Rasters do not name their only variable: then any name is taken for it.
            let unnamed = all.len() == 1 && all[0].name == "data" && new == name;
            let found = all.iter().position(|v| v.name == name);
            let found = found.or(unnamed.then_some(0));
            let Some(pick) = found else {
                let what = format!("variable {name:?}; it holds: {}", names());
                return Err(Error::not_found(inner.place(), what));
            };
            let mut variable = all[pick].clone();
            variable.name = new;
            if let Some(crs) = &choice.crs {
                variable.crs = Some(crs.clone());
            }
            if let Some(nodata) = choice.nodata {
                if nodata.to_element(variable.element).is_none() {
                    let what = format!(
                        "nodata {nodata:?} is no {}, the type of {}",
                        variable.element, variable.name
                    );
                    return Err(Error::caller(inner.place(), what));
                }
                variable.nodata = Some(nodata);
            }
            picks.push(pick);
            variables.push(variable);
        }
        Ok(Self {
            inner,
            variables,
            picks,
        })
    }
}

impl Source for Selected {
    fn place(&self) -> &str {
        self.inner.place()
    }

    fn variables(&self) -> &[Variable] {
        &self.variables
    }

    fn read(&self, variable: usize, region: &Region) -> Result<Vec<u8>> {
        self.inner.read(self.picks[variable], region)
    }

    fn read_shape(&self, variable: usize) -> Vec<u64> {
        self.inner.read_shape(self.picks[variable])
    }

    fn occupied(&self, variable: usize) -> Result<Option<Vec<Region>>> {
        let pick = self.picks[variable];
        let fill = self.inner.variables()[pick].fill;
        match self.variables[variable].nodata {
            // What was never written is a value here, and must be written for it to differ from missing.
            Some(nodata) if fill.is_some_and(|fill| fill != nodata) => Ok(None),
            _ => self.inner.occupied(pick),
        }
    }
}
