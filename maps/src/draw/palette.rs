//! The colours of a floor's picture, and its style sheet.

use super::Scale;

/// A colour for each sort of thing, as CSS writes it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Palette {
    /// Inside of a level's outline.
    pub level: &'static str,
    /// A level's outline.
    pub frame: &'static str,
    /// Grid of the axes.
    pub grid: &'static str,
    /// Numbers and words at the axes, and names of zones.
    pub axis: &'static str,
    /// Inside of a zone.
    pub zone: &'static str,
    /// A zone's outline.
    pub zone_line: &'static str,
    /// A zone without outline: a band along its edges.
    pub band: &'static str,
    /// Edges of the roadmap.
    pub lane: &'static str,
    /// Arrows of one-way edges.
    pub arrow: &'static str,
    /// Walls and doors.
    pub wall: &'static str,
    /// Inside of stations, chargers, parking places, and the halo around words.
    pub place: &'static str,
    /// Outline of stations, chargers, parking places.
    pub place_line: &'static str,
    /// Inside of vehicles.
    pub vehicle: &'static str,
    /// Words, and outlines of vehicles.
    pub ink: &'static str,
}

impl Palette {
    /// Greys on white paper.
    pub const PAPER: Self = Self {
        level: "#fafafa",
        frame: "#999",
        grid: "#e4e4e4",
        axis: "#555",
        zone: "#e6e6e6",
        zone_line: "#777",
        band: "#dcdcdc",
        lane: "#a8a8a8",
        arrow: "#7a7a7a",
        wall: "#333",
        place: "#fff",
        place_line: "#444",
        vehicle: "#c4c4c4",
        ink: "#222",
    };

    /// Custom properties (`--plan-wall` and so on) that the page around the picture defines: light and dark.
    pub const VARIABLES: Self = Self {
        level: "var(--plan-level)",
        frame: "var(--plan-frame)",
        grid: "var(--plan-grid)",
        axis: "var(--plan-axis)",
        zone: "var(--plan-zone)",
        zone_line: "var(--plan-zone-line)",
        band: "var(--plan-band)",
        lane: "var(--plan-lane)",
        arrow: "var(--plan-arrow)",
        wall: "var(--plan-wall)",
        place: "var(--plan-place)",
        place_line: "var(--plan-place-line)",
        vehicle: "var(--plan-vehicle)",
        ink: "var(--plan-ink)",
    };
}

/// The style sheet; each rule begins with `scope` (`""`, or a selector and a space).
pub(super) fn styles(scale: &Scale, scope: &str, palette: &Palette) -> String {
    let s = scale.stroke();
    let text = scale.text;
    let small = text * 3 / 4;
    let Palette {
        level,
        frame,
        grid,
        axis,
        zone,
        zone_line,
        band,
        lane,
        arrow,
        wall,
        place,
        place_line,
        vehicle,
        ink,
    } = palette;
    let rules = [
        (".title", format!("font-size:{}px;fill:{ink}", text * 3 / 2)),
        (
            ".level",
            format!("fill:{level};stroke:{frame};stroke-width:{s}"),
        ),
        (
            ".grid",
            format!("stroke:{grid};stroke-width:{};fill:none", s / 2),
        ),
        (
            ".axis",
            format!("fill:{axis};text-anchor:middle;font-size:{small}px"),
        ),
        (".right", "text-anchor:end".to_owned()),
        (
            ".zone",
            format!(
                "fill:{zone};stroke:{zone_line};stroke-width:{s};stroke-dasharray:{} {}",
                s * 4,
                s * 3
            ),
        ),
        (
            ".band",
            format!("fill:none;stroke:{band};stroke-width:{}", text * 2),
        ),
        (
            ".lane",
            format!("fill:none;stroke:{lane};stroke-width:{}", s * 2),
        ),
        (".arrow", format!("fill:{arrow}")),
        (
            ".wall",
            format!("fill:none;stroke:{wall};stroke-width:{}", s * 3),
        ),
        (
            ".door",
            format!(
                "fill:none;stroke:{wall};stroke-width:{};stroke-dasharray:{} {}",
                s * 4,
                s * 2,
                s * 2
            ),
        ),
        (
            ".place",
            format!("fill:{place};stroke:{place_line};stroke-width:{s}"),
        ),
        (
            ".vehicle",
            format!(
                "fill:{vehicle};fill-opacity:.8;stroke:{ink};stroke-width:{}",
                s / 2
            ),
        ),
        (
            ".small,.zone-name",
            format!("paint-order:stroke;stroke:{place};stroke-width:{}", s * 2),
        ),
        (".small", format!("fill:{ink};font-size:{small}px")),
        (
            ".zone-name",
            format!("fill:{axis};font-size:{small}px;font-style:italic"),
        ),
    ];
    let mut out = String::new();
    for (selectors, rule) in rules {
        let scoped: Vec<String> = selectors
            .split(',')
            .map(|s| format!("{scope}{s}"))
            .collect();
        out += &format!("{}{{{rule}}}", scoped.join(","));
    }
    out
}
