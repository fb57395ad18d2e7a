//! Progress on the terminal, and the wish to stop.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use ziggurat::core::progress::Progress;

/// One bar at a time, drawn on standard error if that is a terminal.
#[derive(Debug)]
pub(crate) struct Bars {
    bar: Mutex<Option<ProgressBar>>,
    quiet: bool,
    cancelled: Arc<AtomicBool>,
}

impl Bars {
    /// Bars that draw nothing if `quiet`.
    pub(crate) fn new(quiet: bool) -> Self {
        Self {
            bar: Mutex::default(),
            quiet,
            cancelled: Arc::default(),
        }
    }

    /// Takes over Ctrl-C, for work that has to be undone: the first stops it in order, the second
    /// ends the program at once.
    pub(crate) fn catch_interrupts(&self) {
        let seen = Arc::clone(&self.cancelled);
        let handler = move || {
            if seen.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
        };
        // Without a handler the system stops the program, which a store survives too.
        let _ = ctrlc::set_handler(handler);
    }

    /// Tells something that is no error, on standard error.
    pub(crate) fn note(&self, what: &str) {
        if !self.quiet {
            // Nobody is left to tell if even this cannot be written.
            let _ = writeln!(std::io::stderr(), "ziggurat: {what}");
        }
    }

    /// Removes what is drawn.
    pub(crate) fn clear(&self) {
        if let Some(bar) = self
            .bar
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
        {
            bar.finish_and_clear();
        }
    }
}

impl Progress for Bars {
    fn start(&self, what: &str, total: u64) {
        self.clear();
        if self.quiet {
            return;
        }
        // Drawn at most ten times a second, and not at all unless standard error is a terminal.
        let bar =
            ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(10));
        let style = ProgressStyle::with_template("{msg:>12} {wide_bar} {pos}/{len} {eta:>4}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(what.to_owned());
        bar.enable_steady_tick(Duration::from_millis(500));
        *self.bar.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar);
    }

    fn advance(&self, steps: u64) {
        if let Some(bar) = &*self.bar.lock().unwrap_or_else(PoisonError::into_inner) {
            bar.inc(steps);
        }
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}
