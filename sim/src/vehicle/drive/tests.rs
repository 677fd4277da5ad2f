use super::*;
use crate::testing::kind;
use proptest::prelude::*;

const DT: f64 = 0.01;

fn to(seq: u32, x_mm: i32, y_mm: i32, speed: u16) -> Waypoint {
    Waypoint {
        seq,
        node: NodeId(seq),
        x_mm,
        y_mm,
        speed_mm_s: speed,
        drive: Leading::Forward,
    }
}

fn drive(points: &[(i32, i32, u16)]) -> Drive {
    let mut drive = Drive::new(&kind(), NodeId(0), LevelId(0), (0, 0), 0.0);
    for (i, &(x, y, v)) in points.iter().enumerate() {
        drive.append(&to(i as u32 + 1, x, y, v), LevelId(0));
    }
    drive.plan(false);
    drive
}

/// Steps until the base is finished, or the bound is reached; returns the time in seconds.
fn run(drive: &mut Drive, mut each: impl FnMut(&Drive, Option<u32>)) -> f64 {
    for step in 1..100_000 {
        let reached = drive.step(DT, false);
        each(drive, reached);
        if drive.finished() {
            return f64::from(step) * DT;
        }
    }
    panic!("did not arrive");
}

#[test]
fn a_trapezoid_takes_the_time_of_the_closed_form() {
    let k = kind();
    let (v, a, b) = (
        f64::from(k.speed_mm_s[0]),
        f64::from(k.acceleration_mm_s2),
        f64::from(k.deceleration_mm_s2),
    );
    let mut d = drive(&[(10_000, 0, 5_000)]);
    let took = run(&mut d, |_, _| {});
    let ideal = 10_000.0 / v + v / (2.0 * a) + v / (2.0 * b);
    assert!((took - ideal).abs() < 0.05, "{took} s, ideally {ideal} s");
    assert_eq!(d.position(), (10_000.0, 0.0));
    assert_eq!(d.speed(), 0.0);
}

#[test]
fn collinear_waypoints_cost_nothing_and_corners_cost_a_stop_and_a_turn() {
    let one = run(&mut drive(&[(10_000, 0, 5_000)]), |_, _| {});
    let parts: Vec<_> = (1..=10).map(|i| (i * 1_000, 0, 5_000)).collect();
    let many = run(&mut drive(&parts), |_, _| {});
    assert!(
        (one - many).abs() < 0.02,
        "{one} s in one leg, {many} s in ten"
    );

    let mut at_rest = Vec::new();
    let mut corner = drive(&[(2_000, 0, 5_000), (2_000, 2_000, 5_000)]);
    run(&mut corner, |d, reached| {
        at_rest.extend(reached.map(|seq| (seq, d.speed())));
    });
    assert_eq!(at_rest, vec![(1, 0.0), (2, 0.0)]);
    assert!((corner.heading() - core::f64::consts::FRAC_PI_2).abs() < 1e-9);
}

#[test]
fn a_base_that_grows_in_time_is_driven_without_a_dip() {
    let mut d = drive(&[(5_000, 0, 5_000)]);
    for _ in 0..200 {
        d.step(DT, false);
    }
    let before = d.speed();
    d.append(&to(2, 10_000, 0, 5_000), LevelId(0));
    d.plan(false);
    d.step(DT, false);
    assert!(d.speed() >= before);
}

#[test]
fn hold_stops_between_waypoints_and_release_goes_on() {
    let mut d = drive(&[(8_000, 0, 5_000)]);
    for _ in 0..300 {
        d.step(DT, false);
    }
    for _ in 0..500 {
        d.step(DT, true);
    }
    assert!(!d.moves() && !d.finished());
    let (x, _) = d.position();
    assert!(x > 0.0 && x < 8_000.0);
    run(&mut d, |_, _| {});
    assert_eq!(d.position(), (8_000.0, 0.0));
}

#[test]
fn the_rear_leads_when_told() {
    let mut d = drive(&[]);
    let back = Waypoint {
        drive: Leading::Backward,
        ..to(1, -2_000, 0, 500)
    };
    d.append(&back, LevelId(0));
    d.plan(false);
    run(&mut d, |d, _| assert!(d.heading().abs() < 1e-9));
    assert_eq!(d.position(), (-2_000.0, 0.0));
}

proptest! {
    #[test]
    fn limits_hold_and_every_leg_ends_exactly_where_it_should(
        points in prop::collection::vec((-5_000i32..5_000, -5_000i32..5_000, 50u16..3_000), 1..12),
    ) {
        let k = kind();
        let mut d = drive(&points);
        let (mut last, mut next) = (0.0, 0usize);
        let mut from = (0.0, 0.0);
        run(&mut d, |d, reached| {
            let v = d.speed();
            assert!(v - last <= f64::from(k.acceleration_mm_s2) * DT + 1e-6);
            // A stop is within the last 0.05 mm; braking is otherwise never harder than the kind can.
            assert!(last - v <= f64::from(k.deceleration_mm_s2) * DT * 1.5 + 15.0, "{last} -> {v}");
            last = v;
            if let Some(seq) = reached {
                next = seq as usize;
                let p = points[next - 1];
                from = (f64::from(p.0), f64::from(p.1));
            }
            if let Some(p) = points.get(next) {
                assert!(v <= f64::from(p.2).min(f64::from(k.speed_mm_s[0])) + 1e-6);
                // On the straight line between the two, never beyond its end.
                let (ex, ey) = (f64::from(p.0) - from.0, f64::from(p.1) - from.1);
                let (qx, qy) = (d.position().0 - from.0, d.position().1 - from.1);
                let len2 = ex * ex + ey * ey;
                let along = ex * qx + ey * qy;
                assert!(along >= -1e-3 && along <= len2 + 1e-3);
                assert!((ex * qy - ey * qx).abs() <= 1e-3 * len2.sqrt().max(1.0));
            }
        });
        let end = points[points.len() - 1];
        prop_assert_eq!(d.position(), (f64::from(end.0), f64::from(end.1)));
        prop_assert_eq!(d.speed(), 0.0);
    }
}
