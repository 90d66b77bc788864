//! What a program prints, read rarely and much of it at a time.
//!
//! Whoever waits in a pipe is woken for every few kilobytes that are written into it: two processes that wake each other
//! while both processors are busy with the dump. So a pipe as large as one may be made is left to fill for a moment
//! before it is read again. It is never full at that, so that the program never waits, and to write into memory costs it
//! less than to write into a file.

use std::fs::File;
use std::io::{self, Read};
use std::time::Duration;

use rustix::pipe::{fcntl_getpipe_size, fcntl_setpipe_size};

/// As large as a pipe may be made by everybody (<https://man7.org/linux/man-pages/man7/pipe.7.html>).
const ROOM: usize = 1 << 20;

/// How long the pipe is left to itself: what fills the half of it meanwhile would have to print 500 MB a second.
const PAUSE: Duration = Duration::from_millis(1);

/// The reading end of a program's output.
pub(super) struct Printed {
    from: File,
    /// Whether the pipe has room for a pause.
    is_large: bool,
    buffer: Vec<u8>,
    read: usize,
}

impl Printed {
    /// Makes the pipe as large as it may be.
    pub(super) fn new(from: File) -> Printed {
        // Where that is not granted, the pipe stays as it is.
        let room = fcntl_setpipe_size(&from, ROOM).or_else(|_| fcntl_getpipe_size(&from)).unwrap_or_default();
        // Full of what was read before, so that the first piece is not waited for.
        Printed { from, is_large: room >= ROOM, buffer: vec![0; ROOM], read: ROOM }
    }

    /// The next piece; empty at the end.
    ///
    /// # Errors
    /// The operating system's.
    pub(super) fn next(&mut self) -> io::Result<&[u8]> {
        if self.is_large && self.read < ROOM / 2 {
            std::thread::sleep(PAUSE);
        }
        self.read = self.from.read(&mut self.buffer)?;
        Ok(&self.buffer[..self.read])
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::time::Instant;

    use super::*;

    /// All that `write` writes, and in how many pieces it was read.
    fn read(write: impl FnOnce(File) + Send + 'static) -> (Vec<u8>, usize) {
        let (from, into) = rustix::pipe::pipe().unwrap();
        let mut printed = Printed::new(File::from(from));
        let writing = std::thread::spawn(move || write(File::from(into)));
        let (mut all, mut pieces) = (Vec::new(), 0);
        loop {
            match printed.next().unwrap() {
                [] => break,
                piece => {
                    all.extend_from_slice(piece);
                    pieces += 1;
                }
            }
        }
        writing.join().unwrap();
        (all, pieces)
    }

    #[test]
    fn every_byte_arrives_in_order() {
        let bytes: Vec<u8> = (0..3 * ROOM + 7).map(|number| (number % 251) as u8).collect();
        let written = bytes.clone();
        assert!(read(move |mut into| into.write_all(&written).unwrap()).0 == bytes);
    }

    #[test]
    fn small_pieces_are_read_together() {
        let (writes, started) = (300, Instant::now());
        // As a program that has something to do in between.
        let (all, pieces) = read(move |mut into| {
            for _ in 0..writes {
                into.write_all(&[7; 512]).unwrap();
                std::thread::sleep(PAUSE / 20);
            }
        });
        assert_eq!(all.len(), writes * 512);
        let pauses = started.elapsed().as_millis() / PAUSE.as_millis();
        assert!(pieces as u128 <= pauses + 3, "{pieces} pieces in {pauses} ms");
    }

    #[test]
    fn nothing_is_an_end() {
        assert_eq!(read(drop), (Vec::new(), 0));
    }
}
