//! Convex areas: a polygon, grown by a radius. A disc is a point with a radius, a swept footprint a polygon with none.

/// A point or vector, in millimetres.
pub type Vec2 = (f64, f64);

/// A convex area: all points within `radius` of the convex polygon `hull`.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Shape {
    /// Corners, counter-clockwise, without repetition; one is a point, two are a segment.
    pub hull: Vec<Vec2>,
    /// Not negative, in millimetres.
    pub radius: f64,
}

impl Shape {
    /// The smallest shape around points.
    ///
    /// # Panics
    /// If there is no point.
    pub fn around(points: impl IntoIterator<Item = Vec2>) -> Self {
        let hull = hull(points.into_iter().collect());
        assert!(!hull.is_empty(), "a shape has a corner");
        Self { hull, radius: 0.0 }
    }

    /// A disc.
    pub fn disc(centre: Vec2, radius: f64) -> Self {
        Self {
            hull: vec![centre],
            radius,
        }
    }

    /// Smallest and greatest coordinates.
    pub fn bounds(&self) -> (Vec2, Vec2) {
        let mut min = (f64::INFINITY, f64::INFINITY);
        let mut max = (f64::NEG_INFINITY, f64::NEG_INFINITY);
        for &(x, y) in &self.hull {
            min = (min.0.min(x - self.radius), min.1.min(y - self.radius));
            max = (max.0.max(x + self.radius), max.1.max(y + self.radius));
        }
        (min, max)
    }

    /// Is the distance to `other`, moved by `offset`, less than `limit`? Both in millimetres.
    ///
    /// Areas that overlap are at distance 0; so nothing is closer than a limit of 0, and for areas that only must not
    /// touch a limit of 1 is right.
    pub fn closer_than(&self, other: &Shape, offset: Vec2, limit: f64) -> bool {
        let reach = limit + self.radius + other.radius;
        reach > 0.0 && distance_squared(&self.hull, &other.hull, offset) < reach * reach
    }
}

/// The corners of the convex hull, counter-clockwise (Andrew's monotone chain).
pub fn hull(mut points: Vec<Vec2>) -> Vec<Vec2> {
    points.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    points.dedup();
    if points.len() < 3 {
        return points;
    }
    let mut chain: Vec<Vec2> = Vec::with_capacity(points.len() + 1);
    // Lower chain from left to right, then the upper one back.
    for &p in &points {
        extend(&mut chain, 0, p);
    }
    let floor = chain.len() - 1;
    for &p in points.iter().rev().skip(1) {
        extend(&mut chain, floor, p);
    }
    chain.pop();
    chain
}

/// Appends `p` after dropping the corners above `floor` at which the chain would not turn left.
fn extend(chain: &mut Vec<Vec2>, floor: usize, p: Vec2) {
    while chain.len() >= floor + 2 {
        let (a, b) = (chain[chain.len() - 2], chain[chain.len() - 1]);
        if cross(sub(b, a), sub(p, b)) > 0.0 {
            break;
        }
        chain.pop();
    }
    chain.push(p);
}

/// Square of the distance between the convex polygons `a` and `b + offset`; 0 if they overlap.
fn distance_squared(a: &[Vec2], b: &[Vec2], offset: Vec2) -> f64 {
    let moved = |i: usize| (b[i].0 + offset.0, b[i].1 + offset.1);
    let back = (-offset.0, -offset.1);
    let a0 = (a[0].0 + back.0, a[0].1 + back.1);
    // One inside the other touches no side.
    if contains(a, moved(0)) || contains(b, a0) {
        return 0.0;
    }
    let mut least = f64::INFINITY;
    for i in 0..a.len() {
        let p = (a[i], a[(i + 1) % a.len()]);
        for j in 0..b.len() {
            let q = (moved(j), moved((j + 1) % b.len()));
            least = least.min(segments_squared(p, q));
        }
    }
    least
}

/// Is `p` in the convex polygon or on its border? Only for polygons of three corners and more.
pub fn contains(polygon: &[Vec2], p: Vec2) -> bool {
    polygon.len() >= 3
        && (0..polygon.len()).all(|i| {
            let (a, b) = (polygon[i], polygon[(i + 1) % polygon.len()]);
            cross(sub(b, a), sub(p, a)) >= 0.0
        })
}

/// Square of the distance between two segments; 0 if they cross.
fn segments_squared(p: (Vec2, Vec2), q: (Vec2, Vec2)) -> f64 {
    if cross_properly(p, q) {
        return 0.0;
    }
    point_segment_squared(p.0, q)
        .min(point_segment_squared(p.1, q))
        .min(point_segment_squared(q.0, p))
        .min(point_segment_squared(q.1, p))
}

/// Do two segments cross in a point that is inside both?
fn cross_properly(p: (Vec2, Vec2), q: (Vec2, Vec2)) -> bool {
    let side = |s: (Vec2, Vec2), r: Vec2| cross(sub(s.1, s.0), sub(r, s.0));
    let (a, b) = (side(p, q.0), side(p, q.1));
    let (c, d) = (side(q, p.0), side(q, p.1));
    (a > 0.0 && b < 0.0 || a < 0.0 && b > 0.0) && (c > 0.0 && d < 0.0 || c < 0.0 && d > 0.0)
}

