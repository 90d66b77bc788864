use super::*;
use crate::db::{BatchError, Position, StatementResult};

async fn in_memory() -> Box<dyn Session> {
    let file = SqliteFile { path: None, create: false, read_only: false };
    connect(&file, &SessionOptions::default()).await.unwrap()
}

async fn cell(session: &mut dyn Session, sql: &str) -> Option<String> {
    session.query(sql).await.unwrap()[0].text(0).map(str::to_owned)
}

async fn run(session: &mut dyn Session, statements: &[&str]) -> (Vec<(usize, Option<u64>)>, Result<(), BatchError>) {
    let mut finished = Vec::new();
    let mut done = |index, result: StatementResult| finished.push((index, result.rows));
    let ended = session.run(statements, &mut done).await;
    (finished, ended)
}

#[tokio::test]
async fn each_statement_of_a_batch_is_heard_of_and_the_failing_one_is_named() {
    let mut session = in_memory().await;
    let statements = [
        "CREATE TABLE t (a INTEGER) -- no semicolon; no end",
        "INSERT INTO t VALUES (1), (2)",
        "SELECT a FROM t",
        "INSERT INTO nowhere VALUES (1)",
        "DROP TABLE t",
    ];
    let (finished, ended) = run(&mut *session, &statements).await;
    assert_eq!(finished, [(0, None), (1, Some(2)), (2, Some(2))]);
    let failure = ended.unwrap_err();
    assert_eq!(failure.index, 3);
    assert_eq!(failure.error.position, Some(Position::Text("nowhere".to_owned())));
    assert_eq!(cell(&mut *session, "SELECT count(*) FROM t").await.as_deref(), Some("2"), "what follows is not run");
}

#[tokio::test]
async fn the_schema_keeps_a_statement_as_it_was_written() {
    let mut session = in_memory().await;
    let index = "CREATE INDEX i ON t (a)";
    run(&mut *session, &["CREATE TABLE t (a)", index, "SELECT 1"]).await.1.unwrap();
    let kept = cell(&mut *session, "SELECT sql FROM sqlite_schema WHERE name = 'i'").await;
    assert_eq!(kept.as_deref(), Some(index));
}

#[tokio::test]
async fn a_batch_longer_than_a_message_keeps_its_indexes() {
    let mut session = in_memory().await;
    let mut statements = vec!["SELECT 1"; 100];
    statements[77] = "SELEC 1";
    let (finished, ended) = run(&mut *session, &statements).await;
    assert_eq!(finished.len(), 77);
    assert_eq!(ended.unwrap_err().index, 77);
}

#[tokio::test]
async fn a_statement_of_nothing_but_a_comment_counts() {
    let mut session = in_memory().await;
    let (finished, ended) = run(&mut *session, &["SELECT 1", "-- nothing"]).await;
    assert!(ended.is_ok());
    assert_eq!(finished, [(0, Some(1)), (1, None)]);
}

#[tokio::test]
async fn cells_of_every_type_read_as_text() {
    let mut session = in_memory().await;
    let rows = session.query("SELECT 7, 1.5, 'é', x'41', NULL, 1 = 1").await.unwrap();
    let cells: Vec<Option<&str>> = (0..6).map(|index| rows[0].text(index)).collect();
    assert_eq!(cells, [Some("7"), Some("1.5"), Some("é"), Some("A"), None, Some("1")]);
}

#[tokio::test]
async fn a_reset_goes_back_to_the_shells_defaults() {
    let mut session = in_memory().await;
    assert_eq!(cell(&mut *session, "PRAGMA foreign_keys").await.as_deref(), Some("0"));
    session.execute("PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = ON").await.unwrap();
    session.reset(&SessionOptions::default(), &[]).await.unwrap();
    for pragma in ["foreign_keys", "recursive_triggers"] {
        assert_eq!(cell(&mut *session, &format!("PRAGMA {pragma}")).await.as_deref(), Some("0"), "{pragma}");
    }
}

