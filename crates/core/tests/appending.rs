//! Appending, by one and by several.
