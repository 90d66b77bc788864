//! Having the disk work while the processor does.

use std::fs::File;
use std::io;
use std::sync::mpsc::{SyncSender, sync_channel};

/// How much is written before the disk is told to begin with it.
const EVERY: u64 = 8 << 20;

/// Brings what is written to the disk while more is being written, on a thread of its own, so that the flush that counts
/// finds little left to do. Errors are heard again by that one.
pub(super) struct Flusher {
    ask: SyncSender<()>,
    flushed: u64,
}

impl Flusher {
    /// For `file`.
    ///
    /// # Errors
    /// The operating system's.
    pub(super) fn of(file: &File) -> io::Result<Flusher> {
        let file = file.try_clone()?;
        let (ask, asked) = sync_channel(1);
        std::thread::Builder::new().name("flush".to_owned()).spawn(move || {
            for () in asked {
                let _ = file.sync_data();
            }
        })?;
        Ok(Flusher { ask, flushed: 0 })
    }

    /// So many bytes are written by now.
    pub(super) fn written(&mut self, bytes: u64) {
        if bytes / EVERY != self.flushed / EVERY {
            self.flushed = bytes;
            // One that is waiting will do for this, too.
            let _ = self.ask.try_send(());
        }
    }
}
