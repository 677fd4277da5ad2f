//! Kinds and vehicles of a plant model, and where they start.

use super::{Build, metres};
use crate::formats::opentcs::model::Vehicle;
use crate::formats::opentcs::places::{Ground, starts};
use crate::problem::Problem;
use crate::spec::{At, BatterySpec, KindSpec, Name, VehicleSpec};
use std::collections::BTreeMap;

/// openTCS knows charge in percent only; this much is assumed for 100 %.
const BATTERY_WH: f64 = 1_000.0;

/// Distance kept between vehicles at the start, in millimetres; the floor's own clearance is checked later.
const CLEARANCE_MM: i64 = 50;

impl Build<'_> {
    /// Vehicles that are alike are one kind; also gives the kind of each vehicle.
    pub(super) fn kinds(&mut self, chargers: bool) -> (Vec<KindSpec>, Vec<Name>) {
        let mut kinds: Vec<KindSpec> = Vec::new();
        let mut alike: BTreeMap<[i64; 8], usize> = BTreeMap::new();
        let mut kind_of = Vec::new();
        for vehicle in &self.model.vehicles {
            let key = [
                vehicle.length_mm.value,
                vehicle.width_mm.value,
                vehicle.reference_mm[0],
                vehicle.reference_mm[1],
                vehicle.speed_mm_s.value,
                vehicle.reverse_speed_mm_s.value,
                vehicle.critical.value,
                vehicle.sufficient.value,
            ];
            let next = kinds.len();
            let index = *alike.entry(key).or_insert(next);
            if index == next {
                kinds.push(kind(vehicle, &format!("agv-{}", next + 1), chargers));
            }
            kind_of.push(kinds[index].name.clone());
        }
        if let [only] = kinds.as_mut_slice() {
            only.name = "agv".into();
            kind_of.fill("agv".into());
        }
        if chargers && !kind_of.is_empty() {
            let assumed =
                format!("capacity of a battery (not in the model; {BATTERY_WH} Wh assumed)");
            kind_of.iter().for_each(|_| self.unused.add(&assumed));
        }
        (kinds, kind_of)
    }

    /// The vehicles with a start for each; reports the first that finds none, and gives none then.
    pub(super) fn vehicles(
        &mut self,
        kind_of: &[Name],
        edges: &[(usize, usize)],
        seed: u64,
    ) -> Vec<VehicleSpec> {
        let points = self.model.points.iter();
        let positions: Vec<(i64, i64)> = points
            .clone()
            .map(|p| (p.x_mm.value, p.y_mm.value))
            .collect();
        let parking: Vec<usize> = points
            .enumerate()
            .filter(|(_, p)| p.park)
            .map(|(i, _)| i)
            .collect();
        let radii: Vec<i64> = self.model.vehicles.iter().map(radius).collect();
        let ground = Ground {
            points: &positions,
            parking: &parking,
            edges,
            radii: &radii,
        };
        match starts(&ground, CLEARANCE_MM, seed) {
            Ok(starts) => std::iter::zip(&self.model.vehicles, starts)
                .zip(kind_of)
                .map(|((vehicle, start), kind)| VehicleSpec {
                    name: vehicle.name.clone(),
                    kind: kind.clone(),
                    start: self.model.points[start].name.value.as_str().into(),
                    ..VehicleSpec::default()
                })
                .collect(),
            Err(vehicle) => {
                let vehicle = &self.model.vehicles[vehicle];
                let message = format!(
                    "there is no free point to start from for the vehicle \"{}\"",
                    vehicle.name.value
                );
                let hint =
                    "vehicles start on points that all reach each other, apart from each other";
                self.problems
                    .push(Problem::error(message, vehicle.name.span).hint(hint));
                Vec::new()
            }
        }
    }
}

/// The corners of the bounding box around the reference point.
fn outline(vehicle: &Vehicle) -> [[i64; 2]; 4] {
    let [rx, ry] = vehicle.reference_mm;
    let (x, y) = (vehicle.length_mm.value / 2, vehicle.width_mm.value / 2);
    [
        [-x - rx, -y - ry],
        [x - rx, -y - ry],
        [x - rx, y - ry],
        [-x - rx, y - ry],
    ]
}

/// Radius of the circle around the reference point that holds the vehicle, rounded up.
fn radius(vehicle: &Vehicle) -> i64 {
    let square = |[x, y]: [i64; 2]| (x as f64) * (x as f64) + (y as f64) * (y as f64);
    let farthest = outline(vehicle).map(square).into_iter().fold(0.0, f64::max);
    farthest.sqrt().ceil() as i64
}

fn kind(vehicle: &Vehicle, name: &str, chargers: bool) -> KindSpec {
    let percent = |at: At<i64>| {
        Some(At {
            value: at.value as f64 / 100.0,
            span: at.span,
        })
    };
    KindSpec {
        name: name.into(),
        footprint: At {
            value: outline(vehicle)
                .map(|[x, y]| [x as f64 / 1_000.0, y as f64 / 1_000.0])
                .to_vec(),
            span: vehicle.length_mm.span,
        },
        speed: metres(vehicle.speed_mm_s),
        reverse: vehicle.reverse_speed_mm_s.value > 0,
        battery: chargers.then(|| BatterySpec {
            capacity_wh: BATTERY_WH.into(),
            low: percent(vehicle.critical),
            enough: percent(vehicle.sufficient),
            ..BatterySpec::default()
        }),
        ..KindSpec::default()
    }
}
