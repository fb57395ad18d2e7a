//! Everything that GDAL opens, with the feature `gdal`.

use std::ops::Range;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use ::gdal::errors::GdalError;
use ::gdal::raster::{GdalType, RasterBand};
use ::gdal::{Dataset, Metadata};
use ziggurat_core::{
    Affine, Attributes, Crs, Element, ElementType, Error, Region, Result, Scalar, Variable, element,
};

use super::bands::{self, Band, Raster};
use super::geotiff::metadata::{self, Item};
use super::{Source, geotiff, time_of};

/// A raster dataset of GDAL.
///
/// Alike bands are one variable `data` of dimensions (y, x) or (band, y, x), others one variable
/// each. Values are returned as they are stored: scale and offset are attributes. GDAL's datasets
/// belong to one thread at a time, so reads wait for each other.
pub struct GdalRaster {
    place: String,
    dataset: Mutex<Dataset>,
    variables: Vec<Variable>,
    /// The bands of each variable, counted from 0.
    bands: Vec<Range<u64>>,
    block: [u64; 2],
}

impl std::fmt::Debug for GdalRaster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GdalRaster")
            .field("place", &self.place)
            .field("variables", &self.variables)
            .finish_non_exhaustive()
    }
}

impl GdalRaster {
    /// Opens a file, or anything else that GDAL takes for a dataset (`NETCDF:"a.nc":var`,
    /// `/vsicurl/...`).
    ///
    /// # Errors
    /// [`Error::Other`] with GDAL's message; [`Error::Caller`] for a dataset that has subdatasets
    /// instead of bands, listing them; [`Error::Unsupported`] for complex bands.
    pub fn open(path: &Path) -> Result<Self> {
        let place = path.display().to_string();
        let dataset =
            Dataset::open(path).map_err(|e| Error::other(&place, "GDAL cannot open it", e))?;
        if dataset.raster_count() == 0 {
            return Err(no_bands(&place, &dataset));
        }
        let failed = |e| Error::other(&place, "GDAL cannot read its header", e);
        let (width, height) = dataset.raster_size();
        let raster = Raster {
            height: height as u64,
            width: width as u64,
            crs: crs(&dataset),
            transform: dataset
                .geo_transform()
                .ok()
                .map(|[c, a, b, f, d, e]| Affine([a, b, c, d, e, f])),
        };
        let mut bands = dataset
            .rasterbands()
            .map(|band| describe(&band.map_err(failed)?, &place))
            .collect::<Result<Vec<_>>>()?;
        let mut attributes = Attributes::new();
        metadata::apply(&items(&dataset), &mut bands, &mut attributes, &place);
        let written = dataset
            .metadata_item("TIFFTAG_DATETIME", "")
            .and_then(|text| time_of::in_text(&text).ok().flatten());
        if let Some(time) = written {
            attributes.insert(time_of::FILE_TIME.to_owned(), time.to_string().into());
        }
        let (cols, rows) = dataset.rasterband(1).map_err(failed)?.block_size();
        let (variables, bands) = bands::variables(&bands, &raster, &attributes)
            .into_iter()
            .unzip();
        Ok(Self {
            dataset: Mutex::new(dataset),
            variables,
            bands,
            block: [rows as u64, cols as u64],
            place,
        })
    }
}

/// That a dataset has no bands, and what it has instead.
fn no_bands(place: &str, dataset: &Dataset) -> Error {
    let parts = dataset
        .metadata_domain("SUBDATASETS")
        .unwrap_or_default()
        .into_iter()
        .filter_map(|entry| {
            let (key, value) = entry.split_once('=')?;
            key.ends_with("_NAME").then(|| value.to_owned())
        });
    let parts: Vec<_> = parts.collect();
    if parts.is_empty() {
        Error::caller(place, "GDAL finds no raster bands in it")
    } else {
        Error::caller(
            place,
            format!("has no bands of its own; give one of {}", parts.join(", ")),
        )
    }
}

fn crs(dataset: &Dataset) -> Option<Crs> {
    let reference = dataset.spatial_ref().ok()?;
    let wkt = reference.to_wkt().ok()?;
    Some(Crs::new(reference.authority().ok(), Some(wkt)))
}

/// The metadata of a dataset, with that of its only band and the items of documents within it.
fn items(dataset: &Dataset) -> Vec<Item> {
    let mut entries: Vec<_> = dataset.metadata().collect();
    if let (1, Ok(band)) = (dataset.raster_count(), dataset.rasterband(1)) {
        entries.extend(band.metadata());
    }
    let entries = entries.iter().filter(|e| e.is_default_domain());
    let items = entries.flat_map(|e| {
        if e.value.contains("<Item") {
            metadata::items(&e.value)
        } else {
            vec![Item::new(&e.key, &e.value)]
        }
    });
    items.collect()
}

