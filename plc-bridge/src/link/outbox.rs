//! The latest command for one endpoint, and whether it may still be written.

use tokio::sync::watch;

/// A command with its deadline.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Stamped<T> {
    pub(crate) value: T,
    /// Counts the commands put in.
    serial: u64,
    /// Last millisecond in which it may be written.
    deadline_ms: u64,
}

/// The sending end: the latest command wins.
#[derive(Debug)]
pub(crate) struct OutboxSender<T>(watch::Sender<Option<Stamped<T>>>);

/// The link's end.
#[derive(Debug)]
pub(crate) struct Outbox<T> {
    latest: watch::Receiver<Option<Stamped<T>>>,
    /// Serial number of the last command that was written or dropped.
    settled: u64,
}

/// What is in the outbox.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Pending<T> {
    /// No command, or one that was written and is past its deadline now.
    Nothing,
    /// A command past its deadline that was never written; said once for each.
    Dropped,
    /// A command that may be written; `fresh` until it was.
    Ready { command: Stamped<T>, fresh: bool },
}

/// A new, empty outbox.
pub(crate) fn outbox<T: Copy + PartialEq>() -> (OutboxSender<T>, Outbox<T>) {
    let (sender, latest) = watch::channel(None);
    let outbox = Outbox { latest, settled: 0 };
    (OutboxSender(sender), outbox)
}

impl<T: Copy + PartialEq> OutboxSender<T> {
    /// Replaces the command. The link is woken only if the value is another one, so that a value may be refreshed as
    /// often as the sender likes.
    pub(crate) fn put(&self, value: T, deadline_ms: u64) {
        self.0.send_if_modified(|slot| {
            let serial = slot.as_ref().map_or(1, |old| old.serial + 1);
            let same = slot.as_ref().is_some_and(|old| old.value == value);
            *slot = Some(Stamped {
                value,
                serial,
                deadline_ms,
            });
            !same
        });
    }
}

impl<T: Copy + PartialEq> Outbox<T> {
    /// What may be written at `now_ms`.
    pub(crate) fn take(&mut self, now_ms: u64) -> Pending<T> {
        let Some(command) = *self.latest.borrow_and_update() else {
            return Pending::Nothing;
        };
        let fresh = command.serial != self.settled;
        if now_ms <= command.deadline_ms {
            return Pending::Ready { command, fresh };
        }
        self.settled = command.serial;
        if fresh {
            Pending::Dropped
        } else {
            Pending::Nothing
        }
    }

    /// The device has confirmed the command.
    pub(crate) fn written(&mut self, command: &Stamped<T>) {
        self.settled = command.serial;
    }

    /// Waits for another value. After the sender is gone there is none.
    pub(crate) async fn changed(&mut self) {
        if self.latest.changed().await.is_err() {
            std::future::pending().await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_is_ready_until_its_deadline_and_dropped_once() {
        let (sender, mut outbox) = outbox::<u8>();
        assert_eq!(outbox.take(0), Pending::Nothing);
        sender.put(5, 100);
        assert!(matches!(
            outbox.take(100),
            Pending::Ready { fresh: true, .. }
        ));
        assert_eq!(outbox.take(101), Pending::Dropped);
        assert_eq!(outbox.take(102), Pending::Nothing, "counted once");
    }

    #[test]
    fn written_command_is_repeated_and_then_ends_without_a_drop() {
        let (sender, mut outbox) = outbox::<u8>();
        sender.put(5, 100);
        let Pending::Ready { command, .. } = outbox.take(10) else {
            panic!("a command is there");
        };
        outbox.written(&command);
        assert!(matches!(
            outbox.take(60),
            Pending::Ready { fresh: false, .. }
        ));
        assert_eq!(outbox.take(101), Pending::Nothing);
    }

    #[test]
    fn latest_wins_and_the_same_value_only_moves_the_deadline() {
        let (sender, mut outbox) = outbox::<u8>();
        sender.put(1, 100);
        sender.put(2, 100);
        let Pending::Ready { command, .. } = outbox.take(10) else {
            panic!("a command is there");
        };
        assert_eq!(command.value, 2);
        sender.put(2, 500);
        assert!(
            !outbox.latest.has_changed().unwrap(),
            "the link is not woken"
        );
        assert!(matches!(outbox.take(400), Pending::Ready { .. }));
        sender.put(3, 500);
        assert!(outbox.latest.has_changed().unwrap());
    }
}
