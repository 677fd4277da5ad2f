#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::testing;
use std::collections::BTreeSet;

#[test]
fn names_are_unique_and_every_kind_is_in_the_hostile_profile_or_lies() {
    let names: BTreeSet<&str> = FaultKind::ALL.iter().map(|k| k.name()).collect();
    assert_eq!(names.len(), FaultKind::ALL.len());
    for &kind in FaultKind::ALL {
        assert_eq!(FaultKind::named(kind.name()), Some(kind));
        let (shortest, longest) = kind.lasts_ms();
        assert!(shortest <= longest, "{}", kind.name());
        assert!(kind.what().ends_with('.'));
        let [calm, rough, hostile] = kind.rates();
        assert!(
            calm <= rough && rough <= hostile && hostile > 0.0,
            "{}",
            kind.name()
        );
    }
}

#[test]
fn a_mix_is_read_and_what_comes_later_counts_more() {
    let floor = testing::floor();
    let mix: Mix = "rough, vehicle-stops=7/h, vehicle-stops@agv-0*=0.5/h, message-loss=0.25"
        .parse()
        .unwrap();
    let vehicle = Target::Vehicle(VehicleId(0));
    assert_eq!(mix.rate(&floor, FaultKind::VehicleStops, vehicle), 0.5);
    assert_eq!(mix.rate(&floor, FaultKind::MessageLoss, vehicle), 0.25);
    assert_eq!(
        mix.rate(&floor, FaultKind::ControllerCrash, Target::Whole),
        1.0
    );
    let mix: Mix = "vehicle-stops@agv-99=7/h".parse().unwrap();
    assert_eq!(mix.rate(&floor, FaultKind::VehicleStops, vehicle), 0.0);
    assert_eq!("none".parse(), Ok(Mix::none()));
}

#[test]
fn everything_that_is_wrong_with_a_mix_is_said() {
    let text = "ruff,vehicle-stop=1/h,vehicle-stops=2,message-loss=1.5,message-loss=1/h,plc-restart=9e9/h,plc-restart,door-sticks=x/h,door-sticks=-1/h,message-loss=0.0004";
    let error = text.parse::<Mix>().unwrap_err();
    let parts = [
        "ruff: no such profile; known are none, calm, rough, hostile",
        "did you mean \"vehicle-stops\"?",
        "a rate an hour is needed, as 2/h",
        "a probability is 0 to 1",
        "its rate is a probability",
        "at most 3600/h",
        "how often? As plc-restart=0.5/h",
        "\"x\" is no rate",
        "\"-1\" is no rate",
        "the smallest probability but 0 is 0.001",
    ];
    assert_eq!(error.0.len(), parts.len(), "{error}");
    for (problem, part) in error.0.iter().zip(parts) {
        assert!(problem.contains(part), "{problem} should say: {part}");
    }
}

#[test]
fn a_mix_says_something() {
    for text in ["", " ", ",,"] {
        let error = text.parse::<Mix>().unwrap_err().to_string();
        assert!(error.contains("nothing is said"), "{error}");
    }
    let comma: Mix = "rough,pallet@4,2->5,2=1/h, door-sticks=1/h"
        .parse()
        .unwrap();
    let [.., pallet, door] = &comma.rates[..] else {
        panic!("{comma:?}")
    };
    assert_eq!(pallet.scope, Scope::Named("4,2->5,2".to_owned()));
    assert_eq!(
        (door.kind, &door.scope),
        (FaultKind::DoorSticks, &Scope::All)
    );
}

#[test]
fn targets_that_no_floor_has_are_named() {
    let (floor, mut other) = (testing::floor(), testing::floor());
    other.vehicles[0].name = "lone-1".to_owned();
    let mix: Mix = "calm,vehicle-stops@lone-*=1/h,controller-crash@T01=1/h,door-sticks=1/h,plc-restart@x*y*=1/h"
        .parse()
        .unwrap();
    let both = mix.unknown_targets(&[&floor, &other]);
    assert_eq!(both.len(), 2, "{both:?}");
    let one = mix.unknown_targets(&[&floor]);
    for (problem, part) in one.iter().zip(["lone-*", "as a whole", "\"x*y*\""]) {
        assert!(problem.contains(part), "{problem} should say: {part}");
    }
    assert_eq!(one.len(), 3);
    assert!(
        "hostile"
            .parse::<Mix>()
            .unwrap()
            .unknown_targets(&[&floor])
            .is_empty()
    );
}

#[test]
fn a_script_follows_its_rates_and_its_seed() {
    let floor = testing::floor();
    let mix: Mix = "vehicle-stops=2/h,door-sticks=6/h,message-loss=0.01"
        .parse()
        .unwrap();
    let hours = 500;
    let script = mix.draw(&floor, 5, hours * 3_600_000);
    assert_eq!(script, mix.draw(&floor, 5, hours * 3_600_000));
    assert_ne!(script, mix.draw(&floor, 6, hours * 3_600_000));
    assert!(script.is_sorted_by_key(|f| f.at_ms));
    let vehicles = floor.vehicles.len() as u64;
    let stops = script
        .iter()
        .filter(|f| f.kind == FaultKind::VehicleStops)
        .count() as u64;
    // A little less, since a vehicle stands for 31 s on average before the next stop is drawn.
    assert!(
        (95..=102).contains(&(stops * 100 / (2 * hours * vehicles))),
        "{stops}"
    );
    let losses = script.iter().filter(|f| f.kind == FaultKind::MessageLoss);
    assert_eq!(losses.count(), floor.vehicles.len() + floor.devices.len());
    // Another rate of one kind leaves the others where they were.
    let without: Mix = "door-sticks=6/h".parse().unwrap();
    let doors = |script: &[Fault]| -> Vec<Fault> {
        script
            .iter()
            .filter(|f| f.kind == FaultKind::DoorSticks)
            .copied()
            .collect()
    };
    assert_eq!(
        doors(&script),
        doors(&without.draw(&floor, 5, hours * 3_600_000))
    );
    for target in [Target::Whole, Target::Edge(takt_maps::EdgeId(0))] {
        let class = if target == Target::Whole {
            TargetClass::Whole
        } else {
            TargetClass::Edge
        };
        assert_eq!(
            Target::named(&floor, class, &target.name(&floor)),
            Some(target)
        );
    }
}

#[test]
fn the_guide_lists_all_kinds_as_they_are() {
    let guide = include_str!("../../../docs/faults.md");
    let rows: Vec<&str> = guide.lines().filter(|l| l.starts_with("| `")).collect();
    assert_eq!(rows.len(), FaultKind::ALL.len());
    for (row, &kind) in rows.iter().zip(FaultKind::ALL) {
        let amount = kind.amount().map_or("-".to_owned(), |a| {
            format!("{} to {} {}", a.min, a.max, a.unit)
        });
        let (name, of, what) = (kind.name(), kind.class().word(), kind.what());
        let live = if kind.is_live() { "yes" } else { "-" };
        assert_eq!(
            *row,
            format!("| `{name}` | {of} | {amount} | {live} | {what} |")
        );
    }
}