fn describe(band: &RasterBand<'_>, place: &str) -> Result<Band> {
    let signed_byte = band.metadata_item("PIXELTYPE", "IMAGE_STRUCTURE");
    let element = match &*band.band_type().name() {
        "Byte" if signed_byte.as_deref() == Some("SIGNEDBYTE") => ElementType::Int8,
        "Byte" | "UInt8" => ElementType::UInt8,
        "Int8" => ElementType::Int8,
        "UInt16" => ElementType::UInt16,
        "Int16" => ElementType::Int16,
        "UInt32" => ElementType::UInt32,
        "Int32" => ElementType::Int32,
        "UInt64" => ElementType::UInt64,
        "Int64" => ElementType::Int64,
        "Float32" => ElementType::Float32,
        "Float64" => ElementType::Float64,
        other => return Err(Error::unsupported(place, format!("bands of type {other}"))),
    };
    let nodata = match element {
        ElementType::UInt64 => band.no_data_value_u64().map(Scalar::UInt),
        ElementType::Int64 => band.no_data_value_i64().map(Scalar::Int),
        // A whole number is written alike as a float.
        _ => band
            .no_data_value()
            .and_then(|v| geotiff::scalar(&v.to_string())),
    };
    Ok(Band {
        nodata,
        scale: band.scale(),
        offset: band.offset(),
        unit: metadata::text(&band.unit()),
        description: band.description().ok().and_then(|d| metadata::text(&d)),
        ..Band::new(element)
    })
}

/// Rows and columns to read: first column and row, width and height.
type Window = ((isize, isize), (usize, usize));

fn read<T: GdalType + Element>(
    band: &RasterBand<'_>,
    (at, size): Window,
) -> std::result::Result<Vec<u8>, GdalError> {
    let buffer = band.read_as::<T>(at, size, size, None)?;
    Ok(element::to_bytes(buffer.data()))
}

fn read_bytes(
    band: &RasterBand<'_>,
    element: ElementType,
    window: Window,
) -> std::result::Result<Vec<u8>, GdalError> {
    match element {
        ElementType::UInt16 => read::<u16>(band, window),
        ElementType::Int16 => read::<i16>(band, window),
        ElementType::UInt32 => read::<u32>(band, window),
        ElementType::Int32 => read::<i32>(band, window),
        ElementType::UInt64 => read::<u64>(band, window),
        ElementType::Int64 => read::<i64>(band, window),
        ElementType::Float32 => read::<f32>(band, window),
        ElementType::Float64 => read::<f64>(band, window),
        // Before GDAL 3.7 signed bytes are bytes; since then they are read through a type that
        // every version knows.
        ElementType::Int8 if band.band_type().name() == "Int8" => {
            let wide = read::<i16>(band, window)?;
            let low = usize::from(cfg!(target_endian = "big"));
            Ok(wide.into_iter().skip(low).step_by(2).collect())
        }
        _ => read::<u8>(band, window),
    }
}

impl Source for GdalRaster {
    fn place(&self) -> &str {
        &self.place
    }

    fn variables(&self) -> &[Variable] {
        &self.variables
    }

    fn read(&self, variable: usize, region: &Region) -> Result<Vec<u8>> {
        let failed = |e| Error::other(&self.place, format!("GDAL cannot read {region}"), e);
        let signed = |n: u64| {
            isize::try_from(n).map_err(|_| Error::limit(&self.place, format!("position {n}")))
        };
        let size = |n: u64| {
            usize::try_from(n).map_err(|_| Error::limit(&self.place, format!("{n} cells")))
        };
        let rank = region.rank();
        let (y, x) = (rank - 2, rank - 1);
        let window = (
            (signed(region.start[x])?, signed(region.start[y])?),
            (size(region.shape[x])?, size(region.shape[y])?),
        );
        let first = self.bands[variable].start;
        let bands = match rank {
            2 => first..first + 1,
            _ => first + region.start[0]..first + region.end(0),
        };
        let element = self.variables[variable].element;
        let dataset = self.dataset.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out = Vec::new();
        for band in bands {
            let band = dataset.rasterband(size(band + 1)?).map_err(failed)?;
            out.extend(read_bytes(&band, element, window).map_err(failed)?);
        }
        Ok(out)
    }

    fn read_shape(&self, variable: usize) -> Vec<u64> {
        let mut shape = self.variables[variable].shape();
        let spatial = shape.len() - 2;
        for (n, block) in shape[spatial..].iter_mut().zip(self.block) {
            *n = block.min(*n);
        }
        if spatial > 0 {
            shape[0] = 1;
        }
        shape
    }
}
