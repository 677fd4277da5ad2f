//! A round: what each vehicle does in the next ticks, by priority inheritance over operations.
//!
//! Each begins when it comes to the end of its base; who is on its way when the time is over goes on to the end of its edge.
//! Of what is planned only those moves are kept that a vehicle needs now so that it does not have to brake: what others do
//! until the next plan is known better then. Those who have long moved in vain have gone a step before, by the rules for
//! those (`pibt`), and stay where they are now: operations bring most to those who get on, and don't get others out of a
//! jam.

use super::Planner;
use super::chance::Chance;
use super::epibt::{
    Attempt, Choice, Choices, Effort, Log, NoWay, Reservations, Rings, VALUE_UNIT, Visits,
};
use super::graph::{Graph, KindGraph, NONE};
use super::ground::FloorGround;
use super::outlook::{MOMENTS, Operation, Outlook, TICKS, ready};
use super::world::{Blocker, Phase};
use takt_maps::Floor;

/// Operations of a vehicle, at most: to stay, and the best.
const OPERATIONS_MAX: usize = 256;
/// Vehicles in a chain of inheritance, at most.
const DEPTH: u32 = 100;
/// A vehicle's turn.
const TURN: Effort = Effort {
    looks: 300,
    looks_each: 60,
    visits: 2,
    skip: 0,
};
/// An improvement.
const IMPROVE: Effort = Effort { skip: 8, ..TURN };
/// Effort for improvements, for each vehicle.
const IMPROVE_WORK: u64 = 200;
/// The weight of the first; the others' falls off with their turns.
const WEIGHT_MAX: u64 = 10_000;
/// What a pushed vehicle counts an edge further from a free node: as much as two ticks.
const ROOM_WEIGHT: i64 = 2 * VALUE_UNIT;
/// No free node can be reached.
const FAR: u16 = u16::MAX;

/// Tables of rounds, kept so that planning doesn't allocate.
#[derive(Clone, Debug)]
pub(super) struct Rounds {
    ground: FloorGround,
    tick_ms: u32,
    list: Vec<Operation>,
    choices: Choices<MOMENTS>,
    reservations: Reservations<MOMENTS>,
    /// The route of each vehicle, and the one on which it stays.
    route: Vec<u8>,
    stay: Vec<u8>,
    /// Those who choose, in the order of their turns.
    order: Vec<u32>,
    turns: Vec<u32>,
    weight: Vec<u32>,
    pushing: Vec<bool>,
    visits: Visits<MOMENTS>,
    log: Log,
    rings: Rings,
    /// Edges from each place to a node that is free in the end.
    room: Vec<u16>,
    queue: Vec<u32>,
    random: Chance,
    /// Moves: tick, vehicle, edge.
    moves: Vec<(usize, u32, u32)>,
    /// Operations looked at in the current plan.
    pub work: u64,
}

impl Rounds {
    pub fn new(floor: &Floor, graph: &Graph, seed: u64) -> Self {
        let ground = FloorGround::new(floor);
        let agents = floor.vehicles.len();
        Self {
            tick_ms: tick_ms(graph),
            list: Vec::with_capacity(4 * OPERATIONS_MAX),
            choices: Choices::new(OPERATIONS_MAX, agents),
            reservations: Reservations::new(&ground, agents),
            route: vec![0; agents],
            stay: vec![0; agents],
            order: Vec::with_capacity(agents),
            turns: vec![0; agents],
            weight: vec![1; agents],
            pushing: vec![false; agents],
            visits: Visits::new(agents),
            log: Log::default(),
            rings: Rings::new(agents),
            room: vec![FAR; ground.places()],
            queue: Vec::with_capacity(graph.nodes),
            random: Chance::new(seed),
            moves: Vec::with_capacity(agents * TICKS),
            work: 0,
            ground,
        }
    }

    /// Do operations reach twice as far as ground is needed ahead? Else vehicles would stop, and meet, between two plans.
    pub fn reach_far(&self, graph: &Graph) -> bool {
        let ahead_ms = graph.kinds.iter().map(KindGraph::ahead_ms).max();
        let reach_ms = u64::from(self.tick_ms) * TICKS as u64;
        reach_ms >= 2 * u64::from(ahead_ms.unwrap_or(0))
    }

