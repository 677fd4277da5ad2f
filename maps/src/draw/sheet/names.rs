//! Names in the picture, where they hide the least.

use super::{Sheet, escaped};
use crate::floor::Vehicle;
use crate::ids::NodeId;
use std::collections::BTreeMap;
use std::fmt::Write;

impl Sheet<'_> {
    /// Names beside their nodes, on the side away from the neighbours; what stands at one node is listed together,
    /// these vehicles at their starts among it.
    pub(super) fn labels(&self, vehicles: &[Vehicle], out: &mut String) {
        let mut names: BTreeMap<NodeId, Vec<&str>> = BTreeMap::new();
        for station in &self.floor.stations {
            names.entry(station.node).or_default().push(&station.name);
        }
        for charger in &self.floor.chargers {
            names.entry(charger.node).or_default().push(&charger.name);
        }
        let mut reach: BTreeMap<NodeId, i64> = BTreeMap::new();
        for vehicle in vehicles {
            names.entry(vehicle.start).or_default().push(&vehicle.name);
            let outline = self.floor.kinds[vehicle.kind.index()].footprint.iter();
            let farthest = outline.map(|p| i64::from(p.0.abs().max(p.1.abs()))).max();
            reach.insert(vehicle.start, farthest.unwrap_or(0));
        }
        let text = self.scale.text;
        let line = text * 4 / 5;
        for (node, names) in names {
            let Some((x, y)) = self.node(node) else {
                continue;
            };
            let (away_x, away_y) = self.away(node);
            // Half of the symbol, or of the vehicle that stands there.
            let reach = text.max(reach.get(&node).copied().unwrap_or(0));
            let lines = names.len() as i64;
            let (anchor, dx, dy) = if away_x.abs() > away_y.abs() {
                let side = if away_x > 0 { 1 } else { -1 };
                let anchor = if side > 0 { "start" } else { "end" };
                (
                    anchor,
                    side * (reach + text / 2),
                    text / 4 - (lines - 1) * line / 2,
                )
            } else if away_y >= 0 {
                ("middle", 0, -reach - text / 2 - (lines - 1) * line)
            } else {
                ("middle", 0, reach + text * 5 / 4)
            };
            for (row, name) in names.iter().enumerate() {
                let _ = writeln!(
                    out,
                    r#"<text class="small" text-anchor="{anchor}" x="{}" y="{}">{}</text>"#,
                    self.x(x) + dx,
                    self.y(y) + dy + row as i64 * line,
                    escaped(name)
                );
            }
        }
    }

    /// From the middle of a node's neighbours to the node, in millimetres east and north.
    fn away(&self, node: NodeId) -> (i64, i64) {
        let roadmap = &self.floor.roadmap;
        let outward = roadmap.out_edges(node).iter().map(|&e| roadmap.edge(e).to);
        let inward = roadmap.in_edges(node).iter().map(|&e| roadmap.edge(e).from);
        let here = roadmap.node(node);
        outward.chain(inward).fold((0, 0), |(x, y), other| {
            let other = roadmap.node(other);
            (
                x + i64::from(here.x_mm) - i64::from(other.x_mm),
                y + i64::from(here.y_mm) - i64::from(other.y_mm),
            )
        })
    }

    /// Names of zones, beside their northernmost corner or node.
    pub(super) fn zone_names(&self, out: &mut String) {
        for zone in &self.floor.zones {
            let Some((x, y)) = self.top(zone) else {
                continue;
            };
            let _ = writeln!(
                out,
                r#"<text class="zone-name" x="{}" y="{}">{} (max {})</text>"#,
                self.x(x) + self.scale.text / 2,
                self.y(y) - self.scale.text / 4,
                escaped(&zone.name),
                zone.capacity
            );
        }
    }
}
