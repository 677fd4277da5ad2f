//! How a vehicle gets from waypoint to waypoint: turning on the spot, trapezoidal speed, exact arrival.
//!
//! Straight legs are driven under a braking curve: at a distance `r` before a point that must be passed at no more
//! than `p`, the speed is at most `sqrt(p² + 2 b r)` for a deceleration `b`. The curve is kept in discrete time by
//! solving for the speed at the *end* of a step with the distance covered *during* it, so that a vehicle comes to
//! rest on its last waypoint and never beyond it.

mod disturb;

pub use disturb::Ahead;
use takt_maps::words::{Drive as Leading, Waypoint};
use takt_maps::{LevelId, NodeId, VehicleKind};

/// Most waypoints that a vehicle remembers; what does not fit is taken when the controller sends it again.
pub const LEGS_MAX: usize = 32;

/// Changes of direction up to this are driven through, rather than turned at rest: nodes are rounded to millimetres.
const ALIGNED_RAD: f64 = 0.01;

/// Closer to the end of its base than this, a vehicle is there.
const ARRIVED_MM: f64 = 0.05;

/// One straight leg, to a waypoint.
#[derive(Clone, Copy, Debug, Default)]
struct Leg {
    seq: u32,
    node: NodeId,
    level: LevelId,
    end: (f64, f64),
    direction: (f64, f64),
    heading: f64,
    leading: Leading,
    length: f64,
    /// Greatest speed that the controller allows on the leg, mm/s.
    granted: f64,
    /// Greatest speed on the leg, mm/s: that, and what the vehicle can do.
    limit: f64,
    /// Greatest speed at its end, mm/s; 0 where the vehicle must stop.
    pass: f64,
    /// How far beyond its end the vehicle comes to rest, mm; 0 but for a vehicle that overshoots.
    beyond: f64,
}

/// What a kind of vehicle can do, in floating point.
#[derive(Clone, Copy, Debug)]
struct Ability {
    speed: [f64; 2],
    acceleration: f64,
    deceleration: f64,
    turn_rad_s: f64,
}

/// Position, speed and the legs ahead.
#[derive(Clone, Debug)]
pub struct Drive {
    ability: Ability,
    x: f64,
    y: f64,
    heading: f64,
    cos: f64,
    sin: f64,
    speed: f64,
    node: NodeId,
    level: LevelId,
    legs: [Leg; LEGS_MAX],
    first: usize,
    len: usize,
    /// Distance covered on the first leg, mm.
    progress: f64,
    turning: bool,
    distance_mm: f64,
    /// How far beyond the end of its base it comes to rest, mm.
    overshoot: f64,
    /// Does it stand away from its last node, with its base forgotten?
    astray: bool,
}

impl Drive {
    /// A vehicle of `kind` at rest at a node.
    pub fn new(
        kind: &VehicleKind,
        node: NodeId,
        level: LevelId,
        at_mm: (i32, i32),
        heading_rad: f64,
    ) -> Self {
        let mut drive = Self {
            ability: Ability {
                speed: kind.speed_mm_s.map(|v| f64::from(v.max(1))),
                acceleration: f64::from(kind.acceleration_mm_s2.max(1)),
                deceleration: f64::from(kind.deceleration_mm_s2.max(1)),
                turn_rad_s: f64::from(kind.turn_mrad_s.max(1)) / 1000.0,
            },
            x: f64::from(at_mm.0),
            y: f64::from(at_mm.1),
            heading: 0.0,
            cos: 1.0,
            sin: 0.0,
            speed: 0.0,
            node,
            level,
            legs: [Leg::default(); LEGS_MAX],
            first: 0,
            len: 0,
            progress: 0.0,
            turning: false,
            distance_mm: 0.0,
            overshoot: 0.0,
            astray: false,
        };
        drive.face(heading_rad);
        drive
    }

    /// Where the reference point is, mm.
    pub fn position(&self) -> (f64, f64) {
        (self.x, self.y)
    }

    /// Heading in radians, in `-PI ..= PI`.
    pub fn heading(&self) -> f64 {
        self.heading
    }

    /// Cosine and sine of the heading.
    pub fn facing(&self) -> (f64, f64) {
        (self.cos, self.sin)
    }

    /// Speed over ground, mm/s.
    pub fn speed(&self) -> f64 {
        self.speed
    }

