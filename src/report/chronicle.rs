//! What is remembered of a run: who did what when, how orders ended, where vehicles stood.
//!
//! Times are simulated milliseconds since the run began. It knows nothing of where it comes from, so that tests can
//! write one by hand.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use takt_maps::{EdgeId, NodeId, VehicleId};

/// Time between two looks: how exact spans are.
pub const LOOK_MS: u64 = 1_000;

/// A fault that was put into the run, and how it ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FaultLine {
    /// What sort of fault.
    pub name: String,
    /// What it befell.
    pub target: String,
    /// When it began.
    pub from_ms: u64,
    /// When its cause was gone.
    pub until_ms: u64,
    /// What came of it, in words.
    pub ended: String,
}

/// Something that must not be and was.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ViolationLine {
    /// Which judge says so.
    pub judge: String,
    /// When, in seconds.
    pub at_s: f64,
    /// What it saw.
    pub what: String,
}

/// What a vehicle is for at one time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Doing {
    /// On the way to a pickup.
    ToPickup,
    /// Taking a load.
    Loading,
    /// On the way to a drop.
    ToDrop,
    /// Handing a load over.
    Unloading,
    /// On the way to a charger.
    ToCharger,
    /// At a charger.
    Charging,
    /// On the way to a parking place.
    Parking,
    /// Nothing.
    Idle,
}

impl Doing {
    /// All, in the order in which legends name them.
    pub const ALL: [Self; 8] = [
        Self::ToPickup,
        Self::Loading,
        Self::ToDrop,
        Self::Unloading,
        Self::ToCharger,
        Self::Charging,
        Self::Parking,
        Self::Idle,
    ];

    /// For people.
    pub const fn word(self) -> &'static str {
        match self {
            Self::ToPickup => "to pickup",
            Self::Loading => "loading",
            Self::ToDrop => "to drop",
            Self::Unloading => "unloading",
            Self::ToCharger => "to charger",
            Self::Charging => "charging",
            Self::Parking => "to parking",
            Self::Idle => "idle",
        }
    }

    /// Does it work on an order?
    pub const fn works(self) -> bool {
        matches!(
            self,
            Self::ToPickup | Self::Loading | Self::ToDrop | Self::Unloading
        )
    }
}

/// Why a vehicle does not get on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Hindrance {
    /// This vehicle has to clear the ground.
    Vehicle(VehicleId),
    /// A zone is full.
    Zone,
    /// It has no plan yet.
    Plan,
    /// A door is not open.
    Door,
    /// For a way that a person has blocked.
    Blocked,
    /// It was paused.
    Paused,
    /// Fault, dead link, lost position, or a person drives.
    Fault,
}

impl Hindrance {
    /// Does it wait for others: vehicles, zones, plans?
    pub const fn for_others(self) -> bool {
        matches!(self, Self::Vehicle(_) | Self::Zone | Self::Plan)
    }

    /// Is it out of order, or held by a person?
    pub const fn out_of_order(self) -> bool {
        matches!(self, Self::Paused | Self::Fault)
    }
}

/// From when to when something was so.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span<T> {
    /// Its beginning.
    pub from_ms: u64,
    /// Its end.
    pub until_ms: u64,
    /// What was so.
    pub what: T,
}

/// The life of one vehicle.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Diary {
    /// What it was for, without gaps.
    pub doings: Vec<Span<Doing>>,
    /// When it did not get on.
    pub hindrances: Vec<Span<Hindrance>>,
    /// Where it last stood waiting.
    pub stood: Option<Span<NodeId>>,
}

/// How an order ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OrderEnd {
    /// From submission to end.
    pub lead_ms: u64,
    /// When it ended.
    pub at_ms: u64,
    /// Was it completed (and not cancelled or failed)?
    pub completed: bool,
    /// How long after its deadline it ended; `None`: in time, or it had no deadline.
    pub late_ms: Option<u64>,
}

/// How often vehicles stood waiting at one place, and for how long.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Standing {
    /// Times that one began to wait.
    pub times: u64,
    /// Longest that one waited without a break, for whatever reasons.
    pub longest_ms: u64,
    /// For what, in all.
    pub reasons_ms: BTreeMap<Hindrance, u64>,
}

