//! Streams that last until the caller goes or the server stops.

use std::time::Duration;

use tokio::sync::{broadcast, mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::status::stopping;
use super::v1;
use super::vehicles::all_vehicles;
use super::view::Frame;
use crate::follower::model::OrderView;
use crate::host::front::Front;

/// Answers that wait for a slow caller; behind them, the stream is brought up to date from the read model.
const WAITING_MAX: usize = 256;

/// A stream of answers.
pub(super) type Watch<T> = ReceiverStream<Result<T, Status>>;

/// Tells all watches to end.
#[derive(Debug)]
pub(super) struct Stop(watch::Sender<bool>);

/// When to end.
#[derive(Clone, Debug)]
pub(super) struct Stopping(watch::Receiver<bool>);

/// A way to end watches, and how they learn of it.
pub(super) fn stop() -> (Stop, Stopping) {
    let (sender, receiver) = watch::channel(false);
    (Stop(sender), Stopping(receiver))
}

impl Stop {
    /// Ends them.
    pub(super) fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stopping {
    /// Until it is time to end; that is also when the other side is gone.
    pub(super) async fn wait(mut self) {
        let _ = self.0.wait_for(|&stop| stop).await;
    }
}

/// Orders that changed after a revision, then every change.
///
/// States that an order passes while the caller is slow may be left out, its newest never is.
pub(super) fn orders(front: Front, after: u64, stopped: Stopping) -> Watch<v1::Order> {
    // Subscribed before the model is looked at: a change is in one of them at least.
    let mut changes = front.watch_orders();
    let (sender, receiver) = mpsc::channel(WAITING_MAX);
    tokio::spawn(async move {
        let mut last = after;
        let mut first = None;
        loop {
            let (frame, views) = changed_after(&front, &mut changes, first.take(), last);
            for view in views {
                last = view.revision;
                if sender.send(Ok(frame.order(&view))).await.is_err() {
                    return;
                }
            }
            tokio::select! {
                biased;
                () = sender.closed() => return,
                () = stopped.clone().wait() => {
                    // The caller may have gone.
                    let _ = sender.send(Err(stopping())).await;
                    return;
                }
                change = changes.recv() => match change {
                    Ok(change) => first = Some(change),
                    // What was left out is in the model.
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => return,
                }
            }
        }
    });
    ReceiverStream::new(receiver)
}

/// What is new after revision `last`, by revision: announced changes, and the newest state of each order.
///
/// The changes give the states in between, and may be incomplete or out of order; the model makes it complete.
fn changed_after(
    front: &Front,
    changes: &mut broadcast::Receiver<OrderView>,
    first: Option<OrderView>,
    last: u64,
) -> (Frame, Vec<OrderView>) {
    let mut views: Vec<_> = first.into_iter().collect();
    let frame = front.read(|model| {
        loop {
            match changes.try_recv() {
                Ok(change) => views.push(change),
                Err(broadcast::error::TryRecvError::Lagged(_)) => {}
                Err(_) => break,
            }
        }
        views.extend(
            model
                .orders
                .values()
                .filter(|order| order.revision > last)
                .cloned(),
        );
        Frame::of(model)
    });
    views.retain(|view| view.revision > last);
    views.sort_by_key(|view| view.revision);
    views.dedup_by_key(|view| view.revision);
    (frame, views)
}

/// All vehicles, now and after every interval. A slow caller gets fewer answers, not older ones.
pub(super) fn vehicles(
    front: Front,
    interval: Duration,
    stopped: Stopping,
) -> Watch<v1::ListVehiclesResponse> {
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(interval);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = sender.closed() => return,
                () = stopped.clone().wait() => {
                    // The caller may have gone.
                    let _ = sender.send(Err(stopping())).await;
                    return;
                }
                _ = ticks.tick() => {}
            }
            // A place in the queue first, so that what is sent is new.
            let Ok(place) = sender.reserve().await else {
                return;
            };
            place.send(Ok(all_vehicles(&front)));
        }
    });
    ReceiverStream::new(receiver)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::{Arc, RwLock};

    use super::*;
    use crate::follower::Follower;
    use takt_maps::{Floor, OrderId};
    use takt_scheduler::orders::{OrderSpec, OrderState};

    fn view(id: u64, revision: u64) -> OrderView {
        OrderView {
            id: OrderId(id),
            client_id: String::new(),
            person: "li".to_owned(),
            spec: OrderSpec::default(),
            state: OrderState::Open,
            reason: None,
            submitted_ms: 0,
            assigned_ms: None,
            loaded_ms: None,
            ended_ms: None,
            revision,
        }
    }

    fn seen((_, views): (Frame, Vec<OrderView>)) -> Vec<(u64, u64)> {
        views
            .iter()
            .map(|view| (view.id.0, view.revision))
            .collect()
    }

    #[test]
    fn changes_come_once_and_by_revision_whatever_the_channel_does() {
        let follower = Arc::new(RwLock::new(Follower::new(Arc::new(Floor::default()), 0)));
        let (front, _calls) = Front::new(follower.clone());
        let put = |view: OrderView| follower.write().unwrap().model.orders.insert(view.id, view);
        let mut changes = front.watch_orders();
        for (id, revision) in [(1, 1), (2, 2), (3, 5)] {
            put(view(id, revision));
        }
        assert_eq!(
            seen(changed_after(&front, &mut changes, None, 1)),
            [(2, 2), (3, 5)]
        );
        // A state in between, a repetition, an old one, and all in disorder.
        put(view(1, 8));
        for (id, revision) in [(1, 8), (2, 4), (1, 7), (1, 8)] {
            front.changes().send(view(id, revision)).unwrap();
        }
        let first = Some(view(1, 6));
        assert_eq!(
            seen(changed_after(&front, &mut changes, first, 5)),
            [(1, 6), (1, 7), (1, 8)]
        );
        // More than the channel holds: the newest state of each is there all the same.
        put(view(4, 9));
        front.changes().send(view(4, 9)).unwrap();
        for revision in 10..10_000 {
            front.changes().send(view(5, revision)).unwrap();
        }
        put(view(5, 9_999));
        let seen = seen(changed_after(&front, &mut changes, None, 8));
        assert_eq!((seen[0], seen[seen.len() - 1]), ((4, 9), (5, 9_999)));
        assert!(seen.is_sorted_by(|a, b| a.1 < b.1));
    }
}
