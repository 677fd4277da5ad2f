//! The swarm: scenarios made up from seeds, many of them, each with another floor, fleet, load and mix of faults
//! (swarm testing: Groce et al., ISSTA 2012: leaving features out at random finds more than having all of them on).

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg32;
use takt_sim::faults::{FaultKind, Mix, Profile, Rate, Scope};

use super::Scenario;
use super::floors::{FloorChoice, Grid};
use super::run::{RunOptions, Verdict, run};
use crate::host::virtual_time::links::Depth;

/// What a swarm is made of.
#[derive(Clone, Debug)]
pub struct SwarmOptions {
    /// How many scenarios.
    pub seeds: u64,
    /// The seed of the first; the others follow.
    pub first_seed: u64,
    /// The floors to choose from.
    pub floors: Vec<FloorChoice>,
    /// How long things go wrong in each, simulated milliseconds.
    pub for_ms: u64,
    /// How links are simulated; `None`: now so, now so.
    pub depth: Option<Depth>,
    /// What goes wrong; `None`: a mix of each seed's own.
    pub mix: Option<Mix>,
    /// Scenarios that run at the same time.
    pub jobs: usize,
}

/// One scenario of a swarm and what came of it.
pub struct Flown {
    /// Its seed.
    pub seed: u64,
    /// What was run.
    pub scenario: Scenario,
    /// What came of it.
    pub verdict: Result<Verdict, String>,
}

/// Chooses from what is at hand.
struct Chance(Pcg32);

impl Chance {
    fn below(&mut self, n: u32) -> u32 {
        ((u64::from(self.0.next_u32()) * u64::from(n)) >> 32) as u32
    }

    fn one_in(&mut self, n: u32) -> bool {
        self.below(n) == 0
    }
}

/// The floors that every program has.
pub fn all_floors() -> Vec<FloorChoice> {
    let built_in = takt_maps::formats::BUILTIN.iter();
    let mut floors: Vec<FloorChoice> = built_in
        .map(|name| FloorChoice::BuiltIn((*name).to_owned()))
        .collect();
    for (columns, rows, vehicles) in [(2, 3, 8), (4, 6, 24), (6, 8, 40)] {
        floors.push(FloorChoice::Grid(Grid {
            columns,
            rows,
            vehicles,
            seed: 0,
        }));
    }
    floors
}

impl SwarmOptions {
    /// The scenario of a seed.
    pub fn scenario(&self, seed: u64) -> Result<Scenario, String> {
        let mut chance = Chance(Pcg32::seed_from_u64(seed));
        let at = chance.below(self.floors.len() as u32) as usize;
        let mut floor = self
            .floors
            .get(at)
            .cloned()
            .ok_or("there is no floor to choose from")?;
        if let FloorChoice::Grid(grid) = &mut floor {
            grid.seed = u64::from(chance.below(1_000));
            grid.vehicles = 1 + chance.below(grid.vehicles as u32) as usize;
        }
        let mix = match &self.mix {
            Some(mix) => mix.clone(),
            None => any_mix(&mut chance),
        };
        let all = chance.one_in(2);
        let mut scenario = Scenario {
            floor,
            seed,
            for_ms: self.for_ms,
            depth: self.depth.unwrap_or(if chance.one_in(5) {
                Depth::Protocol
            } else {
                Depth::Image
            }),
            vehicles: None,
            lines: !chance.one_in(3),
            workload: !chance.one_in(4),
            clients: !chance.one_in(4),
            faults: Vec::new(),
        };
        let whole = scenario.floor()?;
        if !all {
            // Lines need most of the fleet that they were planned for, or orders pile up without end.
            let most = whole.vehicles.len() as u32;
            let least = if scenario.lines && !whole.lines.is_empty() {
                most * 3 / 4
            } else {
                1
            };
            scenario.vehicles = Some((least + chance.below(most - least + 1)).max(1) as usize);
        }
        scenario.faults = mix.draw(&*scenario.floor()?, seed, self.for_ms);
        Ok(scenario)
    }

    /// Runs all; `done` is told of each as it ends, in any order. `stop` ends it early. Gives back all in the order of
    /// their seeds.
    pub fn fly(&self, stop: &AtomicBool, done: impl Fn(&Flown) + Sync) -> Vec<Flown> {
        let next = AtomicUsize::new(0);
        let flown = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..self.jobs.max(1) {
                scope.spawn(|| {
                    loop {
                        let nth = next.fetch_add(1, Ordering::Relaxed) as u64;
                        if nth >= self.seeds || stop.load(Ordering::Relaxed) {
                            return;
                        }
                        let one = self.fly_one(self.first_seed + nth);
                        done(&one);
                        flown
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .push(one);
                    }
                });
            }
        });
        let mut flown = flown.into_inner().unwrap_or_else(PoisonError::into_inner);
        flown.sort_by_key(|one| one.seed);
        flown
    }

    fn fly_one(&self, seed: u64) -> Flown {
        let made = self.scenario(seed);
        let (scenario, verdict) = match made {
            Ok(scenario) => {
                let verdict = scenario
                    .floor()
                    .and_then(|floor| run(&scenario, &floor, &RunOptions::default(), |_| ()));
                (scenario, verdict)
            }
            Err(why) => {
                let nowhere = FloorChoice::BuiltIn(String::new());
                (
                    Scenario {
                        seed,
                        ..Scenario::on(nowhere)
                    },
                    Err(why),
                )
            }
        };
        Flown {
            seed,
            scenario,
            verdict,
        }
    }
}

/// Some kinds of faults, each at a rate between a quarter and four times that of a hostile floor.
fn any_mix(chance: &mut Chance) -> Mix {
    let profile = Mix::of(Profile::Hostile);
    let share = 1 + chance.below(4);
    let mut rates: Vec<Rate> = Vec::new();
    for rate in profile.rates {
        if chance.below(5) < share {
            let scale = [0.25, 0.5, 1.0, 2.0, 4.0][chance.below(5) as usize];
            let most = if rate.kind.is_per_message() {
                0.05
            } else {
                f64::MAX
            };
            rates.push(Rate {
                kind: rate.kind,
                scope: Scope::All,
                rate: (rate.rate * scale).min(most),
            });
        }
    }
    // A disk that lies hides what other faults of the disk would show.
    if chance.one_in(2) {
        rates.retain(|r| r.kind != FaultKind::DiskLies);
    }
    Mix { rates }
}
