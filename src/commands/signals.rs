use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::signal::unix::{SignalKind, signal};

use crate::executor::{Interrupter, Signal};

/// Listens for requests to stop, for as long as the runtime lives. The first one stops the run cleanly; a second one
/// of any kind ends the process at once, as if nobody listened.
pub(super) fn listen(interrupter: &Interrupter) {
    let asked = Arc::new(AtomicBool::new(false));
    let kinds = [
        (SignalKind::interrupt(), Signal::Interrupt),
        (SignalKind::terminate(), Signal::Terminate),
        (SignalKind::hangup(), Signal::Terminate),
    ];
    for (kind, meaning) in kinds {
        // In the handler itself, which needs no runtime that has the time to listen; first looked at, then raised.
        // Where a signal cannot be listened to, its default action ends the process: the database undoes the rest.
        let number = kind.as_raw_value();
        let ends_at_once = signal_hook::flag::register_conditional_default(number, Arc::clone(&asked));
        if ends_at_once.and_then(|_| signal_hook::flag::register(number, Arc::clone(&asked))).is_err() {
            continue;
        }
        let Ok(mut stream) = signal(kind) else { continue };
        let interrupter = interrupter.clone();
        tokio::spawn(async move {
            while stream.recv().await.is_some() {
                interrupter.request(meaning);
            }
        });
    }
}
