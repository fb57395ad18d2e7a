//! Arrays in superchunks: the metalayers `b2nd` and `caterva`, reading by region, writing by chunk.

mod layout;
mod read;
mod resize;
mod strips;
mod write;

pub use layout::NdLayout;
pub use read::B2nd;
pub use resize::Resize;
pub use write::NdWriter;

/// The place that errors name.
const PLACE: &str = "blosc2 array";
