//! Both depths give the same while nothing is wrong, and each kind of trouble shows at both.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::controller::Ask;
use crate::host::virtual_time::{Options, Rehearsal};
use takt_maps::{DeviceId, VehicleId};
use takt_plc_bridge::LinkState;
use takt_rt::host::MemoryDisk;

const MINUTE: u64 = 60_000;
const DEPTHS: [Depth; 2] = [Depth::Image, Depth::Protocol];

/// A vehicle and a device of the built-in floor.
const VEHICLE: Endpoint = Endpoint::Vehicle(VehicleId(2));
const DEVICE: Endpoint = Endpoint::Device(DeviceId(1));

fn built_in() -> Arc<Floor> {
    let loaded = takt_maps::formats::builtin("electronics-line").unwrap();
    Arc::new(loaded.unwrap().floor)
}

/// A grid with some vehicles, with a cycle and a transfer interval that do not go into each other.
fn hall() -> Arc<Floor> {
    let map = format!(
        "type octile\nheight 12\nwidth 16\nmap\n{}",
        "................\n".repeat(12)
    );
    let options = takt_maps::formats::LoadOptions {
        cell_m: 1.0,
        vehicles: Some(6),
        seed: 3,
    };
    let loaded = takt_maps::formats::load_text("hall.map", &map, &options);
    let mut floor = loaded.unwrap().floor;
    floor.control.cycle_us = 4_000;
    floor.control.transfer_ms = 30;
    floor.control.link_timeout_ms = 250;
    Arc::new(floor)
}

fn rehearse(floor: &Arc<Floor>, depth: Depth, seed: u64) -> Rehearsal {
    let options = Options {
        depth,
        ..Options::seeded(seed)
    };
    Rehearsal::new(floor.clone(), &options).unwrap()
}

fn run_for(rehearsal: &mut Rehearsal, for_ms: u64) {
    let until_ms = rehearsal.now_ms() + for_ms;
    while rehearsal.now_ms() < until_ms {
        rehearsal.step();
    }
}

fn outcome(rehearsal: &Rehearsal, seed: u64) -> String {
    serde_json::to_string(&rehearsal.outcome(seed)).unwrap()
}

fn state(rehearsal: &mut Rehearsal, endpoint: Endpoint) -> LinkState {
    rehearsal.links_mut().stats(endpoint).link.state
}

#[test]
fn both_depths_give_the_same_outcome_on_the_built_in_floor() {
    let floor = built_in();
    for seed in [1, 2] {
        let [image, protocol] = DEPTHS.map(|depth| {
            let mut r = rehearse(&floor, depth, seed);
            run_for(&mut r, 20 * MINUTE);
            assert!(r.outcome(seed).orders_done > 20);
            outcome(&r, seed)
        });
        assert_eq!(image, protocol);
    }
}

#[test]
fn both_depths_give_the_same_outcome_in_a_hall_with_other_periods() {
    let floor = hall();
    for seed in [3, 4, 5] {
        let [image, protocol] = DEPTHS.map(|depth| {
            let mut r = rehearse(&floor, depth, seed);
            run_for(&mut r, 10 * MINUTE);
            outcome(&r, seed)
        });
        assert_eq!(image, protocol);
    }
}

#[test]
fn both_depths_give_the_same_when_plugs_are_pulled_and_people_pause() {
    let floor = built_in();
    let [image, protocol] = DEPTHS.map(|depth| {
        let mut r = rehearse(&floor, depth, 6);
        run_for(&mut r, 2 * MINUTE);
        for (i, pause_ms) in [30, 700, 5_000].into_iter().enumerate() {
            let plugs = [
                Plug::Vehicle(VehicleId::from_index(i)),
                Plug::Device(DeviceId::from_index(i)),
            ];
            plugs.into_iter().for_each(|plug| r.sim_mut().unplug(plug));
            run_for(&mut r, pause_ms);
            plugs.into_iter().for_each(|plug| r.sim_mut().plug(plug));
            run_for(&mut r, 7_000);
        }
        r.ask(Ask::PauseFloor(true));
        run_for(&mut r, MINUTE);
        r.ask(Ask::PauseFloor(false));
        run_for(&mut r, 2 * MINUTE);
        let stats = r.links_mut().stats(Endpoint::Vehicle(VehicleId(2))).link;
        assert!(stats.connect_failures > 3 && stats.reconnects == 1);
        outcome(&r, 6)
    });
    assert_eq!(image, protocol);
}

#[test]
fn both_depths_give_the_same_when_the_controller_dies_and_begins_again() {
    let floor = built_in();
    let [image, protocol] = DEPTHS.map(|depth| {
        let options = Options {
            depth,
            ..Options::seeded(8)
        };
        let disk = MemoryDisk::new();
        let mut r = Rehearsal::with_store(floor.clone(), &options, Box::new(disk.clone())).unwrap();
        run_for(&mut r, 3 * MINUTE + 370);
        r.restart(Box::new(disk.clone())).unwrap();
        assert_eq!(state(&mut r, VEHICLE), LinkState::Connecting);
        run_for(&mut r, 3 * MINUTE);
        assert_eq!(state(&mut r, VEHICLE), LinkState::Up);
        assert_eq!(r.outcome(8).contacts, 0);
        outcome(&r, 8)
    });
    assert_eq!(image, protocol);
}

