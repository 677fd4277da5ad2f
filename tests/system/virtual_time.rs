//! `takt sim`: the same controller in virtual time, on the built-in floor and on public ones.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::program::run;
use crate::run::assert_key_figures;

/// Runs a rehearsal: what it says but for what depends on the machine.
fn rehearse(directory: &Path, words: &str) -> Value {
    let mut object = run(directory, &format!("sim --json {words}")).json();
    assert_key_figures(&object);
    object["host"].take();
    object
}

/// Where public data are; `None` (and it is said) if nobody has told.
fn public() -> Option<PathBuf> {
    let data = std::env::var_os("TAKT_DATA").map(PathBuf::from);
    if data.is_none() {
        println!("skipped: TAKT_DATA is not set");
    }
    data
}

#[test]
fn the_same_seed_gives_the_same_result_and_another_seed_another() {
    let shift = |seed| rehearse(Path::new("."), &format!("--for 30m --seed {seed}"));
    let [first, again, other] = [7, 7, 8].map(shift);
    assert_eq!(first.to_string(), again.to_string());
    for key in ["state_hash", "distance_m"] {
        assert_ne!(first[key], other[key], "{key}");
    }
    for object in [&first, &other] {
        assert_eq!(object["simulated_s"], 1_800.0, "{object}");
        assert_eq!(object["starvation_s"], 0.0, "{object}");
        for key in ["orders_done", "distance_m", "utilisation", "cycles"] {
            assert!(object[key].as_f64().unwrap() > 0.0, "{key} in {object}");
        }
    }
}

#[test]
fn a_hundred_vehicles_in_a_public_warehouse_do_not_touch() {
    let Some(data) = public() else { return };
    let map = "mapf/maps/warehouse-10-20-10-2-1.map --cell 1m --vehicles 100";
    let object = rehearse(&data, &format!("{map} --for 3m --seed 7"));
    assert_eq!(object["vehicles"], 100);
    assert!(object["distance_m"].as_f64().unwrap() > 1_000.0, "{object}");
}

#[test]
fn a_public_plant_model_gets_its_transports_done() {
    let Some(data) = public() else { return };
    let object = rehearse(&data, "floors/opentcs/Demo-01.xml --for 30m --seed 7");
    assert_eq!(object["vehicles"], 4);
    assert!(object["orders_done"].as_u64().unwrap() > 0, "{object}");
}
