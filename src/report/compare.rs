//! Two runs side by side.

use serde_json::{Value, json};

use super::charts::Heat;
use super::figures::Figures;
use super::html::{document, escaped, section, table, time};
use super::{over_time, page, tables};

/// The page that shows two runs; `a` and `b` come with the names of their files.
pub fn page(a: (&str, &Figures), b: (&str, &Figures)) -> String {
    let title = format!("{} and {}", run_name(a.1), run_name(b.1));
    let mut body = format!("<header>\n<h1>{}</h1>\n", escaped(&title));
    body += "<p class=\"meaning\">Two simulated runs side by side, by Takt. In charts A is solid and B dashed.</p>\n";
    body += &facts(a, b);
    body += "</header>\n";
    body += &section(
        "figures",
        "Key figures",
        "What changed from A to B. Better and worse are said where more or less is better by itself.",
        &tables::changes(&a.1.kpis, &b.1.kpis),
    );
    body += &section(
        "time",
        "Over time",
        "Each point is about one interval of time, and stands at its middle.",
        &over_time::charts(&[("A", &a.1.series), ("B", &b.1.series)]),
    );
    let heat = Heat::of([&a.1.map, &b.1.map]);
    let map = |name: &str, id: &str, figures: &Figures| {
        format!(
            "<figure><figcaption>{name}: {}</figcaption>{}</figure>\n",
            escaped(&run_name(figures)),
            heat.map(&figures.map, id)
        )
    };
    body += &section(
        "traffic",
        "Traffic",
        "How often each edge was driven, on the same scale in both.",
        &format!(
            "{}<div class=\"pair\">\n{}{}</div>\n",
            heat.legend(),
            map("A", "map-a", a.1),
            map("B", "map-b", b.1)
        ),
    );
    body += &section(
        "waiting",
        "Waiting by place",
        "Where vehicles stood waiting, the greatest totals first.",
        &format!(
            "<div class=\"pair\">\n<div><h3>A</h3>{}</div>\n<div><h3>B</h3>{}</div>\n</div>\n",
            tables::waiting(&a.1.waiting),
            tables::waiting(&b.1.waiting)
        ),
    );
    document(&title, &body)
}

/// A run in a few words.
fn run_name(figures: &Figures) -> String {
    let vehicles: usize = figures.fleet.iter().map(|(_, n)| n).sum();
    format!(
        "{} with {vehicles} vehicles, seed {}",
        figures.floor, figures.seed
    )
}

fn facts(a: (&str, &Figures), b: (&str, &Figures)) -> String {
    let row = |name: &str, value: &dyn Fn((&str, &Figures)) -> String| {
        vec![name.to_owned(), value(a), value(b)]
    };
    table(
        &["", "A", "B"],
        &[
            row("File", &|(file, _)| {
                format!("<code>{}</code>", escaped(file))
            }),
            row("Floor", &|(_, f)| escaped(&f.floor)),
            row("Seed", &|(_, f)| f.seed.to_string()),
            row("Duration", &|(_, f)| {
                format!("{} simulated", time(f.simulated_s))
            }),
            row("Fleet", &|(_, f)| page::fleet(f)),
            row("Faults", &|(_, f)| f.faults.len().to_string()),
            row("Violations", &|(_, f)| f.violations.len().to_string()),
        ],
    )
}

/// The key figures of two runs, for programs.
pub fn json(a: &Figures, b: &Figures) -> Value {
    let run = |f: &Figures| {
        json!({
            "floor": f.floor, "floor_digest": f.floor_digest, "seed": f.seed,
            "simulated_s": f.simulated_s, "fleet": f.fleet, "state_hash": f.state_hash,
        })
    };
    let mut kpis = serde_json::Map::new();
    for (a, b) in a.kpis.list().into_iter().zip(b.kpis.list()) {
        let change = a.value.zip(b.value).map(|(a, b)| b - a);
        let percent = a.value.zip(change).filter(|(a, _)| *a != 0.0);
        let percent = percent.map(|(a, change)| change / a * 100.0);
        kpis.insert(
            a.key.to_owned(),
            json!({"a": a.value, "b": b.value, "change": change, "change_percent": percent}),
        );
    }
    json!({"a": run(a), "b": run(b), "kpis": kpis})
}

/// The key figures of two runs as lines of text.
pub fn lines(a: &Figures, b: &Figures) -> Vec<String> {
    let mut lines = vec![
        format!("A: {}", run_name(a)),
        format!("B: {}", run_name(b)),
        format!("{:<38} {:>12} {:>12} {:>12}", "", "A", "B", "change"),
    ];
    for (a, b) in a.kpis.list().into_iter().zip(b.kpis.list()) {
        let show = |value: Option<f64>| match value {
            Some(value) => format!("{value:.*}", a.decimals),
            None => "-".to_owned(),
        };
        let name = match a.unit {
            "" => a.name.to_owned(),
            unit => format!("{} [{unit}]", a.name),
        };
        let change = a.value.zip(b.value).map(|(a, b)| b - a);
        let change = match change {
            Some(change) => format!("{change:+.*}", a.decimals),
            None => "-".to_owned(),
        };
        lines.push(format!(
            "{name:<38} {:>12} {:>12} {change:>12}",
            show(a.value),
            show(b.value)
        ));
    }
    lines
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::report::testing;

    fn two() -> (Figures, Figures) {
        let a = testing::figures();
        let mut b = a.clone();
        b.kpis.orders_done = 6;
        b.kpis.longest_wait_s = 1.0;
        b.kpis.lead_mean_s = None;
        b.map.driven[0].4 = 400;
        (a, b)
    }

    #[test]
    fn the_page_has_both_runs() {
        let (a, b) = two();
        let page = page(("a/report.json", &a), ("b/<report>.json", &b));
        testing::assert_self_contained(&page);
        for part in [
            "id=\"map-a\"",
            "id=\"map-b\"",
            "better",
            "worse",
            "A: on orders",
            "b/&lt;report&gt;",
        ] {
            assert!(page.contains(part), "{part}");
        }
        assert_eq!(page.matches("to 400").count(), 1, "one scale for both maps");
    }

    #[test]
    fn programs_get_values_and_changes() {
        let (a, b) = two();
        let object = json(&a, &b);
        let done = &object["kpis"]["orders_done"];
        assert_eq!((&done["a"], &done["b"]), (&json!(3.0), &json!(6.0)));
        assert_eq!(
            (&done["change"], &done["change_percent"]),
            (&json!(3.0), &json!(100.0))
        );
        assert_eq!(object["kpis"]["lead_mean_s"]["change"], Value::Null);
        assert!(
            lines(&a, &b)
                .iter()
                .any(|l| l.starts_with("Orders done") && l.ends_with("+3"))
        );
    }
}
