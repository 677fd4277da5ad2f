//! The floor as the one-shot planner reads it: flat tables of vertices and arcs.

/// "None" in tables of `u32`.
pub(super) const NONE: u32 = u32::MAX;

/// Vertices that lie together are numbered together, in tiles of this many: what a search looks at next is near in memory.
pub(super) const TILE: usize = 64;
/// Vertices from which all distances are known.
const LANDMARKS: usize = 8;
/// Width and height of a tile of a grid.
const TILE_SIDE: usize = 8;

/// Vertices, arcs of one step each, and what is in conflict with what.
///
/// An agent at a vertex keeps others from all vertices in its *conflict set*, itself among them. When an agent goes along
/// an arc, nobody may end the step where the arc *sweeps*: in the conflict set of its end, and wherever else it needs
/// room on its way. Who stood there goes first; so the agents that move in a step have an order, without a ring unless
/// rotation is allowed, and never one of two.
///
/// After the annotated graphs of Hönig, Preiss, Kumar, Sukhatme, Ayanian, "Trajectory planning for quadrotor swarms"
/// (IEEE T-RO 2018, section IV).
#[derive(Clone, Debug)]
pub struct Network {
    /// Arcs of each vertex: `out[start[v] .. start[v + 1]]`.
    start: Vec<u32>,
    out: Vec<u32>,
    /// The same against their direction.
    into_start: Vec<u32>,
    into: Vec<u32>,
    /// Can each step be gone back, and does one come back to a vertex after an even number of steps only?
    is_even: bool,
    /// Column and row, or whatever makes one step at most one unit of |dx| + |dy|.
    at: Vec<(i32, i32)>,
    /// Steps from each landmark to each vertex.
    landmarks: Vec<[u16; LANDMARKS]>,
    /// Vertices reserved for tiles, some of them unused.
    slots: usize,
    /// In conflict with each vertex, itself first: `conflicts[conflict_start[v] .. conflict_start[v + 1]]`. Without a
    /// start each vertex has itself only.
    conflict_start: Vec<u32>,
    conflicts: Vec<u32>,
    /// What each arc sweeps, the conflict set of its end first, in the same way; without a start nothing else.
    sweep_start: Vec<u32>,
    sweeps: Vec<u32>,
    /// Arcs that sweep a vertex beside the conflict sets of their ends, as (vertex, from, to); sorted.
    sweepers: Vec<(u32, u32, u32)>,
}

impl Network {
    /// A grid with four neighbours to a cell; `passable` by row. Gives back the vertex of each cell, too, or
    /// `u32::MAX` where there is none.
    ///
    /// # Panics
    /// If `passable` does not have `width` times `height` cells.
    pub fn grid(passable: &[bool], width: usize, height: usize) -> (Self, Vec<u32>) {
        assert_eq!(passable.len(), width * height);
        let mut vertex_of = vec![NONE; passable.len()];
        let mut at = Vec::new();
        for tile_y in (0..height).step_by(TILE_SIDE) {
            for tile_x in (0..width).step_by(TILE_SIDE) {
                let rows = tile_y..height.min(tile_y + TILE_SIDE);
                for (y, x) in
                    rows.flat_map(|y| (tile_x..width.min(tile_x + TILE_SIDE)).map(move |x| (y, x)))
                {
                    if passable[y * width + x] {
                        vertex_of[y * width + x] = at.len() as u32;
                        at.push((x as i32, y as i32));
                    }
                }
            }
        }
        let mut start = vec![0];
        let mut out = Vec::with_capacity(4 * at.len());
        for &(x, y) in &at {
            for (dx, dy) in [(1, 0), (0, 1), (-1, 0), (0, -1)] {
                let (nx, ny) = (x + dx, y + dy);
                if nx < 0 || ny < 0 || nx as usize >= width || ny as usize >= height {
                    continue;
                }
                let neighbour = vertex_of[ny as usize * width + nx as usize];
                if neighbour != NONE {
                    out.push(neighbour);
                }
            }
            start.push(out.len() as u32);
        }
        let mut network = Self {
            into_start: start.clone(),
            into: out.clone(),
            slots: at.len().next_multiple_of(TILE),
            start,
            out,
            is_even: true,
            conflict_start: Vec::new(),
            conflicts: (0..at.len() as u32).collect(),
            sweep_start: Vec::new(),
            sweeps: Vec::new(),
            sweepers: Vec::new(),
            at,
            landmarks: Vec::new(),
        };
        network.choose_landmarks();
        (network, vertex_of)
    }

