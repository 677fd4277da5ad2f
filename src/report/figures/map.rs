//! The floor's drawing, and how often its edges were driven.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use takt_maps::draw::Plan;
use takt_maps::{Floor, PlaceId};

use super::super::chronicle::Chronicle;

/// Beyond so many stations and chargers they would hide the traffic.
const NAMED_MAX: usize = 60;

/// The floor's drawing in layers ([`Plan`]), and what was driven on it.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct MapFigures {
    /// Width of the drawing in millimetres.
    pub width: i64,
    /// Height of the drawing in millimetres.
    pub height: i64,
    /// Height of its text in millimetres.
    pub text: i64,
    /// What lies below the traffic, as SVG elements.
    pub ground: String,
    /// What lies above it, as SVG elements.
    pub furniture: String,
    /// Edges that were driven, in both directions together: x and y of both ends in the drawing, and how often.
    pub driven: Vec<(i64, i64, i64, i64, u64)>,
}

impl MapFigures {
    pub(super) fn new(floor: &Floor, chronicle: &Chronicle) -> Self {
        let plan = Plan::of(floor);
        let names = floor.stations.len() + floor.chargers.len() <= NAMED_MAX;
        let mut grounds: BTreeMap<PlaceId, (i64, i64, i64, i64, u64)> = BTreeMap::new();
        for (&edge, &times) in &chronicle.traversals {
            let edge = floor.roadmap.edge(edge);
            let end = |node| {
                let node = floor.roadmap.node(node);
                plan.at(node.level, (node.x_mm, node.y_mm))
            };
            let ((x1, y1), (x2, y2)) = (end(edge.from), end(edge.to));
            let line = (x1, y1, x2, y2, 0);
            grounds.entry(edge.place).or_insert(line).4 += times;
        }
        // Many stations are drawn below the traffic, and without their names, so that they do not hide it.
        let (ground, furniture) = match names {
            true => (plan.ground, plan.furniture + &plan.names),
            false => (plan.ground + &plan.furniture, String::new()),
        };
        Self {
            width: plan.width,
            height: plan.height,
            text: plan.text,
            ground,
            furniture,
            driven: grounds.into_values().collect(),
        }
    }
}
