//! `takt bench cycle`: the live controller on a synthetic floor, and whether it meets its deadlines on this machine.

mod orders;
mod witness;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::{Value, json};
use takt_maps::Floor;
use takt_rt::timing::Quantiles;

use super::super::Failure;
use super::super::args::{RealTimeArgs, duration};
use super::super::serve::tokio_runtime;
use super::progress;
use crate::controller::Phase;
use crate::host::front::Front;
use crate::host::live::{Live, LiveOptions, Summary};
use crate::host::synthetic;
use orders::Orders;
use witness::Witness;

/// Periods that a control cycle can have.
const PERIODS: std::ops::RangeInclusive<Duration> =
    Duration::from_micros(250)..=Duration::from_millis(100);
/// Time between two looks at how it is going.
const LOOK: Duration = Duration::from_millis(200);

/// Arguments of `takt bench cycle`.
#[derive(Debug, Args)]
pub struct CycleArgs {
    /// Period of the control cycle, 250us to 100ms
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "1ms")]
    period: Duration,
    /// How long to run
    #[arg(long = "for", value_name = "TIME", value_parser = duration, default_value = "60s")]
    duration: Duration,
    /// Vehicles on the synthetic floor
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    vehicles: u32,
    /// Seed of the floor, the planner and the orders
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    real_time: RealTimeArgs,
    /// Run a bare loop on another CPU in the same seconds, with the same priority, to compare with
    #[arg(long)]
    witness: bool,
    /// Exchange the CPUs of cycle and witness
    #[arg(long, conflicts_with = "cpu")]
    swap: bool,
    /// Keep a journal there, and measure how long orders take to be durable and answered
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// Where the cycle and its witness run.
#[derive(Clone, Copy)]
struct Cpus {
    cycle: usize,
    witness: Option<usize>,
}

impl CycleArgs {
    /// The cycle on the last CPU and the witness on the first, or the other way round; away from CPU 0, where interrupts
    /// usually are, unless told otherwise.
    fn cpus(&self) -> Result<Cpus, Failure> {
        let count = std::thread::available_parallelism().map_or(1, usize::from);
        let (first, last) = if self.swap {
            (count - 1, 0)
        } else {
            (0, count - 1)
        };
        let cycle = self.real_time.cpu.unwrap_or(last);
        if cycle >= count {
            return Err(Failure::BadInput(format!(
                "--cpu {cycle}: this machine gives the program {count} CPUs, 0 to {}",
                count - 1
            )));
        }
        // `--cpu` may have taken the witness's.
        let other = if cycle == first { last } else { first };
        if self.witness && other == cycle {
            return Err(Failure::BadInput(
                "--witness needs a second CPU; this machine gives the program one".to_owned(),
            ));
        }
        Ok(Cpus {
            cycle,
            witness: self.witness.then_some(other),
        })
    }

    fn floor(&self) -> Result<Floor, Failure> {
        if !PERIODS.contains(&self.period) {
            return Err(Failure::BadInput(format!(
                "--period must be from 250us to 100ms, not {:?}",
                self.period
            )));
        }
        Ok(synthetic::floor(&synthetic::Options {
            vehicles: self.vehicles as usize,
            cycle_us: self.period.as_micros() as u32,
            seed: self.seed,
        })?)
    }
}

/// Runs the live host on the synthetic floor, and says how the cycle did.
pub fn run(args: CycleArgs) -> Result<(), Failure> {
    let cpus = args.cpus()?;
    let real_time = RealTimeArgs {
        cpu: Some(cpus.cycle),
        ..args.real_time.clone()
    }
    .options(args.period)?;
    let floor = Arc::new(args.floor()?);
    // There before the cycle is, and let go only when that runs.
    let mut witness = cpus
        .witness
        .map(|cpu| Witness::new(args.period, cpu, args.real_time.priority))
        .transpose()
        .map_err(Failure::failed)?;
    let options = LiveOptions {
        seed: args.seed,
        data_bytes_max: u64::MAX,
        witness: None,
        data: args.data.clone(),
        field: synthetic::field(floor.clone()),
        workload: true,
        real_time,
    };
    let runtime = tokio_runtime()?;
    let live = Live::start(floor.clone(), options, runtime.handle())?;
    if let Some(witness) = &mut witness {
        witness.go();
    }
    let orders = args
        .data
        .is_some()
        .then(|| Orders::begin(&runtime, live.front.clone(), floor.clone(), args.seed));
    let died = wait(&live, args.duration);
    let acknowledged = orders.map(|orders| runtime.block_on(orders.end()));
    let front = live.front.clone();
    let summary = runtime.block_on(live.stop());
    let result = Measured {
        args: &args,
        cpus,
        budget_us: f64::from(floor.control.budget_permille) * args.period.as_micros() as f64 / 1e3,
        witness: witness.map(Witness::end),
        acknowledged,
        front,
        summary,
    };
    if args.json {
        say!("{}", result.json());
    } else {
        result.print();
    }
    if died {
        return Err(Failure::Failed(
            "the control cycle stopped by itself before the time was up; see the log above"
                .to_owned(),
        ));
    }
    Ok(())
}

