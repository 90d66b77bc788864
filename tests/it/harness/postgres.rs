//! A throwaway PostgreSQL cluster, and PgBouncer before it.

use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::OnceLock;

use rustix::process::Signal;

use super::client::{client, pipe, tool, try_pipe};
use super::supervisor::{AGAIN_AND_AGAIN, ONCE, Restartable, ServerDir, program, start_on_free_port};
use super::{PASSWORD, USER};

/// Roles: `app` owns the databases; `tls_only` is `app`'s twin that the server admits over TLS alone.
const SET_UP: &str = "
    CREATE ROLE app LOGIN PASSWORD :'password';
    CREATE ROLE tls_only LOGIN PASSWORD :'password' IN ROLE app;";

/// Over the socket everybody is trusted; over TCP everybody needs a password.
const ADMISSION: &str = "
local     all all                    trust
hostnossl all tls_only all           reject
host      all all      127.0.0.1/32  scram-sha-256
host      all all      ::1/128       scram-sha-256
";

/// What saves a throwaway cluster its waits for the disk.
const UNSAFE: &str = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off \
    -c max_wal_senders=0 -c wal_level=minimal";

/// What lets it lose nothing when it is killed, but not when the machine is.
const RESTARTABLE: &str = "-c fsync=off -c max_wal_senders=0 -c wal_level=minimal";

/// `$1` initdb, `$2` postgres, `$3` the directory, `$4` the port, `$5` more options of the server.
const START: &str = r#"
"$1" -D data -U postgres --auth=trust -E UTF8 --locale=C.UTF-8 --no-sync --no-instructions
cp pg_hba.conf data/pg_hba.conf
serve() {
    exec "$2" -D data -k "$3" -p "$4" -c listen_addresses=127.0.0.1 -c max_connections=300 -c shared_buffers=32MB $5 \
        -c ssl=on -c ssl_cert_file="$3/server.pem" -c ssl_key_file="$3/server.key" -c TimeZone=Etc/UTC
}
"#;

/// Instead of [`ONCE`]: serves with a disk of its own for a tablespace, so small that it is soon full. Nobody else sees
/// it, and it is gone with the server. Mounting it takes a user namespace, in which PostgreSQL must not be root.
const WITH_A_SMALL_DISK: &str = r#"
mkdir small
cat >wrapped <<END
#!/bin/sh
exec unshare -Urm sh -euc 'mount -t tmpfs -o size=16m tmpfs "$3/small"; mkdir -m 700 "$3/small/space"; \
    exec unshare --user --map-user=$(id -u) --map-group=$(id -g) "\$@"' sh "$2" "\$@"
END
chmod 700 wrapped
serve "$1" "$3/wrapped" "$3" "$4" "$5"
"#;

/// The cluster. It lives as long as the test process.
pub struct Postgres {
    dir: PathBuf,
    port: u16,
    _supervisor: Child,
}

impl Restartable for Postgres {
    /// As `pg_ctl -m immediate stop` does: as a crash, but for the shared memory, which is given back.
    const CRASH: Signal = Signal::QUIT;

    fn dir(&self) -> &Path {
        &self.dir
    }

    fn answers(&self) -> bool {
        try_pipe(&mut self.psql("postgres", "postgres"), "SELECT 1").is_ok()
    }
}

/// A PgBouncer before the cluster. It lives as long as this value.
pub struct PgBouncer {
    /// Its port on 127.0.0.1.
    pub port: u16,
    _supervisor: Child,
}

