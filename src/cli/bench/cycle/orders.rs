//! Orders beside the load: submitted through the front, as the API does, to see when they are durable and answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use takt_maps::{Floor, StationId};
use takt_rt::timing::{Durations, Quantiles};
use takt_scheduler::orders::{OrderSpec, Origin, Stop};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use crate::host::front::{Front, Person, Request, Role};

/// Time between two orders.
const EVERY: Duration = Duration::from_millis(50);

/// Submits orders until it is ended.
pub(super) struct Orders {
    stop: Arc<AtomicBool>,
    task: JoinHandle<(Durations, u64)>,
}

/// How long orders took to be durable and answered.
#[derive(Default)]
pub(super) struct Acknowledged {
    pub times: Quantiles,
    /// Orders that were refused.
    pub refused: u64,
}

impl Orders {
    pub(super) fn begin(runtime: &Runtime, front: Front, floor: Arc<Floor>, seed: u64) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let task = runtime.spawn(async move {
            let (mut times, mut refused) = (Durations::new(), 0);
            let mut number = seed;
            while !stopped.load(Ordering::Acquire) {
                tokio::time::sleep(EVERY).await;
                let now_ms = front.read(|model| model.now_ms);
                number += 1;
                let Some(spec) = order(&floor, number, now_ms) else {
                    break;
                };
                let person = Person {
                    name: "bench".to_owned(),
                    role: Role::Operator,
                };
                let client_id = String::new();
                let begun = Instant::now();
                match front.ask(person, Request::Submit { client_id, spec }).await {
                    Ok(_) => times.record_ns(begun.elapsed().as_nanos() as u64),
                    Err(_) => refused += 1,
                }
            }
            (times, refused)
        });
        Self { stop, task }
    }

    pub(super) async fn end(self) -> Acknowledged {
        self.stop.store(true, Ordering::Release);
        match self.task.await {
            Ok((times, refused)) => Acknowledged {
                times: times.quantiles(),
                refused,
            },
            Err(_) => Acknowledged::default(),
        }
    }
}

/// The n-th order: between two stations, over all pairs in time; `None` on a floor with fewer than two.
fn order(floor: &Floor, number: u64, now_ms: u64) -> Option<OrderSpec> {
    let count = floor.stations.len() as u64;
    let from = number % count.max(1);
    let to = (from + 1 + number / count.max(1) % count.saturating_sub(1).max(1)) % count.max(1);
    let stop = |station: u64| Stop {
        station: StationId::from_index(station as usize),
        buffer: None,
    };
    (count >= 2).then(|| OrderSpec {
        pickup: stop(from),
        drop: stop(to),
        quantity: 0,
        priority: 0,
        release_ms: now_ms,
        deadline_ms: None,
        depends_on: None,
        origin: Origin::Client,
    })
}
