//! `takt bench`: that it measures something and says it as promised; what it measures is the machine's, and not judged.

use std::process::Stdio;

use serde_json::Value;

use crate::program::{Ended, run, takt};
use crate::site::turn;

#[track_caller]
fn has_figures(of: &Value, names: &[&str]) {
    let object = of.as_object().unwrap();
    assert_eq!(object.len(), names.len(), "{of}");
    for name in names {
        assert!(object[*name].as_f64().is_some_and(|n| n >= 0.0), "{of}");
    }
}

#[tokio::test]
async fn the_cycle_runs_and_never_allocates() {
    let _turn = turn().await;
    let directory = tempfile::tempdir().unwrap();
    let words =
        "bench cycle --period 5ms --for 3s --vehicles 20 --witness --spin 100us --data data --json";
    // An allocation in the cycle would end it.
    let output = takt(directory.path(), words)
        .env("TAKT_TRAP_ALLOCATIONS", "1")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let ended = Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    };
    let result = ended.json();
    let figures = ["p50", "p99", "p999", "p9999", "max"];
    for key in ["wakeup_us", "execution_us"] {
        has_figures(&result[key], &figures);
    }
    has_figures(&result["witness"]["wakeup_us"], &figures);
    has_figures(&result["order_ack_ms"], &["p50", "p99", "max"]);
    let count = |key: &str| result[key].as_u64().unwrap();
    assert!(count("cycles") > 0, "{result}");
    assert_eq!(
        count("misses"),
        count("late_wakeup") + count("stolen") + count("own_execution"),
        "{result}"
    );
    assert_eq!(count("allocations"), 0, "{result}");
    assert!(result["major_faults"].is_u64(), "{result}");
    let scheduler = result["scheduler"].as_str().unwrap();
    assert!(scheduler.starts_with("SCHED_"), "{result}");
    // It was at work.
    assert!(
        result["host"]["counts"]["grants"].as_u64() > Some(0),
        "{result}"
    );
    assert!(
        result["host"]["orders_acknowledged"].as_u64() > Some(0),
        "{result}"
    );
}

#[tokio::test]
async fn the_queues_are_measured_side_by_side() {
    let _turn = turn().await;
    let directory = tempfile::tempdir().unwrap();
    let result = run(directory.path(), "bench queue --rounds 1 --json").json();
    for (queue, chunks) in [("spsc", true), ("rtrb", true), ("array_queue", false)] {
        let measured = &result[queue];
        has_figures(&measured["round_trip_ns"], &["p50", "p99"]);
        assert!(measured["one_way_per_s"].as_u64() > Some(0), "{result}");
        let chunked = &measured["one_way_chunked_per_s"];
        assert_eq!(chunked.is_u64(), chunks, "{result}");
    }
}
