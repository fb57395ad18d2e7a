//! Export to PNG: a colour map for one band, or the bands as they are for red, green and blue.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use png::{BitDepth, ColorType, Encoder};
use ziggurat_core::{Axis, Coordinate, ElementType, Error, Result};

use super::cells::Cells;
use super::raster::Raster;
use super::{Colormap, Image, Options, file};

/// Values that are looked at to find percentiles; more are thinned out evenly.
const SAMPLE: usize = 1 << 20;

/// See [`super::write`].
///
/// One band has a palette of 255 colours and one transparent entry for missing cells. Three or four
/// bands of `uint8` are red, green, blue and opacity; a cell that is missing in all bands is transparent.
pub(super) fn write(path: &Path, image: &Image<'_>, options: &Options) -> Result<()> {
    let place = path.display().to_string();
    let raster = Raster::new(&place, image)?;
    let cells = Cells::real(&place, image.variable)?;
    let (color, palette, pixels) = match raster.bands {
        1 => {
            let range = options.range.unwrap_or_else(|| automatic(&raster, &cells));
            let (palette, pixels) = indexed(&raster, &cells, options.colormap, range);
            (ColorType::Indexed, Some(palette), pixels)
        }
        3 | 4 if is_color(&raster) => (ColorType::Rgba, None, rgba(&raster, &cells)),
        n => {
            let what = format!(
                "{n} bands of {} are no picture: choose one with --index \
                 (3 or 4 bands of uint8 are taken as red, green, blue, opacity)",
                image.variable.element
            );
            return Err(Error::caller(place, what));
        }
    };
    let side = |n: usize| {
        u32::try_from(n)
            .ok()
            .filter(|&n| n < 1 << 31)
            .ok_or_else(|| Error::limit(&place, format!("a PNG has no side of {n} pixels")))
    };
    let (width, height) = (side(raster.width)?, side(raster.height)?);
    file::replace(path, |out| {
        encode(out, [width, height], color, palette, &pixels)
            .map_err(|e| Error::other(place, "cannot write PNG", e))
    })
}

fn encode(
    out: &mut BufWriter<File>,
    [width, height]: [u32; 2],
    color: ColorType,
    palette: Option<Vec<u8>>,
    pixels: &[u8],
) -> std::result::Result<(), png::EncodingError> {
    let mut encoder = Encoder::new(out, width, height);
    encoder.set_color(color);
    encoder.set_depth(BitDepth::Eight);
    if let Some(palette) = palette {
        encoder.set_palette(palette);
        encoder.set_trns(&[0][..]);
    }
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()
}

/// Whether the bands are colours, as far as the variable says.
fn is_color(raster: &Raster<'_>) -> bool {
    let role = raster.band.map(|d| d.axis);
    raster.image.variable.element == ElementType::UInt8
        && matches!(role, Some(Axis::Band | Axis::Other))
}

/// Palette and pixels of a single band; entry 0 is for missing cells.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a position from 0 to 1 is an entry from 1 to 255"
)]
fn indexed(
    raster: &Raster<'_>,
    cells: &Cells,
    map: Colormap,
    range: (f64, f64),
) -> (Vec<u8>, Vec<u8>) {
    let entries = (0..255u8).map(|i| map.color(f64::from(i) / 254.0));
    let palette = [[0; 3]].into_iter().chain(entries).flatten().collect();
    let entry = |cell| match cells.number(cell) {
        Some(value) => 1 + (map.position(value, range) * 254.0).round() as u8,
        None => 0,
    };
    let rows = 0..raster.height;
    let pixels = rows.flat_map(|row| raster.row(0, row).map(entry)).collect();
    (palette, pixels)
}

/// Red, green, blue and opacity of each pixel.
fn rgba(raster: &Raster<'_>, cells: &Cells) -> Vec<u8> {
    let names = raster.band.and_then(|d| d.coordinate.as_ref());
    // A fourth band with another name, such as that of near infrared, is no opacity.
    let fourth = match names {
        Some(Coordinate::Text(names)) => names.get(3).map(|name| name.to_lowercase()),
        _ => None,
    };
    let opacity = raster.bands == 4
        && fourth.is_none_or(|name| {
            name.contains("alpha") || !name.contains(|c: char| c.is_alphabetic())
        });
    let mut pixels = Vec::with_capacity(raster.width * raster.height * 4);
    for row in 0..raster.height {
        for column in 0..raster.width {
            let cell = |band| raster.cell(band, row, column);
            for band in 0..3 {
                pixels.extend_from_slice(cell(band));
            }
            let missing = (0..3).all(|band| cells.is_missing(cell(band)));
            match (missing, opacity) {
                (true, _) => pixels.push(0),
                (false, true) => pixels.extend_from_slice(cell(3)),
                (false, false) => pixels.push(255),
            }
        }
    }
    pixels
}

/// The 2nd and the 98th percentile of what is not missing and finite.
fn automatic(raster: &Raster<'_>, cells: &Cells) -> (f64, f64) {
    let count = raster.width * raster.height;
    let every = count.div_ceil(SAMPLE);
    let mut values: Vec<f64> = (0..count)
        .step_by(every)
        .map(|i| raster.cell(0, i / raster.width, i % raster.width))
        .filter_map(|cell| cells.number(cell))
        .filter(|v| v.is_finite())
        .collect();
    values.sort_unstable_by(f64::total_cmp);
    let Some(last) = values.len().checked_sub(1) else {
        return (0.0, 1.0);
    };
    match (values[last * 2 / 100], values[(last * 98).div_ceil(100)]) {
        // Nearly all one value: what differs must show.
        (low, high) if low >= high => (values[0], values[last]),
        range => range,
    }
}
