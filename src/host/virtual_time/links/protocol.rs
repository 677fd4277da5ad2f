//! Links at the depth of the protocol: the tasks that run live, on a runtime whose clock is the rehearsal's.
//!
//! The runtime has one thread, this one, and a paused clock: it moves on to the next timer when no task has anything
//! left to do. Links do not meet each other, and what they say is put in order afterwards; so it is of no importance in
//! which order tasks run within a millisecond.

use std::sync::Arc;
use std::time::Duration;

use takt_maps::{DeviceId, Floor, VehicleId};
use takt_plc_bridge::addresses::{Addresses, PORTS_FILE_UNIT};
use takt_plc_bridge::{Bridge, FromField, LinkStats, ToField};
use takt_sim::SimFloor;
use takt_sim::serve::unit::Unit;
use tokio::runtime::{Builder, Runtime};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until};

use super::stream::{Dialer, End, Field, SharedField, address};
use super::wire::{Wire, WireCounts};
use super::{Said, Setting, index};

/// Tasks that run before the runtime looks at its timers again: all that can be ready.
const TASKS_MAX: u32 = 1 << 20;

/// All links.
pub(super) struct ProtocolLinks {
    floor: Arc<Floor>,
    field: SharedField,
    // Dropped in this order: tasks end with their runtime, before they could write a last time.
    bridge: Bridge,
    runtime: Runtime,
    /// Time 0 of the rehearsal.
    origin: Instant,
}

impl ProtocolLinks {
    /// Links to everything on the floor, at time 0.
    pub(super) fn new(floor: Arc<Floor>, seed: u64) -> std::io::Result<Self> {
        let vehicles = floor.vehicles.iter().enumerate();
        let vehicles = vehicles.map(|(i, _)| Unit::vehicle(VehicleId::from_index(i)));
        let devices = floor.devices.iter().enumerate();
        let devices = devices.map(|(i, device)| Unit::device(DeviceId::from_index(i), device));
        let ends = vehicles
            .chain(devices)
            .enumerate()
            .map(|(index, unit)| End {
                wire: Wire::new(seed, index),
                unit,
                reader: None,
            });
        let (runtime, origin) = runtime(0)?;
        let field = SharedField::new(Field {
            sim: SimFloor::new(Arc::default(), 0),
            ends: ends.collect(),
            said: Vec::new(),
            origin,
        });
        Ok(Self {
            bridge: bridge(&floor, &field, &runtime),
            floor,
            field,
            runtime,
            origin,
        })
    }

    /// New links begin; wires and servers stay as they are.
    pub(super) fn restart(&mut self, now_ms: u64) -> std::io::Result<()> {
        let (runtime, origin) = runtime(now_ms)?;
        // All tasks of the old runtime end here, between two of their steps.
        self.runtime = runtime;
        self.origin = origin;
        self.field.lock().origin = origin;
        self.bridge = bridge(&self.floor, &self.field, &self.runtime);
        Ok(())
    }

    /// A link's setting is another one.
    pub(super) fn set(&mut self, index: usize, setting: &Setting) {
        let mut field = self.field.lock();
        let end = &mut field.ends[index];
        end.unit.set_answering(setting.answering);
        let wire = &mut end.wire;
        let breaks = wire.set(setting.conditions, setting.reset, setting.plugged);
        if breaks && let Some(reader) = end.reader.take() {
            reader.wake();
        }
    }

    /// Does what is due after `from_ms` and up to `now_ms`.
    pub(super) fn advance(
        &mut self,
        from_ms: u64,
        now_ms: u64,
        sim: &mut SimFloor,
        said: &mut Vec<Said>,
    ) {
        std::mem::swap(&mut self.field.lock().sim, sim);
        let quick = (self.field.lock().ends.iter()).all(|end| end.wire.is_quick());
        if quick {
            self.run(now_ms);
        } else {
            for at_ms in (from_ms + 1).min(now_ms)..=now_ms {
                self.run(at_ms);
                while self.deliver(at_ms) {
                    self.run(at_ms);
                }
            }
        }
        let mut field = self.field.lock();
        std::mem::swap(&mut field.sim, sim);
        std::mem::swap(&mut field.said, said);
    }

    /// Runs all tasks up to the end of this millisecond.
    fn run(&self, until_ms: u64) {
        let until = self.origin + Duration::from_millis(until_ms);
        self.runtime.block_on(async {
            sleep_until(until).await;
            // What the last timers woke runs before this goes on.
            yield_now().await;
        });
    }

    /// Lets everything arrive that is due at `now_ms`; true if there was something.
    fn deliver(&self, now_ms: u64) -> bool {
        let _entered = self.runtime.enter();
        let mut field = self.field.lock();
        let mut any = false;
        for index in 0..field.ends.len() {
            any |= field.deliver(index, now_ms);
        }
        any
    }

    /// Puts a command into its outbox.
    pub(super) fn send(&mut self, message: ToField) {
        self.bridge.send(message);
    }

    /// What happened on a link.
    pub(super) fn stats(&self, index: usize) -> (LinkStats, WireCounts) {
        let wire = self.field.lock().ends[index].wire.counts();
        (self.bridge.stats()[index], wire)
    }
}

/// A runtime that begins at `now_ms`, and the time 0 that belongs to that.
fn runtime(now_ms: u64) -> std::io::Result<(Runtime, Instant)> {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .event_interval(TASKS_MAX)
        .build()?;
    let begins = {
        let _entered = runtime.enter();
        Instant::now()
    };
    Ok((runtime, begins - Duration::from_millis(now_ms)))
}

/// New links to everything.
fn bridge(floor: &Floor, field: &SharedField, runtime: &Runtime) -> Bridge {
    let vehicles = floor.vehicles.len();
    let server = |index| Some((address(index), PORTS_FILE_UNIT));
    let addresses = Addresses {
        vehicles: (0..vehicles).map(server).collect(),
        devices: (vehicles..vehicles + floor.devices.len())
            .map(server)
            .collect(),
    };
    let (clock, inbox) = (field.clone(), field.clone());
    Bridge::start_over(
        Dialer(field.clone()),
        floor,
        &addresses,
        runtime.handle(),
        move || clock.lock().now_ms(),
        move |what| {
            let link = match what {
                FromField::Vehicle { vehicle, .. } => vehicle.index(),
                FromField::Device { device, .. } => vehicles + device.index(),
                FromField::Link { endpoint, .. } => index(endpoint, vehicles),
            };
            let mut field = inbox.lock();
            let at_ms = field.now_ms();
            field.said.push(Said { at_ms, link, what });
        },
    )
}
