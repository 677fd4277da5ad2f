//! Links over real sockets: what is said arrives, what breaks is seen, counted and mended, and the rest goes on.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod field;

use field::*;
use std::sync::atomic::Ordering;
use takt_maps::words::*;
use takt_maps::*;
use takt_plc_bridge::*;

fn command(sequence: u16) -> VehicleCommand {
    VehicleCommand {
        sequence,
        validity_ms: 100,
        ..VehicleCommand::default()
    }
}

fn tell(rig: &Rig, sequence: u16, at_ms: u64) {
    rig.bridge.send(ToField::Vehicle {
        vehicle: VehicleId(0),
        command: command(sequence),
        at_ms,
    });
}

#[test]
fn reports_come_in_and_commands_go_out() {
    run(async {
        let vehicle = vehicle().await;
        vehicle.state().inputs[20] = 777;
        let rig = Rig::one_vehicle(vehicle.address);
        rig.until_state(A0, LinkState::Up).await;
        tell(&rig, 5, 0);
        until("the command to be repeated", || {
            vehicle.state().written.len() >= 3
        })
        .await;
        for registers in &vehicle.state().written {
            let expected = vehicle_profile::encode_command(&command(5));
            assert_eq!(registers[..], expected);
        }

        let reports: Vec<_> = rig
            .said()
            .iter()
            .filter_map(|s| match s {
                FromField::Vehicle { report, .. } => Some(*report),
                _ => None,
            })
            .collect();
        assert!(reports.len() >= 2);
        assert!(reports.iter().all(|r| r.battery_permille == 777));
        assert!(
            reports.windows(2).all(|w| w[0].heartbeat != w[1].heartbeat),
            "each report is passed on once"
        );
        assert_eq!(rig.states(A0)[..2], [LinkState::Connecting, LinkState::Up]);
        rig.bridge.stop().await;
    });
}

#[test]
fn process_image_goes_both_ways() {
    run(async {
        let plc = plc().await;
        plc.state().inputs = vec![1, 2, 3];
        let rig = Rig::start(&floor(0, 1), &[], &[plc.address]);
        let device = DeviceId(0);
        let heard = |image| FromField::Device { device, image };
        let first = heard(Image::from_words(&[1, 2, 3]));
        until("the inputs", || rig.said().contains(&first)).await;
        plc.state().inputs[1] = 9;
        let second = heard(Image::from_words(&[1, 9, 3]));
        until("the changed inputs", || rig.said().contains(&second)).await;

        let image = Image::from_words(&[7, 8, 9]);
        let outputs = |image| ToField::Device {
            device,
            image,
            at_ms: 0,
        };
        rig.bridge.send(outputs(image));
        until("the outputs", || !plc.state().written.is_empty()).await;
        rig.until_reads(S0, 10).await;
        let changed = Image::from_words(&[7, 8, 10]);
        rig.bridge.send(outputs(changed));
        let last = || plc.state().written.last().cloned();
        until("the changed outputs", || last() == Some(vec![7, 8, 10])).await;
        rig.bridge.stop().await;
    });
}

#[test]
fn server_that_is_away_is_seen_and_comes_back_while_the_rest_goes_on() {
    run(async {
        let mut vehicle = vehicle().await;
        let mut plc = plc().await;
        let other = field::vehicle().await;
        let addresses = [vehicle.address, other.address];
        let rig = Rig::start(&floor(2, 1), &addresses, &[plc.address]);
        let a1 = Endpoint::Vehicle(VehicleId(1));
        for endpoint in [A0, a1, S0] {
            rig.until_state(endpoint, LinkState::Up).await;
        }

        vehicle.stop().await;
        plc.stop().await;
        rig.until_state(A0, LinkState::Down).await;
        rig.until_state(S0, LinkState::Down).await;
        rig.until_reads(a1, 20).await;
        assert_eq!(rig.stats(a1).state, LinkState::Up);

        vehicle.resume().await;
        plc.resume().await;
        rig.until_state(A0, LinkState::Up).await;
        rig.until_state(S0, LinkState::Up).await;
        use LinkState::*;
        for endpoint in [A0, S0] {
            let states = rig.states(endpoint);
            let mut said = states.iter();
            for expected in [Connecting, Up, Connecting, Down, Up] {
                assert!(said.any(|s| *s == expected), "{states:?}");
            }
            let stats = rig.stats(endpoint);
            assert!(stats.losses >= 1 && stats.connect_failures >= 1 && stats.reconnects >= 1);
        }
        assert_eq!(rig.stats(a1).losses, 0, "nobody else noticed");
        rig.bridge.stop().await;
    });
}

