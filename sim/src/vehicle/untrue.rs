//! Reports that are well-formed, and untrue.

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg32;
use takt_maps::words::{ActionState, LoadId, VehicleReport};

/// Makes a true report untrue, in one way or two, chosen by `seed` and its heartbeat. It passes all checks of the
/// register profile: what is reached is known.
pub(super) fn twist(report: &mut VehicleReport, seed: u64) {
    let mut random = Pcg32::seed_from_u64(seed ^ u64::from(report.heartbeat) << 20);
    twist_once(report, &mut random);
    if random.next_u32().is_multiple_of(3) {
        twist_once(report, &mut random);
    }
}

fn twist_once(report: &mut VehicleReport, random: &mut Pcg32) {
    let few = 1 + random.next_u32() % 8;
    match random.next_u32() % 7 {
        // Further than it is, at the most to the end of its base.
        0 => report.reached_seq = (report.reached_seq + few).min(report.base_end_seq),
        // Beyond what it ever got.
        1 => {
            report.base_end_seq = report.base_end_seq.saturating_add(few);
            report.reached_seq = report.base_end_seq;
        }
        // It knows of more than it got.
        2 => report.base_end_seq = report.base_end_seq.saturating_add(few),
        // Back where it was.
        3 => report.reached_seq = report.reached_seq.saturating_sub(few),
        // An action that it was never told, or one that it was told and is not that far with.
        4 => {
            report.action_sequence = report.action_sequence.wrapping_add((few - 1) as u16);
            report.action_state = match random.next_u32() % 4 {
                0 => ActionState::None,
                1 => ActionState::Running,
                2 => ActionState::Done,
                _ => ActionState::Failed,
            };
        }
        5 => {
            report.epoch = if random.next_u32() & 1 == 0 {
                report.epoch.saturating_add(1)
            } else {
                report.epoch.saturating_sub(1)
            };
        }
        // A load that is not there, or none where one is.
        _ => {
            report.load = if report.load == LoadId::NONE {
                LoadId(1 + random.next_u32() % 1_000)
            } else {
                LoadId::NONE
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_report_keeps_the_profile_and_most_are_untrue() {
        let truth = |heartbeat| VehicleReport {
            heartbeat,
            epoch: 1,
            reached_seq: 3,
            base_end_seq: 5,
            ..VehicleReport::default()
        };
        let mut lies = 0;
        for heartbeat in 0..2_000 {
            let mut report = truth(heartbeat);
            twist(&mut report, 7);
            assert!(report.reached_seq <= report.base_end_seq, "{report:?}");
            lies += usize::from(report != truth(heartbeat));
            let mut again = truth(heartbeat);
            twist(&mut again, 7);
            assert_eq!(report, again);
        }
        assert!(lies > 1_800, "{lies}");
    }
}
