//! Numbers as written to whole numbers in the units of the [`Floor`](crate::Floor), with their ranges checked.

use super::Log;
use crate::floor::{Control, Point, Workload};
use crate::problem::Problem;
use crate::spec::{At, ControlSpec, PointSpec, WorkloadSpec};

/// A sort of number: what it is called, its unit, and what it may be.
#[derive(Clone, Copy)]
pub(crate) struct Sort {
    /// As in the floor file.
    pub what: &'static str,
    /// Unit as written, for messages.
    pub unit: &'static str,
    /// Whole units for one as written.
    pub scale: f64,
    /// Smallest, in whole units.
    pub min: i64,
    /// Greatest, in whole units.
    pub max: i64,
}

impl Sort {
    /// A length in metres, kept in millimetres.
    pub const fn metres(what: &'static str, min: i64, max: i64) -> Self {
        let (unit, scale) = (" m", 1_000.0);
        Self {
            what,
            unit,
            scale,
            min,
            max,
        }
    }

    /// A time in seconds, kept in milliseconds.
    pub const fn seconds(what: &'static str, min: i64, max: i64) -> Self {
        Self {
            unit: " s",
            ..Self::metres(what, min, max)
        }
    }

    /// A number that is kept as written.
    pub const fn plain(what: &'static str, unit: &'static str, min: i64, max: i64) -> Self {
        Self {
            what,
            unit,
            scale: 1.0,
            min,
            max,
        }
    }

    /// A greatest speed: what fits a command, kept in mm/s.
    pub const fn speed(what: &'static str) -> Self {
        Self {
            unit: " m/s",
            ..Self::metres(what, 1, u16::MAX as i64)
        }
    }

    /// The number in whole units, rounded; reports one that is no number or out of range, and gives the nearest allowed.
    pub fn read(&self, at: &At<f64>, log: &mut Log) -> i64 {
        let scaled = (at.value * self.scale).round();
        let (low, high) = (self.min as f64, self.max as f64);
        if scaled >= low && scaled <= high {
            return scaled as i64;
        }
        self.report(&at.value.to_string(), at.value.is_finite(), at, log);
        // NaN is not above anything and becomes the smallest.
        if scaled > high { self.max } else { self.min }
    }

    /// The same for a number that is whole as written.
    pub fn whole(&self, at: &At<i64>, log: &mut Log) -> i64 {
        if at.value < self.min || at.value > self.max {
            self.report(&at.value.to_string(), true, at, log);
        }
        at.value.clamp(self.min, self.max)
    }

    fn report<T>(&self, written: &str, finite: bool, at: &At<T>, log: &mut Log) {
        if log.unreadable(at.span) {
            return;
        }
        let range = format!(
            "from {} to {}{}",
            self.min as f64 / self.scale,
            self.max as f64 / self.scale,
            self.unit
        );
        let message = format!("{} must be {range}, not {written}", self.what);
        let hint = if finite {
            "see docs/floor-file.md for the key's unit"
        } else {
            "write a finite number"
        };
        log.push(Problem::error(message, at.span).hint(hint));
    }

    /// A number that may be left out.
    pub fn read_or(&self, at: Option<&At<f64>>, default: i64, log: &mut Log) -> i64 {
        at.map_or(default, |at| self.read(at, log))
    }

    /// A whole number that may be left out.
    pub fn whole_or(&self, at: Option<&At<i64>>, default: i64, log: &mut Log) -> i64 {
        at.map_or(default, |at| self.whole(at, log))
    }
}

/// Greatest coordinate: differences of two still fit `i32`.
pub(crate) const COORDINATE_MAX: i64 = 1_000_000_000;

/// A point in millimetres.
pub(crate) fn point(at: &PointSpec, log: &mut Log) -> Point {
    let sort = Sort::metres("a coordinate", -COORDINATE_MAX, COORDINATE_MAX);
    let mut read = |value| {
        sort.read(
            &At {
                value,
                span: at.span,
            },
            log,
        ) as i32
    };
    (read(at.value[0]), read(at.value[1]))
}

