//! A Modbus unit: the registers of one vehicle or device, and what happens when they are read and written. How
//! requests come, over a socket or over a wire in memory, it does not know.

use super::registers::{self, Block, COMMAND_REGISTERS, COMMAND_SEQUENCE_AT, REPORT_REGISTERS};
use crate::floor::SimFloor;
use takt_maps::{Device, DeviceId, IMAGE_WORDS, VehicleId};
use tokio_modbus::{ExceptionCode, Request, Response, SlaveRequest};

/// The unit id of everything served; 0 and 255 mean "whoever is here" in Modbus TCP.
const UNITS: [u8; 3] = [1, 0, 255];

/// Most registers in one read, by the Modbus specification.
const READ_MAX: u16 = 125;

/// What is wrong with how a server answers; all of it may be at the same time. The default is as it should be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Answering {
    /// Every request is answered with the exception "server device failure".
    pub exceptions: bool,
    /// Answers come in the name of another unit. (Over sockets the server library puts the right one in.)
    pub wrong_unit: bool,
    /// The socket is alive, the program behind it stands: reads say what they said last, writes are confirmed and
    /// change nothing.
    pub frozen: bool,
}

/// Whose registers they are.
#[derive(Clone, Copy, Debug)]
enum Owner {
    Vehicle(VehicleId),
    Device(DeviceId),
}

/// The registers of one vehicle or device.
#[derive(Clone, Debug)]
pub struct Unit {
    owner: Owner,
    /// Input registers as they were read last.
    inputs: Block,
    /// Holding registers, which all connections share.
    holding: Block,
    /// What they will be if a write is good.
    written: Block,
    /// The inputs have been read before.
    was_read: bool,
    pub(super) answering: Answering,
}

impl Unit {
    /// Of a vehicle.
    pub fn vehicle(id: VehicleId) -> Self {
        let inputs = Block::new(0, REPORT_REGISTERS);
        Self::new(Owner::Vehicle(id), inputs, Block::new(0, COMMAND_REGISTERS))
    }

    /// Of a device.
    pub fn device(id: DeviceId, device: &Device) -> Self {
        let words = usize::from(device.read_words).min(IMAGE_WORDS);
        let inputs = Block::new(device.read_at, words);
        let holding = Block::new(device.write_at, device.write_words.into());
        Self::new(Owner::Device(id), inputs, holding)
    }

    fn new(owner: Owner, inputs: Block, holding: Block) -> Self {
        Self {
            owner,
            inputs,
            written: holding.clone(),
            holding,
            was_read: false,
            answering: Answering::default(),
        }
    }

    /// How it answers from now on.
    pub fn set_answering(&mut self, answering: Answering) {
        self.answering = answering;
    }

    /// Answers one request.
    pub(super) fn answer(
        &mut self,
        sim: &mut SimFloor,
        request: SlaveRequest<'_>,
    ) -> Result<Response, ExceptionCode> {
        self.hears(request.slave)?;
        match request.request {
            Request::ReadInputRegisters(address, count) => {
                let words = self.read_inputs(sim, address, count)?.to_vec();
                Ok(Response::ReadInputRegisters(words))
            }
            Request::ReadHoldingRegisters(address, count) => {
                let words = self.read_holding(address, count)?.to_vec();
                Ok(Response::ReadHoldingRegisters(words))
            }
            Request::WriteSingleRegister(address, word) => {
                self.write(sim, address, &[word])?;
                Ok(Response::WriteSingleRegister(address, word))
            }
            Request::WriteMultipleRegisters(address, words) => {
                self.write(sim, address, &words)?;
                let count = words.len() as u16;
                Ok(Response::WriteMultipleRegisters(address, count))
            }
            _ => Err(ExceptionCode::IllegalFunction),
        }
    }

    /// Is a request to this unit id answered at all?
    pub(super) fn hears(&self, unit: u8) -> Result<(), ExceptionCode> {
        if self.answering.exceptions {
            Err(ExceptionCode::ServerDeviceFailure)
        } else if UNITS.contains(&unit) {
            Ok(())
        } else {
            Err(ExceptionCode::GatewayTargetDevice)
        }
    }

    /// Input registers as they are now.
    pub(super) fn read_inputs(
        &mut self,
        sim: &SimFloor,
        address: u16,
        count: u16,
    ) -> Result<&[u16], ExceptionCode> {
        if !self.answering.frozen || !self.was_read {
            self.was_read = true;
            match self.owner {
                Owner::Vehicle(id) => {
                    (self.inputs).fill(&registers::report(&sim.vehicle_report(id)));
                }
                Owner::Device(id) => self.inputs.fill(&sim.device_inputs(id)),
            }
        }
        found(&self.inputs, address, count)
    }

    /// Holding registers.
    pub(super) fn read_holding(&self, address: u16, count: u16) -> Result<&[u16], ExceptionCode> {
        found(&self.holding, address, count)
    }

    /// Writes all or, when something is wrong with it, nothing.
    pub(super) fn write(
        &mut self,
        sim: &mut SimFloor,
        address: u16,
        words: &[u16],
    ) -> Result<(), ExceptionCode> {
        if words.is_empty() {
            return Err(ExceptionCode::IllegalDataValue);
        }
        self.written.fill(self.holding.words());
        if !self.written.write(address, words) {
            return Err(ExceptionCode::IllegalDataAddress);
        }
        if self.answering.frozen {
            return Ok(());
        }
        match self.owner {
            // The command is whole when its last register is written, however the others came.
            Owner::Vehicle(id) if usize::from(address) + words.len() > COMMAND_SEQUENCE_AT => {
                let command = registers::command(self.written.words())
                    .ok_or(ExceptionCode::IllegalDataValue)?;
                sim.vehicle_command(id, &command);
            }
            Owner::Vehicle(_) => {}
            Owner::Device(id) => sim.device_outputs(id, self.written.image()),
        }
        std::mem::swap(&mut self.holding, &mut self.written);
        Ok(())
    }
}

fn found(block: &Block, address: u16, count: u16) -> Result<&[u16], ExceptionCode> {
    if !(1..=READ_MAX).contains(&count) {
        return Err(ExceptionCode::IllegalDataValue);
    }
    block
        .read(address, count)
        .ok_or(ExceptionCode::IllegalDataAddress)
}
