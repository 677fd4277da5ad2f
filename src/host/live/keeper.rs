//! The keeper: makes deltas durable, then shows them, then answers who asked.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use takt_maps::Floor;
use takt_rt::cycle::Timing;
use takt_scheduler::orders::{OrderSpec, Refusal};
use tokio::sync::{broadcast, oneshot};

use super::bridge_thread::ToCycle;
use super::witness::Post;
use crate::controller::{Ask, Delta, Refused, VehicleStatus};
use crate::follower::model::OrderView;
use crate::follower::{Client, Follower};
use crate::host::front::{Call, Rejection, Reply, Request};
use crate::host::judges::standing::Judge;
use crate::host::store::{Askers, Cycle, Store};
use crate::journal::JournalError;

/// What nobody waits for becomes durable within this time.
const COMMIT_EVERY: Duration = Duration::from_millis(100);
/// A checkpoint that failed is tried again after this time.
const CHECKPOINT_AGAIN: Duration = Duration::from_secs(60);

/// What reaches the keeper.
#[derive(Debug)]
pub(super) enum ToKeeper {
    /// What went into cycles and came out, in order.
    Cycles(Vec<Cycle>),
    /// A request of a person or program.
    Call(Call),
    /// An order that the floor makes by itself.
    Floor(OrderSpec),
    /// How the cycle is doing.
    Timing(Timing),
    /// The end.
    Stop,
}

/// What the keeper found out.
#[derive(Debug, Default)]
pub(super) struct Ended {
    pub deadlocks: u64,
    judge: Option<Judge>,
}

impl Ended {
    /// Orders accepted, not ended, and not among the controller's `open`.
    pub(super) fn lost(&self, open: u64) -> u64 {
        self.judge.as_ref().map_or(0, |judge| judge.lost(open))
    }
}

type Answer = oneshot::Sender<Result<Reply, Rejection>>;

/// A request on its way through the cycle.
struct Pending {
    client: Client,
    request: Ask,
    answers: Vec<Answer>,
}

impl Pending {
    /// The order that is asked for, if it is one.
    fn spec(&self) -> Option<OrderSpec> {
        match self.request {
            Ask::Submit(spec) => Some(spec),
            _ => None,
        }
    }
}

impl Askers for BTreeMap<u64, Pending> {
    fn asked(&self, token: u64) -> Option<(&Client, &Ask)> {
        self.get(&token).map(|p| (&p.client, &p.request))
    }
}

/// The keeper's state.
pub(super) struct Keeper {
    floor: Arc<Floor>,
    store: Store,
    follower: Arc<RwLock<Follower>>,
    changes: broadcast::Sender<OrderView>,
    to_cycle: Sender<ToCycle>,
    judge: Judge,
    pending: BTreeMap<u64, Pending>,
    next_token: u64,
    timing: Timing,
    /// The last cycle kept, and the last one that the controller knows to be durable.
    kept: u64,
    durable: u64,
    committed_at: Instant,
    /// No checkpoint is tried before.
    checkpoint_at: Instant,
    witness: Option<Post>,
}

impl Keeper {
    pub(super) fn new(
        floor: Arc<Floor>,
        store: Store,
        follower: Arc<RwLock<Follower>>,
        changes: broadcast::Sender<OrderView>,
        to_cycle: Sender<ToCycle>,
        judge: Judge,
        witness: Option<Post>,
    ) -> Self {
        let timing = Timing::default();
        let pending = BTreeMap::new();
        Self {
            floor,
            store,
            follower,
            changes,
            to_cycle,
            judge,
            pending,
            next_token: 1,
            timing,
            kept: 0,
            durable: 0,
            committed_at: Instant::now(),
            checkpoint_at: Instant::now(),
            witness,
        }
    }

