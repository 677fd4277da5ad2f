//! Figures over time, in intervals of equal width.

use serde::{Deserialize, Serialize};
use takt_maps::Floor;

use super::super::chronicle::{Chronicle, Doing, Span};

/// Figures over time: element `i` of each list is about the interval from `i * bin_s` to `(i + 1) * bin_s`, or to the
/// end of the run if that is earlier.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Series {
    /// Width of an interval in seconds.
    pub bin_s: f64,
    /// End of the last interval in seconds.
    pub end_s: f64,
    /// Orders completed in the interval, as orders an hour.
    pub throughput_per_h: Vec<f64>,
    /// Mean lead time of the orders completed in the interval, in seconds; `None`: there was none.
    pub lead_mean_s: Vec<Option<f64>>,
    /// Orders completed late in the interval.
    pub late_done: Vec<u64>,
    /// Orders that were open and late, at most in the interval.
    pub late_open: Vec<u64>,
    /// Orders open, mean over the interval.
    pub open: Vec<f64>,
    /// Share of vehicle time spent on orders, in percent.
    pub utilisation_percent: Vec<f64>,
    /// Share of vehicle time spent standing for other vehicles, zones or a plan, in percent.
    pub waiting_percent: Vec<f64>,
    /// Share of vehicle time at chargers or on the way there, in percent.
    pub charging_percent: Vec<f64>,
    /// Of each production line.
    pub lines: Vec<LineSeries>,
}

/// One production line over time.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct LineSeries {
    /// Its name.
    pub name: String,
    /// Share of the interval in which it stood for want of parts, in percent.
    pub starved_percent: Vec<f64>,
}

impl Series {
    pub(super) fn new(floor: &Floor, chronicle: &Chronicle, bin_ms: u64) -> Self {
        let bins = Bins {
            width_ms: bin_ms.max(1),
            end_ms: chronicle.until_ms,
        };
        let zero = || vec![0_u64; bins.len()];
        let (mut done, mut lead_ms, mut late_done) = (zero(), zero(), zero());
        for order in chronicle.orders.iter().filter(|o| o.completed) {
            let bin = bins.of(order.at_ms);
            done[bin] += 1;
            lead_ms[bin] += order.lead_ms;
            late_done[bin] += u64::from(order.late_ms.is_some());
        }
        let (mut late_open, mut open, mut looks) = (zero(), zero(), zero());
        for sample in &chronicle.samples {
            let bin = bins.of(sample.at_ms);
            late_open[bin] = late_open[bin].max(sample.late);
            open[bin] += sample.open;
            looks[bin] += 1;
        }
        let per_h = |(i, n): (usize, &u64)| *n as f64 * 3_600_000.0 / bins.span_ms(i) as f64;
        let doings = || chronicle.vehicles.iter().flat_map(|v| &v.doings);
        let hindrances = chronicle.vehicles.iter().flat_map(|v| &v.hindrances);
        let share = |spans: Vec<u64>| bins.percent(&spans, floor.vehicles.len() as u64);
        let charging = |s: &&Span<Doing>| matches!(s.what, Doing::ToCharger | Doing::Charging);
        Self {
            bin_s: bins.width_ms as f64 / 1_000.0,
            end_s: bins.end_ms as f64 / 1_000.0,
            throughput_per_h: done.iter().enumerate().map(per_h).collect(),
            lead_mean_s: (lead_ms.iter().zip(&done))
                .map(|(&sum, &n)| (n > 0).then(|| sum as f64 / 1_000.0 / n as f64))
                .collect(),
            open: (open.iter().zip(&looks))
                .map(|(&sum, &n)| sum as f64 / n.max(1) as f64)
                .collect(),
            late_done,
            late_open,
            utilisation_percent: share(bins.spread(doings().filter(|s| s.what.works()))),
            charging_percent: share(bins.spread(doings().filter(charging))),
            waiting_percent: share(bins.spread(hindrances.filter(|s| s.what.for_others()))),
            lines: (floor.lines.iter().enumerate())
                .map(|(index, line)| LineSeries {
                    name: line.name.clone(),
                    starved_percent: bins.percent(&bins.starved(chronicle, index), 1),
                })
                .collect(),
        }
    }
}

/// Intervals of equal width up to the end of the run.
struct Bins {
    width_ms: u64,
    end_ms: u64,
}

impl Bins {
    fn len(&self) -> usize {
        (self.end_ms.div_ceil(self.width_ms) as usize).max(1)
    }

    /// The interval that a look belongs to: its time is the end of what it saw.
    fn of(&self, at_ms: u64) -> usize {
        (at_ms.saturating_sub(1) / self.width_ms).min(self.len() as u64 - 1) as usize
    }

    /// How long an interval is: the last may be shorter.
    fn span_ms(&self, bin: usize) -> u64 {
        let from_ms = bin as u64 * self.width_ms;
        (self.end_ms.saturating_sub(from_ms)).clamp(1, self.width_ms)
    }

    /// How many milliseconds of these spans lie in each interval.
    fn spread<'a, T: 'a>(&self, spans: impl Iterator<Item = &'a Span<T>>) -> Vec<u64> {
        let mut sums = vec![0; self.len()];
        for span in spans {
            let mut from_ms = span.from_ms;
            while from_ms < span.until_ms {
                let bin = ((from_ms / self.width_ms) as usize).min(sums.len() - 1);
                let end_ms = (bin as u64 + 1) * self.width_ms;
                let until_ms = span.until_ms.min(end_ms.max(from_ms + 1));
                sums[bin] += until_ms - from_ms;
                from_ms = until_ms;
            }
        }
        sums
    }

    /// For how long a line stood for want of parts, in each interval.
    fn starved(&self, chronicle: &Chronicle, line: usize) -> Vec<u64> {
        let mut sums = vec![0; self.len()];
        let mut before_ms = 0;
        for sample in &chronicle.samples {
            let now_ms = sample.starved_ms.get(line).copied().unwrap_or(before_ms);
            sums[self.of(sample.at_ms)] += now_ms.saturating_sub(before_ms);
            before_ms = now_ms;
        }
        sums
    }

    /// Sums as shares of the intervals, each counted `times` times.
    fn percent(&self, sums_ms: &[u64], times: u64) -> Vec<f64> {
        let share =
            |(i, &ms): (usize, &u64)| ms as f64 * 100.0 / (self.span_ms(i) * times.max(1)) as f64;
        sums_ms.iter().enumerate().map(share).collect()
    }
}
