//! Export: the part of a variable that a user selected, as a file other programs open.

mod cells;
mod colormap;
mod file;
mod geokeys;
mod npy;
mod png;
mod raster;
#[cfg(test)]
mod tests;
mod text;
mod tiff;
mod unpack;

use std::path::Path;

use ziggurat_core::{Error, Result, Variable};

pub use colormap::Colormap;

/// An array in memory with its meaning.
#[derive(Clone, Debug)]
pub struct Image<'a> {
    /// What the values mean; its dimensions are those of the selected part.
    pub variable: &'a Variable,
    /// The values: C order, native-endian, as long as the variable's shape and element say.
    pub bytes: Vec<u8>,
}

/// How to export; the default is what fits the data.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Options {
    /// Colours of a PNG.
    pub colormap: Colormap,
    /// Values that get the first and the last colour of a PNG; without it the 2nd and the 98th
    /// percentile.
    pub range: Option<(f64, f64)>,
    /// Apply `scale_factor` and `add_offset`: `float64` with NaN for missing.
    pub unpack: bool,
}

/// Writes `image` to `path` in the format of its extension: `.npy`, `.tif`, `.tiff` or `.png`; the
/// path `-` prints the values to standard output.
///
/// `GeoTIFF` and PNG have north on top and east on the right where the variable says where those are;
/// `.npy` and text keep the order of the array. The file appears under its name when it is complete:
/// a failed export leaves nothing new, and what was there before stays.
///
/// # Errors
/// [`Error::Caller`] for an unknown extension, values that do not match the shape, and data that the
/// format cannot hold; [`Error::Io`] if the file cannot be written.
///
/// ```
/// use std::path::Path;
/// use ziggurat::export::{Image, Options, write};
/// use ziggurat_core::{Attributes, Axis, Dimension, ElementType, Variable};
/// let variable = Variable {
///     fill: None,
///     name: "height".into(),
///     element: ElementType::UInt8,
///     dims: vec![Dimension::new("y", 2, Axis::Y), Dimension::new("x", 2, Axis::X)],
///     nodata: None,
///     attributes: Attributes::new(),
///     crs: None,
///     transform: None,
/// };
/// let image = Image { variable: &variable, bytes: vec![1, 2, 3, 4] };
/// write(Path::new("-"), &image, &Options::default())?;
/// # Ok::<(), ziggurat_core::Error>(())
/// ```
pub fn write(path: &Path, image: &Image<'_>, options: &Options) -> Result<()> {
    let place = path.display().to_string();
    let extension = path.extension().and_then(|e| e.to_str());
    let format = match extension.map(str::to_ascii_lowercase).as_deref() {
        None if place == "-" => text::print,
        Some("npy") => npy::write,
        Some("tif" | "tiff") => tiff::write,
        Some("png") => png::write,
        _ => {
            let what = "the extension names no format: .npy, .tif, .tiff, .png, or - for text";
            return Err(Error::caller(place, what));
        }
    };
    image.check(&place)?;
    if options.unpack {
        let (variable, bytes) = unpack::unpack(&place, image)?;
        let variable = &variable;
        return format(path, &Image { variable, bytes }, options);
    }
    format(path, image, options)
}

impl Image<'_> {
    /// Whether the bytes are what the variable says.
    fn check(&self, place: &str) -> Result<()> {
        let size = self.variable.element.size() as u64;
        let shape = self.variable.shape();
        let bytes = shape.iter().try_fold(size, |n, &s| n.checked_mul(s));
        if bytes == Some(self.bytes.len() as u64) {
            return Ok(());
        }
        let (len, element) = (self.bytes.len(), self.variable.element);
        let what = format!("{len} bytes are no {element} array of shape {shape:?}");
        Err(Error::caller(place, what))
    }
}
