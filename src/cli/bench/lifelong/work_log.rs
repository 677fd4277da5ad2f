//! The work of each step, so that a run can be repeated exactly: a line a step, `choose fields refresh turns improve late`; the first five
//! tell at which question for the budget these phases were cut off, `-` where they ended by themselves. A phase asks again after
//! each piece of work.

use std::fmt::Write;

/// How a step was cut off.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StepWork {
    /// At which question each phase was cut off, from 0; [`u64::MAX`]: not.
    pub cut: [u64; 5],
    /// Was it too late?
    pub late: bool,
}

/// The text of a log.
pub fn write(steps: &[StepWork]) -> String {
    let mut text = String::from(
        "# takt bench lifelong: pieces of work after which choice, fields, refresh, turns and improvement were cut off; late\n",
    );
    for step in steps {
        for cut in step.cut {
            // Writing to a string can't fail.
            let _ = match cut {
                u64::MAX => write!(text, "- "),
                cut => write!(text, "{cut} "),
            };
        }
        let _ = writeln!(text, "{}", u8::from(step.late));
    }
    text
}

/// Reads a log; the error names the line.
pub fn read(text: &str) -> Result<Vec<StepWork>, String> {
    let lines = text.lines().enumerate();
    let lines = lines.filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    lines
        .map(|(index, line)| {
            step(line).ok_or_else(|| {
                format!(
                    "line {}: a step is \"CHOOSE FIELDS REFRESH TURNS IMPROVE LATE\": five numbers or -, and 0 or 1",
                    index + 1
                )
            })
        })
        .collect()
}

fn step(line: &str) -> Option<StepWork> {
    let mut words = line.split_whitespace();
    let mut cut = || match words.next()? {
        "-" => Some(u64::MAX),
        word => word.parse().ok(),
    };
    let cut = [cut()?, cut()?, cut()?, cut()?, cut()?];
    let late = match words.next()? {
        "0" => false,
        "1" => true,
        _ => return None,
    };
    words.next().is_none().then_some(StepWork { cut, late })
}
