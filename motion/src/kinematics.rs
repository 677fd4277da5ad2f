//! How vehicles move along a line: braking distance, travel time, and how much granted ground lets one go on.
//!
//! Integers throughout (millimetres, milliseconds), rounded to the safe side: distances and times up.

use takt_maps::VehicleKind;

/// Distance in which a speed is braked to rest, in millimetres, rounded up.
///
/// A deceleration of 0 counts as 1 mm/s².
pub fn braking_mm(speed_mm_s: u32, deceleration_mm_s2: u32) -> u32 {
    let speed = u64::from(speed_mm_s);
    let distance = (speed * speed).div_ceil(2 * u64::from(deceleration_mm_s2.max(1)));
    u32::try_from(distance).unwrap_or(u32::MAX)
}

/// Time for a distance from rest to rest, in milliseconds, rounded up.
///
/// The speed over time is a trapezoid, or a triangle where the distance is too short to reach the limit: accelerate at
/// `a`, cruise at `v`, brake at `b`. With `d >= v²/2a + v²/2b` the time is `d/v + v/2a + v/2b`, otherwise
/// `sqrt(2 d (a + b) / (a b))`. A speed or rate of 0 counts as 1.
pub fn travel_ms(
    distance_mm: u32,
    speed_mm_s: u32,
    acceleration_mm_s2: u32,
    deceleration_mm_s2: u32,
) -> u32 {
    let d = u128::from(distance_mm);
    let v = u128::from(speed_mm_s.max(1));
    let a = u128::from(acceleration_mm_s2.max(1));
    let b = u128::from(deceleration_mm_s2.max(1));
    // d >= v²(a + b) / 2ab, without division.
    let time = if 2 * a * b * d >= v * v * (a + b) {
        let double = 2 * a * b * d + v * v * (a + b);
        (1_000 * double).div_ceil(2 * a * b * v)
    } else {
        let square = (2_000_000 * d * (a + b)).div_ceil(a * b);
        let root = square.isqrt();
        root + u128::from(root * root < square)
    };
    u32::try_from(time).unwrap_or(u32::MAX)
}

/// [`travel_ms`] with what a vehicle kind can do, under a speed limit.
pub fn kind_travel_ms(kind: &VehicleKind, loaded: bool, distance_mm: u32, limit_mm_s: u32) -> u32 {
    travel_ms(
        distance_mm,
        kind.speed_mm_s[usize::from(loaded)].min(limit_mm_s),
        kind.acceleration_mm_s2,
        kind.deceleration_mm_s2,
    )
}

/// Granted ground ahead with which a vehicle at full speed need not brake before more is granted, in millimetres.
///
/// It is the braking distance and what is driven during `reaction_ms`: the time from a waypoint reached, over the report,
/// the cycle and the command, to the moment when the vehicle knows its longer base (two transfer intervals and two
/// cycles, or more). More base than this makes nobody faster and keeps ground from others.
pub fn lookahead_mm(kind: &VehicleKind, loaded: bool, reaction_ms: u32) -> u32 {
    let speed = kind.speed_mm_s[usize::from(loaded)];
    let reaction = (u64::from(speed) * u64::from(reaction_ms)).div_ceil(1_000);
    let reaction = u32::try_from(reaction).unwrap_or(u32::MAX);
    braking_mm(speed, kind.deceleration_mm_s2).saturating_add(reaction)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_values() {
        assert_eq!(braking_mm(1_000, 500), 1_000);
        assert_eq!(braking_mm(0, 500), 0);
        assert_eq!(braking_mm(1, 1_000_000), 1);
        assert_eq!(braking_mm(u32::MAX, 0), u32::MAX);
        // 1 m/s, 0.5 m/s² both ways: 2 s up over 1 m, 2 s down over 1 m, 3 s for the 3 m between.
        assert_eq!(travel_ms(5_000, 1_000, 500, 500), 7_000);
        // Exactly where the trapezoid becomes a triangle, and a quarter of that: half the time.
        assert_eq!(travel_ms(2_000, 1_000, 500, 500), 4_000);
        assert_eq!(travel_ms(500, 1_000, 500, 500), 2_000);
        assert_eq!(travel_ms(0, 1_000, 500, 500), 0);
        assert_eq!(travel_ms(u32::MAX, 0, 0, 0), u32::MAX);
    }

    proptest! {
        /// Against the profile driven in steps of a millisecond with exact arithmetic on doubled units.
        #[test]
        fn travel_time_is_that_of_the_profile(
            d in 1u32..20_000, v in 50u32..3_000, a in 100u32..2_000, b in 100u32..2_000,
        ) {
            let time = travel_ms(d, v, a, b);
            // Driven distance in a time when the profile peaks at p: p t - p²/2a - p²/2b, greatest at p = min(v, ...).
            let (df, af, bf) = (f64::from(d), f64::from(a), f64::from(b));
            let reach = |t: f64| {
                let p = f64::from(v).min(t * af * bf / (af + bf));
                p * t - p * p / (2.0 * af) - p * p / (2.0 * bf)
            };
            prop_assert!(reach(f64::from(time) / 1_000.0) >= df - 1e-6);
            prop_assert!(reach((f64::from(time) - 1.001) / 1_000.0) < df);
        }

        #[test]
        fn braking_from_the_distance_is_no_faster_than_the_speed(v in 0u32..5_000, b in 1u32..5_000) {
            let distance = u64::from(braking_mm(v, b));
            prop_assert!(2 * u64::from(b) * distance >= u64::from(v) * u64::from(v));
            prop_assert!(distance == 0 || 2 * u64::from(b) * (distance - 1) < u64::from(v) * u64::from(v));
        }
    }
}
