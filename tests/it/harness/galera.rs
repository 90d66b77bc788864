//! A Galera cluster of one node: a MariaDB with its provider loaded.

use std::path::Path;
use std::process::{Child, Command};

use super::client::{client, pipe, try_pipe};
use super::supervisor::{ServerDir, free_port, program, start_on_free_port};
use super::{PASSWORD, USER};

/// `$1` mariadb-install-db, `$2` mariadbd, `$3` the directory, `$4` the port, `$5` the provider, `$6` the port of the
/// cluster's own traffic.
const START: &str = r#"
"$1" --no-defaults --datadir="$3/data" --auth-root-authentication-method=normal --skip-test-db \
    --innodb-log-file-size=16M --innodb-flush-log-at-trx-commit=0
exec "$2" --no-defaults --datadir="$3/data" --socket="$3/socket" --port="$4" --bind-address=127.0.0.1 \
    --pid-file="$3/mariadbd.pid" --tmpdir="$3" --skip-name-resolve --innodb-buffer-pool-size=32M \
    --innodb-log-file-size=16M --binlog-format=ROW --innodb-autoinc-lock-mode=2 --innodb-flush-log-at-trx-commit=0 \
    --wsrep-on=ON --wsrep-provider="$5" --wsrep-cluster-address=gcomm:// --wsrep-node-address=127.0.0.1 \
    --wsrep-sst-method=skip --wsrep-provider-options="gmcast.listen_addr=tcp://127.0.0.1:$6;gcache.size=8M"
"#;

/// Where packages put the provider.
const PROVIDERS: [&str; 3] = [
    "/usr/lib/galera/libgalera_smm.so",
    "/usr/lib64/galera-4/libgalera_smm.so",
    "/usr/lib/x86_64-linux-gnu/libgalera_smm.so",
];

/// The node. It lives as long as this value.
pub struct Galera {
    port: u16,
    _supervisor: Child,
}

impl Galera {
    /// Starts one with an empty database `app`.
    pub fn start() -> Galera {
        start_on_free_port(|port| {
            let dir = ServerDir::new("mysql");
            let path = dir.path().display().to_string();
            let provider = PROVIDERS.into_iter().find(|provider| Path::new(provider).is_file());
            let provider = provider.expect("Galera's provider; tests/run installs what the tests need");
            let [install, server] = ["mariadb-install-db", "mariadbd"].map(|name| program(name).display().to_string());
            let arguments = [install, server, path, port.to_string(), provider.to_string(), free_port().to_string()];
            let ready = || {
                try_pipe(&mut root(dir.path()), "SHOW STATUS LIKE 'wsrep_ready'").is_ok_and(|said| said.contains("ON"))
            };
            let supervisor = dir.start("KILL", START, &arguments, ready)?;
            let set_up = format!(
                "CREATE DATABASE app; CREATE USER {USER} IDENTIFIED BY '{PASSWORD}'; GRANT ALL ON app.* TO {USER}"
            );
            pipe(&mut root(dir.path()), &set_up);
            Ok(Galera { port, _supervisor: supervisor })
        })
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }
}

fn root(dir: &Path) -> Command {
    let mut command = client("mariadb");
    command.args(["--no-defaults", "-N", "-B", "-u", "root", "-S"]).arg(dir.join("socket"));
    command
}
