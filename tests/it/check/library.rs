//! `dbwarden::check`, as an application uses it.

use dbwarden::check::{DatabaseState, Options, states};

use crate::harness::{Engine, Project, exit};

on_each_engine![an_application_sees_what_is_pending_and_what_disagrees];

fn look(project: &Project) -> DatabaseState {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let options = Options { config: Some(project.path("dbwarden.toml")), ..Options::default() };
    let mut states = runtime.block_on(states(&options)).expect("a look");
    assert_eq!(states.len(), 1);
    states.remove(0)
}

fn an_application_sees_what_is_pending_and_what_disagrees(project: &Project) {
    project.tables(2);
    let before = look(project);
    assert_eq!((before.is_ready(), before.pending.len(), before.version.as_deref()), (false, 2, None), "{before:?}");
    assert!(before.to_string().contains("0001_create_t1.sql is pending"), "{before}");
    assert!(!project.has_table("_dbwarden_migrations"), "it only looks");
    project.migrate();
    let after = look(project);
    assert!(after.is_ready() && after.version.as_deref() == Some("0002"), "{after:?}");
    assert_eq!(after.to_string(), "primary: up to date");
    project.remove("migrations/0002_create_t2.sql");
    let ahead = look(project);
    assert_eq!((ahead.is_ready(), ahead.ahead), (true, vec!["0002 create t2".to_string()]));
    project.migration("0001_create_t1.sql", "CREATE TABLE t1 (id bigint);", "");
    let modified = look(project);
    assert!(!modified.is_ready() && modified.to_string().contains("0001 create_t1 is modified"), "{modified}");
}

#[test]
fn what_cannot_be_asked_is_an_error_without_the_password() {
    let project = Project::new(Engine::Postgres);
    project.file("dbwarden.toml", "[database.primary]\ndatabase_url = \"postgresql://app:hunter2@127.0.0.1:1/none\"\n");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let options = Options { config: Some(project.path("dbwarden.toml")), ..Options::default() };
    let error = runtime.block_on(states(&options)).expect_err("nobody there");
    assert_eq!(i32::from(error.kind.exit_code()), exit::UNREACHABLE);
    assert!(!format!("{error:?}").contains("hunter2"));
}
