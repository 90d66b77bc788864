//! Where the settings come from, as the user meets them on the command line.

use crate::harness::{Engine, PASSWORD, Project, exit, free_port};

on_each_engine![
    a_url_in_the_environment_is_enough,
    the_url_may_come_from_a_file,
    the_url_may_come_from_a_command,
    text_may_come_from_the_environment,
    the_file_is_found_in_a_parent_folder_and_paths_are_relative_to_it,
    another_file_can_be_named,
    config_shows_what_is_effective_and_where_it_comes_from,
    the_history_table_can_have_another_name,
    waiting_for_the_database_gives_up_in_time,
];

fn a_url_in_the_environment_is_enough(project: &Project) {
    project.tables(1).remove("dbwarden.toml");
    project.command(["migrate"]).env("DATABASE_URL", project.url()).run().exits(exit::DONE);
    assert_eq!(project.versions(), ["0001"]);
}

fn the_url_may_come_from_a_file(project: &Project) {
    project.tables(1).file("secret/url", format!("{}\n", project.url()));
    project.file("dbwarden.toml", "[database.primary]\ndatabase_url_file = \"secret/url\"\n");
    project.migrate();
}

fn the_url_may_come_from_a_command(project: &Project) {
    project.tables(1).file("url.txt", format!("{}\n", project.url()));
    project.file("dbwarden.toml", "[database.primary]\ndatabase_url_command = [\"cat\", \"url.txt\"]\n");
    project.migrate();
    project
        .file("dbwarden.toml", "[database.primary]\ndatabase_url_command = [\"sh\", \"-c\", \"echo bad; exit 3\"]\n");
    project.run(["migrate"]).exits(exit::USAGE).says("database_url_command");
}

fn text_may_come_from_the_environment(project: &Project) {
    project.tables(1);
    project
        .file("dbwarden.toml", "[database.primary]\ndatabase_url = \"${APP_DATABASE}\"\nlock_wait = \"${WAIT:-5s}\"\n");
    project.command(["migrate"]).env("APP_DATABASE", project.url()).run().exits(exit::DONE);
    let report = project.run(["migrate"]).exits(exit::USAGE);
    report.says("APP_DATABASE").says("dbwarden.toml:2");
}

fn the_file_is_found_in_a_parent_folder_and_paths_are_relative_to_it(project: &Project) {
    project.tables(1).file("deep/er/note.txt", "");
    project.command(["migrate"]).folder(project.path("deep/er")).run().exits(exit::DONE);
    assert_eq!(project.versions(), ["0001"]);
}

fn another_file_can_be_named(project: &Project) {
    project.tables(1);
    let text = project.read("dbwarden.toml");
    project.remove("dbwarden.toml").file("production.toml", text);
    project.run(["--config", "production.toml", "migrate"]).exits(exit::DONE);
    project.command(["check"]).env("DBWARDEN_CONFIG", "production.toml").run().exits(exit::DONE);
    project.run(["check", "--config", "nowhere.toml"]).exits(exit::USAGE).says("nowhere.toml");
}

fn config_shows_what_is_effective_and_where_it_comes_from(project: &Project) {
    project.toml_extra("lock_wait = \"7s\"");
    let report = project.run(["config"]).exits(exit::DONE).prints("lock_wait").prints("7s").prints("dbwarden.toml");
    report.prints("migrations").never_mentions(PASSWORD);
}

fn the_history_table_can_have_another_name(project: &Project) {
    project.tables(1).toml_extra("migration_table = \"_dbwarden_other\"");
    project.migrate();
    assert_eq!(project.sql("SELECT count(*) FROM _dbwarden_other"), "1");
    assert!(!project.has_table("_dbwarden_migrations"));
    project.migrate().mentions("up to date");
}

fn waiting_for_the_database_gives_up_in_time(project: &Project) {
    project.tables(1);
    if project.engine() == Engine::Sqlite {
        // Nothing to wait for: the option is accepted all the same.
        project.run(["migrate", "--wait-for-db", "1s"]).exits(exit::DONE);
        return;
    }
    let url = project.url_at(PASSWORD, free_port(), "");
    project.file("dbwarden.toml", format!("[database.primary]\ndatabase_url = \"{url}\"\n"));
    project.run(["migrate", "--wait-for-db", "1s"]).exits(exit::UNREACHABLE);
}

#[test]
fn several_databases_of_different_engines_are_migrated_by_name_or_all() {
    let projects = Engine::ALL.map(Project::new);
    let [home, ..] = &projects;
    let sections: String = projects
        .iter()
        .map(|project| format!("[database.{0}]\ndatabase_url = \"{1}\"\n", project.engine().name(), project.url()))
        .collect();
    home.file("dbwarden.toml", format!("default = \"postgresql\"\n{sections}"));
    for project in &projects {
        let file = format!("migrations/{}/0001_create_t1.sql", project.engine().name());
        home.file(&file, "-- upgrade\nCREATE TABLE t1 (id int);\n-- rollback\nDROP TABLE t1;\n");
    }
    home.run(["migrate"]).exits(exit::DONE);
    assert_eq!(projects.each_ref().map(|project| project.has_table("t1")), [true, false, false], "the default alone");
    home.run(["migrate", "-d", "sqlite"]).exits(exit::DONE);
    assert_eq!(projects.each_ref().map(|project| project.has_table("t1")), [true, false, true]);
    home.run(["migrate", "--all"]).exits(exit::DONE);
    assert_eq!(projects.each_ref().map(|project| project.has_table("t1")), [true, true, true]);
    let list = home.run(["database", "list"]).exits(exit::DONE);
    list.prints("postgresql").prints("mysql").prints("sqlite").never_mentions(PASSWORD);
    home.run(["migrate", "-d", "sqlit"]).exits(exit::USAGE).says("sqlit").says("sqlite");
}

