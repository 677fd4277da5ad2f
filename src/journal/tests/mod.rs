#![allow(clippy::unwrap_used, clippy::expect_used)]

mod crashes;
mod damage;
mod verify;

use super::*;
use serde::Deserialize;
use takt_rt::host::{LiveDisk, MemoryDisk};

const IDENTITY: Identity = Identity {
    floor_digest: 0x0123_4567_89ab_cdef,
    record_version: 3,
};

/// A record as the controller's are: small, of several shapes, with text from outside.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
enum Record {
    Order { id: u64, note: String },
    Done(u64),
    Tick,
}

/// The `id`-th record; long ones reach over sectors.
fn record(id: u64) -> Record {
    match id % 5 {
        0 => Record::Tick,
        1 => Record::Done(id),
        2 => Record::Order {
            id,
            note: "x".repeat(700),
        },
        _ => Record::Order {
            id,
            note: format!("order {id}"),
        },
    }
}

fn records(ids: std::ops::Range<u64>) -> Vec<Record> {
    ids.map(record).collect()
}

/// A start that goes on from everything there is.
struct Start {
    journal: Journal<MemoryDisk, Record>,
    epoch: u32,
    /// The checkpoint's records and those behind it.
    records: Vec<Record>,
    warnings: Vec<Warning>,
}

fn try_start(disk: &MemoryDisk) -> Result<Start, JournalError> {
    let opened = open::<_, Record, Record>(disk.clone(), IDENTITY)?;
    let (epoch, found) = (opened.epoch, opened.recovered.clone());
    let records = [found.checkpoint, found.records].concat();
    Ok(Start {
        journal: opened.begin(&records)?,
        epoch,
        records,
        warnings: found.warnings,
    })
}

fn start(disk: &MemoryDisk) -> Start {
    try_start(disk).unwrap()
}

/// The file that grows in the first run.
fn first_log() -> String {
    files::log_name(1)
}

/// Appends and commits groups of these sizes, with records from 0 on.
fn filled(groups: &[u64]) -> MemoryDisk {
    let disk = MemoryDisk::new();
    let mut journal = start(&disk).journal;
    let mut id = 0;
    for size in groups {
        for _ in 0..*size {
            assert_eq!(journal.append(&record(id)).unwrap(), id);
            id += 1;
        }
        journal.commit().unwrap();
    }
    disk
}

/// Replaces a file's bytes.
fn put(disk: &mut MemoryDisk, file: &str, bytes: &[u8]) {
    if disk.list().unwrap().iter().any(|name| name == file) {
        disk.remove(file).unwrap();
    }
    disk.append(file, bytes).unwrap();
    disk.sync(file).unwrap();
}

#[test]
fn what_is_committed_is_read_back_and_what_is_not_is_gone() {
    let disk = filled(&[3, 1, 0, 8]);
    let mut begun = start(&disk);
    assert_eq!(begun.records, records(0..12));
    assert_eq!((begun.epoch, begun.warnings), (2, vec![]));
    assert_eq!(begun.journal.append(&record(12)).unwrap(), 12);
    assert_eq!(begun.journal.pending(), 1);
    drop(begun.journal);
    let again = start(&disk);
    assert_eq!(again.records, records(0..12));
    assert_eq!((again.journal.epoch(), again.epoch), (3, 3));
}

#[test]
fn one_commit_is_one_write_and_one_sync() {
    let disk = MemoryDisk::new();
    let mut journal = start(&disk).journal;
    for id in 0..100 {
        journal.append(&record(id)).unwrap();
    }
    let before = disk.calls();
    journal.commit().unwrap();
    assert_eq!(disk.calls() - before, 2);
    journal.commit().unwrap();
    assert_eq!(disk.calls() - before, 2, "nothing to commit");
    assert_eq!(journal.log_bytes(), disk.size(&first_log()).unwrap());
}

#[test]
fn a_rotation_begins_a_log_behind_a_checkpoint() {
    let disk = filled(&[50, 50]);
    let mut begun = start(&disk);
    begun.journal.append(&record(100)).unwrap();
    begun.journal.rotate(&records(90..101)).unwrap();
    assert_eq!(begun.journal.pending(), 0, "committed before the rotation");
    // Numbers go on, whatever the checkpoint holds.
    assert_eq!(begun.journal.append(&record(101)).unwrap(), 101);
    begun.journal.commit().unwrap();
    drop(begun.journal);
    let again = start(&disk);
    assert_eq!(again.records, records(90..102));
    assert_eq!((again.epoch, again.warnings), (3, vec![]));
    let files = Files::list(&disk).unwrap();
    assert_eq!(
        (files.logs, files.checkpoints),
        (vec![1, 2, 3, 4], vec![1, 2, 3, 4])
    );
    // What came before the checkpoint is still there to be read.
    let old = read_file::<Record>(&disk, &files::log_name(1), IDENTITY).unwrap();
    assert_eq!((old.epoch, old.records), (1, records(0..100)));
}

