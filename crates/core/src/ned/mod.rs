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
//!
//! A [`Record`] is what is known of all events without their ticks: the [`RangeTable`] of their chunks, and
//! whether they are in order. From it follow which chunks of ticks must be read to answer a [`Query`],
//! and to plan an [`Arrival`]. [`Convention`] says it to others. Nothing here reads or writes a store.
//!
//! Source: the design note "Data Management For Multidimensional Data"; `spec/ned.md`.

mod arrival;
mod convention;
mod identity;
mod moves;
mod plan;
mod precision;
mod query;
mod range;
mod record;
mod table;

pub use arrival::{Arrival, OnMatch};
pub use convention::{Convention, UUID};
pub use identity::Identity;
pub use moves::{Move, closing, moved, sorting};
pub use plan::{Placed, Plan};
pub use precision::Precision;
pub use query::{Events, Query};
pub use range::Range;
pub use record::Record;
pub use table::{COLUMNS, Direction, RangeTable, Ticks};
