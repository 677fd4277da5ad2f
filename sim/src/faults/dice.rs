//! What a fault leaves to chance is decided by the floor's seed and the fault itself: the same in every run with it,
//! whatever else goes wrong.

use super::{Fault, Target};
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg32;

/// Random numbers for one fault.
pub(crate) fn dice(seed: u64, fault: &Fault) -> Pcg32 {
    let (class, id) = match fault.target {
        Target::Whole => (0, 0),
        Target::Vehicle(id) => (1, id.index()),
        Target::Device(id) => (2, id.index()),
        Target::Edge(id) => (3, id.index()),
        Target::Area(id) => (4, id.index()),
    };
    let words = [fault.kind as u64, class, id as u64, fault.at_ms];
    let mixed = words
        .iter()
        .fold(seed ^ 0x6a09_e667_f3bc_c909, |sum, word| {
            (sum ^ word)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                .rotate_left(29)
        });
    Pcg32::seed_from_u64(mixed)
}

/// A direction, as a unit vector.
pub(crate) fn direction(random: &mut Pcg32) -> (f64, f64) {
    let angle = f64::from(random.next_u32()) / 4_294_967_296.0 * core::f64::consts::TAU;
    let (sin, cos) = libm::sincos(angle);
    (cos, sin)
}
