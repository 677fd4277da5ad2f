//! Handshakes against scripted devices.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::Image;
use takt_maps::*;

pub(super) fn bit(name: &str, bit: u8) -> DevicePoint {
    DevicePoint {
        name: name.into(),
        address: PointAddress::Bit(0, bit),
    }
}

pub(super) fn word(name: &str, word: u8) -> DevicePoint {
    DevicePoint {
        name: name.into(),
        address: PointAddress::Word(word),
    }
}

pub(super) fn device(inputs: Vec<DevicePoint>, outputs: Vec<DevicePoint>) -> Device {
    Device {
        name: "PLC".into(),
        address: None,
        read_at: 0,
        read_words: 4,
        write_at: 0,
        write_words: 4,
        inputs,
        outputs,
    }
}

fn step(name: &str, set: &[(&str, u16)], wait: &[(&str, u16)], timeout_ms: u32) -> HandshakeStep {
    let constants = |list: &[(&str, u16)]| {
        let constant = |&(n, v): &(&str, u16)| (n.to_owned(), Value::Constant(v));
        list.iter().map(constant).collect()
    };
    HandshakeStep {
        name: name.into(),
        set: constants(set),
        wait: constants(wait),
        vehicle_acts: false,
        timeout_ms,
    }
}

/// A floor with one station that speaks the handshake.
pub(super) fn floor(device: Device, handshake: Handshake) -> Floor {
    Floor {
        devices: vec![device],
        handshakes: vec![handshake],
        stations: vec![Station {
            name: "S1".into(),
            node: NodeId(0),
            device: Some((DeviceId(0), HandshakeId(0))),
        }],
        ..Floor::default()
    }
}

fn transfer_floor() -> Floor {
    let inputs = ["ready", "busy", "done", "fault"];
    let inputs = inputs.iter().zip(0..).map(|(n, i)| bit(n, i)).collect();
    let outputs = vec![
        bit("request", 0),
        bit("start", 1),
        bit("acknowledge", 2),
        word("direction", 1),
        word("load", 2),
        word("buffer", 3),
    ];
    let mut ready = step("ready", &[("request", 1)], &[("ready", 1)], 5_000);
    ready.set.push(("direction".into(), Value::Direction));
    ready.set.push(("load".into(), Value::Load));
    ready.set.push(("buffer".into(), Value::Buffer));
    let mut transfer = step("transfer", &[("start", 1)], &[("done", 1)], 30_000);
    transfer.vehicle_acts = true;
    let finish = step(
        "finish",
        &[("request", 0), ("start", 0)],
        &[("done", 0), ("busy", 0)],
        5_000,
    );
    let handshake = Handshake {
        name: "transfer".into(),
        kind: HandshakeKind::Transfer,
        begin: vec![ready, transfer, finish],
        end: vec![],
        fault: Some("fault".into()),
        acknowledge: Some("acknowledge".into()),
    };
    floor(device(inputs, outputs), handshake)
}

pub(super) const CONTEXT: Context = Context {
    direction: Direction::Unload,
    load: 0x1234,
    buffer: 2,
};

/// A station PLC, scripted: ready when requested; busy for three cycles after start, then done until start is gone.
#[derive(Default)]
struct StationPlc {
    inputs: Image,
    busy_cycles: u32,
}

impl StationPlc {
    fn cycle(&mut self, outputs: &Image) {
        let out = |b| outputs.get(PointAddress::Bit(0, b)) == 1;
        let (request, start) = (out(0), out(1));
        self.busy_cycles = if start { self.busy_cycles + 1 } else { 0 };
        let busy = start && self.busy_cycles <= 3;
        let done = start && self.busy_cycles > 3;
        for (b, on) in [(0, request), (1, busy), (2, done)] {
            self.inputs.set(PointAddress::Bit(0, b), u16::from(on));
        }
    }
}

