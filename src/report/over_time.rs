//! The charts over time, of one run or of two laid over each other.

use super::charts::{Curve, LineChart};
use super::figures::Series;

/// A run's name in legends, and its series.
pub(super) type Run<'a> = (&'a str, &'a Series);

/// One curve's name in its chart, and its values.
type Values<'a> = (&'a str, Vec<Option<f64>>);

/// All charts over time.
pub(super) fn charts(runs: &[Run]) -> String {
    let some = |values: &[f64]| values.iter().map(|&v| Some(v)).collect();
    let counts = |values: &[u64]| values.iter().map(|&n| Some(n as f64)).collect();
    let minutes = |s: &Option<f64>| s.map(|s| s / 60.0);
    let mut out = String::from("<div class=\"charts\">\n");
    out += &chart("Throughput", "orders/h", 0.0, runs, |s| {
        vec![("", some(&s.throughput_per_h))]
    });
    out += &chart(
        "Lead time of completed orders, mean",
        "min",
        0.0,
        runs,
        |s| vec![("", s.lead_mean_s.iter().map(minutes).collect())],
    );
    out += &chart("Lateness", "orders", 5.0, runs, |s| {
        vec![
            ("open and late", counts(&s.late_open)),
            ("completed late", counts(&s.late_done)),
        ]
    });
    out += &chart("Orders open", "orders", 0.0, runs, |s| {
        vec![("", some(&s.open))]
    });
    out += &chart("Line starvation", "% of time", 10.0, runs, |s| {
        let lines = s.lines.iter();
        lines
            .map(|l| (l.name.as_str(), some(&l.starved_percent)))
            .collect()
    });
    out += &chart("Utilisation", "% of vehicle time", 100.0, runs, |s| {
        vec![
            ("on orders", some(&s.utilisation_percent)),
            ("waiting for others", some(&s.waiting_percent)),
            ("charging", some(&s.charging_percent)),
        ]
    });
    out + "</div>\n"
}

/// One chart with the curves of each run. With two runs the second is dashed, and no colour comes twice as far as
/// there are colours.
fn chart<'a>(
    title: &str,
    unit: &str,
    least_max: f64,
    runs: &[Run<'a>],
    values: impl Fn(&'a Series) -> Vec<Values<'a>>,
) -> String {
    let mut curves = Vec::new();
    for (run, (run_name, series)) in runs.iter().enumerate() {
        for (index, (name, values)) in values(series).into_iter().enumerate() {
            let full = match (runs.len(), name) {
                (1, "") => title.to_owned(),
                (1, name) => name.to_owned(),
                (_, "") => (*run_name).to_owned(),
                (_, name) => format!("{run_name}: {name}"),
            };
            let middle = |i: usize| {
                let from_s = i as f64 * series.bin_s;
                (from_s + (from_s + series.bin_s).min(series.end_s)) / 2.0
            };
            let curve = Curve {
                name: full,
                colour: (index * runs.len() + run) % 6,
                dashed: run > 0,
                points: values
                    .into_iter()
                    .enumerate()
                    .map(|(i, v)| (middle(i), v))
                    .collect(),
            };
            curves.push((index, curve));
        }
    }
    if curves.is_empty() {
        return format!(
            "<figure><figcaption>{title}</figcaption><p class=\"note\">The floor has none.</p></figure>\n"
        );
    }
    // Beside each other in the legend: the same of both runs.
    curves.sort_by_key(|(index, _)| *index);
    let curves = curves.into_iter().map(|(_, curve)| curve).collect();
    let end_s = runs.iter().map(|(_, s)| s.end_s).fold(1.0, f64::max);
    let mut chart = LineChart::over_time(title, unit, end_s, curves);
    chart.least_max = least_max;
    chart.figure()
}
