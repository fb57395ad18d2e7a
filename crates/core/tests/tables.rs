//! Tables: rows in and out, columns that come and go, and what is fetched for it.

use std::sync::Arc;

use proptest::prelude::*;
use ziggurat_core::dtype::DType;
use ziggurat_core::layout::Targets;
use ziggurat_core::store::{Durability, LocalStore, ObjectBackend, Store};
use ziggurat_core::{Array, CreateOptions, Error, Pick, Region, Rows, Table};

use super::support::Counting;

/// Every kind of column.
const RECORD: &str = "[('id', '<u4'), ('at', [('x', '>f4'), ('in', [('y', '<f8')])]), ('pair', '<i2', (2,)), \
    ('name', 'S3'), ('text', '<U2'), ('when', '<M8[ms]'), ('took', '>m8[s]'), ('flag', '?'), ('z', '<c8')]";

fn record() -> DType {
    DType::parse(RECORD).unwrap()
}

fn memory() -> Arc<dyn Store> {
    Arc::new(ObjectBackend::memory())
}

/// Small superchunks, so that there are several.
fn small(_: &str) -> CreateOptions {
    CreateOptions {
        targets: Targets {
            block: 16,
            chunk: 32,
            superchunk: 64,
        },
        ..CreateOptions::default()
    }
}

/// Records that depend on `seed`, with flags that are 0 or 1.
fn records(count: usize, seed: u8) -> Vec<u8> {
    let record = record();
    let size = record.size();
    let mut bytes: Vec<u8> = (0..count * size)
        .map(|i| (i as u8).wrapping_mul(37).wrapping_add(seed))
        .collect();
    let DType::Record { fields, .. } = &record else {
        panic!()
    };
    let flag = fields.iter().find(|f| f.name == "flag").unwrap().offset;
    for row in bytes.chunks_mut(size) {
        row[flag] &= 1;
    }
    bytes
}

fn rows(count: usize, seed: u8) -> Rows {
    Rows::from_records(&record(), &records(count, seed)).unwrap()
}

fn all(table: &Table) -> Vec<u8> {
    let rows = table.read(&[], &Pick::ALL).unwrap();
    rows.to_records(&table.record()).unwrap()
}

#[test]
fn rows_come_back_from_disk_and_memory() {
    let dir = tempfile::tempdir().unwrap();
    let local = LocalStore::new(dir.path()).with_durability(Durability::Process);
    for store in [memory(), Arc::new(local)] {
        let mut table = Table::create(Arc::clone(&store), "t", &record(), small).unwrap();
        assert_eq!(table.rows(), 0);
        assert_eq!(all(&table), [] as [u8; 0]);
        assert_eq!(table.append(&rows(5, 1)).unwrap(), 0..5);
        assert_eq!(table.append(&rows(30, 2)).unwrap(), 5..35);
        assert_eq!(table.append(&rows(0, 2)).unwrap(), 35..35);
        let expected = [records(5, 1), records(30, 2)].concat();
        assert_eq!(all(&table), expected);
        let table = Table::open(store, "t").unwrap();
        assert_eq!(
            table.record(),
            record(),
            "the order of columns and of bytes is kept"
        );
        assert_eq!(all(&table), expected);
        assert_eq!(
            table.columns(),
            [
                "id", "at/x", "at/in/y", "pair", "name", "text", "when", "took", "flag", "z"
            ]
        );
    }
}

