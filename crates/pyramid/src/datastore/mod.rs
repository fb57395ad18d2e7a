//! Datastores: pyramids of arrays that share dimensions.

mod chunk;
mod create;
mod dirty;
mod documents;
mod extent;
mod member;
mod open;
mod options;
mod read;
mod rebuild;
mod window;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ziggurat_core::progress::Progress;
use ziggurat_core::store::Store;
use ziggurat_core::{Error, Region, Result, Variable};

pub use chunk::{Chunk, ChunkData, Level};
pub use member::Member;
pub use options::{Factors, Levels, Options, Size};
pub use read::{Grid, Request};
pub use window::Bounds;

use crate::Aggregator;

/// A pyramid of variables in a store.
///
/// Level 0 is the base; a cell of level L+1 stands for a group of cells of level L. Data is written
/// at level 0 only; every aggregator makes its levels from there. The store can be read at any time.
///
/// ```
/// use std::sync::Arc;
/// use ziggurat_core::progress::Silent;
/// use ziggurat_core::{Axis, Dimension, ElementType, Region, Variable, store::ObjectBackend};
/// use ziggurat_pyramid::{Datastore, Levels, Options};
///
/// let variable = Variable {
///     fill: None,
///     name: "height".into(),
///     element: ElementType::Int16,
///     dims: vec![Dimension::new("y", 4, Axis::Y), Dimension::new("x", 4, Axis::X)],
///     nodata: None,
///     attributes: Default::default(),
///     crs: None,
///     transform: None,
/// };
/// let options = Options { levels: Levels::Count(1), ..Options::default() };
/// let store = Arc::new(ObjectBackend::memory());
/// let datastore = Datastore::create(store.clone(), vec![variable], &options)?;
/// let values: Vec<i16> = (0..16).collect();
/// datastore.write("height", &Region::whole(&[4, 4]), &ziggurat_core::element::to_bytes(&values))?;
/// datastore.build(&Silent)?;
/// datastore.commit()?;
///
/// let datastore = Datastore::open(store)?;
/// let level = datastore.level("height", 1)?;
/// // The means 2.5, 4.5, 10.5 and 12.5, rounded half to even.
/// assert_eq!(level.read_values::<i16>(&Region::whole(&[2, 2]))?, [2, 4, 10, 12]);
/// # Ok::<(), ziggurat_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Datastore {
    store: Arc<dyn Store>,
    levels: usize,
    aggregators: Vec<Aggregator>,
    members: Vec<Member>,
    /// Whether levels were made, so that a write leaves them behind.
    made: AtomicBool,
}

impl Datastore {
    /// The store it lies in.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Number of levels above the base.
    #[must_use]
    pub fn levels(&self) -> usize {
        self.levels
    }

    /// The aggregators; the first made the levels of the store itself.
    #[must_use]
    pub fn aggregators(&self) -> &[Aggregator] {
        &self.aggregators
    }

    /// The variables with their arrays.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The variables.
    pub fn variables(&self) -> impl Iterator<Item = &Variable> {
        self.members.iter().map(Member::variable)
    }

    /// The variable called `name`.
    ///
    /// # Errors
    /// [`Error::NotFound`], listing the variables there are.
    pub fn member(&self, name: &str) -> Result<&Member> {
        let names = || {
            self.variables()
                .map(|v| v.name.as_str())
                .collect::<Vec<_>>()
                .join(", ")
        };
        self.members
            .iter()
            .find(|m| m.variable().name == name)
            .ok_or_else(|| {
                let what = format!("variable {name:?}; there are: {}", names());
                Error::not_found(self.store.place(""), what)
            })
    }

    /// Writes native-endian C-order `bytes` into `region` of level 0.
    ///
    /// Once levels were made, the region is logged first, so that whatever happens they are known to
    /// be behind until [`refresh`](Self::refresh) has brought them up to date.
    ///
    /// # Errors
    /// As [`ziggurat_core::Array::write`].
    pub fn write(&self, variable: &str, region: &Region, bytes: &[u8]) -> Result<()> {
        let member = self.member(variable)?;
        if self.levels > 0 && self.made.load(Ordering::Acquire) {
            dirty::log(&*self.store, variable, region)?;
        }
        member.base().write(region, bytes)
    }

    /// Makes all levels of all aggregators from level 0.
    ///
    /// # Errors
    /// If a superchunk cannot be read or written, or `progress` cancels.
    pub fn build(&self, progress: &dyn Progress) -> Result<()> {
        self.made.store(true, Ordering::Release);
        self.members
            .iter()
            .try_for_each(|member| member.build(progress))
    }

    /// Regions of level 0 that were written since their levels were made, with their variable.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub fn stale(&self) -> Result<Vec<(String, Region)>> {
        Ok(dirty::entries(&*self.store)?
            .into_iter()
            .map(|e| (e.variable, e.region))
            .collect())
    }

    /// Makes the levels of the variables that were written since, and clears the log.
    ///
    /// # Errors
    /// As [`build`](Self::build); then the log is kept.
    pub fn refresh(&self, progress: &dyn Progress) -> Result<()> {
        let entries = dirty::entries(&*self.store)?;
        for member in &self.members {
            if entries.iter().any(|e| e.variable == member.variable().name) {
                member.build(progress)?;
            }
        }
        dirty::clear(&*self.store, &entries)
    }
}
