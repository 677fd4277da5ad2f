//! What goes wrong in a rehearsal: a script of faults, begun and ended at their times by whoever they are about.

use std::collections::BTreeMap;

use serde::Serialize;
use takt_maps::{DeviceId, Floor, VehicleId};
use takt_rt::host::MemoryDisk;
use takt_sim::faults::{Fault, FaultKind, Target};

/// Points of a cycle at which a controller can die.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Point {
    /// With inputs that it has not taken in.
    BeforeStep,
    /// With outputs that nobody has seen.
    AfterStep,
    /// With a cycle in the journal that was not made durable.
    BeforeCommit,
    /// In the middle of making it durable.
    InCommit,
    /// With a durable cycle, of which nobody knows yet.
    AfterCommit,
    /// With half of its commands on their way.
    AmongCommands,
    /// With all commands on their way, and nothing shown or answered.
    AfterCommands,
    /// With everything shown and answered.
    AfterAnswers,
}

impl Point {
    fn from_amount(amount: u32) -> Self {
        match amount {
            0 => Point::BeforeStep,
            1 => Point::AfterStep,
            2 => Point::BeforeCommit,
            3 => Point::InCommit,
            4 => Point::AfterCommit,
            5 => Point::AmongCommands,
            6 => Point::AfterCommands,
            _ => Point::AfterAnswers,
        }
    }
}

/// A controller that dies in this cycle.
#[derive(Clone, Copy, Debug)]
pub(super) struct Death {
    pub(super) at: Point,
    /// Its machine loses power; chooses what is left on the disk.
    pub(super) power_cut: Option<u64>,
    /// It is started again after so long.
    pub(super) down_ms: u64,
}

/// A fault of the script and what became of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct FaultLine {
    /// Its name.
    pub name: &'static str,
    /// Whom it was about; empty: everything.
    pub target: String,
    /// When it began, simulated milliseconds.
    pub from_ms: u64,
    /// When it was over.
    pub until_ms: u64,
    /// What became of whom it was about.
    pub ended: String,
}

/// Whom a fault took out of service, if anybody.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Victim {
    Vehicle(VehicleId),
    Device(DeviceId),
    Controller,
}

impl Victim {
    fn of(fault: &Fault) -> Option<Self> {
        match (fault.target, fault.kind) {
            (Target::Vehicle(vehicle), _) => Some(Victim::Vehicle(vehicle)),
            (Target::Device(device), _) => Some(Victim::Device(device)),
            (
                Target::Whole,
                FaultKind::ControllerCrash
                | FaultKind::PowerCut
                | FaultKind::DiskFails
                | FaultKind::DiskFull
                | FaultKind::DiskLies,
            ) => Some(Victim::Controller),
            _ => None,
        }
    }
}

/// What there is to do about a fault.
#[derive(Clone, Copy, Debug)]
pub(super) enum Turn {
    /// It begins.
    Begins(Fault),
    /// It ends.
    Ends(Fault),
}

/// Disks in memory, that outlive the controllers of a rehearsal.
#[derive(Clone, Debug, Default)]
pub struct Disks {
    /// The store's, that faults can make fail.
    pub store: MemoryDisk,
    /// The witness's, that always keeps its word.
    pub witness: MemoryDisk,
}

/// The script and where it has got to.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    script: Vec<Fault>,
    next: usize,
    active: Vec<Fault>,
    /// The next time at which there is something to do.
    due_ms: u64,
    /// A disk that can be made to fail; `None`: a real one, or none.
    pub(super) disk: Option<MemoryDisk>,
    /// The witness's disk, on another machine: it does not fail.
    pub(super) witness: Option<MemoryDisk>,
    /// The disk has lied: what it lost since is its fault.
    pub(super) disk_lied: bool,
    /// It has lied at some time, or reported that it failed.
    pub(super) disk_failed: bool,
    /// A controller that dies in this cycle.
    pub(super) death: Option<Death>,
    /// The cycle is not run for so long.
    pub(super) stalled_ms: u64,
    begun: u64,
    /// Faults that are over, by their place in the script, whose victim is not in service again.
    recovering: Vec<(usize, Victim)>,
    /// When the victim of a fault was in service again, by its place in the script.
    recovered_ms: BTreeMap<usize, u64>,
}

impl Trouble {
    /// The script in the order of its begin.
    pub(super) fn new(mut script: Vec<Fault>, disks: Option<Disks>) -> Self {
        script.sort_by_key(|f| (f.at_ms, f.kind, f.target));
        let (disk, witness) = disks.map(|d| (d.store, d.witness)).unzip();
        Self {
            script,
            disk,
            witness,
            ..Self::default()
        }
    }

