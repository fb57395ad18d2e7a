//! Arrays and stores of zarrs 0.23: the one place of this module that knows zarrs' types.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use serde_json::{Value, json};
use zarrs::array::{Array, ArrayBytes, ArrayCreateError, ArrayMetadata, ArraySubset};
use zarrs::metadata::v3::MetadataV3;
use zarrs::plugin::ExtensionName;
use zarrs::storage::byte_range::{ByteRange as ZarrsRange, ByteRangeIterator};
use zarrs::storage::{MaybeBytesIterator, ReadableStorageTraits, StorageError, StoreKey};

use super::Elements;
use crate::exec::block_on;
use crate::store::{ByteRange, Fetched, Store};
use crate::{Error, Region, Result};

/// A store of ours as zarrs reads it.
#[derive(Debug)]
struct Storage(Arc<dyn Store>);

impl ReadableStorageTraits for Storage {
    fn get_partial_many<'a>(
        &'a self,
        key: &StoreKey,
        byte_ranges: ByteRangeIterator<'a>,
    ) -> std::result::Result<MaybeBytesIterator<'a>, StorageError> {
        let key = key.as_str();
        let failed = |e: Error| StorageError::Other(e.to_string());
        let ranges: Vec<ZarrsRange> = byte_ranges.collect();
        let open = |range: &ZarrsRange| matches!(range, ZarrsRange::FromStart(_, None));
        let size = match ranges.iter().any(open) {
            false => 0,
            true => match block_on(self.0.size(key)).map_err(failed)? {
                None => return Ok(None),
                Some(size) => size,
            },
        };
        let range = |range: &ZarrsRange| match *range {
            ZarrsRange::Suffix(length) => ByteRange::Suffix { length },
            ZarrsRange::FromStart(offset, length) => ByteRange::Bounded {
                offset,
                length: length.unwrap_or(size.saturating_sub(offset)),
            },
        };
        let ranges: Vec<ByteRange> = ranges.iter().map(range).collect();
        match block_on(self.0.get_ranges(key, &ranges, None)).map_err(failed)? {
            Fetched::Absent | Fetched::Changed => Ok(None),
            Fetched::Ranges(_, parts) => Ok(Some(Box::new(parts.into_iter().map(Ok)))),
        }
    }

    fn size_key(&self, key: &StoreKey) -> std::result::Result<Option<u64>, StorageError> {
        block_on(self.0.size(key.as_str())).map_err(|e| StorageError::Other(e.to_string()))
    }

    fn supports_get_partial(&self) -> bool {
        true
    }
}

/// An array that zarrs reads.
#[derive(Debug)]
pub(super) struct Foreign {
    array: Array<Storage>,
    place: String,
}

impl Foreign {
    /// Opens an array that could not be opened otherwise for the reason `first`.
    pub(super) fn open(store: Arc<dyn Store>, path: &str, first: Error) -> Result<Self> {
        let place = store.place(path);
        match Array::open(Arc::new(Storage(store)), &format!("/{path}")) {
            Ok(array) => Ok(Self { array, place }),
            Err(ArrayCreateError::StorageError(e)) => Err(Error::other(place, "cannot read", e)),
            // What zarrs does not find or know is best said by the error that was first.
            Err(_) => Err(first),
        }
    }

    pub(super) fn place(&self) -> String {
        self.place.clone()
    }

    pub(super) fn shape(&self) -> &[u64] {
        self.array.shape()
    }

    pub(super) fn data_type(&self) -> Value {
        match self.array.metadata() {
            ArrayMetadata::V3(metadata) => json!(metadata.data_type),
            ArrayMetadata::V2(_) => {
                let data_type = self.array.data_type();
                let name = data_type.name_v3().unwrap_or_default();
                let configuration = data_type.configuration_v3();
                json!(match configuration.is_empty() {
                    true => MetadataV3::new(name),
                    false => MetadataV3::new_with_configuration(name, configuration),
                })
            }
        }
    }

    /// Bytes of one element; `None` if they differ in size.
    pub(super) fn element_size(&self) -> Option<usize> {
        self.array.data_type().fixed_size()
    }

    /// No elements, of the type of the array.
    pub(super) fn empty(&self) -> Result<Elements> {
        let none = vec![0; self.shape().len()];
        self.read(&Region::new(none.clone(), none))
    }

    pub(super) fn read(&self, region: &Region) -> Result<Elements> {
        let damaged = |what: String| Error::data(&self.place, format!("cannot decode: {what}"));
        let ranges: Vec<_> = (0..region.rank())
            .map(|d| region.start[d]..region.end(d))
            .collect();
        let subset = ArraySubset::new_with_ranges(&ranges);
        // A decoder of zarrs may panic where data is damaged.
        let read = || {
            self.array
                .retrieve_array_subset::<ArrayBytes<'static>>(&subset)
        };
        let bytes = catch_unwind(AssertUnwindSafe(read))
            .map_err(|_| damaged("the decoder gave up".to_owned()))?
            .map_err(|e| damaged(e.to_string()))?;
        Ok(elements(bytes, region.len(), self.element_size()))
    }
}

fn elements(bytes: ArrayBytes<'_>, count: u64, size: Option<usize>) -> Elements {
    match bytes {
        ArrayBytes::Fixed(bytes) => {
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            let size = size.or(bytes.len().checked_div(count)).unwrap_or(0);
            Elements::Fixed {
                size,
                bytes: bytes.into_owned(),
            }
        }
        ArrayBytes::Variable(variable) => {
            let (bytes, offsets) = variable.into_parts();
            Elements::Variable {
                bytes: bytes.into_owned(),
                offsets: offsets.to_vec(),
            }
        }
        ArrayBytes::Optional(optional) => {
            let (data, mask) = optional.into_parts();
            Elements::Optional {
                elements: Box::new(elements(*data, count, size)),
                present: mask.iter().map(|there| *there != 0).collect(),
            }
        }
    }
}
