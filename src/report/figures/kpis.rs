//! Key figures of a run.

use serde::{Deserialize, Serialize};

use super::super::chronicle::{Chronicle, Doing};
use super::seconds;
use crate::host::virtual_time::Outcome;

/// Key figures.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Kpis {
    /// Orders completed.
    pub orders_done: u64,
    /// Of those and the open ones: late.
    pub orders_late: u64,
    /// Orders open at the end.
    pub orders_open: u64,
    /// Orders that ended cancelled or failed.
    pub orders_failed: u64,
    /// Orders accepted, not ended and not known any more.
    pub orders_lost: u64,
    /// Orders completed, an hour.
    pub throughput_per_h: f64,
    /// Mean time from submission to completion, in seconds; `None` if no order was completed.
    pub lead_mean_s: Option<f64>,
    /// 95 of 100 orders took no longer, in seconds.
    pub lead_p95_s: Option<f64>,
    /// Time that lines stood for want of parts, summed, in seconds.
    pub starvation_s: f64,
    /// Share of vehicle time spent on orders, in percent.
    pub utilisation_percent: f64,
    /// Share of vehicle time spent standing for other vehicles, zones or a plan, in percent.
    pub waiting_percent: f64,
    /// The same time divided by the orders completed, in seconds.
    pub waiting_per_order_s: Option<f64>,
    /// The longest that a vehicle stood for others, in seconds.
    pub longest_wait_s: f64,
    /// Way driven by all vehicles, in kilometres.
    pub distance_km: f64,
    /// Footprints that touched each other or a wall.
    pub contacts: u64,
    /// Vehicles that stood for others for more than three minutes.
    pub deadlocks: u64,
    /// Contacts of vehicles that were off where they believed to be.
    #[serde(default)]
    pub contacts_by_slip: u64,
    /// Contacts of vehicles with what fell right before them.
    #[serde(default)]
    pub contacts_with_obstacles: u64,
    /// Orders that a disk lost which had said that it had them.
    #[serde(default)]
    pub orders_lost_by_disk: u64,
    /// Controllers that have run: one, and one more after each crash.
    #[serde(default)]
    pub lives: u64,
}

/// Which way is better.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Better {
    /// The more the better.
    More,
    /// The less the better.
    Less,
    /// Neither by itself.
    Neither,
}

/// One key figure, to show.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Kpi {
    /// Its key in `report.json`.
    pub key: &'static str,
    /// For people.
    pub name: &'static str,
    /// Its unit; may be empty.
    pub unit: &'static str,
    /// Its value; `None`: there is none in this run.
    pub value: Option<f64>,
    /// Digits after the point.
    pub decimals: usize,
    /// Which way is better.
    pub better: Better,
    /// Must it be 0?
    pub must_be_zero: bool,
}

impl Kpis {
    pub(super) fn new(outcome: &Outcome, chronicle: &Chronicle) -> Self {
        let completed = chronicle.orders.iter().filter(|o| o.completed);
        let mut leads: Vec<u64> = completed.map(|o| o.lead_ms).collect();
        leads.sort_unstable();
        let sum: u64 = leads.iter().sum();
        let hours = outcome.simulated_s / 3_600.0;
        let spans = chronicle.vehicles.iter().flat_map(|v| &v.hindrances);
        let waiting = spans.filter(|s| s.what.for_others());
        let waiting_ms: u64 = waiting.map(|s| s.until_ms - s.from_ms).sum();
        let doings = || chronicle.vehicles.iter().flat_map(|v| &v.doings);
        let total_ms: u64 = doings().map(|s| s.until_ms - s.from_ms).sum();
        let working = doings().filter(|s| Doing::works(s.what));
        let working_ms: u64 = working.map(|s| s.until_ms - s.from_ms).sum();
        let percent = |ms: u64| ratio(ms as f64 * 100.0, total_ms as f64).unwrap_or(0.0);
        Self {
            orders_done: outcome.orders_done,
            orders_late: outcome.orders_late,
            orders_open: outcome.orders_open,
            orders_failed: outcome.orders_ended_otherwise,
            orders_lost: outcome.orders_lost,
            throughput_per_h: ratio(outcome.orders_done as f64, hours).unwrap_or(0.0),
            lead_mean_s: ratio(seconds(sum), leads.len() as f64),
            lead_p95_s: nearest_rank(&leads, 95).map(seconds),
            starvation_s: outcome.starvation_s,
            utilisation_percent: percent(working_ms),
            waiting_percent: percent(waiting_ms),
            waiting_per_order_s: ratio(seconds(waiting_ms), outcome.orders_done as f64),
            longest_wait_s: outcome.longest_wait_s,
            distance_km: outcome.distance_m / 1_000.0,
            contacts: outcome.contacts,
            deadlocks: outcome.deadlocks,
            contacts_by_slip: outcome.contacts_by_slip,
            contacts_with_obstacles: outcome.contacts_with_obstacles,
            orders_lost_by_disk: outcome.orders_lost_by_disk,
            lives: outcome.lives,
        }
    }

