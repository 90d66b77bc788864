//! A throwaway MariaDB server, or one of MySQL.

use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::OnceLock;

use rustix::process::Signal;

use super::client::{client, pipe, try_pipe};
use super::supervisor::{AGAIN_AND_AGAIN, ONCE, Restartable, ServerDir, program, start_on_free_port};
use super::{PASSWORD, USER};

/// What saves a throwaway server its waits for the disk.
const UNSAFE: &str = "--innodb-flush-log-at-trx-commit=0 --innodb-doublewrite=0 --innodb-flush-method=nosync";

/// `$1` mariadb-install-db, `$2` mariadbd, `$3` the directory, `$4` the port, `$5` more options of the server.
const START: &str = r#"
"$1" --no-defaults --datadir="$3/data" --auth-root-authentication-method=normal --skip-test-db \
    --innodb-log-file-size=16M --innodb-flush-log-at-trx-commit=0
serve() {
    exec "$2" --no-defaults --datadir="$3/data" --socket="$3/socket" --port="$4" --bind-address=127.0.0.1 \
        --pid-file="$3/mariadbd.pid" --tmpdir="$3" --max-connections=300 --skip-log-bin --skip-name-resolve \
        --innodb-log-file-size=16M --innodb-buffer-pool-size=64M --key-buffer-size=8M --table-open-cache=400 $5
}
"#;

/// The same for MySQL: `$1` is not used, and `$2` is its `mysqld`.
const START_MYSQL: &str = r#"
"$2" --no-defaults --initialize-insecure --datadir="$3/data" --secure-file-priv=
serve() {
    exec "$2" --no-defaults --datadir="$3/data" --socket="$3/socket" --port="$4" --bind-address=127.0.0.1 \
        --pid-file="$3/data/mysqld.pid" --tmpdir="$3" --max-connections=300 --skip-log-bin --skip-name-resolve \
        --mysqlx=OFF --tls-version= --cte-max-recursion-depth=1000000 --secure-file-priv= --innodb-redo-log-capacity=32M --innodb-buffer-pool-size=64M \
        --key-buffer-size=8M --table-open-cache=400 $5
}
"#;

/// The variable that names MySQL's `mysqld`, where the tests are to run against it. `mysql` and `mysqldump` are then
/// MySQL's too.
const MYSQLD: &str = "DBWARDEN_TEST_MYSQLD";

/// What lets it lose nothing when it is killed, but not when the machine is.
const RESTARTABLE: &str = "--innodb-flush-log-at-trx-commit=2";

/// What gives it so little room that it is soon full: InnoDB's files are all there is, and do not grow.
const SMALL: &str = "--innodb-flush-log-at-trx-commit=0 --innodb-doublewrite=0 --innodb-flush-method=nosync \
    --innodb-file-per-table=0 --innodb-data-file-path=ibdata1:12M;ibdata2:10M";

/// The server. It lives as long as the test process.
pub struct MariaDb {
    dir: PathBuf,
    port: u16,
    _supervisor: Child,
}

impl Restartable for MariaDb {
    const CRASH: Signal = Signal::KILL;

    fn dir(&self) -> &Path {
        &self.dir
    }

    fn answers(&self) -> bool {
        try_pipe(&mut mariadb(&self.dir, "root"), "SELECT 1").is_ok()
    }
}

