//! `ziggurat import`: a complete store, or nothing.

use super::{Place, data, npy};

#[test]
fn a_store_comes_alone() {
    let place = Place::with_store();
    assert_eq!(place.names(), ["a.npy", "a.zarr"]);
    let top = place
        .run(&["get", "a.zarr", "--out", "-", "--level", "2"])
        .well();
    // Means of the means' cells: rows 0-3 and 4-5, columns 0-3 and 4-7, half to even.
    assert_eq!(top, "14 18\n38 42\n");
    let max = place.run(&["get", "a.zarr/agg/max/2", "--out", "-"]).well();
    assert_eq!(max, "27 31\n43 47\n");
}

#[test]
fn an_existing_store_is_kept_unless_told_otherwise() {
    let place = Place::with_store();
    let again = ["import", "a.npy", "a.zarr", "--levels", "1"];
    place.run(&again).fails(1, &["a.zarr", "--overwrite"]);
    let levels = |place: &Place| place.run(&["info", "a.zarr", "--json"]).well();
    assert!(levels(&place).contains(r#""levels":2"#));
    place.run(&[&again[..], &["--overwrite"]].concat()).well();
    assert!(levels(&place).contains(r#""levels":1"#));
    assert_eq!(
        place.names(),
        ["a.npy", "a.zarr"],
        "nothing of the old one is left"
    );
    // A failed import leaves the old store as it was.
    std::fs::write(place.path("bad.npy"), "no array").unwrap();
    place
        .run(&["import", "bad.npy", "a.zarr", "--overwrite"])
        .fails(1, &["bad.npy"]);
    assert!(levels(&place).contains(r#""levels":1"#));
}

#[test]
fn only_stores_are_overwritten() {
    let place = Place::new();
    place.counting(4, 4);
    std::fs::create_dir(place.path("thesis")).unwrap();
    std::fs::write(place.path("thesis/chapter.txt"), "years of work").unwrap();
    std::fs::write(place.path("letter.txt"), "dear").unwrap();
    for target in ["thesis", "letter.txt"] {
        let import = ["import", "a.npy", target, "--overwrite"];
        place.run(&import).fails(1, &[target, "no Zarr store"]);
    }
    assert_eq!(
        std::fs::read(place.path("thesis/chapter.txt")).unwrap(),
        b"years of work"
    );
    assert_eq!(place.names(), ["a.npy", "letter.txt", "thesis"]);
}

#[test]
fn what_cannot_be_imported_leaves_nothing() {
    let place = Place::new();
    place.counting(6, 8);
    let whole = std::fs::read(place.path("a.npy")).unwrap();
    std::fs::write(place.path("cut.npy"), &whole[..whole.len() - 5]).unwrap();
    std::fs::write(place.path("empty.tif"), "").unwrap();
    std::fs::write(place.path("notes.txt"), "x").unwrap();
    std::fs::write(place.path("other.npy"), npy("<i2", 2, 2, &[0; 8])).unwrap();
    let before = place.names();
    for (arguments, code, words) in [
        (&["missing.tif", "b.zarr"][..], 1, &["missing.tif"][..]),
        (&["cut.npy", "b.zarr"], 1, &["cut.npy"]),
        (&["empty.tif", "b.zarr"], 1, &["empty.tif"]),
        (&["notes.txt", "b.zarr"], 1, &["notes.txt"]),
        (
            &["a.npy", "no/where/b.zarr"],
            1,
            &["no/where", "create it first"],
        ),
        (&["a.npy", "a.npy/b.zarr"], 2, &["a.npy", "a file"]),
        (&["a.npy"], 2, &["the store to make"]),
        (&[], 2, &["the store to make"]),
        (
            &["a.npy", "b.zarr", "--var", "new=nope"],
            1,
            &["a.npy", "nope"],
        ),
        (
            &["a.npy", "b.zarr", "--factor", "1"],
            2,
            &["factor", "2 or more"],
        ),
        (&["a.npy", "b.zarr", "--factor", "q=2"], 2, &["\"q\""]),
        (
            &["a.npy", "b.zarr", "--chunk", "4,4", "--block", "3,3"],
            2,
            &["multiple"],
        ),
        (
            &["a.npy", "b.zarr", "--chunk", "4,4,4"],
            2,
            &["chunk", "2 dimensions"],
        ),
        (
            &["a.npy", "b.zarr", "--aggregate", "sum", "--levels", "1"],
            2,
            &["sum does not continue the base"],
        ),
        (&["a.npy", "b.zarr", "--nodata", "1.5"], 2, &["nodata"]),
        (&["a.npy", "b.zarr", "--levels", "99"], 1, &["99", "40"]),
        (&["a.npy", "other.npy", "b.zarr"], 2, &["other.npy"]),
    ] {
        let said = place.run(&[&["import"], arguments].concat());
        assert_eq!(said.code, code, "{arguments:?}: {}", said.err);
        said.fails(code, words);
        assert_eq!(place.names(), before, "{arguments:?}");
    }
}

#[test]
fn leftovers_of_dead_processes_are_cleared_away() {
    let place = Place::new();
    place.counting(4, 4);
    // No process has this number.
    std::fs::create_dir_all(place.path(".a.zarr.partial-4194999/0")).unwrap();
    std::fs::create_dir_all(place.path(".other.zarr.partial-4194999")).unwrap();
    place.run(&["import", "a.npy", "a.zarr"]).well();
    assert_eq!(
        place.names(),
        [".other.zarr.partial-4194999", "a.npy", "a.zarr"]
    );
}

#[test]
fn every_layout_and_codec_holds_the_same() {
    let place = Place::new();
    let source = data("digest/v3/layout/sharded");
    let digest = |path: &str| -> serde_json::Value {
        let line = place.run(&["digest", path]).well();
        serde_json::from_str(line.lines().next().unwrap()).unwrap()
    };
    let want = digest(&source)["sha256"].clone();
    for options in [
        &["--layout", "unsharded"][..],
        &["--codec", "none"],
        &[
            "--codec",
            "blosc-lz4:3:bitshuffle",
            "--block",
            "4,4",
            "--chunk",
            "8,8",
        ],
        &["--codec", "gzip:1", "--chunk", "200B"],
        &[
            "--codec",
            "zstd:19",
            "--superchunk",
            "16,16",
            "--block",
            "8,8",
            "--threads",
            "1",
        ],
    ] {
        place
            .run(
                &[
                    &["import", &source, "b.zarr", "--overwrite", "--levels", "1"],
                    options,
                ]
                .concat(),
            )
            .well();
        let name = std::fs::read_dir(place.path("b.zarr/0")).unwrap();
        let arrays: Vec<String> = name
            .map(|e| e.unwrap().path())
            .filter(|p| p.join("c").is_dir())
            .map(|p| p.to_str().unwrap().to_owned())
            .collect();
        let digests: Vec<_> = arrays
            .iter()
            .map(|path| digest(path)["sha256"].clone())
            .collect();
        assert!(digests.contains(&want), "{options:?}: {arrays:?}");
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_import_leaves_nothing() {
    use std::fs::File;
    use std::io::Write;
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    let place = Place::new();
    // 4 GB of zeros that take no space.
    let mut file = File::create(place.path("big.npy")).unwrap();
    file.write_all(&npy("|u1", 65536, 65536, &[])).unwrap();
    let header = npy("|u1", 65536, 65536, &[]).len() as u64;
    file.set_len(header + 65536 * 65536).unwrap();
    let mut command = place.command(&["import", "big.npy", "big.zarr"]);
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while place.names().len() < 2 {
        assert!(begun.elapsed() < Duration::from_secs(20), "it never began");
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(50));
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    let said = super::Said::from(&child.wait_with_output().unwrap());
    said.fails(130, &["interrupted"]);
    assert_eq!(place.names(), ["big.npy"]);
}
