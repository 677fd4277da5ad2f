//! The low level of LaCAM: which agents have to go where in the next successor of a configuration.

use super::network::{NONE, Network};

/// Sets of constraints as a tree, in the order of their size: each node adds a vertex for one more agent to those of its
/// parent. The root asks for nothing, and most configurations never need more.
#[derive(Clone, Debug, Default)]
pub(super) struct Constraints {
    nodes: Vec<Node>,
    /// The one whose turn it is.
    next: usize,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    parent: u32,
    agent: u32,
    vertex: u32,
    /// How many agents are told where to go.
    depth: u32,
}

impl Constraints {
    /// Writes the next set as agents and their vertices; `false`: there is none left. Agents are constrained in `order`,
    /// and may go to every neighbour of where they are `from`, or stay.
    pub fn take(
        &mut self,
        network: &Network,
        order: &[u32],
        from: &[u32],
        given: &mut Vec<(u32, u32)>,
    ) -> bool {
        given.clear();
        if self.nodes.is_empty() {
            self.nodes.push(Node {
                parent: NONE,
                agent: NONE,
                vertex: NONE,
                depth: 0,
            });
        }
        let Some(&node) = self.nodes.get(self.next) else {
            return false;
        };
        if let Some(&agent) = order.get(node.depth as usize) {
            let at = from[agent as usize];
            for &vertex in network.successors(at).iter().chain([&at]) {
                self.nodes.push(Node {
                    parent: self.next as u32,
                    agent,
                    vertex,
                    depth: node.depth + 1,
                });
            }
        }
        self.next += 1;
        let mut node = node;
        while node.parent != NONE {
            given.push((node.agent, node.vertex));
            node = self.nodes[node.parent as usize];
        }
        true
    }
}
