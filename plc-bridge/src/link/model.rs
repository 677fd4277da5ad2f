//! A link without a connection: the rules of `task` as a plain state machine, message by message, with the time as
//! input. In virtual time it does, without runtime and codec, what the task does, in the same milliseconds.
//!
//! The host asks [`Model::next`] when to call [`Model::wake`], carries out the [`Step`] that comes of it, and says what
//! came of that with [`Model::opened`] or [`Model::answered`].

use super::backoff::Backoff;
use super::model_side::{Side, Turn};
use super::port::Heard;
use super::stats::LinkStats;
use super::supervisor::Supervisor;
use super::timing::Timing;
use crate::messages::{Endpoint, FromField, LinkState};
use tokio::time::Instant;

/// What the link wants of its host now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// Nothing before [`Model::next`].
    Rest,
    /// A new connection; the old one, if there is one, is of no more use.
    Open,
    /// A request for the report or the inputs.
    Read,
    /// A request to take over [`Model::command`].
    Write,
}

/// What came of a request.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Answer<R> {
    /// The report or the inputs that were asked for.
    Said(R),
    /// The command was confirmed.
    Written,
    /// The device refused.
    Exception,
    /// An answer to something else, or of somebody else.
    BadFrame,
    /// The connection is broken.
    Lost,
}

/// What it does, and until when it waits for what it asked for.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Phase {
    /// Between two attempts to connect.
    Closed { until: Instant },
    /// Connecting.
    Opening { until: Instant },
    /// Connected, and nothing asked for. `up`: it was, when it began to wait.
    Idle { up: bool },
    /// Waiting for a report.
    Reading { until: Instant },
    /// Waiting for a confirmation.
    Writing { until: Instant },
}

/// One link.
#[derive(Debug)]
pub struct Model<S: Side> {
    side: S,
    timing: Timing,
    supervisor: Supervisor,
    backoff: Backoff,
    stats: LinkStats,
    connections: u64,
    /// It has not said yet that it is there.
    begins: bool,
    phase: Phase,
    /// When the next poll is due.
    poll_at: Instant,
    /// When the last sign of life came on this connection, or when it was made.
    quiet_since: Instant,
    /// Was the last answer a report that repeats the one before?
    repeated: bool,
}

impl<S: Side> Model<S> {
    /// A link that is started now.
    pub fn new(endpoint: Endpoint, side: S, timing: Timing, now: Instant) -> Self {
        Self {
            side,
            timing,
            supervisor: Supervisor::new(now, timing.link_timeout),
            backoff: Backoff::new(),
            stats: LinkStats::new(endpoint),
            connections: 0,
            begins: true,
            phase: Phase::Closed { until: now },
            poll_at: now + timing.phase,
            quiet_since: now,
            repeated: false,
        }
    }

    /// When [`wake`](Self::wake) has something to do, if nothing is heard before.
    pub fn next(&self) -> Instant {
        let at = match self.phase {
            Phase::Closed { until }
            | Phase::Opening { until }
            | Phase::Reading { until }
            | Phase::Writing { until } => until,
            Phase::Idle { .. } => self.poll_at,
        };
        self.supervisor.deadline().map_or(at, |dead| dead.min(at))
    }

    /// Puts in a command that may be written until `deadline_ms`; true if the link wants to write it before the next
    /// poll: then [`wake`](Self::wake) it.
    pub fn put(&mut self, command: S::Command, deadline_ms: u64) -> bool {
        self.side.put(command, deadline_ms) && matches!(self.phase, Phase::Idle { up: true })
    }

    /// The command that is to be written, after [`Step::Write`].
    pub fn command(&self) -> S::Command {
        self.side.command()
    }

    /// Does it wait for an answer?
    pub fn awaits(&self) -> bool {
        matches!(self.phase, Phase::Reading { .. } | Phase::Writing { .. })
    }

    /// Does it wait for a connection?
    pub fn opens(&self) -> bool {
        matches!(self.phase, Phase::Opening { .. })
    }

    /// Something is due at `now`, which is `now_ms` of the commands' clock.
    pub fn wake(&mut self, now: Instant, now_ms: u64, say: &mut impl FnMut(FromField)) -> Step {
        if std::mem::take(&mut self.begins) {
            self.say(LinkState::Connecting, say);
        }
        self.check(now, say);
        match self.phase {
            Phase::Closed { until } if now >= until => {
                let until = now + self.timing.connect_timeout;
                self.phase = Phase::Opening { until };
                Step::Open
            }
            Phase::Opening { until } if now >= until => self.not_opened(now),
            Phase::Idle { .. } if now >= self.poll_at => self.poll(now, now_ms, say),
            Phase::Idle { up: true } if self.side.woken() => self.write(now, now_ms, say),
            Phase::Reading { until } | Phase::Writing { until } if now >= until => {
                self.stats.timeouts += 1;
                self.broken(now, say)
            }
            _ => Step::Rest,
        }
    }