    /// Gives a vehicle the best that it can have, if what that costs altogether is less than `below`.
    fn attempt(&mut self, agent: u32, effort: Effort, turn: u32, below: i64) {
        self.visits.begin();
        let mut attempt = Attempt {
            ground: &self.ground,
            choices: &mut self.choices,
            room: &self.room,
            room_weight: ROOM_WEIGHT,
            reservations: &mut self.reservations,
            route: &mut self.route,
            weight: &self.weight,
            turns: &self.turns,
            turn,
            pushing: &mut self.pushing,
            visits: &mut self.visits,
            log: &mut self.log,
            rings: &mut self.rings,
            effort,
            looks_left: effort.looks_each,
            looked: 0,
            random: &mut self.random,
        };
        attempt.improve(agent, below, DEPTH);
        self.work += attempt.looked + 1;
    }

    /// How many edges is it from each place to a node that is free in the end?
    fn find_room(&mut self, graph: &Graph) {
        self.room.fill(FAR);
        self.queue.clear();
        for node in 0..graph.nodes as u32 {
            if self.reservations.at(node, TICKS) == NONE {
                self.room[node as usize] = 0;
                self.queue.push(node);
            }
        }
        let mut at = 0;
        while let Some(&node) = self.queue.get(at) {
            at += 1;
            let further = self.room[node as usize].saturating_add(1);
            for arc in graph
                .kinds
                .iter()
                .flat_map(|kind| kind.into.row(node as usize))
            {
                let room = &mut self.room[arc.node as usize];
                if *room == FAR {
                    *room = further;
                    self.queue.push(arc.node);
                }
            }
        }
        for place in graph.nodes..self.ground.places() {
            self.room[place] = self.room[self.ground.end(place as u32) as usize];
        }
    }
}

/// A tick is the time of a short edge: a quarter of them, over all kinds, take no longer.
fn tick_ms(graph: &Graph) -> u32 {
    let rows = graph.kinds.iter().flat_map(|kind| {
        let nodes = 0..graph.nodes;
        nodes.flat_map(|node| kind.out.row(node))
    });
    let mut times: Vec<u32> = rows.map(|arc| arc.ms).collect();
    times.sort_unstable();
    times.get(times.len() / 4).copied().unwrap_or(1).max(1)
}

impl Planner {
    /// Plans a round for those who have not decided yet; the moves are in the world then.
    pub(super) fn operate(&mut self) {
        self.look_around();
        self.rounds.find_room(&self.graph);
        for turn in 0..self.rounds.order.len() {
            let agent = self.rounds.order[turn];
            self.rounds.attempt(agent, TURN, turn as u32 + 1, i64::MAX);
        }
        self.improve();
        self.give_reasons();
        self.go();
    }

    /// Finds out what everyone can do; they all stay where they are for now.
    fn look_around(&mut self) {
        let rounds = &mut self.rounds;
        let agents = &self.world.agents;
        rounds.reservations.clear();
        rounds.rings.placed.fill(false);
        rounds.turns.fill(0);
        let open = |&&agent: &&u32| agents[agent as usize].phase == Phase::Open;
        rounds.order.clear();
        rounds.order.extend(self.order.iter().filter(open));
        let count = rounds.order.len() as u64;
        for (turn, &agent) in rounds.order.iter().enumerate() {
            rounds.turns[agent as usize] = turn as u32 + 1;
            let weight = WEIGHT_MAX * (count - turn as u64) / count;
            let active = agents[agent as usize].active();
            rounds.weight[agent as usize] = if active { weight as u32 + 1 } else { 1 };
        }
        for (at, it) in agents.iter().enumerate().filter(|(_, it)| it.present) {
            let agent = at as u32;
            let floor = (&self.graph, &rounds.ground);
            let (fields, world) = (&self.fields, &self.world);
            let list = &mut rounds.list;
            let mut outlook = Outlook::new(floor, fields, world, it, rounds.tick_ms, list);
            if rounds.turns[at] == 0 {
                outlook.stay();
            } else {
                outlook.look();
            }
            // To stay comes first, and is always among them.
            let stay = rounds.list[0].path;
            if rounds.list.len() > OPERATIONS_MAX {
                rounds.list[1..].sort_unstable_by_key(|o| (o.value, o.lateness));
                rounds.list.truncate(OPERATIONS_MAX);
            }
            rounds.work += rounds.list.len() as u64 / 4 + 1;
            rounds.choices.begin();
            for (route, o) in rounds.list.iter().enumerate() {
                let choice = Choice::new(o.value, o.lateness, route as u8);
                rounds.choices.note(agent, route as u16, choice, &o.path);
            }
            let route = rounds.choices.end(agent, &stay).unwrap_or(0);
            (rounds.route[at], rounds.stay[at]) = (route, route);
            // Where two are on one node neither can be moved, and one holds the ground for both.
            if self.world.occupant[it.node as usize] == agent {
                let (ground, class) = (&rounds.ground, it.class);
                rounds.reservations.stand(ground, agent, class, it.node);
                rounds.reservations.add(ground, agent, &stay);
                rounds.rings.placed[at] = true;
            }
        }
    }

