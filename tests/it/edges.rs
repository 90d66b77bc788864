//! The rules that the source itself keeps: which module may use which, what the pure core never touches, how long a
//! file may get.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const CORE: &[&str] = &["model", "dialect", "parse", "plan", "lint"];

/// Who may use whom, besides itself. Arrows point down only; whoever is not listed may use nothing.
const ALLOWED: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("dialect", &["model"]),
    ("parse", &["model", "dialect"]),
    ("plan", &["model", "dialect", "parse"]),
    ("lint", &["model", "dialect", "parse", "plan"]),
    ("fail_point", &[]),
    ("heap", &[]),
    ("source", &["model", "dialect", "parse", "plan", "lint", "heap"]),
    ("git", &[]),
    ("db", &["model", "dialect", "parse", "plan", "lint", "heap", "fail_point"]),
    ("backup", &["model", "dialect", "parse", "plan", "lint", "db", "fail_point"]),
    ("executor", &["model", "dialect", "parse", "plan", "lint", "db"]),
    ("config", &["model", "dialect", "parse", "plan", "lint", "db", "backup"]),
    ("error", &["model", "dialect", "parse", "plan", "lint", "source", "git", "db", "backup", "executor", "config"]),
    ("cli", &["model", "dialect", "parse", "plan", "lint", "config"]),
    ("output", &["model", "dialect", "parse", "plan", "lint", "db", "backup", "executor", "error", "config"]),
    (
        "commands",
        &[
            "model",
            "dialect",
            "parse",
            "plan",
            "lint",
            "source",
            "git",
            "db",
            "backup",
            "executor",
            "config",
            "error",
            "cli",
            "output",
            "fail_point",
        ],
    ),
    (
        "check",
        &["model", "dialect", "parse", "plan", "lint", "source", "db", "executor", "config", "error", "commands"],
    ),
    ("lib", &["fail_point", "cli", "commands", "config", "error", "output"]),
    ("main", &[]),
];

/// What would make the core need a machine, a clock or a terminal to be tested.
const IMPURE: &[&str] = &[
    "tokio",
    "sqlx",
    "rusqlite",
    "std::fs",
    "std::env",
    "std::net",
    "std::process",
    "Instant",
    "SystemTime",
    "Utc::now",
    "Local::now",
    "println!",
    "eprintln!",
    "async fn",
];

/// The ceiling for a source file, in lines.
const LONGEST: usize = 400;

/// Files above the ceiling, each with its reason. Best left empty.
const LONG_FOR_A_REASON: &[(&str, &str)] = &[];

