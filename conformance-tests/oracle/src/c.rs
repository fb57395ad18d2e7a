//! The calls of C-Blosc2. Sizes are bytes; an error is the number that a call returns.
#![allow(
    unsafe_code,
    reason = "calls of C; chunks come from an encoder and are no foreign bytes"
)]

use std::ops::Range;
use std::ptr;
use std::sync::Once;

use blosc2_sys as sys;
use ziggurat_codecs::blosc2::Special;

/// What C-Blosc2 is told when it compresses, by its own numbers.
#[derive(Clone, Copy)]
pub(crate) struct Parameters {
    pub(crate) codec: u32,
    pub(crate) level: u8,
    pub(crate) typesize: usize,
    pub(crate) block: usize,
    pub(crate) split: u32,
    pub(crate) filters: [u8; 6],
    pub(crate) meta: [u8; 6],
    pub(crate) dictionary: bool,
}

/// What a call returns for arguments that do not fit it.
const INVALID: i32 = -12;

/// Makes C-Blosc2 ready, once.
fn start() {
    static START: Once = Once::new();
    // SAFETY: it is called once, before every other call.
    START.call_once(|| unsafe { sys::blosc2_init() });
}

fn int(size: usize) -> Result<i32, i32> {
    i32::try_from(size).map_err(|_| INVALID)
}

impl Parameters {
    fn to_c(self, threads: i16) -> Result<sys::blosc2_cparams, i32> {
        Ok(sys::blosc2_cparams {
            compcode: u8::try_from(self.codec).map_err(|_| INVALID)?,
            compcode_meta: 0,
            clevel: self.level,
            use_dict: i32::from(self.dictionary),
            typesize: int(self.typesize)?,
            nthreads: threads,
            blocksize: int(self.block)?,
            splitmode: i32::try_from(self.split).map_err(|_| INVALID)?,
            schunk: ptr::null_mut(),
            filters: self.filters,
            filters_meta: self.meta,
            prefilter: None,
            preparams: ptr::null_mut(),
            tuner_params: ptr::null_mut(),
            tuner_id: 0,
            instr_codec: false,
            codec_params: ptr::null_mut(),
            filter_params: [ptr::null_mut(); 6],
        })
    }
}

/// A context, which one thread uses.
struct Context(*mut sys::blosc2_context);

impl Context {
    fn to_compress(parameters: &Parameters, threads: i16) -> Result<Self, i32> {
        start();
        let parameters = parameters.to_c(threads)?;
        // SAFETY: the parameters are complete, and their null pointers mean 'none'.
        Self::new(unsafe { sys::blosc2_create_cctx(parameters) })
    }

    fn to_decompress(threads: i16) -> Result<Self, i32> {
        start();
        let parameters = sys::blosc2_dparams {
            nthreads: threads,
            schunk: ptr::null_mut(),
            postfilter: None,
            postparams: ptr::null_mut(),
        };
        // SAFETY: the parameters are complete, and their null pointers mean 'none'.
        Self::new(unsafe { sys::blosc2_create_dctx(parameters) })
    }

    fn new(context: *mut sys::blosc2_context) -> Result<Self, i32> {
        match context.is_null() {
            true => Err(INVALID),
            false => Ok(Self(context)),
        }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: it was created and not freed before.
        unsafe { sys::blosc2_free_ctx(self.0) };
    }
}

/// The chunk of `elements`, to which at most two filters are applied: the third would write into them.
pub(crate) fn compress(
    parameters: Parameters,
    elements: &[u8],
    threads: i16,
) -> Result<Vec<u8>, i32> {
    if parameters.filters.iter().filter(|&&code| code != 0).count() > 2 {
        return Err(INVALID);
    }
    let context = Context::to_compress(&parameters, threads)?;
    let mut out = vec![0; elements.len() + sys::BLOSC2_MAX_OVERHEAD as usize];
    let (from, to) = (int(elements.len())?, int(out.len())?);
    // SAFETY: both buffers have the sizes that are given.
    let size = unsafe {
        let (src, dst) = (elements.as_ptr().cast(), out.as_mut_ptr().cast());
        sys::blosc2_compress_ctx(context.0, src, from, dst, to)
    };
    shortened(out, size)
}

