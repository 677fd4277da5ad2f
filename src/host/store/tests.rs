#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::sync::Arc;

use super::migrate::EntryV1;
use super::record::Kept;
use super::*;
use crate::follower::model::OrderView;
use crate::journal::{self, Warning, checkpoint_file, read_file};
use takt_maps::{BufferId, StationId, VehicleId};
use takt_rt::host::MemoryDisk;
use takt_scheduler::orders::{OrderSpec, OrderState, Stop, Transition};

pub(super) fn built_in() -> Arc<Floor> {
    let loaded = takt_maps::formats::builtin("electronics-line").expect("it is built in");
    Arc::new(loaded.expect("it has no problems").floor)
}

pub(super) fn options(utc_ms: u64) -> StoreOptions {
    StoreOptions {
        utc_ms,
        seed: 3,
        bytes_max: u64::MAX,
    }
}

fn spec(from: usize, to: usize) -> OrderSpec {
    let stop = |station| Stop {
        station: StationId::from_index(station),
        buffer: None,
    };
    OrderSpec {
        pickup: stop(from),
        drop: stop(to),
        ..OrderSpec::default()
    }
}

pub(super) struct Nobody;

impl Askers for Nobody {
    fn asked(&self, _: u64) -> Option<(&Client, &Ask)> {
        None
    }
}

pub(super) fn submitted(id: u64, at_ms: u64) -> Delta {
    Delta::Submitted {
        id: OrderId(id),
        spec: spec(0, 1),
        token: None,
        at_ms,
    }
}

pub(super) fn moved(id: u64, to: OrderState, at_ms: u64) -> Delta {
    Delta::Moved(Transition {
        order: OrderId(id),
        spec: spec(0, 1),
        from: None,
        to,
        reason: None,
        at_ms,
    })
}

pub(super) fn cycle(number: u64, deltas: Vec<Delta>) -> Cycle {
    Cycle {
        number,
        deltas,
        ..Cycle::default()
    }
}

#[test]
fn what_was_committed_is_what_the_next_start_begins_with() {
    let floor = built_in();
    let disk = MemoryDisk::new();
    let mut first = Store::open(&floor, Box::new(disk.clone()), &options(1_000_000)).unwrap();
    assert_eq!((first.store.epoch(), first.restored.next_order), (1, 1));
    let awaited = first.store.keep(&cycle(1, vec![submitted(1, 10)]), &Nobody);
    assert!(awaited.unwrap());
    let others = vec![
        moved(1, OrderState::Open, 11),
        submitted(2, 12),
        moved(2, OrderState::Cancelled, 13),
        Delta::Stock {
            buffer: BufferId(0),
            pieces: 77,
        },
        Delta::VehiclePaused {
            vehicle: VehicleId(3),
            paused: true,
        },
    ];
    first.store.keep(&cycle(2, others), &Nobody).unwrap();
    first.store.commit().unwrap();
    first
        .store
        .keep(&cycle(3, vec![submitted(3, 14)]), &Nobody)
        .unwrap();
    drop(first);
    disk.crash(1);

    let second = Store::open(&floor, Box::new(disk), &options(1_005_000)).unwrap();
    let restored = &second.restored;
    assert_eq!(second.store.epoch(), 2);
    let ids: Vec<u64> = restored.orders.iter().map(|o| o.id.0).collect();
    assert_eq!(ids, [1], "the third was not committed");
    assert_eq!(restored.bad_ends, [OrderId(2)]);
    assert_eq!((restored.next_order, restored.stock[0]), (3, 77));
    assert_eq!(restored.paused, [VehicleId(3)]);
    assert_eq!(restored.now_ms, 5_000, "controller time goes on");
    let model = &second.follower.model;
    assert_eq!(model.orders[&OrderId(2)].state, OrderState::Cancelled);
}

#[test]
fn nothing_that_nobody_waits_for_asks_for_a_commit() {
    let floor = built_in();
    let disk = MemoryDisk::new();
    let mut started = Store::open(&floor, Box::new(disk), &options(0)).unwrap();
    let tick = Delta::Tick {
        cycle: 100,
        now_ms: 1_000,
        state_hash: Default::default(),
    };
    assert!(
        !started
            .store
            .keep(&cycle(100, vec![tick]), &Nobody)
            .unwrap()
    );
    let answer = Delta::Answer {
        token: 1,
        result: Ok(None),
    };
    assert!(
        started
            .store
            .keep(&cycle(101, vec![answer]), &Nobody)
            .unwrap()
    );
}

