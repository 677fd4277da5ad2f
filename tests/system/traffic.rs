//! `takt bench traffic` and `takt sim --traffic`: ways to say who goes first, with vehicles that stop.

use std::path::Path;

use serde_json::Value;

use crate::program::run;

#[test]
fn every_way_to_say_who_goes_first_is_run_with_and_without_stops() {
    let directory = tempfile::tempdir().unwrap();
    let words = "bench traffic --fleet 10,5 --for 10m --traffic fixed,blocks,kept --output page.html --json";
    let result = run(directory.path(), words).json();
    let runs = result["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 2 * 3 * 2);
    for (i, run) in runs.iter().enumerate() {
        assert_eq!(run["vehicles"], [5, 10][i / 6]);
        assert_eq!(run["traffic"], ["kept", "fixed", "blocks"][i / 2 % 3]);
        assert_eq!(
            (&run["disturbed"], &run["stops"]),
            [(&Value::Bool(false), &0.into()), (&true.into(), &1.into())][i % 2]
        );
        // Ground is never held twice and nothing is touched, whoever goes first.
        assert_eq!(run["found"], 0, "{run}");
        assert!(run["orders_done"].as_u64() > Some(0), "{run}");
    }
    let shares = result["shares"].as_array().unwrap();
    assert_eq!(shares.len(), 6);
    for share in shares {
        let of = |key: &str| share[key].as_f64().unwrap();
        let percent = of("disturbed_per_h") * 100.0 / of("undisturbed_per_h");
        assert!((of("share_percent") - percent).abs() < 1e-6);
    }
    let page = std::fs::read_to_string(directory.path().join("page.html")).unwrap();
    assert!(page.contains("blocks, disturbed") && page.contains("target: 90 %"));
}

#[test]
fn a_run_is_the_same_again_and_another_with_other_traffic() {
    let hash = |words: &str| {
        let result = run(Path::new("."), &format!("sim --for 10m --json {words}")).json();
        assert_eq!(result["contacts"], 0);
        assert_eq!(result["violations"], Value::Array(Vec::new()));
        result["state_hash"].as_str().unwrap().to_owned()
    };
    let plain = hash("");
    assert_eq!(hash("--traffic operations"), plain);
    for words in ["--traffic kept", "--traffic graph", "--traffic blocks"] {
        assert_ne!(hash(words), plain, "{words}");
    }
    let both = "--traffic graph --stoppages";
    assert_eq!(hash(both), hash(both));
    let stopped = run(Path::new("."), "sim --for 10m --json --stoppages").json();
    assert_eq!(stopped["faults"], 1);
}

#[test]
fn what_cannot_be_is_refused() {
    for (words, said) in [
        (
            "sim --traffic lanes",
            "possible values: operations, kept, graph, fixed, blocks",
        ),
        ("sim --traffic fixed --swarm 2", "--swarm"),
        ("sim --traffic fixed --data d", "--data"),
        ("sim --stoppages --faults calm", "--faults"),
        ("bench traffic --fleet 0", "1..=20000"),
        (
            "bench traffic --fleet 5,900",
            "--fleet asks for 900 vehicles",
        ),
        ("bench traffic --fleet 5 --vehicles 5", "--vehicles"),
        (
            "bench traffic --traffic fixd",
            "a similar value exists: 'fixed'",
        ),
        (
            "bench traffic --output /nowhere/at/all.html",
            "/nowhere/at/all.html",
        ),
    ] {
        run(Path::new("."), words).refused(2, &[said]);
    }
}

/// A scenario in which two of 24 vehicles stand on their way for nine minutes.
const STALLS: &str = r#"
takt_scenario = 1
floor = "grid-4x6-24-1"
seed = 3
for_ms = 600000
workload = true

[[fault]]
kind = "vehicle-stops"
target = "agv-02"
at_ms = 60000
for_ms = 540000

[[fault]]
kind = "vehicle-stops"
target = "agv-05"
at_ms = 60000
for_ms = 540000
"#;

#[test]
fn others_find_ways_around_those_who_stand_for_long() {
    let directory = tempfile::tempdir().unwrap();
    let done = |scenario: &str| {
        std::fs::write(directory.path().join("case.toml"), scenario).unwrap();
        let result = run(directory.path(), "sim --scenario case.toml --json").json();
        assert_eq!(result["violations"], Value::Array(Vec::new()));
        result["orders_done"].as_u64().unwrap()
    };
    let undisturbed = STALLS.split("[[fault]]").next().unwrap();
    // Who merely waits for them does half as much.
    assert!(done(STALLS) * 4 > done(undisturbed) * 3);
}