#[tokio::test]
async fn a_running_statement_is_cancelled_and_the_session_goes_on() {
    let mut session = in_memory().await;
    let canceller = session.canceller();
    let endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c";
    let cancel = async {
        // Before there is a statement, there is nothing to stop: again until one was hit.
        loop {
            canceller.cancel().await.unwrap();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let ended = tokio::select! { ended = session.query(endless) => ended, () = cancel => unreachable!() };
    assert_eq!(ended.unwrap_err().kind, SqlErrorKind::Cancelled);
    assert!(session.ping().await.is_ok());
}

#[tokio::test]
async fn a_missing_file_is_made_only_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db");
    let open = |create| SqliteFile { path: Some(path.clone()), create, read_only: false };
    let refused = connect(&open(false), &SessionOptions::default()).await.err().unwrap();
    assert_eq!(refused.kind, SqlErrorKind::DatabaseMissing);
    assert!(!path.exists());
    assert!(connect(&open(true), &SessionOptions::default()).await.is_ok());
    assert!(path.exists());
}

#[tokio::test]
async fn a_file_that_is_no_database_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    std::io::Write::write_all(&mut std::fs::File::create(&path).unwrap(), &[b'x'; 4096]).unwrap();
    let file = SqliteFile { path: Some(path.clone()), create: false, read_only: false };
    let error = connect(&file, &SessionOptions::default()).await.err().unwrap();
    assert_eq!(error.kind, SqlErrorKind::DatabaseMissing);
    assert!(error.message.contains("notes.txt"), "{}", error.message);
}

#[tokio::test]
async fn a_call_that_is_given_up_ends_and_the_session_goes_on() {
    let mut session = in_memory().await;
    run(&mut *session, &["CREATE TABLE t (a)"]).await.1.unwrap();
    let endless = ["INSERT INTO t WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c"];
    let mut ignore = |_, _| ();
    let ended = session.run(&endless, &mut ignore);
    assert!(tokio::time::timeout(Duration::from_millis(20), ended).await.is_err(), "it is endless");
    // Only when the endless one has ended, and undone what it wrote.
    assert_eq!(cell(&mut *session, "SELECT count(*) FROM t").await.as_deref(), Some("0"));
}

#[tokio::test]
async fn a_statements_end_is_heard_of_while_the_next_one_runs() {
    let mut session = in_memory().await;
    let canceller = session.canceller();
    let (heard, mut hears) = tokio::sync::mpsc::unbounded_channel();
    let endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c";
    let mut done = |index, _| heard.send(index).unwrap();
    let statements = ["SELECT 1", endless, "SELECT 2"];
    let (ended, ()) = tokio::join!(session.run(&statements, &mut done), async {
        assert_eq!(hears.recv().await, Some(0));
        canceller.cancel().await.unwrap();
    });
    let failure = ended.unwrap_err();
    assert_eq!((failure.index, failure.error.kind), (1, SqlErrorKind::Cancelled));
    assert_eq!(failure.error.code.as_deref(), Some("9"));
}

#[tokio::test]
async fn anothers_lock_is_waited_for_and_the_wait_can_be_cancelled() {
    let folder = tempfile::tempdir().unwrap();
    let file = SqliteFile { path: Some(folder.path().join("app.db")), create: true, read_only: false };
    let waits = |patience| SessionOptions { lock_timeout: Some(patience), ..SessionOptions::default() };
    let mut holder = connect(&file, &SessionOptions::default()).await.unwrap();
    holder.execute("CREATE TABLE t (a); BEGIN IMMEDIATE").await.unwrap();

    let mut hasty = connect(&file, &waits(Duration::from_millis(30))).await.unwrap();
    let refused = hasty.execute("INSERT INTO t VALUES (1)").await.unwrap_err();
    assert_eq!((refused.kind, refused.code.as_deref()), (SqlErrorKind::LockTimeout, Some("5")));

    let mut patient = connect(&file, &waits(Duration::ZERO)).await.unwrap();
    let canceller = patient.canceller();
    let insert = patient.execute("INSERT INTO t VALUES (2)");
    let (ended, ()) = tokio::join!(insert, async { canceller.cancel().await.unwrap() });
    assert_eq!(ended.unwrap_err().kind, SqlErrorKind::Cancelled);

    let insert = patient.execute("INSERT INTO t VALUES (3)");
    let (written, released) = tokio::join!(insert, holder.execute("ROLLBACK"));
    assert_eq!((written.unwrap(), released.unwrap()), (1, 0));
}

