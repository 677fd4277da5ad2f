//! The tables of a page.

use super::chronicle::{Doing, FaultLine, ViolationLine};
use super::figures::{Better, Kpi, Kpis, VehicleFigures, WaitingPlace};
use super::html::{escaped, number, table, time};

/// Places shown; the rest is in `report.json`.
const PLACES_MAX: usize = 30;
/// Reasons shown of one place.
const REASONS_MAX: usize = 4;
/// Vehicles shown.
const VEHICLES_MAX: usize = 200;

/// A key figure's value with its unit; a dash where there is none.
pub(super) fn value(kpi: &Kpi) -> String {
    let Some(value) = kpi.value else {
        return "–".to_owned();
    };
    let text = format!("{} {}", number(value, kpi.decimals), kpi.unit);
    match text.trim_end() {
        text if kpi.must_be_zero && value > 0.0 => format!("<span class=\"bad\">{text} ✗</span>"),
        text => text.to_owned(),
    }
}

/// Key figures of one run.
pub(super) fn kpis(kpis: &Kpis) -> String {
    let list = kpis.list();
    let halves = list.chunks(list.len().div_ceil(2));
    let half = |kpis: &[Kpi]| {
        let rows: Vec<_> = (kpis.iter())
            .map(|k| vec![k.name.to_owned(), value(k)])
            .collect();
        format!("<div>{}</div>\n", table(&["figure", "#value"], &rows))
    };
    format!(
        "<div class=\"kpis\">{}</div>\n",
        halves.map(half).collect::<String>()
    )
}

/// Key figures of two runs, and what changed from the first to the second.
pub(super) fn changes(a: &Kpis, b: &Kpis) -> String {
    let pairs = a.list().into_iter().zip(b.list());
    let rows: Vec<_> = pairs
        .map(|(a, b)| vec![a.name.to_owned(), value(&a), value(&b), change(&a, &b)])
        .collect();
    table(&["figure", "#A", "#B", "#change from A to B"], &rows)
}

/// The change between two values of a key figure, with a word beside the colour where it matters.
fn change(a: &Kpi, b: &Kpi) -> String {
    let (Some(x), Some(y)) = (a.value, b.value) else {
        return "–".to_owned();
    };
    let delta = y - x;
    let shown = number(delta, a.decimals);
    if shown
        .trim_start_matches('\u{2212}')
        .chars()
        .all(|c| "0.".contains(c))
    {
        return "=".to_owned();
    }
    let sign = if delta > 0.0 { "+" } else { "" };
    // A share changes by points; a change of it in percent would be mistaken for them.
    let unit = if a.unit == "%" { "points" } else { a.unit };
    let percent = match x {
        _ if a.unit == "%" => String::new(),
        0.0 => String::new(),
        x => format!(" ({sign}{} %)", number(delta / x * 100.0, 1)),
    };
    let text = format!("{sign}{shown} {unit}{percent}");
    let better = match a.better {
        Better::Neither => return text,
        Better::More => delta > 0.0,
        Better::Less => delta < 0.0,
    };
    let (class, word) = if better {
        ("good", "better")
    } else {
        ("bad", "worse")
    };
    format!("<span class=\"{class}\">{text} {word}</span>")
}

/// Where vehicles stood waiting.
pub(super) fn waiting(places: &[WaitingPlace]) -> String {
    if places.is_empty() {
        return "<p>No vehicle stood waiting.</p>\n".to_owned();
    }
    let shown = places.iter().take(PLACES_MAX).map(|place| {
        let mut reasons: Vec<String> = (place.reasons.iter().take(REASONS_MAX))
            .map(|(why, s)| format!("{} ({})", escaped(why), time(*s)))
            .collect();
        if place.reasons.len() > REASONS_MAX {
            let rest = place.reasons[REASONS_MAX..].iter().map(|r| r.1).sum();
            let more = place.reasons.len() - REASONS_MAX;
            reasons.push(format!("{more} more ({})", time(rest)));
        }
        vec![
            escaped(&place.place),
            number(place.times as f64, 0),
            time(place.total_s),
            time(place.longest_s),
            reasons.join(", "),
        ]
    });
    let heads = ["place", "#times", "#total", "#longest", "for what (total)"];
    let mut out = table(&heads, &shown.collect::<Vec<_>>());
    if let Some(rest) = places.get(PLACES_MAX..).filter(|rest| !rest.is_empty()) {
        let total = rest.iter().map(|p| p.total_s).sum();
        out += &format!(
            "<p class=\"note\">{} more places with {} in all are in report.json.</p>\n",
            rest.len(),
            time(total)
        );
    }
    out
}

/// What judges objected to.
pub(super) fn violations(violations: &[ViolationLine]) -> String {
    if violations.is_empty() {
        return "<p>No judge objected to anything.</p>\n".to_owned();
    }
    let rows: Vec<_> = (violations.iter())
        .map(|v| {
            vec![
                format!("<span class=\"bad\">{} ✗</span>", escaped(&v.judge)),
                format!("{} s", number(v.at_s, 2)),
                escaped(&v.what),
            ]
        })
        .collect();
    table(&["judge", "#at", "what it saw"], &rows)
}

/// Faults and how each ended.
pub(super) fn faults(faults: &[FaultLine]) -> String {
    if faults.is_empty() {
        return "<p>No faults were put into this run.</p>\n".to_owned();
    }
    let rows: Vec<_> = (faults.iter())
        .map(|f| {
            vec![
                escaped(&f.name),
                escaped(&f.target),
                time(f.from_ms as f64 / 1_000.0),
                time(f.until_ms as f64 / 1_000.0),
                escaped(&f.ended),
            ]
        })
        .collect();
    table(
        &["fault", "what it befell", "#from", "#until", "how it ended"],
        &rows,
    )
}

/// How each vehicle spent its time, in percent.
pub(super) fn vehicles(vehicles: &[VehicleFigures]) -> String {
    let mut heads = vec!["vehicle".to_owned(), "kind".to_owned()];
    heads.extend(Doing::ALL.map(|d| format!("#{}", d.word())));
    heads.extend(["#waiting".to_owned(), "#out of order".to_owned()]);
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    let rows: Vec<_> = (vehicles.iter().take(VEHICLES_MAX))
        .map(|v| {
            let total: f64 = v.doing_s.iter().sum::<f64>().max(1e-9);
            let percent = |s: &f64| number(s * 100.0 / total, 1);
            let mut row = vec![escaped(&v.name), escaped(&v.kind)];
            row.extend(v.doing_s.iter().map(percent));
            row.extend([percent(&v.waiting_s), percent(&v.out_of_order_s)]);
            row
        })
        .collect();
    format!("<div class=\"scroll\">{}</div>\n", table(&heads, &rows))
}
