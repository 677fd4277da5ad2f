//! Distances to goals, found when they are asked for.
//!
//! Reverse resumable A* (Silver, "Cooperative Pathfinding", 2005): a search from each goal towards the start of its
//! agent, which goes on only as far as a question needs. As its lower bounds are consistent, a vertex that is put among
//! those of the least `f` already has its distance; only those of greater `f` have to wait.

use super::aside::Scratch;
use super::network::{NONE, Network, TILE};

/// A distance that is not known.
pub(super) const UNKNOWN: u16 = u16::MAX;
/// The distance to what can't be reached; also the longest that is told apart.
pub(super) const UNREACHABLE: u32 = ASIDE as u32 - 1;
/// Of a distance: it was found beside the search (`aside`), which has still to come to it.
const ASIDE: u16 = 1 << 15;
/// Of what is open: its distance is known.
const SETTLED: u32 = 1 << 31;
/// A step changes `f` by at most 2 where a step is one unit.
const LEVELS: usize = 3;

/// The distance fields of all goals.
#[derive(Clone, Debug)]
pub(super) struct Fields {
    fields: Vec<Field>,
    /// First tile of each field in `tile_of`, by vertex tile.
    tile_of: Vec<u32>,
    tiles: usize,
    /// Distances, a tile after the other, as they are needed.
    distances: Vec<u16>,
    /// Vertices settled or looked at: the effort.
    pub work: u64,
    pub(super) scratch: Scratch,
}

#[derive(Clone, Debug)]
struct Field {
    goal: u32,
    towards: u32,
    /// The least `f` of what is open: everything below is settled.
    f: u32,
    /// Nothing is open: what is not settled can't be reached.
    exhausted: bool,
    /// What is open, by `f` modulo the number of levels.
    open: [Vec<u32>; LEVELS],
}

