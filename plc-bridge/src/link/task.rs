//! The loop of one link: connect, poll, write, and try again for ever.

use super::backoff::Backoff;
use super::port::{Due, Heard, Port};
use super::stats::Counters;
use super::supervisor::Supervisor;
use super::timing::Timing;
use crate::addresses::Server;
use crate::messages::{FromField, LinkState};
use crate::modbus::{Connection, Dial, ModbusError};
use std::future::{Future, pending};
use std::pin::{Pin, pin};
use std::sync::Arc;
use tokio::sync::watch;
use tokio::time::{Instant, Interval, MissedTickBehavior, Sleep, interval_at, sleep, sleep_until};
use tracing::{debug, info, warn};

/// Where what the field says goes.
pub(crate) type Inbox = Arc<dyn Fn(FromField) + Send + Sync>;
/// Milliseconds of the clock that commands are stamped with.
pub(crate) type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// One link.
pub(crate) struct Link<P, D> {
    dialer: Arc<D>,
    server: Server,
    port: P,
    timing: Timing,
    clock: Clock,
    watch: Watch,
    /// When the last sign of life came on this connection, or when it was made.
    quiet_since: Instant,
    /// Was the last answer a report that repeats the one before?
    repeated: bool,
}

/// Follows the link's state while other things are awaited, and says it when it changes.
struct Watch {
    supervisor: Supervisor,
    counters: Arc<Counters>,
    inbox: Inbox,
    alarm: Alarm,
    /// It has been down since it was last up.
    was_down: bool,
}

/// Why a conversation over one connection ended.
#[derive(PartialEq, Eq)]
enum End {
    /// The bridge stops.
    Stopped,
    /// The connection is of no more use.
    Broken,
}

/// What a link waited for.
enum Woken {
    Stop,
    Poll,
    Write,
}

impl<P: Port, D: Dial> Link<P, D> {
    pub(crate) fn new(
        dialer: Arc<D>,
        server: Server,
        port: P,
        timing: Timing,
        clock: Clock,
        inbox: Inbox,
        counters: Arc<Counters>,
    ) -> Self {
        let now = Instant::now();
        let supervisor = Supervisor::new(now, timing.link_timeout);
        let watch = Watch {
            supervisor,
            counters,
            inbox,
            alarm: Alarm::default(),
            was_down: false,
        };
        Self {
            dialer,
            server,
            port,
            timing,
            clock,
            watch,
            quiet_since: now,
            repeated: false,
        }
    }

    /// Runs until `stop` is set or its sender is gone.
    pub(crate) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let timing = self.timing;
        let mut ticks = interval_at(Instant::now() + timing.phase, timing.period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut backoff = Backoff::new();
        self.watch.say(LinkState::Connecting);
        loop {
            let opening = Connection::open(
                &*self.dialer,
                self.server,
                timing.connect_timeout,
                timing.request_timeout,
            );
            let opened = tokio::select! {
                biased;
                () = stopped(&mut stop) => return,
                opened = self.watch.during(opening) => opened,
            };
            match opened {
                Ok(mut connection) => {
                    let end = self.converse(&mut connection, &mut ticks, &mut stop).await;
                    if end == End::Stopped {
                        return;
                    }
                    if self.watch.supervisor.is_up() {
                        backoff.succeeded();
                    }
                    self.watch.lost();
                }
                Err(error) => {
                    self.watch.counters.connect_failures.add();
                    debug!(link = self.watch.counters.name(), address = %self.server.0, %error, "connecting failed");
                }
            }
            let wait = backoff.failed();
            tokio::select! {
                biased;
                () = stopped(&mut stop) => return,
                () = self.watch.during(sleep(wait)) => {}
            }
        }
    }

    /// Polls and writes over one connection for as long as it is of use.
    async fn converse(
        &mut self,
        connection: &mut Connection,
        ticks: &mut Interval,
        stop: &mut watch::Receiver<bool>,
    ) -> End {
        self.watch.counters.connected();
        self.port.connected();
        self.quiet_since = Instant::now();
        self.repeated = false;
        loop {
            let up = self.watch.supervisor.is_up();
            let woken = tokio::select! {
                biased;
                () = stopped(stop) => Woken::Stop,
                _ = self.watch.during(ticks.tick()) => Woken::Poll,
                () = self.port.wake(), if up => Woken::Write,
            };
            let good = match woken {
                Woken::Stop => {
                    // What was sent before the stop is still delivered: the last command is likely a hold.
                    if up && self.port.unwritten((self.clock)()) {
                        let last = self.write(connection).await;
                        self.survives(last);
                    }
                    return End::Stopped;
                }
                Woken::Poll => {
                    let read = self.read(connection).await;
                    self.survives(read) && {
                        let written = self.write(connection).await;
                        self.survives(written)
                    }
                }
                Woken::Write => {
                    let written = self.write(connection).await;
                    self.survives(written)
                }
            };
            if !good || self.is_silent() {
                return End::Broken;
            }
        }
    }

