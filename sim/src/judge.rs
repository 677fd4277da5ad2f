//! The judge: true footprints must not touch each other, nor walls, nor doors that are not open.
//!
//! Each step sweeps the circles around all vehicles along x; where circles meet, the outlines are compared exactly.
//! Nothing here is shared with the code that is judged.

pub mod shape;
pub mod walls;

use shape::{Shape, distance_squared, touch};
use takt_maps::words::Pose;
use takt_maps::{DoorId, EdgeId, Floor, LevelId, VehicleId};
use walls::Walls;

/// Most contacts that are kept with their circumstances; all are counted.
pub const CONTACTS_KEPT: usize = 1_000;

/// Touching pairs at the same time for which room is made at the start.
const TOUCHING_ROOM: usize = 256;

/// Who touches what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Touch {
    /// Two vehicles; the smaller id first.
    Vehicles(VehicleId, VehicleId),
    /// A vehicle and a wall, by its index in the floor.
    Wall(VehicleId, u32),
    /// A vehicle and a door that is not open.
    Door(VehicleId, DoorId),
    /// A vehicle and something that lies on an edge.
    Obstacle(VehicleId, EdgeId),
}

/// What a contact came of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cause {
    /// Everybody was where it believed to be: whoever sent it there is to blame.
    Control,
    /// A vehicle was beside where it believed to be, or was being pushed by hand.
    Slip,
    /// Something lay on the way.
    Obstacle,
}

/// The begin of a contact.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Contact {
    /// When, in milliseconds since the start.
    pub at_ms: u64,
    /// Between whom.
    pub touch: Touch,
    /// Where the (first) vehicle was.
    pub pose: Pose,
    /// Where the second vehicle was.
    pub other: Option<Pose>,
    /// What it came of.
    pub cause: Cause,
}

/// A vehicle as the judge sees it.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Seen {
    /// The reference point, mm.
    pub at: (f64, f64),
    /// Cosine and sine of the heading.
    pub facing: (f64, f64),
    /// Its level.
    pub level: LevelId,
    /// Does it carry a load?
    pub loaded: bool,
}

/// A door's line across the way, mm.
#[derive(Clone, Copy, Debug)]
struct DoorLine {
    id: DoorId,
    ends: [(f64, f64); 2],
    level: LevelId,
}

/// Something that lies on an edge.
#[derive(Clone, Copy, Debug)]
struct Obstacle {
    edge: EdgeId,
    level: LevelId,
    corners: [(f64, f64); 4],
}

/// The circle around a vehicle.
#[derive(Clone, Copy, Debug, Default)]
struct Circle {
    left: f64,
    radius: f64,
    vehicle: u16,
}

/// Watches all vehicles.
#[derive(Clone, Debug)]
pub struct Judge {
    /// Outlines of each vehicle, without and with load.
    shapes: Vec<[Shape; 2]>,
    walls: Walls,
    doors: Vec<DoorLine>,
    /// What was seen in the last step.
    seen: Vec<Option<Seen>>,
    /// The circles around all vehicles, from left to right.
    order: Vec<Circle>,
    touching: Vec<Touch>,
    before: Vec<Touch>,
    placed: Vec<(f64, f64)>,
    other: Vec<(f64, f64)>,
    obstacles: Vec<Obstacle>,
    contacts: Vec<Contact>,
    /// Contacts that have begun, by [`Cause`].
    counts: [u64; 3],
}

impl Judge {
    /// A judge for a floor's vehicles.
    pub fn new(floor: &Floor) -> Self {
        let shapes: Vec<[Shape; 2]> = floor
            .vehicles
            .iter()
            .map(|v| {
                let kind = &floor.kinds[v.kind.index()];
                [
                    Shape::new(&kind.footprint),
                    Shape::new(&kind.footprint_loaded),
                ]
            })
            .collect();
        let outlines = || shapes.iter().flatten();
        let reach_mm = outlines().map(Shape::radius).fold(0.0, f64::max);
        let corners = outlines().map(Shape::corners).max().unwrap_or(0);
        Self {
            walls: Walls::new(floor, reach_mm),
            doors: doors(floor),
            seen: vec![None; shapes.len()],
            order: (0..shapes.len())
                .map(|i| Circle {
                    vehicle: i as u16,
                    ..Circle::default()
                })
                .collect(),
            touching: Vec::with_capacity(TOUCHING_ROOM),
            before: Vec::with_capacity(TOUCHING_ROOM),
            placed: Vec::with_capacity(corners),
            other: Vec::with_capacity(corners),
            obstacles: Vec::new(),
            contacts: Vec::new(),
            counts: [0; 3],
            shapes,
        }
    }