#[test]
fn a_rotation_keeps_the_state_and_retention_drops_the_oldest() {
    let floor = built_in();
    let disk = MemoryDisk::new();
    let limits = StoreOptions {
        bytes_max: 20_000,
        ..options(1_000)
    };
    let mut started = Store::open(&floor, Box::new(disk.clone()), &limits).unwrap();
    for round in 0..40u64 {
        let deltas = (0..10)
            .map(|i| submitted(1 + round * 10 + i, round))
            .collect();
        let one = cycle(1 + round, deltas);
        started.store.keep(&one, &Nobody).unwrap();
        started.store.commit().unwrap();
        one.deltas.iter().for_each(|d| {
            started.follower.apply(d, None);
        });
        started.store.checkpoint(&started.follower).unwrap();
    }
    let files = crate::journal::Files::list(&disk).unwrap();
    assert!(files.logs.len() < 10, "{files:?}");
    let again = Store::open(&floor, Box::new(disk), &limits).unwrap();
    assert_eq!(again.restored.orders.len(), 400);
    assert_eq!(again.restored.next_order, 401);
    assert_eq!(again.warnings, []);
}

/// A file as the first version wrote it.
fn store_v1(floor: &Floor, entries: &[EntryV1]) -> MemoryDisk {
    let mut disk = MemoryDisk::new();
    let identity = Identity {
        floor_digest: floor.digest,
        record_version: 1,
    };
    // Its file has the form of today's, under another name and with other records.
    let opened = journal::open::<_, EntryV1, EntryV1>(disk.clone(), identity).unwrap();
    drop(opened.in_epoch(6).begin(entries).unwrap());
    disk.rename(&checkpoint_file(1), "orders.journal").unwrap();
    disk.remove(&journal::log_file(1)).unwrap();
    disk
}

#[test]
fn a_store_of_the_first_version_is_taken_over_and_kept() {
    let floor = built_in();
    let view = |id, client_id: &str| OrderView {
        id: OrderId(id),
        client_id: client_id.to_owned(),
        person: "li".to_owned(),
        spec: spec(2, 3),
        state: OrderState::Open,
        reason: None,
        submitted_ms: 40,
        assigned_ms: None,
        loaded_ms: None,
        ended_ms: None,
        revision: id,
    };
    let disk = store_v1(
        &floor,
        &[
            EntryV1::Zero { utc_ms: 500_000 },
            EntryV1::LastOrder(OrderId(20)),
            EntryV1::Order(view(7, "mes-7")),
            EntryV1::Client(Client {
                client_id: "mes-21".to_owned(),
                person: "wang".to_owned(),
            }),
            EntryV1::Delta(submitted(21, 50)),
            EntryV1::Delta(moved(21, OrderState::Open, 51)),
            EntryV1::Delta(Delta::Stock {
                buffer: BufferId(1),
                pieces: 5,
            }),
            EntryV1::Delta(Delta::FloorPaused { paused: true }),
        ],
    );
    let before = disk.read("orders.journal").unwrap();

    // The power goes at each call of the take-over: the old store is there whole, or the new one is.
    let calls = {
        let counted = disk.copy();
        let already = counted.calls();
        drop(Store::open(&floor, Box::new(counted.clone()), &options(600_000)).unwrap());
        counted.calls() - already
    };
    assert!(calls > 5, "{calls}");
    for cut in 0..=calls {
        let disk = disk.copy();
        disk.cut_power_after(cut);
        let _ = Store::open(&floor, Box::new(disk.clone()), &options(600_000));
        disk.crash(cut);
        let started = Store::open(&floor, Box::new(disk.clone()), &options(600_000)).unwrap();
        let ids: Vec<u64> = started.restored.orders.iter().map(|o| o.id.0).collect();
        assert_eq!(ids, [7, 21], "cut {cut}");
        assert_eq!(started.follower.order_of("mes-21"), Some(OrderId(21)));
        assert_eq!(started.follower.model.orders[&OrderId(21)].person, "wang");
        assert_eq!(
            (started.restored.stock[1], started.restored.floor_paused),
            (5, true)
        );
        assert_eq!(started.restored.next_order, 22);
        assert_eq!(started.restored.now_ms, 100_000);
        assert!(started.store.epoch() >= 7, "epochs go on, too");
        assert_eq!(
            disk.read("orders.journal.v1").unwrap(),
            before,
            "the way back"
        );
        assert!(disk.read("orders.journal").is_err());
    }
}

