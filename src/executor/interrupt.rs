use std::fmt;

use tokio::sync::watch;

/// A signal that asks the run to stop cleanly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// The container runtime, or `kill`.
    Terminate,
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Signal::Interrupt => "SIGINT",
            Signal::Terminate => "SIGTERM",
        })
    }
}

/// Learns of a request to stop. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Interrupt(watch::Receiver<Option<Signal>>);

/// Makes the request; kept by whoever listens to signals.
#[derive(Debug, Clone)]
pub struct Interrupter(watch::Sender<Option<Signal>>);

impl Interrupt {
    /// A pair of both ends.
    pub fn channel() -> (Interrupter, Interrupt) {
        let (sender, receiver) = watch::channel(None);
        (Interrupter(sender), Interrupt(receiver))
    }

    /// The request, if it was made.
    pub fn signal(&self) -> Option<Signal> {
        *self.0.borrow()
    }

    /// Waits for the request; for ever when nobody can make it any more.
    pub async fn requested(&mut self) -> Signal {
        loop {
            if let Some(signal) = self.signal() {
                return signal;
            }
            if self.0.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

impl Interrupter {
    /// Asks to stop. Later requests change nothing.
    pub fn request(&self, signal: Signal) {
        self.0.send_if_modified(|current| {
            let first = current.is_none();
            current.get_or_insert(signal);
            first
        });
    }
}
