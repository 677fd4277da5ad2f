//! Convex outlines at exact poses, and whether two of them touch: separating axes.
//!
//! Two convex shapes are apart exactly if some edge of one has the whole other shape strictly on its outer side.

use takt_maps::Point;

/// A convex outline around a reference point (the origin), counter-clockwise, mm.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    points: Vec<(f64, f64)>,
    radius: f64,
}

impl Shape {
    /// The shape of an outline; given clockwise, it is turned round.
    pub fn new(outline: &[Point]) -> Self {
        let mut points: Vec<(f64, f64)> = outline
            .iter()
            .map(|&(x, y)| (f64::from(x), f64::from(y)))
            .collect();
        if area(&points) < 0.0 {
            points.reverse();
        }
        let radius = points
            .iter()
            .map(|(x, y)| (x * x + y * y).sqrt())
            .fold(0.0, f64::max);
        Self { points, radius }
    }

    /// Radius of the circle around the reference point that holds the outline, mm.
    pub fn radius(&self) -> f64 {
        self.radius
    }

    /// Number of corners.
    pub fn corners(&self) -> usize {
        self.points.len()
    }

    /// Writes the outline's corners at a position, turned by an angle with this cosine and sine, into `placed`.
    pub fn place(&self, at: (f64, f64), (cos, sin): (f64, f64), placed: &mut Vec<(f64, f64)>) {
        placed.clear();
        placed.extend(
            self.points
                .iter()
                .map(|&(x, y)| (at.0 + cos * x - sin * y, at.1 + sin * x + cos * y)),
        );
    }
}

/// Do two convex outlines touch? Counter-clockwise; a segment is an outline of two corners.
pub fn touch(a: &[(f64, f64)], b: &[(f64, f64)]) -> bool {
    !a.is_empty() && !b.is_empty() && !edge_separates(a, b) && !edge_separates(b, a)
}

/// Makes a convex outline cover its way along a straight line, too: the hull of where it is and where it gets.
pub fn sweep(outline: &mut Vec<(f64, f64)>, by: (f64, f64)) {
    if by == (0.0, 0.0) || outline.len() < 2 {
        return;
    }
    let mut points = std::mem::take(outline);
    let moved: Vec<_> = points.iter().map(|p| (p.0 + by.0, p.1 + by.1)).collect();
    points.extend(moved);
    points.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    // The lower chain from left to right, then the upper one back.
    let mut chain = |points: &mut dyn Iterator<Item = (f64, f64)>| {
        let start = outline.len();
        for p in points {
            while outline.len() >= start + 2 {
                let (a, b) = (outline[outline.len() - 2], outline[outline.len() - 1]);
                if (b.0 - a.0) * (p.1 - a.1) - (b.1 - a.1) * (p.0 - a.0) > 0.0 {
                    break;
                }
                outline.pop();
            }
            outline.push(p);
        }
        // Its last corner is the first one of the next.
        outline.pop();
    };
    chain(&mut points.iter().copied());
    chain(&mut points.iter().rev().copied());
}

/// Has some edge of `a` all of `b` strictly on its outer side?
fn edge_separates(a: &[(f64, f64)], b: &[(f64, f64)]) -> bool {
    let mut from = a[a.len() - 1];
    a.iter().any(|&to| {
        let outward = (to.1 - from.1, from.0 - to.0);
        let origin = from;
        from = to;
        b.iter()
            .all(|p| outward.0 * (p.0 - origin.0) + outward.1 * (p.1 - origin.1) > 0.0)
    })
}

/// Square of the distance from a point to a segment.
pub fn distance_squared(p: (f64, f64), a: (f64, f64), b: (f64, f64)) -> f64 {
    let (ex, ey) = (b.0 - a.0, b.1 - a.1);
    let (px, py) = (p.0 - a.0, p.1 - a.1);
    let length_squared = ex * ex + ey * ey;
    let along = if length_squared > 0.0 {
        ((px * ex + py * ey) / length_squared).clamp(0.0, 1.0)
    } else {
        0.0
    };
    let (dx, dy) = (px - along * ex, py - along * ey);
    dx * dx + dy * dy
}

