//! Throughput with and without vehicles that stop, for each way to say who goes first.

use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use takt_motion::plan::Discipline;

use super::charts::line::{Across, Curve, LineChart};
use super::html::{document, escaped, number, section, table, time};
use super::page::Host;
use crate::host::virtual_time::Outcome;

/// The share of undisturbed throughput that is to be reached, in percent.
const TARGET_PERCENT: f64 = 90.0;

/// One run.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Run {
    /// Who goes first.
    #[serde(serialize_with = "name")]
    pub traffic: Discipline,
    /// Vehicles.
    pub vehicles: usize,
    /// Did vehicles stop?
    pub disturbed: bool,
    /// How often one stopped.
    pub stops: u64,
    /// Orders completed.
    pub orders_done: u64,
    /// Orders completed, an hour.
    pub throughput_per_h: f64,
    /// Vehicles that stood for others for more than three minutes.
    pub deadlocks: u64,
    /// The longest that a vehicle stood for others, in seconds.
    pub longest_wait_s: f64,
    /// What judges found beside deadlocks: orders lost, contacts, and what else they objected to.
    pub found: u64,
    /// Hash of the controller's state at the end.
    pub state_hash: String,
}

fn name<S: Serializer>(traffic: &Discipline, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(traffic.name())
}

impl Run {
    /// What a comparison keeps of a run.
    pub fn of(traffic: Discipline, disturbed: bool, outcome: &Outcome) -> Self {
        Self {
            traffic,
            vehicles: outcome.vehicles,
            disturbed,
            stops: outcome.faults,
            orders_done: outcome.orders_done,
            throughput_per_h: outcome.orders_done as f64 * 3_600.0 / outcome.simulated_s.max(1e-3),
            deadlocks: outcome.deadlocks,
            longest_wait_s: outcome.longest_wait_s,
            found: outcome.orders_lost + outcome.contacts + outcome.violations,
            state_hash: outcome.state_hash.clone(),
        }
    }
}

/// All runs on a floor.
#[derive(Clone, PartialEq, Debug)]
pub struct Contest {
    /// Name of the floor.
    pub floor: String,
    /// Seed of every run.
    pub seed: u64,
    /// Simulated time of every run, in seconds.
    pub simulated_s: f64,
    /// By fleet, the smallest first, then by discipline, then undisturbed and disturbed.
    pub runs: Vec<Run>,
}

impl Contest {
    /// Pairs of runs that differ in the disturbance only, undisturbed first.
    fn pairs(&self) -> impl Iterator<Item = (&Run, &Run)> {
        self.runs
            .iter()
            .filter(|run| !run.disturbed)
            .filter_map(|calm| {
                let same = |r: &&Run| {
                    r.disturbed && (r.traffic, r.vehicles) == (calm.traffic, calm.vehicles)
                };
                Some((calm, self.runs.iter().find(same)?))
            })
    }

    /// What a disturbed run reaches of the undisturbed run with the same fleet, in percent.
    fn share(calm: &Run, disturbed: &Run) -> Option<f64> {
        let reached = disturbed.orders_done as f64 * 100.0 / calm.orders_done as f64;
        (calm.orders_done > 0).then_some(reached)
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let share = |(calm, disturbed): (&Run, &Run)| {
            json!({
                "traffic": calm.traffic.name(), "vehicles": calm.vehicles,
                "undisturbed_per_h": calm.throughput_per_h, "disturbed_per_h": disturbed.throughput_per_h,
                "share_percent": Self::share(calm, disturbed),
            })
        };
        json!({
            "floor": self.floor, "seed": self.seed, "simulated_s": self.simulated_s, "target_percent": TARGET_PERCENT,
            "shares": self.pairs().map(share).collect::<Vec<_>>(), "runs": self.runs,
        })
    }