    /// What begins or ends by now, one at a time: what ends goes first.
    pub(super) fn turn(&mut self, now_ms: u64) -> Option<Turn> {
        if now_ms < self.due_ms {
            return None;
        }
        if let Some(at) = self.active.iter().position(|f| f.until_ms() <= now_ms) {
            let fault = self.active.remove(at);
            self.recovers(&fault);
            return Some(Turn::Ends(fault));
        }
        if let Some(fault) = self.script.get(self.next).filter(|f| f.at_ms <= now_ms) {
            let fault = *fault;
            self.next += 1;
            self.begun += 1;
            if fault.for_ms > 0 {
                self.active.push(fault);
            } else {
                self.recovers(&fault);
            }
            return Some(Turn::Begins(fault));
        }
        let next = self.script.get(self.next).map_or(u64::MAX, |f| f.at_ms);
        let ends = self.active.iter().map(Fault::until_ms);
        self.due_ms = ends.min().unwrap_or(u64::MAX).min(next);
        None
    }

    fn recovers(&mut self, fault: &Fault) {
        if let Some(victim) = Victim::of(fault)
            && let Some(at) = self.script[..self.next].iter().position(|f| f == fault)
        {
            self.recovering.push((at, victim));
        }
    }

    /// Faults that have begun.
    pub(super) fn begun(&self) -> u64 {
        self.begun
    }

    /// How large a fault is that is on; of several of its kind, the one that began last. `None`: none is.
    pub(super) fn size(&self, kind: FaultKind, target: Target) -> Option<u32> {
        let mut latest_first = self.active.iter().rev();
        latest_first
            .find(|f| f.kind == kind && f.target == target)
            .map(|f| f.amount)
    }

    /// Is anything the matter now, or still to come?
    pub(super) fn is_over(&self) -> bool {
        self.active.is_empty() && self.next == self.script.len()
    }

    /// What has gone wrong so far.
    pub(super) fn lines(&self, floor: &Floor) -> Vec<FaultLine> {
        let begun = self.script[..self.next].iter();
        let line = |f: &Fault| FaultLine {
            name: f.kind.name(),
            target: f.target.name(floor),
            from_ms: f.at_ms,
            until_ms: f.until_ms(),
            ended: String::new(),
        };
        let mut lines: Vec<FaultLine> = begun.map(line).collect();
        for (at, line) in lines.iter_mut().enumerate() {
            let has_victim = Victim::of(&self.script[at]).is_some();
            line.ended = match self.recovered_ms.get(&at) {
                Some(&ms) if ms <= line.until_ms + 1_000 => "in service at once".to_owned(),
                Some(&ms) => format!(
                    "in service after {} s",
                    (ms - line.until_ms).div_ceil(1_000)
                ),
                None if self.active.contains(&self.script[at]) => "still on".to_owned(),
                None if has_victim => "not in service again".to_owned(),
                None => "over".to_owned(),
            };
        }
        lines
    }

    /// Notes whose victims are in service again; to be called once a second.
    pub(super) fn look_round(&mut self, now_ms: u64, in_service: impl Fn(Victim) -> bool) {
        let recovered = &mut self.recovered_ms;
        self.recovering.retain(|&(at, victim)| {
            let again = in_service(victim);
            if again {
                recovered.insert(at, now_ms);
            }
            !again
        });
    }

    /// The controller dies, as this fault says.
    pub(super) fn dies(&mut self, fault: &Fault, power_cut: bool) {
        self.death = Some(Death {
            at: Point::from_amount(fault.amount),
            power_cut: power_cut.then_some(fault.at_ms ^ 0x9e37_79b9),
            down_ms: fault.for_ms.max(500),
        });
    }

    /// Does the machine of the controller that dies lose power?
    pub(super) fn loses_power(&self) -> bool {
        self.death.is_some_and(|death| death.power_cut.is_some())
    }

    /// Does the controller die at this point of this cycle?
    pub(super) fn dies_at(&self, point: Point) -> bool {
        self.death.is_some_and(|death| death.at == point)
    }
}

/// May a vehicle's word about its load be false after this fault?
pub(super) fn makes_liar(fault: &Fault) -> Option<VehicleId> {
    let lies = matches!(
        fault.kind,
        FaultKind::VehicleDropsLoad
            | FaultKind::VehicleWrongLoad
            | FaultKind::VehicleFalseReports
            | FaultKind::VehicleStaleReports
    );
    match fault.target {
        Target::Vehicle(vehicle) if lies => Some(vehicle),
        _ => None,
    }
}