    /// All of them, in the order in which they are shown.
    pub fn list(&self) -> Vec<Kpi> {
        use Better::{Less, More, Neither};
        let kpi = |key, name, unit, value, decimals, better| Kpi {
            key,
            name,
            unit,
            value,
            decimals,
            better,
            must_be_zero: matches!(key, "orders_lost" | "contacts" | "deadlocks"),
        };
        let count =
            |key, name, value: u64, better| kpi(key, name, "", Some(value as f64), 0, better);
        let figure =
            |key, name, unit, value: f64, better| kpi(key, name, unit, Some(value), 1, better);
        let maybe = |key, name, value| kpi(key, name, "s", value, 1, Less);
        vec![
            count("orders_done", "Orders done", self.orders_done, More),
            count("orders_late", "Orders late", self.orders_late, Less),
            count(
                "orders_open",
                "Orders open at the end",
                self.orders_open,
                Neither,
            ),
            count(
                "orders_failed",
                "Orders cancelled or failed",
                self.orders_failed,
                Less,
            ),
            count("orders_lost", "Orders lost", self.orders_lost, Less),
            figure(
                "throughput_per_h",
                "Throughput",
                "orders/h",
                self.throughput_per_h,
                More,
            ),
            maybe("lead_mean_s", "Lead time, mean", self.lead_mean_s),
            maybe("lead_p95_s", "Lead time, 95th percentile", self.lead_p95_s),
            figure(
                "starvation_s",
                "Line starvation",
                "s",
                self.starvation_s,
                Less,
            ),
            figure(
                "utilisation_percent",
                "Utilisation",
                "%",
                self.utilisation_percent,
                Neither,
            ),
            figure(
                "waiting_percent",
                "Waiting for others",
                "%",
                self.waiting_percent,
                Less,
            ),
            maybe(
                "waiting_per_order_s",
                "Waiting for others, per order done",
                self.waiting_per_order_s,
            ),
            figure(
                "longest_wait_s",
                "Longest wait",
                "s",
                self.longest_wait_s,
                Less,
            ),
            figure(
                "distance_km",
                "Distance driven",
                "km",
                self.distance_km,
                Neither,
            ),
            count("contacts", "Contacts", self.contacts, Less),
            count("deadlocks", "Deadlocks", self.deadlocks, Less),
            count(
                "contacts_by_slip",
                "Contacts of vehicles off their position",
                self.contacts_by_slip,
                Less,
            ),
            count(
                "contacts_with_obstacles",
                "Contacts with what fell before a vehicle",
                self.contacts_with_obstacles,
                Less,
            ),
            count(
                "orders_lost_by_disk",
                "Orders lost by a lying disk",
                self.orders_lost_by_disk,
                Less,
            ),
            count("lives", "Controller lives", self.lives, Neither),
        ]
    }
}

/// `a / b`; `None` if there is nothing to divide by.
fn ratio(a: f64, b: f64) -> Option<f64> {
    (b > 0.0).then(|| a / b)
}

/// The smallest of the sorted values that `percent` of 100 do not exceed.
fn nearest_rank(sorted: &[u64], percent: usize) -> Option<u64> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use super::nearest_rank;

    #[test]
    fn the_percentile_is_one_of_the_values() {
        let twenty: Vec<u64> = (1..=20).collect();
        assert_eq!(nearest_rank(&twenty, 95), Some(19));
        assert_eq!(nearest_rank(&[7], 95), Some(7));
        assert_eq!(nearest_rank(&[], 95), None);
    }
}
