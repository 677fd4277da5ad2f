//! `takt bench lifelong`: runs under the League's rules, repeats exactly, and refuses broken instances.
//!
//! What could fool these tests: a run in which nothing is finished, so each looks that something was.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::program::run;

/// An open map of 12 x 12 cells with ten robots and fifty tasks.
fn write_instance(folder: &Path) {
    let map = format!(
        "type octile\nheight 12\nwidth 12\nmap\n{}",
        "............\n".repeat(12)
    );
    let starts: String = (0..10).map(|i| format!("{}\n", 13 * i)).collect();
    let tasks: String = (0..50)
        .map(|i| format!("{},{}\n", i * 29 % 144, (i * 31 + 7) % 144))
        .collect();
    let instance = r#"{"mapFile": "m.map", "agentFile": "a.agents", "taskFile": "t.tasks", "teamSize": 10, "numTasksReveal": 1.5}"#;
    fs::write(folder.join("m.map"), map).unwrap();
    fs::write(folder.join("a.agents"), format!("10\n{starts}")).unwrap();
    fs::write(folder.join("t.tasks"), format!("50\n{tasks}")).unwrap();
    fs::write(folder.join("i.json"), instance).unwrap();
}

fn read(path: PathBuf) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// A file of the public data; `None`, and said, where it is not there.
fn public(file: &str) -> Option<PathBuf> {
    let Some(data) = std::env::var_os("TAKT_DATA").map(PathBuf::from) else {
        println!("skipped: TAKT_DATA is not set");
        return None;
    };
    let path = data.join(file);
    if !path.exists() {
        println!("skipped: {} is not there", path.display());
        return None;
    }
    Some(path)
}

/// Without what depends on the host.
fn outcome(mut result: Value) -> Value {
    result.as_object_mut().unwrap().remove("host").unwrap();
    result
}

#[test]
fn an_instance_is_run_and_the_run_repeats_exactly() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path();
    write_instance(folder);

    // By work: the same each time.
    let words = "bench lifelong --instance i.json --steps 120 --work 4000 --seed 3 --json --output";
    let first = run(folder, &format!("{words} a.json --work-log n.log")).json();
    let second = run(folder, &format!("{words} b.json")).json();
    let by_log = words.replace("--work 4000", "--replay-work n.log");
    let third = run(folder, &format!("{by_log} c.json")).json();
    assert_eq!(outcome(first.clone()), outcome(third));
    assert!(first["tasks_finished"].as_u64() > Some(20), "{first}");
    assert_eq!(first["errors"], 0);
    assert_eq!(
        (&first["steps"], &first["robots"]),
        (&120.into(), &10.into())
    );
    assert!(first["host"]["planner_cpu_ms"]["p99"].is_f64(), "{first}");
    assert_eq!(outcome(first.clone()), outcome(second));
    let (a, b) = (read(folder.join("a.json")), read(folder.join("b.json")));
    for key in [
        "actualPaths",
        "plannerPaths",
        "actualSchedule",
        "events",
        "tasks",
        "start",
    ] {
        assert_eq!(a[key], b[key], "{key}");
    }
    assert_eq!(a["numTaskFinished"], first["tasks_finished"]);
    assert_eq!(a["actualPaths"].as_array().unwrap().len(), 10);

    // By time, recorded: the same when its work is done again.
    let words = "bench lifelong --instance i.json --steps 40 --json";
    let timed = run(
        folder,
        &format!("{words} --step-limit 4ms --work-log w.log --output t.json"),
    );
    timed.json();
    run(
        folder,
        &format!("{words} --replay-work w.log --output r.json"),
    )
    .json();
    let (timed, again) = (read(folder.join("t.json")), read(folder.join("r.json")));
    assert_eq!(timed["actualPaths"], again["actualPaths"]);
    assert_eq!(timed["events"], again["events"]);
}

#[test]
fn broken_instances_are_refused_with_file_and_line() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path();
    write_instance(folder);
    fs::write(folder.join("a.agents"), "10\n1\n1\n").unwrap();
    fs::write(folder.join("t.tasks"), "1\n900\n").unwrap();
    run(folder, "bench lifelong --instance i.json --steps 5 --json").refused(
        2,
        &[
            "a.agents:1:1: error: the count tells 10 lines, but there are 2",
            "a.agents:3:1: error: cell 1 is the start of two robots",
            "t.tasks:2:1: error: cell 900 is outside the map",
        ],
    );
    run(folder, "bench lifelong --instance none.json --steps 5").refused(2, &["none.json"]);
    fs::write(folder.join("w.log"), "1 2\n").unwrap();
    write_instance(folder);
    run(
        folder,
        "bench lifelong --instance i.json --steps 5 --replay-work w.log",
    )
    .refused(2, &["w.log: line 1"]);
    for option in ["--output", "--work-log"] {
        let nowhere = format!("{option} /nowhere/at/all");
        let words = format!("bench lifelong --instance i.json --steps 5 {nowhere}");
        run(folder, &words).refused(2, &[&nowhere]);
    }
}

/// The first steps of a real instance, judged by a replay that shares no code with the program.
#[test]
fn the_output_of_a_league_instance_stands_up_to_a_replay() {
    let instance = public("lorr2024/random.domain/RANDOM-01.json");
    let (Some(instance), Some(replay)) = (instance, public("../tools/lorr_replay.py")) else {
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path();
    let words = format!(
        "bench lifelong --instance {} --steps 50 --work 20000 --json --output out.json",
        instance.display()
    );
    let result = run(folder, &words).json();
    let judged = Command::new("python3")
        .args([&replay, &instance, &folder.join("out.json")])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&judged.stdout).into_owned();
    assert!(judged.status.success(), "{said}");
    let judged: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(judged["finished"], result["tasks_finished"]);
    assert!(judged["events"].as_u64() > Some(20), "{judged}");
}

/// On a large map finding out how long tasks are is cut off in the first steps; that repeats, too, and nobody waits for it.
#[test]
fn a_large_instance_repeats_and_sets_off_at_once() {
    let Some(instance) = public("lorr2024/city.domain/CITY-01.json") else {
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path();
    let words = format!(
        "bench lifelong --instance {} --steps 4 --json",
        instance.display()
    );
    let timed = "--step-limit 1s --work-log w.log --output t.json";
    run(folder, &format!("{words} {timed}")).json();
    run(
        folder,
        &format!("{words} --replay-work w.log --output r.json"),
    )
    .json();
    let (timed, again) = (read(folder.join("t.json")), read(folder.join("r.json")));
    for key in ["actualPaths", "actualSchedule", "events"] {
        assert!(timed[key] == again[key], "{key} came out otherwise");
    }
    // A schedule begins with the step in which it holds.
    let schedules = timed["actualSchedule"].as_array().unwrap();
    let at_once = |schedule: &&Value| schedule.as_str().is_some_and(|s| s.starts_with("1:"));
    assert!(schedules.iter().filter(at_once).count() * 2 > schedules.len());
}
