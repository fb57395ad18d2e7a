//! Levels, aggregators and retrievers of multi-resolution gridded data.

pub mod resample;
