//! A vehicle that carries an action out once more after it is done.

use super::{Vehicle, fault};
use crate::faults::FaultKind;
use takt_maps::words::{Action, ActionState, LoadId};

/// Time from the end of an action to its repetition, so that its end is noticed, and time that this takes, ms.
const AGAIN_MS: u32 = 1_000;

/// How far a repetition is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Again {
    /// The action that is being repeated, or was last.
    sequence: Option<u16>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum State {
    /// Waits for the next action.
    #[default]
    No,
    /// The action is done since so many milliseconds.
    Done(u32),
    /// It runs again since so many milliseconds.
    Running(u32),
}

impl Again {
    /// Does an action run again?
    pub(super) fn runs(&self) -> bool {
        matches!(self.state, State::Running(_))
    }

    /// Forgets what it repeated, unless it is about it.
    pub(super) fn end(&mut self) {
        if !self.runs() {
            *self = Self::default();
        }
    }
}

impl Vehicle {
    /// Repeats the last action, if it is one that repeats.
    pub(super) fn step_repetition(&mut self, dt_ms: u32) {
        let acts = self.acts();
        let Some(trouble) = &mut self.trouble else {
            return;
        };
        let repeats = trouble.has(FaultKind::VehicleRepeats);
        let sequence = Some(self.action_sequence);
        let again = &mut trouble.again;
        match again.state {
            State::No
                if repeats
                    && self.action_state == ActionState::Done
                    && self.doing.action != Action::None
                    && again.sequence != sequence =>
            {
                again.sequence = sequence;
                again.state = State::Done(0);
            }
            State::No => {}
            State::Done(ms) => {
                let stands = self.drive.finished() && self.action_state == ActionState::Done;
                again.state = if again.sequence != sequence || !stands {
                    State::No
                } else if ms < AGAIN_MS {
                    State::Done(ms + dt_ms)
                } else {
                    self.action_state = ActionState::Running;
                    State::Running(0)
                };
            }
            State::Running(ms) if again.sequence != sequence || !acts => {
                debug_assert!(ms <= 2 * AGAIN_MS, "it ends");
                again.state = State::No;
            }
            State::Running(ms) if ms < AGAIN_MS => again.state = State::Running(ms + dt_ms),
            State::Running(_) => {
                again.state = State::No;
                self.finish_repetition();
            }
        }
        if let Some(trouble) = &mut self.trouble
            && !trouble.has(FaultKind::VehicleRepeats)
        {
            trouble.again.end();
        }
    }

    /// What comes of an action that was done before.
    fn finish_repetition(&mut self) {
        let nothing_left = match self.doing.action {
            // The load is gone already: no other can be handed over.
            Action::Unload => true,
            Action::Load => self.load == LoadId::NONE,
            _ => false,
        };
        if nothing_left {
            self.fail(fault::NOT_ON_BOARD);
        } else {
            self.action_state = ActionState::Done;
        }
    }
}
