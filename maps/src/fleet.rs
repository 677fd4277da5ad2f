//! The same floor with a smaller fleet.

use crate::digest::digest;
use crate::floor::Floor;

/// The floor with its first `n` vehicles only, in the order of its file; with all of them if it has no more.
///
/// All else stays, the orders that arise by themselves among it. It is another floor, with a digest of its own.
pub fn first_vehicles(floor: &Floor, n: usize) -> Floor {
    let mut smaller = floor.clone();
    smaller.vehicles.truncate(n);
    smaller.digest = digest(&smaller);
    smaller
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_first_vehicles_stay_and_the_floor_is_another() {
        let floor = crate::builtin("electronics-line").unwrap().unwrap().floor;
        let smaller = first_vehicles(&floor, 5);
        assert_eq!(smaller.vehicles[..], floor.vehicles[..5]);
        assert_ne!(smaller.digest, floor.digest);
        assert_eq!(smaller.stations, floor.stations);
        assert_eq!(first_vehicles(&floor, 500).digest, floor.digest);
    }
}
