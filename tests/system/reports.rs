//! Reports of simulated runs: two of them, compared; fleets of several sizes; and what is refused.

use std::fs;

use serde_json::Value;

use crate::program::run;

#[test]
fn runs_are_reported_and_compared() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    for (name, seed) in [("a", 7), ("again", 7), ("b", 8)] {
        let object = run(
            at,
            &format!("sim --json --for 4m --seed {seed} --report {name}"),
        )
        .json();
        let report = fs::read_to_string(at.join(name).join("report.json")).unwrap();
        let report: Value = serde_json::from_str(&report).unwrap();
        assert_eq!(report["state_hash"], object["state_hash"]);
        assert_eq!(report["kpis"]["orders_done"], object["orders_done"]);
    }
    let without_host = |name: &str| {
        let text = fs::read(at.join(name).join("report.json")).unwrap();
        let mut report: Value = serde_json::from_slice(&text).unwrap();
        report["host"].take();
        report.to_string()
    };
    assert_eq!(without_host("a"), without_host("again"));
    assert_ne!(without_host("a"), without_host("b"));

    let object = run(
        at,
        "report compare a b/report.json --json --output two.html",
    )
    .json();
    assert_eq!(object["kpis"]["contacts"]["change"], 0.0);
    assert!(
        fs::read_to_string(at.join("two.html"))
            .unwrap()
            .contains("map-b")
    );
    // And on the terminal, with the page where nobody says otherwise.
    let ended = run(at, "report compare a a");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.contains("Throughput") && at.join("compare.html").exists());
}

#[test]
fn what_is_no_report_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    fs::write(at.join("text.json"), "hello").unwrap();
    fs::write(at.join("other.json"), "{}").unwrap();
    fs::write(
        at.join("newer.json"),
        r#"{"format":"takt-report","version":9}"#,
    )
    .unwrap();
    for (bad, said) in [
        ("nowhere", "can't be read"),
        ("text.json", "no JSON"),
        ("other.json", "is not a report"),
        ("newer.json", "version 9"),
    ] {
        run(at, &format!("report compare {bad} {bad}")).refused(2, &[bad, said]);
    }
    assert!(!at.join("compare.html").exists());
}

#[test]
fn a_sweep_is_the_same_however_many_run_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let mut one = run(at, "sim --for 2m --sweep vehicles=4,8,12 --json --report f").json();
    let mut two = run(at, "sim --for 2m --sweep vehicles=4..12:4 --jobs 2 --json").json();
    for object in [&mut one, &mut two] {
        object["host"].take();
    }
    assert_eq!(one, two);
    let sizes: Vec<u64> = (one["points"].as_array().unwrap().iter())
        .map(|p| p["vehicles"].as_u64().unwrap())
        .collect();
    assert_eq!(sizes, [4, 8, 12]);
    assert!(one.as_object().unwrap().contains_key("knee"));
    for file in ["report.html", "report.json", "vehicles-8/report.html"] {
        assert!(at.join("f").join(file).exists(), "{file}");
    }
    // The report of a sweep is another thing than that of a run.
    run(at, "report compare f f").refused(2, &["is not a report"]);
    for (words, said) in [
        (
            "vehicles=10..30:10",
            "asks for 30 vehicles, and electronics-line has 20",
        ),
        ("vehicles=30..10", "runs backwards"),
        ("speed=1..2", "can't be swept"),
        ("vehicles=4 --vehicles 3", "cannot be used with"),
    ] {
        run(at, &format!("sim --for 1m --sweep {words}")).refused(2, &[said]);
    }
}
