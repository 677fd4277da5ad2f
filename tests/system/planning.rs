//! `takt bench mapf`: plans that others can check, the same for the same work, and clear words for bad input.

use std::path::Path;

use serde_json::Value;

use crate::program::run;

/// Two rooms with a narrow way between them.
const MAP: &str =
    "type octile\nheight 4\nwidth 9\nmap\n....@....\n....@....\n.........\n....@....\n";
const TRIPS: [[usize; 4]; 6] = [
    [0, 0, 8, 0],
    [8, 0, 0, 0],
    [1, 1, 7, 3],
    [7, 3, 1, 1],
    [3, 2, 5, 2],
    [5, 2, 3, 2],
];

fn write(directory: &Path, trips: &[[usize; 4]]) {
    let mut scen = "version 1\n".to_owned();
    for [x, y, to_x, to_y] in trips {
        scen += &format!("0\tm.map\t9\t4\t{x}\t{y}\t{to_x}\t{to_y}\t1.0\n");
    }
    std::fs::write(directory.join("m.map"), MAP).unwrap();
    std::fs::write(directory.join("s.scen"), scen).unwrap();
}

const BENCH: &str = "bench mapf --map m.map --scen s.scen --agents 6 --json";

/// All that is not the host's.
fn planned(directory: &Path, options: &str) -> Value {
    let mut result = run(directory, &format!("{BENCH} {options}")).json();
    let host = result.as_object_mut().unwrap().remove("host").unwrap();
    assert!(host["first_solution_ms"].as_f64() <= host["elapsed_ms"].as_f64());
    result
}

#[test]
fn a_plan_is_written_that_holds_and_costs_what_is_said() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), &TRIPS);
    let result = planned(directory.path(), "--time-limit 1s --output plan.json");
    assert_eq!(
        (&result["solved"], &result["agents"]),
        (&Value::Bool(true), &Value::from(6))
    );

    let plan = std::fs::read_to_string(directory.path().join("plan.json")).unwrap();
    let plan: Value = serde_json::from_str(&plan).unwrap();
    let paths: Vec<Vec<[usize; 2]>> = serde_json::from_value(plan["paths"].clone()).unwrap();
    let steps = result["makespan"].as_u64().unwrap() as usize;
    let free: Vec<&[u8]> = MAP.lines().skip(4).map(str::as_bytes).collect();
    assert_eq!(paths.len(), TRIPS.len());
    let (mut loss, mut costs) = (0, 0);
    for (path, [x, y, to_x, to_y]) in paths.iter().zip(TRIPS) {
        assert_eq!(path.len(), steps + 1);
        assert_eq!((path[0], path[steps]), ([x, y], [to_x, to_y]));
        assert!(path.iter().all(|&[x, y]| free[y][x] == b'.'));
        let far =
            |step: &[[usize; 2]]| step[0][0].abs_diff(step[1][0]) + step[0][1].abs_diff(step[1][1]);
        assert!(path.windows(2).all(|step| far(step) <= 1));
        let goal = [to_x, to_y];
        loss += path
            .windows(2)
            .filter(|step| step[0] != goal || step[1] != goal)
            .count();
        costs += path
            .iter()
            .rposition(|&at| at != goal)
            .map_or(0, |last| last + 1);
    }
    for step in 0..steps {
        for (i, a) in paths.iter().enumerate() {
            for b in &paths[..i] {
                assert_ne!(a[step + 1], b[step + 1]);
                assert!(
                    a[step] != b[step + 1] || b[step] != a[step + 1],
                    "they swap"
                );
            }
        }
    }
    assert_eq!(result["sum_of_loss"], Value::from(loss));
    assert_eq!(result["sum_of_costs"], Value::from(costs));
    assert!(result["first_sum_of_loss"].as_u64() >= result["sum_of_loss"].as_u64());
    assert!(result["lower_bound"].as_u64() <= result["sum_of_loss"].as_u64());
}

#[test]
fn the_same_work_and_seed_give_the_same_plan() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), &TRIPS);
    let one = planned(directory.path(), "--work 400000 --seed 3 --output a.json");
    let other = planned(directory.path(), "--work 400000 --seed 3 --output b.json");
    assert_eq!(one, other);
    let read = |name: &str| std::fs::read(directory.path().join(name)).unwrap();
    assert_eq!(read("a.json"), read("b.json"));
}

