//! Links at the depth of images: the rules of links and of the ways to their servers, on values.

use std::sync::Arc;
use std::time::Duration;

use takt_maps::words::{VehicleCommand, VehicleReport};
use takt_maps::{DeviceId, Floor, VehicleId};
use takt_plc_bridge::image::Image;
use takt_plc_bridge::link::model::{Answer, Model, Step};
use takt_plc_bridge::link::{DeviceSide, Side, Timing, VehicleSide};
use takt_plc_bridge::{Endpoint, FromField, LinkStats, ToField};
use takt_sim::SimFloor;
use tokio::time::Instant;

use super::wire::{Dialled, Wire, WireCounts};
use super::{Answering, Said, Setting};

/// A request or an answer, with the number of the request.
#[derive(Clone, Copy, Debug)]
struct Message<R, C> {
    request: u64,
    what: What<R, C>,
}

#[allow(
    clippy::large_enum_variant,
    reason = "lives on the stack for one exchange; boxing would allocate for each"
)]
#[derive(Clone, Copy, Debug)]
enum What<R, C> {
    Read,
    Write(C),
    Answer(Answer<R>),
}

/// What a server of this kind does on the simulated floor.
trait OnFloor: Side {
    fn read(sim: &SimFloor, index: usize) -> Self::Said;
    fn write(sim: &mut SimFloor, index: usize, command: &Self::Command);
}

impl OnFloor for VehicleSide {
    fn read(sim: &SimFloor, index: usize) -> VehicleReport {
        sim.vehicle_report(VehicleId::from_index(index))
    }

    fn write(sim: &mut SimFloor, index: usize, command: &VehicleCommand) {
        sim.vehicle_command(VehicleId::from_index(index), command);
    }
}

impl OnFloor for DeviceSide {
    fn read(sim: &SimFloor, index: usize) -> Image {
        Image::from_words(&sim.device_inputs(DeviceId::from_index(index)))
    }

    fn write(sim: &mut SimFloor, index: usize, image: &Image) {
        sim.device_outputs(DeviceId::from_index(index), *image.words());
    }
}

/// The server's end.
struct Server<S: OnFloor> {
    /// Of the vehicle or device.
    index: usize,
    answering: Answering,
    /// What it said last.
    said: Option<S::Said>,
}

impl<S: OnFloor> Server<S> {
    /// Carries out a request; what it answers.
    fn serve(&mut self, sim: &mut SimFloor, what: &What<S::Said, S::Command>) -> Answer<S::Said> {
        let frozen = self.answering == Answering::Frozen;
        if self.answering == Answering::Exceptions {
            return Answer::Exception;
        }
        let answer = match what {
            What::Read => {
                let said = match self.said {
                    Some(said) if frozen => said,
                    _ => S::read(sim, self.index),
                };
                self.said = Some(said);
                Answer::Said(said)
            }
            What::Write(command) => {
                if !frozen {
                    S::write(sim, self.index, command);
                }
                Answer::Written
            }
            What::Answer(_) => Answer::BadFrame,
        };
        match self.answering {
            Answering::WrongUnit => Answer::BadFrame,
            _ => answer,
        }
    }
}

/// One link with its way and its server.
struct Link<S: OnFloor> {
    model: Model<S>,
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
struct Scale {
    origin: Instant,
}

impl Scale {
    fn at(self, ms: u64) -> Instant {
        self.origin + Duration::from_millis(ms)
    }

    fn ms(self, at: Instant) -> u64 {
        at.duration_since(self.origin).as_millis() as u64
    }
}

impl<S: OnFloor> Link<S> {
    /// The link at `link`, to the vehicle or device at `index`.
    fn new(model: Model<S>, seed: u64, link: usize, index: usize) -> Self {
        Self {
            model,
            wire: Wire::new(seed, link),
            server: Server {
                index,
                answering: Answering::Normal,
                said: None,
            },
            opens_ms: None,
            request: 0,
        }
    }

    /// A new link begins, over the same way and to the same server.
    fn begin(&mut self, model: Model<S>) {
        self.model = model;
        self.opens_ms = None;
    }

