//! Export to `GeoTIFF`: deflated strips, one plane per band, tags as GDAL writes them.

use std::fmt::Write as _;
use std::io::{Seek, Write};
use std::ops::Range;
use std::path::Path;

use rayon::prelude::*;
use serde_json::Value;
use tiff::TiffResult;
use tiff::encoder::compression::{CompressionAlgorithm, Deflate};
use tiff::encoder::{DirectoryEncoder, TiffEncoder, TiffKind, TiffKindBig, TiffKindStandard};
use tiff::tags::{
    CompressionMethod, ExtraSamples, PhotometricInterpretation, PlanarConfiguration, SampleFormat,
    Tag,
};
use ziggurat_core::{Axis, Coordinate, ElementType, Error, Result, Scalar};

use super::geokeys::{Placement, geokeys};
use super::raster::Raster;
use super::unpack::number;
use super::{Image, Options, file};

/// Uncompressed bytes of a strip, about.
const STRIP: usize = 1 << 18;
/// Strips that are compressed before the next ones are, so that memory stays bounded.
const BATCH: usize = 64;
/// Bytes of cells beyond which `BigTIFF` is written; the classic form ends at 4 GiB.
const CLASSIC: usize = 4_000_000_000;

const GDAL_METADATA: Tag = Tag::Unknown(42112);

/// See [`super::write`].
///
/// One dimension beside rows and columns becomes bands; three bands of `uint8` are marked as red,
/// green and blue. CRS, transform, nodata, scale, offset, unit and names are written as GDAL reads them.
pub(super) fn write(path: &Path, image: &Image<'_>, _: &Options) -> Result<()> {
    let place = path.display().to_string();
    let raster = Raster::new(&place, image)?;
    let side = |n: usize, most: u32, what: &str| {
        u32::try_from(n)
            .ok()
            .filter(|&n| n <= most)
            .ok_or_else(|| Error::limit(&place, format!("a TIFF has no {n} {what}")))
    };
    side(raster.width, u32::MAX, "columns")?;
    side(raster.height, u32::MAX, "rows")?;
    side(
        raster.bands,
        u16::MAX.into(),
        "bands: choose some with --index",
    )?;
    file::replace(path, |out| {
        let written = if image.bytes.len() > CLASSIC {
            TiffEncoder::<_, TiffKindBig>::new_generic(out).and_then(|t| encode(t, &raster))
        } else {
            TiffEncoder::<_, TiffKindStandard>::new_generic(out).and_then(|t| encode(t, &raster))
        };
        written.map_err(|e| Error::other(place, "cannot write GeoTIFF", e))
    })
}

fn encode<W: Write + Seek, K: TiffKind>(
    mut tiff: TiffEncoder<W, K>,
    raster: &Raster<'_>,
) -> TiffResult<()> {
    let mut directory = tiff.image_directory()?;
    layout(&mut directory, raster)?;
    meaning(&mut directory, raster)?;
    strips(&mut directory, raster)?;
    directory.finish()
}

/// Size and sample type.
fn layout<W: Write + Seek, K: TiffKind>(
    directory: &mut DirectoryEncoder<'_, W, K>,
    raster: &Raster<'_>,
) -> TiffResult<()> {
    let element = raster.image.variable.element;
    let format = match element {
        t if t.is_float() => SampleFormat::IEEEFP,
        ElementType::Int8 | ElementType::Int16 | ElementType::Int32 | ElementType::Int64 => {
            SampleFormat::Int
        }
        // Complex IEEE floating point, in the TIFF 6.0 supplement of GDAL and libtiff.
        ElementType::Complex64 | ElementType::Complex128 => SampleFormat::Unknown(6),
        _ => SampleFormat::Uint,
    };
    let bits = u16::try_from(element.size() * 8)?;
    let bands = u16::try_from(raster.bands)?;
    let color = bands == 3
        && element == ElementType::UInt8
        && raster.band.is_some_and(|d| d.axis == Axis::Band);
    let photometric = if color {
        PhotometricInterpretation::RGB
    } else {
        PhotometricInterpretation::BlackIsZero
    };
    let extra = if color { 0 } else { raster.bands - 1 };
    let each = |value: u16| vec![value; raster.bands];
    directory.write_tag(Tag::ImageWidth, u32::try_from(raster.width)?)?;
    directory.write_tag(Tag::ImageLength, u32::try_from(raster.height)?)?;
    directory.write_tag(Tag::BitsPerSample, &each(bits)[..])?;
    directory.write_tag(Tag::SampleFormat, &each(format.to_u16())[..])?;
    directory.write_tag(Tag::SamplesPerPixel, bands)?;
    directory.write_tag(Tag::PhotometricInterpretation, photometric.to_u16())?;
    directory.write_tag(
        Tag::PlanarConfiguration,
        PlanarConfiguration::Planar.to_u16(),
    )?;
    directory.write_tag(Tag::Compression, CompressionMethod::Deflate.to_u16())?;
    if extra > 0 {
        let unspecified = vec![ExtraSamples::Unspecified.to_u16(); extra];
        directory.write_tag(Tag::ExtraSamples, &unspecified[..])?;
    }
    Ok(())
}

