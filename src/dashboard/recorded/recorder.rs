//! Watches a replay and keeps what the page needs of it.

use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;

use takt_maps::Floor;

use super::film::Film;
use super::picture::{Look, note_waiting};
use super::timeline::{AlarmMark, LifeMark, Timeline};
use crate::controller::Delta;
use crate::follower::Follower;
use crate::replay::{Beginning, Report, Seen, Watch};

/// Time between pictures, in milliseconds of the recording, while there is room.
const STEP_MS: u64 = 500;
/// Memory for pictures, in bytes; some days of a floor with twenty vehicles.
const BYTES_MAX: usize = 512 << 20;
/// Most alarms that are marked on the timeline.
const ALARMS_MAX: usize = 5_000;

/// A recording that can be shown.
pub struct Recording {
    pub(super) floor: Arc<Floor>,
    pub(super) film: Film,
    pub(super) timeline: Timeline,
}

impl Recording {
    /// How long it is, in milliseconds; the time between lives does not count.
    pub fn length_ms(&self) -> u64 {
        self.timeline.end_ms
    }

    /// Time between pictures, in milliseconds.
    pub fn step_ms(&self) -> u64 {
        self.film.step_ms()
    }

    /// Pictures that it has, and the bytes of memory that they take.
    pub fn size(&self) -> (u64, usize) {
        (self.film.pictures(), self.film.bytes())
    }
}

/// A life that is being lived again.
struct Now {
    follower: Follower,
    waiting_since: Vec<Option<u64>>,
    /// UTC of its beginning, in nanoseconds since 1970.
    begun_utc_ns: u64,
    /// Position of its beginning, in milliseconds from the recording's.
    from_ms: u64,
    /// Milliseconds from its beginning to the last cycle that was seen.
    seen_ms: u64,
    /// Milliseconds from its beginning to the next picture.
    next_ms: u64,
}

/// Makes a [`Recording`] of what it sees.
pub struct Recorder {
    floor: Arc<Floor>,
    film: Film,
    lives: Vec<LifeMark>,
    alarms: Vec<AlarmMark>,
    alarms_left_out: u64,
    now: Option<Now>,
    broken: Option<io::Error>,
}

impl Recorder {
    /// For a replay on this floor.
    pub fn new(floor: &Arc<Floor>) -> Self {
        Self::with(floor, STEP_MS, BYTES_MAX)
    }

    /// With a picture every `step_ms`, in so much memory.
    pub(super) fn with(floor: &Arc<Floor>, step_ms: u64, bytes_max: usize) -> Self {
        Self {
            floor: floor.clone(),
            film: Film::new(floor, step_ms, bytes_max),
            lives: Vec::new(),
            alarms: Vec::new(),
            alarms_left_out: 0,
            now: None,
            broken: None,
        }
    }

    /// The recording, once all of it was seen; `report` says how its lives ended.
    ///
    /// # Errors
    /// If a picture could not be kept.
    pub fn finish(mut self, report: &Report) -> io::Result<Recording> {
        self.end_life();
        if let Some(error) = self.broken {
            return Err(error);
        }
        self.film.end()?;
        for life in &mut self.lives {
            if let Some(told) = report.lives.iter().find(|l| l.epoch == life.epoch) {
                life.ended = told.ended;
                life.stopped.clone_from(&told.stopped);
            }
        }
        Ok(Recording {
            floor: self.floor,
            timeline: Timeline {
                end_ms: self.lives.last().map_or(0, |life| life.to_ms),
                step_ms: self.film.step_ms(),
                lives: self.lives,
                alarms: self.alarms,
                alarms_left_out: self.alarms_left_out,
            },
            film: self.film,
        })
    }

    /// The picture of now, at this many milliseconds from the life's beginning.
    fn picture(&mut self, after_ms: u64) {
        let (Some(now), None) = (&mut self.now, &self.broken) else {
            return;
        };
        let look = Look {
            model: &now.follower.model,
            waiting_since: &now.waiting_since,
        };
        let life = self.lives.len().saturating_sub(1) as u32;
        let kept = self.film.push(now.from_ms + after_ms, life, look);
        self.broken = kept.err();
    }

    /// The last picture of a life, and its place on the timeline.
    fn end_life(&mut self) {
        let Some(seen_ms) = self.now.as_ref().map(|now| now.seen_ms) else {
            return;
        };
        self.picture(seen_ms);
        if let Some(now) = self.now.take()
            && let Some(life) = self.lives.last_mut()
        {
            life.to_ms = now.from_ms + seen_ms;
        }
    }
}

impl Watch for Recorder {
    fn begin(&mut self, life: &Beginning<'_>) -> ControlFlow<()> {
        self.end_life();
        let step_ms = self.film.step_ms();
        // Behind the last picture of the life before it, so that both can be shown.
        let from_ms = self.lives.last().map_or(0, |last| last.to_ms + step_ms);
        self.lives
            .push(LifeMark::new(life.epoch, from_ms, life.utc_ns / 1_000_000));
        self.now = Some(Now {
            follower: life.follower.clone(),
            waiting_since: vec![None; self.floor.vehicles.len()],
            begun_utc_ns: life.utc_ns,
            from_ms,
            seen_ms: 0,
            next_ms: step_ms,
        });
        self.picture(0);
        self.flow()
    }

    fn cycle(&mut self, seen: &Seen<'_>) -> ControlFlow<()> {
        let Some(now) = &self.now else {
            return ControlFlow::Continue(());
        };
        let after_ms = seen.utc_ns.saturating_sub(now.begun_utc_ns) / 1_000_000;
        let next_ms = now.next_ms;
        if after_ms > next_ms {
            // Nothing has changed since the last cycle that was seen, so this was how it looked then.
            self.picture(next_ms);
        }
        let step_ms = self.film.step_ms();
        if let Some(now) = &mut self.now {
            if after_ms > next_ms {
                now.next_ms = after_ms.div_ceil(step_ms) * step_ms;
            }
            now.seen_ms = after_ms;
        }
        self.take(seen);
        self.flow()
    }
}

impl Recorder {
    /// Takes in what a cycle put out.
    fn take(&mut self, seen: &Seen<'_>) {
        let Some(now) = &mut self.now else { return };
        let model = &now.follower.model;
        let now_ms = (seen.utc_ns / 1_000_000).saturating_sub(model.started_utc_ms);
        for delta in seen.deltas {
            let mut client = None;
            match delta {
                Delta::Submitted { id, .. } => {
                    let of = seen.clients.iter().find(|(order, _)| order == id);
                    client = of.map(|(_, client)| client.clone());
                }
                Delta::Vehicle(status) => note_waiting(&mut now.waiting_since, status, now_ms),
                &Delta::Raised { kind, priority, .. } => {
                    let mut known = now.follower.model.alarms.iter();
                    let active = known.any(|a| a.kind == kind && a.until_ms.is_none());
                    let at_ms = now.from_ms + now.seen_ms;
                    match (active, self.alarms.len() < ALARMS_MAX) {
                        (true, _) => {}
                        (false, true) => self.alarms.push(AlarmMark {
                            at_ms,
                            priority,
                            kind,
                        }),
                        (false, false) => self.alarms_left_out += 1,
                    }
                }
                _ => {}
            }
            now.follower.apply(delta, client);
        }
    }

    /// Goes on unless a picture could not be kept.
    fn flow(&self) -> ControlFlow<()> {
        match self.broken {
            Some(_) => ControlFlow::Break(()),
            None => ControlFlow::Continue(()),
        }
    }
}
