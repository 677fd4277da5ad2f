use super::*;
use crate::link::model_side::VehicleSide;
use std::time::Duration;
use takt_maps::words::{VehicleCommand, VehicleReport};
use takt_maps::{Control, VehicleId};

/// A model with a vehicle whose heartbeat advances with the time, until it is made to stand.
struct Rig {
    start: Instant,
    model: Model<VehicleSide>,
    stands: bool,
    states: Vec<(u64, LinkState)>,
    written: Vec<(u64, u16)>,
}

impl Rig {
    fn new() -> Self {
        let start = Instant::now();
        let timing = Timing::new(&Control::default(), 1, 2);
        let side = VehicleSide::new(VehicleId(0));
        let endpoint = Endpoint::Vehicle(VehicleId(0));
        Self {
            start,
            model: Model::new(endpoint, side, timing, start),
            stands: false,
            states: Vec::new(),
            written: Vec::new(),
        }
    }

    /// Runs until `until_ms`, answering everything at once.
    fn run(&mut self, until_ms: u64) {
        loop {
            let now = self.model.next();
            let ms = now.duration_since(self.start).as_millis() as u64;
            if ms > until_ms {
                return;
            }
            let states = &mut self.states;
            let mut say = |said| {
                if let FromField::Link { state, .. } = said {
                    states.push((ms, state));
                }
            };
            let mut step = self.model.wake(now, ms, &mut say);
            while step != Step::Rest {
                step = match step {
                    Step::Open => self.model.opened(true, now, ms, &mut say),
                    Step::Read => {
                        let heartbeat = if self.stands { 0 } else { ms as u16 };
                        let report = VehicleReport {
                            heartbeat,
                            ..VehicleReport::default()
                        };
                        let said = Answer::Said(report);
                        self.model.answered(said, now, ms, &mut say)
                    }
                    Step::Write => {
                        self.written.push((ms, self.model.command().sequence));
                        self.model.answered(Answer::Written, now, ms, &mut say)
                    }
                    Step::Rest => Step::Rest,
                };
            }
        }
    }

    fn put(&mut self, sequence: u16, deadline_ms: u64) {
        let command = VehicleCommand {
            sequence,
            ..VehicleCommand::default()
        };
        assert!(!self.model.put(command, deadline_ms), "vehicles wait");
    }
}

#[test]
fn polls_come_at_the_links_phase_and_carry_the_latest_command() {
    let mut rig = Rig::new();
    rig.run(80);
    assert_eq!(
        rig.states,
        [(0, LinkState::Connecting), (75, LinkState::Up)],
        "the first report only says where the heartbeat stands"
    );
    rig.put(1, 1_000);
    rig.put(2, 170);
    rig.run(200);
    assert_eq!(rig.written, [(125, 2)]);
    rig.put(3, 200);
    rig.run(240);
    assert_eq!(rig.model.stats().dropped_commands, 1);
}

#[test]
fn a_heartbeat_that_stands_kills_the_link_and_a_new_connection_is_tried() {
    let mut rig = Rig::new();
    rig.run(100);
    rig.stands = true;
    rig.run(2_500);
    // 0 is another heartbeat than 75: one more report, at 125 ms, was news.
    assert_eq!(rig.states[2..], [(1_125, LinkState::Down)]);
    assert!(rig.model.stats().frozen >= 1 && rig.model.stats().reconnects >= 1);
    rig.stands = false;
    rig.run(2_600);
    assert_eq!(rig.states.last().map(|s| s.1), Some(LinkState::Up));
}

#[test]
fn a_request_without_an_answer_ends_the_connection() {
    let mut rig = Rig::new();
    rig.run(100);
    let at = |ms| rig.start + Duration::from_millis(ms);
    let mut said = Vec::new();
    let mut say = |s| said.push(s);
    let model = &mut rig.model;
    assert_eq!(model.wake(at(125), 125, &mut say), Step::Read);
    assert_eq!(model.next(), at(625));
    assert_eq!(model.wake(at(625), 625, &mut say), Step::Rest);
    assert_eq!((model.stats().timeouts, model.next()), (1, at(725)));
    assert_eq!(model.wake(at(725), 725, &mut say), Step::Open);
    let step = model.opened(true, at(725), 725, &mut say);
    assert_eq!(step, Step::Read, "what was missed is done at once");
    assert_eq!(model.stats().reconnects, 1);
}
