//! Draws a script of faults from a mix: each kind and target has its own stream of random numbers, so that another
//! rate of one changes nothing about the others.

use super::{Fault, FaultKind, Mix, Target};
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg32;
use takt_maps::Floor;

/// Milliseconds an hour.
const HOUR_MS: f64 = 3_600_000.0;

impl Mix {
    /// What goes wrong on a floor in `for_ms`, in the order in which it begins; the same for the same seed. A target
    /// has one fault of a kind at a time.
    pub fn draw(&self, floor: &Floor, seed: u64, for_ms: u64) -> Vec<Fault> {
        let mut script = Vec::new();
        for (nth, &kind) in FaultKind::ALL.iter().enumerate() {
            if self.rates.iter().all(|r| r.kind != kind || r.rate == 0.0) {
                continue;
            }
            for (index, target) in kind.class().targets(floor).enumerate() {
                let rate = self.rate(floor, kind, target);
                let stream = (nth as u64) << 32 | index as u64;
                let mut random =
                    Pcg32::seed_from_u64(seed ^ stream.wrapping_mul(0x9e37_79b9_7f4a_7c15));
                if kind.is_per_message() {
                    let amount = (rate * 1_000.0).round() as u32;
                    if amount > 0 {
                        let (at_ms, for_ms) = (0, for_ms);
                        script.push(Fault {
                            kind,
                            target,
                            at_ms,
                            for_ms,
                            amount,
                        });
                    }
                } else if rate > 0.0 {
                    stream_of(
                        kind,
                        target,
                        HOUR_MS / rate,
                        for_ms,
                        &mut random,
                        &mut script,
                    );
                }
            }
        }
        script.sort_by_key(|fault| (fault.at_ms, fault.kind, fault.target));
        script
    }
}

fn stream_of(
    kind: FaultKind,
    target: Target,
    mean_ms: f64,
    for_ms: u64,
    random: &mut Pcg32,
    script: &mut Vec<Fault>,
) {
    let mut now_ms = 0;
    loop {
        // In (0, 1], so that the logarithm is finite.
        let uniform = (f64::from(random.next_u32()) + 1.0) / 4_294_967_296.0;
        now_ms += (-libm::log(uniform) * mean_ms) as u64 + 1;
        if now_ms >= for_ms {
            return;
        }
        let (shortest, longest) = kind.lasts_ms();
        let lasts_ms = u64::from(between(random, shortest, longest));
        let amount = kind.amount().map_or(0, |a| between(random, a.min, a.max));
        script.push(Fault {
            kind,
            target,
            at_ms: now_ms,
            for_ms: lasts_ms.min(for_ms - now_ms),
            amount,
        });
        now_ms += lasts_ms;
    }
}

/// A number in `min ..= max`.
fn between(random: &mut Pcg32, min: u32, max: u32) -> u32 {
    let span = u64::from(max - min) + 1;
    min + ((u64::from(random.next_u32()) * span) >> 32) as u32
}
