use proptest::prelude::*;
use secrecy::ExposeSecret;

use super::*;

/// Every part of a URL in one line, the password included, to compare.
fn parts(text: &str) -> String {
    match parse(text) {
        Err(error) => format!("{error:?}"),
        Ok(url) => {
            let part = |text: &Option<String>| text.clone().unwrap_or("-".into());
            let params: Vec<_> = url.params.iter().map(|(name, value)| format!("{name}={value}")).collect();
            format!(
                "{} {} {} {} {} {} [{}]",
                url.database_type.name(),
                part(&url.user),
                url.password.as_ref().map_or("-", |password| password.expose_secret()),
                part(&url.host),
                url.port.map_or("-".into(), |port| port.to_string()),
                part(&url.database),
                params.join(" ")
            )
        }
    }
}

#[test]
fn every_form_of_url() {
    for (text, expected) in [
        ("postgresql://app:pw@db.example:5433/shop", "postgresql app pw db.example 5433 shop []"),
        ("postgres://db/shop", "postgresql - - db - shop []"),
        ("POSTGRESQL+asyncpg://app@db/shop", "postgresql app - db - shop []"),
        ("postgresql+psycopg2://app:@db/shop", "postgresql app - db - shop []"),
        ("pg://db", "postgresql - - db - - []"),
        (" postgres://db/shop\n", "postgresql - - db - shop []"),
        ("postgres://u:p@ss@db/shop", "postgresql u p@ss db - shop []"),
        ("postgres://u:p:w@db/shop", "postgresql u p:w db - shop []"),
        ("postgres://u%40corp:p%2Fw%25%C3%A9@db/my%20shop", "postgresql u@corp p/w%é db - my shop []"),
        ("postgres://u:100%@db/x", "postgresql u 100% db - x []"),
        ("postgresql://u@[::1]:5433/shop", "postgresql u - ::1 5433 shop []"),
        ("postgresql://[2001:DB8::1]/shop", "postgresql - - 2001:db8::1 - shop []"),
        ("postgresql:///shop?host=/run/postgresql", "postgresql - - - - shop [host=/run/postgresql]"),
        ("postgresql://%2Frun%2Fpostgresql:5433/shop", "postgresql - - /run/postgresql 5433 shop []"),
        (
            "postgresql://u@/shop?sslmode=require&options=-c%20a%3Db&",
            "postgresql u - - - shop [sslmode=require options=-c a=b]",
        ),
        ("mysql+pymysql://u:p@my_db:3306/shop?charset=utf8mb4", "mysql u p my_db 3306 shop [charset=utf8mb4]"),
        ("mariadb+mariadbconnector://db:/shop", "mariadb - - db - shop []"),
        // SQLite: relative, absolute, in memory; SQLAlchemy's forms, then sqlx's.
        ("sqlite:///rel.db", "sqlite - - - - rel.db []"),
        ("sqlite:///./x.db", "sqlite - - - - ./x.db []"),
        ("sqlite+aiosqlite:////abs/x.db", "sqlite - - - - /abs/x.db []"),
        ("sqlite:///a%20b.db?mode=ro", "sqlite - - - - a b.db [mode=ro]"),
        ("sqlite://", "sqlite - - - - - []"),
        ("sqlite:///:memory:", "sqlite - - - - - []"),
        ("sqlite::memory:", "sqlite - - - - - []"),
        ("sqlite:///x?mode=memory", "sqlite - - - - - []"),
        ("sqlite:rel.db", "sqlite - - - - rel.db []"),
        ("sqlite:./rel.db", "sqlite - - - - ./rel.db []"),
        ("sqlite:/abs.db", "sqlite - - - - /abs.db []"),
        ("sqlite://dev.db", "sqlite - - - - dev.db []"),
        ("sqlite3:///x#1@y.db", "sqlite - - - - x#1@y.db []"),
        // Not URLs.
        ("", "Empty"),
        ("  ", "Empty"),
        ("hunter2", "NotAUrl"),
        ("localhost:5432/shop", "NotAUrl"),
        ("postgres:shop", "NotAUrl"),
        ("//db/shop", "NotAUrl"),
        ("host=db dbname=shop", "KeywordValue"),
        ("postgre://db/shop", "UnknownScheme(Some(\"postgresql\"))"),
        ("oracle://db/shop", "UnknownScheme(None)"),
        ("postgres://u:p\nw@db/shop", "ControlCharacter"),
        ("postgres://u:p/w@db/shop", "Unescaped"),
        ("postgres://u:1/w@db/shop", "Unescaped"),
        ("postgres://u:1?w@db/shop", "Unescaped"),
        ("postgres://u:1?w=x@db/shop", "Unescaped"),
        ("postgres://u:p#w@db/shop", "Unescaped"),
        ("postgres://db/shop/x", "Unescaped"),
        ("postgres://a,b/shop", "SeveralHosts"),
        ("postgres://a:1,b:2/shop", "SeveralHosts"),
        ("postgres://::1/shop", "BadHost"),
        ("postgres://[::1/shop", "BadHost"),
        ("postgres://[::1]5/shop", "BadHost"),
        ("postgres://[db]/shop", "BadHost"),
        ("postgres://a b/shop", "BadHost"),
        ("postgres://db:65536/shop", "BadPort"),
        ("postgres://db:0/shop", "BadPort"),
        ("postgres://db:+1/shop", "BadPort"),
        ("postgres://db:5432x/shop", "BadPort"),
        ("postgres://db/shop?sslmode", "NotPairs"),
        ("postgres://db/shop?a%20b=1", "NotPairs"),
        ("postgres://db/%FF", "NotUtf8"),
        ("sqlite:///file:x.db?uri=true", "FileUri"),
    ] {
        assert_eq!(parts(text), expected, "{text}");
    }
}

