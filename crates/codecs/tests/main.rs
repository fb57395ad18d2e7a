//! Formats against the software that they come from.

mod legacy;
