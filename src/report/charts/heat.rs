//! Traffic on the floor's drawing: the more often an edge was driven, the broader and stronger its line.

use std::fmt::Write;

use takt_maps::draw::{Palette, Plan};

use super::super::figures::MapFigures;
use super::super::html::number;

/// Strengths of lines.
const CLASSES: usize = 6;

/// A scale of strengths; two maps side by side share one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Heat {
    /// The greatest count on it.
    pub max: u64,
}

impl Heat {
    /// The scale that holds all edges of these maps.
    pub fn of<'a>(maps: impl IntoIterator<Item = &'a MapFigures>) -> Self {
        let driven = maps.into_iter().flat_map(|m| &m.driven);
        Self {
            max: driven.map(|d| d.4).max().unwrap_or(0),
        }
    }

    /// The least count of a class. Classes grow with the square, so that quiet edges differ, too.
    fn least(&self, class: usize) -> u64 {
        let squares = (CLASSES * CLASSES) as u64;
        (self.max * (class * class) as u64)
            .div_ceil(squares)
            .max(class as u64 + 1)
    }

    fn class(&self, count: u64) -> usize {
        (1..CLASSES)
            .rev()
            .find(|&c| count >= self.least(c))
            .unwrap_or(0)
    }

    /// The floor with its traffic; `id` is unique on the page.
    pub fn map(&self, map: &MapFigures, id: &str) -> String {
        let scope = format!("#{id} ");
        let mut lines: [String; CLASSES] = Default::default();
        for &(x1, y1, x2, y2, count) in &map.driven {
            let _ = write!(lines[self.class(count)], "M{x1} {y1}L{x2} {y2}");
        }
        let mut heat = String::new();
        for (class, line) in lines.iter().enumerate().filter(|(_, l)| !l.is_empty()) {
            let width = map.text * (3 + 2 * class as i64) / 12;
            let _ = writeln!(
                heat,
                "<path class=\"heat h{class}\" stroke-width=\"{width}\" d=\"{line}\"/>"
            );
        }
        format!(
            "<svg id=\"{id}\" viewBox=\"0 0 {} {}\" font-size=\"{}\" role=\"img\" aria-label=\"traffic on the floor\">\n\
             <style>{}{scope}.small,{scope}.axis,{scope}.zone-name{{font-size:{}px}}</style>\n{}{heat}{}</svg>\n",
            map.width,
            map.height,
            map.text,
            Plan::styles(map.text, &scope, &Palette::VARIABLES),
            // Larger than in a drawing by itself: the page is narrower than that is shown.
            map.text,
            map.ground,
            map.furniture,
        )
    }

    /// What the strengths mean.
    pub fn legend(&self) -> String {
        if self.max == 0 {
            return "<p class=\"note\">No edge was driven.</p>\n".to_owned();
        }
        let mut out =
            String::from("<div class=\"legend\"><span>times driven, both directions:</span>");
        for class in 0..CLASSES {
            let least = self.least(class);
            let most = match class + 1 {
                CLASSES => self.max,
                next => self.least(next) - 1,
            };
            if least > most {
                continue;
            }
            let range = if least == most {
                number(least as f64, 0)
            } else {
                format!("{} to {}", number(least as f64, 0), number(most as f64, 0))
            };
            out += &format!(
                "<span><svg viewBox=\"0 0 26 12\"><path class=\"heat h{class}\" stroke-width=\"{}\" d=\"M5 6H21\"/></svg>{range}</span>",
                2 + class * 3 / 2
            );
        }
        out + "</div>\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_count_has_one_class_and_the_greatest_the_strongest() {
        for max in [1, 2, 5, 36, 1_000] {
            let heat = Heat { max };
            let classes: Vec<usize> = (1..=max).map(|n| heat.class(n)).collect();
            assert!(classes.is_sorted(), "{max}: {classes:?}");
            assert_eq!(classes[0], 0);
        }
        assert_eq!(Heat { max: 36 }.class(36), CLASSES - 1);
        assert!(Heat { max: 0 }.legend().contains("No edge"));
    }
}
