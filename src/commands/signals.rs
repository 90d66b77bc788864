use tokio::signal::unix::{SignalKind, signal};

use crate::executor::{Interrupter, Signal};

/// Listens for requests to stop, for as long as the runtime lives. The first one stops the run cleanly; a second one
/// ends the process at once, as if nobody listened.
pub(super) fn listen(interrupter: &Interrupter) {
    let kinds = [
        (SignalKind::interrupt(), Signal::Interrupt),
        (SignalKind::terminate(), Signal::Terminate),
        (SignalKind::hangup(), Signal::Terminate),
    ];
    for (kind, meaning) in kinds {
        // Where a signal cannot be listened to, its default action ends the process: the database undoes the rest.
        let Ok(mut stream) = signal(kind) else { continue };
        let interrupter = interrupter.clone();
        tokio::spawn(async move {
            while stream.recv().await.is_some() {
                interrupter.request(meaning);
            }
        });
    }
}