    /// The level that it is on.
    pub fn level(&self) -> LevelId {
        self.level
    }

    /// The last node reached.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// Puts it at a node, at rest; says whether it was more than a hair away from it.
    pub fn put_at(&mut self, node: NodeId, level: LevelId, (x, y): (f64, f64)) -> bool {
        let (dx, dy) = (self.x - x, self.y - y);
        let elsewhere = dx * dx + dy * dy > 1.0;
        (self.node, self.level) = (node, level);
        if elsewhere {
            (self.x, self.y, self.speed, self.progress) = (x, y, 0.0, 0.0);
            self.astray = false;
        }
        elsewhere
    }

    /// The nodes that it has yet to go to, in order.
    pub fn nodes_ahead(&self) -> impl Iterator<Item = NodeId> {
        (0..self.len).map(|i| self.leg(i).node)
    }

    /// Does it move or turn?
    pub fn moves(&self) -> bool {
        self.speed > 0.0 || self.turning
    }

    /// Has it come to rest at the end of its base?
    pub fn finished(&self) -> bool {
        self.len == 0
    }

    /// Distance driven since the start, mm.
    pub fn distance_mm(&self) -> f64 {
        self.distance_mm
    }

    /// Is there room for another waypoint?
    pub fn has_room(&self) -> bool {
        self.len < LEGS_MAX
    }

    /// Adds a waypoint behind the last; [`Drive::plan`] must follow before the next step.
    ///
    /// # Panics
    /// If there is no room.
    pub fn append(&mut self, waypoint: &Waypoint, level: LevelId) {
        assert!(self.has_room(), "the caller asks for room first");
        let (from, heading) = match self.len {
            0 => ((self.x, self.y), self.heading),
            n => (self.resting_point(n - 1), self.leg(n - 1).heading),
        };
        let end = (f64::from(waypoint.x_mm), f64::from(waypoint.y_mm));
        let (dx, dy) = (end.0 - from.0, end.1 - from.1);
        let length = (dx * dx + dy * dy).sqrt();
        let mut leg = Leg {
            seq: waypoint.seq,
            node: waypoint.node,
            level,
            end,
            direction: (0.0, 0.0),
            heading,
            leading: waypoint.drive,
            length,
            granted: f64::from(waypoint.speed_mm_s),
            limit: 0.0,
            pass: 0.0,
            beyond: 0.0,
        };
        // A waypoint where the vehicle already is has no direction: it neither turns nor drives.
        if length > 0.0 {
            leg.direction = (dx / length, dy / length);
            leg.heading = match waypoint.drive {
                Leading::Forward => libm::atan2(dy, dx),
                Leading::Backward => libm::atan2(-dy, -dx),
            };
        }
        let slot = (self.first + self.len) % LEGS_MAX;
        self.legs[slot] = leg;
        self.len += 1;
    }

    /// Works out, from the end backwards, how fast each waypoint may be passed with or without a load.
    pub fn plan(&mut self, loaded: bool) {
        let most = self.ability.speed[usize::from(loaded)];
        for i in 0..self.len {
            let leg = &mut self.legs[(self.first + i) % LEGS_MAX];
            leg.limit = leg.granted.min(most);
        }
        for i in (0..self.len).rev() {
            let pass = if i + 1 < self.len {
                let (leg, next) = (*self.leg(i), *self.leg(i + 1));
                if leg.leading == next.leading
                    && wrap(next.heading - leg.heading).abs() <= ALIGNED_RAD
                {
                    let braking = 2.0 * self.ability.deceleration * next.length;
                    let reachable = (next.pass * next.pass + braking).sqrt();
                    leg.limit.min(next.limit).min(reachable)
                } else {
                    0.0
                }
            } else {
                0.0
            };
            let beyond = self.beyond(i);
            let slot = (self.first + i) % LEGS_MAX;
            self.legs[slot].pass = pass;
            self.legs[slot].beyond = beyond;
        }
    }

