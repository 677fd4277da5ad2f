#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use takt_sim::faults::{Mix, Profile};

const HEAD: &str = "takt_scenario = 1
floor = \"electronics-line\"
seed = 3
for_ms = 60000
";

/// What is wrong with a scenario that has these lines more.
fn problems(more: &str) -> Vec<String> {
    Scenario::from_text("x.toml", &format!("{HEAD}{more}"))
        .unwrap_err()
        .0
}

#[test]
fn what_is_written_is_read() {
    let on = Scenario::on("electronics-line".parse().unwrap());
    let floor = on.floor().unwrap();
    let scenario = Scenario {
        for_ms: 600_000,
        faults: Mix::of(Profile::Hostile).draw(&floor, 1, 600_000),
        ..on
    };
    assert!(scenario.faults.len() > 50);
    let text = scenario.to_text("a note").unwrap();
    assert_eq!(Scenario::from_text("x.toml", &text), Ok(scenario));
}

#[test]
fn everything_that_is_wrong_with_faults_is_said_with_its_place() {
    let said = problems(
        r#"
[[fault]]
kind = "link-outage"
target = "T01"
at_ms = 1000
[[fault]]
kind = "vehicle-slips"
target = "T1"
at_ms = 60000
for_ms = 18446744073709551615
[[fault]]
kind = "link-reset"
target = "T01"
at_ms = 1
for_ms = 5
amount = 3
[[fault]]
kind = "vehicle-jumps"
target = "T01"
at_ms = 1
for_ms = 0
amount = 9
[[fault]]
kind = "message-loss"
target = "T01"
at_ms = 1
amount = 9
"#,
    );
    let parts = [
        "x.toml:7:8: link-outage lasts some time: for_ms is missing (made up at random, it is 200 to 20000)",
        "x.toml:12:10: vehicle-slips is about a vehicle, and \"T1\" is none of this floor",
        "x.toml:13:9: a fault begins before for_ms of the scenario, 60000",
        "x.toml:14:10: vehicle-slips lasts more than 0 and at most 31622400 s",
        "x.toml:11:8: vehicle-slips needs an amount: 2 to 20 mm",
        "x.toml:19:10: link-reset happens at once",
        "x.toml:20:10: link-reset has no amount",
        "x.toml:25:10: vehicle-jumps lasts more than 0",
        "x.toml:26:10: the amount of vehicle-jumps is 100 to 5000 mm, not 9",
        "x.toml:28:8: message-loss lasts some time: for_ms is missing",
    ];
    assert_eq!(said.len(), parts.len(), "{said:#?}");
    for (problem, part) in said.iter().zip(parts) {
        assert!(problem.starts_with(part), "{problem} should say: {part}");
    }
}

#[test]
fn faults_are_looked_at_on_a_floor_that_nobody_knows() {
    let text =
        format!("{HEAD}[[fault]]\nkind = \"link-outage\"\ntarget = \"T01\"\nat_ms = 70000\n");
    let text = text.replace("electronics-line", "electronics-lime");
    let text = text.replace("for_ms = 60000", "for_ms = 99999999999");
    let said = Scenario::from_text("x.toml", &text).unwrap_err().0;
    let parts = [
        "at most 31622400000 (366 days)",
        "electronics-line",
        "for_ms is missing",
    ];
    assert_eq!(said.len(), parts.len(), "{said:#?}");
    for (problem, part) in said.iter().zip(parts) {
        assert!(problem.contains(part), "{problem} should say: {part}");
    }
}