    /// Looks at all vehicles, indexed by [`VehicleId`], and at the doors, indexed by [`DoorId`]. `off` tells whether a
    /// vehicle is away from where it believes to be.
    ///
    /// # Panics
    /// If the number of vehicles is not the floor's.
    pub fn step(
        &mut self,
        now_ms: u64,
        vehicles: &[Seen],
        open: impl Fn(DoorId) -> bool,
        off: impl Fn(VehicleId) -> bool,
    ) {
        assert_eq!(vehicles.len(), self.shapes.len(), "all vehicles are seen");
        std::mem::swap(&mut self.touching, &mut self.before);
        self.touching.clear();
        self.compare_vehicles(vehicles);
        for (i, vehicle) in vehicles.iter().enumerate() {
            self.compare_surroundings(i, vehicle, &open);
            if !self.obstacles.is_empty() {
                self.compare_obstacles(i, vehicle);
            }
            self.seen[i] = Some(*vehicle);
        }
        for i in 0..self.touching.len() {
            let touch = self.touching[i];
            if !self.before.contains(&touch) {
                self.record(now_ms, touch, vehicles, &off);
            }
        }
    }

    fn compare_vehicles(&mut self, vehicles: &[Seen]) {
        for circle in &mut self.order {
            let index = usize::from(circle.vehicle);
            let seen = &vehicles[index];
            circle.radius = self.shapes[index][usize::from(seen.loaded)].radius();
            circle.left = seen.at.0 - circle.radius;
        }
        // Insertion sort: from one step to the next the order hardly changes.
        for i in 1..self.order.len() {
            let circle = self.order[i];
            let mut j = i;
            while j > 0 && self.order[j - 1].left > circle.left {
                self.order[j] = self.order[j - 1];
                j -= 1;
            }
            self.order[j] = circle;
        }
        for i in 0..self.order.len() {
            let a = self.order[i];
            let va = &vehicles[usize::from(a.vehicle)];
            for j in i + 1..self.order.len() {
                let b = self.order[j];
                if b.left > a.left + 2.0 * a.radius {
                    break;
                }
                let vb = &vehicles[usize::from(b.vehicle)];
                let (dx, dy) = (va.at.0 - vb.at.0, va.at.1 - vb.at.1);
                let reach = a.radius + b.radius;
                let near = dx * dx + dy * dy <= reach * reach && va.level == vb.level;
                if near && self.outlines_touch(a.vehicle, va, b.vehicle, vb) {
                    let (first, second) = (a.vehicle.min(b.vehicle), a.vehicle.max(b.vehicle));
                    let pair = Touch::Vehicles(VehicleId(first), VehicleId(second));
                    self.touching.push(pair);
                }
            }
        }
    }

    fn outlines_touch(&mut self, a: u16, va: &Seen, b: u16, vb: &Seen) -> bool {
        let shape = &self.shapes[usize::from(a)][usize::from(va.loaded)];
        shape.place(va.at, va.facing, &mut self.placed);
        let shape = &self.shapes[usize::from(b)][usize::from(vb.loaded)];
        shape.place(vb.at, vb.facing, &mut self.other);
        touch(&self.placed, &self.other)
    }

    /// Walls and doors around one vehicle.
    fn compare_surroundings(&mut self, i: usize, vehicle: &Seen, open: &impl Fn(DoorId) -> bool) {
        let id = VehicleId::from_index(i);
        let shape = &self.shapes[i][usize::from(vehicle.loaded)];
        let reach = shape.radius() * shape.radius();
        let mut placed = false;
        // What stands still touches the walls that it touched.
        if self.seen[i].as_ref() == Some(vehicle) {
            let same = |t: &&Touch| matches!(t, Touch::Wall(v, _) if *v == id);
            self.touching.extend(self.before.iter().filter(same));
        } else {
            for segment in self.walls.near(vehicle.level, vehicle.at) {
                let [a, b] = segment.ends;
                if distance_squared(vehicle.at, a, b) > reach {
                    continue;
                }
                if !placed {
                    shape.place(vehicle.at, vehicle.facing, &mut self.placed);
                    placed = true;
                }
                let wall = Touch::Wall(id, segment.wall);
                if touch(&self.placed, &segment.ends) && !self.touching.contains(&wall) {
                    self.touching.push(wall);
                }
            }
        }
        for door in &self.doors {
            let [a, b] = door.ends;
            if door.level != vehicle.level
                || distance_squared(vehicle.at, a, b) > reach
                || open(door.id)
            {
                continue;
            }
            shape.place(vehicle.at, vehicle.facing, &mut self.placed);
            if touch(&self.placed, &door.ends) {
                self.touching.push(Touch::Door(id, door.id));
            }
        }
    }

