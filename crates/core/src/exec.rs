//! Where waiting happens: futures are polled here for blocking callers.

use std::pin::pin;
use std::sync::OnceLock;
use std::task::{Context, Poll, Waker};

use tokio::runtime::{Builder, Runtime};

/// Runs a future to its end from blocking code.
///
/// Local and in-memory stores never wait, so their futures are done at the first poll; only a
/// future that really waits pays for the I/O runtime.
///
/// # Panics
/// If called from asynchronous code and the future has to wait.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(done) => done,
        Poll::Pending => runtime().block_on(future),
    }
}

/// The one runtime for I/O.
#[allow(
    clippy::expect_used,
    reason = "without threads for I/O nothing can go on, and no caller could act"
)]
fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .thread_name("ziggurat-io")
            .build()
            .expect("the operating system starts threads")
    })
}
