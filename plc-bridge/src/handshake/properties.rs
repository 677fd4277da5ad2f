//! Random handshakes against arbitrary inputs.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::tests::{CONTEXT, bit, device, floor, word};
use super::*;
use crate::Image;
use proptest::prelude::*;
use takt_maps::*;

fn random_steps() -> impl Strategy<Value = Vec<HandshakeStep>> {
    let value = prop_oneof![
        (0u16..3).prop_map(Value::Constant),
        Just(Value::Direction),
        Just(Value::Load),
        Just(Value::Buffer),
    ];
    let bits = (0u8..4, 0u16..2).prop_map(|(b, v)| (format!("b{b}"), Value::Constant(v)));
    let words = (1u8..4, value).prop_map(|(w, v)| (format!("w{w}"), v));
    let points = prop::collection::vec(prop_oneof![bits, words], 0..4);
    let step = (points.clone(), points, any::<bool>(), 1u32..500).prop_map(
        |(set, wait, vehicle_acts, timeout_ms)| HandshakeStep {
            name: "step".into(),
            set,
            wait,
            vehicle_acts,
            timeout_ms,
        },
    );
    prop::collection::vec(step, 0..6)
}

fn random_floor(begin: Vec<HandshakeStep>, fault: bool) -> Floor {
    let points = || {
        let bits = (0..4).map(|b| bit(&format!("b{b}"), b));
        bits.chain((1..4).map(|w| word(&format!("w{w}"), w)))
            .collect()
    };
    let handshake = Handshake {
        name: "random".into(),
        kind: HandshakeKind::Transfer,
        begin,
        end: vec![],
        fault: fault.then(|| "b3".into()),
        acknowledge: fault.then(|| "b3".into()),
    };
    floor(device(points(), points()), handshake)
}

proptest! {
    /// Steps with time-outs end, whatever the device says: in order, one at a time, and within their times.
    #[test]
    fn any_program_ends_by_its_time_outs(
        begin in random_steps(),
        fault in any::<bool>(),
        script in prop::collection::vec((any::<[u8; 4]>(), any::<bool>(), 1u64..60), 1..50),
    ) {
        let floor = random_floor(begin.clone(), fault);
        let programs = Programs::new(&floor).unwrap();
        let program = programs.station(StationId(0)).unwrap();
        let mut instance = Instance::start(program, Phase::Begin, Context { load: 1, ..CONTEXT });
        let mut outputs = Image::ZERO;
        let (mut now, mut last_step) = (0, 0);
        // Each step lasts its time-out at most, seen in the first call after it.
        let limit_ms: u64 = begin.iter().map(|s| u64::from(s.timeout_ms) + 60).sum::<u64>() + 60;
        for (words, vehicle_done, dt) in script.iter().cycle() {
            let registers = words.map(|w| u16::from(w % 8));
            let inputs = Image::from_words(&registers);
            match instance.step(&programs, &inputs, &mut outputs, now, *vehicle_done) {
                Status::Running { step, vehicle_may_act } => {
                    prop_assert!(step == last_step || step == last_step + 1);
                    prop_assert_eq!(vehicle_may_act, begin[usize::from(step)].vehicle_acts);
                    last_step = step;
                }
                Status::Done => {
                    prop_assert!(begin.is_empty() || usize::from(last_step) == begin.len() - 1);
                    return Ok(());
                }
                Status::Failed { step, cause, .. } => {
                    prop_assert_eq!(step, last_step);
                    prop_assert!(cause == Cause::Timeout || (fault && registers[0] & 8 != 0));
                    return Ok(());
                }
            }
            now += dt;
            prop_assert!(now <= limit_ms, "still running after {} ms", now);
        }
    }

    /// Once over it stays over, and touches no output but the acknowledgement, and that only when asked to.
    #[test]
    fn what_is_over_stays_over(
        begin in random_steps(),
        script in prop::collection::vec((any::<[u8; 4]>(), any::<bool>()), 1..20),
    ) {
        let floor = random_floor(begin, true);
        let programs = Programs::new(&floor).unwrap();
        let program = programs.station(StationId(0)).unwrap();
        let mut instance = Instance::start(program, Phase::Begin, CONTEXT);
        let mut outputs = Image::ZERO;
        let faulty = Image::from_words(&[8]);
        for now in 0..10u64 {
            instance.step(&programs, &faulty, &mut outputs, now, true);
        }
        let before = outputs;
        for (now, (words, acknowledge)) in (10u64..).zip(script) {
            let inputs = Image::from_words(&words.map(u16::from));
            if acknowledge {
                instance.acknowledge();
            }
            let status = instance.step(&programs, &inputs, &mut outputs, now, true);
            let still = matches!(status, Status::Failed { step: 0, cause: Cause::DeviceFault, .. });
            prop_assert!(still);
            let mut expected = before;
            let ack = PointAddress::Bit(0, 3);
            expected.set(ack, outputs.get(ack));
            prop_assert_eq!(outputs, expected);
            if outputs.get(ack) == 1 {
                prop_assert!(inputs.get(ack) == 1, "acknowledged without a fault");
            }
        }
    }
}
