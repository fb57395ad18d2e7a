//! Integration tests, one binary.
#![allow(missing_docs, reason = "tests")]

mod tiff;
