//! The hash of the controller's state, in parts, so that the first difference between two runs has a name.

use serde::{Deserialize, Serialize};

use super::fleet::Mission;
use super::{Controller, Fnv};

/// A hash of everything that decides what the controller does next.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct StateHash {
    /// One value for each of [`StateHash::PARTS`].
    pub parts: [u64; 6],
}

impl StateHash {
    /// What the parts are of.
    pub const PARTS: [&str; 6] = ["clock", "orders", "stock", "traffic", "vehicles", "devices"];

    /// All parts in one number.
    pub fn total(&self) -> u64 {
        let mut hash = Fnv::default();
        self.parts.iter().for_each(|&part| hash.add(part));
        hash.0
    }

    /// The first part that differs: its name, its value here, its value there.
    pub fn first_difference(&self, other: &Self) -> Option<(&'static str, u64, u64)> {
        let mut pairs = Self::PARTS.iter().zip(self.parts.iter().zip(other.parts));
        pairs
            .find(|(_, (here, there))| *here != there)
            .map(|(name, (&here, there))| (*name, here, there))
    }
}

impl Controller {
    /// Hash of everything that decides what the controller does next.
    pub fn state_hash(&self) -> StateHash {
        StateHash {
            parts: [
                self.hash_of_clock(),
                self.orders.state_hash(),
                self.stock.state_hash(),
                self.traffic.state_hash(),
                self.hash_of_vehicles(),
                self.hash_of_devices(),
            ],
        }
    }

    fn hash_of_clock(&self) -> u64 {
        let mut hash = Fnv::default();
        hash.add(self.cycle);
        hash.add(u64::from(self.floor_paused) | u64::from(self.all_located) << 1);
        hash.add(self.next_order);
        self.overruns.hash(&mut hash);
        hash.0
    }

    fn hash_of_vehicles(&self) -> u64 {
        let mut hash = Fnv::default();
        for v in &self.fleet {
            hash.add(u64::from(v.report.reached_seq) << 32 | u64::from(v.action_sequence) << 16);
            hash.add(v.report.pose.map_or(0, |p| {
                u64::from(p.x_mm as u32) << 32 | u64::from(p.y_mm as u32)
            }));
            let mission = match v.mission {
                Mission::Idle => 0,
                Mission::Order { id, loaded } => 1 + 4 * (id.0 * 2 + u64::from(loaded)),
                Mission::Charge(c) => 2 + 4 * u64::from(c.0),
                Mission::Park(n) => 3 + 4 * u64::from(n.0),
            };
            hash.add(mission);
        }
        hash.0
    }

    fn hash_of_devices(&self) -> u64 {
        let mut hash = Fnv::default();
        for d in &self.devices {
            d.inputs
                .words()
                .iter()
                .chain(d.outputs.words())
                .for_each(|&w| hash.add(u64::from(w)));
        }
        hash.0
    }
}