#[test]
fn some_columns_and_rows_are_picked_in_any_order() {
    let mut table = Table::create(memory(), "t", &record(), small).unwrap();
    table.append(&rows(20, 3)).unwrap();
    let whole = rows(20, 3);
    let found = table
        .read(&["flag", "at"], &Pick::from(vec![7, -1, 7]))
        .unwrap();
    let paths: Vec<&str> = found.columns().map(|(path, ..)| path).collect();
    assert_eq!(paths, ["flag", "at/x", "at/in/y"]);
    assert_eq!(found.count(), 3);
    let cells = whole.column("at/in/y").unwrap();
    let cell = |row: usize| &cells[row * 8..row * 8 + 8];
    let expected = [cell(7), cell(19), cell(7)].concat();
    assert_eq!(found.column("at/in/y").unwrap(), expected);
    assert_eq!(table.read(&["id"], &Pick::from(3)).unwrap().count(), 1);
    let pairs = table.read(&["pair"], &Pick::from(18..99)).unwrap();
    assert_eq!(
        pairs.column("pair").unwrap(),
        &whole.column("pair").unwrap()[18 * 4..]
    );
    for (columns, rows) in [(vec!["no"], Pick::ALL), (vec!["id"], Pick::from(20))] {
        let refused = table.read(&columns, &rows);
        assert!(matches!(refused, Err(Error::Caller { .. })), "{refused:?}");
    }
    assert!(table.column("at").is_err(), "it is two");
    assert_eq!(table.column("at/x").unwrap().shape(), [20]);
}

#[test]
fn cells_are_changed_through_the_table_or_a_column() {
    let mut table = Table::create(memory(), "t", &record(), small).unwrap();
    table.append(&rows(20, 3)).unwrap();
    table.write(4, &rows(3, 9)).unwrap();
    let mut expected = records(20, 3);
    let size = record().size();
    expected[4 * size..7 * size].copy_from_slice(&records(3, 9));
    assert_eq!(all(&table), expected);
    let only = Rows::new(2)
        .with("flag", &DType::parse("?").unwrap(), &[], vec![1, 1])
        .unwrap();
    table.write(18, &only).unwrap();
    assert_eq!(
        table
            .column("flag")
            .unwrap()
            .read(&Region::new([18], [2]))
            .unwrap(),
        [1, 1]
    );
    assert!(table.write(19, &only).is_err(), "beyond the end");
    let id = table.column("id").unwrap();
    id.write(&Region::new([0], [1]), &7_u32.to_ne_bytes())
        .unwrap();
    let found = table.read(&["id"], &Pick::from(0)).unwrap();
    assert_eq!(found.column("id").unwrap(), 7_u32.to_ne_bytes());
}

#[test]
fn columns_are_added_and_dropped() {
    let store = memory();
    let mut table = Table::create(Arc::clone(&store), "t", &record(), small).unwrap();
    table.append(&rows(20, 3)).unwrap();
    let byte = DType::parse("|u1").unwrap();
    let fill = |_: &str, array: &Array| array.write(&Region::whole(array.shape()), &[5; 40]);
    table.add_column("new", &byte, &[2], small, fill).unwrap();
    let nested = DType::parse("[('a', '<i2'), ('b', [('c', '<i2')])]").unwrap();
    table
        .add_column("more", &nested, &[], small, |_, _| Ok(()))
        .unwrap();
    assert_eq!(table.columns()[10..], ["new", "more/a", "more/b/c"]);
    table.drop_column("id").unwrap();
    table.drop_column("at").unwrap();
    let mut table = Table::open(Arc::clone(&store), "t").unwrap();
    assert_eq!(table.columns()[0], "pair");
    assert_eq!(
        table
            .read(&["new"], &Pick::ALL)
            .unwrap()
            .column("new")
            .unwrap(),
        [5; 40]
    );
    assert_eq!(
        table
            .read(&["more"], &Pick::ALL)
            .unwrap()
            .column("more/b/c")
            .unwrap(),
        [0; 40]
    );
    let keys = ziggurat_core::exec::block_on(store.list("t")).unwrap();
    assert!(
        !keys
            .iter()
            .any(|k| k.starts_with("t/id/") || k.starts_with("t/at/")),
        "{keys:?}"
    );

    let again = table.add_column("new", &byte, &[], small, |_, _| Ok(()));
    assert!(matches!(again, Err(Error::Conflict { .. })), "{again:?}");
    assert!(table.drop_column("id").is_err());
    let failing = table.add_column("bad", &byte, &[], small, |_, _| {
        Err(Error::caller("fill", "no"))
    });
    assert!(matches!(failing, Err(Error::Caller { .. })));
    let keys = ziggurat_core::exec::block_on(store.list("t")).unwrap();
    assert!(!keys.iter().any(|k| k.starts_with("t/bad")), "{keys:?}");
    table
        .add_column("id", &byte, &[], small, |_, _| Ok(()))
        .unwrap();
    assert_eq!(
        table
            .column("id")
            .unwrap()
            .read(&Region::whole(&[20]))
            .unwrap(),
        [0; 20]
    );
    for name in ["", "a/b", "..", "__x", "zarr.json"] {
        let refused = table.add_column(name, &byte, &[], small, |_, _| Ok(()));
        assert!(refused.is_err(), "{name}");
    }
}

