//! A field to test against: vehicles and PLCs on loopback, well-behaved and otherwise, and a bridge that talks to them.

#![allow(
    dead_code,
    reason = "each test binary uses its own part of this module"
)]

pub mod rogue;
pub mod server;

use server::{DEVICE_WORDS, Server};
use std::future::Future;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use takt_maps::*;
use takt_plc_bridge::*;
use tokio::runtime::Handle;
use tokio::time::sleep;

/// Long enough that a busy machine does not kill links by itself.
pub const LINK_TIMEOUT_MS: u32 = 600;

/// A floor of so many vehicles and devices, without addresses, with short times.
pub fn floor(vehicles: usize, devices: usize) -> Floor {
    let vehicle = |i| Vehicle {
        name: format!("A{i}"),
        kind: KindId(0),
        start: NodeId(0),
        address: None,
    };
    let device = |i| Device {
        name: format!("S{i}"),
        address: None,
        read_at: 10,
        read_words: DEVICE_WORDS as u8,
        write_at: 20,
        write_words: DEVICE_WORDS as u8,
        inputs: vec![],
        outputs: vec![],
    };
    Floor {
        vehicles: (0..vehicles).map(vehicle).collect(),
        devices: (0..devices).map(device).collect(),
        control: Control {
            transfer_ms: 10,
            link_timeout_ms: LINK_TIMEOUT_MS,
            ..Control::default()
        },
        ..Floor::default()
    }
}

/// A bridge, everything that it said, and the clock that it judges deadlines by.
pub struct Rig {
    pub bridge: Bridge,
    pub clock_ms: Arc<AtomicU64>,
    said: Arc<Mutex<Vec<FromField>>>,
}

impl Rig {
    /// A bridge to these servers.
    pub fn start(floor: &Floor, vehicles: &[SocketAddr], devices: &[SocketAddr]) -> Self {
        let server = |address: &SocketAddr| Some((*address, server::UNIT));
        let addresses = Addresses {
            vehicles: vehicles.iter().map(server).collect(),
            devices: devices.iter().map(server).collect(),
        };
        let clock_ms = Arc::new(AtomicU64::new(0));
        let said = Arc::new(Mutex::new(Vec::new()));
        let (clock, inbox) = (clock_ms.clone(), said.clone());
        let bridge = Bridge::start(
            floor,
            &addresses,
            &Handle::current(),
            move || clock.load(Ordering::SeqCst),
            move |what| inbox.lock().unwrap().push(what),
        );
        Self {
            bridge,
            clock_ms,
            said,
        }
    }

    /// A bridge to one vehicle.
    pub fn one_vehicle(address: SocketAddr) -> Self {
        Self::start(&floor(1, 0), &[address], &[])
    }

    pub fn said(&self) -> Vec<FromField> {
        self.said.lock().unwrap().clone()
    }

    /// The states that a link has said, in order.
    pub fn states(&self, endpoint: Endpoint) -> Vec<LinkState> {
        let of = |said: &FromField| match said {
            FromField::Link { endpoint: e, state } if *e == endpoint => Some(*state),
            _ => None,
        };
        self.said().iter().filter_map(of).collect()
    }

    pub fn stats(&self, endpoint: Endpoint) -> LinkStats {
        let all = self.bridge.stats();
        *all.iter().find(|s| s.endpoint == endpoint).unwrap()
    }

    /// Waits until a link has said this state last.
    pub async fn until_state(&self, endpoint: Endpoint, state: LinkState) {
        until(&format!("{endpoint:?} to be {state:?}"), || {
            self.states(endpoint).last() == Some(&state)
        })
        .await;
    }

    /// Waits until so many more reads of a link were answered.
    pub async fn until_reads(&self, endpoint: Endpoint, more: u64) {
        let from = self.stats(endpoint).reads;
        until(&format!("{more} reads of {endpoint:?}"), || {
            self.stats(endpoint).reads >= from + more
        })
        .await;
    }
}

/// Waits for something that must come; the limit only ends a test that has failed.
pub async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "waited in vain for {what}"
        );
        sleep(Duration::from_millis(2)).await;
    }
}

/// Runs a test on a runtime of two threads, as the program has it.
pub fn run<F: Future<Output = ()>>(test: F) {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(test);
}

/// Vehicle 0.
pub const A0: Endpoint = Endpoint::Vehicle(VehicleId(0));
/// Device 0.
pub const S0: Endpoint = Endpoint::Device(DeviceId(0));

/// A good vehicle server.
pub async fn vehicle() -> Server {
    Server::start(server::Kind::Vehicle).await
}

/// A good PLC server.
pub async fn plc() -> Server {
    Server::start(server::Kind::Plc).await
}
