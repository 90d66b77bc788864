//! `LOCK TABLES … UNLOCK TABLES`: no other table can be written in between, the journal neither.

use crate::harness::{Engine, Project, exit, wait_until};

use super::{ledger, started};

fn file(third: &str) -> String {
    format!(
        "INSERT INTO ledger VALUES (1);\nLOCK TABLES ledger WRITE;\nINSERT INTO ledger VALUES (2);\n{third};\n\
         INSERT INTO ledger VALUES (4);\nUNLOCK TABLES;\nINSERT INTO ledger VALUES (5);"
    )
}

#[test]
fn mysql_a_block_that_failed_goes_on_under_its_locks() {
    let project = Project::new(Engine::MySql);
    started(&project);
    project.migration("0002_work.sql", &file("INSERT INTO ledger VALUES ('none')"), "");
    project.run(["migrate"]).exits(exit::PARTLY).says("statements 1 to 3 of 7");
    assert_eq!(ledger(&project), "1\n2");
    // Another table cannot be used under the locks: that it is refused shows that they are taken again.
    project.sql("CREATE TABLE other (entry int)");
    project.migration("0002_work.sql", &file("INSERT INTO other VALUES (3)"), "");
    project.run(["migrate"]).exits(exit::PARTLY).says("not locked");
    project.migration("0002_work.sql", &file("INSERT INTO ledger VALUES (3)"), "").migrate();
    assert_eq!(ledger(&project), "1\n2\n3\n4\n5", "each exactly once");
}

#[test]
fn mysql_a_person_says_how_far_a_killed_block_came() {
    for (resolution, expected) in [
        (&["--statement", "3", "--done"][..], "1\n2\n3\n4\n5"),
        (&["--statement", "2", "--retry"], "1\n2\n2\n3\n4\n5"),
        (&["--done"], "1\n2\n5"),
    ] {
        let project = Project::new(Engine::MySql);
        started(&project);
        let slow = format!("INSERT INTO ledger SELECT 3 FROM ({}) slow", project.snippets().slow);
        project.migration("0002_work.sql", &file(&slow), "");
        let run = project.spawn(["migrate"]);
        let sessions = "SELECT ID FROM information_schema.PROCESSLIST WHERE DB = database() AND INFO LIKE 'INSERT INTO ledger SELECT 3%'";
        wait_until("the block is under way", || !project.sql(sessions).is_empty());
        let session = project.sql(sessions);
        run.kill9();
        project.sql(&format!("KILL {session}"));
        wait_until("its session has ended", || project.sql(sessions).is_empty());
        assert_eq!(ledger(&project), "1\n2");

        let stopped = project.run(["migrate", "--lock-wait", "30s"]).exits(exit::PARTLY);
        stopped.says("interrupted in statements 2 to 6 of 7").says("--statement 2 --retry");
        project.run(["resolve", "0002", "--statement", "7", "--done"]).exits(exit::USAGE).says("statements 2 to 6");
        project.run(["resolve", "0002"].iter().chain(resolution)).exits(exit::DONE);
        project.migration("0002_work.sql", &file(&slow), "").migrate();
        assert_eq!(ledger(&project), expected, "{resolution:?}");
    }
}
