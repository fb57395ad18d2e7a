//! Decoding of one chunk, apart from its file.
//!
//! Each chunk is handed to the decoder as a TIFF of its own: one strip of plain samples. So threads
//! share no decoder, tables of millions of chunks are parsed once, and what the samples *mean*
//! (palette, inverted grey, extra bands) does not stand in the way of reading them.

use std::io::Cursor;

use tiff::decoder::{Decoder, Limits};
use tiff::{TiffError, TiffResult};

use super::layout::Coding;

/// The header of a TIFF whose only strip, of `rows` x `cols` pixels, is the `length` bytes after it.
pub(super) fn header(coding: &Coding, rows: u32, cols: u32, length: u32) -> Vec<u8> {
    const SHORT: u16 = 3;
    const LONG: u16 = 4;
    const UNDEFINED: u16 = 7;
    let tables = coding.jpeg_tables.as_deref().unwrap_or_default();
    let tags = if tables.is_empty() { 11 } else { 12 };
    let end = 8 + 2 + tags * 12 + 4;
    let tables_len = u32::try_from(tables.len()).unwrap_or(u32::MAX);
    let mut out = Vec::new();
    let mut put = |value: u32, size: usize| {
        if coding.big_endian {
            out.extend_from_slice(&value.to_be_bytes()[4 - size..]);
        } else {
            out.extend_from_slice(&value.to_le_bytes()[..size]);
        }
    };
    put(if coding.big_endian { 0x4d4d } else { 0x4949 }, 2);
    put(42, 2);
    put(8, 4);
    put(tags, 2);
    let mut tag = |tag: u16, kind: u16, count: u32, value: u32| {
        put(tag.into(), 2);
        put(kind.into(), 2);
        put(count, 4);
        match kind {
            SHORT => {
                put(value, 2);
                put(0, 2);
            }
            _ => put(value, 4),
        }
    };
    tag(256, LONG, 1, cols);
    tag(257, LONG, 1, rows);
    tag(258, SHORT, 1, coding.bits.into());
    tag(259, SHORT, 1, coding.compression.into());
    tag(262, SHORT, 1, 1);
    tag(273, LONG, 1, end.saturating_add(tables_len));
    tag(277, SHORT, 1, coding.samples.into());
    tag(278, LONG, 1, rows);
    tag(279, LONG, 1, length);
    tag(317, SHORT, 1, coding.predictor.into());
    tag(339, SHORT, 1, coding.format.into());
    if !tables.is_empty() {
        tag(347, UNDEFINED, tables_len, end);
    }
    put(0, 4);
    out.extend_from_slice(tables);
    out
}

/// Decodes a strip with its [`header`] into `len` bytes of native-endian samples, pixel by pixel;
/// samples of less than a byte become one byte each.
pub(super) fn decode(strip: &[u8], coding: &Coding, cols: u64, len: usize) -> TiffResult<Vec<u8>> {
    let mut limits = Limits::unlimited();
    limits.decoding_buffer_size = len;
    let mut decoder = Decoder::new(Cursor::new(strip))?.with_limits(limits);
    let layout = decoder.image_chunk_buffer_layout(0)?;
    if layout.len != len {
        return Err(TiffError::LimitsExceeded);
    }
    let mut out = vec![0; len];
    decoder.read_chunk_bytes(0, &mut out)?;
    if coding.bits < 8 {
        out = unpack(&out, coding, cols);
    }
    if coding.ycbcr {
        out.as_chunks_mut().0.iter_mut().for_each(to_rgb);
    }
    Ok(out)
}

/// One byte for each sample of 1, 2 or 4 bits; rows begin at whole bytes.
fn unpack(packed: &[u8], coding: &Coding, cols: u64) -> Vec<u8> {
    let bits = usize::from(coding.bits);
    let per_row = usize::from(coding.samples) * usize::try_from(cols).unwrap_or_default();
    let mask = 0xff_u8 >> (8 - bits);
    packed
        .chunks((per_row * bits).div_ceil(8).max(1))
        .flat_map(|row| {
            (0..per_row).map(move |i| row[i * bits / 8] >> (8 - bits - i * bits % 8) & mask)
        })
        .collect()
}

/// One pixel of full-range `YCbCr` as RGB, after JFIF 1.02.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a byte"
)]
fn to_rgb(pixel: &mut [u8; 3]) {
    let [y, cb, cr] = pixel.map(f32::from);
    let (cb, cr) = (cb - 128.0, cr - 128.0);
    *pixel = [
        y + 1.402 * cr,
        y - 0.344_136 * cb - 0.714_136 * cr,
        y + 1.772 * cb,
    ]
    .map(|v| v.round().clamp(0.0, 255.0) as u8);
}

/// Bands after one another from pixels after one another: `(pixel, band)` to `(band, pixel)`.
pub(super) fn separate(pixels: &[u8], bands: usize, size: usize) -> Vec<u8> {
    match size {
        1 => separate_words::<1>(pixels, bands),
        2 => separate_words::<2>(pixels, bands),
        4 => separate_words::<4>(pixels, bands),
        8 => separate_words::<8>(pixels, bands),
        _ => separate_words::<16>(pixels, bands),
    }
}

fn separate_words<const N: usize>(pixels: &[u8], bands: usize) -> Vec<u8> {
    let words = pixels.as_chunks::<N>().0;
    let mut out = Vec::with_capacity(pixels.len());
    for band in 0..bands {
        words
            .iter()
            .skip(band)
            .step_by(bands)
            .for_each(|word| out.extend_from_slice(word));
    }
    out
}