#[test]
fn the_oldest_files_go_first_and_the_last_two_stay() {
    let disk = filled(&[50]);
    let mut journal = start(&disk).journal;
    for _ in 0..4 {
        journal.rotate(&records(0..50)).unwrap();
    }
    let all = Files::list(&disk).unwrap();
    assert_eq!(all.logs, [1, 2, 3, 4, 5, 6]);
    let size = |n: &u32| {
        disk.size(&files::log_name(*n)).unwrap() + disk.size(&files::checkpoint_name(*n)).unwrap()
    };
    let newest_three: u64 = all.logs[3..].iter().map(size).sum();
    assert_eq!(
        journal.retain(newest_three).unwrap(),
        6,
        "three logs and three checkpoints"
    );
    assert_eq!(Files::list(&disk).unwrap().logs, [4, 5, 6]);
    assert_eq!(journal.retain(0).unwrap(), 2);
    assert_eq!(Files::list(&disk).unwrap().checkpoints, [5, 6]);
    assert_eq!(start(&disk).records, records(0..50));
}

#[test]
fn large_groups_and_checkpoints_are_split() {
    let disk = MemoryDisk::new();
    let open = || open::<_, Vec<u8>, Vec<u8>>(disk.clone(), IDENTITY).unwrap();
    let mut journal = open().begin(&[]).unwrap();
    let long = |id: u64| vec![id as u8; 900_000];
    for id in 0..12 {
        journal.append(&long(id)).unwrap();
    }
    assert!(journal.pending() < 12, "committed in between");
    journal.commit().unwrap();
    drop(journal);
    let all: Vec<Vec<u8>> = (0..12).map(long).collect();
    let opened = open();
    assert_eq!(opened.recovered.records, all);
    drop(opened.begin(&all).unwrap());
    let opened = open();
    assert_eq!(opened.recovered.checkpoint, all);
    assert!(opened.recovered.records.is_empty());
}

#[test]
fn a_record_too_large_is_refused_alone() {
    let disk = MemoryDisk::new();
    let open = || open::<_, String, String>(disk.clone(), IDENTITY).unwrap();
    let mut journal = open().begin(&[]).unwrap();
    journal.append(&"one".to_owned()).unwrap();
    let error = journal.append(&"x".repeat(17 << 20)).unwrap_err();
    assert!(error.to_string().contains("too large"), "{error}");
    assert_eq!(journal.append(&"two".to_owned()).unwrap(), 1);
    journal.commit().unwrap();
    assert_eq!(open().recovered.records, ["one", "two"]);
}

#[test]
fn after_a_failed_sync_nothing_more_is_accepted() {
    let disk = filled(&[2]);
    let mut journal = start(&disk).journal;
    journal.append(&record(2)).unwrap();
    disk.fail_next_sync();
    assert!(matches!(journal.commit(), Err(JournalError::Disk { .. })));
    assert!(journal.is_broken());
    for outcome in [
        journal.commit(),
        journal.append(&record(3)).map(drop),
        journal.rotate(&records(0..1)),
    ] {
        let error = outcome.unwrap_err();
        assert!(matches!(error, JournalError::Broken { .. }), "{error}");
    }
    assert_eq!(start(&disk).records, records(0..2));
}

#[test]
fn a_rotation_that_finds_no_room_changes_nothing() {
    let disk = filled(&[4]);
    let mut journal = start(&disk).journal;
    journal.append(&record(4)).unwrap();
    journal.commit().unwrap();
    let room = disk
        .list()
        .unwrap()
        .iter()
        .map(|f| disk.size(f).unwrap() as usize)
        .sum();
    disk.set_capacity(Some(room));
    let error = journal.rotate(&records(0..5)).unwrap_err();
    assert!(!journal.is_broken(), "{error}");
    disk.set_capacity(None);
    journal.append(&record(5)).unwrap();
    journal.commit().unwrap();
    drop(journal);
    assert_eq!(start(&disk).records, records(0..6));
}

