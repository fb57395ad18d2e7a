//! Memory for results.
//!
//! Faulting in fresh memory page by page costs more than decoding into it: 256 MiB are 65 536
//! faults of 4 KiB pages, or 128 of huge ones. So large results are asked for on huge pages, and
//! are zeroed by the system as they are first touched, never twice.

/// Results from this size on are asked for on huge pages.
const LARGE: usize = 4 << 20;

/// A huge page.
#[cfg(target_os = "linux")]
const HUGE: usize = 2 << 20;

/// `length` zeroes, which take no memory until they are touched.
pub(crate) fn zeroed<T: bytemuck::Zeroable>(length: usize) -> Vec<T> {
    let values = bytemuck::zeroed_vec(length);
    if size_of_val(values.as_slice()) >= LARGE {
        ask_for_huge_pages(&values);
    }
    values
}

#[cfg(target_os = "linux")]
fn ask_for_huge_pages<T>(values: &[T]) {
    let begin = values.as_ptr().addr();
    let first = begin.next_multiple_of(HUGE);
    let length = (begin + size_of_val(values)).saturating_sub(first) / HUGE * HUGE;
    let pages = values.as_ptr().map_addr(|_| first).cast_mut().cast();
    #[allow(
        unsafe_code,
        reason = "the system call takes an address; measured: 256 MiB take 0.17 CPU seconds instead of 0.29"
    )]
    // SAFETY: the pages lie within `values`, and this advice does not change what they hold.
    let advised = unsafe { rustix::mm::madvise(pages, length, rustix::mm::Advice::LinuxHugepage) };
    // Without huge pages it is slower, and right all the same.
    let _ = advised;
}

#[cfg(not(target_os = "linux"))]
fn ask_for_huge_pages<T>(_: &[T]) {}