/// Square of the distance of a point from a segment (which may be a point).
fn point_segment_squared(p: Vec2, s: (Vec2, Vec2)) -> f64 {
    let along = sub(s.1, s.0);
    let to = sub(p, s.0);
    let length_squared = dot(along, along);
    let t = if length_squared > 0.0 {
        (dot(to, along) / length_squared).clamp(0.0, 1.0)
    } else {
        0.0
    };
    let gap = sub(to, (along.0 * t, along.1 * t));
    dot(gap, gap)
}

/// `a - b`.
pub fn sub(a: Vec2, b: Vec2) -> Vec2 {
    (a.0 - b.0, a.1 - b.1)
}

/// Twice the signed area between two vectors: positive if `b` is to the left of `a`.
pub fn cross(a: Vec2, b: Vec2) -> f64 {
    a.0 * b.1 - a.1 * b.0
}

/// Scalar product.
pub fn dot(a: Vec2, b: Vec2) -> f64 {
    a.0 * b.0 + a.1 * b.1
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn square(x: f64, y: f64, side: f64) -> Shape {
        Shape::around([(x, y), (x + side, y), (x + side, y + side), (x, y + side)])
    }

    #[test]
    fn squares_at_known_distances() {
        let a = square(0.0, 0.0, 10.0);
        assert!(!a.closer_than(&square(15.0, 0.0, 10.0), (0.0, 0.0), 5.0));
        assert!(a.closer_than(&square(15.0, 0.0, 10.0), (0.0, 0.0), 5.001));
        // 3-4-5 from corner to corner.
        assert!(!a.closer_than(&a, (13.0, 14.0), 5.0));
        assert!(a.closer_than(&a, (13.0, 14.0), 5.001));
        // One inside the other, and a cross without a corner inside.
        assert!(a.closer_than(&square(4.0, 4.0, 1.0), (0.0, 0.0), 0.001));
        let wide = Shape::around([(-20.0, 4.0), (30.0, 4.0), (30.0, 6.0), (-20.0, 6.0)]);
        assert!(a.closer_than(&wide, (0.0, 0.0), 0.001));
        // A disc against a square.
        let disc = Shape::disc((13.0, 14.0), 4.0);
        assert!(!disc.closer_than(&a, (0.0, 0.0), 1.0));
        assert!(disc.closer_than(&a, (0.0, 0.0), 1.001));
    }

    fn points() -> impl Strategy<Value = Vec<Vec2>> {
        prop::collection::vec((-500i32..500, -500i32..500), 1..9)
            .prop_map(|v| v.into_iter().map(|(x, y)| (x.into(), y.into())).collect())
    }

    /// Points spread over a convex polygon, as mixtures of its corners.
    fn samples(hull: &[Vec2]) -> Vec<Vec2> {
        let mut out = hull.to_vec();
        for i in 0..hull.len() {
            for j in 0..hull.len() {
                for k in 0..=20 {
                    let t = f64::from(k) / 20.0;
                    let at = |a: f64, b: f64| a + (b - a) * t;
                    out.push((at(hull[i].0, hull[j].0), at(hull[i].1, hull[j].1)));
                }
            }
        }
        out
    }

    proptest! {
        #[test]
        fn hull_holds_all_its_points_and_turns_left(points in points()) {
            let hull = hull(points.clone());
            let n = hull.len();
            for i in 0..n {
                prop_assert!(points.contains(&hull[i]));
                if n >= 3 {
                    let turn = cross(sub(hull[(i + 1) % n], hull[i]), sub(hull[(i + 2) % n], hull[(i + 1) % n]));
                    prop_assert!(turn > 0.0);
                    for &p in &points {
                        prop_assert!(contains(&hull, p));
                    }
                }
            }
        }

        #[test]
        fn distance_agrees_with_sampled_points(a in points(), b in points(), dx in -900i32..900, dy in -900i32..900) {
            let (a, b) = (hull(a), hull(b));
            let offset = (f64::from(dx), f64::from(dy));
            let exact = distance_squared(&a, &b, offset).sqrt();
            let mut sampled = f64::INFINITY;
            let inner = samples(&b);
            for p in samples(&a) {
                for q in &inner {
                    let gap = sub((q.0 + offset.0, q.1 + offset.1), p);
                    sampled = sampled.min(dot(gap, gap).sqrt());
                }
            }
            // Never more than any pair of points; and the samples, at most 1,415 / 20 apart on each side, come near it.
            prop_assert!(exact <= sampled + 1e-9, "{exact} > {sampled}");
            prop_assert!(sampled <= exact + 71.0 || exact == 0.0, "{exact} << {sampled}");
            let swapped = distance_squared(&b, &a, (-offset.0, -offset.1)).sqrt();
            prop_assert!((exact - swapped).abs() < 1e-9);
        }
    }
}