#[test]
fn rows_are_cut_off_and_added() {
    let mut table = Table::create(memory(), "t", &record(), small).unwrap();
    table.append(&rows(20, 3)).unwrap();
    table.resize(7).unwrap();
    assert_eq!(all(&table), records(7, 3));
    table.resize(9).unwrap();
    let found = table.read(&["id", "when"], &Pick::from(6..9)).unwrap();
    assert_eq!(found.column("id").unwrap()[4..], [0; 8]);
    assert_eq!(
        found.column("when").unwrap()[8..],
        [i64::MIN.to_ne_bytes(); 2].concat()
    );
    table.resize(7).unwrap();
    table.append(&rows(3, 8)).unwrap();
    assert_eq!(all(&table), [records(7, 3), records(3, 8)].concat());
}

#[test]
fn only_what_is_asked_for_is_fetched() {
    let store = Arc::new(Counting::new(ObjectBackend::memory()));
    let shared: Arc<dyn Store> = Arc::<Counting<ObjectBackend>>::clone(&store);
    let record = DType::parse("[('a', '<i4'), ('b', '<i4'), ('c', '<i4')]").unwrap();
    let options = |_: &str| CreateOptions {
        superchunk: Some(vec![400]),
        block: Some(vec![100]),
        codec: "none".parse().unwrap(),
        ..CreateOptions::default()
    };
    let mut table = Table::create(Arc::clone(&shared), "t", &record, options).unwrap();
    let bytes: Vec<u8> = (0..12_000).map(|i| (i % 251) as u8).collect();
    table
        .append(&Rows::from_records(&record, &bytes).unwrap())
        .unwrap();
    let table = Table::open(shared, "t").unwrap();
    store.taken();
    let found = table.read(&["b"], &Pick::from(450..460)).unwrap();
    let taken = store.taken();
    assert!(
        taken.iter().all(|(key, _)| key.starts_with("t/b/")),
        "{taken:?}"
    );
    let superchunks: Vec<_> = taken
        .iter()
        .filter(|(key, _)| key.contains("/c/"))
        .collect();
    assert!(
        superchunks.iter().all(|(key, _)| key == "t/b/c/1"),
        "{taken:?}"
    );
    // One index of four blocks, one block.
    let read: u64 = superchunks.iter().map(|(_, bytes)| bytes).sum();
    assert_eq!(read, 4 * 16 + 4 + 400);
    let expected = Rows::from_records(&record, &bytes[450 * 12..460 * 12]).unwrap();
    assert_eq!(found.column("b"), expected.column("b"));
}

