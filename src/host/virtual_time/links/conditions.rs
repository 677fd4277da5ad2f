//! What may be wrong with the way between a link and its server.

use rand_core::Rng;
use rand_pcg::Pcg32;

/// A frame that is held back comes up to so much later: long enough that a request on the next connection may overtake
/// it.
const HELD_BACK_MS: u32 = 2_000;
/// The copy of a frame comes up to so much behind it: at once, between requests, or behind the next one.
const COPY_MS: u32 = 100;

/// How the way to one endpoint is. A frame is a request or an answer; what is said of frames holds for each by itself.
/// The default is a way on which everything arrives at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Conditions {
    /// Each frame takes so long, in milliseconds; connecting takes twice that.
    pub delay_ms: u32,
    /// Up to so much longer, evenly distributed, in milliseconds.
    pub jitter_ms: u32,
    /// Nothing passes in either direction, and connecting times out.
    pub outage: bool,
    /// Set: connections that exist then swallow everything for ever, and say nothing of it; new ones work.
    pub half_open: bool,
    /// So many frames of a thousand are lost.
    pub loss_permille: u16,
    /// So many of a thousand arrive twice, the second time up to 0.1 s later: a device may get an older command again,
    /// and a link an answer that it does not wait for any more, which ends its connection.
    pub duplication_permille: u16,
    /// So many of a thousand are held back for up to 2 s. On one connection nothing overtakes them, since the link waits
    /// for its answer; but it gives up, and on its next connection a newer command arrives before the older one.
    pub reordering_permille: u16,
}

/// What becomes of one frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    /// It does not arrive.
    Lost,
    /// It arrives.
    Arrives {
        /// So much later, in milliseconds.
        after_ms: u64,
        /// It was held back.
        held_back: bool,
        /// And again, so much later.
        again_after_ms: Option<u64>,
    },
}

impl Conditions {
    /// What becomes of the next frame.
    pub(super) fn fate(&self, random: &mut Pcg32) -> Fate {
        if self.outage || hits(self.loss_permille, random) {
            return Fate::Lost;
        }
        let mut after_ms = self.way_ms(random);
        let held_back = hits(self.reordering_permille, random);
        if held_back {
            after_ms += u64::from(1 + random.next_u32() % HELD_BACK_MS);
        }
        let copied = hits(self.duplication_permille, random);
        let again_after_ms =
            copied.then(|| after_ms + u64::from(random.next_u32() % (COPY_MS + 1)));
        Fate::Arrives {
            after_ms,
            held_back,
            again_after_ms,
        }
    }

    /// How long one frame takes.
    pub(super) fn way_ms(&self, random: &mut Pcg32) -> u64 {
        let jitter_ms = match self.jitter_ms {
            0 => 0,
            most => u64::from(random.next_u32()) % (u64::from(most) + 1),
        };
        u64::from(self.delay_ms) + jitter_ms
    }
}

/// Does it hit this one, of a thousand?
fn hits(permille: u16, random: &mut Pcg32) -> bool {
    permille > 0 && random.next_u32() % 1_000 < u32::from(permille)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fates_are_as_frequent_and_as_late_as_the_conditions_say() {
        let conditions = Conditions {
            delay_ms: 10,
            jitter_ms: 5,
            loss_permille: 100,
            duplication_permille: 200,
            reordering_permille: 50,
            ..Conditions::default()
        };
        let mut random = Pcg32::new(1, 2);
        let (mut lost, mut late, mut twice) = (0, 0, 0);
        for _ in 0..10_000 {
            match conditions.fate(&mut random) {
                Fate::Lost => lost += 1,
                Fate::Arrives {
                    after_ms,
                    held_back,
                    again_after_ms,
                } => {
                    late += u32::from(held_back);
                    twice += u32::from(again_after_ms.is_some());
                    let most = if held_back { 2_015 } else { 15 };
                    assert!((10..=most).contains(&after_ms));
                    assert!(again_after_ms.is_none_or(|again| again >= after_ms));
                }
            }
        }
        assert!((900..1_100).contains(&lost), "{lost}");
        assert!((1_650..1_950).contains(&twice), "{twice}");
        assert!((380..520).contains(&late), "{late}");
    }

    #[test]
    fn on_a_good_way_everything_arrives_at_once_and_no_number_is_drawn() {
        let mut random = Pcg32::new(1, 2);
        let fate = Conditions::default().fate(&mut random);
        let at_once = Fate::Arrives {
            after_ms: 0,
            held_back: false,
            again_after_ms: None,
        };
        assert_eq!((fate, random), (at_once, Pcg32::new(1, 2)));
    }
}
