//! Export to `.npy`, in the order of the array.

use std::io::Write;
use std::path::Path;

use ziggurat_codecs::npy;
use ziggurat_core::{Error, Result};

use super::{Image, Options, file};

/// See [`super::write`].
pub(super) fn write(path: &Path, image: &Image<'_>, _: &Options) -> Result<()> {
    let header = npy::encode_header(image.variable.element, &image.variable.shape());
    file::replace(path, |out| {
        out.write_all(&header)
            .and_then(|()| out.write_all(&image.bytes))
            .map_err(|e| Error::io(path, "write", e))
    })
}
