//! What is shown of a moment is what a follower had at that moment.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::ops::ControlFlow;
use std::sync::Arc;

use serde_json::{Value, json};
use takt_maps::Floor;
use takt_maps::formats::builtin;
use takt_rt::host::MemoryDisk;

use super::cursor::Cursor;
use super::live::Screen;
use super::picture::Picture;
use super::recorder::{Recorder, Recording};
use crate::controller::Delta;
use crate::follower::Follower;
use crate::follower::model::ReadModel;
use crate::host::virtual_time::{Options, Rehearsal};
use crate::replay::{Beginning, ReplayOptions, Report, Seen, Watch, replay_watched};

const STEP_MS: u64 = 500;

pub(super) fn floor() -> Arc<Floor> {
    Arc::new(builtin("electronics-line").unwrap().unwrap().floor)
}

/// Lives of these lengths in milliseconds, one after the other in one store. The last one ends in order.
pub(super) fn recorded(floor: &Arc<Floor>, lives_ms: &[u64]) -> MemoryDisk {
    let disk = MemoryDisk::new();
    for (i, &ms) in lives_ms.iter().enumerate() {
        let options = Options::seeded(4);
        let store = Box::new(disk.clone());
        let mut rehearsal = Rehearsal::with_store(floor.clone(), &options, store).unwrap();
        let until_ms = rehearsal.now_ms() + ms;
        while rehearsal.now_ms() < until_ms {
            rehearsal.step();
        }
        if i + 1 == lives_ms.len() {
            rehearsal.end().unwrap();
        }
    }
    disk
}

fn watched(floor: &Arc<Floor>, disk: &MemoryDisk, watch: &mut dyn Watch) -> Report {
    replay_watched(floor, disk, &ReplayOptions::default(), watch, |_| ()).unwrap()
}

pub(super) fn recording(floor: &Arc<Floor>, disk: &MemoryDisk, bytes_max: usize) -> Recording {
    let mut recorder = Recorder::with(floor, STEP_MS, bytes_max);
    let report = watched(floor, disk, &mut recorder);
    assert_eq!(report.difference(), None);
    recorder.finish(&report).unwrap()
}

/// A follower that is fed from the beginning of one life up to a moment of it.
struct Fed {
    /// Which life, counted from 0, and up to how many milliseconds from its beginning.
    life: usize,
    until_ms: u64,
    begun: usize,
    begun_utc_ns: u64,
    follower: Option<Follower>,
}

impl Watch for Fed {
    fn begin(&mut self, life: &Beginning<'_>) -> ControlFlow<()> {
        if self.begun == self.life {
            self.follower = Some(life.follower.clone());
            self.begun_utc_ns = life.utc_ns;
        }
        self.begun += 1;
        ControlFlow::Continue(())
    }

    fn cycle(&mut self, seen: &Seen<'_>) -> ControlFlow<()> {
        let now = self.begun == self.life + 1;
        if now && (seen.utc_ns - self.begun_utc_ns) <= self.until_ms * 1_000_000 {
            for delta in seen.deltas {
                let of = |id| seen.clients.iter().find(|(order, _)| *order == id);
                let client = match delta {
                    Delta::Submitted { id, .. } => of(*id).map(|(_, client)| client.clone()),
                    _ => None,
                };
                self.follower.as_mut().unwrap().apply(delta, client);
            }
        }
        ControlFlow::Continue(())
    }
}

fn fed(floor: &Arc<Floor>, disk: &MemoryDisk, life: usize, until_ms: u64) -> ReadModel {
    let mut fed = Fed {
        life,
        until_ms,
        begun: 0,
        begun_utc_ns: 0,
        follower: None,
    };
    watched(floor, disk, &mut fed);
    fed.follower.unwrap().model
}

