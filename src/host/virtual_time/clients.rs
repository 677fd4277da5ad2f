//! A production system that orders from the controller under ids of its own, remembers what was acknowledged, and asks
//! again for what was not.

use std::collections::BTreeMap;

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg32;
use takt_maps::{Floor, OrderId};
use takt_scheduler::orders::{OrderSpec, PRIORITY_MAX, Stop};
use takt_sim::workload::{Request, Workload};

use super::Answered;
use crate::follower::{Client, Follower};
use crate::host::judges::Findings;

/// Orders that it has under way at a time.
const UNDER_WAY: usize = 4;
/// It orders so often on average.
const MEAN_MS: u64 = 20_000;
/// An order that was not answered is asked for again after this time.
const AGAIN_MS: u64 = 3_000;

/// An order that was asked for and not acknowledged.
struct Wanted {
    spec: OrderSpec,
    asked_ms: u64,
}

/// The production system.
pub(super) struct Clients {
    random: Pcg32,
    workload: Workload,
    next_ms: u64,
    next_id: u64,
    wanted: BTreeMap<String, Wanted>,
    tokens: BTreeMap<u64, String>,
    /// Acknowledged, and not seen ended.
    acknowledged: BTreeMap<String, OrderId>,
}

impl Clients {
    pub(super) fn new(floor: &Floor, seed: u64) -> Self {
        let everything = takt_maps::Workload {
            random_open: u32::MAX,
            rush_every_s: 0,
            deadline_s: 0,
        };
        let mut random = Pcg32::seed_from_u64(seed ^ 0xc11e_2705);
        Self {
            workload: Workload::with(floor, &everything, u64::from(random.next_u32())),
            random,
            next_ms: 0,
            next_id: 0,
            wanted: BTreeMap::new(),
            tokens: BTreeMap::new(),
            acknowledged: BTreeMap::new(),
        }
    }

    /// What it asks for now, under which id.
    pub(super) fn next(&mut self, now_ms: u64) -> Option<(Client, OrderSpec)> {
        let again = self
            .wanted
            .iter_mut()
            .find(|(_, w)| now_ms >= w.asked_ms + AGAIN_MS);
        if let Some((id, wanted)) = again {
            wanted.asked_ms = now_ms;
            return Some((client(id), wanted.spec));
        }
        if now_ms < self.next_ms || self.wanted.len() + self.acknowledged.len() >= UNDER_WAY {
            return None;
        }
        self.next_ms = now_ms + u64::from(self.random.next_u32()) % (2 * MEAN_MS);
        let Request { pickup, drop, .. } = self.workload.next(now_ms, 0)?;
        let stop = |station| Stop {
            station,
            buffer: None,
        };
        let spec = OrderSpec {
            pickup: stop(pickup),
            drop: stop(drop),
            priority: (self.random.next_u32() % u32::from(PRIORITY_MAX + 1)) as u8,
            ..OrderSpec::default()
        };
        self.next_id += 1;
        let id = format!("mes-{}", self.next_id);
        let who = client(&id);
        self.wanted.insert(
            id,
            Wanted {
                spec,
                asked_ms: now_ms,
            },
        );
        Some((who, spec))
    }

    /// It has been asked under this token.
    pub(super) fn asked(&mut self, token: u64, client: &Client) {
        self.tokens.insert(token, client.client_id.clone());
    }

    /// The order was known already under this id.
    pub(super) fn known(&mut self, client: &Client, order: OrderId) {
        if self.wanted.remove(&client.client_id).is_some() {
            self.acknowledged.insert(client.client_id.clone(), order);
        }
    }

    /// An answer has come. What is refused is given up.
    pub(super) fn answered(&mut self, (token, result): &Answered) {
        let Some(id) = self.tokens.remove(token) else {
            return;
        };
        if self.wanted.remove(&id).is_some()
            && let Ok(Some(order)) = result
        {
            self.acknowledged.insert(id, *order);
        }
    }

    /// The controller is gone, and its answers with it.
    pub(super) fn disconnected(&mut self) {
        self.tokens.clear();
    }

    /// Compares what was acknowledged with what is known; forgets what has ended.
    pub(super) fn check(
        &mut self,
        follower: &Follower,
        excused: bool,
        now_ms: u64,
        findings: &mut Findings,
    ) {
        let mut lost = Vec::new();
        for (id, order) in &self.acknowledged {
            match follower.model.orders.get(order) {
                Some(view) if view.client_id == *id => {
                    if view.state.is_final() {
                        lost.push(id.clone());
                    }
                }
                _ => {
                    if !excused {
                        findings.note("acknowledged", now_ms, || {
                            format!(
                                "order {} was acknowledged as {id}, and is not known any more",
                                order.0
                            )
                        });
                    }
                    lost.push(id.clone());
                }
            }
        }
        for id in lost {
            self.acknowledged.remove(&id);
        }
    }
}

fn client(id: &str) -> Client {
    Client {
        client_id: id.to_owned(),
        person: "mes".to_owned(),
    }
}
