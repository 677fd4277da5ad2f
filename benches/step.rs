//! What the controller's step costs as the fleet grows: thread CPU time of each step on a synthetic floor at a period of
//! 1 ms, with reports ten times a second and a new plan for everyone each second; planner and dispatcher answer between
//! the steps and are not measured.
//!
//! `cargo bench --bench step` prints a row for each size; `-- 1000 20 200` measures 1,000 vehicles for 20 s of floor
//! time, with a planner that takes 200 ms. Figures are microseconds; what was measured is in `docs/performance.md`.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::sync::Arc;
use std::time::Instant;
use takt::controller::Phase;
use takt::host::synthetic::{self, Run, Watch};
use takt_rt::host::{Clock, LiveClock};

/// Floor time before measuring begins: everyone is on the way by then.
const WARM_UP_MS: u64 = 15_000;

fn main() {
    // `cargo bench` and `cargo test` add flags of their own.
    let numbers: Vec<u64> = std::env::args().filter_map(|a| a.parse().ok()).collect();
    if std::env::args().any(|a| a == "--test") {
        return measure(50, 2, 40);
    }
    let (seconds, planner_ms) = (
        numbers.get(1).copied().unwrap_or(10),
        numbers.get(2).copied().unwrap_or(50),
    );
    match numbers.first() {
        Some(&vehicles) => measure(vehicles as usize, seconds, planner_ms),
        None => {
            for vehicles in [100, 1_000, 3_000, 10_000] {
                measure(vehicles, seconds, planner_ms);
            }
        }
    }
}

/// Durations in nanoseconds, one for each step.
#[derive(Default)]
struct Times {
    all: Vec<u64>,
}

impl Times {
    /// p50, p99, p99.9 and the greatest, in microseconds.
    fn show(&mut self, name: &str) {
        self.all.sort_unstable();
        let at = |share: f64| {
            let index = ((self.all.len() as f64 * share) as usize).min(self.all.len() - 1);
            self.all[index] as f64 / 1_000.0
        };
        println!(
            "  {name:<10} {:>8.1} {:>8.1} {:>8.1} {:>8.1}",
            at(0.5),
            at(0.99),
            at(0.999),
            at(1.0)
        );
    }
}

/// Reads clocks as the step goes on.
struct Stopwatch {
    on: bool,
    phase: Option<(usize, u64)>,
    cpu_ns: u64,
    steps: Times,
    phases: [Times; 7],
}

impl Stopwatch {
    fn phase_ends(&mut self) {
        if let Some((phase, since)) = self.phase.take()
            && self.on
        {
            self.phases[phase].all.push(cpu_ns() - since);
        }
    }
}

impl Watch for Stopwatch {
    fn start(&mut self) {
        self.cpu_ns = cpu_ns();
    }
    fn begin(&mut self, phase: Phase) {
        self.phase_ends();
        let index = Phase::ALL
            .iter()
            .position(|&p| p == phase)
            .expect("all are listed");
        self.phase = Some((index, cpu_ns()));
    }
    fn end(&mut self) {
        self.phase_ends();
        let cpu_ns = cpu_ns() - self.cpu_ns;
        if self.on {
            self.steps.all.push(cpu_ns);
        }
    }
}

/// CPU time of this thread.
fn cpu_ns() -> u64 {
    LiveClock.cpu_ns().unwrap_or(0)
}

fn measure(vehicles: usize, seconds: u64, planner_ms: u64) {
    let options = synthetic::Options {
        vehicles,
        cycle_us: 1_000,
        seed: 1,
    };
    let begun = Instant::now();
    let floor = Arc::new(synthetic::floor(&options).expect("the options are in range"));
    println!(
        "{vehicles} vehicles, {} nodes, {} edges, loaded in {:.1} s; planner {planner_ms} ms",
        floor.roadmap.nodes().len(),
        floor.roadmap.edges().len(),
        begun.elapsed().as_secs_f64()
    );
    let watch = Stopwatch {
        on: false,
        phase: None,
        cpu_ns: 0,
        steps: Times::default(),
        phases: Default::default(),
    };
    let mut run = Run::new(floor.clone(), 1, watch).expect("there are no handshakes");
    while run.now_ms() < WARM_UP_MS {
        run.step(planner_ms);
    }
    let before = run.controller().counts();
    run.watch_mut().on = true;
    while run.now_ms() < WARM_UP_MS + 1_000 * seconds {
        run.step(planner_ms);
    }
    let counts = run.controller().counts();
    println!(
        "  {} plans admitted, {} refused, {} nodes granted, {} transports completed; {:.1} s in all",
        counts.plans_admitted - before.plans_admitted,
        counts.plans_refused - before.plans_refused,
        counts.grants - before.grants,
        run.orders_completed(),
        begun.elapsed().as_secs_f64()
    );
    assert!(
        counts.grants > before.grants,
        "there is something to measure"
    );
    let (plans, planning) = run.planning();
    println!(
        "  {:.1} ms for a plan on average, {plans} plans",
        planning.as_secs_f64() * 1_000.0 / plans.max(1) as f64
    );
    println!(
        "  {:<10} {:>8} {:>8} {:>8} {:>8}",
        "us", "p50", "p99", "p99.9", "max"
    );
    let watch = run.watch_mut();
    watch.steps.show("step");
    for (phase, times) in Phase::ALL.iter().zip(&mut watch.phases) {
        times.show(&format!("{phase:?}"));
    }
}
