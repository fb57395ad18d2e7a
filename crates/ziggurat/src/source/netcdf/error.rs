//! Errors of the `NetCDF` reader, sorted by who can mend them.

use netcdf_reader::Error as Nc;
use ziggurat_core::Error;

/// `error` as it concerns the user of the file `place`.
pub(super) fn translate(place: &str, error: Nc) -> Error {
    match error {
        Nc::Io(e) if e.kind() != std::io::ErrorKind::UnexpectedEof => {
            Error::io(place, "read the NetCDF file", e)
        }
        Nc::UnsupportedVersion(_) | Nc::UnsupportedFeature(_) | Nc::Nc4NotEnabled => {
            Error::unsupported(place, format!("{error}; convert it with nccopy or ncks"))
        }
        // The reader keeps its HDF5 errors in a crate that is not ours to name: their text starts
        // with the kind.
        Nc::Hdf5(ref e) if is_unsupported(&e.to_string()) => {
            Error::unsupported(place, format!("{e}; convert it with nccopy or h5repack"))
        }
        Nc::Hdf5(ref e) if e.to_string().contains("resource limit: ") => {
            Error::limit(place, e.to_string())
        }
        Nc::InvalidMagic => Error::data(place, "it is not a NetCDF file"),
        other => Error::data(place, format!("{other}; obtain the file again")),
    }
}

fn is_unsupported(text: &str) -> bool {
    text.starts_with("unsupported ") || text.contains(": unsupported ")
}
