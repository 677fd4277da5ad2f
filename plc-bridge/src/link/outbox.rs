//! The latest command for one endpoint, and whether it may still be written.
//!
//! The rules are [`Slot`] and [`Settled`], plain values; [`outbox`] puts a channel between the two, so that a link's
//! task wakes when there is something else to write.

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

/// Room for one command: the latest wins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot<T>(Option<Stamped<T>>);

/// Which command was written or dropped last.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    serial: u64,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Copy> Slot<T> {
    /// The command, if there is one.
    pub(crate) fn value(&self) -> Option<&T> {
        self.0.as_ref().map(|command| &command.value)
    }

    /// The slot without the command: enough to decide on it.
    pub(crate) fn stamp(&self) -> Slot<()> {
        Slot(self.0.as_ref().map(|command| Stamped {
            value: (),
            serial: command.serial,
            deadline_ms: command.deadline_ms,
        }))
    }

    /// Replaces the command.
    pub(crate) fn replace(&mut self, value: T, deadline_ms: u64) {
        let serial = self.0.as_ref().map_or(1, |old| old.serial + 1);
        self.0 = Some(Stamped {
            value,
            serial,
            deadline_ms,
        });
    }
}

impl<T: Copy + PartialEq> Slot<T> {
    /// Replaces the command; true if the value is another one.
    pub(crate) fn put(&mut self, value: T, deadline_ms: u64) -> bool {
        let same = self.value() == Some(&value);
        self.replace(value, deadline_ms);
        !same
    }
}

impl Settled {
    /// What of `slot` may be written at `now_ms`.
    pub(crate) fn take<T: Copy>(&mut self, slot: &Slot<T>, now_ms: u64) -> Pending<T> {
        let Some(command) = slot.0 else {
            return Pending::Nothing;
        };
        let fresh = command.serial != self.serial;
        if now_ms <= command.deadline_ms {
            return Pending::Ready { command, fresh };
        }
        self.serial = command.serial;
        if fresh {
            Pending::Dropped
        } else {
            Pending::Nothing
        }
    }

    /// The device has confirmed the command.
    pub(crate) fn written<T>(&mut self, command: &Stamped<T>) {
        self.serial = command.serial;
    }
}

/// The sending end.
#[derive(Debug)]
pub(crate) struct OutboxSender<T>(watch::Sender<Slot<T>>);

/// The link's end.
#[derive(Debug)]
pub(crate) struct Outbox<T> {
    latest: watch::Receiver<Slot<T>>,
    settled: Settled,
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
    let (sender, latest) = watch::channel(Slot::default());
    let settled = Settled::default();
    (OutboxSender(sender), Outbox { latest, settled })
}

impl<T: Copy + PartialEq> OutboxSender<T> {
    /// Replaces the command. The link is woken only if the value is another one, so that a value may be refreshed as
    /// often as the sender likes.
    pub(crate) fn put(&self, value: T, deadline_ms: u64) {
        self.0.send_if_modified(|slot| slot.put(value, deadline_ms));
    }
}

impl<T: Copy + PartialEq> Outbox<T> {
    /// What may be written at `now_ms`.
    pub(crate) fn take(&mut self, now_ms: u64) -> Pending<T> {
        self.settled.take(&self.latest.borrow_and_update(), now_ms)
    }

    /// The device has confirmed the command.
    pub(crate) fn written(&mut self, command: &Stamped<T>) {
        self.settled.written(command);
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
