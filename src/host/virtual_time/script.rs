//! Faults begin and end: who does them, and what a controller's death means.

use takt_maps::words::LoadId;
use takt_maps::{NodeId, OrderId, PlaceId, VehicleId};
use takt_scheduler::orders::PRIORITY_MAX;
use takt_sim::faults::{Fault, FaultKind, Target};

use super::trouble::{Death, Point, Turn, makes_liar};
use super::{Rehearsal, Violation};
use crate::controller::Ask;
use crate::host::judges::orders::Orders;
use crate::host::judges::standing::Judge;

/// A person sees when a vehicle stands so far from where it says.
const SEEN_MM: f64 = 300.0;

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
            self.distrust(vehicle, fault);
        }
        self.conditions(fault);
        if let (Target::Device(device), FaultKind::PlcRestart | FaultKind::PlcFreezes) =
            (fault.target, fault.kind)
        {
            self.stock.misled(device, fault.until_ms());
        }
        match fault.kind {
            FaultKind::ControllerCrash => self.trouble.dies(fault, false),
            FaultKind::PowerCut => self.trouble.dies(fault, true),
            FaultKind::DiskFails => {
                if let Some(disk) = &self.trouble.disk {
                    disk.fail_next_sync();
                    self.trouble.disk_failed = true;
                }
            }
            FaultKind::DiskLies => {
                if let Some(disk) = &self.trouble.disk {
                    disk.set_lying(true);
                    self.trouble.disk_lied = true;
                    self.trouble.disk_failed = true;
                }
            }
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
            FaultKind::LinkReset => self.reset_link(fault.target),
            _ => drop(self.sim.begin_fault(fault)),
        }
    }

    /// A vehicle's word about its load is false from now on, or what has become of its load is nobody's doing.
    fn distrust(&mut self, vehicle: VehicleId, fault: &Fault) {
        let load = self.sim.vehicle_report(vehicle).load;
        self.orders.distrust(vehicle);
        if fault.kind == FaultKind::VehicleDropsLoad || fault.kind == FaultKind::VehicleWrongLoad {
            self.orders.lost(load);
        }
        if fault.kind == FaultKind::VehicleWrongLoad && load == LoadId::NONE {
            self.orders.mistakes_a_load(vehicle);
        }
        // What happens at once does not end later.
        if fault.for_ms == 0 {
            let now_ms = self.now_ms();
            self.orders.trust_again(vehicle, now_ms);
        }
    }

    /// Somebody takes the load off a vehicle.
    pub(super) fn take_load_off(&mut self, vehicle: VehicleId, now_ms: u64) {
        self.orders.lost(self.sim.vehicle_report(vehicle).load);
        self.sim.take_load_off(vehicle);
        self.orders.distrust(vehicle);
        self.orders.trust_again(vehicle, now_ms);
    }

    /// Operators look at vehicles that are not where they should be, and have those located that say where they are.
    pub(super) fn look_for_strays(&mut self, now_ms: u64) {
        let Some(operators) = &mut self.operators else {
            return;
        };
        for vehicle in operators.look_for(&self.follower.model, now_ms) {
            let motion = self.sim.vehicle(vehicle).motion();
            let (x, y) = motion.position();
            let said = self.reports[vehicle.index()].pose;
            let is_near = |a: i32, b: f64| (f64::from(a) - b).abs() < SEEN_MM;
            if !said.is_some_and(|pose| is_near(pose.x_mm, x) && is_near(pose.y_mm, y)) {
                continue;
            }
            if motion.finished() {
                if let Some(node) = self.free_node_near(vehicle) {
                    self.sim.drive_to(vehicle, node);
                    self.ask(Ask::LocateVehicle(vehicle));
                }
            } else {
                // A base that begins elsewhere is forgotten by who is switched off and on.
                self.sim.switch_off_and_on(vehicle);
            }
        }
    }

    /// The nearest node, by edges, that a vehicle can be driven to by hand: nobody else is there or holds it.
    fn free_node_near(&self, vehicle: VehicleId) -> Option<NodeId> {
        let (floor, traffic) = (&*self.floor, self.controller.traffic());
        let class = floor
            .kind_of(vehicle)
            .class(self.sim.vehicle(vehicle).loaded());
        let others = (0..floor.vehicles.len()).map(VehicleId::from_index);
        let others = others.filter(|&other| other != vehicle);
        let stand: Vec<PlaceId> = others
            .map(|other| {
                floor
                    .roadmap
                    .place_of(self.sim.vehicle(other).motion().node())
            })
            .collect();
        let is_free = |node: NodeId| {
            let conflicts = floor.conflicts.of(class, floor.roadmap.place_of(node));
            conflicts.iter().all(|conflict| {
                traffic.holder(conflict.place).is_none_or(|v| v == vehicle)
                    && !stand.contains(&conflict.place)
            })
        };
        let mut near = vec![self.sim.vehicle(vehicle).motion().node()];
        let mut next = 0;
        while let Some(&node) = near.get(next) {
            if is_free(node) {
                return Some(node);
            }
            next += 1;
            for &edge in floor.roadmap.out_edges(node) {
                let edge = floor.roadmap.edge(edge);
                let (to, kind) = (edge.to, floor.vehicles[vehicle.index()].kind);
                if edge.allows(kind) && !near.contains(&to) {
                    near.push(to);
                }
            }
        }
        None
    }

    fn end_fault(&mut self, fault: &Fault) {
        self.conditions(fault);
        if let Some(vehicle) = makes_liar(fault) {
            let now_ms = self.now_ms();
            self.orders.trust_again(vehicle, now_ms);
        }
        match fault.kind {
            // Now the machine loses power, whether its controller is up or not, and what the disk only said to have is gone.
            FaultKind::DiskLies => {
                self.trouble.dies(fault, true);
                if self.is_down() {
                    self.cut_power();
                }
            }
            FaultKind::OperatorPauses => self.want_paused(fault.target, false),
            FaultKind::OperatorPausesFloor => self.want_floor_paused(false),
            FaultKind::ControllerCrash | FaultKind::PowerCut => {}
            _ => drop(self.sim.end_fault(fault)),
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

    /// The judge of who stands for others.
    pub fn standing_judge(&self) -> &Judge {
        &self.judge
    }

    /// From now on nothing is the matter: whoever stands for others, counts from here.
    pub fn judge_standing_anew(&mut self) {
        let now_ms = self.now_ms();
        self.judge.begin_again(now_ms);
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
