//! The part of msgpack that JSON can say, in the shortest forms, as `msgpack-python` writes it.
//!
//! Source: <https://github.com/msgpack/msgpack/blob/master/spec.md>.

use serde_json::{Map, Number, Value};

/// Deepest nesting.
const DEPTH: usize = 64;

/// The value that `bytes` are, if they are just what [`encode`] makes of it.
pub(super) fn decode(bytes: &[u8]) -> Option<Value> {
    let mut reader = Reader { rest: bytes };
    let value = reader.value(DEPTH)?;
    let whole = reader.rest.is_empty();
    (whole && encode(&value).as_deref() == Some(bytes)).then_some(value)
}

/// The bytes of `value`; `None` if it is too long.
pub(super) fn encode(value: &Value) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    put(value, &mut out)?;
    Some(out)
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    /// A big-endian number of so many bytes.
    fn unsigned(&mut self, size: usize) -> Option<u64> {
        let bytes = self.take(size)?;
        Some(bytes.iter().fold(0, |n, &byte| n << 8 | u64::from(byte)))
    }

    fn signed(&mut self, size: usize) -> Option<i64> {
        let unused = 64 - 8 * size;
        Some((self.unsigned(size)? << unused).cast_signed() >> unused)
    }

    fn length(&mut self, size: usize) -> Option<usize> {
        self.unsigned(size)?.try_into().ok()
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        let [marker] = *self.take(1)? else {
            return None;
        };
        let low = |mask: u8| usize::from(marker & mask);
        Some(match marker {
            0..0x80 => marker.into(),
            0x80..0x90 => self.map(low(15), depth)?,
            0x90..0xa0 => self.list(low(15), depth)?,
            0xa0..0xc0 => self.text(low(31))?,
            0xc0 => Value::Null,
            0xc2 => false.into(),
            0xc3 => true.into(),
            0xcb => Number::from_f64(f64::from_bits(self.unsigned(8)?))?.into(),
            0xcc..=0xcf => self.unsigned(1 << (marker - 0xcc))?.into(),
            0xd0..=0xd3 => self.signed(1 << (marker - 0xd0))?.into(),
            0xd9..=0xdb => {
                let length = self.length(1 << (marker - 0xd9))?;
                self.text(length)?
            }
            0xdc | 0xdd => {
                let length = self.length(2 << (marker - 0xdc))?;
                self.list(length, depth)?
            }
            0xde | 0xdf => {
                let length = self.length(2 << (marker - 0xde))?;
                self.map(length, depth)?
            }
            0xe0.. => marker.cast_signed().into(),
            _ => return None,
        })
    }

    fn text(&mut self, length: usize) -> Option<Value> {
        str::from_utf8(self.take(length)?).ok().map(Value::from)
    }

    fn list(&mut self, length: usize, depth: usize) -> Option<Value> {
        (0..length).map(|_| self.value(depth)).collect()
    }

    fn map(&mut self, length: usize, depth: usize) -> Option<Value> {
        let mut map = Map::new();
        for _ in 0..length {
            let Value::String(key) = self.value(depth)? else {
                return None;
            };
            map.insert(key, self.value(depth)?);
        }
        Some(map.into())
    }
}

fn put(value: &Value, out: &mut Vec<u8>) -> Option<()> {
    match value {
        Value::Null => out.push(0xc0),
        Value::Bool(value) => out.push(0xc2 + u8::from(*value)),
        Value::Number(n) => put_number(n, out)?,
        Value::String(text) => {
            put_length(
                text.len(),
                out,
                (0xa0, 32),
                &[(0xd9, 1), (0xda, 2), (0xdb, 4)],
            )?;
            out.extend_from_slice(text.as_bytes());
        }
        Value::Array(items) => {
            put_length(items.len(), out, (0x90, 16), &[(0xdc, 2), (0xdd, 4)])?;
            items.iter().try_for_each(|item| put(item, out))?;
        }
        Value::Object(members) => {
            put_length(members.len(), out, (0x80, 16), &[(0xde, 2), (0xdf, 4)])?;
            for (name, item) in members {
                put(&name.as_str().into(), out)?;
                put(item, out)?;
            }
        }
    }
    Some(())
}

fn put_number(number: &Number, out: &mut Vec<u8>) -> Option<()> {
    if let Some(n) = number.as_u64() {
        return put_length(
            n.try_into().ok()?,
            out,
            (0, 128),
            &[(0xcc, 1), (0xcd, 2), (0xce, 4), (0xcf, 8)],
        );
    }
    let Some(n) = number.as_i64() else {
        out.push(0xcb);
        out.extend(number.as_f64()?.to_be_bytes());
        return Some(());
    };
    if let Ok(n) = i8::try_from(n) {
        if n < -32 {
            out.push(0xd0);
        }
        out.extend(n.to_be_bytes());
    } else if let Ok(n) = i16::try_from(n) {
        out.push(0xd1);
        out.extend(n.to_be_bytes());
    } else if let Ok(n) = i32::try_from(n) {
        out.push(0xd2);
        out.extend(n.to_be_bytes());
    } else {
        out.push(0xd3);
        out.extend(n.to_be_bytes());
    }
    Some(())
}

/// A length in the marker itself if it is less than `most`, else after the first of `forms` that holds it: a
/// marker and a number of bytes.
fn put_length(
    length: usize,
    out: &mut Vec<u8>,
    (short, most): (u8, usize),
    forms: &[(u8, usize)],
) -> Option<()> {
    if length < most {
        out.push(short | u8::try_from(length).ok()?);
        return Some(());
    }
    let bytes = (length as u64).to_be_bytes();
    let needed = bytes.iter().skip_while(|&&byte| byte == 0).count();
    let (marker, size) = forms.iter().find(|(_, size)| *size >= needed)?;
    out.push(*marker);
    out.extend_from_slice(&bytes[8 - size..]);
    Some(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            (-40..300_i64).prop_map(Value::from),
            any::<f64>().prop_filter_map("JSON", |x| Number::from_f64(x).map(Value::from)),
            ".{0,40}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 64, 20, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..20).prop_map(Value::from),
                prop::collection::btree_map(".{0,4}", inner, 0..20)
                    .prop_map(|map| map.into_iter().collect::<Map<_, _>>().into()),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(value in values()) {
            let bytes = encode(&value).unwrap();
            prop_assert_eq!(decode(&bytes), Some(value));
        }

        #[test]
        fn any_bytes_are_read_or_not(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            if let Some(value) = decode(&bytes) {
                prop_assert_eq!(encode(&value), Some(bytes));
            }
        }
    }

    /// What `msgpack.packb` of Python makes.
    #[test]
    fn forms_are_those_of_python() {
        let cases: [(Value, &[u8]); 6] = [
            (json!({"a": [1, -1]}), b"\x81\xa1a\x92\x01\xff"),
            (json!(-33), b"\xd0\xdf"),
            (json!(200), b"\xcc\xc8"),
            (json!(70_000), b"\xce\x00\x01\x11\x70"),
            (json!(1.0), b"\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00"),
            (json!("é"), b"\xa2\xc3\xa9"),
        ];
        for (value, bytes) in cases {
            assert_eq!(encode(&value).as_deref(), Some(bytes));
            assert_eq!(decode(bytes), Some(value));
        }
        // Longer than need be, or bytes: kept as they are.
        assert_eq!(decode(b"\xcc\x01"), None);
        assert_eq!(decode(b"\xc4\x01a"), None);
        assert_eq!(decode(b"\x81\x01\x02"), None);
    }
}
