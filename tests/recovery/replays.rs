//! Replays that have to be equal, and recordings that must not pass for equal.

use takt::controller::{Input, StateHash};
use takt::host::store::identity;
use takt::host::store::record::{Record, Replay};
use takt::journal::{Files, log_file, read_file};
use takt::replay::{ReplayError, ReplayOptions, Report, replay};
use takt_rt::host::{Disk, MemoryDisk};

use crate::busy::{Busy, built_in};

/// Two minutes of a busy floor, ended in order.
fn recorded() -> Busy {
    let mut busy = Busy::new(5);
    busy.run(120_000);
    busy.rehearsal.end().unwrap();
    busy
}

fn again(busy: &Busy, options: &ReplayOptions) -> Report {
    replay(&busy.floor, &busy.disk, options, |_| ()).unwrap()
}

#[test]
fn a_recorded_life_comes_out_the_same() {
    let busy = recorded();
    let options = ReplayOptions {
        rerun_workers: true,
        ..ReplayOptions::default()
    };
    let report = again(&busy, &options);
    let [life] = &report.lives[..] else {
        panic!("{report:?}")
    };
    // What could fool this test: a recording without inputs, without anything to compare, or of a floor at rest.
    assert_eq!(report.difference(), None);
    assert!(life.ended && life.stopped.is_empty());
    assert_eq!(life.cycles, 12_000);
    assert_eq!(life.checkpoints, 120);
    assert!(life.inputs > 20_000 && life.changes > 50, "{life:?}");
    assert!(life.plans > 100 && life.assignments > 20, "{life:?}");
    let controller = busy.rehearsal.controller();
    assert_eq!(
        life.state_hash,
        format!("{:016x}", controller.state_hash().total())
    );
    assert_eq!(life.orders_open, controller.orders_open() as u64);
    assert!(busy.rehearsal.outcome(5).distance_m > 100.0);
}

#[test]
fn a_replay_can_stop_in_the_middle() {
    let busy = recorded();
    let options = ReplayOptions {
        until: Some(7_777),
        ..ReplayOptions::default()
    };
    let life = &again(&busy, &options).lives[0];
    assert_eq!((life.last_cycle, life.cycles), (7_777, 7_777));
    assert_eq!((life.checkpoints, life.ended), (77, false));
    assert_eq!(life.covered_ms, 77_770);
}

/// Writes the recording of `busy` anew with one record changed.
fn tampered(busy: &Busy, change: impl FnMut(&mut Record)) -> MemoryDisk {
    use takt::host::store::record::Kept;
    let identity = identity(&busy.floor);
    let opened = takt::journal::open::<_, Kept, Record>(busy.disk.clone(), identity).unwrap();
    let mut records = opened.recovered.records.clone();
    records.iter_mut().for_each(change);
    let disk = MemoryDisk::new();
    let new = takt::journal::open::<_, Kept, Record>(disk.clone(), identity).unwrap();
    let mut journal = new.begin(&opened.recovered.checkpoint).unwrap();
    for record in &records {
        journal.append(record).unwrap();
    }
    journal.commit().unwrap();
    disk
}

