#![allow(clippy::unwrap_used, clippy::expect_used)]

mod crashes;
mod damage;

use super::*;
use serde::Deserialize;
use takt_rt::host::{LiveDisk, MemoryDisk};

const FILE: &str = "journal";
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

fn open(disk: &MemoryDisk) -> (Journal<MemoryDisk, Record>, Recovered<Record>) {
    Journal::open(disk.clone(), FILE, IDENTITY).unwrap()
}

/// Appends and commits groups of these sizes, with records from 0 on.
fn filled(groups: &[u64]) -> MemoryDisk {
    let disk = MemoryDisk::new();
    let (mut journal, _) = open(&disk);
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
    let (mut journal, recovered) = open(&disk);
    assert_eq!(recovered.records, records(0..12));
    assert_eq!((recovered.epoch, recovered.warnings), (2, vec![]));
    assert_eq!(journal.append(&record(12)).unwrap(), 12);
    assert_eq!(journal.pending(), 1);
    drop(journal);
    let (journal, recovered) = open(&disk);
    assert_eq!(recovered.records, records(0..12));
    assert_eq!((journal.epoch(), recovered.epoch), (3, 3));
}

#[test]
fn one_commit_is_one_write_and_one_sync() {
    let disk = MemoryDisk::new();
    let (mut journal, _) = open(&disk);
    for id in 0..100 {
        journal.append(&record(id)).unwrap();
    }
    let before = disk.calls();
    journal.commit().unwrap();
    assert_eq!(disk.calls() - before, 2);
    journal.commit().unwrap();
    assert_eq!(disk.calls() - before, 2, "nothing to commit");
    assert_eq!(
        journal.size_bytes() as usize,
        disk.read(FILE).unwrap().len()
    );
}

#[test]
fn a_checkpoint_replaces_everything_before() {
    let disk = filled(&[50, 50]);
    let (mut journal, _) = open(&disk);
    let large = journal.size_bytes();
    journal.append(&record(100)).unwrap();
    journal.checkpoint(&records(90..101)).unwrap();
    assert_eq!(journal.pending(), 0, "the checkpoint stands for it");
    assert!(journal.size_bytes() < large / 2);
    // Numbers go on: 101 were given out, and the checkpoint's 11 have numbers, too.
    assert_eq!(journal.append(&record(101)).unwrap(), 101 + 11);
    journal.commit().unwrap();
    drop(journal);
    let (mut journal, recovered) = open(&disk);
    assert_eq!(recovered.records, records(90..102));
    assert_eq!((recovered.epoch, recovered.warnings), (3, vec![]));
    journal.checkpoint([]).unwrap();
    drop(journal);
    let (_, recovered) = open(&disk);
    assert_eq!((recovered.epoch, recovered.records), (4, vec![]));
    assert_eq!(disk.list().unwrap(), [FILE]);
}

#[test]
fn large_groups_and_checkpoints_are_split() {
    let disk = MemoryDisk::new();
    let (mut journal, _) = Journal::open(disk.clone(), FILE, IDENTITY).unwrap();
    let long = |id: u64| vec![id as u8; 900_000];
    for id in 0..12 {
        journal.append(&long(id)).unwrap();
    }
    assert!(journal.pending() < 12, "committed in between");
    journal.commit().unwrap();
    let all: Vec<Vec<u8>> = (0..12).map(long).collect();
    let (mut journal, recovered) = Journal::open(disk.clone(), FILE, IDENTITY).unwrap();
    assert_eq!(recovered.records, all);
    journal.checkpoint(&all).unwrap();
    let (_, recovered) = Journal::<_, Vec<u8>>::open(disk, FILE, IDENTITY).unwrap();
    assert_eq!(recovered.records, all);
}

