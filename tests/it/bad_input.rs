//! Bad input: each case has its exit code, says what and where, and leaves database and files as they were.

use crate::harness::mariadb::MariaDb;
use crate::harness::postgres::Postgres;
use crate::harness::{Engine, PASSWORD, Project, USER, exit, free_port};

on_each_engine![
    files_that_cannot_be_used_are_named,
    a_folder_that_is_missing_is_named,
    odd_things_in_the_folder_do_no_harm,
    settings_that_cannot_be_used_are_named,
    bad_files_are_told_alike_wherever_the_server_is,
    a_wrong_login_or_host_is_told_apart,
    a_user_without_rights_learns_which_grant_is_missing,
    a_history_of_a_newer_dbwarden_is_left_alone,
];

/// The migration `0002_bad.sql` with this content is refused before anything runs, with all of `words`.
#[track_caller]
fn refuses(project: &Project, content: &[u8], words: &[&str]) {
    project.tables(1).file("migrations/0002_bad.sql", content);
    let before = project.fingerprint();
    for command in ["migrate", "check"] {
        let mut report = project.run([command]).exits(exit::USAGE).mentions("0002_bad.sql");
        for word in words {
            report = report.mentions(word);
        }
    }
    assert_eq!(project.fingerprint(), before, "{}", content.escape_ascii());
    assert!(!project.has_table("t1"), "the file before it did not run either");
    project.remove("migrations/0002_bad.sql");
}

fn files_that_cannot_be_used_are_named(project: &Project) {
    let cases: &[(&[u8], &[&str])] = &[
        (b"CREATE TABLE x (id int);\n", &["-- upgrade"]),
        (b"-- upgrade\nSELECT 1;\n", &["-- rollback", "irreversible"]),
        (b"-- dbwarden: irreversable\n-- upgrade\nSELECT 1;\n-- rollback\n", &["0002_bad.sql:1", "irreversible"]),
        (b"-- upgrade\nSELECT '\xff';\n-- rollback\n", &["UTF-8", "19"]),
        (b"-- upgrade\nSELECT 1;\0\n-- rollback\n", &["0002_bad.sql:2", "NUL"]),
        (b"-- upgrade\nSELECT 1;\n\nSELECT 'open;\n-- rollback\n", &["0002_bad.sql:4", "'"]),
        (b"-- upgrade\nSELECT 1; /* open\n-- rollback\n", &["0002_bad.sql:2", "comment"]),
        (b"-- upgrade\nSELECT 1;\nROLLBACK;\n-- rollback\n", &["0002_bad.sql:3", "ROLLBACK"]),
        (b"-- upgrade\nSELECT 1;\n-- rollback\n-- upgrade\n", &["0002_bad.sql:4"]),
    ];
    for (content, words) in cases {
        refuses(project, content, words);
    }
    match project.engine() {
        Engine::Postgres => {
            refuses(project, b"-- upgrade\nSELECT 1;\nCOMMIT;\n-- rollback\n", &["0002_bad.sql:3", "BEGIN"]);
            refuses(project, b"-- upgrade\nBEGIN;\nSELECT 1;\n-- rollback\n", &["0002_bad.sql:2", "COMMIT"]);
            refuses(project, b"-- upgrade\nDO $x$ BEGIN END;\n-- rollback\n", &["0002_bad.sql:2", "$x$"]);
            refuses(project, b"-- upgrade\nSELECT 1;\n\\i other.sql\n-- rollback\n", &["0002_bad.sql:3", "\\i"]);
        }
        Engine::MySql => {
            refuses(project, b"-- upgrade\nDELIMITER //\nSELECT 1//\n-- rollback\nSELECT 1;\n", &["DELIMITER"]);
        }
        Engine::Sqlite => {
            refuses(project, b"-- upgrade\nSELECT 1;\nCOMMIT;\n-- rollback\n", &["0002_bad.sql:3", "BEGIN"]);
            refuses(project, b"-- upgrade\nBEGIN;\nSELECT 1;\n-- rollback\n", &["0002_bad.sql:2", "COMMIT"]);
        }
    }
    let sound = "-- upgrade\nSELECT 1;\n-- rollback\n";
    for name in ["0002bad.sql", "two_bad.sql", "0002.sql", "0002-bad.sql"] {
        project.file(&format!("migrations/{name}"), sound);
        project.run(["migrate"]).exits(exit::USAGE).says(name);
        project.remove(&format!("migrations/{name}"));
    }
    project.file("migrations/1_same.sql", sound);
    project.run(["migrate"]).exits(exit::USAGE).says("0001_create_t1.sql").says("1_same.sql");
    assert!(!project.has_table("t1"));
}

