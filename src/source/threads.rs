//! The threads that read many files: how many there are, and room for what they make of them.

use crate::heap;

/// Below this number of files (or bytes, whichever is reached first), threads cost more than they save.
pub(super) const PARALLEL_FILES: usize = 64;
const PARALLEL_BYTES: u64 = 1 << 20;

/// What each of them has to do at least: on a large machine they would else take longer to start than to finish.
const FILES_PER_THREAD: usize = PARALLEL_FILES / 2;
const BYTES_PER_THREAD: u64 = PARALLEL_BYTES / 4;

/// What a file takes up in memory, parsed; most do not take much more.
const USUAL_SIZE: usize = 1200;

/// How many threads read `files` files of `bytes` together, at least one.
pub(super) fn count(files: usize, bytes: u64, processors: usize) -> usize {
    if files < PARALLEL_FILES && bytes < PARALLEL_BYTES {
        return 1;
    }
    let by_bytes = usize::try_from(bytes / BYTES_PER_THREAD).unwrap_or(usize::MAX);
    (files / FILES_PER_THREAD).max(by_bytes).min(processors).min(files).max(1)
}

/// Makes room in this thread's heap for so many files, parsed.
pub(super) fn make_room(files: usize) {
    heap::make_room(files.saturating_mul(USUAL_SIZE));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_threads_as_have_something_to_do() {
        for (files, bytes, processors, expected) in [
            (0, 0, 8, 1),
            (1, 1 << 30, 8, 1),
            (2, 1 << 30, 8, 2),
            (20, PARALLEL_BYTES, 64, 4),
            (63, 1000, 8, 1),
            (64, 0, 8, 2),
            (1000, 0, 2, 2),
            (1000, 0, 64, 31),
            (100_000, 0, 64, 64),
            (1000, 0, 1, 1),
        ] {
            assert_eq!(count(files, bytes, processors), expected, "{files} files, {processors} processors");
        }
    }
}