#[test]
fn a_record_too_large_is_refused_alone() {
    let disk = MemoryDisk::new();
    let (mut journal, _) = Journal::open(disk.clone(), FILE, IDENTITY).unwrap();
    journal.append(&"one".to_owned()).unwrap();
    let error = journal.append(&"x".repeat(2 << 20)).unwrap_err();
    assert!(error.to_string().contains("too large"), "{error}");
    assert_eq!(journal.append(&"two".to_owned()).unwrap(), 1);
    journal.commit().unwrap();
    let (_, recovered) = Journal::<_, String>::open(disk, FILE, IDENTITY).unwrap();
    assert_eq!(recovered.records, ["one", "two"]);
}

#[test]
fn after_a_failed_sync_nothing_more_is_accepted() {
    let disk = filled(&[2]);
    let (mut journal, _) = open(&disk);
    journal.append(&record(2)).unwrap();
    disk.fail_next_sync();
    assert!(matches!(journal.commit(), Err(JournalError::Disk { .. })));
    for outcome in [
        journal.commit(),
        journal.append(&record(3)).map(drop),
        journal.checkpoint([]),
    ] {
        let error = outcome.unwrap_err();
        assert!(matches!(error, JournalError::Broken { .. }), "{error}");
    }
    let (_, recovered) = open(&disk);
    assert_eq!(recovered.records, records(0..2));
}

#[test]
fn a_checkpoint_that_fails_before_the_rename_changes_nothing() {
    let disk = filled(&[4]);
    let (mut journal, _) = open(&disk);
    journal.append(&record(4)).unwrap();
    disk.fail_next_sync();
    assert!(journal.checkpoint(&records(0..1)).is_err());
    assert_eq!(journal.pending(), 1);
    journal.commit().unwrap();
    assert_eq!(disk.list().unwrap(), [FILE]);
    let (_, recovered) = open(&disk);
    assert_eq!(recovered.records, records(0..5));
}

#[test]
fn another_floor_version_or_kind_of_file_is_refused_with_advice() {
    let mut disk = filled(&[1]);
    let bytes = disk.read(FILE).unwrap();
    let error = |disk: &MemoryDisk, identity| {
        let error = Journal::<_, Record>::open(disk.clone(), FILE, identity).unwrap_err();
        // Nothing may have changed, so the right program can still read it.
        (error.to_string(), disk.read(FILE).unwrap())
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
        (&b""[..], "is not a journal"),
        (&b"PNG and so on"[..], "is not a journal"),
        (&bytes[..20], "its header (the first 40 bytes) is damaged"),
    ] {
        put(&mut disk, FILE, content);
        let (message, after) = error(&disk, IDENTITY);
        assert!(message.contains(words), "{message}");
        assert_eq!(after, content);
    }
}

#[test]
fn records_of_another_type_are_refused_not_guessed() {
    let disk = filled(&[3]);
    let error = Journal::<_, (u8, String, u64)>::open(disk.clone(), FILE, IDENTITY).unwrap_err();
    assert!(matches!(error, JournalError::Record { .. }), "{error}");
    let (_, recovered) = open(&disk);
    assert_eq!(recovered.records, records(0..3));
}

#[test]
fn reading_changes_nothing() {
    let disk = filled(&[3, 4]);
    let bytes = disk.read(FILE).unwrap();
    let recovered = read::<Record>(&disk, FILE, IDENTITY).unwrap();
    assert_eq!((recovered.epoch, recovered.records), (1, records(0..7)));
    assert_eq!(disk.read(FILE).unwrap(), bytes);
    assert!(read::<Record>(&MemoryDisk::new(), FILE, IDENTITY).is_err());
}

#[test]
fn it_lives_in_a_real_directory() {
    let directory = tempfile::tempdir().unwrap();
    for run in 0..4u64 {
        let disk = LiveDisk::open(directory.path()).unwrap();
        let (mut journal, recovered) = Journal::open(disk, FILE, IDENTITY).unwrap();
        assert_eq!(u64::from(recovered.epoch), run + 1);
        assert_eq!(recovered.records, records(0..run * 10));
        for id in run * 10..(run + 1) * 10 {
            journal.append(&record(id)).unwrap();
            if id % 3 == 0 || id % 10 == 9 {
                journal.commit().unwrap();
            }
        }
        if run == 2 {
            journal.checkpoint(&records(0..30)).unwrap();
        }
    }
}
