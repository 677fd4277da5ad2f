//! Draws a floor to scale as an SVG picture: what `takt floor draw` writes.
//!
//! One user unit is one millimetre, with north up, so every number in the picture can be compared with the floor file.
//! The palette is a calm grey in the sense of ISA-101: kinds of things differ by shape and line, never by colour alone,
//! so the picture reads the same in black and white.

mod palette;
mod plan;
mod sheet;

use crate::floor::{Floor, Level};
use crate::ids::LevelId;
pub use palette::Palette;
pub use plan::Plan;
use sheet::Sheet;
use std::fmt::Write;

/// How labels, margins and strokes are sized: they grow with the floor, so that a large one stays readable.
struct Scale {
    /// Height of text in millimetres.
    text: i64,
    /// Distance between two ticks of an axis in metres.
    tick_m: i64,
}

impl Scale {
    fn of(floor: &Floor) -> Self {
        let extent = floor
            .levels
            .iter()
            .map(|l| i64::from(l.max.0 - l.min.0).max(i64::from(l.max.1 - l.min.1)))
            .max()
            .unwrap_or(0)
            .max(1_000);
        let tick_m = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000]
            .into_iter()
            .find(|t| extent / (t * 1_000) <= 14)
            .unwrap_or(2_000);
        Self {
            text: (extent / 130).max(120),
            tick_m,
        }
    }

    fn margin(&self) -> i64 {
        self.text * 5
    }

    fn stroke(&self) -> i64 {
        (self.text / 9).max(10)
    }
}

/// Where levels lie in a picture: one below the other.
struct Layout {
    width: i64,
    /// Of the levels with their margins, and what was left above them.
    height: i64,
    /// For each level: a place's x is drawn at the first plus x, its y at the second minus y.
    origins: Vec<(i64, i64)>,
}

impl Layout {
    /// The levels of a floor below a head of so many millimetres.
    fn of(floor: &Floor, scale: &Scale, head: i64) -> Self {
        let margin = scale.margin();
        let size = |l: &Level| {
            (
                i64::from(l.max.0) - i64::from(l.min.0),
                i64::from(l.max.1) - i64::from(l.min.1),
            )
        };
        let widest = floor.levels.iter().map(|l| size(l).0).max();
        let mut top = head;
        let mut origins = Vec::with_capacity(floor.levels.len());
        for level in &floor.levels {
            origins.push((
                margin - i64::from(level.min.0),
                top + margin + i64::from(level.max.1),
            ));
            top += size(level).1 + 2 * margin;
        }
        Self {
            width: widest.unwrap_or(1_000) + 2 * margin,
            height: top,
            origins,
        }
    }

    /// What draws each level.
    fn sheets<'a>(&self, floor: &'a Floor, scale: &'a Scale) -> impl Iterator<Item = Sheet<'a>> {
        let origins = self.origins.iter().enumerate();
        origins.map(move |(index, &(left, bottom))| Sheet {
            floor,
            scale,
            level: LevelId::from_index(index),
            left,
            bottom,
        })
    }
}

/// Draws a whole floor, one level below the other; the same floor always gives the same text.
pub fn svg(floor: &Floor) -> String {
    let scale = Scale::of(floor);
    let margin = scale.margin();
    let layout = Layout::of(floor, &scale, scale.text * 3);
    let (width, height) = (layout.width, layout.height + scale.text * 3);
    let shown_width = 1_600_i64.min(width.max(1));
    let shown_height = (shown_width * height / width).max(1);

    let mut out = String::new();
    let _ = writeln!(
        out,
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{shown_width}" height="{shown_height}" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="{}">"#,
        scale.text
    );
    let _ = writeln!(out, "<title>{}</title>", escaped(&floor.name));
    let _ = writeln!(
        out,
        "<style>{}</style>",
        palette::styles(&scale, "", &Palette::PAPER)
    );
    let _ = writeln!(
        out,
        r##"<rect width="{width}" height="{height}" fill="#fff"/>"##
    );
    let _ = writeln!(
        out,
        r#"<text class="title" x="{margin}" y="{}">{}</text>"#,
        scale.text * 2,
        escaped(&floor.name)
    );
    for sheet in layout.sheets(floor, &scale) {
        sheet.draw(&mut out);
    }
    legend(&mut out, margin, layout.height + scale.text);
    out.push_str("</svg>\n");
    out
}

