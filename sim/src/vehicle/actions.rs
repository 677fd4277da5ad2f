//! What a vehicle does at the end of its base: actions, told by number, begun at rest, reported until the next.

use super::Vehicle;
use crate::faults::FaultKind;
use takt_maps::words::{Action, ActionState, LoadId};

/// Fault codes that a simulated vehicle reports.
pub mod fault {
    /// The battery is empty: it stands.
    pub const BATTERY_EMPTY: u16 = 1;
    /// There is no station where it was told to hand a load over.
    pub const NO_STATION: u16 = 2;
    /// It was told to load with another load on board.
    pub const ALREADY_LOADED: u16 = 3;
    /// It was told to unload a load that it does not carry.
    pub const NOT_ON_BOARD: u16 = 4;
    /// The station's PLC did not take part in time.
    pub const STATION_SILENT: u16 = 5;
    /// The station had nothing to give.
    pub const NOTHING_TO_TAKE: u16 = 6;
    /// There is no charger where it was told to charge.
    pub const NO_CHARGER: u16 = 7;
    /// Given up before anything moved, because another action was told.
    pub const SUPERSEDED: u16 = 8;
    /// It does nothing that it is told (a fault of the simulation's making).
    pub const REFUSED: u16 = 9;
}

/// Time to connect to a charger, or to disconnect.
pub const CONNECT_MS: u32 = 2_000;

/// How long a vehicle waits for the station's PLC to take part.
pub const PATIENCE_MS: u32 = 60_000;

/// The action that the vehicle was last told, and until when it may be begun.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Told {
    pub(super) action: Action,
    pub(super) sequence: u16,
    pub(super) load: LoadId,
    pub(super) valid_until_ms: u64,
}

/// What a running action has come to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Doing {
    pub(super) action: Action,
    pub(super) load: LoadId,
    /// Time for which it has been under way, ms.
    pub(super) progress_ms: u32,
    /// Time for which it has waited for its partner, ms.
    pub(super) waited_ms: u32,
    /// Its partner does not take part just now.
    pub(super) alone: bool,
}

impl Vehicle {
    /// Begins the action that was told, if it is a new one, fresh, and the vehicle stands at the end of its base.
    pub(super) fn begin_action(&mut self, now_ms: u64) {
        if self.told.sequence == self.action_sequence || now_ms > self.told.valid_until_ms {
            return;
        }
        self.give_up_idle_action();
        if !self.finished() {
            return;
        }
        self.action_sequence = self.told.sequence;
        self.action_state = ActionState::Running;
        self.fault = 0;
        self.doing = Doing {
            action: self.told.action,
            load: self.told.load,
            ..Doing::default()
        };
        match self.told.action {
            Action::None => self.action_state = ActionState::Done,
            _ if self.suffers(FaultKind::VehicleRefuses) => self.fail(fault::REFUSED),
            // Told again after a restart of the controller: what is on board need not be taken again.
            Action::Load if self.load != LoadId::NONE && self.load == self.told.load => {
                self.action_state = ActionState::Done;
            }
            Action::Load if self.load != LoadId::NONE => self.fail(fault::ALREADY_LOADED),
            Action::Unload if self.load == LoadId::NONE || self.load != self.told.load => {
                self.fail(fault::NOT_ON_BOARD);
            }
            Action::Load | Action::Unload | Action::StartCharging | Action::StopCharging => {}
        }
    }

    /// Gives up an action that runs but waits for a partner, if another is told.
    pub(super) fn give_up_idle_action(&mut self) {
        if self.acts() && self.doing.progress_ms == 0 {
            self.fail(fault::SUPERSEDED);
        }
    }

    /// A controller that has been restarted has taken the station's start back: what waits for it waits in vain.
    pub(super) fn give_up_abandoned_action(&mut self) {
        if self.acts() && self.doing.alone {
            self.fail(fault::SUPERSEDED);
        }
    }

    /// The action that runs, with its load.
    pub fn running(&self) -> Option<(Action, LoadId)> {
        let own = self.acts() && !self.trouble.as_ref().is_some_and(|t| t.again.runs());
        own.then_some((self.doing.action, self.doing.load))
    }

    /// Counts `dt_ms` of an action under way; true when it has taken as long as it takes.
    pub fn progress(&mut self, dt_ms: u32) -> bool {
        self.doing.alone = false;
        self.doing.progress_ms += dt_ms;
        self.doing.progress_ms
            >= match self.doing.action {
                Action::Load | Action::Unload => self.transfer_ms,
                _ => CONNECT_MS,
            }
    }

    /// Counts `dt_ms` of waiting for a partner; the action fails when patience is at its end.
    pub fn wait(&mut self, dt_ms: u32) {
        self.doing.alone = true;
        self.doing.waited_ms += dt_ms;
        if self.doing.waited_ms > PATIENCE_MS {
            self.fail(fault::STATION_SILENT);
        }
    }

    /// The running action has succeeded.
    pub fn succeed(&mut self) {
        match self.doing.action {
            Action::None => {}
            Action::Load => self.load = self.found(self.doing.load),
            Action::Unload => self.load = LoadId::NONE,
            Action::StartCharging => self.connected = true,
            Action::StopCharging => self.connected = false,
        }
        self.action_state = ActionState::Done;
        self.drive.plan(self.loaded());
    }

    /// The running action has failed, for the reason of a [`fault`] code.
    pub fn fail(&mut self, code: u16) {
        self.action_state = ActionState::Failed;
        self.fault = code;
    }
}
