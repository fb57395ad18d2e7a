//! `ziggurat digest`.

use std::process::ExitCode;

use ziggurat::core::Result;

use super::args::Digest;

pub(super) fn run(args: &Digest) -> Result<ExitCode> {
    // What gives up on damaged data is an entry with an error: no backtrace as well.
    std::panic::set_hook(Box::new(|_| {}));
    let mut failed = false;
    for path in &args.paths {
        for entry in ziggurat::digest::digest(path) {
            failed |= entry.result.is_err();
            super::print(&entry.to_json().to_string())?;
        }
    }
    Ok(ExitCode::from(u8::from(failed)))
}
