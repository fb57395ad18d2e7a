//! Aggregation along a non-equidistant dimension of time: what is said of events, bin by bin, and
//! which events stay where fewer are wanted.
//!
//! * *bin*: a [`Statistic`] of the events in each bin of a [`Binning`]. A [`Binner`] computes it from
//!   frames that come in the order of time; a [`TickBins`] knows which bins a changed event makes
//!   stale, and which events they are remade from. The result is equidistant if the bins are.
//! * *thin*: [`Thin`] keeps some of the events, unchanged. The result stays non-equidistant.
//!
//! [`TimeAggregator`] is either of them, by its name. Events are known by integer ticks of
//! [`TimeUnits`](ziggurat_core::time::TimeUnits); the values of one event are its *frame*.

mod binner;
mod binning;
mod cells;
mod method;
mod stale;
mod statistic;
mod thin;
mod value;

pub use binner::{Bin, Binner};
pub use binning::{Binning, TickBins};
pub use method::TimeAggregator;
pub use statistic::{Hold, NEVER, Statistic};
pub use thin::{Thin, frame_mean};
