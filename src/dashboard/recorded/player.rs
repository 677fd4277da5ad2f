//! Where a page is in the recording, and how fast it goes on.

use std::time::Duration;

use serde::Deserialize;

/// Speeds that may be asked for, in times the recording's own.
pub(super) const SPEEDS: [u32; 4] = [1, 4, 16, 64];

/// What a page may say.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Command {
    /// Show another moment.
    Seek {
        /// Its position, in milliseconds from the recording's beginning; behind the end is the end.
        to_ms: u64,
    },
    /// Go on from here; at the end, from the beginning.
    Play,
    /// Stop here.
    Pause,
    /// Go faster or slower.
    Speed {
        /// Times the recording's own: one of [`SPEEDS`].
        times: u32,
    },
}

/// A page's own player: others that look at the same recording are elsewhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Player {
    position_us: u64,
    end_us: u64,
    playing: bool,
    speed: u32,
    jumps: u64,
}

impl Player {
    /// At the beginning of a recording of this length, and paused.
    pub(super) fn new(end_ms: u64) -> Self {
        Self {
            position_us: 0,
            end_us: end_ms.saturating_mul(1_000),
            playing: false,
            speed: 1,
            jumps: 0,
        }
    }

    /// In milliseconds from the recording's beginning.
    pub(super) fn position_ms(&self) -> u64 {
        self.position_us / 1_000
    }

    /// Does it go on by itself?
    pub(super) fn playing(&self) -> bool {
        self.playing
    }

    /// Times the recording's own.
    pub(super) fn speed(&self) -> u32 {
        self.speed
    }

    /// How often it went elsewhere than time would have taken it.
    pub(super) fn jumps(&self) -> u64 {
        self.jumps
    }

    /// Time went on; it stops at the end.
    pub(super) fn advance(&mut self, elapsed: Duration) {
        if !self.playing {
            return;
        }
        let us = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        let on = us.saturating_mul(u64::from(self.speed));
        self.position_us = self.position_us.saturating_add(on).min(self.end_us);
        self.playing = self.position_us < self.end_us;
    }

    /// Does what the page asks for; otherwise says why not.
    pub(super) fn obey(&mut self, command: Command) -> Result<(), String> {
        match command {
            Command::Seek { to_ms } => self.jump(to_ms.saturating_mul(1_000)),
            Command::Play => {
                if self.position_us >= self.end_us {
                    self.jump(0);
                }
                self.playing = self.end_us > 0;
            }
            Command::Pause => self.playing = false,
            Command::Speed { times } if SPEEDS.contains(&times) => self.speed = times,
            Command::Speed { times } => {
                return Err(format!("there is no speed {times}; there are {SPEEDS:?}"));
            }
        }
        Ok(())
    }

    fn jump(&mut self, to_us: u64) {
        self.position_us = to_us.min(self.end_us);
        self.jumps += 1;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn it_goes_on_as_fast_as_it_was_told_and_stops_at_the_end() {
        let mut player = Player::new(100_000);
        player.advance(SECOND);
        assert_eq!(player.position_ms(), 0, "it is paused at first");
        player.obey(Command::Play).unwrap();
        player.advance(SECOND);
        player.obey(Command::Speed { times: 16 }).unwrap();
        player.advance(SECOND);
        assert_eq!(player.position_ms(), 17_000);
        player.obey(Command::Pause).unwrap();
        player.advance(SECOND);
        assert_eq!(player.position_ms(), 17_000);
        player.obey(Command::Play).unwrap();
        player.advance(10 * SECOND);
        assert_eq!((player.position_ms(), player.playing()), (100_000, false));
        player.obey(Command::Play).unwrap();
        assert_eq!((player.position_ms(), player.playing()), (0, true));
    }

    #[test]
    fn it_goes_nowhere_behind_the_end_and_at_no_other_speed() {
        let mut player = Player::new(100_000);
        player.obey(Command::Seek { to_ms: u64::MAX }).unwrap();
        assert_eq!((player.position_ms(), player.jumps()), (100_000, 1));
        assert!(player.obey(Command::Speed { times: 3 }).is_err());
        assert!(player.obey(Command::Speed { times: 0 }).is_err());
        assert_eq!(player.speed(), 1);
        let mut empty = Player::new(0);
        empty.obey(Command::Play).unwrap();
        assert!(!empty.playing());
    }

    #[test]
    fn what_a_page_says_is_understood_or_refused() {
        let said = |text| serde_json::from_str::<Command>(text).ok();
        assert_eq!(said(r#"{"do":"play"}"#), Some(Command::Play));
        let seek = said(r#"{"do":"seek","to_ms":5}"#);
        assert_eq!(seek, Some(Command::Seek { to_ms: 5 }));
        for bad in [
            "",
            "{}",
            r#"{"do":"stop"}"#,
            r#"{"do":"seek","to_ms":-1}"#,
            r#"{"do":"seek"}"#,
        ] {
            assert_eq!(said(bad), None, "{bad}");
        }
    }
}