/// The floor as a whole at one time.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sample {
    /// When.
    pub at_ms: u64,
    /// Orders open.
    pub open: u64,
    /// Orders open and late.
    pub late: u64,
    /// Time that each line has stood for want of parts since the run began.
    pub starved_ms: Vec<u64>,
}

/// Everything that is remembered.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Chronicle {
    /// Time looked at so far.
    pub until_ms: u64,
    /// One for each vehicle.
    pub vehicles: Vec<Diary>,
    /// Orders that ended, as they were found.
    pub orders: Vec<OrderEnd>,
    /// How often each directed edge was driven.
    pub traversals: BTreeMap<EdgeId, u64>,
    /// Where vehicles stood waiting; what was paused or out of order did not wait.
    pub standing: BTreeMap<NodeId, Standing>,
    /// Once a look.
    pub samples: Vec<Sample>,
    /// Faults that were put into the run.
    pub faults: Vec<FaultLine>,
    /// What judges objected to.
    pub violations: Vec<ViolationLine>,
}

impl Chronicle {
    /// Of a floor with so many vehicles, of which nothing is known yet.
    pub fn new(vehicles: usize) -> Self {
        Self {
            vehicles: vec![Diary::default(); vehicles],
            ..Self::default()
        }
    }

    /// A vehicle was doing this until `at_ms`, since it was last looked at (`since_ms`).
    ///
    /// `hindrance` says why it stood, and after which node, if it stood.
    pub fn vehicle(
        &mut self,
        vehicle: VehicleId,
        (since_ms, at_ms): (u64, u64),
        doing: Doing,
        hindrance: Option<(Hindrance, NodeId)>,
    ) {
        let diary = &mut self.vehicles[vehicle.index()];
        extend(&mut diary.doings, since_ms, at_ms, doing);
        let Some((hindrance, node)) = hindrance else {
            return;
        };
        extend(&mut diary.hindrances, since_ms, at_ms, hindrance);
        if hindrance.out_of_order() {
            return;
        }
        let stood = match diary.stood {
            Some(last) if last.what == node && last.until_ms == since_ms => last.from_ms,
            _ => since_ms,
        };
        diary.stood = Some(Span {
            from_ms: stood,
            until_ms: at_ms,
            what: node,
        });
        let standing = self.standing.entry(node).or_default();
        standing.times += u64::from(stood == since_ms);
        standing.longest_ms = standing.longest_ms.max(at_ms - stood);
        *standing.reasons_ms.entry(hindrance).or_default() += at_ms - since_ms;
    }
}

/// Makes the last span longer if it is about the same, otherwise begins one.
fn extend<T: PartialEq>(spans: &mut Vec<Span<T>>, from_ms: u64, until_ms: u64, what: T) {
    match spans.last_mut() {
        Some(last) if last.what == what && last.until_ms == from_ms => last.until_ms = until_ms,
        _ => spans.push(Span {
            from_ms,
            until_ms,
            what,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_goes_on_in_one_span_and_a_break_begins_another() {
        let mut chronicle = Chronicle::new(1);
        let v = VehicleId(0);
        let wait = Some((Hindrance::Zone, NodeId(3)));
        let other = Some((Hindrance::Plan, NodeId(3)));
        chronicle.vehicle(v, (0, 1_000), Doing::ToDrop, wait);
        chronicle.vehicle(v, (1_000, 2_000), Doing::ToDrop, other);
        chronicle.vehicle(v, (2_000, 3_000), Doing::ToDrop, None);
        chronicle.vehicle(v, (3_000, 4_000), Doing::Unloading, wait);
        let fault = Some((Hindrance::Fault, NodeId(3)));
        chronicle.vehicle(v, (4_000, 5_000), Doing::Unloading, fault);
        let diary = &chronicle.vehicles[0];
        assert_eq!(diary.doings.len(), 2);
        assert_eq!(diary.doings[0].until_ms, 3_000);
        assert_eq!(diary.hindrances.len(), 4);
        let expected = Standing {
            times: 2,
            longest_ms: 2_000,
            reasons_ms: [(Hindrance::Zone, 2_000), (Hindrance::Plan, 1_000)].into(),
        };
        assert_eq!(chronicle.standing[&NodeId(3)], expected);
    }
}
