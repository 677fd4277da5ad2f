//! The world under the rules of the League of Robot Runners, 2024: robots that turn on a grid, and a pool of open tasks.

use takt_maps::formats::lorr::LorrInstance;
use takt_motion::plan::lifelong::{CLOCKWISE, COUNTER, FORWARD};

/// No robot, no task.
pub const NONE: u32 = u32::MAX;

/// A place in the pool, always filled: when its task is finished, the next one is revealed there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Open {
    /// Running number of the task.
    pub id: u32,
    /// Its number in the file, which begins anew when all have been revealed.
    pub index: u32,
    /// Step in which it was revealed.
    pub release: u32,
    /// Errands done, less than there are.
    pub done: u32,
    /// The robot that has it, or [`NONE`].
    pub robot: u32,
}

/// An errand that was done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Event {
    /// The time after the move, from 1.
    pub time: u32,
    /// Who did it.
    pub robot: u32,
    /// Running number of the task.
    pub task: u32,
    /// Errands of the task that are done now.
    pub done: u32,
}

/// Why the robots wait instead of doing what they were told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Offence {
    /// A robot leaves the free cells.
    Obstacle(u32),
    /// Two robots end in one cell.
    Vertex(u32, u32),
    /// Two robots change places.
    Swap(u32, u32),
    /// The schedule takes a task that was opened from its robot, or gives a task to two.
    Schedule(u32),
}

/// The state of the world.
#[derive(Clone, Debug)]
pub struct World<'a> {
    instance: &'a LorrInstance,
    /// Steps done.
    pub time: u32,
    /// Cell of each robot.
    pub cells: Vec<u32>,
    /// Orientation of each robot: 0 east, 1 south, 2 west, 3 north.
    pub headings: Vec<u8>,
    /// The pool.
    pub pool: Vec<Open>,
    /// Place in the pool of each robot's task, or [`NONE`].
    pub task_of: Vec<u32>,
    /// Tasks finished.
    pub finished: u32,
    /// Tasks revealed.
    pub revealed: u32,
    /// Places of the pool that were filled anew in the last step.
    pub fresh: Vec<u32>,
    /// Who is in each cell, and was before the step.
    now: Vec<u32>,
    before: Vec<u32>,
    after: Vec<u32>,
    taken: Vec<u32>,
}

impl<'a> World<'a> {
    /// The world before the first step.
    pub fn new(instance: &'a LorrInstance) -> Self {
        let robots = instance.starts.len();
        let mut world = Self {
            instance,
            time: 0,
            cells: instance.starts.clone(),
            headings: vec![0; robots],
            pool: Vec::with_capacity(instance.pool),
            task_of: vec![NONE; robots],
            finished: 0,
            revealed: 0,
            fresh: Vec::new(),
            now: vec![NONE; instance.free.len()],
            before: vec![NONE; instance.free.len()],
            after: Vec::with_capacity(robots),
            taken: vec![NONE; instance.pool],
        };
        for slot in 0..instance.pool {
            let next = world.reveal();
            world.pool.push(next);
            world.fresh.push(slot as u32);
        }
        for (robot, &cell) in world.cells.iter().enumerate() {
            world.now[cell as usize] = robot as u32;
        }
        world
    }

    fn reveal(&mut self) -> Open {
        let id = self.revealed;
        self.revealed += 1;
        Open {
            id,
            index: id % self.instance.tasks() as u32,
            release: self.time,
            done: 0,
            robot: NONE,
        }
    }