    /// One read, and what it says. A device without inputs is alive while its connection is.
    async fn read(&mut self, connection: &mut Connection) -> Result<(), ModbusError> {
        let Some((at, count)) = self.port.read_block() else {
            self.heard();
            return Ok(());
        };
        let asked_at = Instant::now();
        let reading = connection.read_inputs(at, count);
        let registers = self.watch.during(reading).await?;
        let now = Instant::now();
        let counters = &self.watch.counters;
        counters.round_trip(now.duration_since(asked_at));
        counters.reads.add();
        match self.port.received(&registers, now) {
            Ok(Heard::News(said)) => {
                self.heard();
                if let Some(said) = said {
                    (self.watch.inbox)(said);
                }
            }
            Ok(Heard::Repeated) => self.repeated = true,
            Err(error) => {
                counters.bad_reports.add();
                debug!(link = counters.name(), %error, "report refused");
            }
        }
        Ok(())
    }

    /// One write, if something is due. A dead link is written nothing: what it was told last stands.
    async fn write(&mut self, connection: &mut Connection) -> Result<(), ModbusError> {
        if !self.watch.supervisor.is_up() {
            return Ok(());
        }
        let counters = &self.watch.counters;
        let block = match self.port.due(Instant::now(), (self.clock)()) {
            Due::Nothing => return Ok(()),
            Due::Dropped => {
                counters.dropped_commands.add();
                // Counted for the alarm; a warning for each would bury the log when a clock or a cycle stands still.
                debug!(
                    link = counters.name(),
                    "a command was past its deadline and dropped"
                );
                return Ok(());
            }
            Due::Write(block) => block,
        };
        let asked_at = Instant::now();
        let writing = connection.write_holding(block.at, block.words());
        self.watch.during(writing).await?;
        let now = Instant::now();
        let counters = &self.watch.counters;
        counters.round_trip(now.duration_since(asked_at));
        counters.writes.add();
        self.port.written(now);
        Ok(())
    }

    /// A sign of life.
    fn heard(&mut self) {
        let now = Instant::now();
        self.quiet_since = now;
        self.repeated = false;
        self.watch.heard(now);
    }

    /// Counts a failure; is the connection still of use?
    fn survives(&self, result: Result<(), ModbusError>) -> bool {
        let Err(error) = result else { return true };
        let counters = &self.watch.counters;
        counters.failed(&error);
        debug!(link = counters.name(), %error, "request failed");
        error.connection_is_good()
    }

    /// The socket is alive, but nothing new has come over it for the link time-out: a new connection may help.
    fn is_silent(&self) -> bool {
        let silent = self.quiet_since.elapsed() >= self.timing.link_timeout;
        if silent && self.repeated {
            self.watch.counters.frozen.add();
        }
        silent
    }
}

impl Watch {
    /// Awaits a future, and says in between when the link's time is up.
    async fn during<F: Future>(&mut self, future: F) -> F::Output {
        let mut future = pin!(future);
        loop {
            let deadline = self.supervisor.deadline();
            tokio::select! {
                biased;
                output = &mut future => {
                    // An answer that came with the deadline does not hide that the deadline has passed.
                    self.check();
                    return output;
                }
                () = self.alarm.at(deadline) => self.check(),
            }
        }
    }

    fn check(&mut self) {
        let changed = self.supervisor.check(Instant::now());
        self.say_if(changed);
    }

    fn heard(&mut self, now: Instant) {
        let changed = self.supervisor.heard(now);
        self.say_if(changed);
    }

    fn lost(&mut self) {
        let changed = self.supervisor.lost();
        self.say_if(changed);
    }

    fn say_if(&mut self, changed: Option<LinkState>) {
        if let Some(state) = changed {
            self.say(state);
        }
    }

    fn say(&mut self, state: LinkState) {
        let endpoint = self.counters.endpoint();
        self.counters.set_state(state);
        (self.inbox)(FromField::Link { endpoint, state });
        let name = self.counters.name();
        match state {
            LinkState::Connecting => debug!("link to {name}: connecting"),
            // Whoever saw it go down wants to see it come back; the first time is no news.
            LinkState::Up if self.was_down => info!("link to {name} is up again"),
            LinkState::Up => debug!("link to {name} is up"),
            LinkState::Down => warn!("link to {name} is down"),
        }
        self.was_down = match state {
            LinkState::Up => false,
            LinkState::Down => true,
            LinkState::Connecting => self.was_down,
        };
    }
}

/// Returns when the bridge stops or is gone.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error says that the sender is gone, which is a stop as well.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Wakes at a deadline that moves with every sign of life. There is one timer for all deadlines: it is set anew only
/// when an older one has passed, not each time that the deadline moves.
#[derive(Default)]
struct Alarm(Option<Pin<Box<Sleep>>>);

impl Alarm {
    /// Returns when `deadline` has passed; never without one. Cancel-safe.
    async fn at(&mut self, deadline: Option<Instant>) {
        let Some(deadline) = deadline else {
            return pending().await;
        };
        let timer = (self.0).get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if timer.deadline() > deadline {
            timer.as_mut().reset(deadline);
        }
        timer.as_mut().await;
        while timer.deadline() < deadline {
            timer.as_mut().reset(deadline);
            timer.as_mut().await;
        }
    }
}
