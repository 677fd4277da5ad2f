//! Distance fields: the time from every node to one goal, for one vehicle kind.
//!
//! Reverse Dijkstra over the edges that the kind may use, kept in a bounded cache; the least recently used field that
//! the current plan doesn't need makes room for a new one.

use super::graph::{Graph, NONE};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The time to a goal that can't be reached.
pub(super) const UNREACHABLE: u32 = u32::MAX;

/// What an edge that is closed for now adds: more than any way round, but the field still leads somewhere.
pub(super) const CLOSED_MS: u32 = 600_000;

/// What a field was computed for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Key {
    kind: u8,
    goal: u32,
    /// [`NONE`] for a field that all share; else the vehicle whose detour it is.
    owner: u32,
}

#[derive(Clone, Debug)]
struct Field {
    key: Key,
    /// The version of the closed places that it knows.
    version: u32,
    used: u64,
    ms: Vec<u32>,
}

/// The cache.
#[derive(Clone, Debug)]
pub(super) struct Fields {
    fields: Vec<Field>,
    capacity: usize,
    nodes: usize,
    version: u32,
    now: u64,
    refreshes: u32,
    heap: BinaryHeap<Reverse<(u32, u32)>>,
    /// First cached field of each goal, and the next one of the same goal by field: lookups don't search.
    first: Vec<u32>,
    next: Vec<u32>,
    /// Nodes settled by all searches: the effort.
    pub work: u64,
}

impl Fields {
    /// How many stale fields are made anew in one plan: a closed aisle must not cost a whole plan.
    const REFRESHES_MAX: u32 = 8;

    /// A cache for a fleet; it always has room for three fields a vehicle, so none that a plan uses is thrown out.
    pub fn new(nodes: usize, agents: usize) -> Self {
        let by_memory = (64 << 20) / (4 * nodes.max(1));
        Self {
            fields: Vec::new(),
            capacity: by_memory.clamp(4 * agents + 8, 4096.max(4 * agents + 8)),
            nodes,
            version: 0,
            now: 0,
            refreshes: 0,
            heap: BinaryHeap::new(),
            first: vec![NONE; nodes],
            next: Vec::new(),
            work: 0,
        }
    }

    /// A new plan begins; `changed`: other edges are closed than before.
    pub fn begin(&mut self, changed: bool) {
        self.now += 1;
        self.refreshes = 0;
        self.version += u32::from(changed);
    }

    /// Time from a node to the field's goal.
    #[inline]
    pub fn ms(&self, field: u32, node: u32) -> u32 {
        self.fields[field as usize].ms[node as usize]
    }

    /// The shared field of a goal; `closed` says which edges can't be used now.
    pub fn get(&mut self, graph: &Graph, kind: u8, goal: u32, closed: impl Fn(u32) -> bool) -> u32 {
        let key = Key {
            kind,
            goal,
            owner: NONE,
        };
        let cost = |edge: u32| if closed(edge) { CLOSED_MS } else { 0 };
        if let Some(found) = self.find(key) {
            let field = &mut self.fields[found as usize];
            field.used = self.now;
            if field.version != self.version && self.refreshes < Self::REFRESHES_MAX {
                self.refreshes += 1;
                self.compute(graph, found, cost);
            }
            return found;
        }
        let slot = self.slot(key);
        self.compute(graph, slot, cost);
        slot
    }

    /// The detour of one vehicle, if there is one.
    pub fn detour(&mut self, kind: u8, goal: u32, owner: u32) -> Option<u32> {
        let found = self.find(Key { kind, goal, owner })?;
        self.fields[found as usize].used = self.now;
        Some(found)
    }

    /// Makes a vehicle's detour anew: `extra` is what each edge costs beyond its time.
    pub fn make_detour(
        &mut self,
        graph: &Graph,
        kind: u8,
        goal: u32,
        owner: u32,
        extra: impl Fn(u32) -> u32,
    ) {
        let key = Key { kind, goal, owner };
        let slot = match self.find(key) {
            Some(found) => found,
            None => self.slot(key),
        };
        self.compute(graph, slot, extra);
    }

    fn find(&self, key: Key) -> Option<u32> {
        let mut at = self.first[key.goal as usize];
        while at != NONE {
            if self.fields[at as usize].key == key {
                return Some(at);
            }
            at = self.next[at as usize];
        }
        None
    }

