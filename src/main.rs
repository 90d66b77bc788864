//! The `dbwarden` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    dbwarden::run()
}