/// The chunk of `size` bytes that are all the same elements.
pub(crate) fn special(
    parameters: Parameters,
    special: Special,
    value: &[u8],
    size: usize,
) -> Result<Vec<u8>, i32> {
    start();
    if special == Special::Repeated && value.len() != parameters.typesize {
        return Err(INVALID);
    }
    let c = parameters.to_c(1)?;
    let mut out = vec![0; sys::BLOSC_EXTENDED_HEADER_LENGTH as usize + value.len()];
    let (size, room) = (int(size)?, int(out.len())?);
    let dst = out.as_mut_ptr().cast();
    // SAFETY: `out` has the size that is given, and `value` that of an element.
    let size = unsafe {
        match special {
            Special::Zeros => sys::blosc2_chunk_zeros(c, size, dst, room),
            Special::Nan => sys::blosc2_chunk_nans(c, size, dst, room),
            Special::Uninitialized => sys::blosc2_chunk_uninit(c, size, dst, room),
            Special::Repeated => {
                sys::blosc2_chunk_repeatval(c, size, dst, room, value.as_ptr().cast())
            }
        }
    };
    shortened(out, size)
}

/// The elements of `chunk`; only those of one block, if one is given.
pub(crate) fn decompress(chunk: &[u8], threads: i16, block: Option<usize>) -> Result<Vec<u8>, i32> {
    let [decoded, size] = sizes(chunk)?;
    let context = Context::to_decompress(threads)?;
    let mut out = vec![0; decoded];
    if let Some(block) = block {
        let blocks = decoded.div_ceil(size.max(1));
        let mut skipped: Vec<bool> = (0..blocks).map(|b| b != block).collect();
        let blocks = int(blocks)?;
        // SAFETY: the mask has an entry for each block, and C-Blosc2 copies it.
        let code = unsafe { sys::blosc2_set_maskout(context.0, skipped.as_mut_ptr(), blocks) };
        if code < 0 {
            return Err(code);
        }
    }
    let (from, to) = (int(chunk.len())?, int(out.len())?);
    // SAFETY: both buffers have the sizes that are given, and `chunk` was made by an encoder.
    let size = unsafe {
        let (src, dst) = (chunk.as_ptr().cast(), out.as_mut_ptr().cast());
        sys::blosc2_decompress_ctx(context.0, src, from, dst, to)
    };
    shortened(out, size)
}

/// The elements `range` of `chunk`, which have `typesize` bytes.
pub(crate) fn items(chunk: &[u8], range: Range<usize>, typesize: usize) -> Result<Vec<u8>, i32> {
    let context = Context::to_decompress(1)?;
    let mut out = vec![0; range.len() * typesize];
    let (from, to) = (int(chunk.len())?, int(out.len())?);
    let (start, count) = (int(range.start)?, int(range.len())?);
    // SAFETY: both buffers have the sizes that are given, and `chunk` was made by an encoder.
    let size = unsafe {
        let (src, dst) = (chunk.as_ptr().cast(), out.as_mut_ptr().cast());
        sys::blosc2_getitem_ctx(context.0, src, from, start, count, dst, to)
    };
    shortened(out, size)
}

/// The decoded sizes of `chunk` and of a block of it.
fn sizes(chunk: &[u8]) -> Result<[usize; 2], i32> {
    let (mut decoded, mut encoded, mut block) = (0, 0, 0);
    if chunk.len() < sys::BLOSC_EXTENDED_HEADER_LENGTH as usize {
        return Err(INVALID);
    }
    // SAFETY: it reads the header, which is there, and writes three numbers.
    let code = unsafe {
        let chunk = chunk.as_ptr().cast();
        sys::blosc2_cbuffer_sizes(chunk, &raw mut decoded, &raw mut encoded, &raw mut block)
    };
    let size = |n: i32| usize::try_from(n).map_err(|_| n);
    match code {
        0.. => Ok([size(decoded)?, size(block)?]),
        code => Err(code),
    }
}

fn shortened(mut out: Vec<u8>, size: i32) -> Result<Vec<u8>, i32> {
    out.truncate(usize::try_from(size).map_err(|_| size)?);
    Ok(out)
}