/// Place on the earth, missing value and names.
fn meaning<W: Write + Seek, K: TiffKind>(
    directory: &mut DirectoryEncoder<'_, W, K>,
    raster: &Raster<'_>,
) -> TiffResult<()> {
    let variable = raster.image.variable;
    match raster.transform.map(Placement::from) {
        Some(Placement::Scale(scale, tiepoint)) => {
            directory.write_tag(Tag::ModelPixelScaleTag, &scale[..])?;
            directory.write_tag(Tag::ModelTiepointTag, &tiepoint[..])?;
        }
        Some(Placement::Matrix(matrix)) => {
            directory.write_tag(Tag::ModelTransformationTag, &matrix[..])?;
        }
        None => {}
    }
    if let Some(crs) = &variable.crs {
        let (keys, text) = geokeys(crs);
        directory.write_tag(Tag::GeoKeyDirectoryTag, &keys[..])?;
        if !text.is_empty() {
            directory.write_tag(Tag::GeoAsciiParamsTag, &text[..])?;
        }
    }
    let nodata = match variable.nodata {
        Some(Scalar::Float(v)) if v.is_nan() => Some("nan".to_owned()),
        Some(Scalar::Float(v)) => Some(format!("{v:?}")),
        Some(Scalar::Int(v)) => Some(v.to_string()),
        Some(Scalar::UInt(v)) => Some(v.to_string()),
        None => variable.element.is_float().then(|| "nan".to_owned()),
    };
    if let Some(nodata) = nodata {
        directory.write_tag(Tag::GdalNodata, &nodata[..])?;
    }
    directory.write_tag(GDAL_METADATA, &metadata(raster)[..])
}

/// The XML of GDAL's metadata tag: scale, offset, unit and description of each band.
fn metadata(raster: &Raster<'_>) -> String {
    let variable = raster.image.variable;
    let attribute = |name: &str| variable.attributes.get(name).and_then(Value::as_str);
    let mut xml = "<GDALMetadata>\n".to_owned();
    let mut item = |band: usize, name: &str, role: &str, value: &str| {
        let role = match role {
            "" => String::new(),
            role => format!(" role=\"{role}\""),
        };
        let (name, value) = (escape(name), escape(value));
        // Writing to a String does not fail.
        let _ = writeln!(
            xml,
            "  <Item name=\"{name}\" sample=\"{band}\"{role}>{value}</Item>"
        );
    };
    for band in 0..raster.bands {
        let mut description = attribute("long_name").unwrap_or(&variable.name);
        if let Some(dimension) = raster.band {
            match &dimension.coordinate {
                Some(Coordinate::Text(names)) => {
                    description = names.get(band).map_or(description, String::as_str);
                }
                // As GDAL's netCDF driver names the coordinate of a band.
                Some(coordinate) => {
                    if let Some(at) = coordinate.at(band as u64) {
                        let name = format!("NETCDF_DIM_{}", dimension.name);
                        item(band, &name, "", &at.to_string());
                    }
                }
                None => {}
            }
        }
        item(band, "DESCRIPTION", "description", description);
        if let Some(units) = attribute("units") {
            item(band, "UNITTYPE", "unittype", units);
        }
        if let Some(scale) = number(variable, "scale_factor") {
            item(band, "SCALE", "scale", &format!("{scale:?}"));
        }
        if let Some(offset) = number(variable, "add_offset") {
            item(band, "OFFSET", "offset", &format!("{offset:?}"));
        }
    }
    xml + "</GDALMetadata>\n"
}

/// XML text in ASCII, as TIFF texts are; characters that XML cannot hold are left out.
///
/// Markup is escaped twice, because GDAL writes and reads it so.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;amp;",
            '<' => out += "&amp;lt;",
            '>' => out += "&amp;gt;",
            '"' => out += "&amp;quot;",
            c if c.is_control() && !c.is_whitespace() => {}
            c if c.is_ascii() => out.push(c),
            // Writing to a String does not fail.
            c => drop(write!(out, "&#{};", u32::from(c))),
        }
    }
    out
}

/// The cells, and where they are.
fn strips<W: Write + Seek, K: TiffKind>(
    directory: &mut DirectoryEncoder<'_, W, K>,
    raster: &Raster<'_>,
) -> TiffResult<()> {
    let row = raster.width * raster.image.variable.element.size();
    let rows = (STRIP / row).clamp(1, raster.height);
    let starts = || (0..raster.height).step_by(rows);
    let all: Vec<(usize, Range<usize>)> = (0..raster.bands)
        .flat_map(|band| starts().map(move |y| (band, y..y + rows)))
        .collect();
    let (mut offsets, mut sizes) = (Vec::new(), Vec::new());
    for batch in all.chunks(BATCH) {
        let compressed: std::io::Result<Vec<Vec<u8>>> = batch
            .par_iter()
            .map(|(band, rows)| {
                let rows = rows.start..rows.end.min(raster.height);
                let mut plain = Vec::with_capacity(rows.len() * row);
                for y in rows {
                    raster
                        .row(*band, y)
                        .for_each(|cell| plain.extend_from_slice(cell));
                }
                let mut out = Vec::new();
                Deflate::default().write_to(&mut out, &plain)?;
                Ok(out)
            })
            .collect();
        for strip in compressed? {
            offsets.push(K::convert_offset(directory.write_data(&strip[..])?)?);
            sizes.push(K::convert_offset(strip.len() as u64)?);
        }
    }
    directory.write_tag(Tag::RowsPerStrip, u32::try_from(rows)?)?;
    directory.write_tag(Tag::StripOffsets, K::convert_slice(&offsets))?;
    directory.write_tag(Tag::StripByteCounts, K::convert_slice(&sizes))
}
