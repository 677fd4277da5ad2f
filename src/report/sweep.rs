//! The same floor with fleets of several sizes, and which of them is large enough.

mod sizes;

pub use sizes::Sizes;

use serde::Serialize;
use serde_json::{Value, json};

use super::charts::line::{Across, Curve, LineChart};
use super::figures::Figures;
use super::html::{document, escaped, number, section, table, time};
use super::knee::knee;
use super::page::Host;

/// The run of one fleet.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Point {
    /// Vehicles.
    pub vehicles: usize,
    /// Orders completed.
    pub orders_done: u64,
    /// Orders completed, an hour.
    pub throughput_per_h: f64,
    /// Orders completed late, or open and late.
    pub orders_late: u64,
    /// Share of those among the completed and open ones, in percent.
    pub late_percent: f64,
    /// Share of vehicle time spent on orders, in percent.
    pub utilisation_percent: f64,
    /// Time that lines stood for want of parts, summed, in seconds.
    pub starvation_s: f64,
    /// Time that vehicles stood for others, for each order completed, in seconds.
    pub waiting_per_order_s: Option<f64>,
    /// The longest that a vehicle stood for others, in seconds.
    pub longest_wait_s: f64,
    /// What judges found: orders lost, contacts, deadlocks, and what else they objected to.
    pub found: u64,
    /// Hash of the controller's state at the end.
    pub state_hash: String,
}

impl Point {
    /// What a sweep keeps of a run.
    pub fn of(vehicles: usize, figures: &Figures) -> Self {
        let k = &figures.kpis;
        let orders = (k.orders_done + k.orders_open).max(1);
        Self {
            vehicles,
            orders_done: k.orders_done,
            throughput_per_h: k.throughput_per_h,
            orders_late: k.orders_late,
            late_percent: k.orders_late as f64 * 100.0 / orders as f64,
            utilisation_percent: k.utilisation_percent,
            starvation_s: k.starvation_s,
            waiting_per_order_s: k.waiting_per_order_s,
            longest_wait_s: k.longest_wait_s,
            found: k.orders_lost + k.contacts + k.deadlocks + figures.violations.len() as u64,
            state_hash: figures.state_hash.clone(),
        }
    }
}

/// A curve over fleet size: its name, and what of a run it shows.
type ByFleet<'a> = (&'a str, &'a dyn Fn(&Point) -> Option<f64>);

/// All runs of a sweep.
#[derive(Clone, PartialEq, Debug)]
pub struct Sweep {
    /// Name of the floor.
    pub floor: String,
    /// Seed of every run.
    pub seed: u64,
    /// Simulated time of every run, in seconds.
    pub simulated_s: f64,
    /// The runs, the smallest fleet first.
    pub points: Vec<Point>,
}

impl Sweep {
    /// The fleet at the knee of throughput over fleet size ([`knee`]).
    pub fn knee(&self) -> Option<&Point> {
        let sizes: Vec<f64> = self.points.iter().map(|p| p.vehicles as f64).collect();
        let rates: Vec<f64> = self.points.iter().map(|p| p.throughput_per_h).collect();
        knee(&sizes, &rates).and_then(|i| self.points.get(i))
    }

    /// The knee in words.
    pub fn verdict(&self) -> String {
        match self.knee() {
            Some(p) => format!(
                "Knee: {} vehicles, {:.1} orders/h; from there on each vehicle adds less.",
                p.vehicles, p.throughput_per_h
            ),
            None if self.points.len() < 3 => {
                "Knee: none; at least three fleet sizes are needed to see one.".to_owned()
            }
            None => "Knee: none; throughput over fleet size does not bend within these sizes."
                .to_owned(),
        }
    }

    /// For programs.
    pub fn json(&self) -> Value {
        json!({
            "floor": self.floor, "seed": self.seed, "simulated_s": self.simulated_s, "sweep": "vehicles",
            "knee": self.knee().map(|p| p.vehicles), "points": self.points,
        })
    }

