//! Faults begin and end: who does them, and what a controller's death means.

use takt_maps::{OrderId, VehicleId};
use takt_plc_bridge::Endpoint;
use takt_scheduler::orders::PRIORITY_MAX;
use takt_sim::faults::{Fault, FaultKind, Target};

use super::links::Answering;
use super::trouble::{Death, Point, Turn, makes_liar};
use super::{Rehearsal, Violation};
use crate::controller::Ask;
use crate::host::judges::orders::Orders;

/// A controller whose store has failed is started again after so long, until it starts.
const AGAIN_MS: u64 = 2_000;

/// A controller that cannot be started for so long, with nothing the matter any more, never can.
const REFUSED_MAX_MS: u64 = 120_000;

impl Rehearsal {
    /// Begins and ends what is due.
    pub(super) fn follow_script(&mut self, now_ms: u64) {
        while let Some(turn) = self.trouble.turn(now_ms) {
            match turn {
                Turn::Begins(fault) => self.begin_fault(&fault),
                Turn::Ends(fault) => self.end_fault(&fault),
            }
        }
    }

    fn begin_fault(&mut self, fault: &Fault) {
        if let Some(vehicle) = makes_liar(fault) {
            self.orders.distrust(vehicle);
        }
        let cycle_us = u64::from(self.floor.control.cycle_us);
        let cycles = |ms: u32| u64::from(ms) * 1_000 / cycle_us;
        match fault.kind {
            FaultKind::ControllerCrash => self.trouble.dies(fault, false),
            FaultKind::PowerCut => self.trouble.dies(fault, true),
            FaultKind::DiskFails => {
                if let Some(disk) = &self.trouble.disk {
                    disk.fail_next_sync();
                    self.trouble.disk_failed = true;
                }
            }
            FaultKind::DiskFull => {
                if let Some(disk) = &self.trouble.disk {
                    disk.set_capacity(Some(disk.used()));
                }
            }
            FaultKind::DiskLies => {
                if let Some(disk) = &self.trouble.disk {
                    disk.set_lying(true);
                    self.trouble.disk_lied = true;
                    self.trouble.disk_failed = true;
                }
            }
            FaultKind::PlannerStalls => self.workers.planning.stalled = true,
            FaultKind::PlannerLate => self.workers.planning.late_cycles = cycles(fault.amount),
            FaultKind::PlannerStale => self.workers.planning.stale = true,
            FaultKind::PlannerNonsense => self.workers.planning.nonsense = true,
            FaultKind::DispatcherStalls => self.workers.dispatching.stalled = true,
            FaultKind::DispatcherLate => {
                self.workers.dispatching.late_cycles = cycles(fault.amount)
            }
            FaultKind::DispatcherNonsense => self.workers.dispatching.nonsense = true,
            FaultKind::OperatorPauses => self.want_paused(fault.target, true),
            FaultKind::OperatorPausesFloor => self.want_floor_paused(true),
            FaultKind::OperatorCancels => {
                if let Some(order) = self.any_order() {
                    self.ask_if_up(Ask::Cancel(order));
                }
            }
            FaultKind::OperatorPrioritises => {
                if let Some(order) = self.any_order() {
                    let priority = fault.amount.min(u32::from(PRIORITY_MAX)) as u8;
                    self.ask_if_up(Ask::Prioritise(order, priority));
                }
            }
            FaultKind::OperatorRushes => self.rush(),
            FaultKind::ClockJump => self.trouble.stalled_ms += u64::from(fault.amount),
            FaultKind::PalletReported => {
                self.block(fault.target, true);
                self.begin_on_floor(fault);
            }
            _ => self.begin_on_floor(fault),
        }
    }

