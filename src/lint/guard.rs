//! Libraries that may panic on text nobody thought of.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// What `read` gives, or None where it panics. The program's panic hook only keeps the message for the panic that
/// ends the program, so that one caught here leaves no trace.
pub(super) fn guarded<T>(read: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(read)).ok()
}

#[cfg(test)]
mod tests {
    use super::guarded;

    #[test]
    fn a_panic_is_no_answer() {
        assert_eq!(guarded(|| 1), Some(1));
        assert_eq!(guarded(|| if [0].len() == 1 { panic!("found by a test") } else { 1 }), None);
    }
}
