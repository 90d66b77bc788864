//! What the numbers were taken on.

use std::path::Path;
use std::process::Command;

use crate::harness::client::client;
use crate::harness::{Engine, Project};

/// Processor, versions, and how the servers write.
pub fn describe() -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown processor");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let model = model.trim_start_matches([' ', '\t', ':']);
    let versions = Engine::ALL.map(|engine| {
        let project = Project::bare(engine);
        match engine {
            Engine::Postgres => format!("PostgreSQL {}", project.sql("SHOW server_version")),
            Engine::MySql => project.sql("SELECT version()"),
            Engine::Sqlite => {
                format!("sqlite3 {}, SQLite {} within dbwarden", project.sql("SELECT sqlite_version()"), bundled())
            }
        }
    });
    format!(
        "{} on {model}, {cores} cores; {}; {}.\n\
         Servers write as freshly installed: PostgreSQL fsync and synchronous_commit on, MariaDB \
         innodb_flush_log_at_trx_commit 1 without a binary log, SQLite synchronous FULL with a rollback journal. \
         Everything over the socket.",
        first_line(Command::new(env!("CARGO_BIN_EXE_dbwarden")).arg("version")),
        versions.join(", "),
        first_line(client("uname").arg("-sr")),
    )
}

/// The SQLite that dbwarden brings along.
fn bundled() -> String {
    let project = Project::new(Engine::Sqlite);
    let report = project.tables(1).json(&["migrate"]);
    report["databases"][0]["server"]["version"].as_str().unwrap_or("?").to_string()
}

fn first_line(command: &mut Command) -> String {
    let output = command.output().map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    output.unwrap_or_default().lines().next().unwrap_or_default().to_string()
}

/// Bytes of the binary of the profile `dist`, which is built for this.
pub fn shipped_size() -> u64 {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.args(["build", "--quiet", "--locked", "--profile", "dist"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    assert!(build.status().is_ok_and(|status| status.success()), "the profile `dist` builds");
    // target/release/dbwarden
    let measured = Path::new(env!("CARGO_BIN_EXE_dbwarden"));
    let target = measured.ancestors().nth(2).expect("the folder of all profiles");
    std::fs::metadata(target.join("dist/dbwarden")).expect("the binary").len()
}
