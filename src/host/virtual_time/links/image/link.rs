//! One link on values: the rules of the link, its way, and the server at the end of that.

use std::time::Duration;

use takt_plc_bridge::link::model::{Answer, Model, Step};
use takt_plc_bridge::{FromField, LinkStats};
use takt_sim::SimFloor;
use tokio::time::Instant;

use super::super::Setting;
use super::super::wire::{Dialled, Wire, WireCounts};
use super::server::{OnFloor, Server, What};

/// A request or an answer, with the number of the request.
#[derive(Clone, Copy, Debug)]
struct Message<R, C> {
    request: u64,
    what: What<R, C>,
}

/// One link with its way and its server.
pub(super) struct Link<S: OnFloor> {
    pub(super) model: Model<S>,
    wire: Wire<Message<S::Said, S::Command>>,
    server: Server<S>,
    /// Its connection is there at this time.
    opens_ms: Option<u64>,
    /// Number of the last request.
    request: u64,
}

/// Translates between milliseconds of the rehearsal and the time of links. The origin means nothing: only differences
/// count.
#[derive(Clone, Copy)]
pub(super) struct Scale {
    pub(super) origin: Instant,
}

impl Scale {
    pub(super) fn at(self, ms: u64) -> Instant {
        self.origin + Duration::from_millis(ms)
    }

    fn ms(self, at: Instant) -> u64 {
        at.duration_since(self.origin).as_millis() as u64
    }
}

impl<S: OnFloor> Link<S> {
    /// The link at `link`, to the vehicle or device at `index`.
    pub(super) fn new(model: Model<S>, seed: u64, link: usize, index: usize) -> Self {
        Self {
            model,
            wire: Wire::new(seed, link),
            server: Server {
                index,
                answering: Default::default(),
                said: None,
            },
            opens_ms: None,
            request: 0,
        }
    }

    /// A new link begins, over the same way and to the same server.
    pub(super) fn begin(&mut self, model: Model<S>) {
        self.model = model;
        self.opens_ms = None;
    }

    /// Its setting is another one; moves `due_ms` if the link is to be looked at earlier.
    pub(super) fn set(
        &mut self,
        setting: &Setting,
        scale: Scale,
        now_ms: u64,
        due_ms: &mut u64,
        say: &mut impl FnMut(u64, FromField),
    ) {
        self.server.answering = setting.answering;
        let breaks = self
            .wire
            .set(setting.conditions, setting.reset, setting.plugged);
        if breaks && self.model.awaits() {
            let mut say = |what| say(now_ms, what);
            self.model
                .answered(Answer::Lost, scale.at(now_ms), now_ms, &mut say);
            *due_ms = now_ms;
        }
    }

    pub(super) fn stats(&self) -> (LinkStats, WireCounts) {
        (self.model.stats(), self.wire.counts())
    }

    /// Does everything that is due from `wakes_ms` up to `now_ms`; gives back when it is to be called again. In one
    /// millisecond what the link does by itself comes before what arrives.
    pub(super) fn run(
        &mut self,
        scale: Scale,
        mut wakes_ms: u64,
        now_ms: u64,
        sim: &mut SimFloor,
        say: &mut impl FnMut(u64, FromField),
    ) -> u64 {
        loop {
            let opens_ms = self.opens_ms.unwrap_or(u64::MAX);
            let arrives_ms = self.wire.next_ms().unwrap_or(u64::MAX);
            let at_ms = wakes_ms.min(opens_ms).min(arrives_ms);
            if at_ms > now_ms {
                return at_ms;
            }
            let now = scale.at(at_ms);
            let mut say = |what| say(at_ms, what);
            let step = if wakes_ms <= at_ms {
                self.model.wake(now, at_ms, &mut say)
            } else if opens_ms <= at_ms {
                self.opens_ms = None;
                match self.wire.dial() {
                    Dialled::Refused => self.model.opened(false, now, at_ms, &mut say),
                    Dialled::Silence => Step::Rest,
                    Dialled::After(_) => {
                        self.wire.connect();
                        self.model.opened(true, now, at_ms, &mut say)
                    }
                }
            } else {
                let server = &mut self.server;
                self.wire.deliver(at_ms, &mut |m| answer(server, sim, m));
                match self.heard() {
                    Some(answer) if self.model.awaits() => {
                        self.model.answered(answer, now, at_ms, &mut say)
                    }
                    _ => Step::Rest,
                }
            };
            self.carry_out(step, now, at_ms, sim, &mut say);
            if !self.model.opens() {
                self.opens_ms = None;
            }
            wakes_ms = scale.ms(self.model.next());
        }
    }

    /// Carries out what the link wants, and what it wants then.
    fn carry_out(
        &mut self,
        mut step: Step,
        now: Instant,
        now_ms: u64,
        sim: &mut SimFloor,
        say: &mut impl FnMut(FromField),
    ) {
        loop {
            let what = match step {
                Step::Rest => return,
                Step::Open => {
                    step = match self.wire.dial() {
                        Dialled::Refused => self.model.opened(false, now, now_ms, say),
                        Dialled::Silence => return,
                        Dialled::After(0) => {
                            self.wire.connect();
                            self.model.opened(true, now, now_ms, say)
                        }
                        Dialled::After(ms) => {
                            self.opens_ms = Some(now_ms + ms);
                            return;
                        }
                    };
                    continue;
                }
                Step::Read => What::Read,
                Step::Write => What::Write(self.model.command()),
            };
            let Some(answer) = self.ask(&what, now_ms, sim) else {
                return;
            };
            step = self.model.answered(answer, now, now_ms, say);
        }
    }

    /// Sends a request; the answer, if it is there at once.
    fn ask(
        &mut self,
        what: &What<S::Said, S::Command>,
        now_ms: u64,
        sim: &mut SimFloor,
    ) -> Option<Answer<S::Said>> {
        self.request += 1;
        if self.wire.is_clear() {
            return Some(self.server.serve(sim, what));
        }
        let message = Message {
            request: self.request,
            what: *what,
        };
        let server = &mut self.server;
        self.wire
            .send(now_ms, message, &mut |m| answer(server, sim, m));
        self.heard()
    }

    /// What is to be read on the connection, if the link waits for something.
    fn heard(&mut self) -> Option<Answer<S::Said>> {
        if !self.model.awaits() {
            return None;
        }
        if self.wire.is_broken(self.wire.newest()) {
            return Some(Answer::Lost);
        }
        let Message { request, what } = self.wire.take()?;
        self.wire.discard();
        Some(match what {
            What::Answer(answer) if request == self.request => answer,
            _ => Answer::BadFrame,
        })
    }
}

fn answer<S: OnFloor>(
    server: &mut Server<S>,
    sim: &mut SimFloor,
    message: &Message<S::Said, S::Command>,
) -> Option<Message<S::Said, S::Command>> {
    Some(Message {
        request: message.request,
        what: What::Answer(server.serve(sim, &message.what)),
    })
}
