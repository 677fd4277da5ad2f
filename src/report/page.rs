//! `report.html`: one run on one page.

use super::charts::{Heat, gantt};
use super::chronicle::Chronicle;
use super::figures::Figures;
use super::html::{document, escaped, section, time};
use super::{over_time, tables};
use crate::shell::quoted;

/// What is only known where the run took place; below the key `host` in `report.json`.
#[derive(Clone, PartialEq, Debug, serde::Serialize)]
pub struct Host {
    /// The command line.
    pub command: String,
    /// Version of the program.
    pub takt: &'static str,
    /// How long the run took, in seconds.
    pub wall_s: f64,
    /// Simulated time divided by that.
    pub speedup: f64,
}

impl Host {
    /// This process, of a run that took so long.
    pub fn here(simulated_s: f64, wall: std::time::Duration) -> Self {
        let words = std::env::args_os().map(|w| quoted(&w.to_string_lossy()));
        Self {
            command: words.collect::<Vec<_>>().join(" "),
            takt: env!("CARGO_PKG_VERSION"),
            wall_s: wall.as_secs_f64(),
            speedup: simulated_s / wall.as_secs_f64().max(1e-9),
        }
    }
}

const SECTIONS: [(&str, &str); 8] = [
    ("violations", "Violations"),
    ("figures", "Key figures"),
    ("traffic", "Traffic"),
    ("vehicles", "Vehicles over time"),
    ("time", "Over time"),
    ("waiting", "Waiting by place"),
    ("faults", "Faults"),
    ("fleet", "Vehicles in figures"),
];

/// The page of a run.
pub fn page(figures: &Figures, chronicle: &Chronicle, host: &Host) -> String {
    let title = format!("{}, seed {}", figures.floor, figures.seed);
    let mut body = format!("<header>\n<h1>{}</h1>\n", escaped(&title));
    body += "<p class=\"meaning\">Report of a simulated run by Takt.</p>\n<nav>";
    for (id, name) in SECTIONS {
        body += &format!("<a href=\"#{id}\">{name}</a>");
    }
    body += &format!("</nav>\n{}</header>\n", facts(figures, host));
    for (id, name) in SECTIONS {
        let (meaning, content) = part(id, figures, chronicle);
        body += &section(id, name, meaning, &content);
    }
    body += "<footer>The same figures are in report.json, beside this page.</footer>\n";
    document(&title, &body)
}

/// What a section means, and what is in it.
fn part(id: &str, figures: &Figures, chronicle: &Chronicle) -> (&'static str, String) {
    match id {
        "violations" => (
            "What must not be and was, by judge, the first first.",
            tables::violations(&figures.violations),
        ),
        "figures" => (
            "Orders late were completed after their deadline, or are open and late. Lead time runs from submission to completion. \
             Orders lost, contacts and deadlocks must be 0.",
            tables::kpis(&figures.kpis),
        ),
        "traffic" => {
            let heat = Heat::of([&figures.map]);
            (
                "How often each edge was driven, both directions together: the broader and stronger, the more often.",
                heat.legend() + &heat.map(&figures.map, "map"),
            )
        }
        "vehicles" => {
            let names: Vec<&str> = figures.vehicles.iter().map(|v| v.name.as_str()).collect();
            (
                "What each vehicle was for, one row a vehicle.",
                gantt::figure(&names, &chronicle.vehicles, chronicle.until_ms),
            )
        }
        "time" => (
            "Each point is about one interval of time, and stands at its middle.",
            format!(
                "<p class=\"note\">An interval is {}.</p>\n{}",
                time(figures.series.bin_s),
                over_time::charts(&[("", &figures.series)])
            ),
        ),
        "waiting" => (
            "Where vehicles that had somewhere to go stood because of other vehicles, full zones, a plan that was not there yet, or a door. \
             The place is the one that they stood at or had passed last.",
            tables::waiting(&figures.waiting),
        ),
        "faults" => (
            "What was made to fail, and how it ended.",
            tables::faults(&figures.faults),
        ),
        _ => (
            "How each vehicle spent its time, in percent; waiting and out of order are part of the rest.",
            tables::vehicles(&figures.vehicles),
        ),
    }
}

/// Floor, seed, duration, fleet, what was found, command line, faults.
fn facts(figures: &Figures, host: &Host) -> String {
    let faults = match figures.faults.len() {
        0 => "none".to_owned(),
        n => n.to_string(),
    };
    let violations = match figures.violations.len() {
        0 => "none".to_owned(),
        n => format!("<span class=\"bad\">{n} ✗</span>"),
    };
    let facts = [
        (
            "Floor",
            format!(
                "{} (digest {})",
                escaped(&figures.floor),
                escaped(&figures.floor_digest)
            ),
        ),
        ("Seed", figures.seed.to_string()),
        (
            "Duration",
            format!(
                "{} simulated, {:.1} s on this machine ({:.0} times real time)",
                time(figures.simulated_s),
                host.wall_s,
                host.speedup
            ),
        ),
        ("Fleet", fleet(figures)),
        ("Faults", faults),
        ("Violations", violations),
        (
            "Command",
            format!("<code>{}</code>", escaped(&host.command)),
        ),
        (
            "State hash",
            format!("<code>{}</code>", escaped(&figures.state_hash)),
        ),
    ];
    let items = facts
        .iter()
        .map(|(name, value)| format!("<dt>{name}</dt><dd>{value}</dd>\n"));
    format!("<dl class=\"facts\">\n{}</dl>\n", items.collect::<String>())
}

/// `20 vehicles: 8 tugger, 12 shuttle`, as HTML.
pub(super) fn fleet(figures: &Figures) -> String {
    let kinds: Vec<String> = (figures.fleet.iter())
        .map(|(kind, n)| format!("{n} {}", escaped(kind)))
        .collect();
    let all: usize = figures.fleet.iter().map(|(_, n)| n).sum();
    format!("{all} vehicles: {}", kinds.join(", "))
}

#[cfg(test)]
mod tests;
