//! Stores that end too early, beside a witness that knows better.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::sync::Arc;

use takt_maps::BufferId;
use takt_rt::host::MemoryDisk;

use super::testimony::Testimony;
use super::tests::{Nobody, built_in, cycle, options, submitted};
use super::witness::Seen;
use super::*;
use crate::journal::{self, FindingKind, Warning};

/// Opens a store whose witness has seen this.
fn open(floor: &Arc<Floor>, disk: &MemoryDisk, seen: Option<Seen>) -> Started {
    Store::open_witnessed(floor, Box::new(disk.clone()), seen, &options(1_000)).unwrap()
}

/// Keeps orders of these ids, a cycle each, and makes them durable.
fn keep(started: &mut Started, ids: std::ops::RangeInclusive<u64>) -> Mark {
    for id in ids {
        let one = cycle(10 * id, vec![submitted(id, id)]);
        started.store.keep(&one, &Nobody).unwrap();
        started.store.commit().unwrap();
    }
    started.store.durable().unwrap()
}

#[test]
fn a_clean_end_that_is_too_early_is_named_and_its_numbers_are_not_given_again() {
    let floor = built_in();
    let disk = MemoryDisk::new();
    let mut first = open(&floor, &disk, Some(Seen::Nothing));
    assert_eq!(first.testimony, Some(Testimony::Whole));
    keep(&mut first, 1..=3);
    // What the disk holds in truth: all that follows is lost, at the end of a block.
    let truth = disk.copy();
    let mark = keep(&mut first, 4..=9);
    assert_eq!((mark.epoch, mark.cycle, mark.next_order), (1, 90, 10));
    drop(first);

    // Nothing on that disk says so,
    let unaware = open(&floor, &truth.copy(), None);
    assert!(unaware.warnings.is_empty() && !unaware.names_a_loss());
    assert_eq!((unaware.restored.next_order, unaware.store.epoch()), (4, 2));

    // but the witness does.
    let second = open(&floor, &truth, Some(Seen::Mark(mark)));
    let said = second.testimony.unwrap().to_string();
    assert!(
        said.contains("ends at cycle 30 of life 1; the witness saw it durable up to cycle 90 of life 1: 12 records")
            && said.contains("orders 4 to 9"),
        "{said}"
    );
    assert!(second.names_a_loss() && second.restored.loss);
    assert_eq!(second.restored.next_order, 10);
    assert!(second.store.durable().unwrap().records > mark.records);
    drop(second);

    // The gap stays in the store for whoever looks at it, and the next start has nothing more to say of it.
    let verified = verify(&truth, |_| ()).unwrap();
    let gaps = |f: &&crate::journal::Finding| f.kind == FindingKind::Gap;
    assert_eq!(verified.findings.iter().filter(gaps).count(), 1);
}

#[test]
fn the_new_life_comes_behind_all_that_the_witness_knows() {
    let floor = built_in();
    let mark = Mark {
        floor: floor.digest,
        epoch: 7,
        records: 500,
        cycle: 4_000,
        next_order: 41,
    };
    let started = open(&floor, &MemoryDisk::new(), Some(Seen::Mark(mark)));
    assert!(started.testimony.unwrap().to_string().contains("is empty"));
    assert_eq!(
        (started.store.epoch(), started.restored.next_order),
        (8, 41)
    );
}

#[test]
fn a_witness_that_knows_less_names_no_loss() {
    let floor = built_in();
    let disk = MemoryDisk::new();
    let mut first = open(&floor, &disk, None);
    let early = keep(&mut first, 1..=1);
    let late = keep(&mut first, 2..=5);
    drop(first);
    let told = |seen| open(&floor, &disk.copy(), Some(seen));
    for (seen, said) in [
        (Seen::Mark(early), Testimony::Whole),
        (Seen::Mark(late), Testimony::Whole),
        (Seen::Nothing, Testimony::New),
        (Seen::Damaged, Testimony::Damaged),
    ] {
        let started = told(seen);
        assert_eq!(started.testimony, Some(said));
        assert!(!started.names_a_loss());
        assert_eq!((started.restored.next_order, started.store.epoch()), (6, 2));
    }
    drop(open(&floor, &disk, None));
    let alone = Testimony::Unwitnessed { from: 2, to: 2 };
    assert_eq!(told(Seen::Mark(late)).testimony, Some(alone));
}

#[test]
fn a_loss_that_nobody_was_told_of_is_named_again_and_one_that_was_told_is_not() {
    let floor = built_in();
    let disk = MemoryDisk::new();
    let mark = Mark {
        floor: floor.digest,
        epoch: 3,
        records: 50,
        cycle: 400,
        next_order: 9,
    };
    // It dies before its first cycle, and before the witness hears of it.
    drop(open(&floor, &disk, Some(Seen::Mark(mark))));
    let mut again = open(&floor, &disk, Some(Seen::Mark(mark)));
    assert_eq!(again.testimony, Some(Testimony::Untold));
    assert!(again.names_a_loss());
    let told = Cycle {
        number: 1,
        inputs: vec![Input::Stop],
        ..Cycle::default()
    };
    again.store.keep(&told, &Nobody).unwrap();
    again.store.commit().unwrap();
    let mark = again.store.durable().unwrap();
    drop(again);
    let last = open(&floor, &disk, Some(Seen::Mark(mark)));
    assert_eq!(last.testimony, Some(Testimony::Whole));
    assert!(!last.names_a_loss());
}

#[test]
fn records_that_a_checksum_misses_raise_the_alarm_too() {
    let floor = built_in();
    let disk = MemoryDisk::new();
    let mut first = open(&floor, &disk, None);
    keep(&mut first, 1..=3);
    let stock = Delta::Stock {
        buffer: BufferId(0),
        pieces: 5,
    };
    first.store.keep(&cycle(40, vec![stock]), &Nobody).unwrap();
    first.store.commit().unwrap();
    drop(first);
    let log = journal::log_file(1);
    let end = disk.size(&log).unwrap() as usize;
    // In the block of the third order, before the last one.
    assert!(disk.corrupt(&log, end - 90, 1));
    let second = open(&floor, &disk, None);
    assert!(
        second.warnings.iter().any(Warning::is_loss),
        "{:?}",
        second.warnings
    );
    assert!(second.names_a_loss() && second.testimony.is_none());
}
