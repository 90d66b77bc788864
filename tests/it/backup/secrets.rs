//! The password is in no process list, no environment and no file while a backup runs.

use std::path::PathBuf;

use super::fixture::full;
use crate::harness::{Engine, PASSWORD, Project, exit, percent_encode};

/// The process and its children.
fn family(id: &str) -> Vec<PathBuf> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    let is_child = |process: &PathBuf| {
        let status = std::fs::read_to_string(process.join("status")).unwrap_or_default();
        status.lines().any(|line| line.strip_prefix("PPid:").is_some_and(|parent| parent.trim() == id))
    };
    processes.filter(|process| process.ends_with(id) || is_child(process)).collect()
}

/// Looks for `secrets` in the arguments and the environment of these processes.
fn seen(processes: &[PathBuf], secrets: &[String]) -> Option<String> {
    for process in processes {
        for what in ["cmdline", "environ"] {
            let found = std::fs::read(process.join(what)).unwrap_or_default();
            let text = String::from_utf8_lossy(&found).into_owned();
            if secrets.iter().any(|secret| text.contains(secret)) {
                return Some(format!("{}: {}", process.display(), text.replace('\0', " ")));
            }
        }
    }
    None
}

#[test]
fn nobody_sees_the_password() {
    for engine in [Engine::Postgres, Engine::MySql] {
        let project = Project::new(engine);
        full(&project);
        for arguments in [&["backup", "--verify", "-v"][..], &["restore", "--latest", "--yes", "-v"]] {
            let running = project.spawn(arguments);
            let (sender, ended) = std::sync::mpsc::channel();
            let id = running.id().to_string();
            let watching = std::thread::spawn(move || {
                let secrets = [PASSWORD.to_string(), percent_encode(PASSWORD)];
                let mut children = 0;
                while ended.try_recv().is_err() {
                    let family = family(&id);
                    children += family.len().saturating_sub(1);
                    if let Some(found) = seen(&family, &secrets) {
                        return Err(found);
                    }
                }
                Ok(children)
            });
            let finished = running.finish();
            let _ = sender.send(());
            let children = watching.join().unwrap().expect("no secret is seen");
            assert!(children > 0, "the programs were looked at");
            finished.exits(exit::DONE).never_mentions(PASSWORD);
        }
        // Nor in a file that is left behind, manifest and archive included.
        let found = crate::harness::client::try_pipe(
            crate::harness::client::client("grep")
                .args(["-rlF", "--exclude=dbwarden.toml", PASSWORD])
                .arg(project.path(".")),
            "",
        );
        assert!(found.is_err(), "{engine:?}: {found:?}");
    }
}