    /// A slot for a new field, linked to its goal: a fresh one, or that of the least recently used.
    fn slot(&mut self, key: Key) -> u32 {
        let slot = if self.fields.len() < self.capacity {
            self.fields.push(Field {
                key,
                version: 0,
                used: 0,
                ms: vec![UNREACHABLE; self.nodes],
            });
            self.next.push(NONE);
            self.fields.len() - 1
        } else {
            let oldest = (0..self.fields.len()).min_by_key(|&i| (self.fields[i].used, i));
            let oldest = oldest.unwrap_or(0);
            debug_assert!(
                self.fields[oldest].used < self.now,
                "the cache holds more fields than a plan uses"
            );
            self.unlink(oldest as u32);
            oldest
        };
        self.fields[slot].key = key;
        self.next[slot] = self.first[key.goal as usize];
        self.first[key.goal as usize] = slot as u32;
        slot as u32
    }

    fn unlink(&mut self, slot: u32) {
        let goal = self.fields[slot as usize].key.goal as usize;
        if self.first[goal] == slot {
            self.first[goal] = self.next[slot as usize];
            return;
        }
        let mut at = self.first[goal];
        while self.next[at as usize] != slot {
            at = self.next[at as usize];
        }
        self.next[at as usize] = self.next[slot as usize];
    }

    /// Dijkstra's algorithm backwards from the goal.
    fn compute(&mut self, graph: &Graph, slot: u32, extra: impl Fn(u32) -> u32) {
        let field = &mut self.fields[slot as usize];
        field.version = self.version;
        field.used = self.now;
        field.ms.fill(UNREACHABLE);
        field.ms[field.key.goal as usize] = 0;
        let into = &graph.kinds[usize::from(field.key.kind)].into;
        self.heap.clear();
        self.heap.push(Reverse((0, field.key.goal)));
        while let Some(Reverse((ms, node))) = self.heap.pop() {
            if ms > field.ms[node as usize] {
                continue;
            }
            self.work += 1;
            for arc in into.row(node as usize) {
                let cost = arc.ms.saturating_add(extra(arc.edge));
                let via = ms.saturating_add(cost).min(UNREACHABLE - 1);
                if via < field.ms[arc.node as usize] {
                    field.ms[arc.node as usize] = via;
                    self.heap.push(Reverse((via, arc.node)));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::testing::{grid, node_at};

    #[test]
    fn a_field_holds_the_times_of_the_shortest_ways() {
        let floor = grid(&["....", ".##.", "...."], 1);
        let graph = Graph::new(&floor);
        let mut fields = Fields::new(graph.nodes, 2);
        fields.begin(false);
        let goal = node_at(&floor, 3, 2).0;
        let field = fields.get(&graph, 0, goal, |_| false);
        for (n, node) in floor.roadmap.nodes().iter().enumerate() {
            // Along the ring every way is a staircase: 1 s a cell, except from the far side, which is as long.
            let steps = (node.x_mm - 3_000).abs() / 1_000 + (node.y_mm + 2_000).abs() / 1_000;
            assert_eq!(fields.ms(field, n as u32), 1_000 * steps as u32);
        }
    }

    #[test]
    fn closed_edges_make_a_way_round_and_full_caches_drop_the_oldest() {
        let floor = grid(&["....", ".##.", "...."], 1);
        let graph = Graph::new(&floor);
        let mut fields = Fields::new(graph.nodes, 1);
        fields.capacity = 2;
        let (from, goal) = (node_at(&floor, 0, 0).0, node_at(&floor, 3, 0).0);
        fields.begin(false);
        let field = fields.get(&graph, 0, goal, |_| false);
        assert_eq!(fields.ms(field, from), 3_000);
        fields.begin(true);
        let closed = |e: u32| graph.edges[e as usize].1 == node_at(&floor, 1, 0).0;
        let field = fields.get(&graph, 0, goal, closed);
        assert_eq!(fields.ms(field, from), 7_000);
        for other in 0..6 {
            fields.begin(false);
            fields.get(&graph, 0, other, |_| false);
        }
        assert_eq!(fields.fields.len(), 2);
        assert!(
            fields
                .find(Key {
                    kind: 0,
                    goal: 5,
                    owner: NONE
                })
                .is_some()
        );
    }

    #[test]
    fn one_way_edges_are_searched_against_their_direction() {
        let floor = grid(&[">>>."], 1);
        let graph = Graph::new(&floor);
        let mut fields = Fields::new(graph.nodes, 1);
        fields.begin(false);
        let field = fields.get(&graph, 0, 0, |_| false);
        assert_eq!(fields.ms(field, 1), UNREACHABLE);
    }
}
