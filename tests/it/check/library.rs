//! `dbwarden::check`, as an application uses it.

use std::io::{Read, Write};
use std::net::TcpStream;

use dbwarden::check::{DatabaseState, Options, states};

use crate::harness::{Engine, Project, exit};

/// The example, as it is shown to people.
#[path = "../../../examples/health.rs"]
#[allow(dead_code, reason = "its main is not run here")]
mod health;

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

#[test]
fn the_services_probes_tell_whether_migrations_are_pending() {
    let project = Project::new(Engine::Sqlite);
    project.tables(2);
    let options = Options { config: Some(project.path("dbwarden.toml")), ..Options::default() };
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.set_nonblocking(true).expect("a socket");
    let address = listener.local_addr().expect("its address");
    // It ends with the tests.
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a socket");
            axum::serve(listener, health::health(options)).await
        })
    });
    let get = |path: &str| {
        let mut stream = TcpStream::connect(address).expect("the service");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n").expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    };
    assert!(get("/health/live").starts_with("HTTP/1.1 200 OK"));
    let pending = get("/health/ready");
    assert!(pending.starts_with("HTTP/1.1 503") && pending.contains("0001_create_t1.sql is pending"), "{pending}");
    project.migrate();
    let ready = get("/health/ready");
    assert!(ready.starts_with("HTTP/1.1 200 OK") && ready.ends_with("ready\n"), "{ready}");
}
