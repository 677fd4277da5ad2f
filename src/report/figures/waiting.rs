//! Where vehicles stood waiting, for how long, and for what.

use std::collections::BTreeMap;

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
    /// Longest without a break for the same reason, in seconds.
    pub longest_s: f64,
    /// For what, in seconds each, the greatest first: `vehicle T05`, `zone`, `plan`, `door`.
    pub reasons: Vec<(String, f64)>,
}

/// Places with their reasons, the greatest total first. What was paused or out of order did not wait.
pub(super) fn places(floor: &Floor, chronicle: &Chronicle) -> Vec<WaitingPlace> {
    let mut places: BTreeMap<NodeId, Vec<(Hindrance, Standing)>> = BTreeMap::new();
    for (&(node, why), &standing) in &chronicle.standing {
        if !why.out_of_order() {
            places.entry(node).or_default().push((why, standing));
        }
    }
    let mut list: Vec<WaitingPlace> = places
        .into_iter()
        .map(|(node, mut reasons)| {
            reasons.sort_by_key(|(why, s)| (std::cmp::Reverse(s.total_ms), *why));
            let total_ms = reasons.iter().map(|(_, s)| s.total_ms).sum();
            let longest_ms = reasons.iter().map(|(_, s)| s.longest_ms).max();
            WaitingPlace {
                place: place_name(floor, node).to_owned(),
                times: reasons.iter().map(|(_, s)| s.times).sum(),
                total_s: seconds(total_ms),
                longest_s: seconds(longest_ms.unwrap_or(0)),
                reasons: (reasons.iter())
                    .map(|(why, s)| (reason(floor, *why), seconds(s.total_ms)))
                    .collect(),
            }
        })
        .collect();
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
        Hindrance::Paused => "pause".to_owned(),
        Hindrance::Fault => "fault".to_owned(),
    }
}
