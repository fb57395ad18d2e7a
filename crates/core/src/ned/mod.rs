//! Non-equidistant dimensions: where events lie, chunk by chunk, as a range and parameters.
//!
//! An event has an exact coordinate in integer *ticks*, say milliseconds since 1970. The events of one
//! chunk along the dimension lie in one [`Range`], and each has a *parameter* `p` in `[0, 1)`:
//!
//! > coordinate = start + p (stop - start)
//!
//! Ranges are dyadic, so that chunks nest, and [`Precision`] says how a parameter is stored and how far
//! a stored one may be from the truth.
//!
//! ```
//! use ziggurat_core::ned::{Precision, Range};
//! let range = Range::holding(1_000, 1_900).ok_or("no events")?;
//! assert_eq!((range.start(), range.stop()), (0, 2_048));
//! let stored = Precision::Fixed16.encode(range, 1_536);
//! assert_eq!(stored, 0xc000, "three quarters");
//! assert_eq!(Precision::Fixed16.decode(range, stored), 1_536);
//! # Ok::<(), &str>(())
//! ```
//! Source: the design note "Data Management For Multidimensional Data"; `spec/ned.md`.

mod precision;
mod range;

pub use precision::Precision;
pub use range::Range;
