//! `takt sim --data` with faults, as a person runs it: what went wrong can be replayed and looked at.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

fn command(arguments: &[&str], directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_takt"));
    command.args(arguments).current_dir(directory);
    command
}

fn takt(arguments: &[&str], directory: &Path) -> Output {
    command(arguments, directory).output().unwrap()
}

fn json(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {text}"))
}

#[test]
fn a_run_with_faults_is_recorded_and_replayed() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let run = [
        "sim",
        "--for",
        "3m",
        "--seed",
        "4",
        "--faults",
        "controller-crash=60/h,power-cut=60/h",
        "--data",
        "run",
        "--json",
    ];
    let ran = takt(&run, at);
    assert_eq!(ran.status.code(), Some(0), "{ran:?}");
    let lives = json(&ran)["lives"].as_u64().unwrap();
    assert!(lives > 2);

    let replayed = takt(&["replay", "--data", "run", "--verify", "--json"], at);
    assert_eq!(replayed.status.code(), Some(0), "{replayed:?}");
    let replayed = json(&replayed);
    assert_eq!(replayed["lives"].as_array().unwrap().len() as u64, lives);
    assert_eq!(
        (&replayed["equal"], &replayed["complete"]),
        (&true.into(), &true.into())
    );

    // A second run does not go on from the first one, and says so before it begins.
    let begun = Instant::now();
    let again = takt(&run, at);
    let said = String::from_utf8_lossy(&again.stderr);
    assert_eq!(again.status.code(), Some(2));
    assert!(said.contains("--data run: is not empty"), "{said}");
    assert!(begun.elapsed() < Duration::from_secs(2));
    let limited = takt(&[&run[..], &["--data-max", "1MiB"]].concat(), at);
    assert_eq!(limited.status.code(), Some(2), "the run is in memory");
}

#[test]
fn a_scenario_lies_beside_its_recording_and_says_which_floor() {
    let kept = "tests/scenarios/kept/wrong-load.toml";
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(kept);
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    fs::create_dir(at.join("empty")).unwrap();
    let file = file.to_str().unwrap();
    let ran = takt(
        &["sim", "--scenario", file, "--data", "empty", "--json"],
        at,
    );
    assert_eq!(ran.status.code(), Some(0), "{ran:?}");

    let replayed = takt(&["replay", "--data", "empty", "--verify"], at);
    assert_eq!(replayed.status.code(), Some(0), "{replayed:?}");
    let exported = takt(
        &["journal", "export", "--data", "empty", "-o", "a.mcap"],
        at,
    );
    assert_eq!(exported.status.code(), Some(0), "{exported:?}");
    let other = takt(&["replay", "electronics-line", "--data", "empty"], at);
    let said = String::from_utf8_lossy(&other.stderr);
    assert_eq!(other.status.code(), Some(2));
    assert!(said.contains("leave FLOOR out"), "{said}");

    let mut shown = command(
        &[
            "replay",
            "--data",
            "empty",
            "--dashboard",
            "127.0.0.1:0",
            "--ports-file",
            "ports.json",
        ],
        at,
    )
    .stdout(Stdio::null())
    .stderr(Stdio::null())
    .spawn()
    .unwrap();
    let begun = Instant::now();
    while !at.join("ports.json").exists() && begun.elapsed() < Duration::from_secs(60) {
        assert_eq!(shown.try_wait().unwrap(), None, "it ended by itself");
        std::thread::sleep(Duration::from_millis(50));
    }
    let there = at.join("ports.json").exists();
    shown.kill().unwrap();
    shown.wait().unwrap();
    assert!(there, "the dashboard opened");
}
