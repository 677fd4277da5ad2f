//! Floors drawn in text, a checker that knows only the rules, and a floor on which plans are carried out.

use crate::proposal::{AgentSnapshot, MotionProposal, MotionSnapshot};
use rand_core::Rng;
use rand_pcg::Pcg64Mcg;
use takt_maps::*;

/// A kind that drives 1 m/s with a footprint of its own class.
pub(super) fn kind(name: &str, class: u8) -> VehicleKind {
    VehicleKind {
        name: name.into(),
        footprint: Vec::new(),
        footprint_loaded: Vec::new(),
        classes: [ClassId(class); 2],
        speed_mm_s: [1_000; 2],
        acceleration_mm_s2: 1_000,
        deceleration_mm_s2: 1_000,
        turn_mrad_s: 3_142,
        reverse: false,
        transfer_ms: 1_000,
        battery: Battery::default(),
    }
}

/// A fleet of one kind, all starting at node 0 (tests place them).
pub(super) fn fleet(vehicles: usize) -> Vec<Vehicle> {
    let vehicle = |i| Vehicle {
        name: format!("v{i}"),
        kind: KindId(0),
        start: NodeId(0),
        address: None,
    };
    (0..vehicles).map(vehicle).collect()
}

/// A grid of 1 m cells: `#` and `@` and `T` are walls, `<>^v` one-way lanes (never passed against that direction).
///
/// A cell conflicts with itself and the grounds of its edges.
pub(super) fn grid(rows: &[&str], vehicles: usize) -> Floor {
    let cell = |x: i32, y: i32| -> Option<u8> {
        let row = rows.get(usize::try_from(y).ok()?)?.as_bytes();
        let c = *row.get(usize::try_from(x).ok()?)?;
        (!b"#@T".contains(&c)).then_some(c)
    };
    let mut nodes = Vec::new();
    let mut index = std::collections::BTreeMap::new();
    for y in 0..rows.len() as i32 {
        for x in 0..rows[y as usize].len() as i32 {
            if cell(x, y).is_some() {
                index.insert((x, y), NodeId::from_index(nodes.len()));
                nodes.push(Node {
                    name: format!("{x},{y}"),
                    level: LevelId(0),
                    x_mm: x * 1_000,
                    y_mm: -y * 1_000,
                });
            }
        }
    }
    let (mut edges, mut pairs) = (Vec::<Edge>::new(), Vec::new());
    let mut place = nodes.len();
    for (&(x, y), &a) in &index {
        for (dx, dy, ahead, back) in [(1, 0, b'>', b'<'), (0, 1, b'v', b'^')] {
            let ends = [cell(x, y), cell(x + dx, y + dy)];
            let Some(&b) = index.get(&(x + dx, y + dy)) else {
                continue;
            };
            let there = !ends.contains(&Some(back));
            let return_ = !ends.contains(&Some(ahead));
            let first = edges.len();
            for (go, from, to) in [(there, a, b), (return_, b, a)] {
                if go {
                    edges.push(Edge {
                        from,
                        to,
                        place: PlaceId::from_index(place),
                        length_mm: 1_000,
                        speed_mm_s: 1_000,
                        kinds: 1,
                        twin: None,
                        door: None,
                    });
                }
            }
            if edges.len() == first + 2 {
                edges[first].twin = Some(EdgeId::from_index(first + 1));
                edges[first + 1].twin = Some(EdgeId::from_index(first));
            }
            if edges.len() > first {
                let ground = (ClassId(0), PlaceId::from_index(place));
                pairs.push((ground, (ClassId(0), PlaceId(a.0))));
                pairs.push((ground, (ClassId(0), PlaceId(b.0))));
                place += 1;
            }
        }
    }
    Floor {
        conflicts: ConflictSets::from_pairs(place, 1, pairs),
        roadmap: Roadmap::new(nodes, edges),
        kinds: vec![kind("cart", 0)],
        classes: 1,
        vehicles: fleet(vehicles),
        ..Floor::default()
    }
}

/// The node of a cell.
pub(super) fn node_at(floor: &Floor, x: i32, y: i32) -> NodeId {
    let name = format!("{x},{y}");
    let found = floor.roadmap.nodes().iter().position(|n| n.name == name);
    NodeId::from_index(found.unwrap_or_else(|| panic!("no cell {name}")))
}