    fn end_fault(&mut self, fault: &Fault) {
        match fault.kind {
            FaultKind::DiskFull => {
                if let Some(disk) = &self.trouble.disk {
                    disk.set_capacity(None);
                }
            }
            // Now the machine loses power, whether its controller is up or not, and what the disk only said to have is gone.
            FaultKind::DiskLies => {
                self.trouble.dies(fault, true);
                if self.is_down() {
                    self.cut_power();
                }
            }
            FaultKind::PlannerStalls => self.workers.planning.stalled = false,
            FaultKind::PlannerLate => self.workers.planning.late_cycles = 0,
            FaultKind::PlannerStale => self.workers.planning.stale = false,
            FaultKind::PlannerNonsense => self.workers.planning.nonsense = false,
            FaultKind::DispatcherStalls => self.workers.dispatching.stalled = false,
            FaultKind::DispatcherLate => self.workers.dispatching.late_cycles = 0,
            FaultKind::DispatcherNonsense => self.workers.dispatching.nonsense = false,
            FaultKind::OperatorPauses => self.want_paused(fault.target, false),
            FaultKind::OperatorPausesFloor => self.want_floor_paused(false),
            FaultKind::ControllerCrash | FaultKind::PowerCut => {}
            FaultKind::PalletReported => {
                self.block(fault.target, false);
                self.end_on_floor(fault);
            }
            _ => self.end_on_floor(fault),
        }
    }

    fn block(&mut self, target: Target, blocked: bool) {
        if let (Target::Edge(edge), Some(operators)) = (target, &mut self.operators) {
            operators.want_blocked(edge, blocked);
        }
    }

    fn want_floor_paused(&mut self, paused: bool) {
        if let Some(operators) = &mut self.operators {
            operators.want_floor_paused(paused);
        }
    }

    fn any_order(&mut self) -> Option<OrderId> {
        let operators = self.operators.as_mut()?;
        operators.any_order(&self.follower.model)
    }

    fn want_paused(&mut self, target: Target, paused: bool) {
        if let (Target::Vehicle(vehicle), Some(operators)) = (target, &mut self.operators) {
            operators.want_paused(vehicle, paused);
        }
    }

    /// A rush order of the kind that the floor's own workload makes.
    fn rush(&mut self) {
        let now_ms = self.now_ms();
        if let Some(request) = self.workload.rush_now(now_ms)
            && let Some(spec) = crate::host::workload::spec(&self.follower.model, &request, now_ms)
        {
            self.ask_if_up(Ask::Submit(spec));
        }
    }

    fn ask_if_up(&mut self, request: Ask) {
        if self.down_until_ms.is_none() {
            self.ask(request);
        }
    }

    // ---- Death and restart -------------------------------------------------------------------------------------------

    /// The cycle is not run: what the field says piles up, and a beat is missed.
    pub(super) fn stall(&mut self) {
        let cycle_ms = (u64::from(self.floor.control.cycle_us) / 1_000).max(1);
        self.trouble.stalled_ms = self.trouble.stalled_ms.saturating_sub(cycle_ms);
        self.missed += 1;
    }

    /// The controller dies here and now: of script, or because its store has failed.
    pub(super) fn die(&mut self) {
        let death = self.trouble.death.take().unwrap_or(Death {
            at: Point::AfterCommands,
            power_cut: None,
            down_ms: AGAIN_MS,
        });
        self.inputs.clear();
        self.workers.commands.clear();
        self.workers.deltas.clear();
        self.hang_up();
        self.trouble.death = Some(death);
        self.cut_power();
        self.down_until_ms = Some(self.now_ms() + death.down_ms);
    }

    /// What a death by power cut does to the disk.
    fn cut_power(&mut self) {
        let death = self.trouble.death.take();
        let seed = death.and_then(|death| death.power_cut);
        if let (Some(seed), Some(disk)) = (seed, &self.trouble.disk) {
            disk.crash(seed);
        }
    }

    /// Nobody controls the floor; a new controller is started when it is time.
    pub(super) fn stay_down(&mut self) {
        self.inputs.clear();
        self.trouble.stalled_ms = 0;
        self.trouble.death = None;
        let now_ms = self.now_ms();
        if self.down_until_ms.is_some_and(|until_ms| now_ms < until_ms) {
            return;
        }
        let Some(disk) = self.trouble.disk.clone() else {
            // Without a store it begins as one that has lost it.
            self.down_until_ms = None;
            return;
        };
        match self.restart(Box::new(disk)) {
            Ok(()) => {
                self.down_until_ms = None;
                self.refused_since_ms = None;
            }
            // Full, perhaps: tried again until it works.
            Err(error) => {
                self.down_until_ms = Some(now_ms + AGAIN_MS);
                let since_ms = *self.refused_since_ms.get_or_insert(now_ms);
                if self.trouble.is_over() && now_ms > since_ms + REFUSED_MAX_MS {
                    self.findings.note("restart", now_ms, || {
                        format!("the controller cannot be started: {error}")
                    });
                }
            }
        }
    }

