//! Rights that were revoked between two runs.

use super::{Login, advised, state};
use crate::harness::{Engine, Project, exit};

#[test]
fn postgres_a_right_that_was_revoked_is_named_with_its_grant() {
    let project = Project::new(Engine::Postgres);
    let login = Login::new(&project);
    project.tables(1).migrate();
    let mut count = 1;
    for revoke in [
        "REVOKE ALL ON _dbwarden_migrations FROM {}",
        "REVOKE INSERT ON _dbwarden_migrations FROM {}",
        "REVOKE ALL ON _dbwarden_journal FROM {}",
        "REVOKE INSERT, DELETE ON _dbwarden_journal FROM {}",
        "REVOKE INSERT ON _dbwarden_events FROM {}",
        "ALTER SCHEMA public OWNER TO postgres; REVOKE ALL ON SCHEMA public FROM {}, PUBLIC",
    ] {
        let before = state(&project);
        login.change(revoke);
        count += 1;
        let (name, table) = (format!("{count:04}_create_t{count}.sql"), format!("t{count}"));
        project.migration(
            &name,
            &format!("-- dbwarden: transaction = off\nCREATE TABLE {table} (id int);"),
            &format!("DROP TABLE {table};"),
        );
        let refused = project
            .run(["migrate"])
            .exits(exit::REFUSED)
            .says("permission denied")
            .says(&format!("TO \"{}\"", login.name));
        // As it stands in the message, it is enough; for the schema, once more for the right to create.
        login.change(&advised(&refused));
        if revoke.contains("SCHEMA") {
            let refused =
                project.run(["migrate"]).exits(exit::SQL_FAILED).says(&name).says("permission denied for schema");
            assert_eq!(advised(&refused), format!("GRANT USAGE, CREATE ON SCHEMA \"public\" TO \"{}\";", login.name));
            login.change(&advised(&refused));
        } else {
            assert_eq!(state(&project), before, "{revoke}");
        }
        let finished = project.run(["migrate"]);
        let finished = match finished.code {
            // What lets it be read is not enough to write it.
            Some(exit::REFUSED) => {
                login.change(&advised(&finished));
                project.run(["migrate"])
            }
            _ => finished,
        };
        finished.exits(exit::DONE);
        assert!(project.has_table(&table), "{revoke}");
    }
    login.change("REVOKE DELETE ON _dbwarden_migrations FROM {}");
    let before = state(&project);
    let refused = project.run(["rollback"]).exits(exit::REFUSED).says("nothing was run");
    assert_eq!(state(&project), before);
    login.change(&advised(&refused));
    project.run(["rollback"]).exits(exit::DONE);
}

#[test]
fn mysql_a_right_that_was_revoked_is_named_with_its_grant() {
    let project = Project::new(Engine::MySql);
    let login = Login::new(&project);
    let database = project.database();
    project.tables(1).migrate();
    let only = |rights: &str| {
        login.change(&format!("REVOKE ALL ON {database}.* FROM {{}}; GRANT {rights} ON {database}.* TO {{}}"));
    };
    for (rights, kept) in [("CREATE", false), ("SELECT, CREATE", true), ("SELECT, INSERT, CREATE", true)] {
        only(rights);
        let before = state(&project);
        project.tables(2);
        let refused = project.run(["migrate"]).exits(exit::REFUSED).says("command denied to user").says("GRANT SELECT");
        assert_eq!(state(&project), before, "{rights}");
        assert_eq!(refused.stderr.contains("nothing was run"), kept, "{}", refused.stderr);
        login.change(&advised(&refused));
        let next = project.run(["migrate"]);
        if next.code == Some(exit::REFUSED) {
            login.change(&advised(&next));
            project.migrate();
        }
        login.change(&format!("REVOKE ALL PRIVILEGES, GRANT OPTION FROM {{}}; GRANT ALL ON {database}.* TO {{}}"));
        project.run(["rollback"]).exits(exit::DONE);
    }
    only("SELECT, INSERT, UPDATE, DELETE");
    let refused =
        project.run(["migrate"]).exits(exit::SQL_FAILED).says("0002_create_t2.sql:3").says("CREATE command denied");
    assert_eq!(advised(&refused), format!("GRANT CREATE ON `{database}`.* TO '{}'@'%';", login.name));
    login.change(&advised(&refused));
    project.migrate();
}