/// Carries the moves out one at a time and says what is against the rules, from the definitions alone.
pub(super) fn check(
    floor: &Floor,
    snapshot: &MotionSnapshot,
    out: &MotionProposal,
) -> Result<(), String> {
    let mut at: Vec<NodeId> = snapshot.agents.iter().map(|a| a.node).collect();
    let present: Vec<usize> = (0..at.len())
        .filter(|&i| snapshot.agents[i].present)
        .collect();
    let settled = |i: usize, node: NodeId| {
        let a = &snapshot.agents[i];
        !a.movable || (a.dwell && a.goal == Some(node))
    };
    for (n, step) in out.moves.iter().enumerate() {
        let i = step.vehicle.index();
        let (who, edge) = (&snapshot.agents[i], floor.roadmap.edge(step.edge));
        let fail = |why: &str| Err(format!("move {n} of vehicle {i} along {edge:?}: {why}"));
        if !who.present || settled(i, at[i]) {
            // A vehicle on its way to a refuge does not settle at its goal; it has left it before.
            return fail("it may not be moved");
        }
        if edge.from != at[i] || !edge.allows(who.kind) {
            return fail("it can't take this edge");
        }
        let end = floor.roadmap.place_of(edge.to);
        if snapshot.blocked.contains(&edge.place) || snapshot.blocked.contains(&end) {
            return fail("the way is closed");
        }
        for &j in present.iter().filter(|&&j| j != i) {
            let other = (snapshot.agents[j].class, floor.roadmap.place_of(at[j]));
            for place in [edge.place, end] {
                if floor.conflicts.conflict((who.class, place), other) {
                    return fail(&format!("vehicle {j} is in the way"));
                }
            }
        }
        for zone in &floor.zones {
            let inside = |p: PlaceId| zone.places.contains(&p);
            let others = present
                .iter()
                .filter(|&&j| j != i && inside(floor.roadmap.place_of(at[j])))
                .count();
            let enters =
                (inside(edge.place) || inside(end)) && !inside(floor.roadmap.place_of(edge.from));
            if enters && others + 1 > usize::from(zone.capacity) {
                return fail("a zone is full");
            }
        }
        at[i] = edge.to;
    }
    Ok(())
}

/// Which of the moves are carried out before the next plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Carry {
    All,
    /// A random prefix of each vehicle's moves that keeps the order between conflicting ones.
    Some,
}

/// A floor in use: vehicles get new random goals, and stand at them for a while.
pub(super) struct Shop {
    pub floor: Floor,
    pub snapshot: MotionSnapshot,
    pub goals: Vec<NodeId>,
    /// Rounds that each vehicle still can't move.
    pub still: Vec<u32>,
    /// Greatest number of rounds at a goal.
    pub still_max: u32,
    /// How many goals each vehicle has reached.
    pub reached: Vec<u32>,
    /// Rounds since it was given its goal.
    pub since: Vec<u32>,
    /// The longest of these.
    pub longest: u32,
    /// Every so many goals a vehicle has none for a while; 0: always has one.
    pub idle_every: u32,
    pub random: Pcg64Mcg,
    pub out: MotionProposal,
}

