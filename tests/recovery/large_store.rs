//! A store with a hundred thousand open orders: nothing is lost, and how long a start takes is printed.

use std::sync::Arc;
use std::time::Instant;

use takt::controller::{Ask, Controller};
use takt::follower::Client;
use takt::host::store::{Started, Store, StoreOptions};
use takt::host::virtual_time::{Options, Rehearsal};
use takt_maps::StationId;
use takt_rt::host::{Disk, LiveDisk};
use takt_scheduler::orders::{OrderSpec, Stop};

use crate::busy::built_in;

const ORDERS: u64 = 100_000;

#[test]
fn a_start_takes_over_a_hundred_thousand_orders() {
    let mut floor = (*built_in()).clone();
    floor.control.orders_max = 2 * ORDERS as u32;
    let floor = Arc::new(floor);
    let directory = tempfile::tempdir().unwrap();
    let disk = || Box::new(LiveDisk::open(directory.path()).unwrap());
    let options = Options::seeded(1);
    let mut rehearsal = Rehearsal::with_store(floor.clone(), &options, disk()).unwrap();
    let stop = |station: u64| Stop {
        station: StationId::from_index(station as usize % floor.stations.len()),
        buffer: None,
    };
    let mut acknowledged = 0;
    for i in 0..ORDERS {
        let spec = OrderSpec {
            pickup: stop(i),
            drop: stop(i + 1),
            // Nobody begins it: all of them are open in the end.
            release_ms: 1 << 40,
            ..OrderSpec::default()
        };
        let client = Client {
            client_id: format!("mes-{i}"),
            person: "MES".to_owned(),
        };
        rehearsal.ask_and_wait(client, Ask::Submit(spec));
        if i % 1_000 == 999 {
            rehearsal.step();
            acknowledged += rehearsal.take_answers().len() as u64;
        }
    }
    assert_eq!(acknowledged, ORDERS);
    drop(rehearsal);

    for what in ["from the log", "from a checkpoint"] {
        let disk = disk();
        let bytes: u64 = (disk.list().unwrap().iter())
            .map(|file| disk.size(file).unwrap())
            .sum();
        let begun = Instant::now();
        let options = StoreOptions {
            utc_ms: 2_000_000_000_000,
            seed: 1,
            bytes_max: u64::MAX,
        };
        let Started {
            store,
            follower,
            restored,
            warnings,
            ..
        } = Store::open(&floor, disk, &options).unwrap();
        let controller = Controller::new(floor.clone(), store.epoch(), restored).unwrap();
        println!(
            "{what}: {} orders in {} MB, ready after {:?}",
            controller.orders_open(),
            bytes / 1_000_000,
            begun.elapsed()
        );
        assert_eq!(warnings, []);
        assert!(controller.orders_open() as u64 >= ORDERS);
        assert!(follower.order_of("mes-0").is_some());
        assert!(follower.order_of("mes-99999").is_some());
    }
}