    /// As lines of text.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "{:>8} {:>9} {:>6} {:>7} {:>11} {:>13} {:>12} {:>13}",
            "vehicles",
            "orders/h",
            "late",
            "late",
            "utilisation",
            "starvation",
            "wait/order",
            "longest wait"
        )];
        for p in &self.points {
            let wait = p
                .waiting_per_order_s
                .map_or("-".to_owned(), |s| format!("{s:.1} s"));
            lines.push(format!(
                "{:>8} {:>9.1} {:>6} {:>5.1} % {:>9.1} % {:>11.1} s {wait:>12} {:>11.0} s{}",
                p.vehicles,
                p.throughput_per_h,
                p.orders_late,
                p.late_percent,
                p.utilisation_percent,
                p.starvation_s,
                p.longest_wait_s,
                if p.found > 0 {
                    "  <- a judge found something"
                } else {
                    ""
                },
            ));
        }
        lines.push(self.verdict());
        lines
    }

    /// `report.html` of a sweep.
    pub fn page(&self, host: &Host) -> String {
        let title = format!("{}: fleet sizes", self.floor);
        let runs = self.points.len();
        let facts = format!(
            "<dl class=\"facts\"><dt>Floor</dt><dd>{}</dd><dt>Seed</dt><dd>{}</dd><dt>Duration</dt><dd>{runs} runs of {} simulated, {:.1} s on this machine</dd>\
             <dt>Command</dt><dd><code>{}</code></dd></dl>\n",
            escaped(&self.floor),
            self.seed,
            time(self.simulated_s),
            host.wall_s,
            escaped(&host.command)
        );
        let mut body = format!("<header>\n<h1>{}</h1>\n{facts}</header>\n", escaped(&title));
        body += &section("knee", "How many vehicles are enough", KNEE, &self.charts());
        body += &section(
            "runs",
            "Runs",
            "One row a run. Late are orders that were completed late, or are open and late. Waiting is standing for other vehicles, zones or a plan.",
            &self.table(),
        );
        document(&title, &body)
    }

    fn charts(&self) -> String {
        let chart = |title: &str, unit: &str, curves: &[ByFleet]| LineChart {
            title: title.to_owned(),
            unit: unit.to_owned(),
            across: Across::Number("vehicles".to_owned()),
            least_max: 0.0,
            mark: self
                .knee()
                .map(|p| (p.vehicles as f64, format!("knee: {}", p.vehicles))),
            dots: true,
            curves: (curves.iter().enumerate())
                .map(|(colour, (name, value))| Curve {
                    name: (*name).to_owned(),
                    colour,
                    dashed: false,
                    points: self
                        .points
                        .iter()
                        .map(|p| (p.vehicles as f64, value(p)))
                        .collect(),
                })
                .collect(),
        };
        let charts = [
            chart(
                "Throughput",
                "orders/h",
                &[("Throughput", &|p| Some(p.throughput_per_h))],
            ),
            chart(
                "Utilisation and lateness",
                "%",
                &[
                    ("utilisation", &|p| Some(p.utilisation_percent)),
                    ("orders late", &|p| Some(p.late_percent)),
                ],
            ),
            chart(
                "Waiting for others, per order done",
                "s",
                &[("Waiting", &|p| p.waiting_per_order_s)],
            ),
            chart(
                "Line starvation",
                "s",
                &[("Starvation", &|p| Some(p.starvation_s))],
            ),
        ];
        format!(
            "<p><strong>{}</strong></p>\n<div class=\"charts\">\n{}</div>\n",
            escaped(&self.verdict()),
            charts.iter().map(LineChart::figure).collect::<String>()
        )
    }

    fn table(&self) -> String {
        let knee = self.knee().map(|p| p.vehicles);
        let row = |p: &Point| {
            let found = match p.found {
                0 => "0".to_owned(),
                n => format!("<span class=\"bad\">{n} ✗</span>"),
            };
            let mark = if knee == Some(p.vehicles) {
                " ← knee"
            } else {
                ""
            };
            vec![
                format!(
                    "<a href=\"vehicles-{n}/report.html\">{n}</a>",
                    n = p.vehicles
                ),
                number(p.throughput_per_h, 1),
                number(p.orders_late as f64, 0),
                format!("{} %", number(p.late_percent, 1)),
                format!("{} %", number(p.utilisation_percent, 1)),
                format!("{} s", number(p.starvation_s, 1)),
                p.waiting_per_order_s
                    .map_or("–".to_owned(), |s| format!("{} s", number(s, 1))),
                time(p.longest_wait_s),
                found,
                mark.to_owned(),
            ]
        };
        let heads = [
            "#vehicles",
            "#orders/h",
            "#late",
            "#late, share",
            "#utilisation",
            "#starvation",
            "#waiting per order",
            "#longest wait",
            "#lost, contacts, deadlocks",
            "",
        ];
        table(&heads, &self.points.iter().map(row).collect::<Vec<_>>())
    }
}

const KNEE: &str = "The knee is where the curve of throughput over fleet size lies farthest above the straight line from its lowest \
                    to its highest point (Kneedle: Satopää et al., 2011); beyond it a vehicle adds less than one does on average over these sizes.";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::report::testing;

    fn sweep(rates: &[f64]) -> Sweep {
        let point = |(i, &rate): (usize, &f64)| {
            let mut figures = testing::figures();
            figures.kpis.throughput_per_h = rate;
            Point::of(10 * (i + 1), &figures)
        };
        Sweep {
            floor: "hall & yard".to_owned(),
            seed: 7,
            simulated_s: 3_600.0,
            points: rates.iter().enumerate().map(point).collect(),
        }
    }

    #[test]
    fn the_knee_is_named_everywhere() {
        let sweep = sweep(&[100.0, 200.0, 205.0, 206.0]);
        assert_eq!(sweep.json()["knee"], 20);
        assert!(sweep.lines().last().unwrap().contains("20 vehicles"));
        let host = Host::here(1.0, std::time::Duration::from_secs(1));
        let page = sweep.page(&host);
        testing::assert_self_contained(&page);
        assert!(page.contains("knee: 20") && page.contains("← knee"));
    }

    #[test]
    fn that_there_is_no_knee_is_said() {
        let straight = sweep(&[100.0, 200.0, 300.0, 400.0]);
        assert_eq!(straight.json()["knee"], Value::Null);
        assert!(straight.verdict().contains("none"));
        assert!(sweep(&[100.0]).verdict().contains("three"));
    }
}
