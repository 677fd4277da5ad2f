//! A whole store, and stores with everything that can be wrong with one.

use super::*;
use crate::journal::{FindingKind, Verified, verify};

/// Two lives, the second with a rotation; records 0 to 12.
fn two_lives() -> MemoryDisk {
    let disk = filled(&[2, 3]);
    let mut journal = start(&disk).journal;
    for id in 5..9 {
        journal.append(&record(id)).unwrap();
        journal.commit().unwrap();
    }
    journal.rotate(&records(0..9)).unwrap();
    for id in 9..13 {
        journal.append(&record(id)).unwrap();
        journal.commit().unwrap();
    }
    disk
}

fn looked(disk: &MemoryDisk) -> Verified {
    verify::<Record, Record>(disk, IDENTITY.record_version, |_| ()).unwrap()
}

fn kinds(verified: &Verified) -> Vec<(&str, FindingKind)> {
    let of = verified.findings.iter();
    of.map(|f| (f.file.as_str(), f.kind)).collect()
}

/// A copy, so that a test can spoil it.
fn copy(of: &MemoryDisk) -> MemoryDisk {
    let mut disk = MemoryDisk::new();
    for file in of.list().unwrap() {
        put(&mut disk, &file, &of.read(&file).unwrap());
    }
    disk
}

#[test]
fn a_whole_store_is_clean_and_all_of_it_was_read() {
    let verified = looked(&two_lives());
    assert_eq!(verified.findings, []);
    let files: Vec<_> = verified.files.iter().map(|f| f.file.as_str()).collect();
    let expected = [1, 2, 3].map(|n| [files::checkpoint_name(n), files::log_name(n)]);
    assert_eq!(files, expected.as_flattened());
    let logs = verified.files.iter().skip(1).step_by(2);
    assert_eq!(logs.map(|f| f.records).collect::<Vec<_>>(), [5, 4, 4]);
    assert_eq!(looked(&MemoryDisk::new()), Verified::default());
}

#[test]
fn what_a_crash_leaves_is_no_failure_and_the_same_in_the_middle_of_a_life_is_one() {
    let disk = two_lives();
    let cut = |number, bytes: usize| {
        let mut disk = copy(&disk);
        let name = files::log_name(number);
        let whole = disk.read(&name).unwrap();
        put(&mut disk, &name, &whole[..whole.len() - bytes]);
        looked(&disk)
    };
    // The last block of the last log: nobody can tell it from a write that was under way.
    let last = cut(3, 5);
    let name = files::log_name(3);
    assert_eq!(kinds(&last), [(&name[..], FindingKind::InterruptedWrite)]);
    assert!(last.is_clean());
    // The life went on in the next log, and that of the first began with the number behind.
    for (number, lost) in [(2, 1), (1, 3)] {
        let verified = cut(number, 5);
        let name = files::log_name(number);
        assert_eq!(kinds(&verified), [(&name[..], FindingKind::Damaged)]);
        let first_of_next = if number == 2 { 9 } else { 5 };
        let finding = &verified.findings[0];
        assert_eq!(finding.first_lost, Some(first_of_next - lost));
        assert_eq!(finding.records_lost, lost);
        assert!(!verified.is_clean());
    }
    // An interrupted write before the next life began with the number that was under way.
    let crashed = filled(&[2]);
    let mut journal = start(&crashed).journal;
    journal.append(&record(2)).unwrap();
    crashed.cut_power_after(0);
    assert!(journal.commit().is_err());
    drop(journal);
    crashed.crash(5);
    drop(start(&crashed));
    assert!(looked(&crashed).is_clean());
}