    /// A roadmap: `arcs` from vertex to vertex, `conflicts` between two different vertices (either order), and what an arc
    /// sweeps beside the conflict set of its end, as index into `arcs` and vertex.
    ///
    /// # Panics
    /// If there is no such vertex or arc, an arc leads nowhere else, or one is given twice.
    pub fn roadmap(
        vertices: usize,
        arcs: &[(u32, u32)],
        conflicts: &[(u32, u32)],
        sweeps: &[(u32, u32)],
    ) -> Self {
        let mut by_end: Vec<u32> = (0..arcs.len() as u32).collect();
        by_end.sort_unstable_by_key(|&arc| arcs[arc as usize]);
        let ends = by_end.iter().map(|&arc| arcs[arc as usize]);
        let ends: Vec<(u32, u32)> = ends.collect();
        assert!(
            ends.iter().all(|ends| ends.0 != ends.1) && ends.windows(2).all(|two| two[0] != two[1]),
            "each arc leads to another vertex, and there is one a direction"
        );
        let (start, out) = rows(vertices, &ends);
        let mut back: Vec<(u32, u32)> = ends.iter().map(|&(from, to)| (to, from)).collect();
        back.sort_unstable();
        let symmetric = back == ends;
        let (into_start, into) = rows(vertices, &back);

        // A vertex itself comes first, then the others.
        let mut pairs: Vec<(u32, u32)> = conflicts
            .iter()
            .flat_map(|&(a, b)| [(a, b), (b, a)])
            .collect();
        pairs.retain(|pair| pair.0 != pair.1);
        pairs.sort_unstable();
        pairs.dedup();
        let (others_start, others) = rows(vertices, &pairs);
        let (mut conflict_start, mut all) = (vec![0], Vec::with_capacity(vertices + others.len()));
        for vertex in 0..vertices {
            all.push(vertex as u32);
            all.extend(&others[others_start[vertex] as usize..others_start[vertex + 1] as usize]);
            conflict_start.push(all.len() as u32);
        }
        let mut network = Self {
            start,
            out,
            is_even: false,
            into_start,
            into,
            at: vec![(0, 0); vertices],
            landmarks: vec![[0; LANDMARKS]; vertices],
            slots: vertices.next_multiple_of(TILE),
            conflict_start,
            conflicts: all,
            sweep_start: Vec::new(),
            sweeps: Vec::new(),
            sweepers: Vec::new(),
        };
        if symmetric {
            network.choose_landmarks();
            network.is_even = network.has_halves();
        }
        if !sweeps.is_empty() {
            network.sweep(&by_end, sweeps);
        }
        network
    }

    /// The vertices of this grid as a roadmap that knows nothing of a grid: nobody may be within `reach` cells of another one
    /// (centre to centre; below 1 each vertex has itself only).
    pub fn as_roadmap(&self, reach: f64) -> Self {
        let arcs: Vec<(u32, u32)> = (0..self.len() as u32)
            .flat_map(|from| self.successors(from).iter().map(move |&to| (from, to)))
            .collect();
        let mut by_place: Vec<((i32, i32), u32)> = self.at.iter().copied().zip(0..).collect();
        by_place.sort_unstable();
        let cells = reach.max(0.0) as i32;
        let mut conflicts = Vec::new();
        for (vertex, &(x, y)) in self.at.iter().enumerate() {
            for (dx, dy) in (-cells..=cells).flat_map(|dx| (-cells..=cells).map(move |dy| (dx, dy)))
            {
                if (dx, dy) > (0, 0) && f64::from(dx * dx + dy * dy) <= reach * reach {
                    let found = by_place.binary_search_by_key(&(x + dx, y + dy), |entry| entry.0);
                    conflicts.extend(found.map(|at| (vertex as u32, by_place[at].1)));
                }
            }
        }
        Self::roadmap(self.len(), &arcs, &conflicts, &[])
    }

