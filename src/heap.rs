//! Room for what a thread is going to keep in memory, or to take and give back all the time.

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

/// How much may be free at the end of the heap.
const KEPT: usize = 2 * 1024 * 1024;

/// Has glibc's allocator keep what is given back to it, up to [`KEPT`]. By itself it gives the end of its heap back to
/// the system as soon as 128 KiB of it are free, and takes it again page by page. It keeps twice the largest piece that
/// it got from the system by itself and that was given back: such a piece is had here, and never written to.
pub(crate) fn keep_room() {
    drop(std::hint::black_box(Vec::<u8>::with_capacity(KEPT / 2)));
}
