//! Who is looked at in a cycle: whoever something happened to, and of all others a share, in turn, so that everyone is
//! looked at every twenty milliseconds. At periods of ten milliseconds and more that is everyone in each cycle.

/// Everyone is looked at once in so many microseconds of cycles,
const ROUND_US: u64 = 20_000;
/// and in each cycle if cycles are as long as this.
const LONG_US: u32 = 10_000;

/// How many of `all` make a share of a cycle, so that all have had their turn after [`ROUND_US`].
pub(super) fn share(all: usize, cycle_us: u32) -> usize {
    if cycle_us >= LONG_US {
        return all;
    }
    let share = (all as u64 * u64::from(cycle_us)).div_ceil(ROUND_US);
    share as usize
}

/// Those who are looked at in this cycle.
#[derive(Clone, Debug)]
pub(super) struct Looks {
    list: Vec<u32>,
    listed: Vec<bool>,
    /// Whose turn is next.
    next: usize,
    share: usize,
}

impl Looks {
    /// Of `all` at a period.
    pub fn new(all: usize, cycle_us: u32) -> Self {
        Self {
            list: Vec::with_capacity(all),
            listed: vec![false; all],
            next: 0,
            share: share(all, cycle_us),
        }
    }

    /// Chooses for a cycle: those whose turn it is, in turn, then those to whom something happened.
    pub fn choose(&mut self, happened: &[u32]) {
        for &index in &self.list {
            self.listed[index as usize] = false;
        }
        self.list.clear();
        let all = self.listed.len();
        for _ in 0..self.share.min(all) {
            self.add(self.next);
            self.next = (self.next + 1) % all;
        }
        for &index in happened {
            self.add(index as usize);
        }
    }

    /// How many are looked at.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// The one at a place of the list, `0 .. len`.
    pub fn at(&self, place: usize) -> usize {
        self.list[place] as usize
    }

    /// Whose turn is next: all of it that decides what comes.
    pub fn next(&self) -> usize {
        self.next
    }

    fn add(&mut self, index: usize) {
        if !std::mem::replace(&mut self.listed[index], true) {
            self.list.push(index as u32);
        }
    }
}

/// Walks over all, evenly spread over time: each is due once an interval.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spread {
    all: u64,
    interval_ms: u64,
    /// How many have been due so far, since time 0.
    done: u64,
}

impl Spread {
    /// From a time on.
    pub fn new(all: usize, interval_ms: u64, now_ms: u64) -> Self {
        let mut this = Self {
            all: all as u64,
            interval_ms: interval_ms.max(1),
            done: 0,
        };
        this.done = this.due(now_ms);
        this
    }

    /// Those that have become due up to a time, which never goes back; of more than `most` the last ones.
    pub fn advance(&mut self, now_ms: u64, most: u64) -> impl Iterator<Item = usize> + use<> {
        let (due, all) = (self.due(now_ms), self.all.max(1));
        let from = self.done.max(due.saturating_sub(self.all.min(most)));
        self.done = self.done.max(due);
        (from..due).map(move |number| (number % all) as usize)
    }

    /// Has one become due in `(since_ms, now_ms]`?
    pub fn is_due(&self, index: usize, since_ms: u64, now_ms: u64) -> bool {
        // Its turn in each interval is at `index / all` of it; count its turns up to a time.
        let all = self.all.max(1);
        let phase_ms = index as u64 * self.interval_ms / all;
        let turns = |ms: u64| (ms + self.interval_ms - phase_ms) / self.interval_ms;
        turns(now_ms) > turns(since_ms)
    }

    fn due(&self, now_ms: u64) -> u64 {
        // Whole intervals apart, so that the product is small.
        now_ms / self.interval_ms * self.all
            + now_ms % self.interval_ms * self.all / self.interval_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn everyone_has_a_turn_in_each_round_and_who_something_happened_to_at_once(
            all in 1usize..50, cycle_us in 250u32..20_000, happened in prop::collection::vec(0u32..50, 0..5)
        ) {
            let happened: Vec<u32> = happened.into_iter().filter(|&i| (i as usize) < all).collect();
            let mut looks = Looks::new(all, cycle_us);
            let rounds = all.div_ceil(share(all, cycle_us));
            let mut seen = vec![false; all];
            for _ in 0..rounds {
                looks.choose(&happened);
                let now: Vec<usize> = (0..looks.len()).map(|at| looks.at(at)).collect();
                let mut unique = now.clone();
                unique.sort_unstable();
                unique.dedup();
                prop_assert_eq!(unique.len(), now.len());
                prop_assert!(happened.iter().all(|&i| now.contains(&(i as usize))));
                now.iter().for_each(|&i| seen[i] = true);
            }
            prop_assert!(seen.iter().all(|&s| s));
            prop_assert!((rounds as u64 - 1) * u64::from(cycle_us) < ROUND_US + u64::from(cycle_us));
        }

        #[test]
        fn everyone_is_due_once_an_interval_evenly(
            all in 1usize..40, interval_ms in 1u64..200, jumps in prop::collection::vec(0u64..30, 0..60)
        ) {
            let mut spread = Spread::new(all, interval_ms, 1_000);
            let (mut counts, mut now_ms) = (vec![0u64; all], 1_000);
            for jump in jumps {
                let most = (jump * all as u64).div_ceil(interval_ms) + 1;
                now_ms += jump;
                let due: Vec<usize> = spread.advance(now_ms, u64::MAX).collect();
                prop_assert!(due.len() as u64 <= most.min(all as u64));
                due.iter().for_each(|&i| counts[i] += 1);
            }
            let turns = (now_ms - 1_000) / interval_ms;
            prop_assert!(counts.iter().all(|&n| n <= turns + 1));
        }

        #[test]
        fn turns_come_once_an_interval(index in 0usize..20, interval_ms in 1u64..200, start in 0u64..1_000) {
            let spread = Spread::new(20, interval_ms, 0);
            let turns = (start..start + 5 * interval_ms)
                .filter(|&ms| spread.is_due(index, ms, ms + 1))
                .count();
            prop_assert_eq!(turns, 5);
            prop_assert!(spread.is_due(index, start, start + interval_ms));
        }
    }

    #[test]
    fn of_nobody_nobody_is_chosen() {
        let mut looks = Looks::new(0, 1_000);
        looks.choose(&[]);
        assert_eq!((looks.len(), looks.next()), (0, 0));
        assert_eq!(Spread::new(0, 100, 0).advance(1_000, 9).count(), 0);
    }
}
