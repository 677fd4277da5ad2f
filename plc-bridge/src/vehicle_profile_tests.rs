//! The device's side of the profile, written from `docs/vehicle-modbus.md`, against ours.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use proptest::prelude::*;

/// What a vehicle reads from its holding registers.
fn decode_command(r: &[u16; 120]) -> VehicleCommand {
    let two = |at: usize| (u32::from(r[at]) * 65_536) + u32::from(r[at + 1]);
    assert_eq!(r[0], 1, "profile");
    let mut command = VehicleCommand {
        epoch: r[1],
        validity_ms: r[2],
        hold: r[3] & 1 == 1,
        action: [
            Action::None,
            Action::Load,
            Action::Unload,
            Action::StartCharging,
            Action::StopCharging,
        ][usize::from(r[4])],
        action_sequence: r[5],
        load: LoadId(two(6)),
        base_len: r[8] as u8,
        sequence: r[119],
        ..VehicleCommand::default()
    };
    for i in 0..usize::from(r[8]) {
        let at = 9 + 10 * i;
        command.base[i] = Waypoint {
            seq: two(at),
            node: NodeId(two(at + 2)),
            x_mm: two(at + 4) as i32,
            y_mm: two(at + 6) as i32,
            speed_mm_s: r[at + 8],
            drive: if r[at + 9] & 1 == 1 {
                Drive::Backward
            } else {
                Drive::Forward
            },
        };
    }
    command
}

/// What a vehicle writes into its input registers.
fn encode_report(report: &VehicleReport) -> [u16; 24] {
    let mut r = [0u16; 24];
    let mut two = |at: usize, v: u32| {
        r[at] = (v / 65_536) as u16;
        r[at + 1] = (v % 65_536) as u16;
    };
    let pose = report.pose.unwrap_or_default();
    two(6, pose.x_mm as u32);
    two(8, pose.y_mm as u32);
    two(14, report.reached_seq);
    two(16, report.base_end_seq);
    two(18, report.load.0);
    r[0] = 1;
    r[1] = report.heartbeat;
    r[2] = report.boot;
    r[3] = report.mode as u16;
    r[4] = report.activity as u16;
    r[5] = u16::from(report.pose.is_some());
    r[10] = pose.heading_mrad as u16;
    r[11] = report.speed_mm_s;
    r[12] = report.epoch;
    r[13] = report.command_sequence;
    r[20] = report.battery_permille;
    r[21] = report.fault;
    r[22] = report.action_sequence;
    r[23] = report.action_state as u16;
    r
}

prop_compose! {
    fn waypoint()(
        seq in any::<u32>(), node in any::<u32>(), x_mm in any::<i32>(), y_mm in any::<i32>(),
        speed_mm_s in any::<u16>(), backward in any::<bool>(),
    ) -> Waypoint {
        let drive = if backward { Drive::Backward } else { Drive::Forward };
        Waypoint { seq, node: NodeId(node), x_mm, y_mm, speed_mm_s, drive }
    }
}

prop_compose! {
    fn command()(
        numbers in any::<[u16; 4]>(), load in any::<u32>(), hold in any::<bool>(), action in 0usize..5,
        base in prop::collection::vec(waypoint(), 0..=BASE_WINDOW),
    ) -> VehicleCommand {
        let actions =
            [Action::None, Action::Load, Action::Unload, Action::StartCharging, Action::StopCharging];
        let mut command = VehicleCommand {
            epoch: numbers[0], sequence: numbers[1], validity_ms: numbers[2], action_sequence: numbers[3],
            base_len: base.len() as u8, action: actions[action], load: LoadId(load), hold,
            ..VehicleCommand::default()
        };
        command.base[..base.len()].copy_from_slice(&base);
        command
    }
}

prop_compose! {
    fn report()(
        n in any::<[u16; 7]>(), seqs in any::<[u32; 2]>(), load in any::<u32>(), battery in 0u16..=1000,
        at in any::<Option<(i32, i32)>>(), heading_mrad in -3142i16..=3142,
        mode in 0usize..3, activity in 0usize..5, state in 0usize..4,
    ) -> VehicleReport {
        use VehicleActivity::*;
        VehicleReport {
            heartbeat: n[0], boot: n[1], speed_mm_s: n[2], epoch: n[3], command_sequence: n[4], fault: n[5],
            action_sequence: n[6],
            mode: [OperatingMode::Automatic, OperatingMode::Manual, OperatingMode::EmergencyStop][mode],
            activity: [Idle, Driving, Acting, Charging, Fault][activity],
            pose: at.map(|(x_mm, y_mm)| Pose { x_mm, y_mm, heading_mrad }),
            reached_seq: seqs[0].min(seqs[1]), base_end_seq: seqs[0].max(seqs[1]),
            load: LoadId(load), battery_permille: battery,
            action_state: [ActionState::None, ActionState::Running, ActionState::Done, ActionState::Failed][state],
        }
    }
}

