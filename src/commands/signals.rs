use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::signal::unix::{SignalKind, signal};

use crate::executor::{Interrupter, Signal};

/// Listens for requests to stop, for as long as the runtime lives. The first one stops the run cleanly; a second one
/// of any kind ends the process at once, as if nobody listened.
pub(super) fn listen(interrupter: &Interrupter) {
    let asked = Arc::new(AtomicBool::new(false));
    let requests = Arc::new(AtomicUsize::new(0));
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
        let (interrupter, requests) = (interrupter.clone(), Arc::clone(&requests));
        tokio::spawn(async move {
            while stream.recv().await.is_some() {
                if requests.fetch_add(1, Ordering::Relaxed) > 0 {
                    // Two threads may have handled two signals side by side, so that neither saw the other's mark.
                    let _ = signal_hook::low_level::emulate_default_handler(number);
                }
                interrupter.request(meaning);
            }
        });
    }
}
