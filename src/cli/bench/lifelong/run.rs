//! A run: choose tasks, plan, move, step by step.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Duration;

use takt_maps::formats::lorr::LorrInstance;
use takt_motion::plan::lifelong::{
    Agent, Budget, Lifelong, LifelongOptions, NONE, Space, TurningGrid, WorkBudget,
};

use super::chains::place;
use super::choice::Chooser;
use super::figures::{Figures, Times};
use super::meter::{ClockBudget, Meter, Noted, ReplayBudget};
use super::record::{Ended, Record};
use super::work_log::StepWork;
use super::world::World;

/// What ends a step.
pub enum Limit {
    /// CPU time of the thread that plans.
    Time(Duration),
    /// Work.
    Work(u64),
    /// The work of an earlier run.
    Replay(Vec<StepWork>),
}

/// The run.
pub struct Run<'a> {
    instance: &'a LorrInstance,
    world: World<'a>,
    planner: Lifelong<TurningGrid>,
    chooser: Chooser,
    /// Does the planner know the cost from any state to any place?
    exact: bool,
    agents: Vec<Agent>,
    limit: Limit,
    record: Record,
    times: Times,
    /// How each step was cut off.
    pub log: Vec<StepWork>,
    work: u64,
}

impl<'a> Run<'a> {
    /// A run before its first step.
    pub fn new(instance: &'a LorrInstance, seed: u64, threads: u32, limit: Limit) -> Self {
        let grid = TurningGrid::new(instance.width as usize, &instance.free);
        let world = World::new(instance);
        let chooser = Chooser::new(&grid);
        let options = LifelongOptions {
            seed,
            threads: threads as usize,
            ..LifelongOptions::default()
        };
        let mut planner = Lifelong::new(grid, world.cells.len(), options);
        Self {
            instance,
            record: Record::new(&world),
            agents: Vec::with_capacity(world.cells.len()),
            exact: planner.prepare(),
            planner,
            world,
            chooser,
            limit,
            times: Times::default(),
            log: Vec::new(),
            work: 0,
        }
    }

    /// One step.
    pub fn step(&mut self) {
        let meter = Meter::begin();
        let (cut, late) = match &self.limit {
            Limit::Time(limit) => {
                let mut budget = Noted::new(ClockBudget::new(meter, *limit));
                self.think(&mut budget);
                self.times.passes.extend(budget.budget.pass);
                (budget.cut, None)
            }
            Limit::Work(work) => {
                let mut budget = Noted::new(WorkBudget(*work));
                self.think(&mut budget);
                (budget.cut, Some(false))
            }
            Limit::Replay(log) => {
                let step = log[self.world.time as usize];
                self.think(&mut ReplayBudget::new(step.cut));
                (step.cut, Some(step.late))
            }
        };
        let (cpu, wall) = (meter.cpu(), meter.wall());
        let late = late.unwrap_or(match self.limit {
            Limit::Time(limit) => {
                self.times.late_wall += u32::from(cpu <= limit && wall > limit);
                cpu > limit
            }
            _ => false,
        });
        self.times.add(cpu, late);
        self.work += self.planner.work();
        self.log.push(StepWork { cut, late });

        let (actions, schedule) = if late {
            (None, None)
        } else {
            self.record.schedule(&self.world, &self.chooser.schedule);
            (
                Some(self.planner.actions()),
                Some(&self.chooser.schedule[..]),
            )
        };
        let outcome = self.world.step(actions, schedule, &mut self.record.events);
        self.record.step(
            &self.world,
            &Ended {
                actions,
                seconds: cpu.as_secs_f64(),
                offence: outcome.err(),
            },
        );
    }

    /// Chooses tasks and plans.
    fn think(&mut self, budget: &mut impl Budget) {
        self.chooser
            .choose(&self.world, &self.planner, self.exact, budget);
        self.gather();
        self.planner.plan(&self.agents, budget);
    }

    /// What the planner has to know of each robot.
    fn gather(&mut self) {
        let grid = self.planner.space();
        self.agents.clear();
        for (robot, &slot) in self.chooser.schedule.iter().enumerate() {
            let here = place(grid, self.world.cells[robot]);
            let state = grid.state(here, usize::from(self.world.headings[robot]));
            let (mut goal, mut then, mut rest) = (NONE, NONE, 0);
            if slot != NONE {
                let errands = self.world.errands(slot);
                let done = self.world.pool[slot as usize].done as usize;
                goal = place(grid, errands[done]);
                then = errands
                    .get(done + 1)
                    .map_or(NONE, |&cell| place(grid, cell));
                rest = self.chooser.chains.after(slot, done);
            }
            self.agents.push(Agent {
                state,
                goal,
                then,
                rest,
            });
        }
    }

    /// Writes what happened.
    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        let mut out = BufWriter::new(File::create(path)?);
        self.record
            .write(self.instance, self.world.finished, &mut out)?;
        out.flush()
    }

    /// What is to be said in the end.
    pub fn figures(&self) -> Figures {
        Figures {
            tasks_finished: self.world.finished,
            steps: self.world.time,
            robots: self.world.cells.len(),
            work: self.work,
            errors: self.record.errors(),
            times: self.times.clone(),
        }
    }
}
