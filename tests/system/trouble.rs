//! `takt sim` with faults and scenarios from outside: what is refused before anything runs, and what is printed.

use std::fs;
use std::path::Path;

use crate::program::{run, takt};

#[test]
fn what_nobody_can_be_about_is_refused_with_who_could() {
    for (words, said) in [
        ("--faults=", "nothing is said; write none, calm"),
        ("--faults vehicle-stops@T0=2/h", "did you mean \"T01\"?"),
        ("--faults vehicle-stops@X*Y*=2/h", "there are T01, T02"),
        (
            "--faults controller-crash@T01=2/h",
            "about the floor as a whole",
        ),
        (
            "--faults plc-restart@T01=2/h",
            "plc-restart is about a device",
        ),
        ("--faults pallet@a->b=2/h", "about an edge, as from->to"),
        (
            "--faults message-loss=0.0004",
            "smallest probability but 0 is 0.001",
        ),
        (
            "--swarm 3 --floors grid-2x3-8-0 --faults vehicle-stops@agv-99=2/h",
            "is none of this floor",
        ),
        ("--swarm 3 --floors=", "--floors names none"),
        ("--swarm 3 --floors grid-0x0-1-1", "COLUMNSxROWS"),
        (
            "--swarm 3 --shrink /nowhere/a.toml",
            "--shrink /nowhere/a.toml: ",
        ),
    ] {
        run(Path::new("."), &format!("sim --for 100d {words}")).refused(2, &[said]);
    }
}

#[test]
fn options_that_would_mean_nothing_are_refused() {
    for words in [
        "--sweep vehicles=1,2 --faults calm",
        "--sweep vehicles=1,2 --swarm 2",
        "--sweep vehicles=1,2 --depth protocol",
        "--swarm 2 --report r",
        "--swarm 2 --vehicles 3",
        "--scenario s.toml --for 1m",
        "--scenario s.toml --depth image",
        "--scenario s.toml --seed 0",
        "--scenario s.toml --sweep vehicles=1,2",
        "--scenario s.toml --vehicles 3",
    ] {
        run(Path::new("."), &format!("sim {words}")).refused(2, &["cannot be used with"]);
    }
    for words in [
        "--shrink a.toml",
        "--jobs 2",
        "--data-max 1GiB",
        "--faults calm --jobs 2",
        "--scenario s.toml --jobs 2",
    ] {
        run(Path::new("."), &format!("sim {words}")).refused(2, &["required"]);
    }
}

#[test]
fn a_run_with_faults_says_how_to_run_it_again_and_lies_beside_its_scenario() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let words = "sim --for 90s --seed 4 --faults vehicle-stops@T*=9/h,vehicle-slips@S01=1/h --json --data d --report r";
    let object = run(at, words).json();
    assert_eq!(object["violations"], serde_json::json!([]));
    assert_eq!(
        object["command"],
        "takt sim --seed 4 --for 90s --faults 'vehicle-stops@T*=9/h,vehicle-slips@S01=1/h'"
    );
    assert!(
        fs::read_to_string(at.join("r/report.html"))
            .unwrap()
            .contains("No judge objected")
    );

    // The scenario beside the recording is that run, and says which floor was recorded.
    let words = "sim --scenario d/scenario.toml --json --report again --shrink case.toml";
    let again = run(at, words);
    assert_eq!(again.json()["state_hash"], object["state_hash"]);
    assert!(again.stderr.contains("nothing to shrink"), "{again:?}");
    assert!(!at.join("case.toml").exists() && at.join("again/report.json").exists());
    assert_eq!(run(at, "replay --data d --verify").code, Some(0));
}

#[test]
fn violations_have_one_form() {
    let at = Path::new(".");
    for words in ["", "--faults none", "--swarm 1 --floors grid-2x3-4-0"] {
        let object = run(at, &format!("sim --for 1m --json {words}")).json();
        assert_eq!(object["violations"], serde_json::json!([]), "{words}");
    }
}

#[test]
fn a_quiet_run_says_what_settled() {
    let ended = run(Path::new("."), "sim --for 1m --faults none");
    assert!(
        ended
            .stdout
            .contains("after the end of --for, every order that was open then")
    );
    assert!(!ended.stdout.contains("last of them"), "{ended:?}");
}

#[test]
fn a_scenario_that_would_never_end_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let text = "takt_scenario = 1\nfloor = \"electronics-line\"\nseed = 1\nfor_ms = 60000
[[fault]]\nkind = \"link-outage\"\ntarget = \"T01\"\nat_ms = 999999999\nfor_ms = 18446744073709551615\n";
    fs::write(directory.path().join("s.toml"), text).unwrap();
    let said = [
        "s.toml:8:9: a fault begins before",
        "s.toml:9:10: link-outage lasts more than 0",
    ];
    run(directory.path(), "sim --scenario s.toml").refused(2, &said);
}

#[test]
fn a_grid_of_another_seed_is_another_floor_and_that_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let grid = "type octile\nheight 4\nwidth 8\nmap\n".to_owned() + &"........\n".repeat(4);
    fs::write(directory.path().join("g.map"), grid).unwrap();
    let mut recorded = takt(
        directory.path(),
        "sim g.map --vehicles 2 --seed 3 --for 1m --data gd",
    );
    assert!(recorded.output().unwrap().status.success());
    let said = ["belongs to another floor", "--vehicles and --seed"];
    run(directory.path(), "replay g.map --vehicles 2 --data gd").refused(2, &said);
}
