//! The range table against the ticks, and arrays that are none.

use proptest::prelude::*;
use ziggurat_core::Error;
use ziggurat_core::ned::{COLUMNS, Range, RangeTable};

proptest! {
    #[test]
    fn a_table_leads_back_from_its_array(ticks in prop::collection::vec(any::<i64>(), 0..40), chunk in 1..9_u64) {
        let table = RangeTable::of(chunk, &ticks).unwrap();
        let array = table.to_array();
        prop_assert_eq!(array.len(), ticks.len().div_ceil(chunk as usize) * COLUMNS);
        prop_assert_eq!(RangeTable::from_array(chunk, &array).unwrap(), table.clone());
        prop_assert_eq!(table.length(), ticks.len() as u64);
        for (ticks, chunk) in ticks.chunks(chunk as usize).zip(0..) {
            let range = table.range(chunk, 7).unwrap();
            prop_assert!(ticks.iter().all(|t| range.contains(*t)));
            prop_assert_eq!(table.is_settled(chunk), ticks.len() > 1);
            if ticks.len() == 1 {
                prop_assert_eq!(Some(range), Range::of(ticks[0], 7));
            }
        }
        prop_assert!(table.range(table.chunks(), 7).is_none());
    }

    #[test]
    fn rows_that_change_are_made_anew(
        mut ticks in prop::collection::vec(-50..50_i64, 1..40), chunk in 1..9_u64, at: prop::sample::Index, tick in -50..50_i64,
        more in prop::collection::vec(-50..50_i64, 0..20),
    ) {
        let mut table = RangeTable::of(chunk, &ticks).unwrap();
        let at = at.index(ticks.len());
        ticks[at] = tick;
        let changed = at as u64 / chunk;
        let from = (changed * chunk) as usize;
        let to = ticks.len().min(from + chunk as usize);
        table.set(changed, &ticks[from..to]).unwrap();
        prop_assert_eq!(&table, &RangeTable::of(chunk, &ticks).unwrap());
        ticks.splice(from.., more);
        table.replace_from(changed, &ticks[from..]).unwrap();
        prop_assert_eq!(&table, &RangeTable::of(chunk, &ticks).unwrap());
    }

    #[test]
    fn any_array_is_a_table_or_refused(array in prop::collection::vec(prop_oneof![-2..4_i64, any::<i64>()], 0..16), chunk in 1..4_u64) {
        if let Ok(table) = RangeTable::from_array(chunk, &array) {
            prop_assert_eq!(table.to_array(), array);
            prop_assert!(table.length() <= table.chunks() * chunk);
        }
    }
}

#[test]
fn arrays_that_are_no_tables_are_refused() {
    let refused =
        |array: &[i64]| matches!(RangeTable::from_array(4, array), Err(Error::Data { .. }));
    assert!(!refused(&[1, 5, 4, 7, 7, 1]));
    assert!(refused(&[1, 5]), "part of a row");
    assert!(refused(&[5, 1, 4]), "extremes");
    assert!(refused(&[1, 5, 1]), "one event in two places");
    assert!(refused(&[1, 5, 5]), "more than a chunk holds");
    assert!(refused(&[1, 5, 0]) && refused(&[1, 5, -1]), "none");
    assert!(refused(&[1, 5, 3, 7, 8, 2]), "not dense");
    assert!(RangeTable::of(0, &[]).is_err());
}

#[test]
fn a_chunk_has_the_default_zoom_until_its_second_event() {
    let mut table = RangeTable::of(4, &[1000]).unwrap();
    assert_eq!(table.range(0, 10), Range::new(0, 10));
    assert!(!table.is_settled(0));
    table.set(0, &[1000, 1003]).unwrap();
    assert_eq!(table.range(0, 10), Range::new(1000, 2));
    assert!(table.is_settled(0));
    assert!(table.set(1, &[2000]).is_err(), "the first is not full");
    assert!(table.set(0, &[]).is_err());
    assert!(table.check_length(2).is_ok() && table.check_length(3).is_err());
}