#[test]
fn modules_use_only_what_stands_below_them() {
    let found = for_each_shipped_source(forbidden_edges);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_core_is_pure() {
    let found = for_each_shipped_source(impurities);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn no_source_file_is_longer_than_the_ceiling() {
    let found = for_each_source(|path, text| {
        let long = text.lines().count() > LONGEST && !LONG_FOR_A_REASON.iter().any(|(name, _)| Path::new(name) == path);
        if long { vec![format!("{} has {} lines", path.display(), text.lines().count())] } else { Vec::new() }
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn no_test_is_skipped_and_no_path_of_one_machine_is_named() {
    let mut found = Vec::new();
    for folder in ["src", "tests"] {
        for path in rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)) {
            let text = std::fs::read_to_string(&path).unwrap();
            // Put together here, so that this file does not name them itself.
            for forbidden in [concat!("#[", "ignore"), concat!("/wo", "rk/"), concat!("/ro", "ot/")] {
                if text.contains(forbidden) {
                    found.push(format!("{} contains {forbidden}", path.display()));
                }
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_check_of_edges_catches_violations() {
    let caught = |path: &str, text: &str| forbidden_edges(Path::new(path), text);
    assert_eq!(caught("plan/mod.rs", "use crate::db::Session;").len(), 1);
    assert_eq!(caught("db/mod.rs", "use crate::{model::Version, commands::{a, b}, config};").len(), 2);
    assert_eq!(caught("source.rs", "fn f() { super::output::say() }").len(), 1);
    assert_eq!(caught("db/lock.rs", "let quote = '\"'; crate::cli::parse(); let s = \"\";").len(), 1);
    assert_eq!(caught("brand_new.rs", "use crate::model::Version;").len(), 1, "a module nobody listed");
    assert!(caught("plan/mod.rs", "// crate::db\n/* crate::cli /* */ crate::cli */ use crate::model;").is_empty());
    assert!(caught("plan/mod.rs", "const A: &str = r#\"crate::db \" \"#; fn f<'a>(x: &'a str) {}").is_empty());
}

#[test]
fn the_check_of_purity_catches_violations() {
    let caught = |path: &str, text: &str| impurities(Path::new(path), text);
    assert_eq!(caught("parse/split.rs", "let now = std::time::Instant::now();").len(), 1);
    assert_eq!(caught("model/mod.rs", "async fn f() { std::fs::read(x) }").len(), 2);
    assert!(caught("db/mod.rs", "async fn f() {}").is_empty(), "only the core is pure");
    assert!(caught("model/mod.rs", "// println!\nfn f() {}").is_empty());
    assert!(caught("parse/mod.rs", "fn f() {}\n#[cfg(test)]\nmod tests { std::fs::read(x) }").is_empty());
}

/// `crate::…` paths in one file that its module may not use.
fn forbidden_edges(path: &Path, text: &str) -> Vec<String> {
    let module = top_module(path);
    let allowed = ALLOWED.iter().find(|(name, _)| *name == module).map(|(_, allowed)| *allowed).unwrap_or_default();
    let known: BTreeSet<&str> = ALLOWED.iter().map(|(name, _)| *name).collect();
    let code = without_comments_and_strings(shipped(text));
    let mut used = modules_after(&code, "crate::");
    // In a file directly in src/, `super` is the crate.
    if path.components().count() == 1 {
        used.extend(modules_after(&code, "super::"));
    }
    used.iter()
        .filter(|name| known.contains(name.as_str()) && **name != module && !allowed.contains(&name.as_str()))
        .map(|name| format!("src/{}: {module} must not use crate::{name}", path.display()))
        .collect()
}

/// What the core must not touch, in one file.
fn impurities(path: &Path, text: &str) -> Vec<String> {
    if !CORE.contains(&top_module(path).as_str()) {
        return Vec::new();
    }
    let code = without_comments_and_strings(shipped(text));
    let found = IMPURE.iter().filter(|word| code.contains(**word));
    found.map(|word| format!("src/{}: the core must not use {word}", path.display())).collect()
}

/// A file's text up to its test module, which stands at the end and may use more.
fn shipped(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default()
}

/// Whether a whole file is compiled for tests only.
fn is_test_file(path: &Path) -> bool {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    stem == "tests" || stem == "test_support" || stem.ends_with("_tests") || path.iter().any(|part| part == "tests")
}

/// The first names after `prefix`: `a` and `b` of `crate::{a, b::c}`.
fn modules_after(code: &str, prefix: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (start, _) in code.match_indices(prefix) {
        let rest = code[start + prefix.len()..].trim_start();
        let Some(group) = rest.strip_prefix('{') else {
            names.insert(identifier(rest));
            continue;
        };
        let (mut depth, mut expects_name) = (0, true);
        for (index, character) in group.char_indices() {
            match character {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => expects_name = true,
                _ if depth == 0 && expects_name && character.is_alphabetic() => {
                    names.insert(identifier(&group[index..]));
                    expects_name = false;
                }
                _ => {}
            }
        }
    }
    names
}

fn identifier(text: &str) -> String {
    text.chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect()
}

/// Rust code with comments removed and the insides of string and character literals emptied.
fn without_comments_and_strings(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skipped = literal_or_comment(rest);
        if skipped > 0 {
            code.push(' ');
            rest = &rest[skipped..];
        } else {
            code.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    code
}

/// The length of the comment or literal that `text` begins with; 0 when it begins with neither.
fn literal_or_comment(text: &str) -> usize {
    let until = |from: usize, end: &str| text[from..].find(end).map_or(text.len(), |index| from + index + end.len());
    if text.starts_with("//") {
        return until(2, "\n");
    }
    if text.starts_with("/*") {
        let (mut depth, mut index) = (0, 0);
        while index < text.len() {
            depth += match &text.as_bytes()[index..] {
                [b'/', b'*', ..] => 1,
                [b'*', b'/', ..] => -1,
                _ => {
                    index += 1;
                    continue;
                }
            };
            index += 2;
            if depth == 0 {
                return index;
            }
        }
        return text.len();
    }
    if let Some(raw) = text.strip_prefix('r') {
        let hashes = raw.bytes().take_while(|&byte| byte == b'#').count();
        if raw[hashes..].starts_with('"') {
            return until(hashes + 2, &format!("\"{}", "#".repeat(hashes)));
        }
    }
    if text.starts_with('"') {
        return quoted(text, b'"');
    }
    // A character literal, not a lifetime: its closing quote follows one character, or an escape.
    let mut characters = text.chars();
    match (characters.next(), characters.next(), characters.next()) {
        (Some('\''), Some('\\'), _) => quoted(text, b'\''),
        (Some('\''), Some(character), Some('\'')) => 2 + character.len_utf8(),
        _ => 0,
    }
}

fn quoted(text: &str, quote: u8) -> usize {
    let bytes = text.as_bytes();
    let mut index = 1;
    while index < bytes.len() && bytes[index] != quote {
        index += if bytes[index] == b'\\' { 2 } else { 1 };
    }
    (index + 1).min(text.len())
}

/// `plan` of `plan/mod.rs`, `source` of `source.rs`.
fn top_module(path: &Path) -> String {
    let first = path.components().next().expect("a file name").as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_string()
}

/// Collects what `check` finds in each file below `src`, given by its path there.
fn for_each_source(check: impl Fn(&Path, &str) -> Vec<String>) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = rust_files(&root);
    assert!(files.len() > 20, "the sources are not where this test looks");
    let check_one = |path: &PathBuf| {
        check(path.strip_prefix(&root).expect("below src"), &std::fs::read_to_string(path).expect("reading a source"))
    };
    files.iter().flat_map(check_one).collect()
}

/// As [`for_each_source`], without files of tests.
fn for_each_shipped_source(check: impl Fn(&Path, &str) -> Vec<String>) -> Vec<String> {
    for_each_source(|path, text| if is_test_file(path) { Vec::new() } else { check(path, text) })
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = entries
        .flat_map(|path| match path.is_dir() {
            true => rust_files(&path),
            false => vec![path],
        })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    files.sort();
    files
}