/// Everything of a model but its floor, as text.
fn told(model: &ReadModel) -> Vec<String> {
    let ReadModel {
        floor: _,
        revision,
        now_ms,
        started_utc_ms,
        paused,
        notice,
        vehicles,
        orders,
        stock,
        blocked,
        boots,
        doors,
        devices,
        alarms,
        kpis,
        samples,
    } = model;
    vec![
        format!("{revision} {now_ms} {started_utc_ms} {paused} {notice}"),
        format!("{vehicles:?}"),
        format!("{orders:?}"),
        format!("{stock:?} {blocked:?} {boots:?} {doors:?} {devices:?}"),
        format!("{alarms:?}"),
        format!("{kpis:?} {samples:?}"),
    ]
}

fn seek(recording: &Recording, cursor: &mut Cursor, at_ms: u64) -> (u64, u32, Picture) {
    let shown = cursor.look(&recording.film, at_ms).unwrap().unwrap();
    (shown.at_ms, shown.life, shown.picture.clone())
}

#[test]
fn a_moment_is_shown_as_the_follower_had_it() {
    let floor = floor();
    let disk = recorded(&floor, &[200_000]);
    let recording = recording(&floor, &disk, usize::MAX);
    let end_ms = recording.length_ms();
    assert_eq!(end_ms, 200_000);
    let cursor = &mut Cursor::default();
    let mut seen = Vec::new();
    // Ahead and back, in and across stretches, on a picture and between two.
    for at_ms in [
        0,
        150_000,
        500,
        499,
        120_000,
        119_500,
        119_999,
        60_250,
        end_ms,
        3,
        end_ms + 9_999,
    ] {
        let (shown_ms, life, picture) = seek(&recording, cursor, at_ms);
        assert_eq!(life, 0);
        let on_grid_ms = at_ms.min(end_ms) / STEP_MS * STEP_MS;
        assert!(shown_ms <= on_grid_ms, "{shown_ms} for {at_ms}");
        let expected = told(&fed(&floor, &disk, 0, on_grid_ms));
        assert_eq!(told(&picture.model), expected, "at {at_ms}");
        seen.push(expected);
    }
    // What could fool this test: a floor on which nothing happens.
    let (_, _, last) = seek(&recording, cursor, end_ms);
    assert!(last.model.kpis.distance_mm > 100_000 && last.model.orders.len() > 3);
    assert!(last.model.samples.len() > 30);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 7, "other moments look otherwise");
}

#[test]
fn lives_come_one_behind_the_other() {
    let floor = floor();
    let disk = recorded(&floor, &[30_000, 20_000, 10_000]);
    let recording = recording(&floor, &disk, usize::MAX);
    let lives = &recording.timeline.lives;
    let epochs: Vec<u32> = lives.iter().map(|life| life.epoch).collect();
    assert_eq!(epochs, [1, 2, 3]);
    let ended: Vec<bool> = lives.iter().map(|life| life.ended).collect();
    assert_eq!(ended, [false, false, true]);
    assert_eq!(recording.length_ms(), lives[2].to_ms);
    let cursor = &mut Cursor::default();
    for (i, life) in lives.iter().enumerate() {
        assert!(life.to_ms - life.from_ms > 8_000, "{lives:?}");
        for at_ms in [life.to_ms, life.from_ms, life.from_ms + 5_000] {
            let (_, shown, picture) = seek(&recording, cursor, at_ms);
            assert_eq!(shown as usize, i, "at {at_ms}");
            let expected = fed(&floor, &disk, i, at_ms - life.from_ms);
            assert_eq!(told(&picture.model), told(&expected), "at {at_ms}");
        }
    }
    for two in lives.windows(2) {
        assert!(two[1].from_ms > two[0].to_ms && two[1].from_utc_ms > two[0].from_utc_ms);
    }
}

