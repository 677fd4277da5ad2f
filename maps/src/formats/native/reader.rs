//! Typed reading of TOML tables that goes on after a problem: what is missing, of the wrong type or unknown is noted
//! with its place, and something harmless stands in for it.

use crate::problem::Problem;
use crate::spec::{At, Span};
use crate::suggest::did_you_mean;
use std::cell::RefCell;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value with its place in the text.
pub(super) type Item<'d> = Spanned<DeValue<'d>>;

/// A place in a text of at most 4 GiB.
pub(super) fn span(range: Range<usize>) -> Span {
    Span {
        start: range.start as u32,
        end: range.end as u32,
    }
}

/// What has been noted so far.
#[derive(Default)]
pub(super) struct Log(RefCell<Vec<Problem>>);

impl Log {
    pub(super) fn push(&self, problem: Problem) {
        self.0.borrow_mut().push(problem);
    }

    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.0.into_inner()
    }

    /// Notes that something else was expected here.
    pub(super) fn expected(&self, item: &Item, expected: &str) {
        let found = match item.get_ref() {
            DeValue::Table(_) => "a table",
            DeValue::Array(_) => "a list",
            DeValue::String(_) => "a text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
        };
        let message = format!("this must be {expected}, not {found}");
        self.push(Problem::error(message, Some(span(item.span()))));
    }
}

/// Something that can be read from one value.
pub(super) trait Read: Sized {
    /// Reads it, or notes why not.
    fn read(item: &Item, log: &Log) -> Option<Self>;
}

impl Read for bool {
    fn read(item: &Item, log: &Log) -> Option<Self> {
        let value = item.get_ref().as_bool();
        if value.is_none() {
            log.expected(item, "true or false");
        }
        value
    }
}

impl Read for At<String> {
    fn read(item: &Item, log: &Log) -> Option<Self> {
        let Some(value) = item.get_ref().as_str() else {
            log.expected(item, "a text in quotes");
            return None;
        };
        Some(At::new(value.to_owned(), span(item.span())))
    }
}

impl Read for At<i64> {
    fn read(item: &Item, log: &Log) -> Option<Self> {
        let Some(integer) = item.get_ref().as_integer() else {
            log.expected(item, "a whole number");
            return None;
        };
        let value = i64::from_str_radix(integer.as_str(), integer.radix());
        if value.is_err() {
            log.push(Problem::error(
                "this number is too large",
                Some(span(item.span())),
            ));
        }
        Some(At::new(value.ok()?, span(item.span())))
    }
}

impl Read for f64 {
    fn read(item: &Item, log: &Log) -> Option<Self> {
        let value = match item.get_ref() {
            DeValue::Float(float) => float.as_str().parse().ok(),
            DeValue::Integer(i) => i64::from_str_radix(i.as_str(), i.radix())
                .ok()
                .map(|value| value as f64),
            _ => {
                log.expected(item, "a number");
                return None;
            }
        };
        if value.is_none() {
            let problem = Problem::error("this number is too large", Some(span(item.span())));
            log.push(problem);
        }
        value
    }
}

impl Read for At<f64> {
    fn read(item: &Item, log: &Log) -> Option<Self> {
        Some(At::new(f64::read(item, log)?, span(item.span())))
    }
}

impl Read for At<[f64; 2]> {
    fn read(item: &Item, log: &Log) -> Option<Self> {
        match item.get_ref().as_array() {
            Some(pair) if pair.len() == 2 => {
                let (x, y) = (f64::read(&pair[0], log), f64::read(&pair[1], log));
                Some(At::new([x?, y?], span(item.span())))
            }
            _ => {
                log.push(
                    Problem::error("this must be a point", Some(span(item.span())))
                        .hint("write [x, y] in metres"),
                );
                None
            }
        }
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(item: &Item, log: &Log) -> Option<Self> {
        let Some(list) = item.get_ref().as_array() else {
            log.expected(item, "a list");
            return None;
        };
        // Elements that can't be read are left out; they have been noted.
        Some(list.iter().filter_map(|i| T::read(i, log)).collect())
    }
}

/// A table whose keys are asked for one by one; those never asked for are unknown.
pub(super) struct Fields<'d> {
    table: &'d DeTable<'d>,
    what: &'static str,
    /// Where the table is.
    pub(super) span: Span,
    asked: Vec<&'static str>,
    pub(super) log: &'d Log,
}

