//! Which reader opens a path.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use ziggurat_core::{Error, Result};

use super::geotiff::GeoTiff;
use super::netcdf::NetCdf;
use super::npy::Npy;
use super::zarr::ZarrSource;
use super::{Source, geotiff, netcdf, npy, zarr};

/// Opens the file or store at `path` with the reader that its first bytes ask for.
///
/// # Errors
/// [`Error::NotFound`] if there is nothing, [`Error::Data`] if it is empty or damaged,
/// [`Error::Unsupported`] if no reader of this build knows it.
pub fn open(path: &Path) -> Result<Box<dyn Source>> {
    let place = path.display().to_string();
    let meta = match fs::metadata(path) {
        Ok(meta) => meta,
        // GDAL has names that are no paths, such as NETCDF:"a.nc":var.
        Err(e) => return with_gdal(path).unwrap_or_else(|| Err(Error::io(path, "open", e))),
    };
    if meta.is_dir() {
        return match zarr::is_zarr(path) {
            true => Ok(Box::new(ZarrSource::open(path)?)),
            false => Err(Error::unsupported(
                place,
                "a directory that holds no Zarr node (zarr.json, .zarray or .zgroup)",
            )),
        };
    }
    if meta.len() == 0 {
        return Err(Error::data(place, "the file is empty"));
    }
    let mut header = Vec::new();
    let file = File::open(path).map_err(|e| Error::io(path, "open", e))?;
    file.take(512)
        .read_to_end(&mut header)
        .map_err(|e| Error::io(path, "read", e))?;
    if geotiff::is_tiff(&header) {
        // What the reader in Rust does not know, GDAL may.
        return match GeoTiff::open(path) {
            Err(e @ Error::Unsupported { .. }) => with_gdal(path).unwrap_or(Err(e)),
            opened => Ok(Box::new(opened?)),
        };
    }
    if netcdf::is_netcdf(&header) {
        return Ok(Box::new(NetCdf::open(path)?));
    }
    if npy::is_npy(&header) {
        return Ok(Box::new(Npy::open(path)?));
    }
    if let Some(opened) = with_gdal(path) {
        return opened;
    }
    let hint = compressed(&header).map_or_else(
        || "no format that this build reads (GeoTIFF, NetCDF, .npy, Zarr); with the feature `gdal` it reads all that GDAL opens".to_owned(),
        |with| format!("it is compressed with {with}; decompress it first"),
    );
    Err(Error::unsupported(place, hint))
}

/// The program that packed a file, by its first bytes.
fn compressed(header: &[u8]) -> Option<&'static str> {
    let known: [(&[u8], &str); 5] = [
        (b"\xfd7zXZ\0", "xz"),
        (b"\x1f\x8b", "gzip"),
        (b"BZh", "bzip2"),
        (b"\x28\xb5\x2f\xfd", "zstd"),
        (b"PK\x03\x04", "zip"),
    ];
    known
        .iter()
        .find(|(magic, _)| header.starts_with(magic))
        .map(|(_, name)| *name)
}

/// What GDAL makes of a path; `None` in a build without it.
#[cfg(feature = "gdal")]
#[allow(clippy::unnecessary_wraps, reason = "a build without GDAL has none")]
fn with_gdal(path: &Path) -> Option<Result<Box<dyn Source>>> {
    Some(super::GdalRaster::open(path).map(|raster| Box::new(raster) as Box<dyn Source>))
}

/// What GDAL makes of a path; `None` in a build without it.
#[cfg(not(feature = "gdal"))]
fn with_gdal(_: &Path) -> Option<Result<Box<dyn Source>>> {
    None
}
