//! Register blocks: what a Modbus client may read and write, and the vehicle register profile from the vehicle's side.

use takt_maps::words::{
    Action, BASE_WINDOW, Drive, LoadId, VehicleCommand, VehicleReport, Waypoint,
};
use takt_maps::{IMAGE_WORDS, NodeId};

/// The register profile that vehicles speak.
pub const PROFILE: u16 = 1;

/// Input registers of a vehicle.
pub const REPORT_REGISTERS: usize = 24;

/// Holding registers of a vehicle.
pub const COMMAND_REGISTERS: usize = 120;

/// First register of the waypoints, and registers of each.
const WAYPOINTS_AT: usize = 9;
const WAYPOINT_REGISTERS: usize = 10;

/// The register whose writing makes the command whole.
pub const COMMAND_SEQUENCE_AT: usize = 119;

/// Registers from an address on.
#[derive(Clone, Debug)]
pub struct Block {
    first: u16,
    words: Vec<u16>,
}

impl Block {
    /// So many registers from `first` on, all 0.
    pub fn new(first: u16, count: usize) -> Self {
        Self {
            first,
            words: vec![0; count],
        }
    }

    /// The words at `address`, if all of them are in the block.
    pub fn read(&self, address: u16, count: u16) -> Option<&[u16]> {
        let from = usize::from(address.checked_sub(self.first)?);
        self.words.get(from..from + usize::from(count))
    }

    /// Writes words at `address`; false, and nothing written, unless all of them are in the block.
    pub fn write(&mut self, address: u16, words: &[u16]) -> bool {
        let Some(from) = address.checked_sub(self.first).map(usize::from) else {
            return false;
        };
        match self.words.get_mut(from..from + words.len()) {
            Some(target) => {
                target.copy_from_slice(words);
                true
            }
            None => false,
        }
    }

    /// Writes words from the first register on, as far as there is room.
    pub fn fill(&mut self, words: &[u16]) {
        for (to, from) in self.words.iter_mut().zip(words) {
            *to = *from;
        }
    }

    /// All words.
    pub fn words(&self) -> &[u16] {
        &self.words
    }

    /// The block as a process image, filled up with 0.
    pub fn image(&self) -> [u16; IMAGE_WORDS] {
        let mut image = [0; IMAGE_WORDS];
        for (to, from) in image.iter_mut().zip(&self.words) {
            *to = *from;
        }
        image
    }
}

/// A vehicle's report as input registers.
pub fn report(r: &VehicleReport) -> [u16; REPORT_REGISTERS] {
    let pose = r.pose.unwrap_or_default();
    let [x1, x0] = halves(pose.x_mm as u32);
    let [y1, y0] = halves(pose.y_mm as u32);
    let [reached1, reached0] = halves(r.reached_seq);
    let [end1, end0] = halves(r.base_end_seq);
    let [load1, load0] = halves(r.load.0);
    [
        PROFILE,
        r.heartbeat,
        r.boot,
        r.mode as u16,
        r.activity as u16,
        u16::from(r.pose.is_some()),
        x1,
        x0,
        y1,
        y0,
        pose.heading_mrad as u16,
        r.speed_mm_s,
        r.epoch,
        r.command_sequence,
        reached1,
        reached0,
        end1,
        end0,
        load1,
        load0,
        r.battery_permille,
        r.fault,
        r.action_sequence,
        r.action_state as u16,
    ]
}

/// The command in a vehicle's holding registers; `None` if they hold none that the profile allows.
pub fn command(words: &[u16]) -> Option<VehicleCommand> {
    let words: &[u16; COMMAND_REGISTERS] = words.try_into().ok()?;
    let base_len = usize::from(words[8]);
    if words[0] != PROFILE || base_len > BASE_WINDOW {
        return None;
    }
    let mut base = [Waypoint::default(); BASE_WINDOW];
    let registers = words[WAYPOINTS_AT..].chunks_exact(WAYPOINT_REGISTERS);
    for (to, from) in base.iter_mut().zip(registers).take(base_len) {
        *to = waypoint(from)?;
    }
    Some(VehicleCommand {
        epoch: words[1],
        sequence: words[COMMAND_SEQUENCE_AT],
        validity_ms: words[2],
        base_len: base_len as u8,
        base,
        action: match words[4] {
            0 => Action::None,
            1 => Action::Load,
            2 => Action::Unload,
            3 => Action::StartCharging,
            4 => Action::StopCharging,
            _ => return None,
        },
        action_sequence: words[5],
        load: LoadId(whole(words[6], words[7])),
        hold: words[3] & 1 == 1,
    })
}

