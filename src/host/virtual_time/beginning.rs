//! How a rehearsal begins, and how its controller begins again after a crash.

use std::sync::Arc;

use takt_maps::words::VehicleReport;
use takt_maps::{Floor, OrderId};
use takt_rt::host::MemoryDisk;
use takt_sim::floor::SimFloor;
use takt_sim::workload::Workload;

use super::clients::Clients;
use super::links::Links;
use super::operators::Operators;
use super::recording::Recording;
use super::trouble::{Disks, Trouble};
use super::workers::Workers;
use super::{Options, Rehearsal};
use crate::controller::Controller;
use crate::host::judges::Findings;
use crate::host::judges::ground::Ground;
use crate::host::judges::orders::{Orders, Restart};
use crate::host::judges::standing::Judge;
use crate::host::judges::stock::Stock;
use crate::host::store::testimony::Testimony;
use crate::host::store::witness::{Witness, WitnessError};
use crate::host::store::{AnyDisk, Started, Store, StoreOptions};
use crate::journal::JournalError;

/// UTC at simulated time 0, in milliseconds since 1970.
const ZERO_UTC_MS: u64 = 1_767_225_600_000;

/// Why a rehearsal cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum BeginError {
    /// The floor's handshakes do not fit its devices.
    #[error(transparent)]
    Handshake(#[from] takt_plc_bridge::handshake::HandshakeError),
    /// The store cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The witness cannot be used.
    #[error("witness: {0}")]
    Witness(#[from] WitnessError),
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
        Self::begin(floor, options, started, 1, None, None)
    }

    /// The same, with a store on a disk that faults can make fail, and a witness on another.
    ///
    /// # Errors
    /// See [`BeginError`].
    pub fn with_memory(
        floor: Arc<Floor>,
        options: &Options,
        disks: Disks,
    ) -> Result<Self, BeginError> {
        let disk = Box::new(disks.store.clone());
        Self::open(floor, options, disk, Some(disks))
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
        Self::open(floor, options, disk, None)
    }

    fn open(
        floor: Arc<Floor>,
        options: &Options,
        disk: AnyDisk,
        memory: Option<Disks>,
    ) -> Result<Self, BeginError> {
        let witness = open_witness(&floor, memory.as_ref().map(|d| &d.witness))?;
        let seen = witness.as_ref().map(Witness::seen);
        let store_options = StoreOptions {
            bytes_max: options.data_bytes_max,
            ..store_options(options.seed, 0)
        };
        let started = Store::open_witnessed(&floor, disk, seen, &store_options)?;
        let epoch = started.store.epoch();
        Self::begin(floor, options, started, epoch, witness, memory)
    }

    fn begin(
        floor: Arc<Floor>,
        options: &Options,
        started: Started,
        epoch: u16,
        witness: Option<Witness>,
        disks: Option<Disks>,
    ) -> Result<Self, BeginError> {
        let open = started.restored.orders.len() as u64;
        let now_ms = started.restored.now_ms;
        let started_stock = started.follower.model.stock.clone();
        let controller = Controller::new(floor.clone(), epoch, started.restored)?;
        Ok(Self {
            sim: SimFloor::new(floor.clone(), options.seed),
            workload: Workload::new(&floor, options.seed),
            follower: started.follower,
            judge: Judge::new(&floor, open, now_ms),
            reports: vec![VehicleReport::default(); floor.vehicles.len()],
            links: Links::new(&floor, options.depth, options.seed)?,
            controller,
            workers: Workers::new(&floor, options.seed, options.traffic),
            inputs: Vec::new(),
            recording: Recording::new(started.store, witness),
            trouble: Trouble::new(options.faults.clone(), disks),
            operators: (options.clients || !options.faults.is_empty())
                .then(|| Operators::new(floor.vehicles.len(), options.seed)),
            clients: options.clients.then(|| Clients::new(&floor, options.seed)),
            ground: Ground::new(&floor),
            orders: Orders::new(&floor),
            stock: Stock::new(&floor, &started_stock),
            findings: Findings::default(),
            down_until_ms: None,
            refused_since_ms: None,
            missed: 0,
            quiet: false,
            lives: 1,
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
        // A process that has died holds no lock.
        let nowhere = Store::nowhere(&self.floor, &store_options(0, 0)).store;
        self.recording = Recording::new(nowhere, None);
        let witness = open_witness(&self.floor, self.trouble.witness.as_ref())?;
        let seen = witness.as_ref().map(Witness::seen);
        let options = store_options(self.seed, self.now_ms());
        let started = Store::open_witnessed(&self.floor, disk, seen, &options)?;
        let named = started.names_a_loss();
        let named_again = started.testimony == Some(Testimony::Untold);
        let shown_before = self.follower.model.revision;
        let open = started.restored.orders.len() as u64;
        let next_order = OrderId(started.restored.next_order.max(1));
        self.controller =
            Controller::new(self.floor.clone(), started.store.epoch(), started.restored)?;
        self.follower = started.follower;
        self.recording = Recording::new(started.store, witness);
        self.workers.restart(self.seed);
        let (deadlocks, longest) = (self.judge.deadlocks, self.judge.longest_wait_ms);
        self.judge = Judge::new(&self.floor, open, self.controller.now_ms());
        (self.judge.deadlocks, self.judge.longest_wait_ms) = (deadlocks, longest);
        self.inputs.clear();
        self.links.restart()?;
        self.life = self.cycle;
        self.lives += 1;
        self.missed = 0;
        self.ground.crashed();
        let now_ms = self.now_ms();
        let still_lies = self.trouble.disk.as_ref().is_some_and(|d| d.is_lying());
        let restart = Restart {
            next_order,
            shown_before,
            disk_lied: std::mem::replace(&mut self.trouble.disk_lied, still_lies),
            loss_named: named,
            named_again,
        };
        let excused = restart.excuses_loss();
        let findings = &mut self.findings;
        self.stock
            .restarted(&self.follower.model, excused, now_ms, findings);
        self.orders
            .restarted(&self.follower.model, restart, now_ms, findings);
        if let Some(clients) = &mut self.clients {
            clients.disconnected();
            clients.check(&self.follower, excused, now_ms, findings);
        }
        Ok(())
    }
}

/// Reads the witness, if there is one.
fn open_witness(floor: &Floor, disk: Option<&MemoryDisk>) -> Result<Option<Witness>, WitnessError> {
    disk.map(|disk| Witness::open(Box::new(disk.clone()), floor.digest))
        .transpose()
}

fn store_options(seed: u64, now_ms: u64) -> StoreOptions {
    StoreOptions {
        utc_ms: ZERO_UTC_MS + now_ms,
        seed,
        bytes_max: u64::MAX,
    }
}
