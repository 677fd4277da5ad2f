//! The PLC of a station: hands loads over together with the vehicle that stands there.
//!
//! Inputs: `ready` (waits for `start`), `busy`, `done` (until `start` is taken back), `fault`. Outputs: `start`,
//! `direction` (1: the vehicle takes, 2: it gives), `load`, `buffer` (1 for the station's first), `acknowledge`.

use super::image::{Image, Point};
use takt_maps::{BufferId, Device};

/// How long the PLC waits for the vehicle's part of the transfer.
pub const PATIENCE_MS: u32 = 60_000;

/// Which way a load goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// From the station to the vehicle.
    Load = 1,
    /// From the vehicle to the station.
    Unload = 2,
}

/// What the PLC is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum State {
    /// Waits for a start.
    #[default]
    Ready,
    /// Its conveyor works with the vehicle; it has waited for so many milliseconds.
    Busy(u32),
    /// The load is over; waits until `start` is taken back.
    Done,
    /// Stopped with a fault, until acknowledged.
    Fault,
    /// Acknowledged; waits until `start` is taken back.
    Clearing,
}

#[derive(Clone, Copy, Debug)]
struct Points {
    ready: Point,
    busy: Point,
    done: Point,
    fault: Point,
    start: Point,
    direction: Point,
    buffer: Point,
    acknowledge: Point,
}

/// A station's PLC.
#[derive(Clone, Debug)]
pub struct Transfer {
    points: Points,
    levels: Vec<(Point, BufferId)>,
    state: State,
    direction: u16,
    buffer: u16,
    faults: u32,
}

impl Transfer {
    /// The PLC behind a device, with the level words of these buffers.
    pub fn new<'a>(device: &Device, levels: impl IntoIterator<Item = (&'a str, BufferId)>) -> Self {
        let input = |name: &str| Point::find(&device.inputs, name);
        let output = |name: &str| Point::find(&device.outputs, name);
        Self {
            points: Points {
                ready: input("ready"),
                busy: input("busy"),
                done: input("done"),
                fault: input("fault"),
                start: output("start"),
                direction: output("direction"),
                buffer: output("buffer"),
                acknowledge: output("acknowledge"),
            },
            levels: levels.into_iter().map(|(n, b)| (input(n), b)).collect(),
            state: State::Ready,
            direction: 0,
            buffer: 0,
            faults: 0,
        }
    }

    /// Advances by `dt_ms` with what it is told; `vehicle_here`: a vehicle stands at the station.
    pub fn step(&mut self, outputs: &Image, vehicle_here: impl FnOnce() -> bool, dt_ms: u32) {
        let start = self.points.start.is_set(outputs);
        match self.state {
            State::Ready if start => {
                self.direction = self.points.direction.get(outputs);
                self.buffer = self.points.buffer.get(outputs);
                if vehicle_here() {
                    self.state = State::Busy(0);
                } else {
                    self.fail();
                }
            }
            State::Ready => {}
            // Taken back before anything moved: a controller that has been restarted begins again.
            State::Busy(_) if !start => self.state = State::Ready,
            State::Busy(waited_ms) if waited_ms > PATIENCE_MS || !vehicle_here() => self.fail(),
            State::Busy(waited_ms) => self.state = State::Busy(waited_ms + dt_ms),
            State::Done | State::Clearing if !start => self.state = State::Ready,
            State::Done | State::Clearing => {}
            State::Fault if self.points.acknowledge.is_set(outputs) => self.state = State::Clearing,
            State::Fault => {}
        }
    }

    /// Forgets what it was doing, as after power-on.
    pub fn restart(&mut self) {
        self.state = State::Ready;
        (self.direction, self.buffer) = (0, 0);
    }

    /// Writes what it says; `level` tells the pieces in a buffer.
    pub fn write(&self, inputs: &mut Image, level: impl Fn(BufferId) -> u64) {
        let p = &self.points;
        p.ready.set(inputs, u16::from(self.state == State::Ready));
        p.busy
            .set(inputs, u16::from(matches!(self.state, State::Busy(_))));
        p.done.set(inputs, u16::from(self.state == State::Done));
        p.fault.set(inputs, u16::from(self.state == State::Fault));
        for &(point, buffer) in &self.levels {
            point.set(inputs, level(buffer).min(u64::from(u16::MAX)) as u16);
        }
    }

    /// Is it busy with a transfer in this direction? One whose output has no direction takes the vehicle's.
    pub fn engaged(&self, direction: Direction) -> bool {
        matches!(self.state, State::Busy(_))
            && (self.direction == 0 || self.direction == direction as u16)
    }

    /// The load is over.
    pub fn succeed(&mut self) {
        self.state = State::Done;
    }

    /// Stops with a fault.
    pub fn fail(&mut self) {
        self.state = State::Fault;
        self.faults += 1;
    }

    /// Which of the station's buffers it was told to use, 0 for none; `None`: it is not told.
    pub fn buffer(&self) -> Option<u16> {
        self.points.buffer.exists().then_some(self.buffer)
    }

    /// What it is doing.
    pub fn state(&self) -> State {
        self.state
    }

    /// Faults since the start.
    pub fn faults(&self) -> u32 {
        self.faults
    }
}
