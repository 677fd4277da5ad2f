//! A synthetic floor of any size, to measure the controller on: a warehouse grid, vehicles that follow their bases at
//! constant speed, and transports that keep all of them busy.
//!
//! The controller cannot tell it from a real floor: reports come in, one a transfer interval from each vehicle, evenly
//! spread over time, and commands are carried out. Everything else is left out, so that a bench of 10,000 vehicles
//! measures the controller and not the floor. [`Fleet`] is the floor in virtual time, [`field`] the same live, on a
//! thread of its own.

mod fleet;
mod live;
mod run;
#[cfg(test)]
mod tests;
mod vehicle;

pub use fleet::Fleet;
pub use live::field;
pub use run::{Run, Watch};

use takt_maps::formats::movingai;
use takt_maps::spec::{FloorSpec, StationSpec};
use takt_maps::{Floor, LoadOptions, Problems, compile};

/// Cells of a block of shelves along x; blocks are [`SHELF_ROWS`] deep.
const SHELF_CELLS: usize = 8;
/// Cells of a block along y.
const SHELF_ROWS: usize = 2;
/// Cells of an aisle between blocks, in both directions: two vehicles can pass each other.
const AISLE: usize = 2;
/// Free cells for each vehicle; of these blocks and aisles 60 % of all cells are free.
const CELLS_PER_VEHICLE: usize = 12;
/// Most stations: each takes a planner a table of distances over all nodes.
const STATIONS_MAX: usize = 1_000;
/// Most places for idle vehicles.
const PARKING_MAX: usize = 64;

/// What a synthetic floor is like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// Vehicles, 1 to 20,000.
    pub vehicles: usize,
    /// Period of the control cycle, 250 to 100,000 microseconds.
    pub cycle_us: u32,
    /// Chooses where vehicles start.
    pub seed: u64,
}

impl Options {
    /// The name of the floor that has these options.
    pub fn name(&self) -> String {
        format!(
            "synthetic-{}-{}us-{}",
            self.vehicles, self.cycle_us, self.seed
        )
    }

    /// The options of the floor that has this name, if it can be one.
    pub fn named(name: &str) -> Option<Self> {
        let mut parts = name.strip_prefix("synthetic-")?.split('-');
        let mut next = || parts.next();
        let options = Self {
            vehicles: next()?.parse().ok()?,
            cycle_us: next()?.strip_suffix("us")?.parse().ok()?,
            seed: next()?.parse().ok()?,
        };
        let known = (1..=20_000).contains(&options.vehicles)
            && (250..=100_000).contains(&options.cycle_us)
            && options.name() == name;
        known.then_some(options)
    }
}

/// A floor with `options.vehicles` vehicles on a grid of twelve nodes and more for each.
///
/// Vehicles report ten times a second and get a new plan each second. About half as many stations as vehicles, at most
/// 1,000; vehicles handle loads by themselves, in a second. The workload keeps a quarter more transports open than there
/// are vehicles.
///
/// # Errors
/// If the options are out of range.
pub fn floor(options: &Options) -> Result<Floor, Problems> {
    let vehicles = options.vehicles.clamp(1, 20_000);
    let text = grid(vehicles);
    let load = LoadOptions {
        vehicles: Some(vehicles),
        seed: options.seed,
        ..LoadOptions::default()
    };
    let name = format!("{}.map", options.name());
    let mut spec = movingai::parse(&text, &load, &name)?;
    furnish(&mut spec, vehicles);
    spec.control.cycle_ms = Some((f64::from(options.cycle_us) / 1_000.0).into());
    let (floor, _) = compile(&spec, Vec::new()).map_err(|list| Problems::new(name, text, list))?;
    Ok(floor)
}

/// Sets what a grid map leaves open.
fn furnish(spec: &mut FloorSpec, vehicles: usize) {
    // Beside the long sides of shelves, in the middle, one after the other over the whole hall.
    let beside: Vec<String> = spec
        .nodes
        .iter()
        .filter(|node| {
            let mut words = node.name.value.split(',').map(str::parse::<usize>);
            match (words.next(), words.next()) {
                (Some(Ok(x)), Some(Ok(y))) => is_beside_shelf(x, y),
                _ => false,
            }
        })
        .map(|node| node.name.value.clone())
        .collect();
    let wanted = (vehicles / 2).clamp(8, STATIONS_MAX).min(beside.len());
    spec.stations = (0..wanted)
        .map(|i| {
            let node = &beside[i * beside.len() / wanted];
            StationSpec {
                name: format!("station-{node}").as_str().into(),
                node: node.as_str().into(),
                ..StationSpec::default()
            }
        })
        .collect();
    // Along the first row, every fourth cell, where nobody has to pass.
    let parking = (vehicles / 8).clamp(1, PARKING_MAX);
    let rim = spec.nodes.iter().filter(|node| {
        let mut words = node.name.value.split(',').map(str::parse::<usize>);
        matches!((words.next(), words.next()), (Some(Ok(x)), Some(Ok(0))) if x % 4 == 1)
    });
    spec.parking = rim
        .take(parking)
        .map(|node| node.name.value.as_str().into())
        .collect();
    for kind in &mut spec.kinds {
        kind.transfer = Some(1.0.into());
    }
    spec.control.transfer_ms = Some(100.0.into());
    spec.control.planner_ms = Some(1_000.0.into());
    spec.control.orders_max = Some((4 * vehicles as i64).max(4_096).into());
    spec.workload.random_open = Some((vehicles as i64 + vehicles as i64 / 4 + 1).into());
}

/// Cells from one block to the next.
const PITCH: (usize, usize) = (SHELF_CELLS + AISLE, SHELF_ROWS + AISLE);

/// Is the cell part of a block of shelves?
fn is_shelf(x: usize, y: usize) -> bool {
    x % PITCH.0 >= AISLE && y % PITCH.1 >= AISLE
}

/// A cell in an aisle at the long side of a block, every fourth one.
fn is_beside_shelf(x: usize, y: usize) -> bool {
    let row = y % PITCH.1;
    let along = x % PITCH.0;
    (row == AISLE - 1 || (row == 0 && y > 0)) && (along == AISLE + 2 || along == AISLE + 5)
}

/// The hall as a MovingAI map: about square, an aisle all round.
fn grid(vehicles: usize) -> String {
    let cells = (vehicles * CELLS_PER_VEHICLE * PITCH.0 * PITCH.1)
        .div_ceil(PITCH.0 * PITCH.1 - SHELF_CELLS * SHELF_ROWS);
    let side = cells.isqrt() + 1;
    let blocks = (side.div_ceil(PITCH.0).max(2), side.div_ceil(PITCH.1).max(2));
    let (width, height) = (blocks.0 * PITCH.0 + AISLE, blocks.1 * PITCH.1 + AISLE);
    let mut text = format!("type octile\nheight {height}\nwidth {width}\nmap\n");
    for y in 0..height {
        text.extend((0..width).map(|x| if is_shelf(x, y) { '@' } else { '.' }));
        text.push('\n');
    }
    text
}
