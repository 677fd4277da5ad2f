//! An agent, as who asks for a plan sees it.

use super::space::{Place, State};

/// Where an agent is and where it wants to go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Agent {
    /// Its state.
    pub state: State,
    /// Its goal; [`NONE`](super::NONE): it idles, and may be pushed anywhere.
    pub goal: Place,
    /// Its goal after that; [`NONE`](super::NONE) if that isn't known.
    pub then: Place,
    /// What the way costs that remains after `goal`, in the units of the fields: agents with little left to do go first.
    pub rest: u32,
}
