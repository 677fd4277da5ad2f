//! A floor's picture in layers, for those who draw something of their own between them: traffic on its lanes.

use super::{Layout, Palette, Scale, palette};
use crate::floor::{Floor, Point};
use crate::ids::LevelId;

/// The layers of a picture, without vehicles and title; one user unit is one millimetre.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    /// Width in millimetres, margins included.
    pub width: i64,
    /// Height in millimetres, margins included.
    pub height: i64,
    /// Height of text in millimetres; strokes go with it.
    pub text: i64,
    /// Levels, axes, zones and lanes, as SVG elements.
    pub ground: String,
    /// Walls, doors and places, as SVG elements.
    pub furniture: String,
    /// Names of what stands on the floor, as SVG elements.
    pub names: String,
    origins: Vec<(i64, i64)>,
}

impl Plan {
    /// Draws a floor.
    pub fn of(floor: &Floor) -> Self {
        let scale = Scale::of(floor);
        let layout = Layout::of(floor, &scale, 0);
        let (mut ground, mut furniture, mut names) = Default::default();
        for sheet in layout.sheets(floor, &scale) {
            sheet.ground(&mut ground);
            sheet.furniture(&mut furniture);
            sheet.names(&mut names);
        }
        Self {
            width: layout.width,
            height: layout.height,
            text: scale.text,
            ground,
            furniture,
            names,
            origins: layout.origins,
        }
    }

    /// Where a point of a level is in the picture. A level that the floor does not have lies at the picture's origin.
    pub fn at(&self, level: LevelId, (x, y): Point) -> (i64, i64) {
        let (left, bottom) = self.origins.get(level.index()).copied().unwrap_or_default();
        (left + i64::from(x), bottom - i64::from(y))
    }

    /// The style sheet of a picture with text of this height; each rule begins with `scope` (a selector and a space).
    pub fn styles(text: i64, scope: &str, palette: &Palette) -> String {
        palette::styles(&Scale { text, tick_m: 1 }, scope, palette)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_layers_are_those_of_the_whole_picture_and_lie_where_it_says() {
        let floor = crate::builtin("electronics-line").unwrap().unwrap().floor;
        let plan = Plan::of(&floor);
        let picture = format!("<svg>{}{}{}</svg>", plan.ground, plan.furniture, plan.names);
        let document = roxmltree::Document::parse(&picture).unwrap();
        let level = document
            .descendants()
            .find(|n| n.attribute("class") == Some("level"))
            .unwrap();
        let number = |name: &str| level.attribute(name).unwrap().parse::<i64>().unwrap();
        let north_west = (floor.levels[0].min.0, floor.levels[0].max.1);
        assert_eq!(plan.at(LevelId(0), north_west), (number("x"), number("y")));
        assert!(number("y") + number("height") <= plan.height);
        assert!(
            !picture.contains("class=\"vehicle\""),
            "the fleet is not part of it"
        );
        assert!(plan.names.contains("store-1") && !plan.names.contains("T01"));
    }
}
