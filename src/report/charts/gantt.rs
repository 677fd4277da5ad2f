//! What each vehicle was for over time, one row a vehicle; waits and faults lie over it.

use std::fmt::Write;

use super::super::chronicle::{Diary, Doing, Hindrance, Span};
use super::super::html::escaped;
use super::axis::Axis;

const WIDTH: usize = 1_180;
/// Room for names.
const LEFT: usize = 74;
/// Room for the end of the last number.
const RIGHT: usize = 16;
/// Columns of the chart: each shows what a vehicle did for most of its time.
const COLUMNS: usize = WIDTH - LEFT - RIGHT;
/// Rows drawn; a larger fleet is cut off.
pub const ROWS_MAX: usize = 200;

/// The class of a bar; also its word with a dash.
fn class(doing: Doing) -> &'static str {
    match doing {
        Doing::ToPickup => "to-pickup",
        Doing::Loading => "loading",
        Doing::ToDrop => "to-drop",
        Doing::Unloading => "unloading",
        Doing::ToCharger => "to-charger",
        Doing::Charging => "charging",
        Doing::Parking => "to-parking",
        Doing::Idle => "idle",
    }
}

/// The chart, with its legend.
pub fn figure(names: &[&str], diaries: &[Diary], end_ms: u64) -> String {
    let rows = diaries.len().min(ROWS_MAX);
    let pitch = match rows {
        0..=40 => 18,
        41..=80 => 14,
        _ => 9,
    };
    let height = rows * pitch + 44;
    let end_ms = end_ms.max(1);
    let mut out = legend();
    let _ = writeln!(
        out,
        "<svg class=\"gantt\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"vehicles over time\">"
    );
    let (axis, unit_s, unit) = Axis::of_time(end_ms as f64 / 1_000.0, 12);
    let bottom = rows * pitch + 6;
    let column_ms = end_ms as f64 / COLUMNS as f64;
    for (row, (name, diary)) in names.iter().zip(diaries).take(ROWS_MAX).enumerate() {
        let top = row * pitch + 4;
        let bar = pitch - 3;
        // With rows too narrow for words, every fifth is named.
        if pitch > 10 || row.is_multiple_of(5) {
            let _ = write!(
                out,
                "<text class=\"end\" x=\"{}\" y=\"{}\">{}</text>",
                LEFT - 6,
                top + bar / 2 + 4,
                escaped(name)
            );
        }
        let doing = columns(
            &diary.doings,
            end_ms,
            |d| Some(d as usize),
            Doing::ALL.len(),
        );
        for (from, until, what) in runs(&doing) {
            let doing = Doing::ALL[what];
            let _ = write!(
                out,
                "<rect class=\"{}\" x=\"{}\" y=\"{top}\" width=\"{}\" height=\"{bar}\"/>",
                class(doing),
                LEFT + from,
                until - from
            );
        }
        let over = |why: Hindrance| Some(usize::from(why.out_of_order()));
        let hindered = columns(&diary.hindrances, end_ms, over, 2);
        for (from, until, out_of_order) in runs(&hindered) {
            let (class, height) = [("wait", bar / 3), ("fault", bar)][out_of_order];
            let _ = write!(
                out,
                "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{height}\"/>",
                LEFT + from,
                top + bar - height,
                until - from
            );
        }
        out.push('\n');
    }
    for tick in axis.ticks() {
        let x = LEFT as f64 + tick * unit_s * 1_000.0 / column_ms;
        let _ = writeln!(
            out,
            "<path class=\"axisline\" d=\"M{x:.1} {bottom}v5\"/><text class=\"soft mid\" x=\"{x:.1}\" y=\"{}\">{}</text>",
            bottom + 18,
            axis.label(tick)
        );
    }
    let _ = writeln!(
        out,
        "<path class=\"axisline\" d=\"M{LEFT} {bottom}H{}\"/><text class=\"soft end\" x=\"{}\" y=\"{}\">simulated time [{unit}]</text></svg>",
        LEFT + COLUMNS,
        LEFT + COLUMNS,
        bottom + 34
    );
    let seconds = column_ms / 1_000.0;
    let _ = writeln!(
        out,
        "<p class=\"note\">One column is {seconds:.1} s and shows what took most of it.{}</p>",
        if diaries.len() > rows {
            format!(" The first {rows} of {} vehicles are shown.", diaries.len())
        } else {
            String::new()
        }
    );
    out
}

/// What filled most of each column, by number; `None` where less than half of it was filled.
fn columns<T: Copy>(
    spans: &[Span<T>],
    end_ms: u64,
    number: impl Fn(T) -> Option<usize>,
    sorts: usize,
) -> Vec<Option<usize>> {
    let width_ms = end_ms as f64 / COLUMNS as f64;
    let mut filled = vec![0.0; COLUMNS * sorts];
    for span in spans {
        let Some(sort) = number(span.what) else {
            continue;
        };
        let (from, until) = (
            span.from_ms as f64 / width_ms,
            span.until_ms as f64 / width_ms,
        );
        for column in from as usize..(until.ceil() as usize).min(COLUMNS) {
            let (begin, end) = (column as f64, column as f64 + 1.0);
            filled[column * sorts + sort] += until.min(end) - from.max(begin);
        }
    }
    filled
        .chunks(sorts)
        .map(|column| {
            let sum: f64 = column.iter().sum();
            let most = (0..sorts).max_by(|&a, &b| column[a].total_cmp(&column[b]))?;
            (sum >= 0.5).then_some(most)
        })
        .collect()
}

/// Columns with the same number as runs: from, until, number.
fn runs(columns: &[Option<usize>]) -> Vec<(usize, usize, usize)> {
    let mut runs: Vec<(usize, usize, usize)> = Vec::new();
    for (i, what) in columns.iter().enumerate() {
        let Some(what) = *what else { continue };
        match runs.last_mut() {
            Some(last) if last.1 == i && last.2 == what => last.1 = i + 1,
            _ => runs.push((i, i + 1, what)),
        }
    }
    runs
}

fn legend() -> String {
    let mut out = String::from("<div class=\"legend\">");
    let key = |class: &str, y: usize, height: usize, word: &str| {
        format!(
            "<span><svg viewBox=\"0 0 26 12\"><rect class=\"{class}\" y=\"{y}\" width=\"26\" height=\"{height}\"/></svg>{word}</span>"
        )
    };
    for doing in Doing::ALL {
        out += &key(class(doing), 0, 12, doing.word());
    }
    out += &key(
        "wait",
        8,
        4,
        "waits: for a vehicle, zone, plan or door (strip below)",
    );
    out += &key("fault", 0, 12, "paused, out of order or silent");
    out + "</div>\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_shows_what_took_most_of_it() {
        let span = |from_ms, until_ms, what| Span {
            from_ms,
            until_ms,
            what,
        };
        let ms = COLUMNS as u64 * 10;
        let spans = [span(0, 14, 0), span(14, 30, 1), span(34, ms, 0)];
        let columns = columns(&spans, ms, Some, 2);
        assert_eq!(columns[..4], [Some(0), Some(1), Some(1), Some(0)]);
        assert_eq!(runs(&columns), [(0, 1, 0), (1, 3, 1), (3, COLUMNS, 0)]);
        let gap = [span(0, 10, 0), span(26, ms, 0)];
        assert_eq!(super::columns(&gap, ms, Some, 1)[1..3], [None, None]);
    }
}
