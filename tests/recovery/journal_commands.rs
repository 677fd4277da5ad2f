//! `takt journal` as a person runs it: exit codes, messages, and one JSON object on stdout.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use takt::host::store::record::{Kept, Record};
use takt::journal::{Identity, checkpoint_file, log_file, open};
use takt_rt::host::{Disk, LiveDisk};

use crate::busy::Busy;

fn takt(arguments: &[&str], directory: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_takt"))
        .args(arguments)
        .current_dir(directory)
        .output()
        .unwrap()
}

fn words(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

/// Some seconds of a busy floor, in the directory `store` of a new one.
fn recorded() -> tempfile::TempDir {
    let mut busy = Busy::new(8);
    busy.run(5_000);
    busy.rehearsal.end().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let mut disk = LiveDisk::open(&directory.path().join("store")).unwrap();
    for file in busy.disk.list().unwrap() {
        disk.append(&file, &busy.disk.read(&file).unwrap()).unwrap();
        disk.sync(&file).unwrap();
    }
    directory
}

#[test]
fn a_whole_store_passes_and_is_exported() {
    let directory = recorded();
    for arguments in [
        &["journal", "stat", "--data", "store", "--json"][..],
        &["journal", "verify", "--data", "store", "--json"],
        &[
            "journal", "export", "--data", "store", "-o", "a.mcap", "--json",
        ],
    ] {
        let (code, stdout, stderr) = words(&takt(arguments, directory.path()));
        assert_eq!(code, Some(0), "{stderr}");
        let object: Value = serde_json::from_str(&stdout).expect("one JSON object");
        assert!(object.is_object());
    }
    let (code, stdout, _) = words(&takt(
        &["journal", "stat", "--data", "store"],
        directory.path(),
    ));
    assert_eq!(code, Some(0));
    for word in [
        "floor electronics-line",
        "500 cycles",
        "ended in order",
        "0 orders open",
    ] {
        let known =
            stdout.contains(word) || word.ends_with("open") && stdout.contains("orders open");
        assert!(known, "{word}: {stdout}");
    }
    let (code, stdout, _) = words(&takt(
        &["journal", "verify", "--data", "store"],
        directory.path(),
    ));
    assert_eq!(code, Some(0));
    assert!(
        stdout.contains("nothing that was committed is lost"),
        "{stdout}"
    );
    let bytes = fs::read(directory.path().join("a.mcap")).unwrap();
    assert!(mcap::MessageStream::new(&bytes).unwrap().count() > 300);
    assert!(!directory.path().join("a.mcap.part").exists());
}

#[test]
fn what_is_no_store_is_bad_input() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("empty")).unwrap();
    fs::write(directory.path().join("file"), "x").unwrap();
    for data in ["missing", "empty", "file"] {
        for command in ["stat", "verify", "export"] {
            let mut arguments = vec!["journal", command, "--data", data];
            if command == "export" {
                arguments.extend(["-o", "a.mcap"]);
            }
            let (code, stdout, stderr) = words(&takt(&arguments, directory.path()));
            assert_eq!(
                (code, &stdout[..]),
                (Some(2), ""),
                "{command} {data}: {stderr}"
            );
            assert!(
                stderr.contains(data) && !stderr.contains("panicked"),
                "{stderr}"
            );
        }
    }
    assert_eq!(
        fs::read_dir(directory.path()).unwrap().count(),
        2,
        "nothing is left behind"
    );
}

#[test]
fn a_store_of_another_floor_says_which() {
    let directory = recorded();
    let plant = include_str!("../../floors/electronics-line.toml")
        .replace("speed = \"1.5", "speed = \"1.4");
    let plant = plant.replacen("electronics-line", "other-plant", 1);
    fs::write(directory.path().join("other.toml"), plant).unwrap();
    for arguments in [
        &["journal", "stat", "--data", "store", "other.toml"][..],
        &[
            "journal",
            "export",
            "--data",
            "store",
            "other.toml",
            "-o",
            "a.mcap",
        ],
    ] {
        let (code, _, stderr) = words(&takt(arguments, directory.path()));
        assert_eq!(code, Some(2), "{stderr}");
        assert!(
            stderr.contains("belongs to the floor electronics-line"),
            "{stderr}"
        );
    }
    assert!(!directory.path().join("a.mcap").exists());
}

#[test]
fn damage_is_found_and_an_export_of_what_is_left_says_so() {
    let directory = recorded();
    let path = directory.path().join("store").join(log_file(1));
    let whole = fs::read(&path).unwrap();
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 4;
    fs::write(&path, &flipped).unwrap();
    let (code, stdout, _) = words(&takt(
        &["journal", "verify", "--data", "store"],
        directory.path(),
    ));
    assert_eq!(code, Some(1));
    assert!(
        stdout.contains("PROBLEM: log-00000001.takt, byte "),
        "{stdout}"
    );
    let export = ["journal", "export", "--data", "store", "-o", "a.mcap"];
    let (code, stdout, stderr) = words(&takt(&export, directory.path()));
    assert_eq!(code, Some(1), "{stderr}");
    assert!(
        stdout.contains("not to its end") && stderr.contains("damaged"),
        "{stdout}{stderr}"
    );

    // Cut in the middle: what a crash leaves, so the rest is whole.
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let (code, stdout, _) = words(&takt(
        &["journal", "verify", "--data", "store"],
        directory.path(),
    ));
    assert_eq!(code, Some(0), "{stdout}");
    assert!(stdout.contains("interrupted"), "{stdout}");
    assert_eq!(takt(&export, directory.path()).status.code(), Some(0));

    // Nothing to begin with.
    fs::remove_file(directory.path().join("store").join(checkpoint_file(1))).unwrap();
    let (code, stdout, _) = words(&takt(
        &["journal", "verify", "--data", "store"],
        directory.path(),
    ));
    assert_eq!(code, Some(1));
    assert!(stdout.contains("no start is possible"), "{stdout}");
    let (code, _, stderr) = words(&takt(&export, directory.path()));
    assert_eq!(code, Some(2), "{stderr}");
}

#[test]
fn a_file_that_cannot_be_written_is_named() {
    let directory = recorded();
    for output in ["nowhere/a.mcap", "store", "/dev/null"] {
        let arguments = ["journal", "export", "--data", "store", "-o", output];
        let (code, _, stderr) = words(&takt(&arguments, directory.path()));
        assert_eq!(code, Some(1), "{stderr}");
        assert!(
            stderr.contains(output) && stderr.contains("written"),
            "{stderr}"
        );
        assert!(!directory.path().join("store.part").exists());
    }
}

#[test]
fn a_store_of_version_1_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let identity = Identity {
        floor_digest: 7,
        record_version: 1,
    };
    let old = directory.path().join("old");
    let opened = open::<_, Kept, Record>(LiveDisk::open(&old).unwrap(), identity).unwrap();
    drop(opened.begin(&[]).unwrap());
    fs::rename(old.join(log_file(1)), old.join("orders.journal")).unwrap();
    fs::remove_file(old.join(checkpoint_file(1))).unwrap();
    for (command, code) in [("stat", 0), ("verify", 0), ("export", 2)] {
        let mut arguments = vec!["journal", command, "--data", "old"];
        if command == "export" {
            arguments.extend(["-o", "a.mcap"]);
        }
        let (found, stdout, stderr) = words(&takt(&arguments, directory.path()));
        assert_eq!(found, Some(code), "{stdout}{stderr}");
        assert!(
            format!("{stdout}{stderr}").contains("version 1"),
            "{stdout}{stderr}"
        );
    }
}
