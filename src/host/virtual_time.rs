//! The host in virtual time: controller, workers and simulated floor in one loop, without thread, clock or socket.
//!
//! The same controller code as live; links run in virtual time ([`links`]), the clock is a counter, and planner and
//! dispatcher answer a fixed number of cycles after they were asked.

use std::sync::Arc;

use takt_maps::Floor;
use takt_maps::words::VehicleReport;
use takt_motion::plan::Discipline;
use takt_plc_bridge::{FromField, ToField};
use takt_sim::Handover;
use takt_sim::faults::Fault;
use takt_sim::floor::SimFloor;
use takt_sim::workload::Workload;

mod beginning;
mod clients;
pub mod links;
mod nonsense;
mod operators;
mod outcome;
mod recording;
mod script;
mod trouble;
mod weather;
mod workers;

use super::judges::ground::Ground;
use super::judges::orders::Orders;
use super::judges::service::complaint;
use super::judges::standing::Judge;
use super::judges::stock::Stock;
use super::judges::{Findings, Violation};
use crate::controller::{Ask, Controller, CycleFacts, Delta, Input, VehicleStatus};
use crate::follower::model::AlarmKind;
use crate::follower::{Client, Follower};
use crate::journal::JournalError;
pub use beginning::BeginError;
use clients::Clients;
use links::{Depth, Links};
use operators::Operators;
pub use outcome::Outcome;
pub use recording::Answered;
use recording::Recording;
pub use trouble::{Disks, FaultLine};
use trouble::{Point, Trouble, Victim};
use workers::Workers;

/// What to simulate.
#[derive(Clone, Debug)]
pub struct Options {
    /// Of planner, dispatcher, workload and floor.
    pub seed: u64,
    /// For how long, in simulated milliseconds.
    pub for_ms: u64,
    /// How many bytes a store may take.
    pub data_bytes_max: u64,
    /// What goes wrong, and when.
    pub faults: Vec<Fault>,
    /// A production system orders, remembers what was acknowledged, and orders again what was not.
    pub clients: bool,
    /// How links are simulated.
    pub depth: Depth,
    /// How it is decided who goes first.
    pub traffic: Discipline,
}

impl Options {
    /// With this seed, for as long as somebody steps, and as much room for a store as it takes.
    pub fn seeded(seed: u64) -> Self {
        Self {
            seed,
            for_ms: u64::MAX,
            data_bytes_max: u64::MAX,
            faults: Vec::new(),
            clients: false,
            depth: Depth::Image,
            traffic: Discipline::default(),
        }
    }
}

/// A running rehearsal.
pub struct Rehearsal {
    floor: Arc<Floor>,
    controller: Controller,
    sim: SimFloor,
    workload: Workload,
    follower: Follower,
    judge: Judge,
    workers: Workers,
    inputs: Vec<Input>,
    reports: Vec<VehicleReport>,
    links: Links,
    recording: Recording,
    trouble: Trouble,
    /// Nobody, where nothing goes wrong: then pauses stay until whoever asked for them takes them back.
    operators: Option<Operators>,
    clients: Option<Clients>,
    ground: Ground,
    orders: Orders,
    stock: Stock,
    findings: Findings,
    /// When the controller that is down is started again.
    down_until_ms: Option<u64>,
    /// Since when it cannot be started.
    refused_since_ms: Option<u64>,
    /// Beats missed since the controller last ran.
    missed: u64,
    /// Nobody orders anything any more but the floor's stock.
    quiet: bool,
    lives: u64,
    seed: u64,
    cycle: u64,
    /// Cycle in which the controller's life began.
    life: u64,
    token: u64,
}

impl Rehearsal {
    /// Simulated milliseconds so far.
    pub fn now_ms(&self) -> u64 {
        self.cycle * u64::from(self.floor.control.cycle_us) / 1_000
    }

    /// One cycle of controller and floor.
    pub fn step(&mut self) {
        self.before_step();
        if self.down_until_ms.is_some() {
            return self.stay_down();
        }
        if self.trouble.stalled_ms > 0 {
            return self.stall();
        }
        if self.trouble.dies_at(Point::BeforeStep) {
            return self.die();
        }
        let facts = self.take_in();
        let cycle = self.life_cycle();
        let inputs = facts.inputs().chain(self.inputs.drain(..));
        self.controller.step(cycle, inputs, &mut self.workers);
        self.after_step();
    }

    /// The number of the cycle in the controller's life.
    fn life_cycle(&self) -> u64 {
        self.cycle - self.life
    }

