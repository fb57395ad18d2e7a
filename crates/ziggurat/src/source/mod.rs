//! Sources: files that `import` reads, each described by variables and read by region.

mod agree;
mod aligned;
mod bands;
mod cf;
mod cf_time;
#[cfg(feature = "gdal")]
pub mod gdal;
pub mod geotiff;
mod grid;
pub mod netcdf;
pub mod npy;
mod open;
mod selected;
mod stack;
mod strips;
pub mod time_of;
pub mod zarr;

#[cfg(feature = "gdal")]
pub use self::gdal::GdalRaster;
pub use aligned::{Aligned, align};
pub use geotiff::GeoTiff;
pub use netcdf::NetCdf;
pub use npy::Npy;
pub use open::open;
pub use selected::{Choice, Selected};
pub use stack::Stack;
pub use time_of::TimeFrom;
pub use zarr::ZarrSource;

use ziggurat_core::{Region, Result, Variable};

/// A file (or store) that holds gridded variables.
///
/// Opening reads headers and coordinates only. Implementations are shared between threads.
pub trait Source: Send + Sync {
    /// The place, as the user gave it, for messages.
    fn place(&self) -> &str;

    /// Every gridded variable in it, complete with dimensions and meaning; coordinate variables are
    /// part of the dimensions and not listed.
    fn variables(&self) -> &[Variable];

    /// The native-endian C-order bytes of `region` of variable number `variable`.
    ///
    /// # Errors
    /// [`ziggurat_core::Error::Data`] for damaged files, naming the file and the fault.
    ///
    /// # Panics
    /// May panic if `region` is not within the variable: callers clip first.
    fn read(&self, variable: usize, region: &Region) -> Result<Vec<u8>>;

    /// The shape in which variable number `variable` is best read (its tiles or chunks).
    fn read_shape(&self, variable: usize) -> Vec<u64> {
        self.variables()[variable].shape()
    }

    /// Boxes outside of which the variable is known to be missing everywhere; `None` if unknown.
    ///
    /// # Errors
    /// If the source cannot be listed.
    fn occupied(&self, _variable: usize) -> Result<Option<Vec<Region>>> {
        Ok(None)
    }
}