#[test]
fn transfer_runs_through_ready_start_busy_done() {
    let floor = transfer_floor();
    let programs = Programs::new(&floor).unwrap();
    let program = programs.station(StationId(0)).unwrap();
    let mut instance = Instance::start(program, Phase::Begin, CONTEXT);
    let mut plc = StationPlc::default();
    let mut outputs = Image::ZERO;
    let (mut acted_at, mut steps_seen) = (None, vec![]);
    for cycle in 0u64..100 {
        // The vehicle needs five cycles for its part, once it may.
        let vehicle_done = acted_at.is_some_and(|at| cycle >= at + 5);
        let status = instance.step(
            &programs,
            &plc.inputs,
            &mut outputs,
            cycle * 10,
            vehicle_done,
        );
        match status {
            Status::Running {
                step,
                vehicle_may_act,
            } => {
                let name = programs.step_name(program, Phase::Begin, step).unwrap();
                if steps_seen.last() != Some(&name) {
                    steps_seen.push(name);
                }
                assert_eq!(vehicle_may_act, name == "transfer");
                if vehicle_may_act {
                    acted_at.get_or_insert(cycle);
                    assert_eq!(
                        outputs.words()[1..],
                        [2, 0x1234, 2, 0, 0, 0, 0],
                        "direction, load, buffer"
                    );
                }
            }
            Status::Done => {
                assert_eq!(steps_seen, ["ready", "transfer", "finish"]);
                assert_eq!(outputs.words()[0], 0, "request and start are taken back");
                assert!(vehicle_done);
                return;
            }
            failed => panic!("{failed:?} in cycle {cycle}"),
        }
        plc.cycle(&outputs);
    }
    panic!("the transfer did not end");
}

#[test]
fn device_fault_fails_is_acknowledged_and_can_be_retried() {
    let floor = transfer_floor();
    let programs = Programs::new(&floor).unwrap();
    let program = programs.station(StationId(0)).unwrap();
    let mut instance = Instance::start(program, Phase::Begin, CONTEXT);
    let (mut inputs, mut outputs) = (Image::ZERO, Image::ZERO);
    let acknowledge = PointAddress::Bit(0, 2);
    instance.step(&programs, &inputs, &mut outputs, 0, false);
    inputs.set(PointAddress::Bit(0, 3), 1);
    let failed = |clear| Status::Failed {
        step: 0,
        cause: Cause::DeviceFault,
        clear,
    };

    // Nothing is acknowledged before somebody says so.
    for now in [10, 20] {
        let status = instance.step(&programs, &inputs, &mut outputs, now, false);
        assert_eq!(status, failed(false));
        assert_eq!(outputs.get(acknowledge), 0);
    }
    let request = PointAddress::Bit(0, 0);
    assert_eq!(outputs.get(request), 1);
    instance.acknowledge();
    for now in [30, 40] {
        let status = instance.step(&programs, &inputs, &mut outputs, now, false);
        assert_eq!(status, failed(false));
        assert_eq!(
            outputs.get(acknowledge),
            1,
            "until the fault input is clear"
        );
        assert_eq!(
            outputs.get(request),
            0,
            "no request while it is acknowledged"
        );
    }
    inputs.set(PointAddress::Bit(0, 3), 0);
    let status = instance.step(&programs, &inputs, &mut outputs, 50, false);
    assert_eq!(status, failed(true));
    assert_eq!(outputs.get(acknowledge), 0);

    assert_eq!(outputs, Image::ZERO);
    let mut retry = Instance::start(program, Phase::Begin, CONTEXT);
    let status = retry.step(&programs, &inputs, &mut outputs, 60, false);
    assert!(matches!(status, Status::Running { step: 0, .. }));
    assert_eq!(outputs.get(PointAddress::Bit(0, 0)), 1);
}

#[test]
fn fault_before_the_start_sets_nothing() {
    let floor = transfer_floor();
    let programs = Programs::new(&floor).unwrap();
    let program = programs.station(StationId(0)).unwrap();
    let mut instance = Instance::start(program, Phase::Begin, CONTEXT);
    let mut inputs = Image::ZERO;
    inputs.set(PointAddress::Bit(0, 3), 1);
    let mut outputs = Image::ZERO;
    let status = instance.step(&programs, &inputs, &mut outputs, 0, false);
    assert!(matches!(
        status,
        Status::Failed {
            step: 0,
            cause: Cause::DeviceFault,
            clear: false
        }
    ));
    assert_eq!(outputs, Image::ZERO);
}

