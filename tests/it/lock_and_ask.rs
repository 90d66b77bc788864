//! Questions that travel with the lock: asked under it or not at all, and never in the way of having it.

use std::time::Duration;

use dbwarden::config::{self, Environment, Flags, Purpose};
use dbwarden::db::lock::{LockError, LockKey, MigrationLock};
use dbwarden::db::{ConnectOptions, Row, Session, SessionOptions, connect};

use crate::harness::postgres::Postgres;
use crate::harness::{Engine, Project};

fn options(project: &Project) -> ConnectOptions {
    let flags = Flags { config: Some(project.path("dbwarden.toml")), ..Flags::default() };
    let settings = config::resolve(&flags, &Environment::from_process(), &project.path(""), "test").expect("settings");
    settings.selected()[0].connect_options(Purpose::Migrate).expect("a place")
}

/// Tries the lock once and asks one question with it.
async fn ask(
    session: &mut dyn Session,
    key: &LockKey,
    question: &str,
) -> Result<(MigrationLock, Option<Vec<Vec<Row>>>), LockError> {
    MigrationLock::acquire_and_ask(session, key, Duration::ZERO, &mut |_, _| {}, &[question]).await
}

fn the_question_is_answered_under_the_lock_or_left_to_be_asked(project: &Project) {
    let options = options(project);
    let key = LockKey::new(&options, "public", "_dbwarden_migrations", "dbwarden/1 first");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut one = connect(&options, &SessionOptions::default()).await.expect("a session");
        let mut other = connect(&options, &SessionOptions::default()).await.expect("a session");
        for (question, answer) in [("SELECT 7", Some(7)), ("SELECT 7 FROM no_such_table", None)] {
            let (lock, answers) = ask(one.as_mut(), &key, question).await.expect("the lock");
            assert_eq!(answers.map(|answers| answers[0][0].number(0)), answer.map(Some), "{question}");
            let refused = ask(other.as_mut(), &key, question).await;
            assert!(matches!(refused, Err(LockError::Held(_))), "{question}");
            // Held once, however it was had: nothing of it is left.
            lock.release(one.as_mut()).await.expect("to have it");
            let (lock, _) = ask(other.as_mut(), &key, question).await.expect("the lock");
            lock.release(other.as_mut()).await.expect("to have it");
        }
        one.close().await;
        other.close().await;
    });
}

#[test]
fn postgres() {
    the_question_is_answered_under_the_lock_or_left_to_be_asked(&Project::new(Engine::Postgres));
}

#[test]
fn mysql() {
    the_question_is_answered_under_the_lock_or_left_to_be_asked(&Project::new(Engine::MySql));
}

#[test]
fn postgres_answers_are_of_the_moment_also_where_transactions_see_one_moment_only() {
    let project = Project::new(Engine::Postgres);
    let strict = format!("ALTER DATABASE {} SET default_transaction_isolation = 'serializable'", project.database());
    Postgres::get().admin("postgres", &strict);
    let options = options(&project);
    let key = LockKey::new(&options, "public", "_dbwarden_migrations", "dbwarden/1 first");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut session = connect(&options, &SessionOptions::default()).await.expect("a session");
        let level = "SELECT pg_catalog.current_setting('transaction_isolation')";
        assert_eq!(session.query(level).await.expect("an answer")[0].text(0), Some("serializable"));
        let (_, answers) = ask(session.as_mut(), &key, level).await.expect("the lock");
        assert_eq!(answers.expect("an answer")[0][0].text(0), Some("read committed"));
        session.close().await;
    });
}