    /// Runs until told to stop, or until nothing can be kept any more.
    pub(super) fn run(mut self, inbox: &Receiver<ToKeeper>) -> Ended {
        let mut batch = Vec::new();
        loop {
            match inbox.recv_timeout(COMMIT_EVERY) {
                Ok(first) => batch.push(first),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            batch.extend(inbox.try_iter());
            let stop = batch
                .iter()
                .any(|message| matches!(message, ToKeeper::Stop));
            if let Err(problem) = self.keep(batch.drain(..)) {
                // What cannot be kept must not be acknowledged: requests end as unavailable, and the host stops the floor.
                let full = problem.is_disk_full();
                let mend = if full { "; free room on it" } else { "" };
                tracing::error!(
                    "the journal cannot be written: {problem}{mend}; no order is accepted any more, the floor is stopped"
                );
                break;
            }
            if stop {
                match self.store.end(self.kept) {
                    Ok(()) => self.bear_witness(),
                    Err(problem) => tracing::error!("the end could not be journalled: {problem}"),
                }
                break;
            }
        }
        Ended {
            deadlocks: self.judge.deadlocks,
            judge: Some(self.judge),
        }
    }

    /// One group: journal, commit, show, answer.
    fn keep(&mut self, batch: impl Iterator<Item = ToKeeper>) -> Result<(), JournalError> {
        let mut deltas = Vec::new();
        let mut awaited = false;
        for message in batch {
            match message {
                ToKeeper::Cycles(cycles) => {
                    for cycle in cycles {
                        awaited |= self.store.keep(&cycle, &self.pending)?;
                        self.kept = cycle.number;
                        deltas.extend(cycle.deltas);
                    }
                }
                ToKeeper::Call(call) => self.call(call),
                ToKeeper::Floor(spec) => {
                    let client = Client {
                        person: crate::follower::FLOOR.to_owned(),
                        ..Client::default()
                    };
                    self.ask(client, Ask::Submit(spec), None);
                }
                ToKeeper::Timing(timing) => self.timing = timing,
                ToKeeper::Stop => {}
            }
        }
        if awaited || self.committed_at.elapsed() >= COMMIT_EVERY {
            self.commit()?;
        }
        self.show(&deltas);
        for delta in &deltas {
            if let Delta::Answer { token, result } = *delta {
                self.answer(token, result);
            }
        }
        self.checkpoint()
    }

    /// Makes everything kept durable, and tells the controller.
    fn commit(&mut self) -> Result<(), JournalError> {
        self.store.commit()?;
        self.bear_witness();
        self.committed_at = Instant::now();
        if self.kept > self.durable {
            self.durable = self.kept;
            // The bridge thread is gone only when everything stops.
            let _ = self.to_cycle.send(ToCycle::Durable { cycle: self.kept });
        }
        Ok(())
    }

    /// Leaves word for the witness of how far the store is durable.
    fn bear_witness(&self) {
        if let (Some(post), Some(mark)) = (&self.witness, self.store.durable()) {
            post.leave(mark);
        }
    }

    /// Begins a new log when the old one has grown long. One that fails leaves the old log going on, if it can.
    fn checkpoint(&mut self) -> Result<(), JournalError> {
        if !self.store.wants_checkpoint() || self.checkpoint_at > Instant::now() {
            return Ok(());
        }
        self.checkpoint_at = Instant::now() + CHECKPOINT_AGAIN;
        let shared = self.follower.clone();
        let follower = shared
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        match self.store.checkpoint(&follower) {
            Err(problem) if self.store.is_broken() => Err(problem),
            Err(problem) => {
                tracing::warn!("no checkpoint could be written, the log goes on: {problem}");
                Ok(())
            }
            Ok(()) => {
                self.checkpoint_at = Instant::now();
                Ok(())
            }
        }
    }

    /// Applies deltas to the model that everybody reads.
    fn show(&mut self, deltas: &[Delta]) {
        let mut changed = Vec::new();
        let shared = self.follower.clone();
        let mut follower = shared
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        for delta in deltas {
            self.judge.delta(delta);
            if let Delta::Vehicle(status) = delta {
                self.watch(status, follower.model.now_ms);
            }
            changed.extend(follower.apply(delta, self.client_of(delta)));
        }
        let kpis = &mut follower.model.kpis;
        let us = |ns: u64| (ns / 1_000) as u32;
        let execution = &self.timing.execution;
        kpis.execution_us = [
            us(execution.p50_ns),
            us(execution.p99_ns),
            us(execution.max_ns),
        ];
        kpis.misses = self.timing.missed();
        changed.sort_unstable();
        changed.dedup();
        let mut orders: Vec<_> = changed
            .iter()
            .filter_map(|id| follower.model.orders.get(id))
            .collect();
        orders.sort_unstable_by_key(|order| order.revision);
        for order in orders {
            // Nobody may be watching.
            let _ = self.changes.send(order.clone());
        }
    }

    fn watch(&mut self, status: &VehicleStatus, now_ms: u64) {
        let report = takt_maps::words::VehicleReport {
            speed_mm_s: status.speed_mm_s,
            // Only whether it changes counts: the way driven does when a node is reached.
            reached_seq: status.distance_mm as u32,
            ..Default::default()
        };
        self.judge
            .vehicle(status.vehicle, &report, status.mission, status.wait, now_ms);
    }

    fn client_of(&self, delta: &Delta) -> Option<Client> {
        match delta {
            Delta::Submitted {
                token: Some(token), ..
            } => self.pending.get(token).map(|p| p.client.clone()),
            _ => None,
        }
    }

    /// A request: answered at once where its client id is known, otherwise passed to the cycle.
    fn call(&mut self, call: Call) {
        let Call {
            person,
            request,
            answer,
        } = call;
        let client = |client_id: String| Client {
            client_id,
            person: person.name.clone(),
        };
        match request {
            Request::Submit { client_id, spec } => {
                if !client_id.is_empty() {
                    if let Some((id, known)) = self.known(&client_id) {
                        // The caller may have gone.
                        let _ =
                            answer.send(same(known, &spec, &client_id).map(|()| Reply::Order(id)));
                        return;
                    }
                    let twin = self
                        .pending
                        .values_mut()
                        .find(|p| p.client.client_id == client_id);
                    if let Some(twin) = twin {
                        match same(twin.spec(), &spec, &client_id) {
                            Ok(()) => twin.answers.push(answer),
                            Err(rejection) => drop(answer.send(Err(rejection))),
                        }
                        return;
                    }
                }
                self.ask(client(client_id), Ask::Submit(spec), Some(answer));
            }
            Request::Cancel { order } => {
                tracing::info!("{} cancels order {}", person.name, order.0);
                self.ask(client(String::new()), Ask::Cancel(order), Some(answer));
            }
            Request::PauseVehicle { vehicle, paused } => {
                tracing::info!(
                    "{} {} {}",
                    person.name,
                    pauses(paused),
                    self.vehicle_name(vehicle)
                );
                self.ask(
                    client(String::new()),
                    Ask::PauseVehicle(vehicle, paused),
                    Some(answer),
                );
            }
            Request::LocateVehicle { vehicle } => {
                let name = self.vehicle_name(vehicle);
                tracing::info!("{} has {name} located where it stands", person.name);
                self.ask(
                    client(String::new()),
                    Ask::LocateVehicle(vehicle),
                    Some(answer),
                );
            }
            Request::PauseFloor { paused } => {
                tracing::info!("{} {} the floor", person.name, pauses(paused));
                self.ask(client(String::new()), Ask::PauseFloor(paused), Some(answer));
            }
        }
    }

    /// The order that a client id stands for.
    fn known(&self, client_id: &str) -> Option<(takt_maps::OrderId, Option<OrderSpec>)> {
        let follower = self
            .follower
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let id = follower.order_of(client_id)?;
        Some((id, follower.model.orders.get(&id).map(|order| order.spec)))
    }

    fn vehicle_name(&self, vehicle: takt_maps::VehicleId) -> &str {
        self.floor
            .vehicles
            .get(vehicle.index())
            .map_or("an unknown vehicle", |v| &v.name)
    }

    fn ask(&mut self, client: Client, request: Ask, answer: Option<Answer>) {
        let token = self.next_token;
        self.next_token += 1;
        self.pending.insert(
            token,
            Pending {
                client,
                request,
                answers: answer.into_iter().collect(),
            },
        );
        if self.to_cycle.send(ToCycle::Ask { token, request }).is_err() {
            // Dropping the answers tells the callers that the controller is stopping.
            self.pending.remove(&token);
        }
    }

    /// What the controller's refusal means to the caller, with names for numbers.
    fn rejection(&self, refused: Refused) -> Rejection {
        match refused {
            Refused::Order(Refusal::LoadOnBoard(vehicle)) => {
                Rejection::FailedPrecondition(format!(
                    "the load is on board of {} and will be delivered; it is too late to cancel",
                    self.vehicle_name(vehicle)
                ))
            }
            other => rejection(other),
        }
    }

    fn answer(&mut self, token: u64, result: Result<Option<takt_maps::OrderId>, Refused>) {
        let Some(pending) = self.pending.remove(&token) else {
            return;
        };
        for answer in pending.answers {
            let reply = match result {
                Ok(Some(id)) => Ok(Reply::Order(id)),
                Ok(None) => Ok(Reply::Done),
                Err(refused) => Err(self.rejection(refused)),
            };
            // The caller may have gone.
            let _ = answer.send(reply);
        }
    }
}

fn pauses(paused: bool) -> &'static str {
    if paused { "pauses" } else { "resumes" }
}