impl MariaDb {
    /// The server of this test process, started when first asked for.
    pub fn get() -> &'static MariaDb {
        static SERVER: OnceLock<MariaDb> = OnceLock::new();
        SERVER.get_or_init(|| start_on_free_port(|port| MariaDb::start(port, UNSAFE, ONCE)))
    }

    /// A server of one test, which is killed and started again.
    pub fn restartable() -> &'static MariaDb {
        Box::leak(Box::new(start_on_free_port(|port| MariaDb::start(port, RESTARTABLE, AGAIN_AND_AGAIN))))
    }

    /// A server of one test, whose tables are soon full and whose global settings are nobody else's.
    pub fn small() -> &'static MariaDb {
        Box::leak(Box::new(start_on_free_port(|port| MariaDb::start(port, SMALL, ONCE))))
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its socket.
    pub fn socket(&self) -> PathBuf {
        socket(&self.dir)
    }

    /// The `mariadb` client as the databases' user over the socket, reading its script from standard input.
    pub fn client(&self, database: &str) -> Command {
        let mut command = mariadb(&self.dir, USER);
        command.env("MYSQL_PWD", PASSWORD).arg(database);
        command
    }

    /// Runs statements as the server's root.
    #[track_caller]
    pub fn admin(&self, sql: &str) -> String {
        pipe(&mut mariadb(&self.dir, "root"), sql)
    }

    /// The database's structure as text that two equal databases share; the tool's own tables left out.
    #[track_caller]
    pub fn schema(&self, database: &str) -> String {
        self.dump(database, &["--no-data"])
    }

    /// Structure and rows, as text that two equal databases share; the tool's own tables left out.
    #[track_caller]
    pub fn contents(&self, database: &str) -> String {
        self.dump(
            database,
            &["--skip-extended-insert", "--order-by-primary", "--ignore-table", &format!("{database}.ledger")],
        )
    }

    #[track_caller]
    fn dump(&self, database: &str, options: &[&str]) -> String {
        let mut dump = client(if MariaDb::is_mysql() { "mysqldump" } else { "mariadb-dump" });
        dump.args(["--no-defaults", "--routines", "--events", "--skip-dump-date", "--skip-comments"]);
        dump.args(options).args(["-u", "root", "-S"]).arg(socket(&self.dir));
        for table in ["_dbwarden_migrations", "_dbwarden_journal", "_dbwarden_events"] {
            dump.arg(format!("--ignore-table={database}.{table}"));
        }
        let dumped = pipe(dump.arg(database), "");
        // The next number of a key counts rows, not structure.
        let lines = dumped.lines().map(|line| match line.split_once(" AUTO_INCREMENT=") {
            Some((before, after)) => format!("{before}{}", after.trim_start_matches(|c: char| c.is_ascii_digit())),
            None => line.to_string(),
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Whether the server is MySQL.
    pub fn is_mysql() -> bool {
        std::env::var_os(MYSQLD).is_some()
    }

    /// The numbers up to `last`, as a table with a column `seq`.
    pub fn numbers(last: u32) -> String {
        if MariaDb::is_mysql() {
            format!(
                "(WITH RECURSIVE n(seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM n WHERE seq < {last}) SELECT seq FROM n) AS n"
            )
        } else {
            format!("seq_1_to_{last}")
        }
    }

    fn start(port: u16, speed: &str, serving: &str) -> std::io::Result<MariaDb> {
        let dir = ServerDir::new("mysql");
        let path = dir.path().display().to_string();
        let (programs, start, settle) = match std::env::var_os(MYSQLD) {
            Some(mysqld) => (["".into(), mysqld.into()], START_MYSQL, ""),
            None => (
                ["mariadb-install-db", "mariadbd"].map(program),
                START,
                "DELETE FROM mysql.global_priv WHERE User = '';",
            ),
        };
        let programs = programs.map(|program: PathBuf| program.display().to_string());
        let speed = if crate::DURABLE_SERVERS { "" } else { speed };
        let arguments: Vec<String> = programs.into_iter().chain([path, port.to_string(), speed.to_string()]).collect();
        let answers = || try_pipe(&mut mariadb(dir.path(), "root"), "SELECT 1").is_ok();
        let supervisor = dir.start("KILL", &format!("{start}{serving}"), &arguments, answers)?;
        let server = MariaDb { dir: dir.path().to_path_buf(), port, _supervisor: supervisor };
        server.admin(&format!(
            "{settle} FLUSH PRIVILEGES;
             CREATE USER {USER} IDENTIFIED BY '{PASSWORD}';
             GRANT ALL ON `t\\_%`.* TO {USER};"
        ));
        Ok(server)
    }
}

fn mariadb(dir: &Path, user: &str) -> Command {
    let mut command = client(if MariaDb::is_mysql() { "mysql" } else { "mariadb" });
    command.args([
        "--no-defaults",
        "-N",
        "-B",
        "-r",
        "--comments",
        "--default-character-set=utf8mb4",
        "-u",
        user,
        "-S",
    ]);
    command.arg(socket(dir));
    command
}

fn socket(dir: &Path) -> PathBuf {
    dir.join("socket")
}
