//! Handshakes with their names resolved: flat arrays that the control cycle walks.

use crate::handshake::Phase;
use std::ops::Range;
use takt_maps::*;
use thiserror::Error;

/// A handshake as spoken with one device: an index into [`Programs`].
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct ProgramId(u16);

/// All handshakes of a floor, one program for each pair of device and handshake that a station, charger or door names.
///
/// Built once from the [`Floor`]; afterwards it only answers look-ups.
#[derive(Clone, Debug)]
pub struct Programs {
    programs: Vec<Program>,
    steps: Vec<Step>,
    /// Points that steps set and wait for, with the value.
    points: Vec<(PointAddress, Value)>,
    names: Vec<String>,
    stations: Vec<Option<ProgramId>>,
    chargers: Vec<Option<ProgramId>>,
    doors: Vec<Option<ProgramId>>,
}

/// One handshake spoken with one device.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pair: (DeviceId, HandshakeId),
    /// Indices into `Programs::steps`.
    begin: Range<u16>,
    /// Indices into `Programs::steps`.
    end: Range<u16>,
    /// Input that says that the device has a fault.
    pub(super) fault: Option<PointAddress>,
    /// Output that acknowledges it.
    pub(super) acknowledge: Option<PointAddress>,
}

/// One step; its name is at the same index of `Programs::names`.
#[derive(Clone, Debug)]
pub(super) struct Step {
    set: Range<u32>,
    wait: Range<u32>,
    pub(super) vehicle_acts: bool,
    /// 0: no limit.
    pub(super) timeout_ms: u32,
}

/// A handshake that cannot be spoken with a device.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{place}: {problem}")]
pub struct HandshakeError {
    /// Where: "station `S1`: handshake `transfer` with device `PLC`, step `ready`".
    pub place: String,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with a handshake.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum Problem {
    /// An id past the end of the floor's array.
    #[error("there is no such device or handshake on this floor")]
    Missing,
    /// The device has no input of that name.
    #[error("the device has no input `{0}`")]
    UnknownInput(String),
    /// The device has no output of that name.
    #[error("the device has no output `{0}`")]
    UnknownOutput(String),
    /// The point is outside of the block that is read or written.
    #[error("point `{0}` is outside of the device's {1} words")]
    Outside(String, u8),
    /// A bit cannot hold the value.
    #[error("point `{0}` is one bit, it can only be 0 or 1; give it a whole word")]
    NotABit(String),
    /// A step in which a vehicle acts, where no vehicle does.
    #[error("no vehicle acts in a door's handshake; remove it")]
    VehicleAtDoor,
    /// More programs or steps than indices.
    #[error("there are more than 65535 programs or steps")]
    TooMany,
}

impl Programs {
    /// Resolves every handshake that a station, charger or door of the floor speaks.
    ///
    /// # Errors
    /// The first name that does not exist, point that is outside of the device's registers, or value that a point
    /// cannot hold, with the place where it is.
    pub fn new(floor: &Floor) -> Result<Self, HandshakeError> {
        let mut programs = Self {
            programs: Vec::new(),
            steps: Vec::new(),
            points: Vec::new(),
            names: Vec::new(),
            stations: Vec::with_capacity(floor.stations.len()),
            chargers: Vec::with_capacity(floor.chargers.len()),
            doors: Vec::with_capacity(floor.doors.len()),
        };
        for station in &floor.stations {
            let program = programs.add(floor, "station", &station.name, station.device)?;
            programs.stations.push(program);
        }
        for charger in &floor.chargers {
            let program = programs.add(floor, "charger", &charger.name, charger.device)?;
            programs.chargers.push(program);
        }
        for door in &floor.doors {
            let program = programs.add(floor, "door", &door.name, door.device)?;
            programs.doors.push(program);
        }
        Ok(programs)
    }

    /// The program of a station; `None` if the vehicle handles the load alone, or there is no such station.
    pub fn station(&self, station: StationId) -> Option<ProgramId> {
        self.stations.get(station.index()).copied().flatten()
    }

    /// The program of a charger; `None` if it has no device, or there is no such charger.
    pub fn charger(&self, charger: ChargerId) -> Option<ProgramId> {
        self.chargers.get(charger.index()).copied().flatten()
    }

    /// The program of a door; `None` if it is always open, or there is no such door.
    pub fn door(&self, door: DoorId) -> Option<ProgramId> {
        self.doors.get(door.index()).copied().flatten()
    }

    /// The device that a program speaks with.
    ///
    /// # Panics
    /// If the id comes from other programs.
    pub fn device(&self, program: ProgramId) -> DeviceId {
        self.program(program).pair.0
    }

    /// The name of a step, for operators and reports; `None` if there is no such step.
    ///
    /// # Panics
    /// If the id comes from other programs.
    pub fn step_name(&self, program: ProgramId, phase: Phase, step: u16) -> Option<&str> {
        let range = self.program(program).steps(phase);
        let at = usize::from(range.start) + usize::from(step);
        (at < usize::from(range.end)).then(|| self.names[at].as_str())
    }

    pub(super) fn program(&self, program: ProgramId) -> &Program {
        &self.programs[usize::from(program.0)]
    }

    /// The step of a phase, `None` past its last.
    pub(super) fn step(&self, program: ProgramId, phase: Phase, step: u16) -> Option<&Step> {
        let range = self.program(program).steps(phase);
        self.steps[usize::from(range.start)..usize::from(range.end)].get(usize::from(step))
    }

