//! Where vehicles stood waiting, for how long, and for what.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};
use takt_maps::{Floor, NodeId};

use super::super::chronicle::{Chronicle, Hindrance, Standing};
use super::super::recorder::place_name;
use super::seconds;

/// A place where vehicles stood waiting.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct WaitingPlace {
    /// The station, charger or node where they stood, or that they had passed last.
    pub place: String,
    /// Times that it began.
    pub times: u64,
    /// In all, in seconds.
    pub total_s: f64,
    /// Longest without a break, in seconds.
    pub longest_s: f64,
    /// For what, in seconds each, the greatest first: `vehicle T05`, `zone`, `plan`, `door`.
    pub reasons: Vec<(String, f64)>,
}

/// Places with their reasons, the greatest total first.
pub(super) fn places(floor: &Floor, chronicle: &Chronicle) -> Vec<WaitingPlace> {
    let place = |(&node, standing): (&NodeId, &Standing)| {
        let mut reasons: Vec<(Hindrance, u64)> = standing
            .reasons_ms
            .iter()
            .map(|(&why, &ms)| (why, ms))
            .collect();
        reasons.sort_by_key(|&(why, ms)| (Reverse(ms), why));
        WaitingPlace {
            place: place_name(floor, node).to_owned(),
            times: standing.times,
            total_s: seconds(reasons.iter().map(|r| r.1).sum()),
            longest_s: seconds(standing.longest_ms),
            reasons: (reasons.into_iter())
                .map(|(why, ms)| (reason(floor, why), seconds(ms)))
                .collect(),
        }
    };
    let mut list: Vec<WaitingPlace> = chronicle.standing.iter().map(place).collect();
    // Stable: places with the same total stay in the order of the floor file.
    list.sort_by(|a, b| b.total_s.total_cmp(&a.total_s));
    list
}

fn reason(floor: &Floor, why: Hindrance) -> String {
    match why {
        Hindrance::Vehicle(v) => format!("vehicle {}", floor.vehicles[v.index()].name),
        Hindrance::Zone => "zone".to_owned(),
        Hindrance::Plan => "plan".to_owned(),
        Hindrance::Door => "door".to_owned(),
        Hindrance::Blocked => "blocked way".to_owned(),
        Hindrance::Paused => "pause".to_owned(),
        Hindrance::Fault => "fault".to_owned(),
    }
}