/// Twice the signed area: positive if counter-clockwise.
fn area(points: &[(f64, f64)]) -> f64 {
    let Some(&last) = points.last() else {
        return 0.0;
    };
    let mut from = last;
    points
        .iter()
        .map(|&to| {
            let term = from.0 * to.1 - to.0 * from.1;
            from = to;
            term
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Is a point inside a counter-clockwise outline, or within `margin` of it?
    fn inside(p: (f64, f64), shape: &[(f64, f64)], margin: f64) -> bool {
        let mut from = shape[shape.len() - 1];
        shape.iter().all(|&to| {
            let (ex, ey) = (to.0 - from.0, to.1 - from.1);
            let out = (ey * (p.0 - from.0) - ex * (p.1 - from.1)) / (ex * ex + ey * ey).sqrt();
            from = to;
            out <= margin
        })
    }

    /// Brute force: some point of the outline of one is inside the other.
    fn sampled(a: &[(f64, f64)], b: &[(f64, f64)], margin: f64) -> bool {
        let hits = |a: &[(f64, f64)], b: &[(f64, f64)]| {
            let mut from = a[a.len() - 1];
            a.iter().any(|&to| {
                let begin = from;
                from = to;
                (0..=400).any(|i| {
                    let t = f64::from(i) / 400.0;
                    let p = (
                        begin.0 + (to.0 - begin.0) * t,
                        begin.1 + (to.1 - begin.1) * t,
                    );
                    inside(p, b, margin)
                })
            })
        };
        hits(a, b) || hits(b, a)
    }

    fn outline() -> impl Strategy<Value = Vec<Point>> {
        (100i32..900, 100i32..900, 100i32..500, 0i32..300).prop_map(|(front, rear, side, cut)| {
            // A rectangle with its front corners cut off.
            let nose = (side - cut).max(10);
            vec![
                (-rear, -side),
                (front, -side),
                (front + 50, -nose),
                (front + 50, nose),
                (front, side),
                (-rear, side),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]
        #[test]
        fn agrees_with_sampled_outlines(
            a in outline(), b in outline(), x in -2000.0..2000.0, y in -2000.0..2000.0,
            ta in -3.0..3.0f64, tb in -3.0..3.0f64,
        ) {
            let (mut pa, mut pb) = (Vec::new(), Vec::new());
            Shape::new(&a).place((0.0, 0.0), (libm::cos(ta), libm::sin(ta)), &mut pa);
            Shape::new(&b).place((x, y), (libm::cos(tb), libm::sin(tb)), &mut pb);
            let judged = touch(&pa, &pb);
            prop_assert_eq!(judged, touch(&pb, &pa));
            // Samples are 5 mm apart at most, so only near misses may differ.
            if judged {
                prop_assert!(sampled(&pa, &pb, 6.0));
            } else {
                prop_assert!(!sampled(&pa, &pb, 0.0));
            }
        }

        #[test]
        fn a_segment_is_an_outline_of_two_corners(
            a in outline(), p in (-2000.0..2000.0, -2000.0..2000.0), q in (-2000.0..2000.0, -2000.0..2000.0),
        ) {
            let mut pa = Vec::new();
            Shape::new(&a).place((0.0, 0.0), (1.0, 0.0), &mut pa);
            let hit = (0..=4000).any(|i| {
                let t = f64::from(i) / 4000.0;
                inside((p.0 + (q.0 - p.0) * t, p.1 + (q.1 - p.1) * t), &pa, 0.0)
            });
            if hit {
                prop_assert!(touch(&pa, &[p, q]));
            } else {
                let far = (0..=4000).all(|i| {
                    let t = f64::from(i) / 4000.0;
                    !inside((p.0 + (q.0 - p.0) * t, p.1 + (q.1 - p.1) * t), &pa, 2.0)
                });
                prop_assert!(!far || !touch(&pa, &[p, q]));
            }
        }
    }

    #[test]
    fn sharing_a_border_is_touching_and_a_hair_between_is_not() {
        let square = |x: f64| [(x, 0.0), (x + 1.0, 0.0), (x + 1.0, 1.0), (x, 1.0)];
        assert!(touch(&square(0.0), &square(1.0)));
        assert!(!touch(&square(0.0), &square(1.000_001)));
        assert!(!touch(&square(0.0), &[]));
    }

    #[test]
    fn a_swept_outline_covers_its_way_and_no_more() {
        let mut placed = vec![(0.0, 0.0), (2.0, 0.0), (2.0, 1.0), (0.0, 1.0)];
        sweep(&mut placed, (4.0, 4.0));
        assert_eq!(placed.len(), 6);
        let at = |x: f64, y: f64| [(x, y), (x + 0.1, y)];
        assert!(touch(&placed, &at(3.5, 3.0)));
        assert!(touch(&placed, &at(5.9, 4.9)));
        assert!(!touch(&placed, &at(0.0, 1.5)));
        assert!(!touch(&placed, &at(5.5, 2.0)));
        let still = placed.clone();
        sweep(&mut placed, (0.0, 0.0));
        assert_eq!(placed, still);
    }

    #[test]
    fn clockwise_outlines_are_turned_round() {
        let mut placed = Vec::new();
        let clockwise = Shape::new(&[(0, 0), (0, 10), (10, 10), (10, 0)]);
        clockwise.place((0.0, 0.0), (1.0, 0.0), &mut placed);
        assert!(touch(&placed, &[(5.0, 5.0), (6.0, 6.0)]));
    }
}