    /// Its setting is another one; moves `due_ms` if the link is to be looked at earlier.
    fn set(
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

    fn stats(&self) -> (LinkStats, WireCounts) {
        (self.model.stats(), self.wire.counts())
    }

    /// Does everything that is due from `wakes_ms` up to `now_ms`; gives back when it is to be called again. In one
    /// millisecond what the link does by itself comes before what arrives.
    fn run(
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

/// All links.
pub(super) struct ImageLinks {
    floor: Arc<Floor>,
    scale: Scale,
    /// When each link is to be looked at next.
    due_ms: Vec<u64>,
    vehicles: Vec<Link<VehicleSide>>,
    devices: Vec<Link<DeviceSide>>,
}

impl ImageLinks {
    /// Links to everything on the floor, at time 0.
    pub(super) fn new(floor: Arc<Floor>, seed: u64) -> Self {
        let origin = Instant::now();
        let scale = Scale { origin };
        let count = floor.vehicles.len() + floor.devices.len();
        let control = &floor.control;
        let vehicles = (0..floor.vehicles.len()).map(|index| {
            let id = VehicleId::from_index(index);
            let timing = Timing::new(control, index, count);
            let side = VehicleSide::new(id);
            let model = Model::new(Endpoint::Vehicle(id), side, timing, origin);
            Link::new(model, seed, index, index)
        });
        let devices = floor.devices.iter().enumerate().map(|(index, device)| {
            let id = DeviceId::from_index(index);
            let link = floor.vehicles.len() + index;
            let timing = Timing::new(control, link, count);
            let side = DeviceSide::new(id, device);
            let model = Model::new(Endpoint::Device(id), side, timing, origin);
            Link::new(model, seed, link, index)
        });
        Self {
            scale,
            due_ms: vec![0; count],
            vehicles: vehicles.collect(),
            devices: devices.collect(),
            floor,
        }
    }

    /// New links begin; ways and servers stay as they are.
    pub(super) fn restart(&mut self, now_ms: u64) {
        let Self { floor, scale, .. } = self;
        let now = scale.at(now_ms);
        let count = self.due_ms.len();
        let timing = |link| Timing::new(&floor.control, link, count);
        for (i, link) in self.vehicles.iter_mut().enumerate() {
            let id = VehicleId::from_index(i);
            let side = VehicleSide::new(id);
            link.begin(Model::new(Endpoint::Vehicle(id), side, timing(i), now));
        }
        for (i, link) in self.devices.iter_mut().enumerate() {
            let id = DeviceId::from_index(i);
            let side = DeviceSide::new(id, &floor.devices[i]);
            let timing = timing(floor.vehicles.len() + i);
            link.begin(Model::new(Endpoint::Device(id), side, timing, now));
        }
        self.due_ms.fill(now_ms);
    }

    /// A link's setting is another one.
    pub(super) fn set(
        &mut self,
        index: usize,
        setting: &Setting,
        now_ms: u64,
        said: &mut Vec<Said>,
    ) {
        let (scale, due_ms) = (self.scale, &mut self.due_ms[index]);
        let mut say = sayer(index, said);
        match index.checked_sub(self.vehicles.len()) {
            None => self.vehicles[index].set(setting, scale, now_ms, due_ms, &mut say),
            Some(device) => self.devices[device].set(setting, scale, now_ms, due_ms, &mut say),
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
        let vehicles = self.vehicles.len();
        for (index, due_ms) in self.due_ms.iter_mut().enumerate() {
            if *due_ms > now_ms {
                continue;
            }
            let at_ms = (*due_ms).max(from_ms);
            let mut say = sayer(index, said);
            *due_ms = match index.checked_sub(vehicles) {
                None => self.vehicles[index].run(self.scale, at_ms, now_ms, sim, &mut say),
                Some(device) => self.devices[device].run(self.scale, at_ms, now_ms, sim, &mut say),
            };
        }
    }

    /// Puts a command into its outbox.
    pub(super) fn send(&mut self, message: ToField) {
        match message {
            ToField::Vehicle {
                vehicle,
                command,
                at_ms,
            } => {
                let until_ms = at_ms.saturating_add(u64::from(command.validity_ms));
                self.vehicles[vehicle.index()].model.put(command, until_ms);
            }
            ToField::Device {
                device,
                image,
                at_ms,
            } => {
                let validity_ms = u64::from(self.floor.control.link_timeout_ms);
                let until_ms = at_ms.saturating_add(validity_ms);
                if self.devices[device.index()].model.put(image, until_ms) {
                    self.due_ms[self.vehicles.len() + device.index()] = 0;
                }
            }
        }
    }

    /// What happened on a link.
    pub(super) fn stats(&self, index: usize) -> (LinkStats, WireCounts) {
        match index.checked_sub(self.vehicles.len()) {
            None => self.vehicles[index].stats(),
            Some(device) => self.devices[device].stats(),
        }
    }
}

fn sayer(link: usize, said: &mut Vec<Said>) -> impl FnMut(u64, FromField) {
    move |at_ms, what| said.push(Said { at_ms, link, what })
}
