//! How late the cycle woke and how long it took: histograms of fixed size, and the figures read off them.

use hdrhistogram::Histogram;

/// Longest duration that the histograms tell apart from longer ones: 60 s.
const RANGE_NS: u64 = 60_000_000_000;
/// Two significant digits: quantiles are at most 1 % too high, and a histogram is some 30 kB.
const DIGITS: u8 = 2;

/// Figures of a distribution of durations, in nanoseconds; all 0 when nothing was recorded.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Quantiles {
    /// Number of durations.
    pub count: u64,
    /// Half are no longer.
    pub p50_ns: u64,
    /// 99 % are no longer.
    pub p99_ns: u64,
    /// 99.9 % are no longer.
    pub p999_ns: u64,
    /// 99.99 % are no longer.
    pub p9999_ns: u64,
    /// The longest, exactly.
    pub max_ns: u64,
}

/// Records durations in fixed memory: neither recording nor reading allocates.
#[derive(Clone, Debug)]
pub struct Durations {
    histogram: Histogram<u64>,
    /// Kept beside the histogram, which rounds and saturates.
    max_ns: u64,
}

impl Default for Durations {
    fn default() -> Self {
        Self::new()
    }
}

impl Durations {
    /// Nothing recorded yet. All memory is allocated here.
    pub fn new() -> Self {
        let Ok(histogram) = Histogram::new_with_bounds(1, RANGE_NS, DIGITS) else {
            unreachable!(
                "1 .. {RANGE_NS} with {DIGITS} digits are bounds that a histogram can have"
            );
        };
        Self {
            histogram,
            max_ns: 0,
        }
    }

    /// Adds a duration.
    #[inline]
    pub fn record_ns(&mut self, ns: u64) {
        self.histogram.saturating_record(ns);
        self.max_ns = self.max_ns.max(ns);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.histogram.reset();
        self.max_ns = 0;
    }

    /// The figures. One pass over some thousand counters: a few microseconds.
    pub fn quantiles(&self) -> Quantiles {
        if self.histogram.is_empty() {
            return Quantiles::default();
        }
        let mut values = self
            .histogram
            .value_at_quantiles([0.5, 0.99, 0.999, 0.9999]);
        // A bucket's upper end may be beyond the longest duration in it.
        let mut next = || values.next().unwrap_or(self.max_ns).min(self.max_ns);
        Quantiles {
            count: self.histogram.len(),
            p50_ns: next(),
            p99_ns: next(),
            p999_ns: next(),
            p9999_ns: next(),
            max_ns: self.max_ns,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_recorded_is_all_zero() {
        let mut durations = Durations::new();
        assert_eq!(durations.quantiles(), Quantiles::default());
        durations.record_ns(5);
        durations.clear();
        assert_eq!(durations.quantiles(), Quantiles::default());
    }

    #[test]
    fn beyond_the_range_only_the_maximum_is_exact() {
        let mut durations = Durations::new();
        durations.record_ns(0);
        durations.record_ns(u64::MAX);
        let quantiles = durations.quantiles();
        assert_eq!((quantiles.count, quantiles.max_ns), (2, u64::MAX));
        assert!(quantiles.p50_ns <= 1);
        assert!(quantiles.p999_ns >= RANGE_NS);
    }

    proptest! {
        #[test]
        fn quantiles_are_those_of_the_sorted_values(
            mut values in prop::collection::vec(0u64..10_000_000_000, 1..300)
        ) {
            let mut durations = Durations::new();
            values.iter().for_each(|ns| durations.record_ns(*ns));
            values.sort_unstable();
            let quantiles = durations.quantiles();
            prop_assert_eq!(quantiles.count, values.len() as u64);
            prop_assert_eq!(Some(&quantiles.max_ns), values.last());
            for (per_myriad, found) in [
                (5_000, quantiles.p50_ns),
                (9_900, quantiles.p99_ns),
                (9_990, quantiles.p999_ns),
                (9_999, quantiles.p9999_ns),
            ] {
                let exact = values[(values.len() * per_myriad).div_ceil(10_000) - 1];
                prop_assert!(found >= exact && found <= exact + exact / 100 + 1, "{found} for {exact}");
            }
        }
    }
}