/// Changes the first replay record for which `change` returns true.
fn first_replay(mut change: impl FnMut(&mut Replay<'_>) -> bool) -> impl FnMut(&mut Record) {
    let mut done = false;
    move |record| {
        if let (false, Record::Replay(bytes)) = (done, record) {
            let copy = bytes.clone();
            let mut replay = postcard::from_bytes(&copy).unwrap();
            if change(&mut replay) {
                *bytes = postcard::to_stdvec(&replay).unwrap();
                done = true;
            }
        }
    }
}

#[test]
fn the_first_difference_is_named() {
    let busy = recorded();
    let find = |disk: &MemoryDisk| {
        let report = replay(&busy.floor, disk, &ReplayOptions::default(), |_| ()).unwrap();
        report.lives[0].difference.clone().expect("a difference")
    };
    assert_eq!(
        again(&busy, &ReplayOptions::default()).difference(),
        None,
        "as it is, it is equal"
    );

    // Another hash.
    let other_hash = first_replay(|replay| match replay {
        Replay::Hash { cycle: 5_000, hash } => {
            let mut parts = hash.parts;
            parts[1] ^= 1;
            *hash = StateHash { parts };
            true
        }
        _ => false,
    });
    let found = find(&tampered(&busy, other_hash));
    assert_eq!(
        (found.cycle, &found.field[..]),
        (5_000, "state hash: orders")
    );
    assert_ne!(found.recorded, found.replayed);

    // Another input: a vehicle that was somewhere else.
    let mut at = 0;
    let other_input = first_replay(|replay| {
        let Replay::Cycle { cycle, inputs, .. } = replay else {
            return false;
        };
        let moved = inputs.to_mut().iter_mut().any(|input| match input {
            Input::Field(takt_plc_bridge::FromField::Vehicle { report, .. })
                if *cycle > 3_000 && cycle.is_multiple_of(100) =>
            {
                if let Some(pose) = &mut report.pose {
                    pose.x_mm += 1;
                }
                report.pose.is_some()
            }
            _ => false,
        });
        at = *cycle;
        moved
    });
    let disk = tampered(&busy, other_input);
    let found = find(&disk);
    assert_eq!(
        (found.cycle, &found.field[..]),
        (at, "state hash: vehicles")
    );

    // A change that never was.
    let mut changes = 0;
    let other_change = |record: &mut Record| {
        if let Record::Change(takt::controller::Delta::Submitted { at_ms, .. }) = record {
            changes += 1;
            if changes == 3 {
                *at_ms += 1;
            }
        }
    };
    let found = find(&tampered(&busy, other_change));
    assert_eq!(found.field, "change");
    assert!(found.recorded.contains("Submitted"), "{found:?}");
}

#[test]
fn an_empty_or_foreign_recording_does_not_pass() {
    let floor = built_in();
    let nothing = replay(
        &floor,
        &MemoryDisk::new(),
        &ReplayOptions::default(),
        |_| (),
    );
    assert!(matches!(nothing, Err(ReplayError::Empty)));

    let mut idle = Busy::new(1);
    idle.rehearsal.step();
    idle.rehearsal.end().unwrap();
    let report = again(&idle, &ReplayOptions::default());
    assert!(!report.proves_something() && report.difference().is_none());

    let busy = recorded();
    let mut other = (*floor).clone();
    other.digest ^= 1;
    let error = replay(
        &std::sync::Arc::new(other),
        &busy.disk,
        &ReplayOptions::default(),
        |_| (),
    )
    .unwrap_err();
    assert!(error.to_string().contains("another floor"), "{error}");

    let other_build = tampered(&busy, |record| {
        if let Record::Begin(begin) = record {
            begin.build = "0123".to_owned();
        }
    });
    let report = replay(&floor, &other_build, &ReplayOptions::default(), |_| ()).unwrap();
    assert!(!report.is_complete() && !report.proves_something());
    assert!(
        report.lives[0].stopped.contains("only the same build"),
        "{report:?}"
    );
}

/// Whatever a byte becomes: an error, a warning or a difference, or what is left is equal as far as it goes; never a
/// panic.
#[test]
fn a_damaged_recording_is_never_silently_another() {
    let mut busy = Busy::new(9);
    busy.run(1_500);
    busy.rehearsal.end().unwrap();
    let whole = again(&busy, &ReplayOptions::default());
    assert!(whole.proves_something() && whole.is_complete());
    let files = Files::list(&busy.disk).unwrap();
    let mut noticed = 0;
    let mut flips = 0;
    for name in busy.disk.list().unwrap() {
        let length = busy.disk.size(&name).unwrap() as usize;
        for offset in (0..length).step_by(1 + length / 1_500) {
            assert!(busy.disk.corrupt(&name, offset, 1 << (offset % 8)));
            flips += 1;
            match replay(&busy.floor, &busy.disk, &ReplayOptions::default(), |_| ()) {
                Err(_) => noticed += 1,
                Ok(report) => {
                    assert_eq!(report.difference(), None, "{name} byte {offset}");
                    // Nothing is taken for a whole recording that is not. Without a header the blocks say enough.
                    let harmless = name == log_file(files.logs[0]) && offset < 40;
                    assert!(
                        report == whole && harmless || !report.is_complete(),
                        "{name} byte {offset}: {report:?}"
                    );
                    noticed += 1;
                }
            }
            assert!(busy.disk.corrupt(&name, offset, 1 << (offset % 8)));
        }
    }
    assert!(flips > 1_000 && noticed == flips, "{noticed} of {flips}");
    assert_eq!(again(&busy, &ReplayOptions::default()), whole);

    // Cut off anywhere.
    let log = log_file(files.logs[0]);
    let bytes = busy.disk.read(&log).unwrap();
    for length in (0..bytes.len()).step_by(1 + bytes.len() / 200) {
        let mut cut = busy.disk.clone();
        cut.remove(&log).unwrap();
        cut.append(&log, &bytes[..length]).unwrap();
        if let Ok(report) = replay(&busy.floor, &cut, &ReplayOptions::default(), |_| ()) {
            assert_eq!(report.difference(), None, "after {length} bytes");
            assert!(!report.lives[0].ended, "after {length} bytes");
        }
        let read = read_file::<Record>(&cut, &log, identity(&busy.floor));
        assert!(read.is_err() || read.unwrap().records.len() < 5_000);
    }
}

/// What a copy of a store says after something was done to it.
fn after(busy: &Busy, change: impl FnOnce(&mut MemoryDisk)) -> Report {
    let mut disk = MemoryDisk::new();
    for file in busy.disk.list().unwrap() {
        disk.append(&file, &busy.disk.read(&file).unwrap()).unwrap();
    }
    change(&mut disk);
    replay(&busy.floor, &disk, &ReplayOptions::default(), |_| ()).unwrap()
}

#[test]
fn what_is_gone_between_lives_or_at_their_ends_is_missed() {
    let mut busy = Busy::new(6);
    for _ in 0..2 {
        busy.run(3_000);
        busy.rehearsal.end().unwrap();
        busy.restart();
    }
    busy.run(3_000);
    busy.rehearsal.end().unwrap();
    assert!(after(&busy, |_| ()).is_complete());
    let last_byte = |disk: &MemoryDisk, log: u32| {
        let name = log_file(log);
        let at = disk.size(&name).unwrap() as usize - 1;
        assert!(disk.corrupt(&name, at, 1));
    };
    for (what, report) in [
        (
            "a life in the middle",
            after(&busy, |disk| disk.remove(&log_file(2)).unwrap()),
        ),
        (
            "the last life",
            after(&busy, |disk| disk.remove(&log_file(3)).unwrap()),
        ),
        (
            "the end of a life in the middle",
            after(&busy, |disk| {
                let name = log_file(2);
                let half = disk.size(&name).unwrap() / 2;
                disk.truncate(&name, half).unwrap();
            }),
        ),
        (
            "the last block of a life",
            after(&busy, |disk| last_byte(disk, 1)),
        ),
        (
            "the last block of all",
            after(&busy, |disk| last_byte(disk, 3)),
        ),
    ] {
        assert_eq!(report.difference(), None, "{what}");
        assert!(!report.is_complete(), "{what}: {report:?}");
    }
    // A damaged header costs nothing: the blocks say enough.
    let headless = after(&busy, |disk| {
        assert!(disk.corrupt(&log_file(2), 30, 4));
    });
    assert!(headless.is_complete(), "{headless:?}");
    assert_eq!(headless.lives, after(&busy, |_| ()).lives);
}
