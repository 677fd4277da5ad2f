//! Axes with round numbers.

/// An axis from 0 to a round number, with ticks at equal distances.
#[derive(Clone, PartialEq, Debug)]
pub struct Axis {
    /// Its greatest value.
    pub max: f64,
    /// Distance between ticks.
    pub step: f64,
}

impl Axis {
    /// An axis from 0 that holds `max`, with at most `ticks` ticks beside 0 (or one more), ending at a tick.
    pub fn up_to(max: f64, ticks: usize) -> Self {
        let max = if max.is_finite() && max > 0.0 {
            max
        } else {
            1.0
        };
        let step = round_step(max / ticks.max(1) as f64);
        Self {
            max: step * (max / step).ceil(),
            step,
        }
    }

    /// An axis of time that ends where the run does, in a unit that fits: gives the axis, the seconds of its unit, and
    /// the unit's name.
    pub fn of_time(end_s: f64, ticks: usize) -> (Self, f64, &'static str) {
        let (unit_s, unit, steps): (f64, _, &[f64]) = match end_s {
            s if s <= 180.0 => (1.0, "s", &[1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0]),
            s if s <= 3.0 * 3_600.0 => (60.0, "min", &[1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0]),
            s if s <= 4.0 * 86_400.0 => (3_600.0, "h", &[0.5, 1.0, 2.0, 4.0, 6.0, 12.0, 24.0]),
            _ => (86_400.0, "d", &[1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0]),
        };
        let max = (end_s / unit_s).max(1e-3);
        let fits = |step: &&f64| max / **step <= ticks as f64;
        let step = steps.iter().find(fits).copied().unwrap_or(max);
        (Self { max, step }, unit_s, unit)
    }

    /// The ticks, 0 among them.
    pub fn ticks(&self) -> impl Iterator<Item = f64> + use<> {
        let step = self.step;
        let count = (self.max / step + 1e-9).floor() as usize;
        (0..=count).map(move |i| i as f64 * step)
    }

    /// A tick's value as text, with as many digits as its step needs.
    pub fn label(&self, value: f64) -> String {
        let decimals = (0..6).find(|&d| {
            let scaled = self.step * 10_f64.powi(d);
            (scaled - scaled.round()).abs() < 1e-6
        });
        super::super::html::number(value, decimals.unwrap_or(6) as usize)
    }
}

/// The smallest of 1, 2, 5 times a power of ten that is not below `least`.
fn round_step(least: f64) -> f64 {
    let mut power = 1e-3;
    loop {
        for factor in [1.0, 2.0, 5.0] {
            if power * factor >= least * (1.0 - 1e-9) || power > 1e15 {
                return power * factor;
            }
        }
        power *= 10.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_round_numbers_that_hold_everything() {
        let axis = Axis::up_to(262.0, 5);
        assert_eq!((axis.max, axis.step), (300.0, 100.0));
        assert_eq!(axis.ticks().count(), 4);
        assert_eq!(
            Axis::up_to(0.0, 5).max,
            1.0,
            "nothing to show is still an axis"
        );
        assert_eq!(Axis::up_to(f64::NAN, 5).max, 1.0);
        let small = Axis::up_to(0.4, 4);
        assert_eq!(small.label(small.step), "0.1");
    }

    #[test]
    fn time_is_in_a_unit_that_fits() {
        assert_eq!(Axis::of_time(7_200.0, 8).2, "min");
        let (axis, unit_s, unit) = Axis::of_time(8.0 * 3_600.0, 8);
        assert_eq!(
            (axis.max, axis.step, unit_s, unit),
            (8.0, 1.0, 3_600.0, "h")
        );
    }
}
