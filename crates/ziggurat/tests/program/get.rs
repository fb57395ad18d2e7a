//! `ziggurat get`: windows into files, or reasons why not.

use std::io::Read;
use std::process::Stdio;

use super::{Place, data, npy};

#[test]
fn values_are_printed() {
    let place = Place::with_store();
    let get = |more: &[&str]| {
        place
            .run(&[&["get", "a.zarr", "--out", "-"], more].concat())
            .well()
    };
    assert_eq!(get(&["--index", "y=1,x=2:5"]), "10 11 12\n");
    assert_eq!(
        get(&["--index", "y=4:", "--index", "x=:2"]),
        "32 33\n40 41\n"
    );
    assert_eq!(get(&["--level", "1", "--index", "y=0"]), "4 6 8 10\n");
    assert_eq!(
        get(&["--aggregate", "max", "--level", "1", "--index", "y=0"]),
        "9 11 13 15\n"
    );
    // Cells are the coordinates of a grid without a CRS.
    assert_eq!(get(&["--bbox", "2,0,4,1"]), "2 3\n");
    assert_eq!(
        get(&["--shape", "3,4", "--resample", "nearest"]),
        get(&["--level", "1"])
    );
    let array = place.run(&["get", "a.zarr/1/a", "--out", "-"]);
    assert_eq!(array.well(), get(&["--level", "1"]));
}

#[test]
fn indices_count_the_base_where_their_dimension_is_aggregated() {
    let place = Place::with_store();
    let factor = ["--factor", "y=2", "--levels", "2", "--overwrite"];
    place
        .run(&[&["import", "a.npy", "a.zarr"], &factor[..]].concat())
        .well();
    let row = |more: &[&str]| {
        place.run(&[&["get", "a.zarr", "--out", "-", "--index", "y=5"], more].concat())
    };
    assert_eq!(row(&[]).well(), "40 41 42 43 44 45 46 47\n");
    row(&["--level", "1"]).fails(2, &["5:6 of y, which has 3"]);
    // A third dimension, halved from level to level, beside a plane that is made small.
    let tifs = [
        data("tiff/plain.tif"),
        data("tiff/plain.tif"),
        data("tiff/plain.tif"),
    ];
    let [a, b, c] = &tifs;
    let time = [
        "--time",
        "2001-01-01,2002-01-01,2003-01-01",
        "--factor",
        "time=2,y=2,x=2",
        "--levels",
        "2",
        "--overwrite",
    ];
    place
        .run(&[&["import", a, b, c, "a.zarr"], &time[..]].concat())
        .well();
    let last = place.run(&[
        "get", "a.zarr", "--out", "-", "--time", "2003", "--shape", "4,5",
    ]);
    assert_eq!(last.well().lines().count(), 4);
}

#[test]
fn files_are_made_by_extension() {
    let place = Place::with_store();
    for (name, magic) in [
        ("b.npy", &b"\x93NUMPY"[..]),
        ("b.tif", b"II*\0"),
        ("b.png", b"\x89PNG\r\n"),
    ] {
        place.run(&["get", "a.zarr", "--out", name]).well();
        let bytes = std::fs::read(place.path(name)).unwrap();
        assert!(bytes.starts_with(magic), "{name}");
    }
    assert_eq!(
        std::fs::read(place.path("b.npy")).unwrap()[128..],
        std::fs::read(place.path("a.npy")).unwrap()[128..],
    );
    assert_eq!(
        place.names(),
        ["a.npy", "a.zarr", "b.npy", "b.png", "b.tif"]
    );
    // And what was made can be imported again.
    for name in ["b.npy", "b.tif"] {
        place
            .run(&["import", name, "c.zarr", "--levels", "0", "--overwrite"])
            .well();
        let all = |store: &str| place.run(&["get", store, "--out", "-"]).well();
        assert_eq!(all("c.zarr"), all("a.zarr"), "{name}");
    }
}

#[test]
fn arrays_of_others_are_read_by_index() {
    let place = Place::new();
    let array = data("digest/v3/layout/sharded");
    let get = |more: &[&str]| place.run(&[&["get", &array, "--out", "-"], more].concat());
    let all = get(&[]).well();
    assert_eq!(all.lines().count(), 24);
    let first = all.lines().next().unwrap();
    assert!(first.starts_with("0.0 1.0 2.0"), "{first}");
    for option in [
        &["--level", "1"][..],
        &["--bbox", "0,0,1,1"],
        &["--shape", "2,2"],
    ] {
        get(option).fails(2, &["sharded", "--index", "ziggurat import"]);
    }
}

#[test]
fn requests_that_make_no_sense_say_why() {
    let place = Place::with_store();
    let get = |more: &[&str]| place.run(&[&["get", "a.zarr", "--out", "b.npy"], more].concat());
    get(&["--index", "time=1"]).fails(2, &["\"time\"", "there are y, x"]);
    get(&["--index", "y=6"]).fails(2, &["6:7 of y, which has 6"]);
    get(&["--index", "y=3:3"]).fails(2, &["3:3"]);
    get(&["--index", "y"]).fails(2, &["DIM=FROM:TO"]);
    get(&["--index", "y=-1"]).fails(2, &["DIM=FROM:TO"]);
    get(&["--time", "2016"]).fails(2, &["no time dimension"]);
    get(&["--bbox", "20,0,30,4"]).fails(2, &["bbox", "outside of the data, which covers 0,0,8,6"]);
    get(&["--bbox", "4,0,2,4"]).fails(2, &["XMIN < XMAX"]);
    get(&["--level", "3"]).fails(1, &["level 3", "coarsest is 2"]);
    get(&["--aggregate", "sum"]).fails(1, &["sum", "mean, max"]);
    assert_eq!(place.names(), ["a.npy", "a.zarr"], "no file is left");
    let out = |path: &str, out: &str| place.run(&["get", path, "--out", out]);
    out("a.zarr", "b.gif").fails(2, &["b.gif", ".npy", ".tif", ".png"]);
    out("a.zarr", "no/b.npy").fails(1, &["no/b.npy"]);
    out("a.zarr/nope", "b.npy").fails(1, &["nope", "there are: a"]);
    out("a.zarr/agg/median", "b.npy").fails(2, &["median"]);
    out("b.zarr", "b.npy").fails(1, &["b.zarr", "no store"]);
    out("a.npy", "b.npy").well();
}

#[test]
fn damaged_superchunks_are_named() {
    let place = Place::with_store();
    std::fs::write(place.path("a.zarr/0/a/c/0/0"), "damaged").unwrap();
    let get = place.run(&["get", "a.zarr", "--out", "b.npy"]);
    get.fails(1, &["a.zarr/0/a/c/0/0", "damaged", "truncated"]);
    assert_eq!(place.names(), ["a.npy", "a.zarr"]);
}

#[test]
fn a_reader_that_has_enough_is_no_error() {
    let place = Place::new();
    let bytes = vec![7; 600 * 600];
    std::fs::write(place.path("a.npy"), npy("|u1", 600, 600, &bytes)).unwrap();
    place.run(&["import", "a.npy", "a.zarr"]).well();
    let mut command = place.command(&["get", "a.zarr", "--out", "-"]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut start = [0; 4];
    child.stdout.take().unwrap().read_exact(&mut start).unwrap();
    assert_eq!(&start, b"7 7 ");
    // The pipe is closed now, with most of the text to come.
    let said = super::Said::from(&child.wait_with_output().unwrap());
    assert_eq!((said.code, said.err.as_str()), (0, ""));
}
