//! Every bad configuration with its message, and the search for the password in everything that can be shown.

use proptest::prelude::*;
use secrecy::ExposeSecret;

use super::world::World;
use super::{Flags, Purpose, redact};

#[test]
fn bad_configurations_say_what_and_where() {
    let url = "database_url = \"postgresql://u:hunter2@h/d\"\n";
    for (lines, expected) in [
        (
            "",
            "dbwarden.toml:1: database `primary` has no `database_url`; for example: database_url = \"${DATABASE_URL}\"",
        ),
        (
            "database_url = \"hunter2${MISSING}\"",
            "dbwarden.toml:2: `database_url`: the environment variable MISSING is not set; set it, or give a default as in \
             ${MISSING:-default}",
        ),
        (
            "database_url = \"hunter2\"",
            "dbwarden.toml:2: `database_url`: this is not a database URL; it should look like postgresql://user@host:5432/name",
        ),
        (
            "sqlalchemy_url = \"postgresql://u:hun/ter2@h/d\"",
            "dbwarden.toml:2: `sqlalchemy_url`: the URL has an unescaped character: in user, password and names write / as \
             %2F, ? as %3F, # as %23, @ as %40",
        ),
        (
            "database_url = \"postgresql://u@h/d?sslmod=hunter2\"",
            "dbwarden.toml:2: `database_url`: the parameter `sslmod` is not known for PostgreSQL and cannot be ignored: did \
             you mean `sslmode`?",
        ),
        (
            "database_type = \"sqlite\"\ndatabase_url = \"postgresql://u:hunter2@h/d\"",
            "dbwarden.toml:3: the URL is one of postgresql, but `database_type` says sqlite",
        ),
        ("database_type = \"oracle\"", "dbwarden.toml:2: `database_type` must be postgresql, mysql, mariadb or sqlite"),
        ("host = \"h\"", "dbwarden.toml:1: the engine of database `primary` is not known: add `database_type`"),
        (
            &format!("{url}host = \"h\""),
            "dbwarden.toml:3: `database_url` and `host` exclude each other: keep one of them",
        ),
        (
            &format!("{url}database_url_file = \"h\""),
            "dbwarden.toml:3: `database_url` and `database_url_file` exclude each other: keep one of them",
        ),
        (
            "password = \"hunter2\"\npassword_file = \"f\"",
            "dbwarden.toml:3: `password` and `password_file` exclude each other: keep one of them",
        ),
        (
            &format!("{url}password = \"hunter2\""),
            "dbwarden.toml:3: `database_url with a password in it` and `password` exclude each other: keep one of them",
        ),
        (
            &format!("{url}lock_wait = \"5x\""),
            "dbwarden.toml:3: `lock_wait`: `5x` has the unknown unit `x`: the units are ms, s, min, h and d",
        ),
        (
            &format!("{url}lock_wait = 60"),
            "dbwarden.toml:3: `lock_wait`: `60` has no unit: write 60ms, 60s, 60min or 60h",
        ),
        (&format!("{url}out_of_order = \"maybe\""), "dbwarden.toml:3: `out_of_order` must be refuse or allow"),
        (&format!("{url}require_tls = \"yes\""), "dbwarden.toml:3: `require_tls` must be true or false"),
        (
            &format!("{url}migration_table = \"ops.history\""),
            "dbwarden.toml:3: `migration_table` must be a plain name of letters, digits and `_`, up to 63 bytes (the schema \
             is `migration_schema`)",
        ),
        (&format!("{url}migrations_dir = \"\""), "dbwarden.toml:3: `migrations_dir` is empty"),
        (
            &format!("{url}session = {{ \"a b\" = 1 }}"),
            "dbwarden.toml:3: `session.a b` must be a setting's name: letters, digits, `_` and `.`",
        ),
        ("database_url = \"sqlite://\"\nrole = \"r\"", "dbwarden.toml:3: `role` must be left out: SQLite has no roles"),
        (
            "database_url = \"mysql://u@h/d\"\nmigration_schema = \"s\"",
            "dbwarden.toml:3: `migration_schema` must be left out: only PostgreSQL has schemas in a database",
        ),
        (
            "database_url_file = \"nowhere\"",
            "dbwarden.toml:2: `database_url_file`: DIR/nowhere cannot be read: No such file or directory (os error 2)",
        ),
        (
            "database_url_command = [\"sh\", \"-c\", \"echo hunter2; echo sealed >&2; false\"]",
            "dbwarden.toml:2: `database_url_command`: the command `sh` failed (exit status: 1): sealed",
        ),
        ("database_url_command = [\"true\"]", "dbwarden.toml:2: `database_url_command` is empty"),
        ("database_url = \"mysql://u@h\"", "dbwarden.toml:2: `database_url` names no database on the server"),
        (
            "database_url = \"postgres://h/d\"",
            "dbwarden.toml:2: `database_url` names no user, and the environment variable USER is not set either",
        ),
        ("database_url = \"postgres://u@h/d?user=u\"", "dbwarden.toml:2: `database_url`: `user` is given twice"),
        (
            "database_type = \"mysql\"\nuser = \"u\"\nport = 70000",
            "dbwarden.toml:4: `port` must be a number from 1 to 65535",
        ),
    ] {
        assert_eq!(World::primary(lines).error(), expected, "{lines}");
    }
}