/// What the shapes mean, in one line below the floor.
fn legend(out: &mut String, x: i64, y: i64) {
    let _ = writeln!(
        out,
        "<text class=\"small\" x=\"{x}\" y=\"{y}\">square: station · diamond: charger · circle: parking · \
         filled outline: vehicle at its start · thick line: wall · broken thick line: door · \
         broken outline, or broad band: zone with the greatest number of vehicles · arrow: one-way</text>"
    );
}

/// Text as XML and HTML want it; control characters, which XML 1.0 cannot hold, become a replacement mark.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() || c == '\u{fffe}' || c == '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use crate::floor::{Battery, Station, Vehicle, VehicleKind, Wall};
    use crate::ids::{ClassId, KindId, NodeId, PlaceId};
    use crate::roadmap::{Edge, Node, Roadmap};

    /// Two nodes on one level, one edge, one station, one vehicle, and a name that XML must escape.
    fn small_floor() -> Floor {
        let node = |name: &str, x_mm, y_mm| Node {
            name: name.to_owned(),
            level: LevelId(0),
            x_mm,
            y_mm,
        };
        let outline = vec![(-400, -300), (400, -300), (400, 300), (-400, 300)];
        Floor {
            name: "<small> & \"plain\"\u{1}".to_owned(),
            levels: vec![Level {
                name: "ground".to_owned(),
                min: (-1_000, 0),
                max: (9_000, 5_000),
            }],
            roadmap: Roadmap::new(
                vec![node("a", 1_000, 1_000), node("b", 4_000, 1_000)],
                vec![Edge {
                    from: NodeId(0),
                    to: NodeId(1),
                    place: PlaceId(2),
                    length_mm: 3_000,
                    speed_mm_s: 1_000,
                    kinds: 1,
                    twin: None,
                    door: None,
                }],
            ),
            walls: vec![Wall {
                level: LevelId(0),
                points: vec![(0, 3_000), (9_000, 3_000)],
            }],
            kinds: vec![VehicleKind {
                name: "agv".to_owned(),
                footprint: outline.clone(),
                footprint_loaded: outline,
                classes: [ClassId(0); 2],
                speed_mm_s: [1_000; 2],
                acceleration_mm_s2: 500,
                deceleration_mm_s2: 500,
                turn_mrad_s: 1_000,
                reverse: false,
                transfer_ms: 5_000,
                battery: Battery::default(),
            }],
            vehicles: vec![Vehicle {
                name: "agv-1".to_owned(),
                kind: KindId(0),
                start: NodeId(0),
                address: None,
            }],
            stations: vec![Station {
                name: "feeder <1>".to_owned(),
                node: NodeId(1),
                device: None,
            }],
            ..Floor::default()
        }
    }

    fn texts(picture: &str) -> Vec<String> {
        let document = roxmltree::Document::parse(picture).expect("well-formed XML");
        document
            .descendants()
            .filter(|n| n.has_tag_name("text"))
            .filter_map(|n| n.text().map(str::to_owned))
            .collect()
    }

    #[test]
    fn picture_is_well_formed_and_names_what_stands_on_the_floor() {
        let picture = svg(&small_floor());
        let texts = texts(&picture);
        for name in ["feeder <1>", "agv-1", "<small> & \"plain\"\u{fffd}"] {
            assert!(texts.iter().any(|t| t == name), "{name} in {texts:?}");
        }
        assert_eq!(picture, svg(&small_floor()), "same floor, same picture");
    }

    #[test]
    fn picture_is_to_scale_with_north_up() {
        let picture = svg(&small_floor());
        let document = roxmltree::Document::parse(&picture).expect("well-formed XML");
        let corners: Vec<(i64, i64)> = document
            .descendants()
            .find(|n| n.attribute("class") == Some("vehicle"))
            .and_then(|n| n.attribute("points"))
            .unwrap()
            .split(' ')
            .map(|p| p.split_once(',').unwrap())
            .map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap()))
            .collect();
        let level = document
            .descendants()
            .find(|n| n.attribute("class") == Some("level"))
            .unwrap();
        let number = |name: &str| level.attribute(name).unwrap().parse::<i64>().unwrap();
        assert_eq!((number("width"), number("height")), (10_000, 5_000));
        // The vehicle faces east: its rear right corner is 0.6 m east and 0.7 m north of the floor's (0, 0).
        assert_eq!(
            corners[0],
            (
                number("x") + 1_000 + 600,
                number("y") + number("height") - 700
            )
        );
    }

    #[test]
    fn empty_floor_draws_nothing_but_is_still_a_picture() {
        assert!(!texts(&svg(&Floor::default())).is_empty());
    }
}
