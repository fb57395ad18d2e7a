//! Extents that touch, fetched by one request.

use std::ops::Range;

use ziggurat_core::{Error, Result};

use super::codec::{PLACE, to_usize};

/// Requests for extents, and where each extent is in what they bring.
#[derive(Debug)]
pub(super) struct Requests {
    requests: Vec<Range<u64>>,
    /// For each extent the request, and the bytes of it.
    places: Vec<(usize, Range<usize>)>,
}

impl Requests {
    /// One request for each run of extents of which each starts where the one before ends; none for
    /// empty ones.
    pub(super) fn new(extents: &[Range<u64>]) -> Self {
        let mut requests: Vec<Range<u64>> = Vec::new();
        let mut places = Vec::with_capacity(extents.len());
        for extent in extents {
            if extent.is_empty() {
                places.push((usize::MAX, 0..0));
                continue;
            }
            match requests.last_mut() {
                Some(last) if last.end == extent.start => last.end = extent.end,
                _ => requests.push(extent.clone()),
            }
            let request = requests.len() - 1;
            let start = requests[request].start;
            let place = to_usize(extent.start - start)..to_usize(extent.end - start);
            places.push((request, place));
        }
        Self { requests, places }
    }

    /// The ranges of bytes to fetch.
    pub(super) fn ranges(&self) -> &[Range<u64>] {
        &self.requests
    }

    /// What they would bring from `bytes`, all that there are; less if these end earlier.
    pub(super) fn of<'a>(&self, bytes: &'a [u8]) -> Vec<&'a [u8]> {
        let ranges = self.requests.iter();
        let ranges = ranges.map(|range| bytes.get(to_usize(range.start)..to_usize(range.end)));
        ranges.map(Option::unwrap_or_default).collect()
    }

    /// Checks that `fetched` is what was asked for.
    pub(super) fn check(&self, fetched: &[impl AsRef<[u8]>]) -> Result<()> {
        let lengths = fetched.iter().map(|bytes| bytes.as_ref().len() as u64);
        let asked = self.requests.iter().map(|range| range.end - range.start);
        match lengths.eq(asked) {
            true => Ok(()),
            false => Err(Error::data(
                PLACE,
                "cut off: fewer bytes than its blocks have",
            )),
        }
    }

    /// The bytes of extent `n` in what was fetched and [checked](Self::check).
    pub(super) fn find<'a>(&self, n: usize, fetched: &'a [impl AsRef<[u8]>]) -> &'a [u8] {
        let (request, place) = &self.places[n];
        let bytes = fetched
            .get(*request)
            .and_then(|b| b.as_ref().get(place.clone()));
        bytes.unwrap_or_default()
    }
}
