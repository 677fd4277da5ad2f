//! A disturbance to measure traffic by: always the same share of the fleet stands for the same time.

use super::dice::dice;
use super::{Fault, FaultKind, Target};
use rand_core::Rng;
use takt_maps::{Floor, VehicleId};

/// One vehicle in so many stands still ...
const ONE_IN: usize = 20;
/// ... for so long, ms ...
const STANDS_MS: u64 = 60_000;
/// ... once in so long, ms.
const EVERY_MS: u64 = 600_000;

/// Every ten minutes one vehicle in twenty, at least one, stands still for a minute: which ones, and when within the ten
/// minutes, is drawn from the seed. In the order in which they begin; none begins that would not be over after `for_ms`.
pub fn stoppages(floor: &Floor, seed: u64, for_ms: u64) -> Vec<Fault> {
    let fleet = floor.vehicles.len();
    let mut script = Vec::new();
    for begin_ms in (0..for_ms).step_by(EVERY_MS as usize) {
        // The first few of a shuffled fleet (Fisher and Yates).
        let mut vehicles: Vec<usize> = (0..fleet).collect();
        let mut random = dice(seed, &stop(VehicleId(0), begin_ms));
        let mut below = |n: u64| (u64::from(random.next_u32()) * n) >> 32;
        for i in 0..fleet.div_ceil(ONE_IN) {
            let other = i + below((fleet - i) as u64) as usize;
            vehicles.swap(i, other);
            let at_ms = begin_ms + below(EVERY_MS - STANDS_MS);
            if at_ms + STANDS_MS <= for_ms {
                script.push(stop(VehicleId::from_index(vehicles[i]), at_ms));
            }
        }
    }
    script.sort_by_key(|fault| (fault.at_ms, fault.target));
    script
}

fn stop(vehicle: VehicleId, at_ms: u64) -> Fault {
    Fault {
        kind: FaultKind::VehicleStops,
        target: Target::Vehicle(vehicle),
        at_ms,
        for_ms: STANDS_MS,
        amount: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use takt_maps::fleet::first_vehicles;

    #[test]
    fn one_in_twenty_stands_for_a_minute_in_each_ten_minutes() {
        let mut floor = testing::floor();
        let vehicle = floor.vehicles[0].clone();
        floor.vehicles = vec![vehicle; 41];
        let script = stoppages(&floor, 7, 3_600_000);
        assert_eq!(script.len(), 6 * 3);
        assert_eq!(script, stoppages(&floor, 7, 3_600_000));
        assert_ne!(script, stoppages(&floor, 8, 3_600_000));
        for (nth, three) in script.chunks(3).enumerate() {
            let begin_ms = nth as u64 * EVERY_MS;
            for fault in three {
                assert!((begin_ms..begin_ms + EVERY_MS).contains(&fault.at_ms));
                assert_eq!(fault.until_ms() - fault.at_ms, 60_000);
                assert!(fault.until_ms() <= begin_ms + EVERY_MS);
                let same = three.iter().filter(|f| f.target == fault.target);
                assert_eq!(same.count(), 1);
            }
        }
        // A small fleet has one, and a short run none that would outlast it.
        let few = first_vehicles(&floor, 2);
        assert_eq!(stoppages(&few, 7, 600_000).len(), 1);
        assert!(stoppages(&few, 7, 59_999).is_empty());
    }
}