#[test]
fn all_problems_are_told_at_once() {
    let mut disk = two_lives();
    assert!(disk.corrupt(&files::log_name(1), format::HEADER + 3, 1));
    assert!(disk.corrupt(&files::checkpoint_name(2), format::HEADER + 50, 1));
    assert!(disk.corrupt(&files::log_name(2), 9, 1));
    disk.remove(&files::checkpoint_name(3)).unwrap();
    let verified = looked(&disk);
    let names = [
        (files::log_name(1), FindingKind::Damaged),
        (files::checkpoint_name(2), FindingKind::Checkpoint),
        (files::log_name(2), FindingKind::Unreadable),
        (files::checkpoint_name(3), FindingKind::CheckpointMissing),
        (files::log_name(3), FindingKind::Gap),
    ];
    let named: Vec<_> = names
        .iter()
        .map(|(name, kind)| (&name[..], *kind))
        .collect();
    assert_eq!(kinds(&verified), named);
    let [damaged, checkpoint, _, missing, gap] = &verified.findings[..] else {
        panic!("{verified:?}")
    };
    assert_eq!((damaged.first_lost, damaged.records_lost), (Some(0), 2));
    assert_eq!(damaged.byte, format::HEADER as u64);
    assert_eq!((gap.first_lost, gap.records_lost), (Some(5), 4));
    // The first checkpoint is whole: a start would begin there.
    for finding in [checkpoint, missing] {
        assert!(
            finding.advice.contains(&files::checkpoint_name(1)),
            "{finding:?}"
        );
    }
    assert!(
        verified
            .findings
            .iter()
            .all(|f| f.is_failure() && !f.advice.is_empty())
    );
}

#[test]
fn each_byte_matters_or_is_a_torn_end() {
    let intact = two_lives();
    let last = files::log_name(3);
    for name in intact.list().unwrap() {
        let mut torn = 0;
        for offset in 0..intact.size(&name).unwrap() as usize {
            let disk = copy(&intact);
            assert!(disk.corrupt(&name, offset, 1 << (offset % 8)));
            let verified = looked(&disk);
            let findings = &verified.findings;
            assert!(!findings.is_empty(), "{name} byte {offset}");
            if verified.is_clean() {
                torn += 1;
                assert_eq!(name, last, "byte {offset}: {findings:?}");
            } else {
                let named = findings
                    .iter()
                    .any(|f| f.file == name && f.byte <= offset as u64);
                assert!(named, "{name} byte {offset}: {findings:?}");
            }
            assert!(
                findings.iter().all(|f| !f.advice.is_empty()),
                "{findings:?}"
            );
        }
        let block = format::BLOCK_HEADER..format::BLOCK_HEADER + 800;
        assert!(
            if name == last {
                block.contains(&torn)
            } else {
                torn == 0
            },
            "{name}: {torn}"
        );
    }
}

#[test]
fn files_of_others_are_named() {
    let mut disk = two_lives();
    let other = MemoryDisk::new();
    let identity = Identity {
        floor_digest: 1,
        ..IDENTITY
    };
    let opened = open::<_, Record, Record>(other.clone(), identity).unwrap();
    drop(opened.begin(&records(0..2)).unwrap());
    put(
        &mut disk,
        &files::log_name(2),
        &other.read(&first_log()).unwrap(),
    );
    let verified = looked(&disk);
    let name = files::log_name(2);
    let named = |kind| {
        verified
            .findings
            .iter()
            .any(|f| f.file == name && f.kind == kind)
    };
    assert!(
        named(FindingKind::OtherFloor) && named(FindingKind::OutOfOrder),
        "{verified:?}"
    );

    let newer = verify::<Record, Record>(&two_lives(), 4, |_| ()).unwrap();
    assert!(
        newer
            .findings
            .iter()
            .all(|f| f.kind == FindingKind::OtherVersion)
    );
    assert_eq!(newer.findings.len(), 6);
    assert_eq!(newer.files[1].records, 5, "blocks are checked all the same");

    let strange = verify::<(u8, String), (u8, String)>(&two_lives(), 3, |_| ()).unwrap();
    assert!(
        strange
            .findings
            .iter()
            .any(|f| f.kind == FindingKind::Record)
    );
}
