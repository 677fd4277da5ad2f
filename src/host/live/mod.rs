//! The live host: the control cycle on its own thread, and around it what may wait.
//!
//! | thread | owns | talks to the cycle through |
//! |---|---|---|
//! | cycle | the controller | lock-free rings, drained by the bridge thread |
//! | bridge | the other ends of the rings | polls them once a millisecond: neither side ever wakes the other |
//! | keeper | journal, follower, requests of people | the bridge thread |
//! | witness | how far the journal is durable, on another disk | the keeper |
//! | planner, dispatcher | their models | the bridge thread |
//! | tokio | sockets | the bridge thread, the keeper |

mod bridge_thread;
mod cycle_thread;
mod keeper;
mod opening;
mod phases;
mod witness;
mod workers;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Barrier, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

use takt_maps::Floor;
use takt_plc_bridge::{Addresses, Bridge, FromField, ToField};
use takt_rt::cycle::Timing;
use takt_rt::thread::Usage;
use takt_rt::timing::Quantiles;

use super::front::Front;
use super::judges::standing::Judge;
use super::store::Started;
use crate::controller::{Controller, Counts, Phase};
use keeper::{Keeper, ToKeeper};
use opening::open_store;
pub use witness::WitnessCounts;
use witness::WitnessThread;

/// Where messages to vehicles and devices go.
pub trait Field: Send + Sync {
    /// Hands over what an endpoint is told; the latest wins. It does not wait for the field.
    fn send(&self, message: ToField);
}

impl Field for Bridge {
    fn send(&self, message: ToField) {
        Bridge::send(self, message);
    }
}

/// Where what vehicles, devices and links say goes; may be called on any thread.
pub type FieldInbox = Box<dyn Fn(FromField) + Send + Sync>;

/// The field that a live host drives.
pub enum FieldChoice {
    /// A Modbus TCP server for each vehicle and device.
    Modbus(Addresses),
    /// Something else: it is given the inbox once, at the start.
    Other(Box<dyn FnOnce(FieldInbox) -> Arc<dyn Field>>),
}

/// What a live host needs beside the floor.
pub struct LiveOptions {
    /// Of planner, dispatcher and workload.
    pub seed: u64,
    /// Where orders, stock and all inputs are kept; `None`: nowhere.
    pub data: Option<PathBuf>,
    /// How many bytes that may take.
    pub data_bytes_max: u64,
    /// Where, on another disk, it is written how far that is durable; `None`: nowhere.
    pub witness: Option<PathBuf>,
    /// Vehicles and devices.
    pub field: FieldChoice,
    /// Make the floor's own random and rush orders.
    pub workload: bool,
    /// Of the cycle's thread.
    pub real_time: RealTimeOptions,
}

/// What the cycle's thread asks of this machine; what it is refused it does without, and says so.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RealTimeOptions {
    /// SCHED_FIFO priority, `1 ..= 99`.
    pub priority: u8,
    /// The CPU to stay on; `None`: wherever the system puts it.
    pub cpu: Option<usize>,
    /// The last part of each wait, spent spinning instead of sleeping; at most half a period.
    pub spin: Duration,
}

impl Default for RealTimeOptions {
    fn default() -> Self {
        Self {
            priority: 80,
            cpu: None,
            spin: Duration::ZERO,
        }
    }
}

/// Why a live host could not start.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// The floor's handshakes do not fit its devices.
    #[error(transparent)]
    Handshake(#[from] takt_plc_bridge::handshake::HandshakeError),
    /// The store cannot be used: the disk fails.
    #[error("{0}")]
    Store(String),
    /// The store is not one for this program and floor.
    #[error("{0}")]
    WrongStore(String),
    /// A thread could not be started.
    #[error("a thread could not be started: {0}")]
    Thread(#[from] std::io::Error),
}

/// What a live host did, as known when it has stopped.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// How the cycle did.
    pub timing: Timing,
    /// What the controller counted.
    pub counts: Counts,
    /// Hash of the controller's state at the end.
    pub state_hash: u64,
    /// Vehicles found deadlocked.
    pub deadlocks: u64,
    /// Orders accepted, not ended, and not known any more.
    pub orders_lost: u64,
    /// Number of the last cycle: whole periods since the start.
    pub cycles: u64,
    /// Times of the phases of a cycle, in the order of [`Phase::ALL`]; time that others took counts here.
    pub phases: [Quantiles; Phase::ALL.len()],
    /// Calls of the allocator by the cycle's thread while the cycle ran; 0 where nobody counts them.
    pub allocations: u64,
    /// Page faults and preemptions of the cycle's thread while the cycle ran.
    pub usage: Usage,
    /// How the cycle's thread was scheduled.
    pub scheduler: String,
    /// What became of marks for the witness; `None` without one.
    pub witness: Option<WitnessCounts>,
}

/// A running controller.
pub struct Live {
    /// The door for people and programs.
    pub front: Front,
    stop: Arc<AtomicBool>,
    /// The Modbus links, if there are any, to be ended in order.
    modbus: Option<Arc<Bridge>>,
    to_keeper: Sender<ToKeeper>,
    cycle: JoinHandle<cycle_thread::Ended>,
    bridge_thread: JoinHandle<()>,
    keeper: JoinHandle<keeper::Ended>,
    witness: Option<WitnessThread>,
}

