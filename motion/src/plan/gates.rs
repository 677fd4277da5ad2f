//! Who may go into which dead end.

use super::distance::Fields;
use super::graph::{Graph, NONE};
use super::world::World;

/// The state of every dead end in one step.
#[derive(Clone, Debug, Default)]
pub(super) struct Gates {
    gates: Vec<Gate>,
}

#[derive(Clone, Copy, Debug)]
struct Gate {
    /// Goals at this depth or deeper can't be reached past those inside, or would lock them in.
    shallowest: u32,
    /// One inside that has nowhere to go, or [`NONE`].
    idler: u32,
    /// The vehicle outside that is nearest to its goal inside, or [`NONE`].
    next: u32,
    next_ms: u32,
}

impl Gate {
    const OPEN: Gate = Gate {
        shallowest: u32::MAX,
        idler: NONE,
        next: NONE,
        next_ms: u32::MAX,
    };
}

impl Gates {
    pub fn new(graph: &Graph) -> Self {
        Self {
            gates: vec![Gate::OPEN; graph.spurs.count()],
        }
    }

    /// Is there nobody in the dead end, and nobody who wants in?
    pub fn untouched(&self, spur: u32) -> bool {
        let gate = &self.gates[spur as usize];
        gate.shallowest == u32::MAX && gate.idler == NONE && gate.next == NONE
    }

    /// Tells each vehicle whether it is shut out of the dead end in which its goal is.
    ///
    /// `evict` gets those who idle inside, each with the vehicle that wants to get in.
    pub fn update(
        &mut self,
        graph: &Graph,
        fields: &Fields,
        world: &mut World,
        evict: &mut Vec<(u32, u32)>,
    ) {
        if self.gates.is_empty() {
            return;
        }
        self.gates.fill(Gate::OPEN);
        let spurs = &graph.spurs;
        for (i, it) in world.agents.iter().enumerate().filter(|(_, a)| a.present) {
            let inside = spurs.of(it.node);
            if inside != NONE {
                let gate = &mut self.gates[inside as usize];
                let goes_deeper = it.active()
                    && spurs.of(it.goal) == inside
                    && spurs.depth(it.goal) > spurs.depth(it.node);
                if it.fixed || goes_deeper {
                    gate.shallowest = gate.shallowest.min(spurs.depth(it.node));
                } else if it.active() {
                    gate.shallowest = 0;
                } else {
                    gate.idler = i as u32;
                }
            }
            if it.active() && spurs.of(it.goal) != NONE && spurs.of(it.goal) != inside {
                let gate = &mut self.gates[spurs.of(it.goal) as usize];
                let ms = fields.ms(it.field, it.node);
                if ms < gate.next_ms {
                    (gate.next, gate.next_ms) = (i as u32, ms);
                }
            }
        }
        for (i, it) in world.agents.iter_mut().enumerate() {
            it.shut_out = NONE;
            if !it.active() || spurs.of(it.goal) == NONE || spurs.of(it.goal) == spurs.of(it.node) {
                continue;
            }
            let gate = &self.gates[spurs.of(it.goal) as usize];
            if gate.next != i as u32 || gate.shallowest <= spurs.depth(it.goal) {
                it.shut_out = spurs.of(it.goal);
            } else if gate.idler != NONE {
                evict.push((gate.idler, i as u32));
            }
        }
    }
}