fn a_folder_that_is_missing_is_named(project: &Project) {
    project.toml_extra("migrations_dir = \"elsewhere\"");
    project.run(["migrate"]).exits(exit::USAGE).says("elsewhere");
    project.run(["check", "--offline"]).exits(exit::USAGE).mentions("elsewhere");
}

fn odd_things_in_the_folder_do_no_harm(project: &Project) {
    project.tables(1);
    std::fs::create_dir(project.path("migrations/0002_folder.sql")).unwrap();
    let refused = project.run(["migrate"]);
    refused.exits(exit::USAGE).says("0002_folder.sql");
    std::fs::remove_dir(project.path("migrations/0002_folder.sql")).unwrap();

    std::os::unix::fs::symlink("0002_loop.sql", project.path("migrations/0002_loop.sql")).unwrap();
    project.run(["migrate"]).exits(exit::USAGE).says("0002_loop.sql");
    assert!(!project.has_table("t1"));
    project.remove("migrations/0002_loop.sql");

    std::os::unix::fs::symlink(".", project.path("migrations/all")).unwrap();
    project.migrate();
}

fn settings_that_cannot_be_used_are_named(project: &Project) {
    project.tables(1);
    let sound = project.read("dbwarden.toml");
    let before = project.schema();
    let cases: &[(String, &[&str])] = &[
        ("[database.primary\n".into(), &["dbwarden.toml:1"]),
        (format!("{sound}lock_wiat = \"1s\"\n"), &["dbwarden.toml:3", "lock_wiat", "lock_wait"]),
        (format!("{sound}lock_wait = \"soon\"\n"), &["dbwarden.toml:3", "soon"]),
        (format!("{sound}lock_wait = 5\n"), &["dbwarden.toml:3", "lock_wait"]),
        (format!("{sound}out_of_order = \"maybe\"\n"), &["dbwarden.toml:3", "refuse", "allow"]),
        (format!("{sound}role = \"${{NO_SUCH_VARIABLE}}\"\n"), &["dbwarden.toml:3", "NO_SUCH_VARIABLE"]),
        (format!("default = \"primry\"\n{sound}"), &["primry", "primary"]),
        ("[database.primary]\n".into(), &["database_url"]),
        ("".into(), &["database"]),
    ];
    for (text, words) in cases {
        project.file("dbwarden.toml", text);
        let mut report = project.run(["migrate"]).exits(exit::USAGE);
        for word in *words {
            report = report.says(word);
        }
    }
    project.file("dbwarden.toml", sound);
    project.run(["migrate", "-d", "other"]).exits(exit::USAGE).says("other").says("primary");
    project.run(["migrate", "-t", "one"]).exits(exit::USAGE).says("one");
    project.run(["migrate", "--cuont", "1"]).exits(exit::USAGE).says("--count");
    project.run(["migrat"]).exits(exit::USAGE).says("migrate");
    project.remove("dbwarden.toml").run(["migrate"]).exits(exit::USAGE).says("DATABASE_URL").says("dbwarden.toml");
    assert_eq!(project.schema(), before);
}

/// Files are read while the connection is made: neither one that is refused nor one that is never answered is in the way
/// of what is wrong with them, and SQLite makes no file.
fn bad_files_are_told_alike_wherever_the_server_is(project: &Project) {
    project.tables(100);
    for version in ["0007", "0093", "0050"] {
        project.file(&format!("migrations/{version}_bad.sql"), "SELECT 1;\n");
    }
    for command in ["migrate", "status"] {
        let told = project.run([command]).exits(exit::USAGE).stderr;
        let places = ["0007_bad.sql", "0050_bad.sql", "0093_bad.sql"].map(|file| told.find(file).expect(file));
        assert!(places.is_sorted(), "{told}");
        if project.engine() == Engine::Sqlite {
            assert!(!project.path("app.db").exists());
            continue;
        }
        let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let sound = project.read("dbwarden.toml");
        for port in [free_port(), nobody.local_addr().unwrap().port()] {
            let url = project.url_at(PASSWORD, port, "");
            project.file("dbwarden.toml", format!("[database.primary]\ndatabase_url = \"{url}\"\n"));
            assert_eq!(project.run([command]).exits(exit::USAGE).stderr, told);
        }
        project.file("dbwarden.toml", sound);
    }
}

