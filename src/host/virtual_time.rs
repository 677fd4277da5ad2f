//! The host in virtual time: controller, workers and simulated floor in one loop, without thread, clock or socket.
//!
//! The same controller code as live; links run in virtual time ([`links`]), the clock is a counter, and planner and
//! dispatcher answer a fixed number of cycles after they were asked.

use std::sync::Arc;

use takt_maps::Floor;
use takt_maps::words::VehicleReport;
use takt_plc_bridge::FromField;
use takt_sim::floor::SimFloor;
use takt_sim::workload::Workload;

pub mod links;
mod outcome;
mod recording;
mod workers;

use super::judge::Judge;
use super::store::{AnyDisk, Started, Store, StoreOptions};
use crate::controller::{Ask, Controller, Delta, Input, VehicleStatus};
use crate::follower::{Client, Follower};
use crate::journal::JournalError;
use links::{Depth, Links};
pub use outcome::Outcome;
pub use recording::Answered;
use recording::Recording;
use workers::Workers;

/// UTC at simulated time 0, in milliseconds since 1970.
const ZERO_UTC_MS: u64 = 1_767_225_600_000;

/// What to simulate.
#[derive(Clone, Debug)]
pub struct Options {
    /// Of planner, dispatcher, workload and floor.
    pub seed: u64,
    /// For how long, in simulated milliseconds.
    pub for_ms: u64,
    /// How many bytes a store may take.
    pub data_bytes_max: u64,
    /// How deep links are simulated.
    pub depth: Depth,
}

impl Options {
    /// With this seed, for as long as somebody steps, and as much room for a store as it takes.
    pub fn seeded(seed: u64) -> Self {
        Self {
            seed,
            for_ms: u64::MAX,
            data_bytes_max: u64::MAX,
            depth: Depth::default(),
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
    seed: u64,
    cycle: u64,
    /// Cycle in which the controller's life began.
    life: u64,
    token: u64,
}

/// Why a rehearsal cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum BeginError {
    /// The floor's handshakes do not fit its devices.
    #[error(transparent)]
    Handshake(#[from] takt_plc_bridge::handshake::HandshakeError),
    /// The store cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Links cannot be simulated.
    #[error("cannot start the links' runtime: {0}")]
    Links(#[from] std::io::Error),
}

impl Rehearsal {
    /// A floor at rest with a fresh controller, of which nothing is kept.
    ///
    /// # Errors
    /// If the floor's devices and handshakes do not fit each other.
    pub fn new(floor: Arc<Floor>, options: &Options) -> Result<Self, BeginError> {
        let started = Store::nowhere(&floor, &store_options(options.seed, 0));
        // The epoch of a controller without store is taken from the clock; here it is the first.
        Self::begin(floor, options, started, 1)
    }

    /// The same, with a store: the controller goes on from what it holds, and everything is journalled there.
    ///
    /// # Errors
    /// See [`BeginError`].
    pub fn with_store(
        floor: Arc<Floor>,
        options: &Options,
        disk: AnyDisk,
    ) -> Result<Self, BeginError> {
        let store_options = StoreOptions {
            bytes_max: options.data_bytes_max,
            ..store_options(options.seed, 0)
        };
        let started = Store::open(&floor, disk, &store_options)?;
        let epoch = started.store.epoch();
        Self::begin(floor, options, started, epoch)
    }

    fn begin(
        floor: Arc<Floor>,
        options: &Options,
        started: Started,
        epoch: u16,
    ) -> Result<Self, BeginError> {
        let open = started.restored.orders.len() as u64;
        let now_ms = started.restored.now_ms;
        let controller = Controller::new(floor.clone(), epoch, started.restored)?;
        Ok(Self {
            sim: SimFloor::new(floor.clone(), options.seed),
            workload: Workload::new(&floor, options.seed),
            follower: started.follower,
            judge: Judge::new(&floor, open, now_ms),
            reports: vec![VehicleReport::default(); floor.vehicles.len()],
            links: Links::new(&floor, options.depth, options.seed)?,
            controller,
            workers: Workers::new(&floor, options.seed),
            inputs: Vec::new(),
            recording: Recording::new(started.store),
            seed: options.seed,
            cycle: 0,
            life: 0,
            token: 0,
            floor,
        })
    }

    /// The controller dies here and now, with planner, dispatcher and read model; the floor lives on. A new one starts
    /// from what the disk holds.
    ///
    /// # Errors
    /// See [`BeginError`].
    pub fn restart(&mut self, disk: AnyDisk) -> Result<(), BeginError> {
        let options = store_options(self.seed, self.now_ms());
        let started = Store::open(&self.floor, disk, &options)?;
        let open = started.restored.orders.len() as u64;
        self.controller =
            Controller::new(self.floor.clone(), started.store.epoch(), started.restored)?;
        self.follower = started.follower;
        self.recording = Recording::new(started.store);
        self.workers = Workers::new(&self.floor, self.seed);
        let (deadlocks, longest) = (self.judge.deadlocks, self.judge.longest_wait_ms);
        self.judge = Judge::new(&self.floor, open, self.controller.now_ms());
        (self.judge.deadlocks, self.judge.longest_wait_ms) = (deadlocks, longest);
        self.inputs.clear();
        self.links.restart()?;
        self.life = self.cycle;
        Ok(())
    }

    /// Simulated milliseconds so far.
    pub fn now_ms(&self) -> u64 {
        self.cycle * u64::from(self.floor.control.cycle_us) / 1_000
    }

    /// One cycle of controller and floor.
    pub fn step(&mut self) {
        self.before_step();
        let cycle = self.life_cycle();
        self.controller
            .step(cycle, self.inputs.drain(..), &mut self.workers);
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
        self.sim.step((now_ms - before_ms) as u32);
        self.listen(now_ms);
        self.order(now_ms);
        self.workers.cycle = self.cycle;
        while self
            .workers
            .answers
            .front()
            .is_some_and(|(at, _)| *at <= self.cycle)
        {
            if let Some((_, input)) = self.workers.answers.pop_front() {
                self.inputs.push(input);
            }
        }
        self.inputs.extend(self.recording.take_durable());
        self.recording.take_in(&self.inputs);
    }

    /// What becomes of the cycle's outputs.
    fn after_step(&mut self) {
        let now_ms = self.now_ms();
        let clients: Vec<Option<Client>> = (self.workers.deltas.iter())
            .map(|delta| self.recording.client_of(delta))
            .collect();
        self.recording.keep(self.life_cycle(), &self.workers.deltas);
        for command in self.workers.commands.drain(..) {
            self.links.send(command);
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
        self.recording.checkpoint(&self.follower);
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

    /// Orders that arise by themselves.
    fn order(&mut self, now_ms: u64) {
        if !self.controller.located() {
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

fn store_options(seed: u64, now_ms: u64) -> StoreOptions {
    StoreOptions {
        utc_ms: ZERO_UTC_MS + now_ms,
        seed,
        bytes_max: u64::MAX,
    }
}

#[cfg(test)]
mod allocations;
#[cfg(test)]
mod tests;
