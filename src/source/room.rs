//! Memory for many small values.

/// Smaller than what glibc's allocator gets and gives back by calls of their own (<https://man7.org/linux/man-pages/man3/mallopt.3.html>).
const BLOCK: usize = 120 * 1024;

/// However many files there are, more is not taken at once.
const MOST: usize = 8 * 1024 * 1024;

/// Makes room in this thread's heap for `bytes` to come. glibc lets the heap of a thread grow page by page, each by a
/// call of the system that holds up the memory of all threads; what has been taken once stays usable. Nothing of it is
/// written to, so that it takes no memory before it is used.
pub(super) fn make(bytes: usize) {
    let blocks = bytes.min(MOST).div_ceil(BLOCK);
    let room: Vec<Vec<u8>> = (0..blocks).map(|_| Vec::with_capacity(BLOCK)).collect();
    drop(std::hint::black_box(room));
}
