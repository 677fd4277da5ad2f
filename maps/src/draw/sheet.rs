//! One level of the picture: axes, zones, lanes, walls, doors, places, vehicles and names, in the order of painting.

mod names;

use super::{Scale, escaped};
use crate::floor::{Floor, Point, Zone};
use crate::ids::{EdgeId, LevelId, NodeId, PlaceId, VehicleId};
use std::fmt::Write;

/// One level's part of the picture.
pub(super) struct Sheet<'a> {
    pub(super) floor: &'a Floor,
    pub(super) scale: &'a Scale,
    pub(super) level: LevelId,
    /// A place's x is drawn at `left + x`.
    pub(super) left: i64,
    /// A place's y is drawn at `bottom - y`.
    pub(super) bottom: i64,
}

impl Sheet<'_> {
    fn x(&self, x: i32) -> i64 {
        self.left + i64::from(x)
    }

    fn y(&self, y: i32) -> i64 {
        self.bottom - i64::from(y)
    }

    /// Points as SVG writes them.
    fn points(&self, points: &[Point]) -> String {
        let mut text = String::new();
        for &(x, y) in points {
            let _ = write!(text, "{},{} ", self.x(x), self.y(y));
        }
        text.trim_end().to_owned()
    }

    fn node(&self, id: NodeId) -> Option<Point> {
        let node = self.floor.roadmap.node(id);
        (node.level == self.level).then_some((node.x_mm, node.y_mm))
    }

    pub(super) fn draw(&self, out: &mut String) {
        self.ground(out);
        self.furniture(out);
        self.vehicles(out);
        self.labels(&self.floor.vehicles, out);
        self.zone_names(out);
    }

    /// What vehicles drive on.
    pub(super) fn ground(&self, out: &mut String) {
        self.axes(out);
        self.zones(out);
        self.lanes(out);
    }

    /// What stands there for good.
    pub(super) fn furniture(&self, out: &mut String) {
        self.walls_and_doors(out);
        self.places(out);
    }

    /// What it is called.
    pub(super) fn names(&self, out: &mut String) {
        self.labels(&[], out);
        self.zone_names(out);
    }

    fn axes(&self, out: &mut String) {
        let level = &self.floor.levels[self.level.index()];
        let (x0, y0) = (self.x(level.min.0), self.y(level.max.1));
        let (x1, y1) = (self.x(level.max.0), self.y(level.min.1));
        let _ = writeln!(
            out,
            r#"<rect class="level" x="{x0}" y="{y0}" width="{}" height="{}"/>"#,
            x1 - x0,
            y1 - y0
        );
        let text = self.scale.text;
        for mm in ticks(level.min.0, level.max.0, self.scale.tick_m) {
            let x = self.x(mm);
            let _ = writeln!(
                out,
                r#"<path class="grid" d="M{x} {y0}V{y1}"/><text class="axis" x="{x}" y="{}">{}</text>"#,
                y1 + text * 3 / 2,
                mm / 1_000
            );
        }
        for mm in ticks(level.min.1, level.max.1, self.scale.tick_m) {
            let y = self.y(mm);
            let _ = writeln!(
                out,
                r#"<path class="grid" d="M{x0} {y}H{x1}"/><text class="axis right" x="{}" y="{}">{}</text>"#,
                x0 - text / 2,
                y + text / 3,
                mm / 1_000
            );
        }
        let _ = writeln!(
            out,
            r#"<text class="axis" x="{}" y="{}">{}: x [m]</text>"#,
            (x0 + x1) / 2,
            y1 + text * 3,
            escaped(&level.name)
        );
        let (x, y) = (x0 - text * 3, (y0 + y1) / 2);
        let _ = writeln!(
            out,
            r#"<text class="axis" transform="translate({x} {y}) rotate(-90)">y [m]</text>"#
        );
    }

    /// Zones by their outline, or as a broad band along their edges if they have none.
    fn zones(&self, out: &mut String) {
        for zone in self.floor.zones.iter().filter(|z| self.top(z).is_some()) {
            let _ = if zone.outline.is_empty() {
                let lines = self.grounds(&zone.places);
                writeln!(out, r#"<path class="band" d="{lines}"/>"#)
            } else {
                let corners = self.points(&zone.outline);
                writeln!(out, r#"<polygon class="zone" points="{corners}"/>"#)
            };
        }
    }

    /// The northernmost corner of a zone's outline, or of its nodes; `None` if the zone is not on this level.
    fn top(&self, zone: &Zone) -> Option<Point> {
        let north = |p: &Point| (p.1, -p.0);
        let nodes = zone.places.iter().filter_map(|&p| {
            let node = self.floor.roadmap.node_of(p)?;
            self.node(node)
        });
        let node = nodes.max_by_key(north)?;
        Some(
            zone.outline
                .iter()
                .copied()
                .max_by_key(north)
                .unwrap_or(node),
        )
    }

    /// Lines along the edges whose ground is among these places, which are sorted.
    fn grounds(&self, places: &[PlaceId]) -> String {
        let mut lines = String::new();
        let edges = self.floor.roadmap.edges().iter();
        for edge in edges.filter(|e| places.binary_search(&e.place).is_ok()) {
            if let (Some(a), Some(b)) = (self.node(edge.from), self.node(edge.to)) {
                lines += &self.line(a, b);
            }
        }
        lines
    }

    /// A straight line as a piece of an SVG path.
    fn line(&self, a: Point, b: Point) -> String {
        format!(
            "M{} {}L{} {}",
            self.x(a.0),
            self.y(a.1),
            self.x(b.0),
            self.y(b.1)
        )
    }

    /// Edges as lines; a one-way edge carries an arrow at its middle.
    fn lanes(&self, out: &mut String) {
        let roadmap = &self.floor.roadmap;
        let (mut lines, mut arrows) = (String::new(), String::new());
        for (index, edge) in roadmap.edges().iter().enumerate() {
            let (Some(a), Some(b)) = (self.node(edge.from), self.node(edge.to)) else {
                continue;
            };
            match edge.twin {
                Some(twin) if twin < EdgeId::from_index(index) => continue,
                Some(_) => {}
                None => {
                    let size = f64::from(edge.length_mm)
                        .min(self.scale.text as f64 * 2.0)
                        .max(1.0)
                        / 4.0;
                    arrows += &self.arrow(a, b, size);
                }
            }
            lines += &self.line(a, b);
        }
        let _ = writeln!(out, r#"<path class="lane" d="{lines}"/>"#);
        let _ = writeln!(out, r#"<path class="arrow" d="{arrows}"/>"#);
    }

    /// A filled triangle at the middle of the way from `a` to `b`, pointing to `b`.
    fn arrow(&self, a: Point, b: Point, size: f64) -> String {
        let (ax, ay) = (self.x(a.0) as f64, self.y(a.1) as f64);
        let (bx, by) = (self.x(b.0) as f64, self.y(b.1) as f64);
        let (dx, dy) = (bx - ax, by - ay);
        let length = (dx * dx + dy * dy).sqrt().max(1.0);
        let (ux, uy) = (dx / length * size, dy / length * size);
        let (mx, my) = ((ax + bx) / 2.0, (ay + by) / 2.0);
        format!(
            "M{:.0} {:.0}L{:.0} {:.0}L{:.0} {:.0}Z",
            mx + ux,
            my + uy,
            mx - ux - uy * 0.6,
            my - uy + ux * 0.6,
            mx - ux + uy * 0.6,
            my - uy - ux * 0.6
        )
    }

    fn walls_and_doors(&self, out: &mut String) {
        for wall in self.floor.walls.iter().filter(|w| w.level == self.level) {
            let _ = writeln!(
                out,
                r#"<polyline class="wall" points="{}"/>"#,
                self.points(&wall.points)
            );
        }
        for (index, door) in self.floor.doors.iter().enumerate() {
            let here =
                self.floor.roadmap.edges().iter().any(|e| {
                    e.door.is_some_and(|d| d.index() == index) && self.node(e.from).is_some()
                });
            if here {
                let _ = writeln!(
                    out,
                    r#"<polyline class="door" points="{}"/><text class="small" x="{}" y="{}">{}</text>"#,
                    self.points(&door.ends),
                    self.x(door.ends[1].0) + self.scale.text / 2,
                    self.y(door.ends[1].1),
                    escaped(&door.name)
                );
            }
        }
    }

    /// Stations as squares, chargers as diamonds, parking as circles.
    fn places(&self, out: &mut String) {
        let half = self.scale.text;
        for (x, y) in self.floor.parking.iter().filter_map(|&n| self.node(n)) {
            let _ = writeln!(
                out,
                r#"<circle class="place" cx="{}" cy="{}" r="{half}"/>"#,
                self.x(x),
                self.y(y)
            );
        }
        let chargers = self.floor.chargers.iter().map(|c| c.node);
        for (x, y) in chargers.filter_map(|n| self.node(n)) {
            let (x, y, d) = (self.x(x), self.y(y), half * 5 / 4);
            let _ = writeln!(
                out,
                r#"<path class="place" d="M{x} {}L{} {y}L{x} {}L{} {y}Z"/>"#,
                y - d,
                x + d,
                y + d,
                x - d
            );
        }
        let stations = self.floor.stations.iter().map(|s| s.node);
        for (x, y) in stations.filter_map(|n| self.node(n)) {
            let _ = writeln!(
                out,
                r#"<rect class="place" x="{}" y="{}" width="{}" height="{}"/>"#,
                self.x(x) - half,
                self.y(y) - half,
                2 * half,
                2 * half
            );
        }
    }

    /// Vehicles where they start, as outlines, facing along the first edge out (how they really stand is their own).
    fn vehicles(&self, out: &mut String) {
        for index in 0..self.floor.vehicles.len() {
            let vehicle = VehicleId::from_index(index);
            let start = self.floor.vehicles[index].start;
            let Some((x, y)) = self.node(start) else {
                continue;
            };
            let (ux, uy) = self.heading(start);
            let outline: Vec<Point> = self
                .floor
                .kind_of(vehicle)
                .footprint
                .iter()
                .map(|&(fx, fy)| {
                    let (fx, fy) = (f64::from(fx), f64::from(fy));
                    (
                        x + (fx * ux - fy * uy).round() as i32,
                        y + (fx * uy + fy * ux).round() as i32,
                    )
                })
                .collect();
            let _ = writeln!(
                out,
                r#"<polygon class="vehicle" points="{}"/>"#,
                self.points(&outline)
            );
        }
    }

    /// The direction of the first edge that leaves a node, east if there is none.
    fn heading(&self, node: NodeId) -> (f64, f64) {
        let roadmap = &self.floor.roadmap;
        let Some(&first) = roadmap.out_edges(node).first() else {
            return (1.0, 0.0);
        };
        let (a, b) = (roadmap.node(node), roadmap.node(roadmap.edge(first).to));
        let (dx, dy) = (f64::from(b.x_mm - a.x_mm), f64::from(b.y_mm - a.y_mm));
        let length = (dx * dx + dy * dy).sqrt();
        if length > 0.0 {
            (dx / length, dy / length)
        } else {
            (1.0, 0.0)
        }
    }
}

/// Multiples of the tick distance between two bounds, in millimetres.
fn ticks(min: i32, max: i32, tick_m: i64) -> impl Iterator<Item = i32> {
    let step = tick_m * 1_000;
    let first = i64::from(min).div_euclid(step) + i64::from(i64::from(min).rem_euclid(step) != 0);
    let last = i64::from(max).div_euclid(step);
    // Both ends lie between the bounds, which are i32.
    (first..=last).map(move |i| (i * step) as i32)
}

#[cfg(test)]
mod tests {
    use super::ticks;

    #[test]
    fn axes_have_ticks_at_multiples_inside_the_level() {
        assert_eq!(
            ticks(-1_000, 9_000, 5).collect::<Vec<_>>(),
            vec![0, 5_000],
            "none outside"
        );
        assert_eq!(ticks(2_000, 4_000, 2).collect::<Vec<_>>(), [2_000, 4_000]);
    }
}