    /// What the floor does until the next cycle, and what that cycle will be told.
    fn before_step(&mut self) {
        let before_ms = self.now_ms();
        self.cycle += 1;
        let now_ms = self.now_ms();
        self.follow_script(now_ms);
        self.sim.step((now_ms - before_ms) as u32);
        let handovers: Vec<Handover> = self.sim.take_handovers().collect();
        for handover in &handovers {
            let (truth, findings) = (self.sim.stock(), &mut self.findings);
            self.orders.handed_over(handover, now_ms, findings);
            self.stock
                .handed_over(handover, truth, &self.orders, now_ms, findings);
        }
        self.listen(now_ms);
        self.workers.cycle = self.cycle;
    }

    /// Everything that the cycle is told beside what the field says.
    fn take_in(&mut self) -> CycleFacts {
        let now_ms = self.now_ms();
        self.order(now_ms);
        self.workers.arrived(&mut self.inputs);
        self.inputs.extend(self.recording.take_durable());
        let facts = CycleFacts {
            missed: std::mem::take(&mut self.missed),
            ..CycleFacts::default()
        };
        self.recording.take_in(facts, &self.inputs);
        for input in &self.inputs {
            match input {
                Input::Field(said) => self.ground.told_controller(
                    &self.floor,
                    &self.sim,
                    self.controller.traffic(),
                    said,
                    now_ms,
                ),
                Input::Ask {
                    request: Ask::PauseVehicle(vehicle, false),
                    ..
                } => self.ground.resumed(*vehicle),
                _ => {}
            }
        }
        facts
    }

    /// What becomes of the cycle's outputs.
    fn after_step(&mut self) {
        let now_ms = self.now_ms();
        let clients: Vec<Option<Client>> = (self.workers.deltas.iter())
            .map(|delta| self.recording.client_of(delta))
            .collect();
        if self.trouble.dies_at(Point::AfterStep) {
            return self.die();
        }
        self.recording
            .append(self.life_cycle(), &self.workers.deltas);
        if self.trouble.dies_at(Point::BeforeCommit) {
            return self.die();
        }
        if self.trouble.dies_at(Point::InCommit)
            && self.trouble.loses_power()
            && let Some(disk) = &self.trouble.disk
        {
            disk.cut_power_after(u64::from(now_ms.is_multiple_of(20)));
        }
        self.recording.commit(self.life_cycle());
        if self.recording.broken().is_some() || self.trouble.dies_at(Point::InCommit) {
            return self.die();
        }
        for delta in &self.workers.deltas {
            // First who may still be doubted, then what has ended.
            self.stock
                .changed(delta, &self.orders, now_ms, &mut self.findings);
            self.orders.changed(delta, now_ms, &mut self.findings);
            if let Delta::Raised {
                kind: AlarmKind::Invariant,
                ..
            } = delta
            {
                self.findings.note("invariant", now_ms, || {
                    "the controller found an invariant broken and stopped the floor".to_owned()
                });
            }
        }
        if self.trouble.dies_at(Point::AfterCommit) {
            return self.die();
        }
        if self.trouble.dies_at(Point::AmongCommands) {
            self.workers
                .commands
                .truncate(self.workers.commands.len() / 2);
        }
        for command in self.workers.commands.drain(..) {
            if let ToField::Vehicle {
                vehicle,
                command: told,
                ..
            } = &command
            {
                self.ground.commanded(
                    &self.floor,
                    &self.sim,
                    *vehicle,
                    told,
                    now_ms,
                    &mut self.findings,
                );
            }
            self.links.send(command);
        }
        if self.trouble.dies_at(Point::AmongCommands) || self.trouble.dies_at(Point::AfterCommands)
        {
            return self.die();
        }
        for (delta, client) in self.workers.deltas.drain(..).zip(clients) {
            self.judge.delta(&delta);
            if let Delta::Vehicle(VehicleStatus {
                vehicle,
                mission,
                wait,
                ..
            }) = delta
            {
                self.judge.vehicle(
                    vehicle,
                    &self.reports[vehicle.index()],
                    mission,
                    wait,
                    now_ms,
                );
            }
            self.follower.apply(&delta, client);
        }
        let too_early = self.recording.answer();
        if too_early > 0 {
            self.findings.note("acknowledged", now_ms, || {
                format!("{too_early} requests are answered before what they caused is durable")
            });
        }
        if let Some(clients) = &mut self.clients {
            for answer in self.recording.take_answers() {
                clients.answered(&answer);
            }
        }
        if now_ms.is_multiple_of(1_000) {
            self.look_round(now_ms);
        }
        if self.trouble.dies_at(Point::AfterAnswers) {
            return self.die();
        }
        self.recording.checkpoint(&self.follower);
    }

