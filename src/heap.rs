//! Room for what a thread is going to keep in memory.

/// Smaller than what glibc's allocator gets from the system, and gives back, piece by piece
/// (<https://man7.org/linux/man-pages/man3/mallopt.3.html>, `M_MMAP_THRESHOLD` and `M_TRIM_THRESHOLD`).
const BLOCK: usize = 120 * 1024;

/// However much is wanted, more is not taken at once.
const MOST: usize = 8 * 1024 * 1024;

/// Makes room in this thread's heap. glibc lets the heaps of all threads but the first grow page by page, each by a call
/// of the system that holds up every thread of the process; what has been taken once stays usable. Nothing is written
/// into it, so that it takes no memory before it is used, and other allocators lose little by it.
pub(crate) fn make_room(bytes: usize) {
    let blocks = bytes.min(MOST).div_ceil(BLOCK);
    let room: Vec<Vec<u8>> = (0..blocks).map(|_| Vec::with_capacity(BLOCK)).collect();
    drop(std::hint::black_box(room));
}
