//! What happened, in the output format of the League of Robot Runners.

use super::world::{Event, NONE, Offence, World};
use std::io::{Result, Write};
use takt_maps::formats::lorr::LorrInstance;
use takt_motion::plan::lifelong::{CLOCKWISE, COUNTER, FORWARD};

/// Letter of an action.
fn letter(action: u8) -> u8 {
    match action {
        FORWARD => b'F',
        CLOCKWISE => b'R',
        COUNTER => b'C',
        _ => b'W',
    }
}

/// A step, as it ended.
pub struct Ended<'a> {
    /// What the robots were told; `None`: the planner was late.
    pub actions: Option<&'a [u8]>,
    /// How long planning took.
    pub seconds: f64,
    /// Why the robots did not do it, or the schedule was not set.
    pub offence: Option<Offence>,
}

/// The record of a run.
#[derive(Default)]
pub struct Record {
    robots: usize,
    /// Letters of what all robots were told, step by step; `T` where the planner was late.
    planned: Vec<u8>,
    /// For each step: did all wait instead?
    waited: Vec<bool>,
    /// Time, robot and number of the task of each change of the schedule, -1: none.
    schedule: Vec<(u32, u32, i64)>,
    /// Number of each robot's task, as the schedule has it.
    tasks: Vec<i64>,
    /// Errands done.
    pub events: Vec<Event>,
    /// Seconds of each step.
    seconds: Vec<f64>,
    errors: Vec<(u32, Offence)>,
    /// When each task was revealed.
    releases: Vec<u32>,
}

impl Record {
    /// The record of a world before its first step.
    pub fn new(world: &World<'_>) -> Self {
        let robots = world.cells.len();
        Self {
            robots,
            tasks: vec![-1; robots],
            releases: vec![0; world.revealed as usize],
            ..Self::default()
        }
    }

    /// Notes the schedule that is set in this step; called before the step.
    pub fn schedule(&mut self, world: &World<'_>, schedule: &[u32]) {
        for (robot, &slot) in schedule.iter().enumerate() {
            let task = match slot {
                NONE => -1,
                slot => i64::from(world.pool[slot as usize].id),
            };
            if self.tasks[robot] != task {
                self.tasks[robot] = task;
                self.schedule.push((world.time + 1, robot as u32, task));
            }
        }
    }

    /// Notes a step; called after it.
    pub fn step(&mut self, world: &World<'_>, ended: &Ended<'_>) {
        match ended.actions {
            Some(actions) => self.planned.extend(actions.iter().map(|&a| letter(a))),
            None => self.planned.resize(self.planned.len() + self.robots, b'T'),
        }
        let walked = matches!(ended.offence, None | Some(Offence::Schedule(_)));
        self.waited.push(ended.actions.is_none() || !walked);
        self.seconds.push(ended.seconds);
        if let Some(offence) = ended.offence {
            self.errors.push((world.time, offence));
        }
        self.releases.resize(world.revealed as usize, world.time);
        // What is finished is nobody's.
        for (robot, &slot) in world.task_of.iter().enumerate() {
            if slot == NONE {
                self.tasks[robot] = -1;
            }
        }
    }

    /// Steps whose actions or schedule broke the rules.
    pub fn errors(&self) -> usize {
        self.errors.len()
    }

    /// Writes it as JSON.
    pub fn write(
        &self,
        instance: &LorrInstance,
        finished: u32,
        out: &mut impl Write,
    ) -> Result<()> {
        let width = instance.width;
        write!(
            out,
            "{{\"actionModel\":\"MAPF_T\",\"version\":\"2024 LoRR\",\"teamSize\":{},\"numTaskFinished\":{finished},\"makespan\":{}",
            self.robots,
            self.waited.len()
        )?;
        write!(out, ",\"start\":[")?;
        for (robot, &cell) in instance.starts.iter().enumerate() {
            let comma = comma(robot);
            write!(out, "{comma}[{},{},\"E\"]", cell / width, cell % width)?;
        }
        for (key, actual) in [("actualPaths", true), ("plannerPaths", false)] {
            write!(out, "],\"{key}\":[")?;
            let mut path = Vec::with_capacity(2 * self.waited.len());
            for robot in 0..self.robots {
                path.clear();
                for (step, &waited) in self.waited.iter().enumerate() {
                    let told = self.planned[step * self.robots + robot];
                    path.push(if waited && actual { b'W' } else { told });
                    path.push(b',');
                }
                path.pop();
                write!(out, "{}\"", comma(robot))?;
                out.write_all(&path)?;
                write!(out, "\"")?;
            }
        }
        write!(out, "],\"actualSchedule\":[")?;
        let mut changes = self.schedule.clone();
        changes.sort_by_key(|&(time, robot, _)| (robot, time));
        let mut changes = changes.into_iter().peekable();
        for robot in 0..self.robots as u32 {
            write!(out, "{}\"", comma(robot as usize))?;
            let mut first = true;
            while let Some((time, _, task)) = changes.next_if(|&(_, of, _)| of == robot) {
                let comma = if first { "" } else { "," };
                write!(out, "{comma}{time}:{task}")?;
                first = false;
            }
            write!(out, "\"")?;
        }
        write!(out, "],\"plannerTimes\":[")?;
        for (step, seconds) in self.seconds.iter().enumerate() {
            write!(out, "{}{seconds:.6}", comma(step))?;
        }
        write!(out, "],\"errors\":[")?;
        for (at, &(time, offence)) in self.errors.iter().enumerate() {
            let (one, other, what) = match offence {
                Offence::Obstacle(robot) => (robot as i64, -1, "unallowed move"),
                Offence::Vertex(one, other) => (one as i64, other as i64, "vertex conflict"),
                Offence::Swap(one, other) => (one as i64, other as i64, "edge conflict"),
                Offence::Schedule(robot) => (robot as i64, -1, "schedule refused"),
            };
            write!(out, "{}[{one},{other},{time},\"{what}\"]", comma(at))?;
        }
        write!(out, "],\"events\":[")?;
        for (at, event) in self.events.iter().enumerate() {
            let Event {
                time,
                robot,
                task,
                done,
            } = event;
            write!(out, "{}[{time},{robot},{task},{done}]", comma(at))?;
        }
        write!(out, "],\"tasks\":[")?;
        for (id, release) in self.releases.iter().enumerate() {
            write!(out, "{}[{id},{release},[", comma(id))?;
            for (at, &cell) in instance.task(id % instance.tasks()).iter().enumerate() {
                write!(out, "{}{},{}", comma(at), cell / width, cell % width)?;
            }
            write!(out, "]]")?;
        }
        writeln!(out, "]}}")
    }
}

fn comma(at: usize) -> &'static str {
    if at == 0 { "" } else { "," }
}
