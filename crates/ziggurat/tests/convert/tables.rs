//! Tables and records: columns in Zarr, and back.

use std::path::Path;

use serde_json::{Map, json};
use ziggurat::codecs::carray::{Attribute, Column, Filter, Storage, write};
use ziggurat::codecs::dtype::DType;
use ziggurat::core::attributes;
use ziggurat::core::store::LocalStore;
use ziggurat::core::{ElementType, Error, Region, Table};

use super::{assert_same, elements, reopen, sample, to};

fn table(zarr: &Path) -> Table {
    Table::open(std::sync::Arc::new(LocalStore::new(zarr)), "").unwrap()
}

#[test]
fn columns_keep_order_types_and_attributes() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["ctable1", "ctable_mutated"] {
        let from = sample("bcolz").join(name);
        let zarr = dir.path().join(format!("{name}.zarr"));
        let back = dir.path().join(format!("{name}.bcolz"));
        to(&from, &zarr).unwrap();
        to(&zarr, &back).unwrap();
        let (one, other) = (reopen(&from), reopen(&back));
        assert_same(&*one, &*other);
        for column in table(&zarr).columns() {
            let (a, b) = (one.column(&column).unwrap(), other.column(&column).unwrap());
            assert_eq!(a.description().attributes, b.description().attributes);
            assert_eq!(elements(a), elements(b), "{column}");
        }
    }
}

#[test]
fn records_become_columns() {
    let dir = tempfile::tempdir().unwrap();
    for (file, columns) in [
        ("b2nd/struct.b2nd", &["a", "b"][..]),
        ("bloscpack/record.blp", &["a", "b", "c"]),
        ("bloscpack/nested_record.blp", &["p/x", "p/y", "q"]),
        ("bcolz/struct", &["a", "b"]),
    ] {
        let zarr = dir.path().join(file.replace('/', "_") + ".zarr");
        to(&sample(file), &zarr).unwrap();
        assert_eq!(table(&zarr).columns(), columns, "{file}");
        assert_same(&*reopen(&sample(file)), &*reopen(&zarr));
        let again = zarr.with_extension("b2nd");
        to(&zarr, &again).unwrap();
        assert_same(&*reopen(&sample(file)), &*reopen(&again));
    }
}

/// A directory of the proposal of 2012, of which there is no other software.
#[test]
fn the_proposal_of_2012() {
    let dir = tempfile::tempdir().unwrap();
    let column = |path: &[&str], dtype: &str| Column {
        path: path.iter().map(|&name| name.to_owned()).collect(),
        dtype: DType::parse(dtype).unwrap(),
    };
    let storage = |columns: Vec<Column>, chunk: &[u64], fortran| Storage {
        columns,
        chunk_shape: chunk.to_vec(),
        superchunk: 3,
        fortran,
        library: "zlib".to_owned(),
        level: 5,
        filters: vec![Filter::Shuffle],
    };
    let attributes = [
        ("temperature", json!(23.5), "<f4"),
        ("steps", json!([1, 2, 3]), "<i8"),
        ("title", json!("a title"), "S10"),
    ];
    let attributes = attributes.map(|(name, value, dtype)| {
        let dtype = DType::parse(dtype).unwrap();
        (name.to_owned(), Attribute { value, dtype })
    });
    let value = |region: &Region, index: &[u64]| {
        let at: Vec<u64> = index
            .iter()
            .zip(&region.start)
            .map(|(i, s)| i + s)
            .collect();
        i16::try_from(at[0] * 10 + at[1]).unwrap()
    };
    for fortran in [false, true] {
        let root = dir.path().join(format!("array{fortran}"));
        let storage = storage(vec![column(&[], ">i2")], &[3, 2], fortran);
        write(&root, &storage, &[7, 5], &attributes, 8, |_, region| {
            // Fortran order is C order of the reversed dimensions.
            let mut shape = region.shape.clone();
            if fortran {
                shape.reverse();
            }
            let indices = Region::whole(&shape).indices().map(|mut index| {
                if fortran {
                    index.reverse();
                }
                index
            });
            Ok(indices
                .flat_map(|i| value(region, &i).to_be_bytes())
                .collect())
        })
        .unwrap();
        let zarr = dir.path().join(format!("array{fortran}.zarr"));
        to(&root, &zarr).unwrap();
        let array = reopen(&zarr);
        let whole = Region::whole(&[7, 5]);
        let expected = whole
            .indices()
            .flat_map(|i| value(&whole, &i).to_ne_bytes());
        assert_eq!(elements(&*array), expected.collect::<Vec<u8>>());
        let found = &array.description().attributes;
        let temperature = attributes::get(found, "temperature");
        let expected = attributes::Attribute::scalar(ElementType::Float32, 23.5_f32.to_ne_bytes());
        assert_eq!(temperature, Some(expected));
        assert_eq!(
            (&found["steps"], &found["title"]),
            (&json!([1, 2, 3]), &json!("a title"))
        );
    }

    let root = dir.path().join("record");
    let columns = vec![
        column(&["id"], "|u1"),
        column(&["at", "x"], "<u2"),
        column(&["at", "y"], ">u2"),
    ];
    write(
        &root,
        &storage(columns, &[4], false),
        &[10],
        &[],
        0,
        |column, region| {
            let rows = region.start[0]..region.end(0);
            Ok(match column.path.join("/").as_str() {
                "id" => rows.map(|n| u8::try_from(n).unwrap()).collect(),
                "at/x" => rows
                    .flat_map(|n| u16::try_from(n * 2).unwrap().to_le_bytes())
                    .collect(),
                _ => rows
                    .flat_map(|n| u16::try_from(n * 3).unwrap().to_be_bytes())
                    .collect(),
            })
        },
    )
    .unwrap();
    let zarr = dir.path().join("record.zarr");
    to(&root, &zarr).unwrap();
    assert_eq!(table(&zarr).columns(), ["id", "at/x", "at/y"]);
    let rows = reopen(&zarr);
    let y: Vec<u8> = (0..10_u16).flat_map(|n| (n * 3).to_ne_bytes()).collect();
    assert_eq!(elements(rows.column("at/y").unwrap()), y);
    std::fs::remove_file(root.join("data/at/x/__1__.bin")).unwrap();
    let missing = to(&root, &dir.path().join("missing.zarr")).unwrap_err();
    assert!(missing.to_string().contains("__1__.bin"), "{missing}");
}

#[test]
fn a_group_that_is_no_table_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let group = dir.path().join("group.zarr");
    std::fs::create_dir(&group).unwrap();
    let document = json!({"zarr_format": 3, "node_type": "group", "attributes": Map::new()});
    std::fs::write(group.join("zarr.json"), document.to_string()).unwrap();
    let refused = to(&group, &dir.path().join("a.b2nd"));
    assert!(
        matches!(refused, Err(Error::Unsupported { .. })),
        "{refused:?}"
    );
}
