//! Curves over an axis.

use std::fmt::Write;

use super::super::html::escaped;
use super::axis::Axis;

const WIDTH: f64 = 580.0;
const HEIGHT: f64 = 230.0;
/// Room for numbers left of, above, right of and below the curves.
const LEFT: f64 = 54.0;
const TOP: f64 = 22.0;
const RIGHT: f64 = 14.0;
const BOTTOM: f64 = 38.0;

/// One curve.
#[derive(Clone, PartialEq, Debug)]
pub struct Curve {
    /// For the legend.
    pub name: String,
    /// Which of the colours, `0 ..= 5`.
    pub colour: usize,
    /// Dashed, as everything of a second run.
    pub dashed: bool,
    /// x and y; a gap where there is no y.
    pub points: Vec<(f64, Option<f64>)>,
}

/// What the x axis is about.
#[derive(Clone, PartialEq, Debug)]
pub enum Across {
    /// Time in seconds, up to here.
    Time(f64),
    /// Something else, with its name and unit.
    Number(String),
}

/// Curves with axes, grid and legend.
#[derive(Clone, PartialEq, Debug)]
pub struct LineChart {
    /// What it shows.
    pub title: String,
    /// Unit of the y axis.
    pub unit: String,
    /// The x axis.
    pub across: Across,
    /// The y axis holds this, whatever the curves say.
    pub least_max: f64,
    /// Curves.
    pub curves: Vec<Curve>,
    /// A marked x, and what is said there.
    pub mark: Option<(f64, String)>,
    /// A dot at each point.
    pub dots: bool,
}

impl LineChart {
    /// Curves over time in seconds up to `end_s`.
    pub fn over_time(title: &str, unit: &str, end_s: f64, curves: Vec<Curve>) -> Self {
        Self {
            title: title.to_owned(),
            unit: unit.to_owned(),
            across: Across::Time(end_s),
            least_max: 0.0,
            curves,
            mark: None,
            dots: false,
        }
    }

    /// As a figure with title and legend.
    pub fn figure(&self) -> String {
        let xs = || self.curves.iter().flat_map(|c| &c.points).map(|p| p.0);
        let ys = self
            .curves
            .iter()
            .flat_map(|c| &c.points)
            .filter_map(|p| p.1);
        let y_axis = Axis::up_to(ys.fold(self.least_max, f64::max), 5);
        let (x_axis, unit_s, x_name) = match &self.across {
            Across::Time(end_s) => {
                let (axis, unit_s, unit) = Axis::of_time(*end_s, 9);
                (axis, unit_s, format!("simulated time [{unit}]"))
            }
            Across::Number(name) => (Axis::up_to(xs().fold(0.0, f64::max), 10), 1.0, name.clone()),
        };
        let x = |v: f64| LEFT + v / unit_s / x_axis.max * (WIDTH - LEFT - RIGHT);
        let y = |v: f64| HEIGHT - BOTTOM - v / y_axis.max * (HEIGHT - TOP - BOTTOM);

        let mut out = format!(
            "<figure><figcaption>{}</figcaption>\n",
            escaped(&self.title)
        );
        out += &self.legend();
        let _ = writeln!(
            out,
            "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">",
            escaped(&self.title)
        );
        // Grid and axes.
        for tick in y_axis.ticks() {
            let at = y(tick);
            let _ = writeln!(
                out,
                "<path class=\"gridline\" d=\"M{LEFT} {at:.1}H{}\"/><text class=\"soft end\" x=\"{}\" y=\"{:.1}\">{}</text>",
                WIDTH - RIGHT,
                LEFT - 6.0,
                at + 4.0,
                y_axis.label(tick)
            );
        }
        for tick in x_axis.ticks() {
            let at = x(tick * unit_s);
            let _ = writeln!(
                out,
                "<path class=\"gridline\" d=\"M{at:.1} {TOP}V{}\"/><text class=\"soft mid\" x=\"{at:.1}\" y=\"{}\">{}</text>",
                HEIGHT - BOTTOM,
                HEIGHT - BOTTOM + 16.0,
                x_axis.label(tick)
            );
        }
        let _ = writeln!(
            out,
            "<path class=\"axisline\" fill=\"none\" d=\"M{LEFT} {TOP}V{b}H{r}\"/>\
             <text class=\"soft end\" x=\"{r}\" y=\"{}\">{}</text><text class=\"soft\" x=\"4\" y=\"12\">[{}]</text>",
            HEIGHT - 4.0,
            escaped(&x_name),
            escaped(&self.unit),
            b = HEIGHT - BOTTOM,
            r = WIDTH - RIGHT,
        );
        // Curves.
        for curve in &self.curves {
            self.curve(&mut out, curve, &x, &y);
        }
        if let Some((at, text)) = &self.mark {
            let at = x(*at);
            let (anchor, dx) = if at > WIDTH * 0.6 {
                ("end", -6.0)
            } else {
                ("", 6.0)
            };
            let _ = writeln!(
                out,
                "<path class=\"mark\" d=\"M{at:.1} {TOP}V{}\"/><text class=\"{anchor}\" x=\"{:.1}\" y=\"{}\">{}</text>",
                HEIGHT - BOTTOM,
                at + dx,
                HEIGHT - BOTTOM - 8.0,
                escaped(text)
            );
        }
        out + "</svg></figure>\n"
    }

    fn curve(
        &self,
        out: &mut String,
        curve: &Curve,
        x: &impl Fn(f64) -> f64,
        y: &impl Fn(f64) -> f64,
    ) {
        let mut path = String::new();
        let mut pen_down = false;
        let mut dots = String::new();
        for (i, &(px, py)) in curve.points.iter().enumerate() {
            let Some(py) = py else {
                pen_down = false;
                continue;
            };
            let _ = write!(
                path,
                "{}{:.1} {:.1}",
                if pen_down { 'L' } else { 'M' },
                x(px),
                y(py)
            );
            // A value between two gaps is a line of no length otherwise.
            let alone = !pen_down && curve.points.get(i + 1).is_none_or(|next| next.1.is_none());
            if self.dots || alone {
                let _ = write!(
                    dots,
                    "<circle class=\"dot s{}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\"><title>{}: {}</title></circle>",
                    curve.colour,
                    x(px),
                    y(py),
                    escaped(&curve.name),
                    super::super::html::number(py, 1)
                );
            }
            pen_down = true;
        }
        let dashed = if curve.dashed { " dashed" } else { "" };
        let _ = writeln!(
            out,
            "<path class=\"curve s{}{dashed}\" d=\"{path}\"/>{dots}",
            curve.colour
        );
    }

    fn legend(&self) -> String {
        if self.curves.len() < 2 {
            return String::new();
        }
        let mut out = String::from("<div class=\"legend\">");
        for curve in &self.curves {
            let dashed = if curve.dashed { " dashed" } else { "" };
            out += &format!(
                "<span><svg viewBox=\"0 0 26 12\"><path class=\"curve s{}{dashed}\" d=\"M0 6H26\"/></svg>{}</span>",
                curve.colour,
                escaped(&curve.name)
            );
        }
        out + "</div>\n"
    }
}
