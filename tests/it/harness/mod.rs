//! The one hermetic harness: private servers, a database and a folder for each test, and the built binary.

pub mod account;
pub mod client;
pub mod dialect;
pub mod exit;
pub mod galera;
mod holder;
#[macro_use]
mod macros;
pub mod mariadb;
mod neighbour;
pub mod postgres;
mod process;
mod project;
pub mod proxy;
pub mod supervisor;

use std::time::{Duration, Instant};

pub use dbwarden::dialect::Engine;
pub use holder::Holder;
pub use neighbour::Neighbour;
pub use process::{Finished, Running};
pub use project::{Home, Project, repository};
pub use supervisor::{Restartable, free_port};

/// The user that owns every test's database.
pub const USER: &str = "app";

/// That user's password. It holds what URLs must escape, and nothing else of the project contains it.
pub const PASSWORD: &str = "Zq9@vK/w2:x%7#Jp";

/// Asks until `condition` holds. For what only a database can tell, which no one can be notified of.
#[track_caller]
pub fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < Duration::from_secs(60), "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// `text` as it stands in a URL.
pub fn percent_encode(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => (byte as char).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(encode).collect()
}
