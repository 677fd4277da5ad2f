//! Lines whose stations do not report their stock: what they use and leave is counted by their takt.

use takt_maps::{BufferId, LineId};

use super::{Controller, Delta, Outputs};

/// Takts of one line that are counted in one cycle at most; after a jump in time the rest follows.
const TAKTS_PER_CYCLE: usize = 8;

impl Controller {
    /// Counts the takts that have passed.
    pub(super) fn count_takts<O: Outputs>(&mut self, out: &mut O) {
        if !self.all_located || self.stopping {
            return;
        }
        for line in (0..self.floor.lines.len()).map(LineId::from_index) {
            for _ in 0..TAKTS_PER_CYCLE {
                let takt_ms = u64::from(self.floor.lines[line.index()].takt_ms.max(1));
                let (takts, next_ms) = self.takts[line.index()];
                if self.now_ms < next_ms {
                    break;
                }
                let next_ms = if next_ms == 0 { self.now_ms } else { next_ms };
                self.takts[line.index()] = (takts + 1, next_ms + takt_ms);
                self.count_takt(line, takts, out);
            }
        }
    }

    fn count_takt<O: Outputs>(&mut self, line: LineId, takts: u64, out: &mut O) {
        let floor = self.floor.clone();
        let line = &floor.lines[line.index()];
        let counted = |buffer: BufferId| floor.buffers[buffer.index()].level.is_none();
        for &(buffer, pieces) in line.consumes.iter().filter(|(b, _)| counted(*b)) {
            self.stock.used(buffer, pieces);
            out.delta(Delta::Stock {
                buffer,
                pieces: self.stock.account(buffer).pieces,
            });
        }
        for made in line.produces.iter().filter(|p| counted(p.buffer)) {
            if takts.is_multiple_of(u64::from(made.every.max(1))) {
                self.stock.made(made.buffer, made.pieces);
                out.delta(Delta::Stock {
                    buffer: made.buffer,
                    pieces: self.stock.account(made.buffer).pieces,
                });
            }
        }
    }
}