    /// What became of [`Step::Open`].
    pub fn opened(
        &mut self,
        open: bool,
        now: Instant,
        now_ms: u64,
        say: &mut impl FnMut(FromField),
    ) -> Step {
        self.check(now, say);
        if !open {
            return self.not_opened(now);
        }
        self.stats.reconnects = self.connections;
        self.connections += 1;
        self.side.connected();
        self.quiet_since = now;
        self.repeated = false;
        self.idle(now, now_ms, say)
    }

    /// What became of a request.
    pub fn answered(
        &mut self,
        answer: Answer<S::Said>,
        now: Instant,
        now_ms: u64,
        say: &mut impl FnMut(FromField),
    ) -> Step {
        self.check(now, say);
        let reads = matches!(self.phase, Phase::Reading { .. });
        match answer {
            Answer::Said(said) if reads => {
                self.stats.reads += 1;
                match self.side.received(said, now) {
                    Heard::News(news) => {
                        self.heard(now, say);
                        if let Some(news) = news {
                            say(news);
                        }
                    }
                    Heard::Repeated => self.repeated = true,
                }
                self.write(now, now_ms, say)
            }
            Answer::Written if !reads => {
                self.stats.writes += 1;
                self.side.written(now);
                self.idle(now, now_ms, say)
            }
            Answer::Exception => {
                self.stats.exceptions += 1;
                if reads {
                    self.write(now, now_ms, say)
                } else {
                    self.idle(now, now_ms, say)
                }
            }
            Answer::Lost => {
                self.stats.losses += 1;
                self.broken(now, say)
            }
            Answer::BadFrame | Answer::Said(_) | Answer::Written => {
                self.stats.bad_frames += 1;
                self.broken(now, say)
            }
        }
    }

    /// What happened on it so far.
    pub fn stats(&self) -> LinkStats {
        self.stats
    }

    fn poll(&mut self, now: Instant, now_ms: u64, say: &mut impl FnMut(FromField)) -> Step {
        self.poll_at = self.timing.next_poll(self.poll_at, now);
        if self.side.reads() {
            let until = now + self.timing.request_timeout;
            self.phase = Phase::Reading { until };
            return Step::Read;
        }
        // A device without inputs is alive while its connection is.
        self.heard(now, say);
        self.write(now, now_ms, say)
    }

    /// Writes, if something is due. A dead link is written nothing: what it was told last stands.
    fn write(&mut self, now: Instant, now_ms: u64, say: &mut impl FnMut(FromField)) -> Step {
        if self.supervisor.is_up() {
            match self.side.due(now, now_ms) {
                Turn::Nothing => {}
                Turn::Dropped => self.stats.dropped_commands += 1,
                Turn::Write => {
                    let until = now + self.timing.request_timeout;
                    self.phase = Phase::Writing { until };
                    return Step::Write;
                }
            }
        }
        self.idle(now, now_ms, say)
    }

    /// After a poll or a write: waits for the next, unless the connection is of no use.
    fn idle(&mut self, now: Instant, now_ms: u64, say: &mut impl FnMut(FromField)) -> Step {
        if now.duration_since(self.quiet_since) >= self.timing.link_timeout {
            self.stats.frozen += u64::from(self.repeated);
            return self.broken(now, say);
        }
        let up = self.supervisor.is_up();
        self.phase = Phase::Idle { up };
        if now >= self.poll_at {
            self.poll(now, now_ms, say)
        } else if up && self.side.woken() {
            self.write(now, now_ms, say)
        } else {
            Step::Rest
        }
    }

    fn not_opened(&mut self, now: Instant) -> Step {
        self.stats.connect_failures += 1;
        self.close(now)
    }

    fn broken(&mut self, now: Instant, say: &mut impl FnMut(FromField)) -> Step {
        if self.supervisor.is_up() {
            self.backoff.succeeded();
        }
        if let Some(state) = self.supervisor.lost() {
            self.say(state, say);
        }
        self.close(now)
    }

    fn close(&mut self, now: Instant) -> Step {
        let until = now + self.backoff.failed();
        self.phase = Phase::Closed { until };
        Step::Rest
    }

    fn heard(&mut self, now: Instant, say: &mut impl FnMut(FromField)) {
        self.quiet_since = now;
        self.repeated = false;
        if let Some(state) = self.supervisor.heard(now) {
            self.say(state, say);
        }
    }

    fn check(&mut self, now: Instant, say: &mut impl FnMut(FromField)) {
        if let Some(state) = self.supervisor.check(now) {
            self.say(state, say);
        }
    }

    fn say(&mut self, state: LinkState, say: &mut impl FnMut(FromField)) {
        self.stats.state = state;
        let endpoint = self.stats.endpoint;
        say(FromField::Link { endpoint, state });
    }
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;
