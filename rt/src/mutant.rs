//! Defects made on purpose, to see that judges notice: mutation testing of the controller.
//!
//! Only with the feature `mutants`, which tests switch on; otherwise [`is_on`] is `false` when compiled. A mutant is on
//! in the thread that switched it on, so that others can be tested at the same time.

/// A defect.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Mutant {
    /// A vehicle is granted a place that another holds.
    GrantHeldPlace,
    /// A vehicle is granted a move to a node that another holds: a node too far.
    GrantOneNodeTooFar,
    /// A vehicle goes before another that should have gone before it.
    SwapDependencies,
    /// A node ahead of where the vehicle has come to is released with those behind it.
    ReleaseEarly,
    /// What is behind a vehicle is never released.
    NeverRelease,
    /// Plans are admitted without being rehearsed.
    SkipRehearsal,
    /// A plan or an assignment for another state is taken for one for this state.
    IgnoreStaleStamp,
    /// What a vehicle claims to have reached is believed, granted or not.
    BelieveAnyReport,
    /// The ground of a vehicle that is not where it should be is freed.
    FreeLostVehicle,
    /// After an emergency stop a vehicle goes on before a person has resumed it.
    ResumeByItself,
    /// Vehicles that are paused are granted ground.
    GrantToPaused,
    /// Doors count as open.
    IgnoreDoors,
    /// Doors are closed while vehicles still have to pass.
    CloseDoorsEarly,
    /// A vehicle that was switched off and on is treated as though it remembered its base.
    ForgetReboot,
    /// Requests are answered before what they caused is durable.
    AnswerBeforeDurable,
    /// A restarted controller forgets the last of the orders that its store has.
    LoseOrderAtRestart,
    /// A restarted controller gives an id once more.
    ReuseOrderId,
    /// A restarted controller calls itself by its old number.
    ReuseEpoch,
    /// A start does not compare its store with what the witness has seen.
    IgnoreWitness,
    /// An order is called completed when the handing over begins.
    CompleteEarly,
    /// A cancelled order stays with its vehicle.
    KeepCancelled,
    /// A transfer that failed once is never tried again.
    NeverRetry,
    /// Something that the controller takes in is not journalled.
    UnjournalledInput,
    /// A device is told what it should do when that changes, and not again when it comes back.
    ForgetResetAfterReconnect,
    /// A load that is delivered is counted twice.
    CountDeliveryTwice,
    /// The station is told another of its buffers than the one that the load is for.
    WrongBuffer,
    /// Each cycle takes a little memory and never gives it back.
    LeakMemory,
}

impl Mutant {
    /// All of them.
    pub const ALL: [Mutant; 27] = [
        Mutant::GrantHeldPlace,
        Mutant::GrantOneNodeTooFar,
        Mutant::SwapDependencies,
        Mutant::ReleaseEarly,
        Mutant::NeverRelease,
        Mutant::SkipRehearsal,
        Mutant::IgnoreStaleStamp,
        Mutant::BelieveAnyReport,
        Mutant::FreeLostVehicle,
        Mutant::ResumeByItself,
        Mutant::GrantToPaused,
        Mutant::IgnoreDoors,
        Mutant::CloseDoorsEarly,
        Mutant::ForgetReboot,
        Mutant::AnswerBeforeDurable,
        Mutant::LoseOrderAtRestart,
        Mutant::ReuseOrderId,
        Mutant::ReuseEpoch,
        Mutant::IgnoreWitness,
        Mutant::CompleteEarly,
        Mutant::KeepCancelled,
        Mutant::NeverRetry,
        Mutant::UnjournalledInput,
        Mutant::ForgetResetAfterReconnect,
        Mutant::CountDeliveryTwice,
        Mutant::WrongBuffer,
        Mutant::LeakMemory,
    ];
}

#[cfg(feature = "mutants")]
mod switch {
    use super::Mutant;
    use std::cell::Cell;

    thread_local! {
        static ON: Cell<Option<Mutant>> = const { Cell::new(None) };
    }

    /// Switches a mutant on in this thread, or all off.
    pub fn switch_on(mutant: Option<Mutant>) {
        ON.set(mutant);
    }

    /// Is this mutant on in this thread?
    #[inline]
    pub fn is_on(mutant: Mutant) -> bool {
        ON.get() == Some(mutant)
    }
}

#[cfg(feature = "mutants")]
pub use switch::{is_on, switch_on};

/// Is this mutant on? Never, without the feature `mutants`.
#[cfg(not(feature = "mutants"))]
#[inline(always)]
pub const fn is_on(_: Mutant) -> bool {
    false
}