    /// Notes what arcs sweep; `by_end` are the given arcs in the order of this network's.
    fn sweep(&mut self, by_end: &[u32], sweeps: &[(u32, u32)]) {
        let mut place = vec![0; by_end.len()];
        for (at, &given) in by_end.iter().enumerate() {
            place[given as usize] = at as u32;
        }
        let mut pairs: Vec<(u32, u32)> = sweeps
            .iter()
            .map(|&(arc, vertex)| (place[arc as usize], vertex))
            .collect();
        pairs.sort_unstable();
        pairs.dedup();
        let (more_start, more) = rows(by_end.len(), &pairs);
        let (mut start, mut all) = (vec![0], Vec::new());
        for arc in 0..by_end.len() {
            let of_end = self.conflicts(self.out[arc]);
            all.extend_from_slice(of_end);
            let more = &more[more_start[arc] as usize..more_start[arc + 1] as usize];
            all.extend(more.iter().filter(|vertex| !of_end.contains(vertex)));
            start.push(all.len() as u32);
        }
        (self.sweep_start, self.sweeps) = (start, all);
        let vertices = 0..self.len() as u32;
        let ways =
            vertices.flat_map(|from| self.successors(from).iter().map(move |&to| (from, to)));
        let sweepers = ways.flat_map(|(from, to)| {
            let beside = self.swept_beside(from, to).iter();
            beside.map(move |&vertex| (vertex, from, to))
        });
        self.sweepers = sweepers.collect();
        self.sweepers.sort_unstable();
    }

    /// Has each vertex a conflict set of one, and does no arc sweep more than its end? Then less has to be looked up.
    #[inline]
    pub(super) fn is_plain(&self) -> bool {
        self.conflict_start.is_empty()
    }

    /// Can each step be gone back, and does it lead from one of two halves of the vertices to the other?
    #[inline]
    pub(super) fn is_even(&self) -> bool {
        self.is_even
    }

    /// Can the vertices be divided in two halves so that each arc leads from one to the other?
    fn has_halves(&self) -> bool {
        let mut half: Vec<Option<bool>> = vec![None; self.len()];
        let mut queue = Vec::new();
        for first in 0..self.len() as u32 {
            if half[first as usize].is_some() {
                continue;
            }
            half[first as usize] = Some(false);
            queue.push(first);
            while let Some(at) = queue.pop() {
                for &to in self.successors(at) {
                    match (half[at as usize], half[to as usize]) {
                        (its, None) => {
                            half[to as usize] = its.map(|half| !half);
                            queue.push(to);
                        }
                        (its, other) if its == other => return false,
                        _ => {}
                    }
                }
            }
        }
        true
    }

    /// The conflict set of a vertex, itself first.
    #[inline]
    pub fn conflicts(&self, vertex: u32) -> &[u32] {
        let vertex = vertex as usize;
        if self.is_plain() {
            return &self.conflicts[vertex..vertex + 1];
        }
        &self.conflicts
            [self.conflict_start[vertex] as usize..self.conflict_start[vertex + 1] as usize]
    }

    /// Vertices in a conflict set, on average.
    pub fn conflict_set_mean(&self) -> f64 {
        self.conflicts.len() as f64 / self.len().max(1) as f64
    }

    /// What is swept on the way to a vertex or while staying there: its conflict set first.
    #[inline]
    pub fn swept(&self, from: u32, to: u32) -> &[u32] {
        if self.sweep_start.is_empty() || from == to {
            return self.conflicts(to);
        }
        let Some(at) = self.successors(from).iter().position(|&end| end == to) else {
            return self.conflicts(to);
        };
        let arc = self.start[from as usize] as usize + at;
        &self.sweeps[self.sweep_start[arc] as usize..self.sweep_start[arc + 1] as usize]
    }

    /// What is swept on the way beside the conflict set of the end.
    #[inline]
    pub(super) fn swept_beside(&self, from: u32, to: u32) -> &[u32] {
        if self.sweep_start.is_empty() {
            return &[];
        }
        &self.swept(from, to)[self.conflicts(to).len()..]
    }

    /// The arcs that sweep a vertex beside the conflict sets of their ends, as (vertex, from, to).
    pub(super) fn sweepers(&self, vertex: u32) -> &[(u32, u32, u32)] {
        let begin = self.sweepers.partition_point(|&(swept, ..)| swept < vertex);
        let count = self.sweepers[begin..].partition_point(|&(swept, ..)| swept == vertex);
        &self.sweepers[begin..begin + count]
    }