#[test]
fn it_keeps_to_its_memory_and_then_shows_fewer_moments() {
    let floor = floor();
    let disk = recorded(&floor, &[200_000, 20_000]);
    let whole = recording(&floor, &disk, usize::MAX);
    let (pictures, bytes) = whole.size();
    let thin = recording(&floor, &disk, bytes / 3);
    let (fewer, less) = thin.size();
    assert!(
        less <= bytes / 3 && fewer <= pictures / 2 + 2,
        "{fewer} in {less} of {pictures} in {bytes} bytes"
    );
    let step_ms = thin.step_ms();
    assert!(step_ms > STEP_MS && thin.timeline.step_ms == step_ms);
    assert_eq!(thin.length_ms() / 10_000, whole.length_ms() / 10_000);
    let cursor = &mut Cursor::default();
    for at_ms in [0, 7 * step_ms, 100_000 / step_ms * step_ms] {
        let (shown_ms, _, picture) = seek(&thin, cursor, at_ms);
        // A picture that shows nothing new is not kept, so it may be older.
        assert!(at_ms - shown_ms <= step_ms, "{shown_ms} for {at_ms}");
        let expected = fed(&floor, &disk, 0, shown_ms);
        assert_eq!(told(&picture.model), told(&expected), "at {at_ms}");
    }
    let (_, life, _) = seek(&thin, cursor, thin.length_ms());
    assert_eq!(life, 1, "no life is left out");
}

#[test]
fn a_recording_without_a_life_shows_nothing() {
    let floor = floor();
    let recorder = Recorder::new(&floor);
    let recording = Arc::new(recorder.finish(&Report::default()).unwrap());
    assert_eq!((recording.length_ms(), recording.size()), (0, (0, 0)));
    let mut cursor = Cursor::default();
    assert!(cursor.look(&recording.film, 5).unwrap().is_none());
    assert!(Screen::new(recording).frame().is_none());
}

#[test]
fn vehicles_have_waited_since_they_stood() {
    let floor = floor();
    let disk = recorded(&floor, &[120_000]);
    let recording = recording(&floor, &disk, usize::MAX);
    let cursor = &mut Cursor::default();
    let mut waited = 0;
    let mut before: Option<Picture> = None;
    for at_ms in (0..120_000).step_by(STEP_MS as usize) {
        let (_, _, picture) = seek(&recording, cursor, at_ms);
        for (i, vehicle) in picture.model.vehicles.iter().enumerate() {
            let stands = vehicle.wait != Default::default() && vehicle.speed_mm_s == 0;
            // One that has not been heard yet says nothing, and is not said to wait.
            if let Some(since_ms) = picture.waiting_since[i] {
                assert!(stands && since_ms <= at_ms, "vehicle {i} at {at_ms}");
                let was = before.as_ref().and_then(|b| b.waiting_since[i]);
                waited += u64::from(was == Some(since_ms));
            }
        }
        before = Some(picture);
    }
    assert!(waited > 10, "somebody waits on a busy floor: {waited}");
}

#[test]
fn a_page_gets_what_changed_and_all_of_it_after_a_jump() {
    let floor = floor();
    let disk = recorded(&floor, &[60_000]);
    let mut screen = Screen::new(Arc::new(recording(&floor, &disk, usize::MAX)));
    let timeline = &screen.timeline()["timeline"];
    assert_eq!(timeline["end_ms"], json!(60_000));
    assert_eq!(timeline["speeds"], json!([1, 4, 16, 64]));
    let first = screen.frame().unwrap();
    assert_eq!(
        (&first["reset"], &first["recorded"]["playing"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(screen.frame(), None, "nothing new");
    let order = |frame: &Value| frame["orders"].as_array().map_or(0, Vec::len);
    assert_eq!(screen.told(r#"{"do":"seek","to_ms":60000}"#), None);
    let end = screen.frame().unwrap();
    assert_eq!(
        (&end["reset"], &end["recorded"]["at_ms"]),
        (&json!(true), &json!(60_000))
    );
    assert!(order(&end) > 0 && end["samples"].as_array().unwrap().len() > 5);
    assert_eq!(screen.told(r#"{"do":"speed","times":16}"#), None);
    let faster = screen.frame().unwrap();
    assert_eq!((&faster["reset"], order(&faster)), (&json!(false), 0));
    assert_eq!(faster["recorded"]["speed"], json!(16));
    for bad in [r#"{"do":"speed","times":5}"#, "{", r#"{"do":"cancel"}"#] {
        let problem = screen.told(bad).unwrap();
        assert!(problem["problem"].is_string(), "{bad}");
    }
    assert_eq!(screen.frame(), None, "what is refused changes nothing");
}