#[test]
fn bad_flags_and_environments_say_what_to_do() {
    let world = World::empty();
    assert_eq!(
        world.error(),
        "no configuration: there is no dbwarden.toml in DIR or above it, and DATABASE_URL is not set; run `dbwarden init`, \
         or set DATABASE_URL"
    );
    let two = "[database.a]\ndatabase_url = \"sqlite://\"\n[database.b]\ndatabase_url = \"sqlite://\"\n";
    let all = |flags: &mut Flags| flags.all = true;
    for (world, expected) in [
        (World::file(""), "dbwarden.toml configures no database: add a table such as [database.primary]"),
        (
            World::file("default = \"prmary\"\n[database.primary]"),
            "dbwarden.toml:1: there is no database `prmary`: did you mean `primary`?; configured: primary",
        ),
        (World::file(two), "several databases are configured (a, b): choose with -d NAME or --all, or set `default`"),
        (
            World::file(two).with(|flags| flags.database = vec!["zz".into()]),
            "flag --database: there is no database `zz`; configured: a, b",
        ),
        (
            World::file(two).set("DBWARDEN_DATABASE", "postgres://u:hunter2@h/d"),
            "environment variable DBWARDEN_DATABASE: there is no database `…`; configured: a, b",
        ),
        (
            World::file(two).set("DBWARDEN_DATABASE", "c,a"),
            "environment variable DBWARDEN_DATABASE: there is no database `c`: did you mean `a`?; configured: a, b",
        ),
        (
            World::file(two).with(all).set("DBWARDEN_DATABASE_URL", "sqlite://"),
            "environment variable DBWARDEN_DATABASE_URL gives one URL, but 2 databases are selected: choose one with -d NAME",
        ),
        (
            World::file(two).with(all).with(|flags| flags.database = vec!["a".into()]),
            "flag --database: `--all` and `--database` exclude each other: keep one of them",
        ),
        (
            World::file(two).with(all).with(|flags| (flags.dev, flags.url) = (true, Some("sqlite://".into()))),
            "flag --dev: `--url` and `--dev` exclude each other: keep one of them",
        ),
        (
            World::empty().with(|flags| flags.config = Some("x.toml".into())),
            "flag --config: there is no file DIR/x.toml",
        ),
        (
            World::empty().set("DATABASE_URL", "postgres://u:hunter2@h:x/d"),
            "environment variable DATABASE_URL: `database_url`: the URL's port is not a number from 1 to 65535; or a / in the \
             password is not written as %2F",
        ),
    ] {
        assert_eq!(world.error(), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever the password and however it comes: the session gets it, and nothing that can be shown holds it.
    #[test]
    fn no_password_is_ever_shown(random in "[ -~é]{1,16}") {
        let secret = format!("hunter2{random}hunter2");
        let encoded = percent_encoding::utf8_percent_encode(&secret, percent_encoding::NON_ALPHANUMERIC).to_string();
        let fields = "database_type = \"postgresql\"\nhost = \"h\"\nuser = \"u\"\n";
        let literal = serde_json::to_string(&secret.replace('$', "$$")).unwrap();
        let worlds = [
            World::primary("database_url = \"${URL}\"").set("URL", &format!("postgres://u:{encoded}@h/d")),
            World::primary(&format!("{fields}password = {literal}")),
            World::primary(&format!("{fields}password = \"${{PW}}\"")).set("PW", &secret),
            World::empty().set("DATABASE_URL", &format!("mysql://u:{encoded}@h/d")),
            World::empty().with(|flags| flags.url = Some(format!("mysql://u:{encoded}@h/d").into())),
        ];
        for world in worlds {
            let settings = world.resolve().unwrap();
            let server = world.server();
            let password = server.password.as_ref().map(|password| password.expose_secret().to_string());
            prop_assert_eq!(password.as_deref(), Some(secret.as_str()));
            let options = settings.selected()[0].connect_options(Purpose::Migrate).unwrap();
            let described = serde_json::to_string(&settings.describe()).unwrap();
            let scrubbed = redact(&format!("bad login {secret} or {encoded}"), &settings.secrets());
            let flags = &world.flags;
            let shown = format!("{settings:?} {} {described} {flags:?} {scrubbed} {:?}", options.location(), settings.warnings);
            prop_assert!(!shown.contains("hunter2"), "{}", shown);
        }
        // The same with the password not escaped: it may fail, and then says nothing of it either.
        let world = World::primary("database_url = \"${URL}\"").set("URL", &format!("postgres://u:{secret}@h/d?sslmode=x"));
        let settings = world.resolve().unwrap();
        let error = settings.selected()[0].connect_options(Purpose::Migrate).err().map(|error| format!("{error} {error:?}"));
        let shown = format!("{error:?} {}", serde_json::to_string(&settings.describe()).unwrap());
        prop_assert!(!shown.contains("hunter2"), "{}", shown);
    }
}
