//! What is wrong with a floor, and where: all of it at once, with a hint each.

use crate::spec::Span;
use miette::{Diagnostic, LabeledSpan, SourceCode};
use serde::ser::{Serialize, SerializeSeq, SerializeStruct, Serializer};
use std::fmt::{self, Write};
use std::sync::Arc;

/// Most problems that are kept; who has more mends the first ones and looks again.
const PROBLEMS_MAX: usize = 1_000;

/// Does it keep the floor from being used?
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Severity {
    /// The floor can't be used like this.
    Error,
    /// It can, but probably not as meant.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        })
    }
}

/// One thing that is wrong.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Where in the source text.
    pub span: Option<Span>,
}

impl Problem {
    /// An error.
    pub fn error(message: impl Into<String>, span: Option<Span>) -> Self {
        Self {
            severity: Severity::Error,
            message: message.into(),
            hint: None,
            span,
        }
    }

    /// A warning.
    pub fn warning(message: impl Into<String>, span: Option<Span>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(message, span)
        }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}

impl Diagnostic for Problem {
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.hint
            .as_ref()
            .map(|hint| Box::new(hint) as Box<dyn fmt::Display>)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.span?;
        let length = span.end.saturating_sub(span.start) as usize;
        let label = LabeledSpan::new(Some("here".to_owned()), span.start as usize, length);
        Some(Box::new(std::iter::once(label)))
    }
}

/// All that is wrong with one source, in the order of the text.
#[derive(Clone, Debug)]
pub struct Problems {
    name: String,
    text: Arc<str>,
    list: Vec<Problem>,
    /// Byte offset of the beginning of each line.
    lines: Vec<u32>,
}

impl Problems {
    /// Orders the problems by their place (those without one come first) and drops repetitions; of more than a
    /// thousand the rest is only counted.
    ///
    /// `name` is the file's name as the user knows it; `text` its contents, at most 4 GiB (empty if there is none).
    pub fn new(name: impl Into<String>, text: impl Into<Arc<str>>, mut list: Vec<Problem>) -> Self {
        let text: Arc<str> = text.into();
        list.sort_by_key(|p| (p.span, p.severity));
        let mut seen = std::collections::HashSet::new();
        list.retain(|p| seen.insert(p.clone()));
        if list.len() > PROBLEMS_MAX {
            let more = format!(
                "{} further problems are not shown",
                list.len() - PROBLEMS_MAX
            );
            list.truncate(PROBLEMS_MAX);
            list.push(Problem::error(more, None));
        }
        let breaks = text.bytes().enumerate().filter(|&(_, b)| b == b'\n');
        let lines = std::iter::once(0)
            .chain(breaks.map(|(i, _)| i as u32 + 1))
            .collect();
        Self {
            name: name.into(),
            text,
            list,
            lines,
        }
    }

    /// One error that is about the source as a whole.
    pub fn one(name: impl Into<String>, problem: Problem) -> Self {
        Self::new(name, "", vec![problem])
    }