    /// All steps of a phase.
    pub(super) fn steps(&self, program: ProgramId, phase: Phase) -> &[Step] {
        let range = self.program(program).steps(phase);
        &self.steps[usize::from(range.start)..usize::from(range.end)]
    }

    /// Outputs that a step sets.
    pub(super) fn set(&self, step: &Step) -> &[(PointAddress, Value)] {
        &self.points[step.set.start as usize..step.set.end as usize]
    }

    /// Inputs that a step waits for.
    pub(super) fn wait(&self, step: &Step) -> &[(PointAddress, Value)] {
        &self.points[step.wait.start as usize..step.wait.end as usize]
    }

    /// Compiles the program of one user, or finds the one that another user has already.
    fn add(
        &mut self,
        floor: &Floor,
        what: &str,
        name: &str,
        pair: Option<(DeviceId, HandshakeId)>,
    ) -> Result<Option<ProgramId>, HandshakeError> {
        let Some(pair) = pair else { return Ok(None) };
        if let Some(known) = self.programs.iter().position(|p| p.pair == pair) {
            return Ok(Some(ProgramId(known as u16)));
        }
        let device = floor.devices.get(pair.0.index());
        let handshake = floor.handshakes.get(pair.1.index());
        let error = |(step, problem): (String, Problem)| HandshakeError {
            place: format!(
                "{what} `{name}`: handshake `{}` with device `{}`{step}",
                handshake.map_or("?", |h| h.name.as_str()),
                device.map_or("?", |d| d.name.as_str()),
            ),
            problem,
        };
        let (Some(device), Some(handshake)) = (device, handshake) else {
            return Err(error((String::new(), Problem::Missing)));
        };
        let here = |problem| error((String::new(), problem));

        let begin = self
            .add_steps(device, handshake.kind, &handshake.begin)
            .map_err(error)?;
        let end = self
            .add_steps(device, handshake.kind, &handshake.end)
            .map_err(error)?;
        let one = Value::Constant(1);
        let fault = match &handshake.fault {
            Some(name) => Some(input(device, name, one).map_err(here)?),
            None => None,
        };
        let acknowledge = match &handshake.acknowledge {
            Some(name) => Some(output(device, name, one).map_err(here)?),
            None => None,
        };
        let id = u16::try_from(self.programs.len()).map_err(|_| here(Problem::TooMany))?;
        self.programs.push(Program {
            pair,
            begin,
            end,
            fault,
            acknowledge,
        });
        Ok(Some(ProgramId(id)))
    }

    fn add_steps(
        &mut self,
        device: &Device,
        kind: HandshakeKind,
        steps: &[HandshakeStep],
    ) -> Result<Range<u16>, (String, Problem)> {
        let too_many = |_| (String::new(), Problem::TooMany);
        let first = u16::try_from(self.steps.len()).map_err(too_many)?;
        for step in steps {
            let at = |problem| (format!(", step `{}`", step.name), problem);
            if step.vehicle_acts && kind == HandshakeKind::Door {
                return Err(at(Problem::VehicleAtDoor));
            }
            let set_from = self.points.len() as u32;
            for (name, value) in &step.set {
                let address = output(device, name, *value).map_err(at)?;
                self.points.push((address, *value));
            }
            let wait_from = self.points.len() as u32;
            for (name, value) in &step.wait {
                let address = input(device, name, *value).map_err(at)?;
                self.points.push((address, *value));
            }
            self.steps.push(Step {
                set: set_from..wait_from,
                wait: wait_from..self.points.len() as u32,
                vehicle_acts: step.vehicle_acts,
                timeout_ms: step.timeout_ms,
            });
            self.names.push(step.name.clone());
        }
        let last = u16::try_from(self.steps.len()).map_err(too_many)?;
        Ok(first..last)
    }
}

impl Program {
    fn steps(&self, phase: Phase) -> Range<u16> {
        match phase {
            Phase::Begin => self.begin.clone(),
            Phase::End => self.end.clone(),
        }
    }
}

fn input(device: &Device, name: &str, value: Value) -> Result<PointAddress, Problem> {
    let address = device
        .input(name)
        .ok_or_else(|| Problem::UnknownInput(name.to_owned()))?;
    check(name, address, device.read_words, value)
}

fn output(device: &Device, name: &str, value: Value) -> Result<PointAddress, Problem> {
    let address = device
        .output(name)
        .ok_or_else(|| Problem::UnknownOutput(name.to_owned()))?;
    check(name, address, device.write_words, value)
}

/// Is the point inside of the device's words, and can it hold the value?
fn check(
    name: &str,
    address: PointAddress,
    words: u8,
    value: Value,
) -> Result<PointAddress, Problem> {
    let words = words.min(IMAGE_WORDS as u8);
    let (word, inside) = match address {
        PointAddress::Bit(word, bit) => (word, bit < 16),
        PointAddress::Word(word) => (word, true),
    };
    if word >= words || !inside {
        return Err(Problem::Outside(name.to_owned(), words));
    }
    let fits_bit = matches!(value, Value::Constant(0 | 1));
    if matches!(address, PointAddress::Bit(..)) && !fits_bit {
        return Err(Problem::NotABit(name.to_owned()));
    }
    Ok(address)
}
