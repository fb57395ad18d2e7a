//! Does the work of one task of the `superchunk` benchmark with this library, once, and prints what it cost.
//!
//! ```text
//! peer [--cache] [--rewrite | --in-place | --writer] TASK.json
//! ```
//!
//! | option | |
//! |---|---|
//! | `--cache` | reads keep decoded blocks in memory |
//! | `--rewrite` | each update replaces its superchunk (the default) |
//! | `--in-place` | each update writes into its superchunk |
//! | `--writer` | updates gather in memory and are flushed once, at the end |
//!
//! The task and the line of JSON that is printed are those of the peer drivers; see
//! `benches/suites/superchunk.py`. What an option does not apply to is skipped.

mod hierarchy;
mod meter;
mod read;
mod sink;
mod task;
mod write;

use serde_json::{Value, json};

use crate::task::{Options, Task};

/// What was measured; `None` if this is not done with these options.
type Outcome = Result<Option<Value>, Box<dyn std::error::Error>>;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (options, task) = task::from_arguments(std::env::args().skip(1))?;
    rayon::ThreadPoolBuilder::new()
        .num_threads(task.threads)
        .build_global()?;
    let skipped = || json!({"skip": true});
    println!("{}", run(&options, &task)?.unwrap_or_else(skipped));
    Ok(())
}

fn run(options: &Options, task: &Task) -> Outcome {
    match task.workload.as_str() {
        "W1" if options.plain() => write::whole(task),
        "W2" if options.plain() => read::whole(task),
        "W3" if options.reads() => read::units(options, task),
        "W4" if options.reads() => read::boxes(options, task),
        "W5" if !options.cache => write::append(options, task),
        "W6" if !options.cache => write::overwrite(options, task),
        "W7" if options.plain() => hierarchy::run(task),
        _ => Ok(None),
    }
}
