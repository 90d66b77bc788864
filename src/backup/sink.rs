//! Where a dump goes: counted, hashed and, where asked for, compressed on its way into a file.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};

use super::flush::Flusher;

/// What is read at a time.
const CHUNK: usize = 1 << 20;

/// What is collected before it is written, of what comes in smaller pieces.
const BUFFER: usize = 64 * 1024;

/// A file being written.
pub(super) struct Sink {
    compressor: Compressor,
    raw: Arc<AtomicU64>,
}

enum Compressor {
    None(BufWriter<Hashed>),
    Zstd(Box<zstd::Encoder<'static, BufWriter<Hashed>>>),
}

/// What has been written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    /// Size of the file.
    pub(super) bytes: u64,
    /// Its SHA-256, lower-case hexadecimal.
    pub(super) sha256: String,
}

/// Size and digest of what can be read from here on.
///
/// # Errors
/// The operating system's.
pub(super) fn digest(from: &mut dyn Read) -> io::Result<Written> {
    let (mut hasher, mut bytes, mut buffer) = (Sha256::new(), 0, vec![0; CHUNK]);
    loop {
        match from.read(&mut buffer)? {
            0 => return Ok(Written { bytes, sha256: hex::encode(hasher.finalize()) }),
            read => {
                hasher.update(&buffer[..read]);
                bytes += read as u64;
            }
        }
    }
}

/// Size and digest of a file that another wrote at `path`, flushed through `file`, which is the same one.
///
/// # Errors
/// The operating system's.
pub(super) fn written(file: &File, path: &Path) -> io::Result<Written> {
    std::thread::scope(|scope| {
        // The disk works while the processor does.
        let flushing = scope.spawn(|| file.sync_all());
        let written = digest(&mut File::open(path)?)?;
        flushing.join().unwrap_or_else(|_| Err(io::Error::other("the flushing ended")))?;
        Ok(written)
    })
}

struct Hashed {
    file: File,
    flusher: Flusher,
    hasher: Sha256,
    bytes: u64,
}

impl Write for Hashed {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let written = self.file.write(data)?;
        self.hasher.update(&data[..written]);
        self.bytes += written as u64;
        self.flusher.written(self.bytes);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Sink {
    /// Writes into `file`, compressed at a zstd level where one is given. `raw` counts what came in.
    ///
    /// # Errors
    /// Where the compressor refuses the level, and the operating system's.
    pub(super) fn new(file: File, zstd: Option<i32>, raw: Arc<AtomicU64>) -> io::Result<Sink> {
        let flusher = Flusher::of(&file)?;
        let hashed = Hashed { file, flusher, hasher: Sha256::new(), bytes: 0 };
        let writer = BufWriter::with_capacity(BUFFER, hashed);
        let compressor = match zstd {
            Some(level) => Compressor::Zstd(Box::new(zstd::Encoder::new(writer, level)?)),
            None => Compressor::None(writer),
        };
        Ok(Sink { compressor, raw })
    }

    /// Ends the file and waits until it is on the disk.
    ///
    /// # Errors
    /// The operating system's: a full disk may say so only now.
    pub(super) fn finish(self) -> io::Result<Written> {
        let writer = match self.compressor {
            Compressor::None(writer) => writer,
            Compressor::Zstd(encoder) => encoder.finish()?,
        };
        let hashed = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
        hashed.file.sync_all()?;
        Ok(Written { bytes: hashed.bytes, sha256: hex::encode(hashed.hasher.finalize()) })
    }
}

impl Write for Sink {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let written = match &mut self.compressor {
            Compressor::None(writer) => writer.write(data)?,
            Compressor::Zstd(encoder) => encoder.write(data)?,
        };
        self.raw.fetch_add(written as u64, Ordering::Relaxed);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.compressor {
            Compressor::None(writer) => writer.flush(),
            Compressor::Zstd(encoder) => encoder.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn written(zstd: Option<i32>) -> (Vec<u8>, Written, u64) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let raw = Arc::new(AtomicU64::new(0));
        let mut sink = Sink::new(File::create(&path).unwrap(), zstd, Arc::clone(&raw)).unwrap();
        sink.write_all(&[b'a'; 100_000]).unwrap();
        let written = sink.finish().unwrap();
        let mut content = Vec::new();
        File::open(&path).unwrap().read_to_end(&mut content).unwrap();
        (content, written, raw.load(Ordering::Relaxed))
    }

    #[test]
    fn the_digest_is_of_the_file() {
        for zstd in [None, Some(3)] {
            let (content, written, raw) = written(zstd);
            assert_eq!(written.sha256, hex::encode(Sha256::digest(&content)));
            assert_eq!((written.bytes, raw), (content.len() as u64, 100_000));
        }
    }

    #[test]
    fn compression_can_be_undone() {
        let (content, ..) = written(Some(3));
        assert!(content.len() < 1000);
        assert_eq!(zstd::decode_all(content.as_slice()).unwrap(), [b'a'; 100_000]);
    }
}