    // ---- Links and floor ---------------------------------------------------------------------------------------------

    /// What the floor and its links do.
    fn begin_on_floor(&mut self, fault: &Fault) {
        self.weather(fault, true);
        self.sim.begin_fault(fault);
    }

    fn end_on_floor(&mut self, fault: &Fault) {
        self.weather(fault, false);
        self.sim.end_fault(fault);
    }

    /// Changes the conditions on a link, or puts them right again.
    fn weather(&mut self, fault: &Fault, begins: bool) {
        let endpoint = match fault.target {
            Target::Vehicle(vehicle) => Endpoint::Vehicle(vehicle),
            Target::Device(device) => Endpoint::Device(device),
            _ => return,
        };
        let amount = if begins { fault.amount } else { 0 };
        let permille = amount.min(1_000) as u16;
        let answering = |other| if begins { other } else { Answering::Normal };
        let links = &mut self.links;
        match fault.kind {
            FaultKind::LinkDelay => links.conditions_mut(endpoint).delay_ms = amount,
            FaultKind::LinkJitter => links.conditions_mut(endpoint).jitter_ms = amount,
            FaultKind::LinkOutage => links.conditions_mut(endpoint).outage = begins,
            FaultKind::LinkReset => links.reset(endpoint),
            FaultKind::LinkHalfOpen => links.conditions_mut(endpoint).half_open = begins,
            FaultKind::MessageLoss => links.conditions_mut(endpoint).loss_permille = permille,
            FaultKind::MessageDuplication => {
                links.conditions_mut(endpoint).duplication_permille = permille;
            }
            FaultKind::MessageReordering => {
                links.conditions_mut(endpoint).reordering_permille = permille;
            }
            FaultKind::PlcFreezes => links.set_answering(endpoint, answering(Answering::Frozen)),
            FaultKind::PlcExceptions => {
                links.set_answering(endpoint, answering(Answering::Exceptions));
            }
            FaultKind::PlcWrongUnit => {
                links.set_answering(endpoint, answering(Answering::WrongUnit));
            }
            _ => {}
        }
    }

    /// All connections of the controller are gone. What is on its way to the field still arrives.
    fn hang_up(&mut self) {
        if let Err(error) = self.links.restart() {
            let now_ms = self.now_ms();
            self.findings.note("restart", now_ms, || error.to_string());
        }
    }

    // ---- For whoever runs it -----------------------------------------------------------------------------------------

    /// From now on nobody orders anything but the floor's own stock.
    pub fn be_quiet(&mut self) {
        self.quiet = true;
    }

    /// Is nothing the matter any more, and nothing to come?
    pub fn trouble_is_over(&self) -> bool {
        self.trouble.is_over() && self.down_until_ms.is_none()
    }

    /// Has its controller died, and not been started again yet?
    pub fn is_down(&self) -> bool {
        self.down_until_ms.is_some()
    }

    /// The judge of orders, to ask what is open.
    pub fn order_judge(&self) -> &Orders {
        &self.orders
    }

    /// Requests that have not been answered.
    pub fn requests_under_way(&self) -> usize {
        self.recording.pending()
    }

    /// Has its disk lied, or lost what it was told?
    pub fn disk_has_failed(&self) -> bool {
        self.trouble.disk_failed
    }

    /// What judges have found so far.
    pub fn violations(&self) -> &[Violation] {
        &self.findings.violations
    }

    /// What has gone wrong so far.
    pub fn fault_lines(&self) -> Vec<super::FaultLine> {
        self.trouble.lines(&self.floor)
    }

    /// Vehicles are asked about by number.
    pub fn vehicle_ids(&self) -> impl Iterator<Item = VehicleId> + use<> {
        (0..self.floor.vehicles.len()).map(VehicleId::from_index)
    }
}