#[test]
fn shows_urls_without_their_secrets() {
    for (text, expected) in [
        ("postgres+asyncpg://app:pw@db:5432/shop?sslmode=require", "postgresql://app:***@db:5432/shop?sslmode=require"),
        ("postgres://:pw@[::1]/shop", "postgresql://:***@[::1]/shop"),
        (
            "postgres://db/a%20b?password=pw&user=me&options=-c%20x=y",
            "postgresql://db/a%20b?password=***&user=me&options=***",
        ),
        ("postgres://%2Frun/shop", "postgresql://%2Frun/shop"),
        ("mysql://u@db/shop?token=pw", "mysql://u@db/shop?token=***"),
        ("sqlite:///./x.db", "sqlite:///./x.db"),
        ("sqlite:////a/x.db", "sqlite:////a/x.db"),
        ("sqlite://", "sqlite:///:memory:"),
    ] {
        assert_eq!(parse(text).map(|url| url.redacted()), Ok(expected.to_string()), "{text}");
    }
}

proptest! {
    /// Whatever is in a password: escaped, it is read back and never shown; unescaped, either it is read as it
    /// stands or the URL is refused, and the message is one of a fixed set.
    #[test]
    fn no_password_is_shown(password in "[ -~é€]{4,20}") {
        let secret = format!("Q7{password}7Q");
        let escaped = utf8_percent_encode(&secret, NON_ALPHANUMERIC).to_string();
        let url = parse(&format!("postgresql://app:{escaped}@db:5432/shop")).unwrap();
        prop_assert_eq!(url.password.as_ref().unwrap().expose_secret(), &secret);
        prop_assert_eq!(url.redacted(), "postgresql://app:***@db:5432/shop");

        match parse(&format!("postgresql://app:{secret}@db:5432/shop?sslmode=require")) {
            Ok(url) => {
                prop_assert_eq!(url.redacted(), "postgresql://app:***@db:5432/shop?sslmode=require");
                prop_assert_eq!(url.database.as_deref(), Some("shop"));
                prop_assert_eq!(url.host.as_deref(), Some("db"));
            }
            Err(error) => {
                let shown = format!("{error} {error:?}");
                prop_assert!(!shown.contains("Q7"), "{}", shown);
            }
        }
    }

    #[test]
    fn reading_never_panics(text in "(postgres|mysql|sqlite|x)?:?/{0,4}\\PC{0,40}") {
        if let Ok(url) = parse(&text) {
            url.redacted();
        }
    }
}