#[test]
fn step_times_out_at_its_limit_and_not_before() {
    let floor = transfer_floor();
    let programs = Programs::new(&floor).unwrap();
    let program = programs.station(StationId(0)).unwrap();
    let mut instance = Instance::start(program, Phase::Begin, CONTEXT);
    let mut outputs = Image::ZERO;
    instance.step(&programs, &Image::ZERO, &mut outputs, 1_000, false);
    let at =
        |i: &mut Instance, now| i.step(&programs, &Image::ZERO, &mut outputs.clone(), now, false);
    assert!(matches!(
        at(&mut instance, 5_999),
        Status::Running { step: 0, .. }
    ));
    assert_eq!(
        at(&mut instance, 6_000),
        Status::Failed {
            step: 0,
            cause: Cause::Timeout,
            clear: false
        }
    );
    instance.acknowledge();
    let status = instance.step(&programs, &Image::ZERO, &mut outputs, 6_010, false);
    assert_eq!(
        status,
        Status::Failed {
            step: 0,
            cause: Cause::Timeout,
            clear: true
        }
    );
    assert_eq!(outputs, Image::ZERO, "the request is taken back");
}

#[test]
fn door_opens_and_closes() {
    let inputs = vec![bit("is_open", 0), bit("is_closed", 1)];
    let handshake = Handshake {
        name: "door".into(),
        kind: HandshakeKind::Door,
        begin: vec![step("open", &[("open", 1)], &[("is_open", 1)], 10_000)],
        end: vec![step("close", &[("open", 0)], &[("is_closed", 1)], 10_000)],
        fault: None,
        acknowledge: None,
    };
    let mut floor = floor(device(inputs, vec![bit("open", 0)]), handshake);
    floor.stations.clear();
    floor.doors.push(Door {
        name: "D1".into(),
        ends: [(0, 0), (0, 1)],
        device: Some((DeviceId(0), HandshakeId(0))),
    });
    let programs = Programs::new(&floor).unwrap();
    let program = programs.door(DoorId(0)).unwrap();
    let mut outputs = Image::ZERO;
    // The leaf moves one position a cycle, from 0 (closed) to 20 (open).
    let mut leaf = 0u16;
    for (phase, end) in [(Phase::Begin, 20), (Phase::End, 0)] {
        let mut instance = Instance::start(program, phase, Context::default());
        let mut cycles = 0u64;
        loop {
            let mut inputs = Image::ZERO;
            inputs.set(PointAddress::Bit(0, 0), u16::from(leaf == 20));
            inputs.set(PointAddress::Bit(0, 1), u16::from(leaf == 0));
            if instance.step(&programs, &inputs, &mut outputs, cycles * 10, false) == Status::Done {
                break;
            }
            let open = outputs.get(PointAddress::Bit(0, 0)) == 1;
            leaf = if open {
                (leaf + 1).min(20)
            } else {
                leaf.saturating_sub(1)
            };
            cycles += 1;
            assert!(cycles < 100);
        }
        assert_eq!(leaf, end);
        assert!(cycles >= 20, "it waited for the leaf");
    }
}

