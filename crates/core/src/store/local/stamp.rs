//! Times of change that tell versions apart.
//!
//! The clock by which the kernel marks a written file advances in steps of milliseconds, and an
//! inode may be used again, so that two versions of equal length could look alike. Files are
//! therefore stamped: each version of a file is later than the one it replaces, and no two
//! versions that a process writes have one stamp. Stamps are multiples of [`STEP`], which times of
//! the kernel are not but for one in [`STEP`]: a file that was changed a moment ago and bears no
//! stamp is being updated in place.

use std::fs::Metadata;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Nanoseconds between stamps: no finer than any file system in use.
const STEP: u64 = 100_000;

/// Updates in place take less, in nanoseconds.
const RECENT: u64 = 1_000_000_000;

/// Nanoseconds of the Unix epoch until the last change of a file.
pub(crate) fn of(meta: &Metadata) -> u64 {
    meta.modified().map_or(0, nanoseconds)
}

/// The next stamp; later than `after`.
pub(crate) fn next(after: u64) -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let now = nanoseconds(SystemTime::now()).max(after.saturating_add(STEP)) / STEP * STEP;
    let later = |last: u64| now.max(last.saturating_add(STEP));
    let last = LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |l| Some(later(l)));
    later(last.unwrap_or_else(|last| last))
}

/// A stamp as the system takes it.
pub(crate) fn time(stamp: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_nanos(stamp)
}

/// Whether a file with this time of change may be in the middle of an update.
pub(super) fn is_unsettled(modified: u64) -> bool {
    !modified.is_multiple_of(STEP)
        && nanoseconds(SystemTime::now()).saturating_sub(modified) < RECENT
}

fn nanoseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_increase_even_if_the_clock_stands_still() {
        let mut last = next(0);
        for _ in 0..1000 {
            let stamp = next(0);
            assert!(stamp > last && stamp.is_multiple_of(STEP));
            last = stamp;
        }
        let future = last + 3600 * 1_000_000_000 + 1;
        assert!(next(future) > future, "later than what is replaced");
    }

    #[test]
    fn only_fresh_times_without_a_stamp_are_unsettled() {
        let now = nanoseconds(SystemTime::now()) / STEP * STEP;
        assert!(!is_unsettled(now));
        assert!(is_unsettled(now - 1));
        assert!(
            is_unsettled(now + 10 * RECENT + 1),
            "a clock that went back"
        );
        assert!(!is_unsettled(now - 2 * RECENT + 1));
    }
}