    /// Does any arc sweep more than the conflict set of its end?
    pub(super) fn sweeps_beside(&self) -> bool {
        !self.sweep_start.is_empty()
    }

    /// Number of vertices.
    pub fn len(&self) -> usize {
        self.at.len()
    }

    /// Has it no vertex?
    pub fn is_empty(&self) -> bool {
        self.at.is_empty()
    }

    /// Tiles in which all vertices are.
    pub(super) fn tiles(&self) -> usize {
        self.slots / TILE
    }

    /// Where an agent can be one step later, beside where it is.
    #[inline]
    pub fn successors(&self, vertex: u32) -> &[u32] {
        &self.out[self.start[vertex as usize] as usize..self.start[vertex as usize + 1] as usize]
    }

    /// From where it can have come.
    #[inline]
    pub fn predecessors(&self, vertex: u32) -> &[u32] {
        &self.into[self.into_start[vertex as usize] as usize
            ..self.into_start[vertex as usize + 1] as usize]
    }

    /// A lower bound of the steps between two vertices that are connected: by the triangle inequality over landmarks
    /// (Goldberg, Harrelson, "Computing the shortest path: A\* search meets graph theory", SODA 2005), and as on an open
    /// grid.
    #[inline]
    pub(super) fn apart(&self, a: u32, b: u32) -> u32 {
        let (row, other) = (&self.landmarks[a as usize], &self.landmarks[b as usize]);
        let mut by_landmark = 0;
        for (a, b) in row.iter().zip(other) {
            by_landmark = by_landmark.max(a.abs_diff(*b));
        }
        let (a, b) = (self.at[a as usize], self.at[b as usize]);
        u32::from(by_landmark).max(a.0.abs_diff(b.0) + a.1.abs_diff(b.1))
    }

    /// Each landmark is one that is farthest from those before it.
    fn choose_landmarks(&mut self) {
        self.landmarks = vec![[0; LANDMARKS]; self.len()];
        if self.is_empty() {
            return;
        }
        let mut nearest = vec![u32::MAX; self.len()];
        let mut next = 0;
        for landmark in 0..LANDMARKS {
            let steps = self.steps_from(next);
            let mut farthest = (0, next);
            for (vertex, &steps) in steps.iter().enumerate() {
                // What can't be reached is as far as the landmark: no bound. So is what is farther than can be told.
                let known = if steps == u32::MAX { 0 } else { steps };
                self.landmarks[vertex][landmark] = known.min(u32::from(u16::MAX)) as u16;
                nearest[vertex] = nearest[vertex].min(steps);
                if nearest[vertex] != u32::MAX && nearest[vertex] > farthest.0 {
                    farthest = (nearest[vertex], vertex as u32);
                }
            }
            next = farthest.1;
        }
    }

    /// Steps from a vertex to all others; `u32::MAX` where there is no way.
    fn steps_from(&self, vertex: u32) -> Vec<u32> {
        let mut steps = vec![u32::MAX; self.len()];
        let mut queue = Vec::with_capacity(self.len());
        steps[vertex as usize] = 0;
        queue.push(vertex);
        let mut at = 0;
        while at < queue.len() {
            let from = queue[at];
            at += 1;
            for &to in self.successors(from) {
                if steps[to as usize] == u32::MAX {
                    steps[to as usize] = steps[from as usize] + 1;
                    queue.push(to);
                }
            }
        }
        steps
    }

    /// Steps of a shortest way between two vertices, by a search of its own; `None`: there is none.
    pub fn distance(&self, from: u32, to: u32) -> Option<u32> {
        let steps = self.steps_from(from)[to as usize];
        (steps != u32::MAX).then_some(steps)
    }
}

/// The second ones of sorted pairs, and where those of each first one begin.
fn rows(keys: usize, pairs: &[(u32, u32)]) -> (Vec<u32>, Vec<u32>) {
    let mut start = vec![0; keys + 1];
    for pair in pairs {
        assert!((pair.0 as usize) < keys, "there is no {}", pair.0);
        start[pair.0 as usize + 1] += 1;
    }
    for key in 0..keys {
        start[key + 1] += start[key];
    }
    (start, pairs.iter().map(|pair| pair.1).collect())
}