proptest! {
    #[test]
    fn vehicle_reads_the_command_that_was_written(command in command()) {
        prop_assert_eq!(decode_command(&encode_command(&command)), command);
    }

    #[test]
    fn report_is_read_as_the_vehicle_wrote_it(report in report()) {
        prop_assert_eq!(decode_report(&encode_report(&report)), Ok(report));
    }

    /// Whatever registers hold: it is an error, or a report that says the same when a vehicle writes it.
    #[test]
    fn any_registers_are_an_error_or_a_report(
        report in report(),
        damage in prop::collection::vec((0usize..24, prop_oneof![0u16..8, any::<u16>()]), 0..4),
    ) {
        let mut registers = encode_report(&report);
        for (at, value) in damage {
            registers[at] = value;
        }
        if let Ok(read) = decode_report(&registers) {
            let mut expected = registers;
            expected[5] &= 1;
            if expected[5] == 0 {
                expected[6..=10].fill(0);
            }
            prop_assert_eq!(encode_report(&read), expected);
            prop_assert!(read.battery_permille <= 1000);
            prop_assert!(read.reached_seq <= read.base_end_seq);
        }
    }

    #[test]
    fn any_number_of_registers_is_survived(registers in prop::collection::vec(any::<u16>(), 0..200)) {
        let result = decode_report(&registers);
        if registers.len() != REPORT_WORDS {
            prop_assert_eq!(result, Err(ReportError::Length(registers.len())));
        }
    }
}

#[test]
fn each_bad_register_is_named() {
    let pose = Pose::default();
    let good = encode_report(&VehicleReport {
        pose: Some(pose),
        ..VehicleReport::default()
    });
    assert!(decode_report(&good).is_ok());
    let cases = [
        (0, 2, ReportError::Profile(2)),
        (0, 0, ReportError::Profile(0)),
        (3, 3, ReportError::Mode(3)),
        (4, 5, ReportError::Activity(5)),
        (10, 3143, ReportError::Heading(3143)),
        (10, (-3143i16) as u16, ReportError::Heading(-3143)),
        (
            15,
            1,
            ReportError::Reached {
                reached: 1,
                known: 0,
            },
        ),
        (20, 1001, ReportError::Battery(1001)),
        (23, 4, ReportError::ActionState(4)),
    ];
    for (at, value, error) in cases {
        let mut registers = good;
        registers[at] = value;
        assert_eq!(decode_report(&registers), Err(error));
    }
}

#[test]
fn unknown_pose_is_none_whatever_its_registers_say() {
    let mut registers = encode_report(&VehicleReport::default());
    registers[10] = 9_999;
    assert_eq!(decode_report(&registers).unwrap().pose, None);
}

#[test]
fn over_long_base_is_cut_to_the_window() {
    let command = VehicleCommand {
        base_len: 200,
        ..VehicleCommand::default()
    };
    assert_eq!(encode_command(&command)[8], BASE_WINDOW as u16);
}

/// The registers of one command, written out by hand from the table.
#[test]
fn registers_are_where_the_table_says() {
    let mut command = VehicleCommand {
        epoch: 3,
        sequence: 77,
        validity_ms: 500,
        base_len: 1,
        action: Action::Unload,
        action_sequence: 9,
        load: LoadId(0x0001_0002),
        hold: true,
        ..VehicleCommand::default()
    };
    command.base[0] = Waypoint {
        seq: 0x0003_0004,
        node: NodeId(5),
        x_mm: -1,
        y_mm: 70_000,
        speed_mm_s: 1_200,
        drive: Drive::Backward,
    };
    let mut expected = [0u16; 120];
    expected[..19].copy_from_slice(&[
        1, 3, 500, 1, 2, 9, 1, 2, 1, 3, 4, 0, 5, 0xffff, 0xffff, 1, 4_464, 1_200, 1,
    ]);
    expected[119] = 77;
    assert_eq!(encode_command(&command), expected);
}
