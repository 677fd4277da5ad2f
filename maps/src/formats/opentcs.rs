//! openTCS plant models (XML, version 7) as floors.
//!
//! Points become nodes, paths edges, linked locations stations or chargers, blocks for a single vehicle exclusive
//! zones, park positions parking. The model says neither where vehicles start nor what they do: they start on park
//! positions, and random transports between the stations keep all of them busy. What Takt does not use is listed.
//!
//! The format is described by `model-7.0.0.xsd` of openTCS; lengths are millimetres, speeds mm/s.

mod convert;
mod model;
mod places;

use super::LoadOptions;
use crate::problem::{Problem, Problems};
use crate::spec::{FloorSpec, Span};
use model::Model;
use roxmltree::{Document, ParsingOptions};

/// Longest text that is read, in bytes.
const TEXT_MAX: usize = 64 << 20;

/// Most XML nodes and attributes that are read.
const XML_NODES_MAX: u32 = 4_000_000;

/// Reads a plant model and makes a floor of it; `name` is the file's name as the user knows it.
///
/// The second part of the answer lists what the model holds and Takt does not use, each kind of element once with its
/// number, sorted. Names, references and numbers carry their place in the text. Of `options` only the seed matters: it
/// chooses points for vehicles that find no park position.
///
/// # Errors
/// Text that is not XML, not a model of version 7, lacks attributes, or names points and types that are not there.
pub fn parse(
    text: &str,
    options: &LoadOptions,
    name: &str,
) -> Result<(FloorSpec, Vec<String>), Problems> {
    let fail = |list| Problems::new(name, text, list);
    if text.len() > TEXT_MAX {
        let message = format!("{} bytes are too many: at most {TEXT_MAX}", text.len());
        return Err(Problems::one(name, Problem::error(message, None)));
    }
    let limits = ParsingOptions {
        nodes_limit: XML_NODES_MAX,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(text, limits)
        .map_err(|error| fail(vec![not_xml(text, &error)]))?;
    let mut problems = Vec::new();
    let model = Model::read(&document, &mut problems);
    if let (Some(model), true) = (&model, problems.is_empty()) {
        let floor = convert::floor(model, options.seed, &mut problems);
        if problems.is_empty() {
            return Ok(floor);
        }
    }
    Err(fail(problems))
}

/// A syntax error as a problem; the parser's own position in its message is replaced by a span.
fn not_xml(text: &str, error: &roxmltree::Error) -> Problem {
    let said = error.to_string();
    let message = said.split(" at ").next().unwrap_or_default();
    let position = error.pos();
    let line_start = text
        .split_inclusive('\n')
        .take(position.row.saturating_sub(1) as usize)
        .map(str::len)
        .sum::<usize>();
    let line = text[line_start..].lines().next().unwrap_or_default();
    let column = position.col.saturating_sub(1) as usize;
    let offset = line
        .char_indices()
        .nth(column)
        .map_or(line.len(), |(at, _)| at);
    // The text is shorter than 4 GiB.
    let at = (line_start + offset) as u32;
    let place = Span { start: at, end: at };
    Problem::error(format!("this is not XML: {message}"), Some(place))
        .hint("an openTCS plant model begins with <model version=\"7.0.0\" name=\"...\">")
}

#[cfg(test)]
mod tests;