#[test]
fn without_a_default_the_user_must_say_which_of_several() {
    let project = Project::new(Engine::Sqlite);
    project.file(
        "dbwarden.toml",
        "[database.a]\ndatabase_url = \"sqlite:///a.db\"\n[database.b]\ndatabase_url = \"sqlite:///b.db\"\n",
    );
    project.run(["migrate"]).exits(exit::USAGE).says("--all").says("-d");
    assert!(!project.path("a.db").exists() && !project.path("b.db").exists());
}

#[test]
fn one_failing_database_does_not_hide_the_others() {
    let project = Project::new(Engine::Sqlite);
    project.file(
        "dbwarden.toml",
        "[database.a]\ndatabase_url = \"sqlite:///a.db\"\n[database.b]\ndatabase_url = \"sqlite:///b.db\"\n",
    );
    project.file("migrations/a/0001_bad.sql", "-- upgrade\nSELECT broken;\n-- rollback\n");
    project.file("migrations/b/0001_good.sql", "-- upgrade\nCREATE TABLE t1 (id int);\n-- rollback\nDROP TABLE t1;\n");
    project.run(["migrate", "--all"]).exits(exit::SQL_FAILED).mentions("a");
    project.run(["migrate", "--all", "--keep-going"]).exits(exit::SQL_FAILED);
    project.run(["status", "-d", "b"]).exits(exit::DONE).prints("applied");
}

#[test]
fn dev_uses_the_other_url() {
    let project = Project::new(Engine::Sqlite);
    project.tables(1).toml_extra("dev_database_url = \"sqlite:///dev.db\"");
    project.run(["migrate", "--dev"]).exits(exit::DONE);
    assert!(project.path("dev.db").exists());
    assert!(!project.has_table("t1"), "the real database is not touched");
}

#[test]
fn separate_fields_need_no_escaping() {
    for engine in [Engine::Postgres, Engine::MySql] {
        let project = Project::new(engine);
        project.tables(1).file("password.txt", format!("{PASSWORD}\n"));
        let port = project.url().split(':').nth(3).and_then(|rest| rest.split('/').next()).unwrap().to_string();
        let fields = format!(
            "[database.primary]\ndatabase_type = \"{}\"\nhost = \"127.0.0.1\"\nport = {port}\nuser = \"app\"\ndbname = \"{}\"\n",
            engine.name(),
            project.database()
        );
        project.file("dbwarden.toml", format!("{fields}password = '{PASSWORD}'\n")).migrate();
        project.file("dbwarden.toml", format!("{fields}password_file = \"password.txt\"\n")).migrate();
        project.file("dbwarden.toml", format!("{fields}password_command = [\"cat\", \"password.txt\"]\n")).migrate();
    }
}

#[test]
fn sqlalchemy_urls_are_understood() {
    let drivers = [
        (Engine::Postgres, "postgresql:", &["postgres:", "postgresql+asyncpg:", "postgresql+psycopg2:"][..]),
        (Engine::MySql, "mysql:", &["mariadb:", "mysql+pymysql:", "mysql+aiomysql:", "mariadb+mariadbconnector:"]),
        (Engine::Sqlite, "sqlite:", &["sqlite+aiosqlite:", "sqlite+pysqlite:"]),
    ];
    for (engine, scheme, others) in drivers {
        let project = Project::new(engine);
        project.tables(1).migrate();
        for other in others {
            let url = project.url().replace(scheme, other);
            project.file("dbwarden.toml", format!("[database.primary]\nsqlalchemy_url = \"{url}\"\n"));
            project.run(["status", "--exit-code"]).exits(exit::DONE);
        }
    }
}

#[test]
fn a_relative_sqlite_path_is_relative_to_the_configuration() {
    let project = Project::new(Engine::Sqlite);
    project.tables(1).file("deep/note.txt", "");
    project.file("dbwarden.toml", "[database.primary]\ndatabase_url = \"sqlite:///./data.db\"\n");
    project.command(["migrate"]).folder(project.path("deep")).run().exits(exit::DONE);
    assert!(project.path("data.db").exists());
}

#[test]
fn no_database_is_touched_while_another_cannot_be_found() {
    let project = Project::new(Engine::Sqlite);
    project.tables(1).file(
        "dbwarden.toml",
        "[database.a]\ndatabase_url = \"sqlite:///a.db\"\n\
         [database.b]\ndatabase_type = \"postgresql\"\ndatabase_url = \"${NOT_SET_ANYWHERE}\"\n",
    );
    project.run(["migrate", "--all"]).exits(exit::USAGE).says("NOT_SET_ANYWHERE");
    assert!(!project.path("a.db").exists());
}
