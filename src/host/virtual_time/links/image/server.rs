//! The server's end of a link on values: what it does on the simulated floor, and how it answers.

use takt_maps::words::{VehicleCommand, VehicleReport};
use takt_maps::{DeviceId, VehicleId};
use takt_plc_bridge::image::Image;
use takt_plc_bridge::link::model::Answer;
use takt_plc_bridge::link::{DeviceSide, Side, VehicleSide};
use takt_sim::SimFloor;

use super::super::Answering;

/// What passes.
#[allow(
    clippy::large_enum_variant,
    reason = "lives on the stack for one exchange; boxing would allocate for each"
)]
#[derive(Clone, Copy, Debug)]
pub(super) enum What<R, C> {
    Read,
    Write(C),
    Answer(Answer<R>),
}

/// What a server of this kind does on the simulated floor.
pub(super) trait OnFloor: Side {
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
pub(super) struct Server<S: OnFloor> {
    /// Of the vehicle or device.
    pub(super) index: usize,
    pub(super) answering: Answering,
    /// What it said last.
    pub(super) said: Option<S::Said>,
}

impl<S: OnFloor> Server<S> {
    /// Carries out a request; what it answers.
    pub(super) fn serve(
        &mut self,
        sim: &mut SimFloor,
        what: &What<S::Said, S::Command>,
    ) -> Answer<S::Said> {
        let Answering {
            exceptions,
            wrong_unit,
            frozen,
        } = self.answering;
        if exceptions {
            // In whose name it comes is looked at first.
            return match wrong_unit {
                true => Answer::BadFrame,
                false => Answer::Exception,
            };
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
        match wrong_unit {
            true => Answer::BadFrame,
            false => answer,
        }
    }
}