impl<'d> Fields<'d> {
    /// `what` names the table in messages.
    pub(super) fn new(
        table: &'d DeTable<'d>,
        span: Span,
        what: &'static str,
        log: &'d Log,
    ) -> Self {
        Self {
            table,
            what,
            span,
            asked: Vec::new(),
            log,
        }
    }

    /// The value of a key as it is.
    pub(super) fn item(&mut self, key: &'static str) -> Option<&'d Item<'d>> {
        self.asked.push(key);
        self.table.get(key)
    }

    /// The value of a key that may be missing.
    pub(super) fn optional<T: Read>(&mut self, key: &'static str) -> Option<T> {
        self.item(key).and_then(|item| T::read(item, self.log))
    }

    /// The value of a key that must be there.
    pub(super) fn required<T: Read + Default>(&mut self, key: &'static str) -> T {
        match self.item(key) {
            Some(item) => T::read(item, self.log).unwrap_or_default(),
            None => {
                self.missing(key);
                T::default()
            }
        }
    }

    /// Notes that a key is missing.
    pub(super) fn missing(&self, key: &str) {
        // A whole document has no opening line to point to.
        let at = (self.what != "a floor file").then_some(self.span);
        let message = format!("{} needs the key \"{key}\"", self.what);
        let problem = Problem::error(message, at);
        self.log
            .push(problem.hint("docs/floor-file.md describes every key"));
    }

    /// Reads a table under a key.
    pub(super) fn table<T>(
        &mut self,
        key: &'static str,
        what: &'static str,
        read: impl FnOnce(&mut Fields<'d>) -> T,
    ) -> Option<T> {
        let item = self.item(key)?;
        read_table(item, what, self.log, read)
    }

    /// Reads a list of tables under a key; none if it is missing.
    pub(super) fn tables<T>(
        &mut self,
        key: &'static str,
        what: &'static str,
        mut read: impl FnMut(&mut Fields<'d>) -> T,
    ) -> Vec<T> {
        let Some(item) = self.item(key) else {
            return Vec::new();
        };
        let Some(list) = item.get_ref().as_array() else {
            self.log
                .expected(item, &format!("a list of tables, {what}"));
            return Vec::new();
        };
        list.iter()
            .filter_map(|item| read_table(item, what, self.log, &mut read))
            .collect()
    }

    /// All keys and values, in the order of the text.
    pub(super) fn entries(&mut self) -> Vec<(At<String>, &'d Item<'d>)> {
        let mut entries: Vec<_> = self
            .table
            .iter()
            .map(|(key, item)| {
                let name = key.get_ref().clone().into_owned();
                (At::new(name, span(key.span())), item)
            })
            .collect();
        entries.sort_by_key(|(name, _)| name.span);
        entries
    }

    /// Notes the keys that nobody asked for.
    pub(super) fn finish(self) {
        for (key, _) in self.table.iter() {
            let word = key.get_ref().as_ref();
            if self.asked.contains(&word) {
                continue;
            }
            let message = format!("{} has no key \"{word}\"", self.what);
            let hint = did_you_mean(word, self.asked.iter().copied())
                .unwrap_or_else(|| format!("the keys are: {}", self.asked.join(", ")));
            let problem = Problem::error(message, Some(span(key.span())));
            self.log.push(problem.hint(hint));
        }
    }
}

/// Reads a value that must be a table.
pub(super) fn read_table<'d, T>(
    item: &'d Item<'d>,
    what: &'static str,
    log: &'d Log,
    read: impl FnOnce(&mut Fields<'d>) -> T,
) -> Option<T> {
    let Some(table) = item.get_ref().as_table() else {
        log.expected(item, &format!("a table, {what}"));
        return None;
    };
    let mut fields = Fields::new(table, span(item.span()), what, log);
    let value = read(&mut fields);
    fields.finish();
    Some(value)
}
