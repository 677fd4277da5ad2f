//! What is counted from a chronicle: the content of `report.json`.

mod kpis;
mod map;
mod series;
mod waiting;

pub use kpis::{Better, Kpi, Kpis};
pub use map::MapFigures;
pub use series::{LineSeries, Series};
pub use waiting::WaitingPlace;

use serde::{Deserialize, Serialize};
use takt_maps::Floor;

use super::chronicle::{Chronicle, Doing, FaultLine, ViolationLine};
use crate::host::virtual_time::Outcome;

/// What says that a file is a report.
pub const FORMAT: &str = "takt-report";
/// The version of the keys; a reader takes no other.
pub const VERSION: u32 = 1;

/// The figures of one run. Keys stay as they are within a [`VERSION`].
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Figures {
    /// [`FORMAT`].
    pub format: String,
    /// [`VERSION`].
    pub version: u32,
    /// Name of the floor.
    pub floor: String,
    /// The floor's digest, in hexadecimal digits.
    pub floor_digest: String,
    /// Seed of everything random.
    pub seed: u64,
    /// Simulated time in seconds.
    pub simulated_s: f64,
    /// How many vehicles there are of each kind, in the order of the floor file.
    pub fleet: Vec<(String, usize)>,
    /// Hash of the controller's state at the end.
    pub state_hash: String,
    /// What judges objected to, the first first.
    #[serde(default)]
    pub violations: Vec<ViolationLine>,
    /// Key figures.
    pub kpis: Kpis,
    /// Over time.
    pub series: Series,
    /// How each vehicle spent its time.
    pub vehicles: Vec<VehicleFigures>,
    /// Where vehicles stood waiting, the greatest total first.
    pub waiting: Vec<WaitingPlace>,
    /// Faults that were put into the run.
    pub faults: Vec<FaultLine>,
    /// The floor's drawing, and how often each edge was driven.
    pub map: MapFigures,
}

/// How one vehicle spent its time, in seconds.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct VehicleFigures {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// For each of [`Doing::ALL`], in that order.
    pub doing_s: Vec<f64>,
    /// Of all that: standing for other vehicles, zones or a plan.
    pub waiting_s: f64,
    /// Of all that: paused or out of order.
    pub out_of_order_s: f64,
}

impl Figures {
    /// Counts. `bin_ms` is the width of an interval of the series.
    pub fn new(floor: &Floor, outcome: &Outcome, chronicle: &Chronicle, bin_ms: u64) -> Self {
        let kinds = floor.kinds.iter().enumerate().map(|(index, kind)| {
            let of_kind = floor.vehicles.iter().filter(|v| v.kind.index() == index);
            (kind.name.clone(), of_kind.count())
        });
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            floor: outcome.floor.clone(),
            floor_digest: format!("{:016x}", floor.digest),
            seed: outcome.seed,
            simulated_s: outcome.simulated_s,
            fleet: kinds.filter(|(_, n)| *n > 0).collect(),
            state_hash: outcome.state_hash.clone(),
            violations: chronicle.violations.clone(),
            kpis: Kpis::new(outcome, chronicle),
            series: Series::new(floor, chronicle, bin_ms),
            vehicles: vehicles(floor, chronicle),
            waiting: waiting::places(floor, chronicle),
            faults: chronicle.faults.clone(),
            map: MapFigures::new(floor, chronicle),
        }
    }
}

fn vehicles(floor: &Floor, chronicle: &Chronicle) -> Vec<VehicleFigures> {
    let diaries = floor.vehicles.iter().zip(&chronicle.vehicles);
    diaries
        .map(|(vehicle, diary)| {
            let mut doing_ms = [0; Doing::ALL.len()];
            for span in &diary.doings {
                doing_ms[span.what as usize] += span.until_ms - span.from_ms;
            }
            let (mut waiting_ms, mut out_of_order_ms) = (0, 0);
            for span in &diary.hindrances {
                let ms = span.until_ms - span.from_ms;
                waiting_ms += if span.what.for_others() { ms } else { 0 };
                out_of_order_ms += if span.what.out_of_order() { ms } else { 0 };
            }
            VehicleFigures {
                name: vehicle.name.clone(),
                kind: floor.kinds[vehicle.kind.index()].name.clone(),
                doing_s: doing_ms.iter().map(|&ms| seconds(ms)).collect(),
                waiting_s: seconds(waiting_ms),
                out_of_order_s: seconds(out_of_order_ms),
            }
        })
        .collect()
}

/// Milliseconds as seconds.
fn seconds(ms: u64) -> f64 {
    ms as f64 / 1_000.0
}

/// The width of an interval for a run of this length: a round time, so that there are at most 30 of them (or one a day).
pub fn bin_ms(for_ms: u64) -> u64 {
    const SECONDS: [u64; 14] = [
        1, 5, 10, 30, 60, 120, 300, 600, 900, 1_200, 1_800, 3_600, 7_200, 21_600,
    ];
    let fits = |s: &&u64| for_ms.div_ceil(*s * 1_000) <= 30;
    let day_s = 86_400;
    SECONDS.iter().find(fits).unwrap_or(&day_s) * 1_000
}

#[cfg(test)]
mod tests;