#[test]
fn plc_that_comes_back_is_told_its_outputs_again() {
    run(async {
        let mut plc = plc().await;
        let rig = Rig::start(&floor(0, 1), &[], &[plc.address]);
        rig.bridge.send(ToField::Device {
            device: DeviceId(0),
            image: Image::from_words(&[7]),
            at_ms: 0,
        });
        until("the outputs", || !plc.state().written.is_empty()).await;
        plc.stop().await;
        plc.state().written.clear();
        rig.until_state(S0, LinkState::Down).await;
        plc.resume().await;
        until("the outputs again", || !plc.state().written.is_empty()).await;
        assert_eq!(plc.state().written[0], [7, 0, 0]);
        rig.bridge.stop().await;
    });
}

#[test]
fn command_past_its_deadline_is_dropped_and_counted() {
    run(async {
        let mut vehicle = vehicle().await;
        vehicle.stop().await;
        let rig = Rig::one_vehicle(vehicle.address);
        tell(&rig, 1, 0);
        rig.clock_ms.store(101, Ordering::SeqCst);
        vehicle.resume().await;
        rig.until_state(A0, LinkState::Up).await;
        until("the drop", || rig.stats(A0).dropped_commands == 1).await;
        rig.until_reads(A0, 5).await;
        assert!(vehicle.state().written.is_empty());

        tell(&rig, 2, 101);
        until("the fresh command", || !vehicle.state().written.is_empty()).await;
        rig.clock_ms.store(1_000, Ordering::SeqCst);
        rig.until_reads(A0, 5).await;
        let count = vehicle.state().written.len();
        rig.until_reads(A0, 5).await;
        assert_eq!(
            vehicle.state().written.len(),
            count,
            "not repeated past its deadline"
        );
        assert_eq!(
            rig.stats(A0).dropped_commands,
            1,
            "it was delivered, not dropped"
        );
        rig.bridge.stop().await;
    });
}

#[test]
fn old_outputs_of_a_controller_that_stands_still_are_not_written() {
    run(async {
        let mut plc = plc().await;
        plc.stop().await;
        let rig = Rig::start(&floor(0, 1), &[], &[plc.address]);
        rig.bridge.send(ToField::Device {
            device: DeviceId(0),
            image: Image::from_words(&[1]),
            at_ms: 0,
        });
        rig.clock_ms
            .store(u64::from(LINK_TIMEOUT_MS) + 1, Ordering::SeqCst);
        plc.resume().await;
        until("the drop", || rig.stats(S0).dropped_commands == 1).await;
        rig.until_reads(S0, 5).await;
        assert!(plc.state().written.is_empty());
        rig.bridge.stop().await;
    });
}

#[test]
fn vehicle_that_stands_still_behind_a_live_socket_is_dead() {
    run(async {
        let vehicle = vehicle().await;
        let rig = Rig::one_vehicle(vehicle.address);
        rig.until_state(A0, LinkState::Up).await;
        tell(&rig, 1, 0);
        vehicle.state().frozen = true;
        rig.until_state(A0, LinkState::Down).await;
        // A write that was under way may still be answered.
        rig.until_reads(A0, 2).await;
        let writes = rig.stats(A0).writes;
        until("a freeze to be counted", || rig.stats(A0).frozen >= 1).await;
        rig.until_reads(A0, 10).await;
        assert_eq!(rig.stats(A0).writes, writes, "a dead link is told nothing");
        assert_eq!(rig.stats(A0).state, LinkState::Down);
        vehicle.state().frozen = false;
        rig.until_state(A0, LinkState::Up).await;
        until("commands again", || rig.stats(A0).writes > writes).await;
        rig.bridge.stop().await;
    });
}