/// Trouble on one link for a while: what its counters are afterwards, at both depths. The link has to come back.
fn trouble(
    endpoint: Endpoint,
    for_ms: u64,
    begin: impl Fn(&mut Links),
    end: impl Fn(&mut Links),
) -> [(LinkState, LinkCounts); 2] {
    let floor = built_in();
    DEPTHS.map(|depth| {
        let mut r = rehearse(&floor, depth, 7);
        run_for(&mut r, MINUTE);
        assert_eq!(state(&mut r, endpoint), LinkState::Up);
        begin(r.links_mut());
        run_for(&mut r, for_ms);
        let during = state(&mut r, endpoint);
        end(r.links_mut());
        run_for(&mut r, 10_000);
        assert_eq!(state(&mut r, endpoint), LinkState::Up, "{depth:?}");
        let counts = r.links_mut().stats(endpoint);
        run_for(&mut r, MINUTE);
        let outcome = r.outcome(7);
        assert_eq!((outcome.contacts, outcome.orders_lost), (0, 0), "{depth:?}");
        (during, counts)
    })
}

/// Conditions on one link for a while.
fn conditions(
    endpoint: Endpoint,
    for_ms: u64,
    conditions: Conditions,
) -> [(LinkState, LinkCounts); 2] {
    trouble(
        endpoint,
        for_ms,
        |links| *links.conditions_mut(endpoint) = conditions,
        |links| *links.conditions_mut(endpoint) = Conditions::default(),
    )
}

const NORMAL: Answering = Answering {
    exceptions: false,
    wrong_unit: false,
    frozen: false,
};
const EXCEPTIONS: Answering = Answering {
    exceptions: true,
    ..NORMAL
};
const WRONG_UNIT: Answering = Answering {
    wrong_unit: true,
    ..NORMAL
};
const FROZEN: Answering = Answering {
    frozen: true,
    ..NORMAL
};

/// Bad answers of one server for a while.
fn answers(endpoint: Endpoint, for_ms: u64, answering: Answering) -> [(LinkState, LinkCounts); 2] {
    trouble(
        endpoint,
        for_ms,
        |links| links.set_answering(endpoint, answering),
        |links| links.set_answering(endpoint, NORMAL),
    )
}

#[test]
fn an_outage_kills_a_link_and_its_end_revives_it() {
    let outage = Conditions {
        outage: true,
        ..Conditions::default()
    };
    for endpoint in [VEHICLE, DEVICE] {
        for (during, counts) in conditions(endpoint, 5_000, outage) {
            assert_eq!(during, LinkState::Down);
            assert!(counts.frames_lost >= 1 && counts.link.timeouts == 1);
            assert!(counts.link.connect_failures >= 2 && counts.link.reconnects >= 1);
            // What a vehicle should have been told when the outage began is too old when it ends.
            let dropped = u64::from(endpoint == VEHICLE);
            assert_eq!(counts.link.dropped_commands, dropped, "{counts:?}");
        }
    }
}

#[test]
fn a_half_open_connection_times_out_and_a_new_one_works_at_once() {
    let half_open = Conditions {
        half_open: true,
        ..Conditions::default()
    };
    for (during, counts) in conditions(VEHICLE, 5_000, half_open) {
        assert_eq!(during, LinkState::Up, "over a new connection");
        assert_eq!((counts.link.timeouts, counts.link.reconnects), (1, 1));
        assert_eq!((counts.frames_lost, counts.link.connect_failures), (1, 0));
    }
}

#[test]
fn a_reset_breaks_the_connection_once() {
    for endpoint in [VEHICLE, DEVICE] {
        for (during, counts) in trouble(endpoint, 60, |links| links.reset(endpoint), |_| ()) {
            assert_eq!(during, LinkState::Connecting);
            assert_eq!((counts.link.losses, counts.link.reconnects), (1, 1));
            assert_eq!(counts.link.timeouts, 0);
        }
    }
}

#[test]
fn delays_are_borne_until_they_reach_the_time_out_of_requests() {
    let delay = |delay_ms| Conditions {
        delay_ms,
        jitter_ms: 20,
        ..Conditions::default()
    };
    for (during, counts) in conditions(VEHICLE, 20_000, delay(40)) {
        assert_eq!((during, counts.link.timeouts), (LinkState::Up, 0));
        assert_eq!(counts.link.reconnects, 0);
    }
    for (during, counts) in conditions(VEHICLE, 20_000, delay(300)) {
        assert_ne!(during, LinkState::Up);
        assert!(counts.link.timeouts > 3 && counts.link.reconnects > 3);
    }
}