/// Waits for the time to be up, with a bar; true when the host has stopped before.
fn wait(live: &Live, duration: Duration) -> bool {
    let bar = progress(duration.as_secs().max(1), "seconds");
    let begun = Instant::now();
    let mut died = false;
    while !died && begun.elapsed() < duration {
        std::thread::sleep(LOOK.min(duration - begun.elapsed().min(duration)));
        bar.set_position(begun.elapsed().as_secs());
        died = live.is_dead();
    }
    bar.finish_and_clear();
    died
}

/// What was measured.
struct Measured<'a> {
    args: &'a CycleArgs,
    cpus: Cpus,
    budget_us: f64,
    witness: Option<Quantiles>,
    acknowledged: Option<orders::Acknowledged>,
    front: Front,
    summary: Summary,
}

fn us(ns: u64) -> f64 {
    ns as f64 / 1e3
}

/// The figures of a distribution, in microseconds.
fn figures(q: &Quantiles) -> Value {
    json!({
        "p50": us(q.p50_ns), "p99": us(q.p99_ns), "p999": us(q.p999_ns),
        "p9999": us(q.p9999_ns), "max": us(q.max_ns),
    })
}

impl Measured<'_> {
    fn misses(&self) -> u64 {
        let timing = &self.summary.timing;
        timing.own_execution() + timing.missed_by_preemption + timing.missed_by_wakeup
    }

    fn json(&self) -> Value {
        let (timing, summary) = (&self.summary.timing, &self.summary);
        let kpis = self.front.read(|model| model.kpis);
        let phases: serde_json::Map<String, Value> = Phase::ALL
            .iter()
            .zip(&summary.phases)
            .map(|(phase, q)| (phase.name().to_owned(), figures(q)))
            .collect();
        let mut object = json!({
            "wakeup_us": figures(&timing.latency),
            "execution_us": figures(&timing.cpu),
            "cycles": timing.latency.count,
            "misses": self.misses(),
            "late_wakeup": timing.missed_by_wakeup,
            "stolen": timing.missed_by_preemption,
            "own_execution": timing.own_execution(),
            "allocations": summary.allocations,
            "major_faults": summary.usage.major_faults,
            "scheduler": summary.scheduler,
            "host": {
                "period_us": self.args.period.as_micros() as u64,
                "budget_us": self.budget_us,
                "spin_us": us(self.args.real_time.spin.unwrap_or_default().as_nanos() as u64),
                "vehicles": self.args.vehicles,
                "cpu": self.cpus.cycle,
                "witness_cpu": self.cpus.witness,
                "preemptions": summary.usage.preemptions,
                "elapsed_us": figures(&timing.execution),
                "phases_us": phases,
                "orders_done": kpis.orders_done,
                "distance_m": kpis.distance_mm as f64 / 1e3,
                "counts": summary.counts,
            },
        });
        if let Some(witness) = &self.witness {
            object["witness"] = json!({ "wakeup_us": figures(witness) });
        }
        if let Some(acknowledged) = &self.acknowledged {
            let ms = |ns: u64| ns as f64 / 1e6;
            let q = &acknowledged.times;
            object["order_ack_ms"] =
                json!({ "p50": ms(q.p50_ns), "p99": ms(q.p99_ns), "max": ms(q.max_ns) });
            object["host"]["orders_acknowledged"] = json!(q.count);
            object["host"]["orders_refused"] = json!(acknowledged.refused);
        }
        object
    }

    fn print(&self) {
        let (timing, summary) = (&self.summary.timing, &self.summary);
        let line = |what: &str, q: &Quantiles| {
            say!(
                "{what:12} p50 {:.1}, p99 {:.1}, p99.9 {:.1}, p99.99 {:.1}, max {:.1} us",
                us(q.p50_ns),
                us(q.p99_ns),
                us(q.p999_ns),
                us(q.p9999_ns),
                us(q.max_ns),
            );
        };
        say!(
            "{} cycles of {:?} with {} vehicles, {} on CPU {}",
            timing.latency.count,
            self.args.period,
            self.args.vehicles,
            summary.scheduler,
            self.cpus.cycle,
        );
        line("wake-up", &timing.latency);
        if let Some(witness) = &self.witness {
            line("witness", witness);
        }
        line("execution", &timing.cpu);
        if let Some(acknowledged) = &self.acknowledged {
            line("order ack", &acknowledged.times);
        }
        say!(
            "misses {}: {} by own execution, {} stolen, {} by late wake-ups; {} allocations, {} major faults",
            self.misses(),
            timing.own_execution(),
            timing.missed_by_preemption,
            timing.missed_by_wakeup,
            summary.allocations,
            summary.usage.major_faults,
        );
    }
}
