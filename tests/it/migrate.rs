//! x
use crate::harness::Project;

fn smoke(project: &Project) {
    project.tables(2);
    project.sql("CREATE TABLE a (b int)");
    assert_eq!(project.sql("SELECT count(*), 2 FROM a"), "0|2");
    assert!(!project.has_table("zz"));
    println!("{}", project.fingerprint());
    let f = project.migrate();
    let _ = (f, project.snippets().undoes);
}
on_each_engine![smoke];
