//! What a stretch of work costs: time, CPU, memory, and bytes through system calls.

use std::time::Instant;

use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeVal;
use serde_json::{Map, Value, json};

/// Runs from [`start`](Self::start) to [`stop`](Self::stop).
pub(crate) struct Meter {
    started: Instant,
    usage: Usage,
    io: Vec<(String, u64)>,
    /// Seconds from the start to the end of each operation.
    ends: Vec<f64>,
}

impl Meter {
    pub(crate) fn start() -> Result<Self, Box<dyn std::error::Error>> {
        let io = io();
        let usage = getrusage(UsageWho::RUSAGE_SELF)?;
        Ok(Self {
            started: Instant::now(),
            usage,
            io,
            ends: Vec::new(),
        })
    }

    /// Marks the end of one operation.
    pub(crate) fn tick(&mut self) {
        self.ends.push(self.started.elapsed().as_secs_f64());
    }

    #[allow(
        clippy::cast_precision_loss,
        reason = "kibibytes of memory are far below 2^52"
    )]
    pub(crate) fn stop(self) -> Result<Map<String, Value>, Box<dyn std::error::Error>> {
        let wall = self.started.elapsed().as_secs_f64();
        let usage = getrusage(UsageWho::RUSAGE_SELF)?;
        let mut out = Map::new();
        let mut put = |name: &str, value: Value| out.insert(name.to_owned(), value);
        put("wall", json!(wall));
        let spent =
            |of: fn(&Usage) -> TimeVal| json!(seconds(of(&usage)) - seconds(of(&self.usage)));
        put("user", spent(Usage::user_time));
        put("sys", spent(Usage::system_time));
        put("rss_peak_mib", json!(usage.max_rss() as f64 / 1024.0));
        let faults = usage.minor_page_faults() - self.usage.minor_page_faults();
        put("minflt", json!(faults));
        for ((name, before), (_, after)) in self.io.iter().zip(io()) {
            put(name, json!(after - before));
        }
        if !self.ends.is_empty() {
            let starts = std::iter::once(&0.0).chain(&self.ends);
            let mut each: Vec<f64> = self.ends.iter().zip(starts).map(|(e, s)| e - s).collect();
            each.sort_by(f64::total_cmp);
            put("ops", json!(each.len()));
            put("p50", json!(each[(each.len() - 1) / 2]));
            put("p99", json!(each[(each.len() - 1) * 99 / 100]));
        }
        Ok(out)
    }
}

#[allow(
    clippy::cast_precision_loss,
    reason = "seconds of one run are far below 2^52"
)]
fn seconds(time: TimeVal) -> f64 {
    time.tv_sec() as f64 + time.tv_usec() as f64 * 1e-6
}

/// Bytes and system calls of this process so far; nothing where the system does not count them.
fn io() -> Vec<(String, u64)> {
    let text = std::fs::read_to_string("/proc/self/io").unwrap_or_default();
    text.lines()
        .filter_map(|line| line.split_once(": "))
        .filter_map(|(name, count)| Some((name.to_owned(), count.parse().ok()?)))
        .collect()
}
