//! The command line: arguments first, then one command.

mod args;
mod arrays;
mod build;
mod columns;
mod compact;
mod convert;
mod digest;
mod get;
mod import;
mod info;
mod parse;
mod progress;
mod table;
mod verify;

use std::error::Error as _;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use ziggurat::core::store::LocalStore;
use ziggurat::core::{Error, Result};
use ziggurat::pyramid::Datastore;

use args::{Args, Command};
use progress::Bars;

/// Runs the program: 0 when all went well, 1 for a fault of the data or the system, 2 for one of
/// the call, 130 when it was interrupted.
pub(crate) fn main() -> ExitCode {
    // Options name codecs, too.
    ziggurat::codecs::register();
    let args = Args::parse();
    let bars = Bars::new(args.quiet);
    let done = threads(args.threads).and_then(|()| {
        match args.command {
            Command::Import(a) => import::run(a, &bars),
            Command::Convert(a) => convert::run(a, &bars),
            Command::Build(a) => build::build(&a, &bars),
            Command::Refresh(a) => build::refresh(&a, &bars),
            Command::Compact(a) => compact::run(&a, &bars),
            Command::Verify(a) => return verify::verify(&a, &bars),
            Command::RepairIndex(a) => verify::repair(&a, &bars),
            Command::Info(a) => info::run(&a),
            Command::Get(a) => get::run(&a),
            Command::Digest(a) => return digest::run(&a),
        }
        .map(|()| ExitCode::SUCCESS)
    });
    bars.clear();
    done.unwrap_or_else(|error| fail(&error))
}

/// Prints the error with its causes and returns its exit code.
fn fail(error: &Error) -> ExitCode {
    if let Error::Io { source, .. } = error
        && source.kind() == std::io::ErrorKind::BrokenPipe
    {
        // The reader of our output has had enough, as `head` does.
        return ExitCode::SUCCESS;
    }
    let mut text = format!("ziggurat: {error}");
    let mut cause = error.source();
    while let Some(e) = cause {
        text += ": ";
        text += &e.to_string();
        cause = e.source();
    }
    // Nobody is left to tell if even this cannot be written.
    let _ = writeln!(std::io::stderr(), "{text}");
    ExitCode::from(match error {
        Error::Caller { .. } => 2,
        Error::Interrupted { .. } => 130,
        _ => 1,
    })
}

/// Bounds the number of threads that compute.
fn threads(count: Option<usize>) -> Result<()> {
    let Some(count) = count else {
        return Ok(());
    };
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(count)
        .build_global();
    pool.map_err(|e| Error::other("--threads", "cannot start threads", e))
}

/// Opens the datastore at `path`.
fn open(path: &Path) -> Result<Datastore> {
    if !path.exists() {
        return Err(Error::not_found(
            path.display().to_string(),
            "no store is there",
        ));
    }
    if path.is_file() {
        let what = "a file, not a store; make a store of it with `ziggurat import`";
        return Err(Error::caller(path.display().to_string(), what));
    }
    Datastore::open(Arc::new(LocalStore::new(path)))
}

/// Prints a line to standard output.
fn print(line: &str) -> Result<()> {
    writeln!(std::io::stdout(), "{line}").map_err(|e| Error::io("standard output", "write", e))
}