#[test]
fn lost_frames_cost_time_outs() {
    let loss = Conditions {
        loss_permille: 30,
        ..Conditions::default()
    };
    for (_, counts) in conditions(VEHICLE, 60_000, loss) {
        assert!((5..150).contains(&counts.frames_lost), "{counts:?}");
        assert_eq!(counts.link.timeouts, counts.frames_lost);
    }
}

#[test]
fn doubled_frames_are_carried_out_twice_and_their_answers_fit_nothing() {
    let duplication = Conditions {
        duplication_permille: 30,
        ..Conditions::default()
    };
    for (_, counts) in conditions(VEHICLE, 60_000, duplication) {
        assert!(counts.frames_copied > 10, "{counts:?}");
        assert!(counts.link.bad_frames > 5, "{counts:?}");
    }
}

#[test]
fn frames_that_were_held_back_are_overtaken() {
    let reordering = Conditions {
        reordering_permille: 20,
        ..Conditions::default()
    };
    for (_, counts) in conditions(VEHICLE, 60_000, reordering) {
        assert!(counts.frames_held_back > 3, "{counts:?}");
        assert!(counts.link.timeouts > 1, "{counts:?}");
        assert!(counts.link.timeouts <= counts.frames_held_back);
        assert_eq!(counts.frames_lost, 0);
    }
}

#[test]
fn a_server_that_refuses_everything_is_dead() {
    for endpoint in [VEHICLE, DEVICE] {
        for (during, counts) in answers(endpoint, 5_000, EXCEPTIONS) {
            assert_eq!(during, LinkState::Down);
            assert!(counts.link.exceptions > 20 && counts.link.timeouts == 0);
        }
    }
}

#[test]
fn a_server_that_answers_as_another_is_dead() {
    for endpoint in [VEHICLE, DEVICE] {
        for (during, counts) in answers(endpoint, 5_000, WRONG_UNIT) {
            assert_eq!(during, LinkState::Down);
            assert!(counts.link.bad_frames >= 3, "{counts:?}");
        }
    }
}

#[test]
fn a_vehicle_whose_program_stands_is_dead_and_a_device_cannot_be_told_from_a_live_one() {
    for (during, counts) in answers(VEHICLE, 5_000, FROZEN) {
        assert_eq!(during, LinkState::Down);
        assert!(counts.link.frozen >= 2 && counts.link.reconnects >= 2);
    }
    for (during, counts) in answers(DEVICE, 5_000, FROZEN) {
        assert_eq!((during, counts.link.frozen), (LinkState::Up, 0));
    }
}

/// Trouble everywhere.
fn storm(links: &mut Links, floor: &Floor) {
    let vehicles = (0..floor.vehicles.len()).map(|i| Endpoint::Vehicle(VehicleId::from_index(i)));
    let devices = (0..floor.devices.len()).map(|i| Endpoint::Device(DeviceId::from_index(i)));
    for endpoint in vehicles.chain(devices) {
        *links.conditions_mut(endpoint) = Conditions {
            delay_ms: 5,
            jitter_ms: 10,
            loss_permille: 5,
            duplication_permille: 5,
            reordering_permille: 5,
            ..Conditions::default()
        };
    }
}

#[test]
fn the_same_seed_gives_the_same_storm_at_both_depths() {
    let floor = built_in();
    for depth in DEPTHS {
        let run = |seed| {
            let mut r = rehearse(&floor, depth, seed);
            storm(r.links_mut(), &floor);
            run_for(&mut r, MINUTE);
            let outcome = outcome(&r, seed);
            let counts = r.links_mut().stats(VEHICLE);
            assert!(counts.frames_lost > 0 && counts.link.reconnects > 0);
            (outcome, counts)
        };
        assert_eq!(run(1), run(1), "{depth:?}");
        assert_ne!(run(1), run(2), "{depth:?}");
    }
}

#[test]
fn a_storm_touches_nobody_and_passes() {
    let floor = built_in();
    for depth in DEPTHS {
        let mut r = rehearse(&floor, depth, 5);
        run_for(&mut r, MINUTE);
        storm(r.links_mut(), &floor);
        run_for(&mut r, 5 * MINUTE);
        for i in 0..floor.vehicles.len() {
            let endpoint = Endpoint::Vehicle(VehicleId::from_index(i));
            *r.links_mut().conditions_mut(endpoint) = Conditions::default();
        }
        for i in 0..floor.devices.len() {
            let endpoint = Endpoint::Device(DeviceId::from_index(i));
            *r.links_mut().conditions_mut(endpoint) = Conditions::default();
        }
        let done = r.outcome(5).orders_done;
        run_for(&mut r, 10 * MINUTE);
        let outcome = r.outcome(5);
        assert_eq!((outcome.contacts, outcome.orders_lost), (0, 0), "{depth:?}");
        assert!(outcome.orders_done > done + 10, "{depth:?}: {outcome:?}");
    }
}
