//! Tests against files that other software made.

mod source;
