//! The register profile of vehicles: [`VehicleCommand`] to holding registers, input registers to [`VehicleReport`].
//!
//! The profile is described register by register in `docs/vehicle-modbus.md`. Numbers of two registers are high word
//! first, signed numbers two's complement. What a vehicle says is checked here, once: past [`decode_report`] a report
//! is well formed.

use takt_maps::NodeId;
use takt_maps::words::*;
use thiserror::Error;

/// The profile's number, in the first register of both blocks.
pub const PROFILE: u16 = 1;
/// First input register of the report (function code 4).
pub const REPORT_AT: u16 = 0;
/// Registers of a report.
pub const REPORT_WORDS: usize = 24;
/// First holding register of the command (function code 16).
pub const COMMAND_AT: u16 = 0;
/// Registers of a command; one write carries them all (Modbus allows 123).
pub const COMMAND_WORDS: usize = 120;

/// First register of the first waypoint.
const WAYPOINTS_AT: usize = 9;
/// Registers of one waypoint.
const WAYPOINT_WORDS: usize = 10;
/// The command's sequence number: the last register, so that a vehicle that takes registers one by one sees it when
/// all is there.
const SEQUENCE_AT: usize = COMMAND_WORDS - 1;

const _: () = assert!(WAYPOINTS_AT + BASE_WINDOW * WAYPOINT_WORDS == SEQUENCE_AT);

/// What is wrong with a report.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum ReportError {
    /// The block does not have [`REPORT_WORDS`] registers.
    #[error("the report has {0} registers, {REPORT_WORDS} are expected")]
    Length(usize),
    /// Another profile than [`PROFILE`].
    #[error("register 0 says profile {0}, Takt speaks profile {PROFILE}")]
    Profile(u16),
    /// An operating mode that the profile does not know.
    #[error("register 3 says operating mode {0}, known are 0 to 2")]
    Mode(u16),
    /// An activity that the profile does not know.
    #[error("register 4 says activity {0}, known are 0 to 4")]
    Activity(u16),
    /// A heading outside -3142 to 3142.
    #[error("register 10 says a heading of {0} mrad, it must be in -3142 to 3142")]
    Heading(i16),
    /// The last waypoint reached is beyond the last one known.
    #[error(
        "registers 14 to 17 say that waypoint {reached} was reached, but only {known} is known"
    )]
    Reached {
        /// `reached_seq`.
        reached: u32,
        /// `base_end_seq`.
        known: u32,
    },
    /// A state of charge above 1000 permille.
    #[error("register 20 says a state of charge of {0} permille, it must be at most 1000")]
    Battery(u16),
    /// An action state that the profile does not know.
    #[error("register 23 says action state {0}, known are 0 to 3")]
    ActionState(u16),
}

/// The registers that tell a vehicle a command; registers of waypoints past `base_len` are 0.
pub fn encode_command(command: &VehicleCommand) -> [u16; COMMAND_WORDS] {
    let mut r = [0; COMMAND_WORDS];
    let waypoints = command.waypoints();
    r[0] = PROFILE;
    r[1] = command.epoch;
    r[2] = command.validity_ms;
    r[3] = u16::from(command.hold);
    r[4] = command.action as u16;
    r[5] = command.action_sequence;
    put(&mut r, 6, command.load.0);
    r[8] = waypoints.len() as u16;
    for (i, waypoint) in waypoints.iter().enumerate() {
        let at = WAYPOINTS_AT + i * WAYPOINT_WORDS;
        let NodeId(node) = waypoint.node;
        put(&mut r, at, waypoint.seq);
        put(&mut r, at + 2, node);
        put(&mut r, at + 4, waypoint.x_mm.cast_unsigned());
        put(&mut r, at + 6, waypoint.y_mm.cast_unsigned());
        r[at + 8] = waypoint.speed_mm_s;
        r[at + 9] = u16::from(waypoint.drive == Drive::Backward);
    }
    r[SEQUENCE_AT] = command.sequence;
    r
}

/// The report that a vehicle's input registers hold.
///
/// Bits of `flags` that the profile does not name are ignored, and so is the pose when the vehicle says that it does
/// not know it.
///
/// # Errors
/// Says which register holds what it may not; nothing is taken over from such a report.
pub fn decode_report(registers: &[u16]) -> Result<VehicleReport, ReportError> {
    let r: &[u16; REPORT_WORDS] = registers
        .try_into()
        .map_err(|_| ReportError::Length(registers.len()))?;
    if r[0] != PROFILE {
        return Err(ReportError::Profile(r[0]));
    }
    let mode = match r[3] {
        0 => OperatingMode::Automatic,
        1 => OperatingMode::Manual,
        2 => OperatingMode::EmergencyStop,
        other => return Err(ReportError::Mode(other)),
    };
    let activity = match r[4] {
        0 => VehicleActivity::Idle,
        1 => VehicleActivity::Driving,
        2 => VehicleActivity::Acting,
        3 => VehicleActivity::Charging,
        4 => VehicleActivity::Fault,
        other => return Err(ReportError::Activity(other)),
    };
    let pose = match r[5] & 1 {
        0 => None,
        _ => {
            let heading_mrad = r[10].cast_signed();
            if !(-3142..=3142).contains(&heading_mrad) {
                return Err(ReportError::Heading(heading_mrad));
            }
            Some(Pose {
                x_mm: get(r, 6).cast_signed(),
                y_mm: get(r, 8).cast_signed(),
                heading_mrad,
            })
        }
    };
    let (reached_seq, base_end_seq) = (get(r, 14), get(r, 16));
    if reached_seq > base_end_seq {
        return Err(ReportError::Reached {
            reached: reached_seq,
            known: base_end_seq,
        });
    }
    if r[20] > 1000 {
        return Err(ReportError::Battery(r[20]));
    }
    let action_state = match r[23] {
        0 => ActionState::None,
        1 => ActionState::Running,
        2 => ActionState::Done,
        3 => ActionState::Failed,
        other => return Err(ReportError::ActionState(other)),
    };
    Ok(VehicleReport {
        heartbeat: r[1],
        boot: r[2],
        mode,
        activity,
        pose,
        speed_mm_s: r[11],
        epoch: r[12],
        command_sequence: r[13],
        reached_seq,
        base_end_seq,
        load: LoadId(get(r, 18)),
        battery_permille: r[20],
        fault: r[21],
        action_sequence: r[22],
        action_state,
    })
}

/// Writes a number of two registers, high word first.
fn put(registers: &mut [u16], at: usize, value: u32) {
    registers[at] = (value >> 16) as u16;
    registers[at + 1] = value as u16;
}

/// Reads a number of two registers, high word first.
fn get(registers: &[u16], at: usize) -> u32 {
    u32::from(registers[at]) << 16 | u32::from(registers[at + 1])
}

#[cfg(test)]
#[path = "vehicle_profile_tests.rs"]
mod tests;
