//! Who decides first in a configuration.

/// Agents by priority: those who are away from their goals, the longest time first, then those who are at them. Ties go
/// by rank: who had the longest way at the start.
#[derive(Clone, Debug, Default)]
pub(super) struct Order {
    pub agents: Vec<u32>,
    /// How many are away from their goals.
    pub away: usize,
}

impl Order {
    /// At the start, agents given in the order of their ranks.
    pub fn first(by_rank: &[u32], at: &[u32], goals: &[u32]) -> Self {
        let is_away = |agent: &u32| at[*agent as usize] != goals[*agent as usize];
        let mut agents: Vec<u32> = by_rank.iter().copied().filter(is_away).collect();
        let away = agents.len();
        agents.extend(by_rank.iter().copied().filter(|agent| !is_away(agent)));
        Self { agents, away }
    }

    /// One step later, when all are `at` these vertices. No sorting: all who stay away keep their order, those who have
    /// just left their goals come behind them, and the others stay in the order of their ranks.
    pub fn after(&self, at: &[u32], goals: &[u32], ranks: &[u32]) -> Self {
        let is_away = |agent: &u32| at[*agent as usize] != goals[*agent as usize];
        let (away, home) = self.agents.split_at(self.away);
        let mut agents = Vec::with_capacity(self.agents.len());
        let mut arrived = Vec::new();
        for &agent in away {
            if is_away(&agent) {
                agents.push(agent);
            } else {
                arrived.push(agent);
            }
        }
        agents.extend(home.iter().copied().filter(is_away));
        let away = agents.len();
        arrived.sort_unstable_by_key(|&agent| ranks[agent as usize]);
        let mut arrived = arrived.into_iter().peekable();
        for &agent in home.iter().filter(|agent| !is_away(agent)) {
            while let Some(one) =
                arrived.next_if(|&one| ranks[one as usize] < ranks[agent as usize])
            {
                agents.push(one);
            }
            agents.push(agent);
        }
        agents.extend(arrived);
        Self { agents, away }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_away_longest_come_first_and_those_at_home_by_rank() {
        let goals = [10, 11, 12, 13];
        let ranks = [2, 0, 3, 1];
        let by_rank = [1, 3, 0, 2];
        let order = Order::first(&by_rank, &[10, 1, 2, 13], &goals);
        assert_eq!((&order.agents[..], order.away), (&[1, 2, 3, 0][..], 2));
        // 3 leaves its goal, 2 arrives.
        let order = order.after(&[10, 5, 12, 3], &goals, &ranks);
        assert_eq!((&order.agents[..], order.away), (&[1, 3, 0, 2][..], 2));
        // 1 arrives, 0 leaves.
        let order = order.after(&[9, 11, 12, 4], &goals, &ranks);
        assert_eq!((&order.agents[..], order.away), (&[3, 0, 1, 2][..], 2));
    }
}