#[test]
fn appenders_lose_nothing() {
    let record = DType::parse("[('who', '|u1'), ('n', '<u2')]").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let local = LocalStore::new(dir.path()).with_durability(Durability::Process);
    for store in [memory(), Arc::new(local)] {
        Table::create(Arc::clone(&store), "t", &record, small).unwrap();
        std::thread::scope(|scope| {
            for who in 0..3_u8 {
                let (store, record) = (Arc::clone(&store), &record);
                scope.spawn(move || {
                    let mut table = Table::open(store, "t").unwrap();
                    for n in 0..6_u16 {
                        let row = |n: u16| [&[who][..], &n.to_le_bytes()].concat();
                        let records = [row(2 * n), row(2 * n + 1)].concat();
                        table
                            .append(&Rows::from_records(record, &records).unwrap())
                            .unwrap();
                    }
                });
            }
        });
        let table = Table::open(store, "t").unwrap();
        let records = all(&table);
        for who in 0..3 {
            let of = records.chunks(3).filter(|row| row[0] == who);
            let numbers: Vec<u8> = of.map(|row| row[1]).collect();
            assert_eq!(numbers, (0..12).collect::<Vec<u8>>());
        }
        assert_eq!(table.rows(), 36);
    }
}

#[test]
fn what_does_not_fit_is_refused_and_leaves_nothing() {
    let mut table = Table::create(memory(), "t", &record(), small).unwrap();
    table.append(&rows(3, 3)).unwrap();
    let other = DType::parse("[('id', '<u4')]").unwrap();
    let fewer = Rows::from_records(&other, &[0; 8]).unwrap();
    assert!(matches!(table.append(&fewer), Err(Error::Caller { .. })));
    let byte = DType::parse("|u1").unwrap();
    let more = rows(2, 1).with("x", &byte, &[], vec![0; 2]).unwrap();
    assert!(matches!(table.append(&more), Err(Error::Caller { .. })));
    let types = Rows::new(1)
        .with("id", &DType::parse("<i4").unwrap(), &[], vec![0; 4])
        .unwrap();
    assert!(table.write(0, &types).is_err());
    assert_eq!(all(&table), records(3, 3));
    table.append(&rows(1, 4)).unwrap();

    let refused = |text: &str| {
        let record = DType::parse(text).unwrap();
        Table::create(memory(), "t", &record, small).unwrap_err()
    };
    assert!(matches!(refused("<i4"), Error::Caller { .. }));
    assert!(matches!(refused("[('a/b', '<i4')]"), Error::Caller { .. }));
    assert!(matches!(
        refused("[('a', [('b', '<i4')], (2,))]"),
        Error::Unsupported { .. }
    ));
    assert!(matches!(
        refused("[('a', 'S0')]"),
        Error::Unsupported { .. }
    ));
    let twice = Table::create(Arc::clone(table.store()), "t", &record(), small);
    assert!(matches!(twice, Err(Error::Conflict { .. })), "{twice:?}");
    assert_eq!(
        all(&Table::open(Arc::clone(table.store()), "t").unwrap()).len(),
        4 * record().size()
    );
    let in_it = Table::create(Arc::clone(table.store()), "t/id", &record(), small);
    assert!(
        matches!(in_it, Err(Error::Conflict { .. })),
        "an array is there"
    );
    assert!(
        table
            .column("id")
            .unwrap()
            .read(&Region::whole(&[4]))
            .is_ok()
    );
    assert!(matches!(
        Table::open(memory(), "t"),
        Err(Error::NotFound { .. })
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn records_and_columns_hold_the_same(count in 0..9_usize, seed: u8) {
        let record = record();
        let bytes = records(count, seed);
        let rows = Rows::from_records(&record, &bytes).unwrap();
        prop_assert_eq!(rows.to_records(&record).unwrap(), bytes);
        // Into another order of fields and bytes, with gaps, and back.
        let spaced = DType::parse("{'names': ['z', 'id', 'pair'], 'formats': ['>c8', '>u4', ('>i2', (2,))], \
            'offsets': [3, 20, 12], 'itemsize': 30}").unwrap();
        let other = rows.to_records(&spaced).unwrap();
        let back = Rows::from_records(&spaced, &other).unwrap();
        for path in ["z", "id", "pair"] {
            prop_assert_eq!(back.column(path), rows.column(path));
        }
    }
}