impl Live {
    /// Starts everything; vehicles are granted ground as soon as they have said where they are.
    ///
    /// # Errors
    /// See [`LiveError`].
    pub fn start(
        floor: Arc<Floor>,
        options: LiveOptions,
        tokio: &tokio::runtime::Handle,
    ) -> Result<Self, LiveError> {
        let (started, witness) = open_store(&floor, &options)?;
        let witness = witness.map(WitnessThread::start).transpose()?;
        let Started {
            store,
            follower,
            restored,
            ..
        } = started;
        let keeps = store.keeps();
        let now_ms = restored.now_ms;
        let open = restored.orders.len() as u64;
        let controller = Controller::new(floor.clone(), store.epoch(), restored)?;
        let follower = Arc::new(RwLock::new(follower));
        let (front, mut calls) = Front::new(follower.clone());
        let stop = Arc::new(AtomicBool::new(false));

        // Channels: everything that reaches the cycle goes through the bridge thread.
        let (to_bridge, from_all) = channel();
        let (to_keeper, for_keeper) = channel();

        let field = to_bridge.clone();
        let inbox = move |said: FromField| {
            // The bridge thread is gone only when everything stops.
            let _ = field.send(bridge_thread::ToCycle::Field(said));
        };
        let begun = std::time::Instant::now();
        let clock = move || now_ms + begun.elapsed().as_millis() as u64;
        let (links, modbus): (Arc<dyn Field>, _) = match options.field {
            FieldChoice::Modbus(addresses) => {
                let bridge = Bridge::start(&floor, &addresses, tokio, clock, inbox);
                let bridge = Arc::new(bridge);
                (bridge.clone(), Some(bridge))
            }
            FieldChoice::Other(connect) => (connect(Box::new(inbox)), None),
        };

        let keeper = Keeper::new(
            floor.clone(),
            store,
            follower,
            front.changes(),
            to_bridge.clone(),
            Judge::new(&floor, open, now_ms),
            witness.as_ref().map(WitnessThread::post),
        );
        let keeper = thread("takt-keeper", move || keeper.run(&for_keeper))?;
        let calls_to = to_keeper.clone();
        tokio.spawn(async move {
            while let Some(call) = calls.recv().await {
                if calls_to.send(ToKeeper::Call(call)).is_err() {
                    break;
                }
            }
        });

        let workers = workers::Workers::start(&floor, options.seed, &to_bridge)?;
        let spin_ns = options.real_time.spin.as_nanos() as u64;
        let (cycle_ends, bridge_ends) = cycle_thread::rings(&floor, spin_ns);
        // Nobody gets a real-time priority before all threads are there.
        let all_there = Arc::new(Barrier::new(2));
        let gate = all_there.clone();
        let cycle_stop = stop.clone();
        let cycle_floor = floor.clone();
        let ended = Arc::new(AtomicBool::new(false));
        let has_ended = ended.clone();
        let cycle = thread("takt-cycle", move || {
            let result = cycle_thread::run(
                controller,
                &cycle_floor,
                cycle_ends,
                options.real_time,
                || {
                    gate.wait();
                },
                &cycle_stop,
            );
            has_ended.store(true, Ordering::Release);
            result
        })?;
        let workload = options
            .workload
            .then(|| takt_sim::workload::Workload::new(&floor, options.seed));
        let bridge_thread = bridge_thread::BridgeThread {
            ends: bridge_ends,
            cycle_ended: ended,
            from_all,
            field: links,
            to_keeper: to_keeper.clone(),
            workers,
            workload,
            front: front.clone(),
            keeps,
        };
        let bridge_thread = thread("takt-bridge", move || bridge_thread.run());
        // Passed in any case, so that the cycle's thread does not wait for ever where another could not be started.
        all_there.wait();
        let bridge_thread = bridge_thread?;
        Ok(Self {
            front,
            stop,
            modbus,
            to_keeper,
            cycle,
            bridge_thread,
            keeper,
            witness,
        })
    }

    /// Has the cycle ended by itself (which it never should)?
    pub fn is_dead(&self) -> bool {
        self.cycle.is_finished() || self.keeper.is_finished()
    }

    /// Controlled stop: holds all vehicles, keeps what is to be kept, ends all threads.
    pub async fn stop(self) -> Summary {
        self.stop.store(true, Ordering::Release);
        let cycle = join(self.cycle).await.unwrap_or_default();
        join(self.bridge_thread).await;
        // The keeper may have died of a full disk; then this says nothing new.
        let _ = self.to_keeper.send(ToKeeper::Stop);
        let kept = join(self.keeper).await.unwrap_or_default();
        let witness = match self.witness {
            Some(witness) => tokio::task::spawn_blocking(|| witness.end()).await.ok(),
            None => None,
        };
        if let Some(bridge) = self.modbus.and_then(Arc::into_inner) {
            bridge.stop().await;
        }
        Summary {
            timing: cycle.timing,
            counts: cycle.counts,
            state_hash: cycle.state_hash,
            cycles: cycle.cycles,
            phases: cycle.phases,
            allocations: cycle.allocations,
            usage: cycle.usage,
            scheduler: cycle.scheduler,
            deadlocks: kept.deadlocks,
            orders_lost: kept.lost(cycle.open),
            witness,
        }
    }
}

async fn join<T: Send + 'static>(thread: JoinHandle<T>) -> Option<T> {
    tokio::task::spawn_blocking(move || thread.join().ok())
        .await
        .ok()
        .flatten()
}

fn thread<T: Send + 'static>(
    name: &str,
    body: impl FnOnce() -> T + Send + 'static,
) -> std::io::Result<JoinHandle<T>> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(body)
}