    /// Advances by `dt_s` seconds; `hold` brakes to a stop wherever it is.
    ///
    /// Returns the sequence number of the last waypoint that was reached in this step, if any.
    pub fn step(&mut self, dt_s: f64, hold: bool) -> Option<u32> {
        let mut reached = None;
        let mut left_s = dt_s;
        self.turning = false;
        // Every turn of the loop takes a leg off the path, or uses up the time.
        while self.len > 0 && left_s > 0.0 {
            let leg = *self.leg(0);
            if self.speed == 0.0 && leg.length > 0.0 && !self.aligned(&leg) {
                if !hold {
                    self.turn(leg.heading, left_s);
                }
                return reached;
            }
            let rest = leg.length + leg.beyond - self.progress;
            let next = self.next_speed(&leg, rest, left_s, hold);
            let covered = (self.speed + next) / 2.0 * left_s;
            let arrives = covered >= rest || (leg.pass == 0.0 && rest - covered < ARRIVED_MM);
            if !arrives {
                self.advance(&leg, covered);
                self.speed = next;
                return reached;
            }
            // Up to the waypoint, and on with the rest of the time if it is passed.
            self.distance_mm += rest;
            let part = if covered > 0.0 {
                (rest / covered).min(1.0)
            } else {
                0.0
            };
            let at_end = self.speed + (next - self.speed) * part;
            left_s *= 1.0 - part;
            self.speed = at_end.min(leg.pass);
            (self.x, self.y) = leg.end;
            if leg.beyond > 0.0 {
                self.x += leg.direction.0 * leg.beyond;
                self.y += leg.direction.1 * leg.beyond;
            }
            self.astray = false;
            self.node = leg.node;
            self.level = leg.level;
            self.progress = 0.0;
            self.first = (self.first + 1) % LEGS_MAX;
            self.len -= 1;
            reached = Some(leg.seq);
        }
        reached
    }

    /// The speed at the end of a step of `dt_s`, `rest` mm before the end of the leg.
    fn next_speed(&self, leg: &Leg, rest: f64, dt_s: f64, hold: bool) -> f64 {
        let (v, a, b) = (
            self.speed,
            self.ability.acceleration,
            self.ability.deceleration,
        );
        let hardest = (v - b * dt_s).max(0.0);
        if hold {
            return hardest;
        }
        let fastest = (v + a * dt_s).min(leg.limit);
        // The step ends beyond the waypoint: there, the waypoint's own limit counts.
        if leg.pass > 0.0 && (v + fastest.min(leg.pass)) / 2.0 * dt_s >= rest {
            return fastest.min(leg.pass).max(hardest);
        }
        // w² + b w dt = p² + 2 b rest - b v dt, solved for the end speed w.
        let half = b * dt_s / 2.0;
        let square = half * half + leg.pass * leg.pass + 2.0 * b * rest - b * v * dt_s;
        let curve = if square > 0.0 {
            square.sqrt() - half
        } else {
            0.0
        };
        fastest.min(curve).max(hardest)
    }

    fn advance(&mut self, leg: &Leg, covered: f64) {
        self.progress += covered;
        self.distance_mm += covered;
        let rest = leg.length - self.progress;
        self.x = leg.end.0 - leg.direction.0 * rest;
        self.y = leg.end.1 - leg.direction.1 * rest;
        // Slight bends are driven through: the heading follows the leg.
        if self.heading != leg.heading {
            self.face(leg.heading);
        }
    }

    fn turn(&mut self, to: f64, dt_s: f64) {
        self.turning = true;
        let rest = wrap(to - self.heading);
        let most = self.ability.turn_rad_s * dt_s;
        if rest.abs() <= most {
            self.face(to);
        } else {
            let by = if rest > 0.0 { most } else { -most };
            self.face(wrap(self.heading + by));
        }
    }

    fn aligned(&self, leg: &Leg) -> bool {
        wrap(leg.heading - self.heading).abs() <= ALIGNED_RAD
    }

    fn face(&mut self, heading: f64) {
        self.heading = heading;
        (self.sin, self.cos) = libm::sincos(heading);
    }

    fn leg(&self, i: usize) -> &Leg {
        debug_assert!(i < self.len, "a leg that is there");
        &self.legs[(self.first + i) % LEGS_MAX]
    }
}

/// The same angle in `-PI ..= PI`, for angles less than three half turns from 0.
fn wrap(angle: f64) -> f64 {
    use core::f64::consts::{PI, TAU};
    if angle > PI {
        angle - TAU
    } else if angle < -PI {
        angle + TAU
    } else {
        angle
    }
}

#[cfg(test)]
mod tests;
