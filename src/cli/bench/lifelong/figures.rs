//! What is said of a run in the end.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::peak_memory_mb;

/// CPU times of the planner.
#[derive(Clone, Default)]
pub struct Times {
    cpu_ms: Vec<f64>,
    /// What it took in each step to rank the robots and give each its turn, without improvement; if it was timed.
    pub passes: Vec<Duration>,
    /// Steps that were late by CPU time.
    pub late: u32,
    /// Steps that were late by the clock on the wall only.
    pub late_wall: u32,
}

impl Times {
    /// Takes note of a step.
    pub fn add(&mut self, cpu: Duration, late: bool) {
        self.cpu_ms.push(cpu.as_secs_f64() * 1e3);
        self.late += u32::from(late);
    }

    /// Mean, 99th percentile and maximum, in milliseconds.
    fn summary(&self) -> [f64; 3] {
        let mut sorted = self.cpu_ms.clone();
        sorted.sort_by(f64::total_cmp);
        let Some(&max) = sorted.last() else {
            return [0.0; 3];
        };
        let mean = sorted.iter().sum::<f64>() / sorted.len() as f64;
        [mean, sorted[(sorted.len() - 1) * 99 / 100], max]
    }

    /// Mean time of a pass for each robot, in microseconds.
    fn pass_us(&self, robots: usize) -> Option<f64> {
        let total: Duration = self.passes.iter().sum();
        let turns = self.passes.len() * robots;
        (turns > 0).then(|| total.as_secs_f64() * 1e6 / turns as f64)
    }
}

/// The figures.
pub struct Figures {
    pub tasks_finished: u32,
    pub steps: u32,
    pub robots: usize,
    pub work: u64,
    /// Steps whose actions or schedule broke the rules.
    pub errors: usize,
    pub times: Times,
}

impl Figures {
    /// As JSON.
    pub fn json(&self) -> Value {
        let round = |ms: f64| (ms * 1e3).round() / 1e3;
        let [mean, p99, max] = self.times.summary().map(round);
        json!({
            "tasks_finished": self.tasks_finished,
            "steps": self.steps,
            "robots": self.robots,
            "work": self.work,
            "errors": self.errors,
            "host": {
                "planner_cpu_ms": { "mean": mean, "p99": p99, "max": max },
                "pass_us_per_robot": self.times.pass_us(self.robots).map(round),
                "late_steps": self.times.late,
                "late_steps_wall": self.times.late_wall,
                "peak_memory_mb": peak_memory_mb().map(f64::round),
            },
        })
    }

    /// For people.
    pub fn print(&self) {
        let [mean, p99, max] = self.times.summary();
        say!(
            "{} tasks finished by {} robots in {} steps",
            self.tasks_finished,
            self.robots,
            self.steps
        );
        say!("planner CPU time a step: mean {mean:.1}, p99 {p99:.1}, max {max:.1} ms");
        if let Some(pass) = self.times.pass_us(self.robots) {
            say!("a pass over all robots, without improvement: {pass:.2} us a robot");
        }
        say!(
            "late steps: {} by CPU time, {} by the clock on the wall only",
            self.times.late,
            self.times.late_wall
        );
    }
}
