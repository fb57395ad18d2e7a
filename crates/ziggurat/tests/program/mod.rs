//! The program as users run it: exit codes, messages, files.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

mod get;
mod import;
mod inspect;

/// A directory of its own for one test.
struct Place(tempfile::TempDir);

/// What a run said.
struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Said {
    fn from(output: &Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Fails unless the run succeeded in silence on standard error.
    #[track_caller]
    fn well(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "{}", self.out);
        self.out
    }

    /// Fails unless the run ended with this code and a message of one line with all these words.
    #[track_caller]
    fn fails(self, code: i32, words: &[&str]) {
        assert_eq!(self.code, code, "{}{}", self.out, self.err);
        assert_eq!(self.out, "");
        assert!(self.err.starts_with("ziggurat: "), "{}", self.err);
        assert_eq!(self.err.lines().count(), 1, "{}", self.err);
        for word in words {
            assert!(self.err.contains(word), "{word:?} is not in {}", self.err);
        }
    }
}

/// The bytes of a .npy file of zeros to `rows * columns`, in C order.
fn npy(descr: &str, rows: usize, columns: usize, bytes: &[u8]) -> Vec<u8> {
    let mut header =
        format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({rows}, {columns}), }}");
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), bytes].concat()
}

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ziggurat"));
        command
            .current_dir(self.0.path())
            .args(arguments)
            .stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Said {
        Said::from(&self.command(arguments).output().unwrap())
    }

    /// Names in the directory, sorted.
    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> = entries
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// Writes `a.npy`, int16: 0, 1, 2, ...
    fn counting(&self, rows: usize, columns: usize) {
        let values = 0..i16::try_from(rows * columns).unwrap();
        let bytes: Vec<u8> = values.flat_map(i16::to_le_bytes).collect();
        std::fs::write(self.path("a.npy"), npy("<i2", rows, columns, &bytes)).unwrap();
    }

    /// The store `a.zarr` of `a.npy`, 6 x 8, with two levels of mean and max.
    fn with_store() -> Self {
        let place = Self::new();
        place.counting(6, 8);
        place
            .run(&[
                "import",
                "a.npy",
                "a.zarr",
                "--levels",
                "2",
                "--aggregate",
                "mean,max",
            ])
            .well();
        place
    }
}

/// A file of the other tests.
fn data(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name);
    path.to_str().unwrap().to_owned()
}

#[test]
fn help_has_examples_and_usage_errors_are_the_callers() {
    let place = Place::new();
    for command in ["import", "build", "info", "get", "digest"] {
        let help = place.run(&[command, "--help"]).well();
        assert!(help.contains("Examples:"), "{command}: {help}");
    }
    assert!(place.run(&["--version"]).well().starts_with("ziggurat 0."));
    for wrong in [
        &["import", "a.npy", "b.zarr", "--levels", "many"][..],
        &["import", "a.npy", "b.zarr", "--chunk", "0,4"],
        &["import", "a.npy", "b.zarr", "--aggregate", "median"],
        &["import", "a.npy", "b.zarr", "--codec", "lzma"],
        &["get", "a.zarr", "--out", "-", "--bbox", "1,2,3"],
        &["get", "a.zarr", "--out", "-", "--shape", "0,3"],
        &["info", "a.zarr", "--threads", "0"],
        &["frobnicate"],
    ] {
        let said = place.run(wrong);
        assert_eq!(said.code, 2, "{wrong:?}: {}", said.err);
        assert!(said.err.contains("error:"), "{}", said.err);
    }
    let alone = place.run(&["import", "a.npy"]);
    assert_eq!(alone.code, 2, "{}", alone.err);
    assert!(alone.err.contains("at least one source"), "{}", alone.err);
    // Options may stand anywhere.
    let between = place.run(&["import", "no-such.npy", "--levels", "1", "b.zarr"]);
    assert_eq!(between.code, 1, "{}", between.err);
    assert!(
        between.err.contains("no-such.npy: not found"),
        "{}",
        between.err
    );
}
