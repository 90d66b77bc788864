//! An account of what migrations did that dbwarden has no part in: a table `ledger (entry)` that the migrations of a
//! test write to, on PostgreSQL also every DDL command as the server tells it, and the whole database read back with
//! other means than dbwarden's own.

use crate::harness::mariadb::MariaDb;
use crate::harness::postgres::Postgres;
use crate::harness::{Engine, Project, exit, wait_until};

/// Tells each DDL command to `audit.ddl`, in the command's own transaction. The tool's own tables stay out.
const AUDIT: &str = r"
CREATE SCHEMA audit;
CREATE TABLE audit.ddl (command text);
GRANT USAGE ON SCHEMA audit TO app;
GRANT SELECT, TRUNCATE ON audit.ddl TO app;
CREATE FUNCTION audit.created() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
    INSERT INTO audit.ddl SELECT command_tag || ' ' || coalesce(object_identity, '')
    FROM pg_event_trigger_ddl_commands() WHERE coalesce(object_identity, '') NOT LIKE '%\_dbwarden\_%'
    -- What replaces itself may run twice.
    AND command_tag <> 'CREATE VIEW';
END $$;
CREATE FUNCTION audit.dropped() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
    INSERT INTO audit.ddl SELECT 'dropped ' || object_type || ' ' || object_identity
    FROM pg_event_trigger_dropped_objects() WHERE original AND object_identity NOT LIKE '%\_dbwarden\_%';
END $$;
CREATE EVENT TRIGGER created ON ddl_command_end EXECUTE FUNCTION audit.created();
CREATE EVENT TRIGGER dropped ON sql_drop EXECUTE FUNCTION audit.dropped();
";

/// A project whose database can be emptied cheaply and read back whole.
pub struct World<'p> {
    pub project: &'p Project,
}

impl World<'_> {
    /// Makes an empty project connect as cheaply as can be, and gives it an empty ledger.
    pub fn on(project: &Project) -> World<'_> {
        project.file("dbwarden.toml", format!("[database.primary]\ndatabase_url = \"{}\"\n", project.socket_url()));
        if project.engine() == Engine::Postgres {
            Postgres::get().admin(project.database(), AUDIT);
        }
        let world = World { project };
        world.reset();
        world
    }

    /// Empties the database: as new, but faster.
    pub fn reset(&self) {
        let database = self.project.database();
        let ledger = "CREATE TABLE ledger (entry varchar(200));";
        let script = match self.project.engine() {
            Engine::Postgres => {
                format!("DROP SCHEMA public CASCADE; CREATE SCHEMA public; {ledger} TRUNCATE audit.ddl")
            }
            Engine::MySql => format!("DROP DATABASE {database}; CREATE DATABASE {database}; USE {database}; {ledger}"),
            Engine::Sqlite => {
                for file in ["app.db", "app.db-journal", "app.db-wal", "app.db-shm", "app.db.dbwarden-lock"] {
                    let _ = std::fs::remove_file(self.project.path(file));
                }
                ledger.to_string()
            }
        };
        self.project.sql(&script);
    }

    /// Everything that must be equal after a disturbed and an undisturbed run: structure, rows, the ledger, history,
    /// journal, and what was told of applied and undone migrations. Not when it happened, nor in which run.
    #[track_caller]
    pub fn state(&self) -> String {
        let project = self.project;
        let structure = match project.engine() {
            Engine::Postgres => project.sql(POSTGRES_STRUCTURE),
            Engine::MySql => MariaDb::get().contents(project.database()),
            Engine::Sqlite => {
                let dump = project.sql_as_it_is(".dump");
                let ours = ["_dbwarden_", "INSERT INTO ledger VALUES("];
                dump.lines().filter(|line| !ours.iter().any(|part| line.contains(part))).collect::<Vec<_>>().join("\n")
            }
        };
        let books = project.sql(
            "SELECT entry FROM ledger WHERE entry NOT LIKE 'RA%' ORDER BY entry;
             SELECT 'history', filename, version, migration_type, checksum, rollback_digest FROM _dbwarden_migrations
                 ORDER BY filename;
             SELECT 'order', filename FROM _dbwarden_migrations WHERE version IS NOT NULL ORDER BY sequence;
             SELECT 'event', kind, filename, count(*) FROM _dbwarden_events
                 WHERE kind IN ('applied', 'rolled_back') AND filename NOT LIKE 'RA%' GROUP BY kind, filename
                 ORDER BY kind, filename;
             SELECT 'journal', direction, filename, done, cur, state FROM _dbwarden_journal;
             SELECT 'repeated', (SELECT count(*) FROM ledger WHERE entry LIKE 'RA%')
                 - (SELECT count(*) FROM _dbwarden_events WHERE kind = 'applied' AND filename LIKE 'RA%')",
        );
        format!("{structure}\n{books}")
    }

    /// Waits until the server has noticed the end of every process: nothing of theirs is written after that.
    pub fn wait_until_alone(&self) {
        let others = match self.project.engine() {
            Engine::Postgres => {
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                 AND application_name LIKE 'dbwarden%'"
            }
            Engine::MySql => {
                "SELECT count(*) FROM information_schema.PROCESSLIST WHERE DB = database() AND ID <> connection_id()"
            }
            Engine::Sqlite => return,
        };
        wait_until("the killed run's session is gone", || self.project.sql(others) == "0");
    }

    /// Nobody holds the migration lock.
    #[track_caller]
    pub fn is_free(&self) {
        self.project.run(["lock-status"]).exits(exit::DONE).mentions("free");
    }
}

/// Structure and rows of everything but the tool's own tables, as lines that two equal databases share.
const POSTGRES_STRUCTURE: &str = r"
WITH tables AS (
    SELECT c.oid, c.relname, c.relkind FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relname NOT LIKE '\_dbwarden\_%'
)
SELECT line FROM (
    SELECT 'ddl ' || command AS line FROM audit.ddl
    UNION ALL SELECT concat_ws(' ', 'column', t.relname, t.relkind, a.attnum, a.attname,
            format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid))
        FROM tables t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    UNION ALL SELECT concat_ws(' ', 'index', pg_get_indexdef(i.indexrelid), i.indisvalid)
        FROM tables t JOIN pg_index i ON i.indrelid = t.oid
    UNION ALL SELECT concat_ws(' ', 'constraint', t.relname, o.conname, pg_get_constraintdef(o.oid), o.convalidated)
        FROM tables t JOIN pg_constraint o ON o.conrelid = t.oid
    UNION ALL SELECT 'trigger ' || pg_get_triggerdef(g.oid)
        FROM tables t JOIN pg_trigger g ON g.tgrelid = t.oid WHERE NOT g.tgisinternal
    UNION ALL SELECT concat_ws(' ', 'view', t.relname, pg_get_viewdef(t.oid)) FROM tables t WHERE t.relkind = 'v'
    UNION ALL SELECT concat_ws(' ', 'routine', p.proname, p.prosrc)
        FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(' ', 'label', y.typname, e.enumsortorder, e.enumlabel)
        FROM pg_enum e JOIN pg_type y ON y.oid = e.enumtypid
    UNION ALL SELECT 'rows ' || t.relname || ' ' ||
            query_to_xml(format('SELECT x::text AS r FROM %I x ORDER BY 1', t.relname), true, false, '')::text
        FROM tables t WHERE t.relkind IN ('r', 'p') AND t.relname <> 'ledger'
) lines ORDER BY line";