    /// Vehicles at random try to get something better, as long as it is worth it for all together.
    fn improve(&mut self) {
        let rounds = &mut self.rounds;
        let count = rounds.order.len();
        let end = rounds.work + IMPROVE_WORK * count as u64;
        while rounds.work < end {
            rounds.work += 1;
            let agent = rounds.order[rounds.random.below(count)];
            let own = rounds.choices.value(agent, rounds.route[agent as usize]);
            let active = self.world.agents[agent as usize].active();
            if active && own > rounds.choices.nth(agent, 0).value() {
                rounds.attempt(agent, IMPROVE, 0, 0);
            }
        }
    }

    /// Tells for those who stay although they have somewhere to go, and might go now, what is in their way.
    fn give_reasons(&mut self) {
        let rounds = &mut self.rounds;
        for &agent in &rounds.order {
            let it = &mut self.world.agents[agent as usize];
            let (route, stay) = (rounds.route[agent as usize], rounds.stay[agent as usize]);
            if !self.graph.kinds[usize::from(it.kind)].needs_ground(it.ready_ms) {
                // It is on its way, and will go on.
                it.nearer = rounds.choices.value(agent, route) < rounds.choices.value(agent, stay);
                continue;
            }
            if !it.active() || route != stay {
                continue;
            }
            let best = rounds.choices.nth(agent, 0);
            if best.value() >= rounds.choices.value(agent, stay) {
                it.stuck = Some(Blocker::Closed);
                continue;
            }
            let path = rounds.choices.path(agent, stay);
            let wanted = rounds.choices.path(agent, best.route());
            rounds.reservations.remove(&rounds.ground, agent, path);
            let in_the_way = rounds
                .reservations
                .in_the_way(&rounds.ground, agent, wanted);
            rounds.reservations.add(&rounds.ground, agent, path);
            it.stuck = match in_the_way {
                Ok(found) => found.others().first().map(|o| Blocker::Agent(o.0)),
                Err(NoWay::Several(first)) => Some(Blocker::Agent(first)),
                Err(NoWay::Area(zone)) => Some(Blocker::Zone(zone)),
            };
        }
    }

    /// Plans the moves of all operations that are needed now, in the order in which they begin; who follows another one goes
    /// after it.
    fn go(&mut self) {
        let rounds = &mut self.rounds;
        rounds.moves.clear();
        for &agent in &rounds.order {
            let path = rounds.choices.path(agent, rounds.route[agent as usize]);
            let it = &self.world.agents[agent as usize];
            let kind = &self.graph.kinds[usize::from(it.kind)];
            // When it can begin its next edge, and how it stands then: it waits at first, and then goes on and on.
            let (mut begin_ms, mut heading) = (it.ready_ms, it.heading);
            let mut waits = true;
            for (tick, at) in path.windows(2).enumerate() {
                let Some(edge) = rounds.ground.begun(at[0], at[1]) else {
                    continue;
                };
                if waits && tick > ready(it, rounds.tick_ms) {
                    begin_ms = begin_ms.max(tick as u32 * rounds.tick_ms);
                }
                if !kind.needs_ground(begin_ms) {
                    break;
                }
                rounds.moves.push((tick, agent, edge));
                let (from, _, direction) = self.graph.edges[edge as usize];
                let mut arcs = kind.out.row(from as usize).iter();
                let along = arcs.find(|arc| arc.edge == edge);
                let took_ms = kind.turn_ms(heading, direction) + along.map_or(0, |arc| arc.ms);
                begin_ms = begin_ms.saturating_add(took_ms);
                (heading, waits) = (direction, false);
            }
        }
        rounds.moves.sort_unstable();
        for tick in rounds.moves.chunk_by_mut(|a, b| a.0 == b.0) {
            // Those who can go first. Some can't: who is in their way does not go yet, or is in a zone that is full, since
            // zones count those who stand in them, here those on their way, too.
            let mut begin = 0;
            while begin < tick.len() {
                let before = begin;
                for at in before..tick.len() {
                    let (_, agent, edge) = tick[at];
                    if self.world.may_go(&self.graph, agent, edge) {
                        self.world.go(&self.graph, agent, edge);
                        tick[begin..=at].rotate_right(1);
                        begin += 1;
                    }
                }
                if begin == before {
                    break;
                }
            }
        }
    }
}