    /// What lies on the way of one vehicle.
    fn compare_obstacles(&mut self, i: usize, vehicle: &Seen) {
        let shape = &self.shapes[i][usize::from(vehicle.loaded)];
        for obstacle in &self.obstacles {
            let [a, _, c, _] = obstacle.corners;
            let diagonal = ((a.0 - c.0) * (a.0 - c.0) + (a.1 - c.1) * (a.1 - c.1)).sqrt();
            let dx = (a.0 + c.0) / 2.0 - vehicle.at.0;
            let dy = (a.1 + c.1) / 2.0 - vehicle.at.1;
            let reach = shape.radius() + diagonal / 2.0;
            let near = dx * dx + dy * dy <= reach * reach;
            if obstacle.level != vehicle.level || !near {
                continue;
            }
            shape.place(vehicle.at, vehicle.facing, &mut self.placed);
            if touch(&self.placed, &obstacle.corners) {
                let id = VehicleId::from_index(i);
                self.touching.push(Touch::Obstacle(id, obstacle.edge));
            }
        }
    }

    fn record(
        &mut self,
        at_ms: u64,
        touch: Touch,
        vehicles: &[Seen],
        off: &impl Fn(VehicleId) -> bool,
    ) {
        let cause = match touch {
            Touch::Obstacle(..) => Cause::Obstacle,
            Touch::Vehicles(a, b) if off(a) || off(b) => Cause::Slip,
            Touch::Wall(v, _) | Touch::Door(v, _) if off(v) => Cause::Slip,
            _ => Cause::Control,
        };
        self.counts[cause as usize] += 1;
        if self.contacts.len() == CONTACTS_KEPT {
            return;
        }
        let pose = |id: VehicleId| rounded(&vehicles[id.index()]);
        let (first, other) = match touch {
            Touch::Vehicles(a, b) => (a, Some(pose(b))),
            Touch::Wall(v, _) | Touch::Door(v, _) | Touch::Obstacle(v, _) => (v, None),
        };
        self.contacts.push(Contact {
            at_ms,
            touch,
            pose: pose(first),
            other,
            cause,
        });
    }

    /// Number of contacts of a cause that have begun.
    pub fn count(&self, cause: Cause) -> u64 {
        self.counts[cause as usize]
    }

    /// The outline of a vehicle, with or without a load.
    pub(crate) fn shape(&self, vehicle: usize, loaded: bool) -> &Shape {
        &self.shapes[vehicle][usize::from(loaded)]
    }

    /// Something lies on an edge from now on; the corners of a rectangle counter-clockwise, mm.
    pub fn put(&mut self, edge: EdgeId, level: LevelId, corners: [(f64, f64); 4]) {
        if self.obstacles.iter().all(|o| o.edge != edge) {
            self.obstacles.push(Obstacle {
                edge,
                level,
                corners,
            });
        }
    }

    /// What lies on an edge is taken away.
    pub fn take_away(&mut self, edge: EdgeId) {
        self.obstacles.retain(|o| o.edge != edge);
    }

    /// The first [`CONTACTS_KEPT`] contacts, in the order of their begin.
    pub fn contacts(&self) -> &[Contact] {
        &self.contacts
    }

    /// What touches now.
    pub fn touching(&self) -> &[Touch] {
        &self.touching
    }
}

/// Lines of the doors that have a PLC; the others are always open.
fn doors(floor: &Floor) -> Vec<DoorLine> {
    let float = |p: (i32, i32)| (f64::from(p.0), f64::from(p.1));
    let doors = floor.doors.iter().enumerate();
    doors
        .filter(|(_, door)| door.device.is_some() && door.ends[0] != door.ends[1])
        .filter_map(|(index, door)| {
            let id = DoorId::from_index(index);
            let passage = floor.roadmap.edges().iter().find(|e| e.door == Some(id))?;
            Some(DoorLine {
                id,
                ends: door.ends.map(float),
                level: floor.roadmap.node(passage.from).level,
            })
        })
        .collect()
}

fn rounded(seen: &Seen) -> Pose {
    Pose {
        x_mm: libm::round(seen.at.0) as i32,
        y_mm: libm::round(seen.at.1) as i32,
        heading_mrad: libm::round(libm::atan2(seen.facing.1, seen.facing.0) * 1000.0) as i16,
    }
}

#[cfg(test)]
mod tests;
