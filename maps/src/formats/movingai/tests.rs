//! What grids become, and what is said of broken ones.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use std::collections::BTreeSet;

fn options(vehicles: Option<usize>, seed: u64) -> LoadOptions {
    LoadOptions {
        cell_m: 1.0,
        vehicles,
        seed,
    }
}

const SMALL: &str = "type octile\nheight 3\nwidth 4\nmap\n..@.\n.@@.\n....\n";

fn wrong(text: &str) -> String {
    match parse(text, &options(Some(1), 0), "m.map") {
        Ok(_) => panic!("{text:?} loads"),
        Err(problems) => problems.plain(),
    }
}

#[test]
fn cells_become_nodes_with_north_up_and_runs_become_paths() {
    let spec = parse(SMALL, &options(Some(2), 7), "data/small.map").unwrap();
    assert_eq!(spec.name.value, "small");
    assert_eq!(spec.nodes.len(), 9);
    assert_eq!(spec.nodes[0].name.value, "0,0");
    assert_eq!(spec.nodes[0].at.value, [0.5, 2.5]);
    let paths: Vec<Vec<&str>> = spec
        .paths
        .iter()
        .map(|p| p.through.iter().map(|n| n.value.as_str()).collect())
        .collect();
    assert_eq!(
        paths,
        [
            vec!["0,0", "1,0"],
            vec!["0,2", "1,2", "2,2", "3,2"],
            vec!["0,0", "0,1", "0,2"],
            vec!["3,0", "3,1", "3,2"],
        ]
    );
    assert!(spec.paths.iter().all(|p| p.two_way));
    assert_eq!(spec.workload.random_open.unwrap().value, 2);
}

#[test]
fn same_seed_same_floor_and_another_seed_another() {
    let text = format!(
        "type octile\nheight 20\nwidth 20\nmap\n{}",
        "....................\n".repeat(20)
    );
    let load = |seed| parse(&text, &options(None, seed), "m.map").unwrap();
    assert_eq!(load(1), load(1));
    assert_ne!(load(1), load(2));
    let starts: BTreeSet<String> = load(3)
        .vehicles
        .into_iter()
        .map(|v| v.start.value)
        .collect();
    assert_eq!(starts.len(), VEHICLES_DEFAULT, "distinct cells");
    assert_eq!(load(3).stations.len(), 20);
}

#[test]
fn stations_do_not_cut_the_floor_while_there_is_a_choice() {
    // Two rooms joined by one cell, which is the only cut.
    let text = "type octile\nheight 3\nwidth 5\nmap\n..@..\n.....\n..@..\n";
    for seed in 0..50 {
        let spec = parse(text, &options(Some(1), seed), "m.map").unwrap();
        assert_eq!(spec.stations.len(), 2);
        assert!(spec.stations.iter().all(|s| s.node.value != "2,1"));
    }
}

#[test]
fn vehicles_keep_to_the_largest_part() {
    let text = "type octile\nheight 1\nwidth 6\nmap\n..@...\n";
    let spec = parse(text, &options(Some(3), 5), "m.map").unwrap();
    let starts: BTreeSet<String> = spec.vehicles.into_iter().map(|v| v.start.value).collect();
    let expected = ["3,0", "4,0", "5,0"].map(str::to_owned);
    assert_eq!(starts, BTreeSet::from(expected));
    let error = parse(text, &options(Some(4), 5), "m.map").unwrap_err();
    assert!(
        error.plain().contains("4 vehicles do not fit"),
        "{}",
        error.plain()
    );
}

#[test]
fn problems_say_where_they_are() {
    let cases = [
        (
            "",
            "m.map:1:1: error: the file ends before its line \"map\"",
        ),
        ("type tile\n", "m.map:1:1: error: the map's type"),
        ("PNG", "m.map:1:1: error: this is not a line"),
        (
            "type octile\nheight x\n",
            "m.map:2:1: error: \"x\" is not a number",
        ),
        (
            "type octile\nheight 0\n",
            "m.map:2:1: error: \"0\" is not a number",
        ),
        (
            "type octile\nheight 1\nmap\n.\n",
            "m.map:3:1: error: the header lacks",
        ),
        (
            "type octile\nheight 3000\nwidth 3000\nmap\n",
            "m.map:4:1: error: 3000 x 3000 cells are too many",
        ),
        (
            "type octile\nheight 18446744073709551615\nwidth 3\nmap\n",
            "cells are too many",
        ),
        (
            "type octile\nheight 2\nwidth 2\nmap\n...\n.x\n",
            "m.map:5:1: error: row 0 has 3 cells instead of 2\nm.map:6:2: error: 'x' does not stand for a cell",
        ),
        (
            "type octile\nheight 2\nwidth 2\nmap\n..\n",
            "m.map:6:1: error: the map ends after 1 of 2 rows",
        ),
        (
            "type octile\nheight 1\nwidth 2\nmap\n..\n\n..\n",
            "m.map:7:1: error: there are more than the 1 rows",
        ),
        (
            "type octile\nheight 1\nwidth 2\nmap\n@@\n",
            "the map has no free cell",
        ),
    ];
    for (text, expected) in cases {
        let said = wrong(text);
        assert!(said.contains(expected), "{text:?}: {said}");
    }
}

#[test]
fn cells_of_impossible_size_are_refused() {
    for cell_m in [f64::NAN, -1.0, 0.0, f64::INFINITY] {
        let options = LoadOptions {
            cell_m,
            ..options(None, 0)
        };
        assert!(parse(SMALL, &options, "m.map").is_err(), "{cell_m}");
    }
}

#[test]
fn windows_line_ends_and_trailing_blank_lines_are_fine() {
    let text = SMALL.replace('\n', "\r\n") + "\r\n\r\n";
    assert!(parse(&text, &options(None, 0), "m.map").is_ok());
}

#[test]
fn benchmark_maps_load() {
    let Ok(data) = std::env::var("TAKT_DATA") else {
        eprintln!("skipped: TAKT_DATA is not set");
        return;
    };
    let folder = std::path::Path::new(&data).join("mapf/maps");
    let mut loaded = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let spec =
            parse(&text, &options(None, 1), "m.map").unwrap_or_else(|e| panic!("{}", e.plain()));
        assert!(spec.stations.len() >= 2, "{}", path.display());
        loaded += 1;
    }
    assert!(loaded >= 10);
}
