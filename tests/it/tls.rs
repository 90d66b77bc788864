//! TLS: what was asked for is what happens, or the run is refused.

use crate::harness::postgres::Postgres;
use crate::harness::{Engine, Finished, PASSWORD, Project, exit};

/// Runs `migrate` as `user` on `host` with these URL parameters.
fn migrate(project: &Project, user: &str, host: &str, parameters: &str) -> Finished {
    let url = project.url_at(PASSWORD, Postgres::get().port(), parameters);
    let url = url.replace("//app:", &format!("//{user}:")).replace("127.0.0.1", host);
    project.file("dbwarden.toml", format!("[database.primary]\ndatabase_url = \"{url}\"\n"));
    project.run(["migrate"])
}

fn project() -> Project {
    let project = Project::new(Engine::Postgres);
    let probe = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    project.tables(1).migration(
        "RA__probe.sql",
        &format!("DROP TABLE IF EXISTS seen; CREATE TABLE seen AS {probe};"),
        "",
    );
    project
}

#[test]
fn it_is_used_where_the_server_offers_it() {
    let project = project();
    migrate(&project, "app", "127.0.0.1", "").exits(exit::DONE);
    assert_eq!(project.sql("SELECT ssl FROM seen"), "t");
    migrate(&project, "app", "127.0.0.1", "?sslmode=disable").exits(exit::DONE);
    assert_eq!(project.sql("SELECT ssl FROM seen"), "f");
}

#[test]
fn verify_full_checks_authority_and_host() {
    let project = project();
    let ca = Postgres::get().ca_certificate().display().to_string();
    let verified = format!("?sslmode=verify-full&sslrootcert={ca}");
    migrate(&project, "app", "localhost", &verified).exits(exit::DONE);
    assert_eq!(project.sql("SELECT ssl FROM seen"), "t");
    // The certificate is for localhost, not for its address.
    let refused = migrate(&project, "app", "127.0.0.1", &verified);
    refused.exits(exit::REFUSED).mentions("certificate");
    // Without our authority's certificate nobody vouches for the server.
    migrate(&project, "app", "localhost", "?sslmode=verify-full").exits(exit::REFUSED).mentions("certificate");
    migrate(&project, "app", "127.0.0.1", &format!("?sslmode=verify-ca&sslrootcert={ca}")).exits(exit::DONE);
}

#[test]
fn a_server_that_insists_is_believed() {
    let project = project();
    migrate(&project, "tls_only", "127.0.0.1", "?sslmode=disable").exits(exit::UNREACHABLE).says("tls_only");
}