impl Postgres {
    /// The cluster of this test process, started when first asked for.
    pub fn get() -> &'static Postgres {
        static CLUSTER: OnceLock<Postgres> = OnceLock::new();
        CLUSTER.get_or_init(|| start_on_free_port(|port| Postgres::start(port, UNSAFE, ONCE)))
    }

    /// A cluster of one test, which crashes and is started again.
    pub fn restartable() -> &'static Postgres {
        Box::leak(Box::new(start_on_free_port(|port| Postgres::start(port, RESTARTABLE, AGAIN_AND_AGAIN))))
    }

    /// A cluster with a tablespace `small` that is soon full.
    pub fn with_a_small_disk() -> &'static Postgres {
        let start = |port| Postgres::start(port, UNSAFE, WITH_A_SMALL_DISK);
        let cluster: &'static Postgres = Box::leak(Box::new(start_on_free_port(start)));
        let place = cluster.dir.join("small/space");
        cluster.admin("postgres", &format!("CREATE TABLESPACE small LOCATION '{}'", place.display()));
        cluster.admin("postgres", "GRANT CREATE ON TABLESPACE small TO app");
        cluster
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The directory its socket is in.
    pub fn socket_dir(&self) -> &Path {
        &self.dir
    }

    /// The certificate of the authority that signed the server's certificate for `localhost`.
    pub fn ca_certificate(&self) -> PathBuf {
        self.dir.join("ca.pem")
    }

    /// `psql` as `user` over the socket, reading its script from standard input.
    pub fn psql(&self, user: &str, database: &str) -> std::process::Command {
        let mut command = client("psql");
        command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", user, "-d", database, "-p"]);
        command.arg(self.port.to_string()).arg("-h").arg(&self.dir);
        command
    }

    /// Runs statements as the superuser.
    #[track_caller]
    pub fn admin(&self, database: &str, sql: &str) -> String {
        pipe(self.psql("postgres", database).args(["-v", &format!("password={PASSWORD}")]), sql)
    }

    /// The database's structure as text that two equal databases share; the tool's own tables left out.
    #[track_caller]
    pub fn schema(&self, database: &str) -> String {
        let mut dump = client("pg_dump");
        dump.args(["-s", "--no-owner", "-T", "_dbwarden_*", "-U", USER, "-d", database, "-p"]);
        let dumped = pipe(dump.arg(self.port.to_string()).arg("-h").arg(&self.dir), "");
        // Comments hold versions, and `\\restrict` a random word.
        let lines =
            dumped.lines().filter(|line| !line.is_empty() && !line.starts_with("--") && !line.starts_with('\\'));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Puts a PgBouncer before the cluster. `pool_mode` is one of its settings: `session`, `transaction`.
    pub fn bouncer(&self, pool_mode: &str) -> PgBouncer {
        start_on_free_port(|port| {
            let dir = ServerDir::new("postgres");
            dir.write("users.txt", &format!("\"{USER}\" \"{PASSWORD}\"\n"));
            let settings = format!(
                "[databases]\n* = host={} port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
                 unix_socket_dir =\nauth_type = scram-sha-256\nauth_file = users.txt\npool_mode = {pool_mode}\n",
                self.dir.display(),
                self.port
            );
            let settings = dir.write("pgbouncer.ini", &settings).display().to_string();
            let arguments = [program("pgbouncer").display().to_string(), settings];
            let ready = || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
            Ok(PgBouncer { port, _supervisor: dir.start("KILL", r#"exec "$1" "$2""#, &arguments, ready)? })
        })
    }

    fn start(port: u16, speed: &str, serving: &str) -> std::io::Result<Postgres> {
        let dir = ServerDir::new("postgres");
        make_certificates(&dir);
        dir.write("pg_hba.conf", ADMISSION);
        let path = dir.path().display().to_string();
        let arguments = [
            program("initdb").display().to_string(),
            program("postgres").display().to_string(),
            path,
            port.to_string(),
            if crate::DURABLE_SERVERS { "" } else { speed }.to_string(),
        ];
        let answers = || {
            let mut psql = client("psql");
            psql.args(["-X", "-U", "postgres", "-d", "postgres", "-p"]).arg(port.to_string()).arg("-h").arg(dir.path());
            try_pipe(&mut psql, "SELECT 1").is_ok()
        };
        // QUIT is PostgreSQL's immediate shutdown: it gives its shared memory back, which KILL would not.
        let supervisor = dir.start("QUIT", &format!("{START}{serving}"), &arguments, answers)?;
        let cluster = Postgres { dir: dir.path().to_path_buf(), port, _supervisor: supervisor };
        cluster.admin("postgres", SET_UP);
        Ok(cluster)
    }
}

/// A private authority, and a certificate of it for `localhost`.
fn make_certificates(dir: &ServerDir) {
    let scratch = tempfile::tempdir().expect("a temporary directory");
    let file = |name: &str| scratch.path().join(name).display().to_string();
    let (ca, ca_key, key, request, certificate) =
        (file("ca.pem"), file("ca.key"), file("server.key"), file("server.csr"), file("server.pem"));
    let extensions = file("extensions");
    std::fs::write(&extensions, "subjectAltName = DNS:localhost\n").expect("writing");
    let new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    let authority = ["-x509", "-days", "2", "-subj", "/CN=dbwarden test authority", "-keyout", &ca_key, "-out", &ca];
    tool("openssl", ["req"].iter().chain(&new_key).chain(&authority));
    let wanted = ["-subj", "/CN=localhost", "-keyout", &key, "-out", &request];
    tool("openssl", ["req"].iter().chain(&new_key).chain(&wanted));
    let signing = ["x509", "-req", "-days", "2", "-CAcreateserial", "-extfile", &extensions];
    let files = ["-in", &request, "-CA", &ca, "-CAkey", &ca_key, "-out", &certificate];
    tool("openssl", signing.iter().chain(&files));
    for name in ["ca.pem", "server.pem", "server.key"] {
        let path = dir.write(name, &std::fs::read_to_string(file(name)).expect("what openssl wrote"));
        if name == "ca.pem" {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644)).expect("chmod");
        }
    }
}