    /// What judges look at once a second.
    fn look_round(&mut self, now_ms: u64) {
        let open = self.controller.orders_open();
        self.orders.compare(open, now_ms, &mut self.findings);
        let accounts = self.controller.stock().accounts();
        self.stock
            .compare(accounts, &self.follower.model, now_ms, &mut self.findings);
        if let Err(wrong) = self.controller.traffic().audit(&self.floor) {
            self.findings.note("traffic", now_ms, || wrong.to_string());
        }
        if let Some(clients) = &mut self.clients {
            clients.check(&self.follower, false, now_ms, &mut self.findings);
        }
        if let Some(operators) = &mut self.operators {
            let located = self.controller.located();
            for vehicle in operators.fetch(&self.follower.model, located, now_ms) {
                self.sim.drive_back(vehicle);
            }
            for vehicle in operators.unload(&self.follower.model, now_ms) {
                self.take_load_off(vehicle, now_ms);
            }
        }
        self.look_for_strays(now_ms);
        let model = &self.follower.model;
        let located = self.controller.located();
        self.trouble.look_round(now_ms, |victim| match victim {
            Victim::Vehicle(vehicle) => complaint(model, vehicle).is_none(),
            Victim::Device(device) => model.devices[device.index()].up,
            Victim::Controller => located,
        });
    }

    /// What links heard until now.
    fn listen(&mut self, now_ms: u64) {
        let (inputs, reports) = (&mut self.inputs, &mut self.reports);
        self.links.advance(now_ms, &mut self.sim, |said| {
            if let FromField::Vehicle { vehicle, report } = said {
                reports[vehicle.index()] = report;
            }
            inputs.push(Input::Field(said));
        });
    }

    /// What people and programs ask for.
    fn order(&mut self, now_ms: u64) {
        let mut asks = Vec::new();
        if let Some(operators) = &mut self.operators {
            operators.look_round(&self.follower.model, now_ms, &mut asks);
        }
        asks.into_iter().for_each(|request| self.ask(request));
        if !self.controller.located() || self.quiet {
            return;
        }
        let mut open = self.controller.orders_open();
        while let Some(request) = self.workload.next(now_ms, open) {
            let Some(spec) = super::workload::spec(&self.follower.model, &request, now_ms) else {
                continue;
            };
            open += 1;
            self.ask(Ask::Submit(spec));
        }
        if let Some(clients) = &mut self.clients
            && let Some((client, spec)) = clients.next(now_ms)
        {
            match self.follower.order_of(&client.client_id) {
                Some(order) => clients.known(&client, order),
                None => {
                    let token = self.token + 1;
                    clients.asked(token, &client);
                    self.ask_and_wait(client, Ask::Submit(spec));
                }
            }
        }
    }

    /// Asks the controller for a change, as a person would.
    pub fn ask(&mut self, request: Ask) {
        let client = Client {
            person: crate::follower::FLOOR.to_owned(),
            ..Client::default()
        };
        self.ask_as(client, request, false);
    }

    /// Asks for a change and waits for the answer: it is among [`Rehearsal::take_answers`], under the token that is
    /// given back, once everything that it caused is durable.
    pub fn ask_and_wait(&mut self, client: Client, request: Ask) -> u64 {
        self.ask_as(client, request, true);
        self.token
    }

    fn ask_as(&mut self, client: Client, request: Ask, watched: bool) {
        self.token += 1;
        self.recording.ask(self.token, client, request, watched);
        self.inputs.push(Input::Ask {
            token: self.token,
            request,
        });
    }

    /// Answers that were given since the last call.
    pub fn take_answers(&mut self) -> Vec<Answered> {
        self.recording.take_answers()
    }

    /// Why the store takes nothing more, if it has failed. A live host stops its floor then.
    pub fn broken(&self) -> Option<&JournalError> {
        self.recording.broken()
    }

    /// Ends the recording in order.
    ///
    /// # Errors
    /// If the store has failed.
    pub fn end(&mut self) -> Result<(), JournalError> {
        self.recording.end(self.life_cycle())
    }

    /// The read model's maker, to look at.
    pub fn follower(&self) -> &Follower {
        &self.follower
    }

    /// The simulated floor, to pull plugs and press buttons on.
    pub fn sim_mut(&mut self) -> &mut SimFloor {
        &mut self.sim
    }

    /// The links, to make trouble on and to look at.
    pub fn links_mut(&mut self) -> &mut Links {
        &mut self.links
    }

    /// The read model, as dashboard and API would show it.
    pub fn model(&self) -> &crate::follower::model::ReadModel {
        &self.follower.model
    }

    /// The controller, to look at.
    pub fn controller(&self) -> &Controller {
        &self.controller
    }

    /// The simulated floor, to look at.
    pub fn sim(&self) -> &SimFloor {
        &self.sim
    }
}

#[cfg(test)]
mod allocations;
#[cfg(test)]
mod tests;
