//! All links of a floor, behind one handle.

use crate::addresses::{Addresses, Server};
use crate::image::Image;
use crate::link::outbox::{OutboxSender, outbox};
use crate::link::port::{DevicePort, Port, VehiclePort};
use crate::link::stats::{Counters, LinkStats};
use crate::link::task::{Clock, Inbox, Link};
use crate::link::timing::Timing;
use crate::messages::{Endpoint, FromField, LinkState, ToField};
use crate::modbus::{Dial, Tcp};
use std::sync::Arc;
use takt_maps::words::VehicleCommand;
use takt_maps::{Control, DeviceId, Floor, VehicleId};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing::error;

/// The live links of a floor. Dropping it ends them at once; [`stop`](Self::stop) ends them in order.
#[derive(Debug)]
pub struct Bridge {
    /// By [`VehicleId`]; `None` for one without an address.
    vehicles: Vec<Option<OutboxSender<VehicleCommand>>>,
    /// By [`DeviceId`]; `None` for one without an address.
    devices: Vec<Option<OutboxSender<Image>>>,
    device_validity_ms: u64,
    counters: Vec<Arc<Counters>>,
    tasks: Vec<JoinHandle<()>>,
    stop: watch::Sender<bool>,
}

impl Bridge {
    /// Starts one link for each vehicle and device that has an address, on the runtime of `handle` (with I/O and time
    /// enabled).
    ///
    /// `clock` gives milliseconds of the clock that commands are stamped with ([`ToField`]'s `at_ms`); deadlines are
    /// judged by it at the last write. `inbox` takes what the field says; it is called on the runtime's threads, must
    /// not block, and is told each link's state at the start and whenever it changes.
    pub fn start(
        floor: &Floor,
        addresses: &Addresses,
        handle: &Handle,
        clock: impl Fn() -> u64 + Send + Sync + 'static,
        inbox: impl Fn(FromField) + Send + Sync + 'static,
    ) -> Self {
        Self::start_over(Tcp, floor, addresses, handle, clock, inbox)
    }

    /// The same over connections that `dialer` makes. Nothing here reads another clock than tokio's, so that on a
    /// runtime whose clock is paused the links run in virtual time.
    pub fn start_over<D: Dial>(
        dialer: D,
        floor: &Floor,
        addresses: &Addresses,
        handle: &Handle,
        clock: impl Fn() -> u64 + Send + Sync + 'static,
        inbox: impl Fn(FromField) + Send + Sync + 'static,
    ) -> Self {
        // Links look at the clock of the runtime that they are for.
        let _entered = handle.enter();
        let servers = addresses.vehicles.iter().chain(&addresses.devices);
        let (stop, stop_seen) = watch::channel(false);
        let mut starter = Starter {
            dialer: Arc::new(dialer),
            control: &floor.control,
            links: servers.flatten().count(),
            handle,
            clock: Arc::new(clock),
            inbox: Arc::new(inbox),
            stop: stop_seen,
            counters: Vec::new(),
            tasks: Vec::new(),
        };
        let mut vehicles = Vec::with_capacity(floor.vehicles.len());
        for index in 0..floor.vehicles.len() {
            let server = addresses.vehicles.get(index).copied().flatten();
            vehicles.push(server.map(|server| {
                let id = VehicleId::from_index(index);
                let (sender, outbox) = outbox();
                let name = &floor.vehicles[index].name;
                let port = VehiclePort::new(id, outbox);
                starter.link(Endpoint::Vehicle(id), name, server, port);
                sender
            }));
        }
        let mut devices = Vec::with_capacity(floor.devices.len());
        for (index, device) in floor.devices.iter().enumerate() {
            let server = addresses.devices.get(index).copied().flatten();
            devices.push(server.map(|server| {
                let id = DeviceId::from_index(index);
                let (sender, outbox) = outbox();
                let port = DevicePort::new(id, device, outbox);
                starter.link(Endpoint::Device(id), &device.name, server, port);
                sender
            }));
        }
        let (counters, tasks) = (starter.counters, starter.tasks);
        Self {
            vehicles,
            devices,
            device_validity_ms: u64::from(floor.control.link_timeout_ms),
            counters,
            tasks,
            stop,
        }
    }

    /// Hands over what an endpoint is told: the latest wins, and what has no link is told nothing.
    ///
    /// It never waits for the field, but takes a short lock: call it from the bridge's thread, not from the cycle.
    pub fn send(&self, message: ToField) {
        match message {
            ToField::Vehicle {
                vehicle,
                command,
                at_ms,
            } => {
                if let Some(Some(outbox)) = self.vehicles.get(vehicle.index()) {
                    outbox.put(
                        command,
                        at_ms.saturating_add(u64::from(command.validity_ms)),
                    );
                }
            }
            ToField::Device {
                device,
                image,
                at_ms,
            } => {
                if let Some(Some(outbox)) = self.devices.get(device.index()) {
                    outbox.put(image, at_ms.saturating_add(self.device_validity_ms));
                }
            }
        }
    }

    /// How every link is, vehicles first.
    pub fn stats(&self) -> Vec<LinkStats> {
        self.counters.iter().map(|c| c.snapshot()).collect()
    }

    /// Writes what was sent and not written yet to every link that is up, and closes all. It takes no longer than two
    /// requests may (twice half of `control.link_timeout_ms`).
    pub async fn stop(self) {
        self.stop.send_replace(true);
        for task in self.tasks {
            if let Err(error) = task.await {
                error!(%error, "a link did not end in order");
            }
        }
    }
}

/// What all links are started with.
struct Starter<'a, D> {
    dialer: Arc<D>,
    control: &'a Control,
    links: usize,
    handle: &'a Handle,
    clock: Clock,
    inbox: Inbox,
    stop: watch::Receiver<bool>,
    counters: Vec<Arc<Counters>>,
    tasks: Vec<JoinHandle<()>>,
}

impl<D: Dial> Starter<'_, D> {
    fn link<P: Port>(&mut self, endpoint: Endpoint, name: &str, server: Server, port: P) {
        let counters = Arc::new(Counters::new(endpoint, name));
        let timing = Timing::new(self.control, self.counters.len(), self.links);
        let link = Link::new(
            self.dialer.clone(),
            server,
            port,
            timing,
            self.clock.clone(),
            self.inbox.clone(),
            counters.clone(),
        );
        let running = self.handle.spawn(link.run(self.stop.clone()));
        let inbox = self.inbox.clone();
        self.counters.push(counters.clone());
        self.tasks.push(self.handle.spawn(async move {
            // A link that ends by a defect must not look alive for ever.
            if let Err(error) = running.await
                && error.is_panic()
            {
                error!(link = counters.name(), %error, "the task of a link has failed; the link is dead until a restart");
                let state = LinkState::Down;
                counters.set_state(state);
                inbox(FromField::Link { endpoint, state });
            }
        }));
    }
}