#[test]
fn a_session_gets_its_turn_beside_one_who_never_rests() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db");
    let file = SqliteFile { path: Some(path.clone()), create: true, read_only: false };
    let work = async {
        for _ in 0..5 {
            let mut session = connect(&file, &SessionOptions::default()).await.unwrap();
            session.query("SELECT count(*) FROM sqlite_schema").await.unwrap();
            // Also after what a migration may have set.
            session.execute("PRAGMA busy_timeout = 0").await.unwrap();
            session.reset(&SessionOptions::default(), &[]).await.unwrap();
            session.query("SELECT count(*) FROM sqlite_schema").await.unwrap();
            session.close().await;
        }
    };
    waits::tests::beside_one_who_never_rests(&path, || {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work);
    });
}

#[tokio::test]
async fn rows_are_counted_as_written_or_returned() {
    let mut session = in_memory().await;
    let statements = [
        "CREATE TABLE t (a INTEGER PRIMARY KEY, b)",
        "INSERT INTO t (b) VALUES (1), (2), (3)",
        "CREATE INDEX i ON t (b)",
        "UPDATE t SET b = b + 1 WHERE a > 1 RETURNING a",
        "DELETE FROM t WHERE a = 9",
        "PRAGMA table_info(t)",
        "WITH x AS (SELECT 1) INSERT INTO t (b) SELECT * FROM x",
        "INSERT INTO t (a, b) VALUES (?, :b)",
        "INSERT INTO t (b) VALUES (7); DELETE FROM t WHERE b = 7; ",
    ];
    let (finished, ended) = run(&mut *session, &statements).await;
    ended.unwrap();
    let rows: Vec<Option<u64>> = finished.into_iter().map(|(_, rows)| rows).collect();
    assert_eq!(rows, [None, Some(3), None, Some(2), Some(0), Some(2), None, Some(1), Some(2)]);
    assert_eq!(session.execute("DELETE FROM t WHERE a IN (1, 2)").await.unwrap(), 2);
    assert_eq!(session.execute("DROP INDEX i").await.unwrap(), 0, "and not those of the statement before");
    assert_eq!(cell(&mut *session, "SELECT count(*) FROM t WHERE b IS NULL").await.as_deref(), Some("1"));
}

#[tokio::test]
async fn each_of_several_queries_has_its_rows() {
    let mut session = in_memory().await;
    let rows = session.query_each(&["SELECT 1", "SELECT 2 WHERE 0", "VALUES (3), (4); VALUES (5)"]).await.unwrap();
    assert_eq!(rows.iter().map(Vec::len).collect::<Vec<_>>(), [1, 0, 3]);
    let long = format!("SELECT '{}'", "é".repeat(10_000));
    assert_eq!(cell(&mut *session, &long).await.map(|text| text.chars().count()), Some(10_000));
    let broken = session.query("SELECT CAST(x'ff41' AS TEXT), 'a' || char(0) || 'b'").await.unwrap();
    assert_eq!((broken[0].text(0), broken[0].text(1)), (Some("\u{fffd}A"), Some("a\0b")));
}

#[tokio::test]
async fn a_file_that_cannot_be_opened_is_named_once() {
    let folder = tempfile::tempdir().unwrap();
    // A link that leads to itself can be opened by nobody.
    let path = folder.path().join("app.db");
    std::os::unix::fs::symlink(&path, &path).unwrap();
    let file = SqliteFile { path: Some(path.clone()), create: true, read_only: false };
    let error = connect(&file, &SessionOptions::default()).await.err().unwrap();
    assert_eq!(error.kind, SqlErrorKind::NoFileAccess);
    assert_eq!(error.message, format!("cannot open database {}: unable to open database file", path.display()));
}
