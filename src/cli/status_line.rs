//! The live status line on stderr: rewritten in place on a terminal, a line now and then elsewhere.

use std::cell::Cell;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::follower::model::MissionView;
use crate::host::floor_process::FloorClient;
use crate::host::front::Front;

/// Time between two lines where there is no terminal.
const PLAIN_EVERY: Duration = Duration::from_secs(10);

/// The line.
pub(super) struct StatusLine {
    front: Front,
    judge: Option<FloorClient>,
    terminal: bool,
    shown: Cell<Option<Instant>>,
}

impl StatusLine {
    pub(super) fn new(front: &Front, judge: Option<FloorClient>) -> Self {
        Self {
            front: front.clone(),
            judge,
            terminal: std::io::stderr().is_terminal(),
            shown: Cell::new(None),
        }
    }

    /// Shows how everything is.
    pub(super) async fn show(&self) {
        if !self.terminal
            && self
                .shown
                .get()
                .is_some_and(|at| at.elapsed() < PLAIN_EVERY)
        {
            return;
        }
        self.shown.set(Some(Instant::now()));
        let contacts = match &self.judge {
            Some(judge) => judge
                .status()
                .await
                .map_or("?".to_owned(), |s| s.contacts.to_string()),
            None => "-".to_owned(),
        };
        let line = self.front.read(|model| {
            let busy = model.vehicles.iter().filter(|v| v.mission != MissionView::Idle).count();
            let alarms = model.alarms.iter().filter(|a| a.until_ms.is_none()).count();
            let kpis = &model.kpis;
            let state = if model.paused { "PAUSED " } else { "" };
            let notice = if model.notice.is_empty() { String::new() } else { format!(" | {}", model.notice) };
            format!(
                "{state}vehicles {busy}/{} busy | orders {} open {} done {} late | starvation {:.0} s | contacts {contacts} | \
                 alarms {alarms} | cycle p99 {} us, {} missed{notice}",
                model.vehicles.len(),
                kpis.orders_open,
                kpis.orders_done,
                kpis.orders_late,
                kpis.starvation_ms as f64 / 1_000.0,
                kpis.execution_us[1],
                kpis.misses,
            )
        });
        let mut stderr = std::io::stderr().lock();
        // A closed terminal must not stop the floor.
        let _ = if self.terminal {
            write!(stderr, "\r\x1b[2K{line}")
        } else {
            writeln!(stderr, "{line}")
        };
        let _ = stderr.flush();
    }

    /// Leaves the line behind.
    pub(super) fn finish(&self) {
        if self.terminal {
            eprintln!();
        }
    }
}
