//! Charts as inline SVG. Colours come from the classes of the page's style sheet, so they follow light and dark.

pub mod axis;
pub mod gantt;
pub mod heat;
pub mod line;

pub use heat::Heat;
pub use line::{Curve, LineChart};