fn a_wrong_login_or_host_is_told_apart(project: &Project) {
    project.tables(1);
    let with_url = |url: String| {
        project
            .file("dbwarden.toml", format!("[database.primary]\ndatabase_url = \"{url}\"\nconnect_timeout = \"1s\"\n"));
        project.run(["migrate"])
    };
    if project.engine() == Engine::Sqlite {
        let missing = with_url(format!("sqlite:///{}", project.path("no/such/folder/app.db").display()));
        missing.exits(exit::UNREACHABLE).says("no/such/folder");
        return;
    }
    with_url(project.url_with_password("wrong")).exits(exit::UNREACHABLE).says("app");
    with_url(project.url_at(PASSWORD, free_port(), "")).exits(exit::UNREACHABLE).says("127.0.0.1");
    with_url(project.url().replace("127.0.0.1", "no-such-host.invalid"))
        .exits(exit::UNREACHABLE)
        .says("no-such-host.invalid");
    with_url(project.url().replace(project.database(), "t_none")).exits(exit::UNREACHABLE).says("t_none");
}

fn a_user_without_rights_learns_which_grant_is_missing(project: &Project) {
    project.tables(1);
    let database = project.database();
    let poor = format!("poor_{database}");
    match project.engine() {
        Engine::Postgres => {
            Postgres::get().admin(database, &format!("CREATE ROLE {poor} LOGIN PASSWORD '{PASSWORD}'"));
        }
        Engine::MySql => {
            let sql = format!("CREATE USER {poor} IDENTIFIED BY '{PASSWORD}'; GRANT SELECT ON {database}.* TO {poor}");
            MariaDb::get().admin(&sql);
        }
        Engine::Sqlite => return, // has no users
    }
    let url = project.url().replace(&format!("//{USER}:"), &format!("//{poor}:"));
    project.file("dbwarden.toml", format!("[database.primary]\ndatabase_url = \"{url}\"\n"));
    project.run(["migrate"]).exits(exit::REFUSED).says("GRANT").says("CREATE").says(&poor);
    assert!(!project.has_table("t1") && !project.has_table("_dbwarden_migrations"));
}

fn a_history_of_a_newer_dbwarden_is_left_alone(project: &Project) {
    project.tables(1).migrate();
    project.sql("UPDATE _dbwarden_migrations SET format = 99");
    project.tables(2);
    let before = project.fingerprint();
    for command in ["migrate", "rollback", "status"] {
        project.run([command]).exits(exit::REFUSED).mentions("newer");
    }
    assert_eq!(project.fingerprint(), before);
}

#[test]
fn a_read_only_database_is_refused_in_words() {
    let project = Project::new(Engine::Postgres);
    project.tables(1);
    let sql = format!("ALTER DATABASE {} SET default_transaction_read_only = on", project.database());
    Postgres::get().admin("postgres", &sql);
    project.run(["migrate"]).exits(exit::REFUSED).mentions("read-only");
    project.run(["check"]).exits(exit::PENDING);

    let project = Project::new(Engine::Sqlite);
    project.tables(1).sql("CREATE TABLE a (b int)");
    let url = format!("{}?mode=ro", project.url());
    project.file("dbwarden.toml", format!("[database.primary]\ndatabase_url = \"{url}\"\n"));
    project.run(["migrate"]).exits(exit::REFUSED).mentions("readonly");
    project.run(["status"]).exits(exit::DONE);
}

#[test]
fn a_file_that_is_no_database_is_left_alone() {
    let project = Project::new(Engine::Sqlite);
    project
        .tables(1)
        .file("app.db", "this is a text file, not a database, and it is longer than a page header is; really");
    let before = project.read("app.db");
    let report = project.run(["migrate"]);
    assert!(!matches!(report.code, Some(exit::DONE) | None), "{report:?}");
    assert_eq!(project.read("app.db"), before);
}

#[test]
fn a_sqlite_database_that_is_not_there_yet_has_everything_pending() {
    let project = Project::new(Engine::Sqlite);
    project.tables(1);
    project.run(["migrate", "--dry-run"]).exits(exit::DONE).prints("CREATE TABLE t1");
    project.run(["status"]).exits(exit::DONE).prints("pending");
    project.run(["check"]).exits(exit::PENDING);
    project.run(["history"]).exits(exit::DONE);
    assert!(!project.path("app.db").exists(), "looking creates nothing");
    project.migrate();
}