#[test]
fn vehicle_frozen_from_the_start_never_comes_up() {
    run(async {
        let vehicle = vehicle().await;
        vehicle.state().frozen = true;
        let rig = Rig::one_vehicle(vehicle.address);
        until("a freeze to be counted", || rig.stats(A0).frozen >= 2).await;
        assert_eq!(rig.states(A0), [LinkState::Connecting, LinkState::Down]);
        rig.bridge.stop().await;
    });
}

#[test]
fn last_command_before_the_stop_is_delivered() {
    run(async {
        let vehicle = vehicle().await;
        let mut slow = floor(1, 0);
        slow.control.transfer_ms = 100;
        let rig = Rig::start(&slow, &[vehicle.address], &[]);
        rig.until_state(A0, LinkState::Up).await;
        tell(&rig, 1, 0);
        tell(&rig, 2, 0);
        rig.bridge.stop().await;
        let last = vehicle.state().written.last().unwrap()[119];
        assert_eq!(last, 2);
    });
}

#[test]
fn bridge_that_is_dropped_says_nothing_more() {
    run(async {
        let vehicle = vehicle().await;
        let rig = Rig::one_vehicle(vehicle.address);
        rig.until_state(A0, LinkState::Up).await;
        tell(&rig, 1, 0);
        until("a command", || !vehicle.state().written.is_empty()).await;
        let Rig { bridge, .. } = rig;
        drop(bridge);
        let heartbeat = || vehicle.state().inputs[1];
        // The last request may still be under way; after it the vehicle is asked no more.
        let mut seen = heartbeat();
        let mut same = 0;
        until("the link to end", || {
            let now = heartbeat();
            same = if now == seen { same + 1 } else { 0 };
            seen = now;
            same > 50
        })
        .await;
    });
}

#[test]
fn link_whose_task_fails_is_reported_dead() {
    run(async {
        let vehicle = vehicle().await;
        let addresses = Addresses {
            vehicles: vec![Some((vehicle.address, 1))],
            devices: vec![],
        };
        let runtime = tokio::runtime::Handle::current();
        let bridge = Bridge::start(
            &floor(1, 0),
            &addresses,
            &runtime,
            || 0,
            |said| {
                assert!(
                    !matches!(said, FromField::Vehicle { .. }),
                    "an inbox with a defect"
                );
            },
        );
        until("the link to be dead", || {
            bridge.stats()[0].state == LinkState::Down
        })
        .await;
        bridge.stop().await;
    });
}

#[test]
fn a_hundred_links_run_together() {
    run(async {
        let mut vehicles = Vec::new();
        let mut devices = Vec::new();
        for _ in 0..50 {
            vehicles.push(vehicle().await);
            devices.push(plc().await);
        }
        let mut floor = floor(50, 50);
        floor.control = Control::default();
        let addresses =
            |servers: &[server::Server]| servers.iter().map(|s| s.address).collect::<Vec<_>>();
        let rig = Rig::start(&floor, &addresses(&vehicles), &addresses(&devices));
        let ids = (0..50).map(VehicleId);
        for (vehicle, sequence) in ids.zip(100..) {
            rig.bridge.send(ToField::Vehicle {
                vehicle,
                command: VehicleCommand {
                    validity_ms: 60_000,
                    ..command(sequence)
                },
                at_ms: 0,
            });
        }
        let stats = || rig.bridge.stats();
        until("a second of polls on all links", || {
            stats()
                .iter()
                .all(|s| s.state == LinkState::Up && s.reads >= 20)
        })
        .await;
        assert_eq!(stats().len(), 100);
        for (server, sequence) in vehicles.iter().zip(100u16..) {
            let state = server.state();
            assert!(!state.written.is_empty());
            assert!(
                state.written.iter().all(|w| w[119] == sequence),
                "each vehicle has its own command"
            );
        }
        rig.bridge.stop().await;
    });
}
