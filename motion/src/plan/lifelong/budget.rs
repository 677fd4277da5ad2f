//! How much effort a plan may take.

/// The parts of a step, in their order. Each ends by itself or when its budget is spent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// Choosing goals: the part of those who ask for plans.
    Choose,
    /// Distance fields of new goals.
    Fields,
    /// Distance fields that know old costs.
    Refresh,
    /// Each agent's turn.
    Turns,
    /// Improving the plan.
    Improve,
}

/// Decides when a phase ends.
///
/// Asked at points that depend on the work only, with the work done so far in the step, or, for `Choose`, in that phase:
/// whoever answers the same, whether from a clock, a number or a record, gets the same plan.
pub trait Budget {
    /// Is the budget of this phase spent?
    fn spent(&mut self, phase: Phase, work: u64) -> bool;
}

/// A budget in work, the same on every machine: half of it at most for fields.
#[derive(Clone, Copy, Debug)]
pub struct WorkBudget(
    /// Operations and states that may be looked at in a step.
    pub u64,
);

impl Budget for WorkBudget {
    fn spent(&mut self, phase: Phase, work: u64) -> bool {
        let share = match phase {
            Phase::Choose => self.0 / 4,
            Phase::Fields => self.0 / 2,
            Phase::Refresh => self.0 / 8,
            Phase::Turns => self.0 - self.0 / 8,
            Phase::Improve => self.0,
        };
        work >= share
    }
}