    /// As lines of text.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![
            format!(
                "{}, seed {}: {} runs of {:.1} h; disturbed: every ten minutes one vehicle in twenty stands for a minute",
                self.floor,
                self.seed,
                self.runs.len(),
                self.simulated_s / 3_600.0
            ),
            format!(
                "{:>8} {:>9} {:>12} {:>12} {:>7} {:>17} {:>19}",
                "vehicles",
                "traffic",
                "undisturbed",
                "disturbed",
                "share",
                "deadlocks",
                "longest wait"
            ),
        ];
        for (calm, disturbed) in self.pairs() {
            let share = Self::share(calm, disturbed);
            lines.push(format!(
                "{:>8} {:>9} {:>10.1}/h {:>10.1}/h {:>7} {:>17} {:>19}{}",
                calm.vehicles,
                calm.traffic.name(),
                calm.throughput_per_h,
                disturbed.throughput_per_h,
                share.map_or("-".to_owned(), |s| format!("{s:.1} %")),
                format!("{}, {}", calm.deadlocks, disturbed.deadlocks),
                format!(
                    "{:.0} s, {:.0} s",
                    calm.longest_wait_s, disturbed.longest_wait_s
                ),
                match calm.found + disturbed.found {
                    0 => "",
                    _ => "  <- a judge found something",
                },
            ));
        }
        lines
    }

    /// As a page with plots.
    pub fn page(&self, host: &Host) -> String {
        let title = format!("{}: who goes first", self.floor);
        let facts = format!(
            "<dl class=\"facts\"><dt>Floor</dt><dd>{}</dd><dt>Seed</dt><dd>{}</dd><dt>Duration</dt><dd>{} runs of {} simulated, {:.1} s on this machine</dd>\
             <dt>Command</dt><dd><code>{}</code></dd></dl>\n",
            escaped(&self.floor),
            self.seed,
            self.runs.len(),
            time(self.simulated_s),
            host.wall_s,
            escaped(&host.command)
        );
        let mut body = format!("<header>\n<h1>{}</h1>\n{facts}</header>\n", escaped(&title));
        body += &section(
            "throughput",
            "Throughput over fleet size",
            DISTURBED,
            &self.charts(),
        );
        body += &section("runs", "Runs", RUNS, &self.table());
        document(&title, &body)
    }

    fn charts(&self) -> String {
        let chart = |title: &str, unit: &str, least_max: f64, curves: Vec<Curve>| LineChart {
            title: title.to_owned(),
            unit: unit.to_owned(),
            across: Across::Number("vehicles".to_owned()),
            least_max,
            mark: None,
            dots: true,
            curves,
        };
        let curve = |name: String, colour: usize, dashed: bool, points: Vec<_>| Curve {
            name,
            colour,
            dashed,
            points,
        };
        let (mut throughput, mut shares) = (Vec::new(), Vec::new());
        for (colour, traffic) in Discipline::ALL.into_iter().enumerate() {
            let name = traffic.name();
            if self.runs.iter().all(|run| run.traffic != traffic) {
                continue;
            }
            for (dashed, what) in [(false, "undisturbed"), (true, "disturbed")] {
                let its = |r: &&Run| r.traffic == traffic && r.disturbed == dashed;
                let point = |r: &Run| (r.vehicles as f64, Some(r.throughput_per_h));
                let points = self.runs.iter().filter(its).map(point).collect();
                throughput.push(curve(format!("{name}, {what}"), colour, dashed, points));
            }
            let its = |(calm, _): &(&Run, &Run)| calm.traffic == traffic;
            let point = |(c, d): (&Run, &Run)| (c.vehicles as f64, Self::share(c, d));
            let points = self.pairs().filter(its).map(point).collect();
            shares.push(curve(name.to_owned(), colour, false, points));
        }
        let most = self.runs.iter().map(|r| r.vehicles).max().unwrap_or(1) as f64;
        let target = vec![(0.0, Some(TARGET_PERCENT)), (most, Some(TARGET_PERCENT))];
        shares.push(curve(
            format!("target: {TARGET_PERCENT} %"),
            5,
            true,
            target,
        ));
        let charts = [
            chart("Throughput", "orders/h", 0.0, throughput),
            chart(
                "Disturbed throughput, share of undisturbed",
                "%",
                100.0,
                shares,
            ),
        ];
        let figures: String = charts.iter().map(LineChart::figure).collect();
        format!("<div class=\"charts\">\n{figures}</div>\n")
    }

    fn table(&self) -> String {
        let row = |(calm, disturbed): (&Run, &Run)| {
            let found = match calm.found + disturbed.found {
                0 => "0".to_owned(),
                n => format!("<span class=\"bad\">{n} ✗</span>"),
            };
            let share = Self::share(calm, disturbed);
            vec![
                calm.traffic.name().to_owned(),
                calm.vehicles.to_string(),
                number(calm.throughput_per_h, 1),
                number(disturbed.throughput_per_h, 1),
                share.map_or("–".to_owned(), |s| format!("{} %", number(s, 1))),
                disturbed.stops.to_string(),
                format!("{}, {}", calm.deadlocks, disturbed.deadlocks),
                format!(
                    "{}, {}",
                    time(calm.longest_wait_s),
                    time(disturbed.longest_wait_s)
                ),
                found,
            ]
        };
        let heads = [
            "traffic",
            "#vehicles",
            "#undisturbed, orders/h",
            "#disturbed, orders/h",
            "#share",
            "#stops",
            "#deadlocks",
            "#longest wait",
            "#lost, contacts, violations",
        ];
        table(&heads, &self.pairs().map(row).collect::<Vec<_>>())
    }
}

const DISTURBED: &str = "Disturbed: every ten minutes one vehicle in twenty stands still for a minute. graph: the order of all moves that are not \
                         granted yet is planned anew, some times a second. kept: it grows by two steps at a time, and bends where somebody is late. \
                         fixed: it grows by eight steps, and is never reversed. blocks: no order; exclusive blocks, given to who asks first.";
const RUNS: &str = "One row for two runs: without and with vehicles that stop. A deadlock is a vehicle that stands for others for more than three minutes.";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::report::testing;

    fn run(traffic: Discipline, disturbed: bool, orders_done: u64) -> Run {
        Run {
            traffic,
            vehicles: 20,
            disturbed,
            stops: u64::from(disturbed),
            orders_done,
            throughput_per_h: orders_done as f64,
            deadlocks: 0,
            longest_wait_s: 12.0,
            found: 0,
            state_hash: String::new(),
        }
    }

    #[test]
    fn shares_are_of_the_same_fleet_and_discipline() {
        let contest = Contest {
            floor: "hall & yard".to_owned(),
            seed: 7,
            simulated_s: 3_600.0,
            runs: vec![
                run(Discipline::Graph, false, 200),
                run(Discipline::Graph, true, 190),
                run(Discipline::Blocks, false, 0),
                run(Discipline::Blocks, true, 5),
            ],
        };
        let json = contest.json();
        assert_eq!(json["shares"][0]["share_percent"], 95.0);
        assert_eq!(json["shares"][1]["share_percent"], Value::Null);
        assert_eq!(json["runs"][3]["traffic"], "blocks");
        assert!(contest.lines()[2].contains("95.0 %"));
        let page = contest.page(&Host::here(1.0, std::time::Duration::from_secs(1)));
        testing::assert_self_contained(&page);
        assert!(page.contains("target: 90 %") && page.contains("blocks, disturbed"));
    }
}
