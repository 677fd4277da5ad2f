//! When a buffer asks for a transport.

use takt_maps::{BufferRole, Floor};

/// What never changes about a buffer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    pub station: takt_maps::StationId,
    pub role: BufferRole,
    pub capacity: u32,
    /// Pieces in one load, at least 1.
    pub lot: u32,
    /// What its lines take or leave, in pieces for each 10^9 ms; 0: no line uses it.
    rate: u64,
}

/// `rate` is in pieces per so many milliseconds.
const RATE_MS: u64 = 1_000_000_000;

impl Rule {
    /// The rules of all buffers of a floor.
    pub fn all(floor: &Floor) -> Vec<Rule> {
        let mut rules: Vec<Rule> = floor
            .buffers
            .iter()
            .map(|b| Rule {
                station: b.station,
                role: b.role,
                capacity: b.capacity,
                lot: b.lot.max(1),
                rate: 0,
            })
            .collect();
        for line in &floor.lines {
            let takt_ms = u64::from(line.takt_ms.max(1));
            for &(buffer, pieces) in &line.consumes {
                rules[buffer.index()].rate += u64::from(pieces) * RATE_MS / takt_ms;
            }
            for made in &line.produces {
                let every_ms = takt_ms * u64::from(made.every.max(1));
                rules[made.buffer.index()].rate += u64::from(made.pieces) * RATE_MS / every_ms;
            }
        }
        rules
    }

    /// How long the lines need for so many pieces; `None`: no line uses the buffer.
    pub fn time_for_ms(&self, pieces: u32) -> Option<u64> {
        (u64::from(pieces) * RATE_MS).checked_div(self.rate)
    }

    /// May loads be taken from it without end?
    pub fn endless_source(&self) -> bool {
        matches!(self.role, BufferRole::Source { finite: false })
    }
}

/// Priority of an order that must be there in so long: 0 with ten minutes or more to spare, 5 when it is too late.
///
/// 6 and above stay free for persons and rush orders.
pub(super) fn priority(left_ms: u64) -> u8 {
    match left_ms {
        0 => 5,
        1..=60_000 => 4,
        60_001..=120_000 => 3,
        120_001..=300_000 => 2,
        300_001..=600_000 => 1,
        _ => 0,
    }
}
