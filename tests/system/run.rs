//! `takt run`: the demonstration, from its start to its end.

use std::process::Stdio;

use serde_json::Value;

use crate::program::{Ended, run, takt};
use crate::site::{PATIENCE, Site, signal, turn, until};

/// Key figures that `takt run` and `takt sim` share.
const KEYS: [&str; 16] = [
    "floor",
    "seed",
    "simulated_s",
    "vehicles",
    "orders_done",
    "orders_open",
    "orders_late",
    "orders_lost",
    "starvation_s",
    "contacts",
    "deadlocks",
    "distance_m",
    "utilisation",
    "cycles",
    "state_hash",
    "host",
];
const EXECUTION: [&str; 4] = ["p50", "p99", "p999", "max"];

/// Asserts that all key figures are there, and that nobody found anything.
pub fn assert_key_figures(object: &Value) {
    for key in KEYS {
        let text = ["floor", "state_hash"].contains(&key);
        let is = &object[key];
        let right = if key == "host" {
            is.is_object()
        } else if text {
            is.is_string()
        } else {
            is.is_number()
        };
        assert!(right, "{key} in {object}");
    }
    let host = &object["host"];
    for key in ["wall_s", "speedup", "misses"] {
        assert!(host[key].is_number(), "{key} in {host}");
    }
    for key in EXECUTION {
        assert!(host["execution_us"][key].is_number(), "{key} in {host}");
    }
    for key in ["contacts", "orders_lost", "deadlocks"] {
        assert_eq!(object[key], 0, "{key} in {object}");
    }
}

#[tokio::test]
async fn a_run_for_a_time_ends_by_itself_with_one_object_of_key_figures() {
    let _turn = turn().await;
    let directory = tempfile::tempdir().unwrap();
    let words = "run --for 25s --json --seed 7 --api 127.0.0.1:0 --dashboard 127.0.0.1:0";
    let ended = run(directory.path(), words);
    let object = ended.json();
    assert_key_figures(&object);
    assert_eq!(
        (&object["floor"], &object["seed"], &object["vehicles"]),
        (&"electronics-line".into(), &7.into(), &20.into())
    );
    assert!(object["distance_m"].as_f64().unwrap() > 0.0, "{object}");
    assert!(object["cycles"].as_u64().unwrap() > 1_000, "{object}");
    // Without a store nothing is left behind.
    assert_eq!(directory.path().read_dir().unwrap().count(), 0);
}

#[tokio::test]
async fn ctrl_c_at_any_time_ends_a_run_in_order_and_says_what_was_done() {
    let _turn = turn().await;
    let directory = tempfile::tempdir().unwrap();
    let ports = directory.path().join("ports.json");
    let words = "run --for 10m --api 127.0.0.1:0 --dashboard 127.0.0.1:0 --ports-file ports.json";
    let mut command = takt(directory.path(), words);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut command = tokio::process::Command::from(command);
    let controller = command.kill_on_drop(true).spawn().unwrap();
    let pid = controller.id().unwrap();
    // As soon as there is something to end: hardly any vehicle has been heard.
    until(PATIENCE, "the controller says its ports", async || {
        ports.exists().then_some(())
    })
    .await;
    signal("INT", pid);
    let output = tokio::time::timeout(PATIENCE, controller.wait_with_output()).await;
    let output = output.expect("ends when it is asked to").unwrap();
    let ended = Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    };
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stderr.contains("stopping"), "{ended:?}");
    for part in ["20 vehicles. Orders: ", "0 lost", "contacts 0", "Cycle: "] {
        assert!(ended.stdout.contains(part), "{part} in {ended:?}");
    }
}

#[tokio::test]
async fn a_second_controller_neither_gets_the_store_nor_stops_the_floor_of_the_first() {
    let site = Site::start().await;
    let words = "run --for 1s --dashboard 127.0.0.1:0 --data data";
    let api = site.api_address();
    let second = site.takt(&format!("{words} --api 127.0.0.1:0"));
    second.refused(
        1,
        &[
            "data",
            "another process is using this store",
            "stop it first",
        ],
    );
    let second = site.takt(&format!("{words} --api {api}"));
    second.refused(1, &[&api, "--api", "port 0"]);
    site.located().await;
    assert_eq!(site.judged().0, 0);
    let ended = site.stop().await;
    assert_key_figures(&ended.json());
}