#[test]
fn charger_switches_on_while_the_vehicle_connects_and_off_again() {
    let mut on = step("on", &[("enable", 1)], &[("current", 1)], 5_000);
    on.vehicle_acts = true;
    let handshake = Handshake {
        name: "charge".into(),
        kind: HandshakeKind::Charge,
        begin: vec![step("free", &[], &[("current", 0)], 1_000), on],
        end: vec![step("off", &[("enable", 0)], &[("current", 0)], 5_000)],
        fault: None,
        acknowledge: None,
    };
    let device = device(vec![bit("current", 0)], vec![bit("enable", 0)]);
    let mut floor = floor(device, handshake);
    floor.stations.clear();
    floor.chargers.push(Charger {
        name: "C1".into(),
        node: NodeId(0),
        device: Some((DeviceId(0), HandshakeId(0))),
    });
    let programs = Programs::new(&floor).unwrap();
    let program = programs.charger(ChargerId(0)).unwrap();
    let mut outputs = Image::ZERO;
    let mut begin = Instance::start(program, Phase::Begin, Context::default());
    let off = Image::ZERO;
    let on = Image::from_words(&[1]);
    let may_act = |status| {
        matches!(
            status,
            Status::Running {
                vehicle_may_act: true,
                ..
            }
        )
    };
    assert!(!may_act(begin.step(
        &programs,
        &off,
        &mut outputs,
        0,
        false
    )));
    assert!(may_act(begin.step(
        &programs,
        &off,
        &mut outputs,
        10,
        false
    )));
    assert_eq!(outputs.words()[0], 1);
    assert!(
        may_act(begin.step(&programs, &on, &mut outputs, 20, false)),
        "the vehicle is not done"
    );
    assert!(
        may_act(begin.step(&programs, &off, &mut outputs, 30, true)),
        "the charger is not on"
    );
    assert_eq!(
        begin.step(&programs, &on, &mut outputs, 40, true),
        Status::Done
    );
    let mut end = Instance::start(program, Phase::End, Context::default());
    end.step(&programs, &on, &mut outputs, 50, false);
    assert_eq!(outputs.words()[0], 0);
    assert_eq!(
        end.step(&programs, &off, &mut outputs, 60, false),
        Status::Done
    );
}

#[test]
fn phase_without_steps_is_done_at_once() {
    let floor = transfer_floor();
    let programs = Programs::new(&floor).unwrap();
    let program = programs.station(StationId(0)).unwrap();
    let mut instance = Instance::start(program, Phase::End, CONTEXT);
    let mut outputs = Image::from_words(&[9]);
    let status = instance.step(&programs, &Image::ZERO, &mut outputs, 0, false);
    assert_eq!(status, Status::Done);
    assert_eq!(outputs.words()[0], 9);
}

#[test]
fn users_of_the_same_pair_share_a_program() {
    let mut floor = transfer_floor();
    floor.stations.push(floor.stations[0].clone());
    floor.stations.push(Station {
        device: None,
        ..floor.stations[0].clone()
    });
    let programs = Programs::new(&floor).unwrap();
    assert_eq!(
        programs.station(StationId(0)),
        programs.station(StationId(1))
    );
    assert_eq!(programs.station(StationId(2)), None);
    assert_eq!(programs.station(StationId(3)), None);
    let program = programs.station(StationId(1)).unwrap();
    assert_eq!(programs.device(program), DeviceId(0));
}

#[test]
fn problems_say_where_they_are() {
    let problem = |change: fn(&mut Floor)| {
        let mut floor = transfer_floor();
        change(&mut floor);
        Programs::new(&floor).unwrap_err().to_string()
    };
    let begin = "station `S1`: handshake `transfer` with device `PLC`";
    assert_eq!(
        problem(|f| f.handshakes[0].begin[1].wait[0].0 = "dnoe".into()),
        format!("{begin}, step `transfer`: the device has no input `dnoe`")
    );
    assert_eq!(
        problem(|f| f.handshakes[0].begin[0].set[0].0 = "reqest".into()),
        format!("{begin}, step `ready`: the device has no output `reqest`")
    );
    assert_eq!(
        problem(|f| f.handshakes[0].begin[0].set[0].1 = Value::Load),
        format!(
            "{begin}, step `ready`: point `request` is one bit, it can only be 0 or 1; give it a whole word"
        )
    );
    assert_eq!(
        problem(|f| f.devices[0].write_words = 3),
        format!("{begin}, step `ready`: point `buffer` is outside of the device's 3 words")
    );
    assert_eq!(
        problem(|f| f.handshakes[0].fault = Some("error".into())),
        format!("{begin}: the device has no input `error`")
    );
    assert!(problem(|f| f.devices.clear()).contains("no such device"));
    assert!(
        problem(|f| {
            let device = f.stations[0].device;
            f.handshakes[0].begin[0].vehicle_acts = true;
            f.stations.clear();
            f.handshakes[0].kind = HandshakeKind::Door;
            f.doors.push(Door {
                name: "D1".into(),
                ends: [(0, 0); 2],
                device,
            });
        })
        .starts_with("door `D1`: handshake `transfer` with device `PLC`, step `ready`: no vehicle")
    );
}