fn waypoint(words: &[u16]) -> Option<Waypoint> {
    let &[seq1, seq0, node1, node0, x1, x0, y1, y0, speed_mm_s, flags] = words else {
        return None;
    };
    (speed_mm_s > 0).then_some(Waypoint {
        seq: whole(seq1, seq0),
        node: NodeId(whole(node1, node0)),
        x_mm: whole(x1, x0) as i32,
        y_mm: whole(y1, y0) as i32,
        speed_mm_s,
        drive: if flags & 1 == 1 {
            Drive::Backward
        } else {
            Drive::Forward
        },
    })
}

/// High word, low word.
fn halves(number: u32) -> [u16; 2] {
    [(number >> 16) as u16, number as u16]
}

fn whole(high: u16, low: u16) -> u32 {
    u32::from(high) << 16 | u32::from(low)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used)]

    use super::*;
    use takt_maps::words::{ActionState, OperatingMode, Pose, VehicleActivity};

    #[test]
    fn a_block_is_read_and_written_within_its_bounds_only() {
        let mut block = Block::new(100, 4);
        assert!(block.write(101, &[7, 8]));
        assert_eq!(block.read(100, 4), Some(&[0, 7, 8, 0][..]));
        assert_eq!(block.read(99, 2), None);
        assert_eq!(block.read(103, 2), None);
        assert!(!block.write(103, &[1, 1]));
        assert!(!block.write(99, &[1]));
        assert_eq!(block.image(), [0, 7, 8, 0, 0, 0, 0, 0]);
        assert_eq!(Block::new(u16::MAX, 1).read(u16::MAX, 2), None);
    }

    #[test]
    fn a_report_is_laid_out_as_documented() {
        let words = report(&VehicleReport {
            heartbeat: 2,
            boot: 3,
            mode: OperatingMode::EmergencyStop,
            activity: VehicleActivity::Charging,
            pose: Some(Pose {
                x_mm: -2,
                y_mm: 0x1_0002,
                heading_mrad: -5,
            }),
            speed_mm_s: 11,
            epoch: 12,
            command_sequence: 13,
            reached_seq: 0xE_000F,
            base_end_seq: 0x10_0011,
            load: LoadId(0x12_0013),
            battery_permille: 20,
            fault: 21,
            action_sequence: 22,
            action_state: ActionState::Failed,
        });
        assert_eq!(
            words,
            [
                1, 2, 3, 2, 3, 1, 0xFFFF, 0xFFFE, 1, 2, 0xFFFB, 11, 12, 13, 14, 15, 16, 17, 18, 19,
                20, 21, 22, 3
            ]
        );
    }

    #[test]
    fn a_command_is_read_as_documented_and_nonsense_is_none() {
        let mut words = [0u16; COMMAND_REGISTERS];
        words[..9].copy_from_slice(&[1, 5, 500, 1, 2, 7, 1, 2, 2]);
        words[9..19].copy_from_slice(&[0, 1, 0, 3, 0xFFFF, 0xFFFF, 1, 0, 800, 0]);
        words[19..29].copy_from_slice(&[0, 2, 0, 4, 0, 9, 0, 8, 900, 1]);
        words[119] = 77;
        let told = command(&words).expect("a valid command");
        assert_eq!((told.epoch, told.sequence, told.validity_ms), (5, 77, 500));
        assert_eq!((told.action, told.action_sequence), (Action::Unload, 7));
        assert_eq!((told.load, told.hold), (LoadId(0x1_0002), true));
        let [first, second] = told.waypoints() else {
            panic!("two waypoints")
        };
        assert_eq!((first.seq, first.node), (1, NodeId(3)));
        assert_eq!((first.x_mm, first.y_mm), (-1, 0x1_0000));
        assert_eq!((second.speed_mm_s, second.drive), (900, Drive::Backward));

        let broken = |at: usize, value: u16| {
            let mut words = words;
            words[at] = value;
            command(&words)
        };
        assert_eq!(broken(0, 2), None);
        assert_eq!(broken(8, 12), None);
        assert_eq!(broken(4, 5), None);
        assert_eq!(broken(17, 0), None);
    }
}
