//! Doors: opened before a vehicle needs them, kept open while one may be in them, then closed.

use std::hash::Hash;

use takt_maps::{DoorId, EdgeId};
use takt_plc_bridge::handshake::{Context, Instance, Phase, Status};

use takt_rt::mutant::{Mutant, is_on};

use super::tracked::{Digest, Mixer};
use super::{Controller, Delta, DeviceControl, Outputs, handshake_alarm, set_outputs};
use crate::follower::model::DoorView;

/// Moves ahead for which a door is opened.
const MOVES_AHEAD: usize = 5;
/// A door that nobody needs stays open for so long.
const LINGER_MS: u64 = 3_000;

/// Who comes to a door is looked at twice in this time, at least.
const WANTED_MS: u64 = 20;

/// A door that does not confirm for so long that it is open counts as not open.
const DOUBT_MS: u64 = 500;

/// A door in the controller.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct DoorControl {
    /// As known from its dialogue.
    pub state: DoorView,
    /// The dialogue under way.
    dialogue: Option<Instance>,
    /// The dialogue under way opens it (or closes it).
    opening: bool,
    /// When it was last told again to be open.
    watched_ms: u64,
    /// Since when it is told to be open, if it was not known how it stood then: what it says may be older.
    told_ms: Option<u64>,
    /// When a vehicle last needed it.
    needed_ms: u64,
    /// When one was last seen that comes to it soon.
    wanted_ms: Option<u64>,
}

impl Digest for DoorControl {
    fn digest(&self, mixer: &mut Mixer) {
        mixer.add(self.state as u64 | u64::from(self.opening) << 8);
        self.dialogue.hash(mixer);
        mixer.add(self.watched_ms);
        mixer.add_option(self.told_ms);
        mixer.add(self.needed_ms);
        mixer.add_option(self.wanted_ms);
    }
}

impl Controller {
    /// Advances every door by one cycle.
    pub(super) fn advance_doors<O: Outputs>(&mut self, out: &mut O) {
        self.look_for_comers();
        for door in (0..self.doors.len()).map(DoorId::from_index) {
            let before = self.doors[door.index()].state;
            let needed = self.door_needed(door);
            self.advance_door(door, needed, out);
            let state = self.doors[door.index()].state;
            if state != before {
                out.delta(Delta::Door { door, state });
            }
        }
    }

    /// May a vehicle be granted this edge as far as doors are concerned?
    pub(super) fn door_open(doors: &[DoorControl], floor: &takt_maps::Floor, edge: EdgeId) -> bool {
        floor
            .roadmap
            .edge(edge)
            .door
            .is_none_or(|door| doors[door.index()].state == DoorView::Open)
            || is_on(Mutant::IgnoreDoors)
    }

    /// Notes which doors those come to soon who are looked at in this cycle.
    fn look_for_comers(&mut self) {
        if self.doors.is_empty() {
            return;
        }
        for place in 0..self.looks.len() {
            let vehicle = self.looked_at(place);
            if !self.may_move(vehicle) {
                continue;
            }
            for edge in self.traffic.pending(vehicle).take(MOVES_AHEAD) {
                if let Some(door) = self.floor.roadmap.edge(edge).door {
                    self.doors[door.index()].wanted_ms = Some(self.now_ms);
                }
            }
        }
    }

    fn door_needed(&self, door: DoorId) -> bool {
        let wanted_ms = self.doors[door.index()].wanted_ms;
        (self.traffic.is_door_held(door) && !is_on(Mutant::CloseDoorsEarly))
            || wanted_ms.is_some_and(|ms| self.now_ms < ms + WANTED_MS)
    }

    fn advance_door<O: Outputs>(&mut self, door: DoorId, needed: bool, out: &mut O) {
        let now_ms = self.now_ms;
        let control = &mut self.doors[door.index()];
        if needed {
            control.needed_ms = now_ms;
        }
        let Some(program) = self.programs.door(door) else {
            control.state = DoorView::Open;
            return;
        };
        let device = self.programs.device(program);
        let DeviceControl {
            inputs,
            mut outputs,
            linked,
            ..
        } = self.devices[device.index()];
        if !linked {
            // What cannot be heard cannot be relied on.
            control.state = DoorView::Moving;
            control.dialogue = None;
            control.told_ms = None;
            return;
        }
        if control.dialogue.is_none() {
            let open = match control.state {
                // Said again all the time, so that it is noticed when the door does not stay open.
                DoorView::Open if needed => {
                    control.watched_ms = now_ms;
                    true
                }
                DoorView::Open if !needed && now_ms - control.needed_ms > LINGER_MS => false,
                DoorView::Closed | DoorView::Fault | DoorView::Moving if needed => true,
                // Not known how it stands (its link was dead): closed, to be sure, once nobody can be in it any more.
                DoorView::Fault | DoorView::Moving if now_ms - control.needed_ms > LINGER_MS => {
                    false
                }
                _ => return,
            };
            control.told_ms = match control.state {
                DoorView::Fault | DoorView::Moving if open => control.told_ms.or(Some(now_ms)),
                _ => None,
            };
            let phase = if open { Phase::Begin } else { Phase::End };
            control.opening = open;
            if !(open && control.state == DoorView::Open) {
                control.state = DoorView::Moving;
            }
            control.dialogue = Some(Instance::start(program, phase, Context::default()));
        }
        let Some(dialogue) = &mut control.dialogue else {
            return;
        };
        let status = dialogue.step(&self.programs, &inputs, &mut outputs, now_ms, true);
        set_outputs(&mut self.devices, device, outputs);
        match status {
            Status::Running { .. } => {
                if control.state == DoorView::Open && now_ms - control.watched_ms > DOUBT_MS {
                    control.state = DoorView::Moving;
                }
            }
            Status::Done => {
                control.dialogue = None;
                // A word from before it was told may have been long under way, and the door may have been closing.
                let timeout_ms = u64::from(self.floor.control.link_timeout_ms);
                let may_be_old = control.told_ms.is_some_and(|ms| now_ms < ms + timeout_ms);
                control.state = if control.opening && may_be_old {
                    DoorView::Moving
                } else if control.opening {
                    DoorView::Open
                } else {
                    DoorView::Closed
                };
                handshake_alarm(&mut self.devices, device, false, now_ms, out);
            }
            Status::Failed { clear, .. } => {
                dialogue.acknowledge();
                if clear {
                    // Whoever has been given the way through it goes on: it stays told to be open.
                    if !needed {
                        dialogue.withdraw(&self.programs, &mut outputs);
                        set_outputs(&mut self.devices, device, outputs);
                    }
                    control.dialogue = None;
                }
                control.state = DoorView::Fault;
                handshake_alarm(&mut self.devices, device, true, now_ms, out);
            }
        }
    }
}