impl Shop {
    /// Vehicles at the first `starts`, going between `goals`.
    pub fn new(floor: Floor, starts: &[NodeId], goals: Vec<NodeId>, seed: u64) -> Self {
        let agent = |(i, &node): (usize, &NodeId)| AgentSnapshot {
            present: true,
            movable: true,
            node,
            seq: 0,
            ready_ms: 0,
            kind: floor.vehicles[i].kind,
            class: floor.kinds[floor.vehicles[i].kind.index()].class(false),
            goal: None,
            dwell: true,
            priority: 0,
        };
        let n = floor.vehicles.len();
        let agents = starts.iter().take(n).enumerate().map(agent).collect();
        Self {
            snapshot: MotionSnapshot {
                stamp: 0,
                agents,
                blocked: Vec::new(),
            },
            goals,
            still: vec![0; n],
            still_max: 3,
            reached: vec![0; n],
            since: vec![0; n],
            longest: 0,
            idle_every: 0,
            random: Pcg64Mcg::new(u128::from(seed) << 1 | 1),
            out: MotionProposal::default(),
            floor,
        }
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.random.next_u64() % n as u64) as usize
    }

    /// Gives goals, plans, checks, and carries out.
    pub fn round(&mut self, planner: &mut super::Planner, carry: Carry) {
        for i in 0..self.snapshot.agents.len() {
            self.since[i] += 1;
            let arrived = self.snapshot.agents[i].goal == Some(self.snapshot.agents[i].node);
            if arrived && self.snapshot.agents[i].movable {
                self.reached[i] += 1;
                self.snapshot.agents[i].goal = None;
                self.still[i] = self.below(self.still_max as usize + 1) as u32;
            }
            self.still[i] = self.still[i].saturating_sub(1);
            self.snapshot.agents[i].movable = self.still[i] == 0;
            let idle = self.idle_every > 0
                && self.reached[i] % self.idle_every == self.idle_every - 1
                && self.below(8) > 0;
            if self.still[i] == 0 && self.snapshot.agents[i].goal.is_none() && !idle {
                self.give_goal(i);
            }
            if self.snapshot.agents[i].goal.is_some() {
                self.longest = self.longest.max(self.since[i]);
            }
        }
        self.snapshot.stamp += 1;
        planner.plan(&self.floor, &self.snapshot, &mut self.out);
        check(&self.floor, &self.snapshot, &self.out).unwrap_or_else(|e| panic!("{e}"));
        self.carry_out(carry);
    }

    /// A random goal that nobody else has.
    fn give_goal(&mut self, i: usize) {
        let pick = self.below(self.goals.len());
        let goal = self.goals[pick];
        let taken = |a: &AgentSnapshot| a.goal == Some(goal) || (!a.movable && a.node == goal);
        if !self.snapshot.agents.iter().any(taken) {
            self.snapshot.agents[i].goal = Some(goal);
            self.since[i] = 0;
        }
    }

    fn carry_out(&mut self, carry: Carry) {
        let n = self.snapshot.agents.len();
        let mut left: Vec<usize> = (0..n)
            .map(|_| match carry {
                Carry::All => usize::MAX,
                Carry::Some => self.below(6),
            })
            .collect();
        // Places left out so far: a later move that conflicts with one of a move left out is left out as well.
        let mut skipped: Vec<(ClassId, PlaceId)> = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        for step in &self.out.moves {
            let who = &mut self.snapshot.agents[step.vehicle.index()];
            let edge = self.floor.roadmap.edge(step.edge);
            let end = self.floor.roadmap.place_of(edge.to);
            let start = self.floor.roadmap.place_of(edge.from);
            let clash = carry == Carry::Some
                && skipped.iter().any(|&other| {
                    [edge.place, end, start]
                        .iter()
                        .any(|&p| self.floor.conflicts.conflict((who.class, p), other))
                });
            let zoned = !skipped.is_empty() && !self.floor.zones.is_empty();
            if left[step.vehicle.index()] == 0 || clash || zoned {
                left[step.vehicle.index()] = 0;
                for p in [edge.place, end, start] {
                    if seen.insert((who.class, p)) {
                        skipped.push((who.class, p));
                    }
                }
                continue;
            }
            left[step.vehicle.index()] -= 1;
            who.node = edge.to;
            who.seq += 1;
        }
    }
}

impl Shop {
    /// The floor in text: vehicles as capital letters, their goals as small ones.
    pub fn draw(&self) -> String {
        let nodes = self.floor.roadmap.nodes();
        let cell = |n: &Node| ((n.x_mm / 1_000) as usize, (-n.y_mm / 1_000) as usize);
        let (width, height) = nodes
            .iter()
            .map(cell)
            .fold((0, 0), |(w, h), (x, y)| (w.max(x + 1), h.max(y + 1)));
        let mut text = vec![vec![' '; 2 * width]; height];
        for n in nodes {
            let (x, y) = cell(n);
            text[y][2 * x] = '.';
        }
        for (i, a) in self.snapshot.agents.iter().enumerate() {
            let letter = (b'a' + (i % 26) as u8) as char;
            let (x, y) = cell(&nodes[a.node.index()]);
            text[y][2 * x] = letter.to_ascii_uppercase();
            if let Some(goal) = a.goal {
                let (x, y) = cell(&nodes[goal.index()]);
                text[y][2 * x + 1] = letter;
            }
        }
        text.iter()
            .map(|row| row.iter().collect::<String>() + "\n")
            .collect()
    }
}