#[test]
fn a_full_disk_is_named_and_what_was_committed_stays() {
    let disk = filled(&[4]);
    let mut journal = start(&disk).journal;
    let used: usize = disk
        .list()
        .unwrap()
        .iter()
        .map(|f| disk.size(f).unwrap() as usize)
        .sum();
    disk.set_capacity(Some(used + 100));
    let mut committed = 4;
    let error = loop {
        journal.append(&record(committed)).unwrap();
        match journal.commit() {
            Ok(()) => committed += 1,
            Err(error) => break error,
        }
    };
    assert!(error.is_disk_full(), "{error}");
    disk.set_capacity(None);
    let again = start(&disk);
    assert_eq!(again.records, records(0..committed));
    assert!(
        matches!(again.warnings[..], [Warning::TornTail { .. }]),
        "{:?}",
        again.warnings
    );
}

#[test]
fn another_floor_version_or_kind_of_file_is_refused_with_advice() {
    let mut disk = filled(&[1]);
    let name = files::checkpoint_name(1);
    let bytes = disk.read(&name).unwrap();
    let error = |disk: &MemoryDisk, identity| {
        let error = open::<_, Record, Record>(disk.clone(), identity).unwrap_err();
        // Nothing may have changed, so the right program can still read it.
        (error.to_string(), disk.read(&name).unwrap())
    };
    let other_floor = Identity {
        floor_digest: 1,
        ..IDENTITY
    };
    let other_version = Identity {
        record_version: 4,
        ..IDENTITY
    };
    for (identity, words) in [
        (
            other_floor,
            "belongs to another floor (digest 0123456789abcdef",
        ),
        (
            other_version,
            "holds records of version 3, this program reads version 4",
        ),
    ] {
        let (message, after) = error(&disk, identity);
        assert!(message.contains(words), "{message}");
        assert_eq!(after, bytes);
    }

    let mut newer = bytes.clone();
    newer[8] = 2;
    let crc = crc32fast::hash(&newer[..36]).to_le_bytes();
    newer[36..40].copy_from_slice(&crc);
    for (content, words) in [
        (
            &newer[..],
            "is in file format 2, this program reads format 1",
        ),
        (&b""[..], "none is whole"),
        (&b"PNG and so on"[..], "none is whole"),
        (&bytes[..20], "none is whole"),
        (&bytes[..bytes.len() - 1], "none is whole"),
        (&bytes[..format::HEADER], "none is whole"),
    ] {
        put(&mut disk, &name, content);
        let (message, after) = error(&disk, IDENTITY);
        assert!(message.contains(words), "{message}");
        assert_eq!(after, content);
    }
}

#[test]
fn records_of_another_type_are_refused_not_guessed() {
    let disk = filled(&[3]);
    let error = open::<_, Record, (u8, String, u64)>(disk.clone(), IDENTITY).unwrap_err();
    assert!(matches!(error, JournalError::Record { .. }), "{error}");
    assert_eq!(start(&disk).records, records(0..3));
}

#[test]
fn reading_changes_nothing() {
    let disk = filled(&[3, 4]);
    let calls = disk.calls();
    let contents = read_file::<Record>(&disk, &first_log(), IDENTITY).unwrap();
    assert_eq!((contents.epoch, contents.records), (1, records(0..7)));
    let opened = open::<_, Record, Record>(disk.clone(), IDENTITY).unwrap();
    assert_eq!(opened.recovered.records, records(0..7));
    assert_eq!(disk.calls(), calls);
}

#[test]
fn it_lives_in_a_real_directory() {
    let directory = tempfile::tempdir().unwrap();
    for run in 0..4u64 {
        let disk = LiveDisk::open(directory.path()).unwrap();
        let opened = open::<_, Record, Record>(disk, IDENTITY).unwrap();
        assert_eq!(u64::from(opened.epoch), run + 1);
        let found = opened.recovered.clone();
        let all = [found.checkpoint, found.records].concat();
        assert_eq!(all, records(0..run * 10));
        let mut journal = opened.begin(&all).unwrap();
        for id in run * 10..(run + 1) * 10 {
            journal.append(&record(id)).unwrap();
            if id % 3 == 0 || id % 10 == 9 {
                journal.commit().unwrap();
            }
        }
        if run == 2 {
            journal.rotate(&records(0..30)).unwrap();
        }
    }
}