/// The bytes of durable records: whoever changes them raises the version and takes the old one over.
#[test]
fn the_encoding_of_durable_records_is_that_of_this_version() {
    let record = Record::Change(moved(
        300,
        OrderState::Carrying {
            vehicle: VehicleId(2),
        },
        70_000,
    ));
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    assert_eq!(VERSION, 2, "and so does this test");
    assert_eq!(
        hex(&postcard::to_stdvec(&record).unwrap()),
        "0201ac020000010000000000000000040200f0a204"
    );
    let kept = Kept::Stock {
        buffer: BufferId(3),
        pieces: 1_000,
    };
    assert_eq!(hex(&postcard::to_stdvec(&kept).unwrap()), "0403e807");
    let replay = Record::Replay(vec![1, 2, 3]);
    assert_eq!(hex(&postcard::to_stdvec(&replay).unwrap()), "0403010203");
}

#[test]
fn a_store_of_another_floor_is_refused_with_advice() {
    let floor = built_in();
    let disk = MemoryDisk::new();
    drop(Store::open(&floor, Box::new(disk.clone()), &options(0)).unwrap());
    let mut other = (*floor).clone();
    other.digest ^= 1;
    let Err(error) = Store::open(&Arc::new(other), Box::new(disk.clone()), &options(0)) else {
        panic!("taken for its own");
    };
    assert!(
        error.to_string().contains("belongs to another floor"),
        "{error}"
    );
    let log = read_file::<Record>(&disk, &journal::log_file(1), identity(&floor)).unwrap();
    assert!(
        matches!(log.records[..], [Record::Begin(_)]),
        "nothing was changed"
    );
}

#[test]
fn an_older_program_in_a_store_that_was_taken_over_is_noticed_and_nothing_overwritten() {
    let floor = built_in();
    let mut disk = store_v1(&floor, &[EntryV1::LastOrder(OrderId(3))]);
    let old = disk.read("orders.journal").unwrap();
    drop(Store::open(&floor, Box::new(disk.clone()), &options(1_000)).unwrap());
    // The older program finds no file of its own and begins anew.
    disk.append("orders.journal", b"of another life").unwrap();
    let Err(error) = Store::open(&floor, Box::new(disk.clone()), &options(2_000)) else {
        panic!("one of the two would be lost");
    };
    assert!(
        error.to_string().contains("an older program has run here"),
        "{error}"
    );
    assert_eq!(disk.read("orders.journal.v1").unwrap(), old);
    assert_eq!(disk.read("orders.journal").unwrap(), b"of another life");
}

#[test]
fn no_order_id_is_given_twice_although_records_are_lost() {
    let floor = built_in();
    let disk = MemoryDisk::new();
    let mut started = Store::open(&floor, Box::new(disk.clone()), &options(0)).unwrap();
    for id in 1..=3 {
        let one = cycle(id, vec![submitted(id, id)]);
        started.store.keep(&one, &Nobody).unwrap();
        started.store.commit().unwrap();
    }
    drop(started);
    // The block before the last one, with order 2.
    let log = journal::log_file(1);
    let end = disk.size(&log).unwrap() as usize;
    let bytes = disk.read(&log).unwrap();
    let starts: Vec<usize> = (0..end)
        .filter(|&at| bytes[at..].starts_with(&[0xB5, 0x10, 0xC7, 0x8A]))
        .collect();
    assert!(disk.corrupt(&log, starts[starts.len() - 2] + 30, 1));
    let again = Store::open(&floor, Box::new(disk), &options(0)).unwrap();
    assert!(
        again.warnings.iter().any(Warning::is_loss),
        "{:?}",
        again.warnings
    );
    assert!(
        again.restored.next_order > 4,
        "{}",
        again.restored.next_order
    );
}
