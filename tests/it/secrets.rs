//! No output of any command, in success or failure, holds the password or the form it has in the URL.

use crate::harness::{Engine, Finished, PASSWORD, Project, exit, free_port, percent_encode};

on_each_engine![
    no_command_prints_the_password,
    no_login_failure_prints_the_password,
    no_unreachable_host_prints_the_password,
    no_bad_url_is_echoed,
    the_history_holds_no_password,
];

const COMMANDS: &[&[&str]] = &[
    &["migrate", "--dry-run"],
    &["migrate", "-c", "1"],
    &["migrate"],
    &["status"],
    &["history"],
    &["check"],
    &["repair", "--yes"],
    &["lock-status"],
    &["unlock", "--yes"],
    &["config"],
    &["database", "list"],
    &["rollback"],
    &["downgrade", "--to", "0"],
    &["new", "another"],
    &["init"],
    &["version"],
    &["completions", "bash"],
];

const STYLES: &[&[&str]] = &[&[], &["-v"], &["--json"], &["--json", "-v"], &["--log-format", "json", "-v"]];

#[track_caller]
fn assert_no_secret(report: Finished) {
    let encoded = percent_encode(PASSWORD);
    // Half of it would be enough to be sure that it leaked.
    report.never_mentions(PASSWORD).never_mentions(&encoded).never_mentions(&PASSWORD[4..]);
}

/// Runs everything in every style.
fn every_command(project: &Project) {
    for command in COMMANDS {
        for style in STYLES {
            let run = project.command(command.iter().chain(*style));
            assert_no_secret(run.env("RUST_LOG", "trace").run());
        }
    }
}

fn use_url(project: &Project, url: &str) {
    project.file("dbwarden.toml", format!("[database.primary]\ndatabase_url = \"{url}\"\nconnect_timeout = \"1s\"\n"));
}

fn no_command_prints_the_password(project: &Project) {
    project.tables(2);
    every_command(project);
    project.migration("0003_break.sql", project.snippets().failing.0, "");
    for style in STYLES {
        assert_no_secret(project.run([&["migrate"], *style].concat()));
    }
}

fn no_login_failure_prints_the_password(project: &Project) {
    if project.engine() == Engine::Sqlite {
        return; // has no login
    }
    project.tables(1);
    let wrong = format!("wrong{PASSWORD}");
    use_url(project, &project.url_with_password(&wrong));
    project.run(["migrate"]).exits(exit::UNREACHABLE).says("app").never_mentions(&wrong);
    every_command(project);
}

fn no_unreachable_host_prints_the_password(project: &Project) {
    if project.engine() == Engine::Sqlite {
        return; // has no host
    }
    project.tables(1);
    let port = free_port();
    use_url(project, &project.url_at(PASSWORD, port, ""));
    project.run(["status"]).exits(exit::UNREACHABLE).says("127.0.0.1").says(&port.to_string());
    for style in STYLES {
        assert_no_secret(project.run([&["migrate"], *style].concat()));
    }
}

fn no_bad_url_is_echoed(project: &Project) {
    project.tables(1);
    let name = project.engine().name();
    let encoded = percent_encode(PASSWORD);
    for url in [
        format!("{name}://app:{PASSWORD}@127.0.0.1:notaport/x"),
        format!("{name}//app:{encoded}@127.0.0.1/x"),
        format!("nosuchengine://app:{encoded}@127.0.0.1/x"),
        format!("{name}://app:{encoded}@127.0.0.1/x?password={encoded}&no_such_key={encoded}"),
        encoded.clone(),
    ] {
        use_url(project, &url);
        for style in STYLES {
            assert_no_secret(project.run([&["migrate"], *style].concat()).exits(exit::USAGE));
        }
        // The same from the environment, where no file names it.
        project.remove("dbwarden.toml");
        assert_no_secret(project.command(["migrate"]).env("DATABASE_URL", &url).run().exits(exit::USAGE));
    }
}

fn the_history_holds_no_password(project: &Project) {
    project.tables(1).migrate();
    let rows = project.sql("SELECT * FROM _dbwarden_migrations");
    assert!(!rows.contains(&PASSWORD[4..]), "{rows}");
    if project.has_table("_dbwarden_events") {
        let rows = project.sql("SELECT * FROM _dbwarden_events");
        assert!(!rows.contains(&PASSWORD[4..]), "{rows}");
    }
}

#[test]
fn broken_toml_shows_no_secret_of_its_line() {
    let project = Project::new(Engine::Sqlite);
    project.file("dbwarden.toml", format!("[database.primary]\npassword = \"{PASSWORD}\nhost = 1\n"));
    assert_no_secret(project.run(["migrate"]).exits(exit::USAGE).says("dbwarden.toml"));
    project.file("dbwarden.toml", format!("[database.primary]\npasword = \"{PASSWORD}\"\n"));
    assert_no_secret(project.run(["migrate"]).exits(exit::USAGE).says("pasword").says("password"));
}