#[test]
fn bad_input_is_refused_with_all_that_is_wrong() {
    let directory = tempfile::tempdir().unwrap();
    let mut trips = TRIPS;
    trips[1] = [4, 0, 0, 0];
    trips[2] = [1, 1, 0, 0];
    trips[3] = [9, 3, 1, 1];
    write(directory.path(), &trips);
    let ended = run(directory.path(), BENCH);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    for words in [
        "s.scen:3",
        "start 4,0 is blocked",
        "start 9,3 is not on the map",
    ] {
        assert!(ended.stderr.contains(words), "{words}: {}", ended.stderr);
    }
    let ended = run(directory.path(), &BENCH.replace("s.scen", "none.scen"));
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("none.scen"), "{}", ended.stderr);
    let ended = run(directory.path(), &BENCH.replace("--agents 6", "--agents 0"));
    assert_eq!(ended.code, Some(2));
    // Before anything is planned.
    write(directory.path(), &TRIPS);
    let words = format!("{BENCH} --output /nowhere/at/all.json");
    run(directory.path(), &words).refused(2, &["--output /nowhere/at/all.json"]);
}

#[test]
fn who_has_farther_to_go_than_can_be_told_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let row = ".".repeat(33_000);
    let map = format!("type octile\nheight 1\nwidth 33000\nmap\n{row}\n");
    std::fs::write(directory.path().join("m.map"), map).unwrap();
    let scen = "version 1\n0\tm\t33000\t1\t0\t0\t9\t0\t1\n0\tm\t33000\t1\t10\t0\t32999\t0\t1\n";
    std::fs::write(directory.path().join("s.scen"), scen).unwrap();
    let bench = BENCH.replace("--agents 6", "--agents 2");
    run(directory.path(), &bench).refused(2, &["agent 1", "32989 steps"]);
}

#[test]
fn what_has_no_solution_is_told_from_what_was_not_found() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), &TRIPS);
    let map = "type octile\nheight 1\nwidth 9\nmap\n.........\n";
    std::fs::write(directory.path().join("m.map"), map).unwrap();
    let scen = "version 1\n0\tm\t9\t1\t0\t0\t8\t0\t1\n0\tm\t9\t1\t8\t0\t0\t0\t1\n";
    std::fs::write(directory.path().join("s.scen"), scen).unwrap();
    let bench = BENCH.replace("--agents 6", "--agents 2");
    for (options, unsolvable) in [("--time-limit 60s", true), ("--work 1", false)] {
        let ended = run(directory.path(), &format!("{bench} {options}"));
        assert_eq!(ended.code, Some(1), "{}", ended.stderr);
        let result = ended.object();
        assert_eq!(result["solved"], Value::Bool(false));
        assert_eq!(result["unsolvable"], Value::Bool(unsolvable), "{options}");
    }
}

#[test]
fn as_a_roadmap_the_plan_holds_and_large_agents_keep_apart() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), &TRIPS);
    let result = planned(directory.path(), "--work 400000 --as-roadmap --threads 2");
    assert_eq!(result["solved"], Value::Bool(true));
    assert_eq!(result["conflict_set_mean"], Value::from(1.0));
    assert_eq!(
        result,
        planned(directory.path(), "--work 400000 --as-roadmap")
    );

    // The second one would be too near to the first at the goal, or cut off by it.
    let trips = [[0, 0, 8, 0], [3, 3, 0, 3], [1, 0, 7, 3]];
    write(directory.path(), &trips);
    let bench = BENCH.replace("--agents 6", "--agents 3");
    let options = "--as-roadmap --reach 1 --time-limit 1s --output plan.json";
    let result = run(directory.path(), &format!("{bench} {options}")).json();
    assert_eq!(result["agents"], Value::from(2));
    let plan = std::fs::read_to_string(directory.path().join("plan.json")).unwrap();
    let plan: Value = serde_json::from_str(&plan).unwrap();
    let paths: Vec<Vec<[i64; 2]>> = serde_json::from_value(plan["paths"].clone()).unwrap();
    for (a, b) in paths[0].iter().zip(&paths[1]) {
        assert!((a[0] - b[0]).abs() + (a[1] - b[1]).abs() > 1, "{a:?} {b:?}");
    }

    for (options, words) in [
        ("--reach 1", "--as-roadmap"),
        ("--as-roadmap --reach 9", "from 0 to 8"),
        ("--as-roadmap --reach -1", "from 0 to 8"),
    ] {
        let ended = run(directory.path(), &format!("{BENCH} {options}"));
        assert_eq!(ended.code, Some(2));
        assert!(ended.stderr.contains(words), "{}", ended.stderr);
    }
}