/// Periods and limits, with defaults.
pub(crate) fn control(spec: &ControlSpec, log: &mut Log) -> Control {
    let default = Control::default();
    let ms = |what, min, max| Sort::plain(what, " ms", min, max);
    let or = |sort: Sort, at: &Option<At<f64>>, default: u32, log: &mut Log| {
        sort.read_or(at.as_ref(), i64::from(default), log) as u32
    };
    let cycle = Sort {
        scale: 1_000.0,
        ..ms("cycle_ms", 250, 100_000)
    };
    let cycle_us = or(cycle, &spec.cycle_ms, default.cycle_us, log);
    let budget = Sort {
        scale: 1_000.0,
        ..Sort::plain("budget", " of the cycle", 100, 1_000)
    };
    let budget_permille = or(budget, &spec.budget, default.budget_permille, log);
    let overruns = Sort::plain("overruns_max", "", 1, 1_000_000);
    let overruns_max =
        overruns.whole_or(spec.overruns_max.as_ref(), default.overruns_max.into(), log);
    let planner_ms = or(
        ms("planner_ms", 50, 10_000),
        &spec.planner_ms,
        default.planner_ms,
        log,
    );
    let dispatcher = ms("dispatcher_ms", 500, 60_000);
    let dispatcher_ms = or(dispatcher, &spec.dispatcher_ms, default.dispatcher_ms, log);
    let transfer_ms = or(
        ms("transfer_ms", 1, 5_000),
        &spec.transfer_ms,
        default.transfer_ms,
        log,
    );
    let timeout = ms("link_timeout_ms", 2, 60_000);
    let link_timeout_ms = or(timeout, &spec.link_timeout_ms, default.link_timeout_ms, log);
    let orders = Sort::plain("orders_max", "", 1, 1_000_000);
    let orders_max = orders.whole_or(spec.orders_max.as_ref(), default.orders_max.into(), log);
    let clearance = Sort::metres("clearance", 0, 10_000);
    let clearance_mm = or(clearance, &spec.clearance, default.clearance_mm, log);
    let tolerance = Sort::metres("position_tolerance", 1, 10_000);
    let tolerance_mm = or(
        tolerance,
        &spec.position_tolerance,
        default.position_tolerance_mm,
        log,
    );
    if link_timeout_ms <= 2 * transfer_ms {
        let at = spec.link_timeout_ms.as_ref().or(spec.transfer_ms.as_ref());
        log.push(
            Problem::error(
                format!(
                    "link_timeout_ms is {link_timeout_ms}, but must be more than two transfer intervals of {transfer_ms} ms"
                ),
                at.and_then(|a| a.span),
            )
            .hint("one lost report would stop the floor: allow for several"),
        );
    }
    Control {
        cycle_us,
        budget_permille,
        overruns_max: overruns_max as u32,
        planner_ms,
        dispatcher_ms,
        transfer_ms,
        link_timeout_ms,
        orders_max: orders_max as u32,
        clearance_mm,
        position_tolerance_mm: tolerance_mm,
    }
}

/// Orders that arise by themselves, with defaults.
pub(crate) fn workload(spec: &WorkloadSpec, log: &mut Log) -> Workload {
    let open = Sort::plain("random_open", "", 0, 1_000_000);
    let rush = Sort::plain("rush_every_s", " s", 0, 1_000_000);
    let deadline = Sort::plain("deadline_s", " s", 1, 1_000_000);
    Workload {
        random_open: open.whole_or(spec.random_open.as_ref(), 0, log) as u32,
        rush_every_s: rush.read_or(spec.rush_every_s.as_ref(), 0, log) as u32,
        deadline_s: deadline.read_or(spec.deadline_s.as_ref(), 900, log) as u32,
    }
}
