//! The hash of the controller's state, in parts, so that the first difference between two runs has a name.
//!
//! Parts are sums of terms that are kept up to date with each change, or few words: it is cheap in any cycle.

use serde::{Deserialize, Serialize};

use super::fleet::flags;
use super::tracked::{Digest, Mixer};
use super::{Controller, DeviceControl, Fnv};

/// A hash of everything that decides what the controller does next.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct StateHash {
    /// One value for each of [`StateHash::PARTS`].
    pub parts: [u64; 8],
}

impl StateHash {
    /// What the parts are of.
    pub const PARTS: [&str; 8] = [
        "clock", "orders", "stock", "traffic", "vehicles", "devices", "doors", "workers",
    ];

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
                self.fleet.hash(),
                self.devices.hash(),
                self.hash_of_doors(),
                self.hash_of_workers(),
            ],
        }
    }

    /// The same with every term of vehicles and devices computed anew.
    #[cfg(any(test, debug_assertions))]
    pub fn state_hash_anew(&self) -> StateHash {
        let mut hash = self.state_hash();
        hash.parts[4] = self.fleet.hash_anew();
        hash.parts[5] = self.devices.hash_anew();
        hash
    }

    fn hash_of_clock(&self) -> u64 {
        let mut mixer = Mixer::new(0);
        mixer.add(self.cycle);
        mixer.add(self.now_ms);
        mixer.add(self.durable_cycle);
        mixer.add(self.next_order);
        mixer.add_option(self.missed_ms);
        mixer.add(
            flags([
                self.floor_paused,
                self.all_located,
                self.stopping,
                self.dispatch_due,
                self.plan_wanted,
                self.loss_untold,
            ]) | u64::from(self.epoch) << 16
                | u64::from(self.missing) << 32,
        );
        mixer.add(u64::from(self.newest_epoch));
        mixer.add(self.hungry.hash());
        mixer.add((self.looks.next() as u64) << 32 | self.device_looks.next() as u64);
        for &(takts, next_ms) in &self.takts {
            mixer.add(takts);
            mixer.add(next_ms);
        }
        for (edge, _) in self.blocked.iter().enumerate().filter(|(_, b)| **b) {
            mixer.add(edge as u64);
        }
        self.overruns.digest(&mut mixer);
        mixer.end()
    }

    fn hash_of_doors(&self) -> u64 {
        let mut mixer = Mixer::new(0);
        self.doors.iter().for_each(|door| door.digest(&mut mixer));
        mixer.end()
    }

    fn hash_of_workers(&self) -> u64 {
        let mut mixer = Mixer::new(0);
        self.planner.digest(&mut mixer);
        self.dispatcher.digest(&mut mixer);
        mixer.end()
    }
}

impl Digest for DeviceControl {
    fn digest(&self, mixer: &mut Mixer) {
        // Four registers a word.
        let words = self
            .inputs
            .words()
            .chunks(4)
            .chain(self.outputs.words().chunks(4));
        for chunk in words {
            let fold = |word, &register: &u16| word << 16 | u64::from(register);
            mixer.add(chunk.iter().fold(0, fold));
        }
        mixer.add(self.commanded_ms);
        mixer.add(flags([
            self.link_up,
            self.outputs_due,
            self.linked,
            self.failed,
        ]));
    }
}