    /// The cells that a task in the pool has to visit, those that it has visited included.
    pub fn errands(&self, slot: u32) -> &'a [u32] {
        self.instance.task(self.pool[slot as usize].index as usize)
    }

    /// The robots move, or all wait if that can't be done; then the schedule is set (`None`: it stays as it is), or refused
    /// whole; then each robot does an errand, if it stands where its task has the next one. What is done goes to `events`.
    pub fn step(
        &mut self,
        actions: Option<&[u8]>,
        schedule: Option<&[u32]>,
        events: &mut Vec<Event>,
    ) -> Result<(), Offence> {
        let moved = actions.map_or(Ok(()), |actions| self.walk(actions));
        self.time += 1;
        let set = schedule.map_or(Ok(()), |schedule| self.assign(schedule));
        self.fresh.clear();
        for robot in 0..self.cells.len() {
            self.errand(robot, events);
        }
        moved.and(set)
    }

    fn walk(&mut self, actions: &[u8]) -> Result<(), Offence> {
        assert_eq!(actions.len(), self.cells.len(), "an action for each robot");
        let width = self.instance.width;
        self.after.clear();
        for (robot, &action) in actions.iter().enumerate() {
            let cell = self.cells[robot];
            if action != FORWARD {
                self.after.push(cell);
                continue;
            }
            let (row, column) = (cell / width, cell % width);
            let ahead = match self.headings[robot] {
                0 if column + 1 < width => Some(cell + 1),
                1 => Some(cell + width),
                2 if column > 0 => Some(cell - 1),
                3 if row > 0 => Some(cell - width),
                _ => None,
            };
            let is_free = |&cell: &u32| self.instance.free.get(cell as usize) == Some(&true);
            let Some(ahead) = ahead.filter(is_free) else {
                return Err(Offence::Obstacle(robot as u32));
            };
            self.after.push(ahead);
        }
        std::mem::swap(&mut self.now, &mut self.before);
        for &cell in &self.after {
            self.now[cell as usize] = NONE;
        }
        let mut offence = None;
        for (robot, &cell) in self.after.iter().enumerate() {
            let other = std::mem::replace(&mut self.now[cell as usize], robot as u32);
            if other != NONE {
                offence = offence.or(Some(Offence::Vertex(other, robot as u32)));
            }
            let other = self.before[cell as usize];
            if other != NONE
                && other as usize != robot
                && self.after[other as usize] == self.cells[robot]
            {
                offence = offence.or(Some(Offence::Swap(other, robot as u32)));
            }
        }
        if let Some(offence) = offence {
            for &cell in &self.after {
                self.now[cell as usize] = NONE;
            }
            std::mem::swap(&mut self.now, &mut self.before);
            return Err(offence);
        }
        for &cell in &self.cells {
            self.before[cell as usize] = NONE;
        }
        for (robot, &action) in actions.iter().enumerate() {
            let turn = match action {
                CLOCKWISE => 1,
                COUNTER => 3,
                _ => 0,
            };
            self.headings[robot] = (self.headings[robot] + turn) % 4;
        }
        std::mem::swap(&mut self.cells, &mut self.after);
        Ok(())
    }

    /// Gives each robot the task in this place of the pool.
    fn assign(&mut self, schedule: &[u32]) -> Result<(), Offence> {
        assert_eq!(schedule.len(), self.cells.len(), "a task for each robot");
        self.taken.fill(NONE);
        for (robot, (&old, &new)) in self.task_of.iter().zip(schedule).enumerate() {
            let opened = |slot: u32| self.pool[slot as usize].done > 0;
            if new != NONE && std::mem::replace(&mut self.taken[new as usize], 0) != NONE
                || old != new && (old != NONE && opened(old) || new != NONE && opened(new))
            {
                return Err(Offence::Schedule(robot as u32));
            }
        }
        for &slot in self.task_of.iter().filter(|&&slot| slot != NONE) {
            self.pool[slot as usize].robot = NONE;
        }
        self.task_of.copy_from_slice(schedule);
        for (robot, &slot) in schedule.iter().enumerate() {
            if slot != NONE {
                self.pool[slot as usize].robot = robot as u32;
            }
        }
        Ok(())
    }

    fn errand(&mut self, robot: usize, events: &mut Vec<Event>) {
        let slot = self.task_of[robot];
        if slot == NONE {
            return;
        }
        let errands = self.errands(slot);
        let task = &mut self.pool[slot as usize];
        if errands[task.done as usize] != self.cells[robot] {
            return;
        }
        task.done += 1;
        events.push(Event {
            time: self.time,
            robot: robot as u32,
            task: task.id,
            done: task.done,
        });
        if task.done as usize == errands.len() {
            self.finished += 1;
            self.task_of[robot] = NONE;
            self.pool[slot as usize] = self.reveal();
            self.fresh.push(slot);
        }
    }
}
