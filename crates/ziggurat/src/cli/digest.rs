//! `ziggurat digest`.

use std::process::ExitCode;

use ziggurat::core::Result;

use super::args::Digest;

pub(super) fn run(args: &Digest) -> Result<ExitCode> {
    let mut failed = false;
    for path in &args.paths {
        let mut entries = ziggurat::digest::digest(path);
        while let Some(entry) = quietly(|| entries.next()) {
            failed |= entry.result.is_err();
            super::print(&entry.to_json().to_string())?;
        }
    }
    Ok(ExitCode::from(u8::from(failed)))
}

/// Does `work`, in which a decoder that gives up on damaged data makes an error: no backtrace as well.
fn quietly<T>(work: impl FnOnce() -> T) -> T {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let done = work();
    std::panic::set_hook(usual);
    done
}
