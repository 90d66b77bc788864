//! Backups are listed, kept as configured, and found damaged when they are.

use super::fixture::{backup, full, manifest};
use crate::harness::{Project, exit};

on_each_engine![
    the_list_is_the_newest_first,
    retention_keeps_what_it_is_told_and_what_it_does_not_know,
    a_damaged_archive_is_never_restored,
    a_backup_is_verified_by_loading_it,
    a_manifest_that_cannot_be_used_is_named,
    compression_changes_nothing_but_the_size,
];

fn the_list_is_the_newest_first(project: &Project) {
    project.run(["backup", "list"]).exits(exit::DONE).prints("0 backups");
    project.tables(1).migrate();
    let first = backup(project, &[]);
    let second = backup(project, &[]);
    let list = project.json(&["backup", "list"]);
    let paths: Vec<&str> = list["databases"][0]["backups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["path"].as_str().unwrap())
        .collect();
    assert_eq!(paths, [second.to_str().unwrap(), first.to_str().unwrap()]);
    let run = manifest(&first)["run_id"].as_str().unwrap().to_string();
    project.run(["backup", "verify", "--run", &run]).exits(exit::DONE).prints(first.to_str().unwrap());
    project.run(["backup", "verify", "--run", "none"]).exits(exit::USAGE).mentions("backup list");
    project.run(["backup", "verify"]).exits(exit::USAGE);
}

fn retention_keeps_what_it_is_told_and_what_it_does_not_know(project: &Project) {
    project.tables(1).migrate();
    let first = backup(project, &[]);
    project.file("backups/primary/20200101T000000Z-0.dump", "made by hand");
    project.toml_extra("backup_keep = 2");
    let second = backup(project, &[]);
    let document = project.run(["backup", "--json"]).exits(exit::DONE).json();
    assert_eq!(document["databases"][0]["removed"][0], first.to_str().unwrap());
    assert!(!first.exists() && second.exists());
    assert!(project.path("backups/primary/20200101T000000Z-0.dump").exists(), "it has no manifest");
    // Older than any number of days, by its own word.
    let text = manifest(&second).to_string().replace("2026-", "2001-");
    let text = text.replacen(&text[text.find("\"started_at\":\"").unwrap()..][..18], "\"started_at\":\"2001", 1);
    std::fs::write(format!("{}.json", second.display()), text).unwrap();
    let config = project.read("dbwarden.toml").replace("backup_keep = 2", "backup_keep_days = 1");
    project.file("dbwarden.toml", config);
    backup(project, &[]);
    assert!(!second.exists());
    project.run(["backup", "list"]).exits(exit::DONE).prints("2 backups");
    project.toml_extra("backup_keep = 0");
    project.run(["backup"]).exits(exit::USAGE).mentions("backup_keep");
}

fn a_damaged_archive_is_never_restored(project: &Project) {
    project.tables(2).migrate();
    let archive = backup(project, &[]);
    let whole = std::fs::read(&archive).unwrap();
    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    project.run(["rollback"]).exits(exit::DONE);
    let before = project.fingerprint();
    for damaged in [&whole[..whole.len() / 2], &[], &flipped] {
        std::fs::write(&archive, damaged).unwrap();
        let file = archive.to_str().unwrap();
        project.run(["backup", "verify", file]).exits(exit::BACKUP).mentions("damaged").says(file);
        project.run(["restore", file, "--yes"]).exits(exit::BACKUP).says("nothing was changed");
    }
    std::fs::write(&archive, &whole).unwrap();
    assert_eq!(project.fingerprint().split("\nbackups").next(), before.split("\nbackups").next());
    project.run(["restore", "--latest", "--yes"]).exits(exit::DONE);
    assert_eq!(project.versions(), ["0001", "0002"]);
}

fn a_backup_is_verified_by_loading_it(project: &Project) {
    full(project);
    let archive = backup(project, &[]);
    project.run(["backup", "verify", "--latest"]).exits(exit::DONE).prints("is good");
    // A manifest that promises more than there is.
    let path = format!("{}.json", archive.display());
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("\"rows\": 5000", "\"rows\": 5001", 1)).unwrap();
    project.run(["backup", "verify", "--latest"]).exits(exit::BACKUP).says("5000 rows instead of 5001");
    project.run(["restore", "--latest", "--yes"]).exits(exit::BACKUP);
    std::fs::write(&path, text.replacen("\"name\": \"many\"", "\"name\": \"more\"", 1)).unwrap();
    project.run(["backup", "verify", "--latest"]).exits(exit::BACKUP).says("more is missing").says("many should not");
    assert_eq!(super::restoring::leftovers(project), "", "no scratch database is left");
}

fn a_manifest_that_cannot_be_used_is_named(project: &Project) {
    project.tables(1).migrate();
    let archive = backup(project, &[]);
    let path = format!("{}.json", archive.display());
    let text = std::fs::read_to_string(&path).unwrap();
    let file = archive.to_str().unwrap();
    for (broken, says) in [
        ("{", "EOF"),
        (text.replace("\"format\": 1", "\"format\": 2").as_str(), "newer dbwarden"),
        (text.replacen("\"archive\": \"", "\"archive\": \"../", 1).as_str(), "another folder"),
    ] {
        std::fs::write(&path, broken).unwrap();
        project.run(["restore", file, "--yes"]).exits(exit::BACKUP).says(says);
        project.run(["backup", "list"]).exits(exit::DONE).says(says);
    }
    std::fs::remove_file(&path).unwrap();
    project.run(["restore", file, "--yes"]).exits(exit::BACKUP).says("no manifest");
    project.run(["restore", "nowhere.dump", "--yes"]).exits(exit::USAGE).says("nowhere.dump");
    project.run(["restore", "--latest", "--yes"]).exits(exit::USAGE).mentions("no backup");
}

fn compression_changes_nothing_but_the_size(project: &Project) {
    full(project);
    let plain = backup(project, &["--verify"]);
    project.toml_extra("backup_compression = 3");
    let small = backup(project, &["--verify"]);
    assert!(small.to_str().unwrap().ends_with(".zst"));
    assert_eq!(
        manifest(&plain)["tables"].as_array().unwrap().len(),
        manifest(&small)["tables"].as_array().unwrap().len()
    );
    let before = super::fixture::data(project);
    super::fixture::destroy(project);
    project.run(["restore", "--latest", "--yes"]).exits(exit::DONE);
    assert_eq!(super::fixture::data(project), before);
}
