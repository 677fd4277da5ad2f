//! The floor as the one-shot planner reads it: flat tables of vertices and arcs.

/// "None" in tables of `u32`.
pub(super) const NONE: u32 = u32::MAX;

/// Vertices that lie together are numbered together, in tiles of this many: what a search looks at next is near in memory.
pub(super) const TILE: usize = 64;
/// Vertices from which all distances are known.
const LANDMARKS: usize = 8;
/// Width and height of a tile of a grid.
const TILE_SIDE: usize = 8;

/// Vertices, and arcs of one step each. A vertex conflicts with itself only.
#[derive(Clone, Debug)]
pub struct Network {
    /// Arcs of each vertex: `out[start[v] .. start[v + 1]]`.
    start: Vec<u32>,
    out: Vec<u32>,
    /// The same against their direction.
    into_start: Vec<u32>,
    into: Vec<u32>,
    /// Column and row, or whatever makes one step at most one unit of |dx| + |dy|.
    at: Vec<(i32, i32)>,
    /// Steps from each landmark to each vertex.
    landmarks: Vec<[u16; LANDMARKS]>,
    /// Vertices reserved for tiles, some of them unused.
    slots: usize,
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
            at,
            landmarks: Vec::new(),
        };
        network.choose_landmarks();
        (network, vertex_of)
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
