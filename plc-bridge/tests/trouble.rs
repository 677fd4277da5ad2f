//! Other sides that refuse, keep silent, or speak nonsense: counted, survived, and over when they are.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod field;

use field::rogue::{Answer, Rogue, good_report};
use field::server::{Kind, Server};
use field::*;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;
use takt_plc_bridge::modbus::{Connection, Tcp};
use takt_plc_bridge::{LinkState, LinkStats};
use tokio_modbus::ExceptionCode;

#[test]
fn exceptions_are_counted_and_kill_the_link_not_the_connection() {
    run(async {
        let vehicle = vehicle().await;
        let rig = Rig::one_vehicle(vehicle.address);
        rig.until_state(A0, LinkState::Up).await;
        vehicle.state().exception = Some(ExceptionCode::ServerDeviceBusy);
        until("exceptions", || rig.stats(A0).exceptions >= 3).await;
        assert_eq!(rig.stats(A0).reconnects, 0, "the connection is in order");
        rig.until_state(A0, LinkState::Down).await;
        vehicle.state().exception = None;
        rig.until_state(A0, LinkState::Up).await;
        assert_eq!(rig.stats(A0).frozen, 0);
        rig.bridge.stop().await;
    });
}

#[test]
fn unit_that_nobody_answers_to_times_out() {
    run(async {
        let vehicle = vehicle().await;
        vehicle.state().unit = 2;
        let rig = Rig::one_vehicle(vehicle.address);
        rig.until_state(A0, LinkState::Down).await;
        until("time-outs", || rig.stats(A0).timeouts >= 2).await;
        vehicle.state().unit = server::UNIT;
        rig.until_state(A0, LinkState::Up).await;
        rig.bridge.stop().await;
    });
}

#[test]
fn server_that_falls_silent_is_dead_and_recovers() {
    run(async {
        let plc = plc().await;
        let rig = Rig::start(&floor(0, 1), &[], &[plc.address]);
        rig.until_state(S0, LinkState::Up).await;
        plc.state().mute = true;
        rig.until_state(S0, LinkState::Down).await;
        assert!(rig.stats(S0).timeouts >= 1);
        plc.state().mute = false;
        rig.until_state(S0, LinkState::Up).await;
        rig.bridge.stop().await;
    });
}

#[test]
fn report_that_the_profile_does_not_allow_is_no_sign_of_life() {
    run(async {
        let vehicle = vehicle().await;
        let rig = Rig::one_vehicle(vehicle.address);
        rig.until_state(A0, LinkState::Up).await;
        vehicle.state().inputs[20] = 1_001;
        rig.until_state(A0, LinkState::Down).await;
        assert!(rig.stats(A0).bad_reports >= 2);
        vehicle.state().inputs[20] = 1_000;
        rig.until_state(A0, LinkState::Up).await;
        rig.bridge.stop().await;
    });
}

/// A link to a rogue goes down, counts what happened, and comes up with a good server at the same address.
fn survives(answer: Answer, counted: fn(&LinkStats) -> u64) {
    run(async move {
        let rogue = Rogue::start(answer).await;
        let address = rogue.address;
        let rig = Rig::one_vehicle(address);
        rig.until_state(A0, LinkState::Down).await;
        until("the trouble to be counted", || counted(&rig.stats(A0)) >= 2).await;
        assert_eq!(rig.states(A0), [LinkState::Connecting, LinkState::Down]);
        rogue.stop().await;
        let _good = Server::start_at(Kind::Vehicle, address).await;
        rig.until_state(A0, LinkState::Up).await;
        rig.bridge.stop().await;
    });
}

#[test]
fn rogues_answers_are_good_but_for_their_fault() {
    run(async {
        let rogue = Rogue::start(|request| Some(good_report(request))).await;
        let rig = Rig::one_vehicle(rogue.address);
        rig.until_state(A0, LinkState::Up).await;
        rig.bridge.stop().await;
    });
}

#[test]
fn half_open_connection() {
    survives(|_| Some(vec![]), |s| s.timeouts);
}

#[test]
fn connection_closed_at_each_request() {
    survives(|_| None, |s| s.losses);
}

#[test]
fn half_an_answer_and_then_nothing() {
    survives(|r| Some(good_report(r)[..20].to_vec()), |s| s.timeouts);
}

#[test]
fn bytes_that_are_not_modbus() {
    survives(
        |_| Some(b"HTTP/1.1 400 Bad Request\r\n\r\n".repeat(1_000)),
        |s| s.bad_frames,
    );
}

#[test]
fn length_of_zero() {
    survives(
        |r| Some(vec![r[0], r[1], 0, 0, 0, 0, 1, 4, 48]),
        |s| s.bad_frames,
    );
}

#[test]
fn frame_without_a_function() {
    survives(|r| Some(vec![r[0], r[1], 0, 0, 0, 1, 1]), |s| s.bad_frames);
}

#[test]
fn byte_count_beyond_the_frame() {
    survives(
        |r| Some(vec![r[0], r[1], 0, 0, 0, 5, 1, 4, 200, 0, 1]),
        |s| s.bad_frames,
    );
}

#[test]
fn fewer_registers_than_asked_for() {
    survives(
        |r| Some(vec![r[0], r[1], 0, 0, 0, 7, 1, 4, 4, 0, 1, 0, 1]),
        |s| s.bad_frames,
    );
}

#[test]
fn answer_to_another_transaction() {
    survives(
        |r| {
            let mut answer = good_report(r);
            answer[0] ^= 0x55;
            Some(answer)
        },
        |s| s.bad_frames,
    );
}

#[test]
fn answer_of_another_unit() {
    survives(
        |r| {
            let mut answer = good_report(r);
            answer[6] = 77;
            Some(answer)
        },
        |s| s.bad_frames,
    );
}

#[test]
fn answer_to_another_function() {
    survives(
        |r| Some(vec![r[0], r[1], 0, 0, 0, 6, 1, 16, 0, 0, 0, 120]),
        |s| s.bad_frames,
    );
}

/// Whatever bytes come back, a read is an error or the registers that were asked for.
#[test]
fn random_damage_is_an_error_or_an_answer() {
    static SEED: AtomicU64 = AtomicU64::new(1);
    // A step of Knuth's MMIX generator: the same damage in every run.
    fn random(below: usize) -> usize {
        let next = |x: u64| {
            x.wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407)
        };
        let x = SEED
            .fetch_update(SeqCst, SeqCst, |x| Some(next(x)))
            .unwrap();
        (x >> 33) as usize % below
    }
    run(async {
        let rogue = Rogue::start(|request| {
            let mut answer = good_report(request);
            for _ in 0..random(4) {
                // Mostly in the header, where the damage is worst.
                let within = [9, answer.len()][random(2)];
                answer[random(within)] = random(256) as u8;
            }
            answer.truncate(answer.len() - random(20).saturating_sub(15));
            Some(answer)
        })
        .await;
        let (mut good, mut bad) = (0, 0);
        for _ in 0..300 {
            let (connecting, request) = (Duration::from_secs(5), Duration::from_millis(20));
            let mut connection = Connection::open(&Tcp, (rogue.address, 1), connecting, request)
                .await
                .unwrap();
            match connection.read_inputs(0, 24).await {
                Ok(registers) => {
                    assert_eq!(registers.len(), 24);
                    good += 1;
                }
                Err(_) => bad += 1,
            }
        }
        assert!(
            good > 10 && bad > 10,
            "{good} good, {bad} bad: no test of both"
        );
    });
}