impl Fields {
    /// A field for each goal, searched towards the start of the same index and up to it. Each thread searches for some of
    /// them; they don't depend on each other.
    pub fn new(network: &Network, goals: &[u32], starts: &[u32], threads: usize) -> Self {
        let share = goals.len().div_ceil(threads.max(1)).max(1);
        let mut shares = goals.chunks(share).zip(starts.chunks(share));
        let Some((first_goals, first_starts)) = shares.next() else {
            return Self::of(network, &[], &[]);
        };
        let mut fields = None;
        let mut others = Vec::new();
        std::thread::scope(|scope| {
            let started: Vec<_> = shares
                .map(|(goals, starts)| scope.spawn(|| Self::of(network, goals, starts)))
                .collect();
            fields = Some(Self::of(network, first_goals, first_starts));
            for thread in started {
                match thread.join() {
                    Ok(part) => others.push(part),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
        });
        let mut fields = fields.unwrap_or_else(|| Self::of(network, &[], &[]));
        for part in others {
            fields.add(part);
        }
        fields
    }

    /// Adds fields that were searched apart.
    fn add(&mut self, part: Self) {
        let offset = (self.distances.len() / TILE) as u32;
        self.fields.extend(part.fields);
        let moved = |tile: u32| if tile == NONE { NONE } else { tile + offset };
        self.tile_of.extend(part.tile_of.into_iter().map(moved));
        self.distances.extend(part.distances);
        self.work += part.work;
    }

    /// The fields of some goals.
    fn of(network: &Network, goals: &[u32], starts: &[u32]) -> Self {
        let tiles = network.tiles();
        let mut fields = Self {
            fields: Vec::with_capacity(goals.len()),
            tile_of: vec![NONE; tiles * goals.len()],
            tiles,
            distances: Vec::new(),
            work: 0,
            scratch: Scratch::default(),
        };
        for (field, (&goal, &start)) in goals.iter().zip(starts).enumerate() {
            let f = network.apart(goal, start);
            let mut open: [Vec<u32>; LEVELS] = Default::default();
            open[f as usize % LEVELS].push(goal | SETTLED);
            fields.fields.push(Field {
                goal,
                towards: start,
                f,
                exhausted: false,
                open,
            });
            let first = field * tiles;
            let mut known = Known {
                tile_of: &mut fields.tile_of[first..first + tiles],
                distances: &mut fields.distances,
            };
            known.set(goal, 0);
            fields.distance(network, field as u32, start);
        }
        fields
    }

    /// Fields that are known everywhere: `distances` by tile, all of the first goal before those of the next. What is
    /// unknown can't be reached. It took so much `work` to find them.
    pub fn known(network: &Network, goals: &[u32], distances: Vec<u16>, work: u64) -> Self {
        let tiles = network.tiles();
        debug_assert_eq!(distances.len(), goals.len() * tiles * TILE, "all of them");
        let field = |&goal: &u32| Field {
            goal,
            towards: goal,
            f: 0,
            exhausted: true,
            open: Default::default(),
        };
        Self {
            fields: goals.iter().map(field).collect(),
            tile_of: (0..(goals.len() * tiles) as u32).collect(),
            tiles,
            distances,
            work,
            scratch: Scratch::default(),
        }
    }

    /// The goal of a field.
    pub fn goal(&self, field: u32) -> u32 {
        self.fields[field as usize].goal
    }

    /// Is all known that there is to know?
    pub fn is_exhausted(&self, field: u32) -> bool {
        self.fields[field as usize].exhausted
    }

    /// Takes note of a distance that was found beside the search.
    pub fn note(&mut self, field: u32, vertex: u32, distance: u32) {
        debug_assert!(distance < UNREACHABLE, "it can be told");
        self.known_of(field).set(vertex, distance as u16 | ASIDE);
    }

    fn known_of(&mut self, field: u32) -> Known<'_> {
        let first = field as usize * self.tiles;
        Known {
            tile_of: &mut self.tile_of[first..first + self.tiles],
            distances: &mut self.distances,
        }
    }

    /// A distance as far as it is known.
    #[inline]
    pub fn get(&self, field: u32, vertex: u32) -> u16 {
        let tile = self.tile_of[field as usize * self.tiles + vertex as usize / TILE];
        if tile == NONE {
            return UNKNOWN;
        }
        match self.distances[tile as usize * TILE + vertex as usize % TILE] {
            UNKNOWN => UNKNOWN,
            known => known & !ASIDE,
        }
    }

    /// The distance from a vertex to the field's goal, [`UNREACHABLE`] if there is no way.
    #[inline]
    pub fn distance(&mut self, network: &Network, field: u32, vertex: u32) -> u32 {
        match self.get(field, vertex) {
            UNKNOWN => self.search(network, field, vertex, u32::MAX),
            known => u32::from(known),
        }
    }

    /// Is the distance known, and less than `enough`?
    #[inline]
    pub fn is_below(&self, field: u32, vertex: u32, enough: u32) -> bool {
        let known = self.get(field, vertex);
        known != UNKNOWN && u32::from(known) < enough
    }

    /// The distance if it is less than `enough`; otherwise that, or a lower bound of it that is at least `enough`.
    #[inline]
    pub fn distance_below(
        &mut self,
        network: &Network,
        field: u32,
        vertex: u32,
        enough: u32,
    ) -> u32 {
        match self.get(field, vertex) {
            UNKNOWN => self.search(network, field, vertex, enough),
            known => u32::from(known),
        }
    }

    /// Searches on until the vertex is settled or is known to be no nearer than `enough`.
    #[inline(never)]
    fn search(&mut self, network: &Network, field: u32, vertex: u32, enough: u32) -> u32 {
        let it = &mut self.fields[field as usize];
        let first = field as usize * self.tiles;
        let mut known = Known {
            tile_of: &mut self.tile_of[first..first + self.tiles],
            distances: &mut self.distances,
        };
        let apart = |vertex: u32| network.apart(vertex, it.towards);
        let asked = apart(vertex);
        while !it.exhausted {
            let f = it.f;
            let at_least = f.saturating_sub(asked);
            if at_least >= enough {
                return at_least;
            }
            // All that is open at this level, until the vertex is found.
            while let Some(entry) = it.open[f as usize % LEVELS].pop() {
                let from = entry & !SETTLED;
                let distance = f - apart(from);
                if entry & SETTLED == 0 {
                    if known.is_settled(from) {
                        continue;
                    }
                    known.set(from, distance as u16);
                }
                self.work += 1;
                let next = distance + 1;
                if next >= UNREACHABLE {
                    continue; // farther than anybody goes
                }
                let mut found = from == vertex;
                for &to in network.predecessors(from) {
                    if known.is_settled(to) {
                        continue;
                    }
                    let its_f = next + apart(to);
                    if its_f == f {
                        known.set(to, next as u16);
                        it.open[f as usize % LEVELS].push(to | SETTLED);
                        found |= to == vertex;
                    } else {
                        it.open[its_f as usize % LEVELS].push(to);
                    }
                }
                if found {
                    return u32::from(self.get(field, vertex));
                }
            }
            // On to the next level at which something is open, if there is one.
            let next =
                (1..LEVELS as u32).find(|up| !it.open[(f + up) as usize % LEVELS].is_empty());
            it.exhausted = next.is_none();
            it.f += next.unwrap_or(0);
        }
        UNREACHABLE
    }
}

/// The distances of one field.
struct Known<'a> {
    tile_of: &'a mut [u32],
    distances: &'a mut Vec<u16>,
}

impl Known<'_> {
    /// Has the search come to it?
    #[inline]
    fn is_settled(&self, vertex: u32) -> bool {
        let tile = self.tile_of[vertex as usize / TILE];
        tile != NONE && self.distances[tile as usize * TILE + vertex as usize % TILE] < ASIDE
    }

    #[inline]
    fn set(&mut self, vertex: u32, distance: u16) {
        let tile = &mut self.tile_of[vertex as usize / TILE];
        if *tile == NONE {
            *tile = (self.distances.len() / TILE) as u32;
            self.distances.resize(self.distances.len() + TILE, UNKNOWN);
        }
        let tile = *tile as usize;
        self.distances[tile * TILE + vertex as usize % TILE] = distance;
    }
}
