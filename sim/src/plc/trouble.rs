//! What is wrong with a PLC: restarts, freezes, and things that stick, each counted by itself.

use super::image::Image;
use super::{Model, Plc};
use crate::faults::FaultKind;

/// Everything that is wrong with a PLC just now.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Trouble {
    /// Faults that have begun and not ended; a kind is in it as often as it has begun.
    active: Vec<FaultKind>,
    /// What it was told while it stood still; it counts when it goes on.
    pending: Option<Image>,
    /// A door that has restarted stays where it is until it is told again where to go.
    untold: bool,
    /// A fire alarm closes the door, as soon as it is clear.
    fire: Option<Way>,
}

/// Is a door's line clear?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// Nothing is in it, and nothing comes that could not stop.
    Clear,
    /// Something is in it.
    Occupied,
}

impl Trouble {
    fn has(&self, kind: FaultKind) -> bool {
        self.active.contains(&kind)
    }
}

impl Plc {
    /// A fault begins.
    pub(crate) fn begin_fault(&mut self, kind: FaultKind) {
        self.trouble.get_or_insert_default().active.push(kind);
        if kind == FaultKind::PlcRestart {
            let sticks = self.sticks();
            match &mut self.model {
                Model::Transfer(_, transfer) => transfer.restart(),
                // Its contact falls off, unless it is stuck.
                Model::Charger(_, charger) if !sticks => charger.restart(),
                Model::Charger(..) | Model::Door(..) | Model::Unused => {}
            }
            self.outputs = Image::default();
            let trouble = self.trouble.get_or_insert_default();
            (trouble.pending, trouble.untold) = (None, true);
        }
    }

    /// A fault is over.
    pub(crate) fn end_fault(&mut self, kind: FaultKind) {
        if let Some(trouble) = &mut self.trouble {
            if let Some(at) = trouble.active.iter().position(|&k| k == kind) {
                trouble.active.swap_remove(at);
            }
            let frozen = trouble.has(FaultKind::PlcFreezes);
            if !frozen && let Some(told) = trouble.pending.take() {
                (self.outputs, trouble.untold) = (told, false);
            }
        }
        self.tidy();
    }

    /// A fire alarm closes the door if its way is clear; `None`: the alarm is over.
    pub(crate) fn set_fire(&mut self, fire: Option<Way>) {
        if fire.is_some() || self.trouble.is_some() {
            self.trouble.get_or_insert_default().fire = fire;
            self.tidy();
        }
    }

    /// It is told its outputs.
    pub(crate) fn tell(&mut self, outputs: Image) {
        if let Some(trouble) = &mut self.trouble {
            if trouble.has(FaultKind::PlcRestart) {
                return;
            }
            if trouble.has(FaultKind::PlcFreezes) {
                trouble.pending = Some(outputs);
                return;
            }
            trouble.untold = false;
        }
        self.outputs = outputs;
        self.tidy();
    }

    /// Is anything wrong with it?
    pub(crate) fn has_trouble(&self) -> bool {
        self.trouble.is_some()
    }

    /// Does it run?
    pub(crate) fn runs(&self) -> bool {
        self.trouble
            .as_ref()
            .is_none_or(|t| !t.has(FaultKind::PlcRestart) && !t.has(FaultKind::PlcFreezes))
    }

    /// Does it say nothing but 0?
    pub(crate) fn is_down(&self) -> bool {
        let down = |t: &Trouble| t.has(FaultKind::PlcRestart);
        self.trouble.as_deref().is_some_and(down)
    }

    /// Does what it moves stand still, whatever it does?
    pub(crate) fn sticks(&self) -> bool {
        self.trouble.as_ref().is_some_and(|t| {
            let waits = t.untold && t.fire.is_none() && matches!(self.model, Model::Door(..));
            waits || t.has(FaultKind::DoorSticks) || t.has(FaultKind::ChargerSticks)
        })
    }

    /// What a fire alarm makes of its door.
    pub(crate) fn fire(&self) -> Option<Way> {
        self.trouble.as_ref().and_then(|t| t.fire)
    }

    /// Nothing is kept for a PLC that has no trouble.
    fn tidy(&mut self) {
        let waits = matches!(self.model, Model::Door(..));
        if let Some(trouble) = &mut self.trouble {
            trouble.untold &= waits;
            if **trouble == Trouble::default() {
                self.trouble = None;
            }
        }
    }
}