    /// Name of the source.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The source text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The problems.
    pub fn list(&self) -> &[Problem] {
        &self.list
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Number of errors and of warnings.
    pub fn counts(&self) -> (usize, usize) {
        let errors = self
            .list
            .iter()
            .filter(|p| p.severity == Severity::Error)
            .count();
        (errors, self.list.len() - errors)
    }

    /// Line and column of a problem, both from 1; columns count characters. `None` if it has no place.
    pub fn line_column(&self, problem: &Problem) -> Option<(usize, usize)> {
        let at = problem.span?.start;
        let line = self.lines.partition_point(|&start| start <= at);
        let begin = self.lines[line - 1] as usize;
        // A span that ends inside a character can't come from here, but must not panic either.
        let before = self.text.as_bytes().get(begin..at as usize)?;
        let column = before.iter().filter(|&&b| b & 0xC0 != 0x80).count();
        Some((line, column + 1))
    }

    /// All problems as plain text, a line each and another for its hint:
    /// `file:line:column: error: message` and `    hint: ...`.
    pub fn plain(&self) -> String {
        let mut out = String::new();
        for problem in &self.list {
            out.push_str(&self.name);
            if let Some((line, column)) = self.line_column(problem) {
                // Writing to a string can't fail.
                let _ = write!(out, ":{line}:{column}");
            }
            let _ = writeln!(out, ": {}: {}", problem.severity, problem.message);
            if let Some(hint) = &problem.hint {
                let _ = writeln!(out, "    hint: {hint}");
            }
        }
        out
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
        let (errors, warnings) = self.counts();
        write!(f, "{}: ", self.name)?;
        match (errors, warnings) {
            (0, 0) => f.write_str("no problems"),
            (e, 0) => f.write_str(&plural(e, "error")),
            (0, w) => f.write_str(&plural(w, "warning")),
            (e, w) => write!(f, "{} and {}", plural(e, "error"), plural(w, "warning")),
        }
    }
}

impl std::error::Error for Problems {}

/// Rendered by miette: a summary, then each problem with its piece of the source.
impl Diagnostic for Problems {
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.counts().0 {
            0 => miette::Severity::Warning,
            _ => miette::Severity::Error,
        })
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        (!self.text.is_empty()).then_some(self as &dyn SourceCode)
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(self.list.iter().map(|p| p as &dyn Diagnostic)))
    }
}

impl SourceCode for Problems {
    fn read_span<'a>(
        &'a self,
        span: &miette::SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn miette::SpanContents<'a> + 'a>, miette::MietteError> {
        let contents = self.text.as_ref().read_span(span, before, after)?;
        Ok(Box::new(miette::MietteSpanContents::new_named(
            self.name.clone(),
            contents.data(),
            *contents.span(),
            contents.line(),
            contents.column(),
            contents.line_count(),
        )))
    }
}

/// A list of `{severity, message, hint, line, column}`; line and column are null for what has no place.
impl Serialize for Problems {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_seq(Some(self.list.len()))?;
        for problem in &self.list {
            out.serialize_element(&Located {
                problem,
                at: self.line_column(problem),
            })?;
        }
        out.end()
    }
}

/// A problem with its line and column, for serialisation.
struct Located<'a> {
    problem: &'a Problem,
    at: Option<(usize, usize)>,
}

impl Serialize for Located<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Problem", 5)?;
        out.serialize_field("severity", &self.problem.severity.to_string())?;
        out.serialize_field("message", &self.problem.message)?;
        out.serialize_field("hint", &self.problem.hint)?;
        out.serialize_field("line", &self.at.map(|a| a.0))?;
        out.serialize_field("column", &self.at.map(|a| a.1))?;
        out.end()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn problems() -> Problems {
        let text = "one\nzwölf\nthree\n";
        let at = |start, end| Some(Span { start, end });
        Problems::new(
            "f.toml",
            text,
            vec![
                Problem::warning("late", at(11, 16)).hint("do this"),
                Problem::error("after the umlaut", at(8, 9)),
                Problem::error("after the umlaut", at(8, 9)),
                Problem::error("whole", None),
            ],
        )
    }

    #[test]
    fn plain_text_names_line_and_column_in_order() {
        assert_eq!(
            problems().plain(),
            "f.toml: error: whole\nf.toml:2:4: error: after the umlaut\nf.toml:3:1: warning: late\n    hint: do this\n"
        );
        assert_eq!(problems().to_string(), "f.toml: 2 errors and 1 warning");
    }

    #[test]
    fn miette_shows_the_source_of_each() {
        let mut out = String::new();
        let handler = miette::GraphicalReportHandler::new_themed(miette::GraphicalTheme::none());
        handler.render_report(&mut out, &problems()).unwrap();
        assert!(out.contains("zwölf") && out.contains("do this"), "{out}");
    }
}