/// The same client id must say the same.
fn same(known: Option<OrderSpec>, spec: &OrderSpec, client_id: &str) -> Result<(), Rejection> {
    // Times are relative to the moment of the call for most clients: they do not make another order.
    let bare = |s: &OrderSpec| OrderSpec {
        release_ms: 0,
        deadline_ms: None,
        ..*s
    };
    match known {
        Some(known) if bare(&known) != bare(spec) => Err(Rejection::AlreadyExists(format!(
            "client_id: {client_id:?} was used for another order; use a new one, or the same contents"
        ))),
        _ => Ok(()),
    }
}

fn rejection(refused: Refused) -> Rejection {
    let refusal = match refused {
        Refused::Order(refusal) => refusal,
        Refused::UnknownVehicle => {
            return Rejection::NotFound("there is no such vehicle".to_owned());
        }
        Refused::UnknownEdge => return Rejection::NotFound("there is no such edge".to_owned()),
        Refused::NotToBeLocated => {
            return Rejection::FailedPrecondition(
                "only a vehicle that is not where it should be can be located anew, when it is in touch, in automatic mode, stands at another node, and has nothing ahead of it and no transfer or charging begun".to_owned(),
            );
        }
    };
    let invalid = |field| Rejection::Invalid {
        field,
        problem: refusal.to_string(),
    };
    match refusal {
        Refusal::Full { .. } => Rejection::ResourceExhausted(refusal.to_string()),
        Refusal::UnknownDependency(_) | Refusal::DependencyFailed(_) => invalid("depends_on"),
        Refusal::SameStation => invalid("drop_station"),
        Refusal::Priority(_) => invalid("priority"),
        Refusal::DeadlineBeforeRelease => invalid("deadline_ms"),
        Refusal::NotInBook(_) => Rejection::NotFound(refusal.to_string()),
        Refusal::IdNotIncreasing { .. } | Refusal::WrongState(_) | Refusal::LoadOnBoard(_) => {
            Rejection::FailedPrecondition(refusal.to_string())
        }
    }
}
