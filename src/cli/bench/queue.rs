//! `takt bench queue`: Takt's ring beside rtrb and crossbeam's ArrayQueue, between two cores.

mod ends;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::{Value, json};
use takt_rt::queue::spsc;
use takt_rt::thread::RealTime;
use takt_rt::timing::Durations;

use super::super::Failure;
use super::progress;
use ends::{Put, Take, check};

/// Messages that a queue holds.
const CAPACITY: usize = 1_024;
/// Messages handed over together, where a queue can.
const CHUNK: usize = 32;
/// Time of one measurement.
const SLICE: Duration = Duration::from_millis(250);
/// Round trips that are timed together: reading the clock takes a good part of the time of one.
const TRIPS: u32 = 8;
/// Looks at a full or empty queue before the core is offered to others.
const LOOKS_MAX: u32 = 2_000;

/// About the size of a vehicle's report.
type Message = [u64; 8];

/// Arguments of `takt bench queue`.
#[derive(Debug, Args)]
pub struct QueueArgs {
    /// Measure each queue so often, in turn with the others, so that what disturbs one disturbs all
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    rounds: u32,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// What was measured of one queue.
struct Measured {
    name: &'static str,
    round_trip: Durations,
    /// Messages a second of each round, one by one and in chunks.
    one_way: [Vec<f64>; 2],
    chunks: bool,
}

impl Measured {
    fn new(name: &'static str, chunks: bool) -> Self {
        Self {
            name,
            round_trip: Durations::new(),
            one_way: [Vec::new(), Vec::new()],
            chunks,
        }
    }

    /// One round on this sort of queue.
    fn round<P: Put, T: Take>(&mut self, queue: impl Fn() -> (P, T)) {
        round_trips(queue(), queue(), &mut self.round_trip);
        self.one_way[0].push(one_way(queue(), false));
        if self.chunks {
            self.one_way[1].push(one_way(queue(), true));
        }
    }

    /// Median of the rounds.
    fn per_s(&self, chunked: bool) -> u64 {
        let mut rounds = self.one_way[usize::from(chunked)].clone();
        rounds.sort_by(f64::total_cmp);
        rounds.get(rounds.len() / 2).map_or(0, |&rate| rate as u64)
    }

    fn json(&self) -> Value {
        let trip = self.round_trip.quantiles();
        let ns = |of_all: u64| of_all as f64 / f64::from(TRIPS);
        let mut value = json!({
            "round_trip_ns": { "p50": ns(trip.p50_ns), "p99": ns(trip.p99_ns) },
            "one_way_per_s": self.per_s(false),
        });
        if self.chunks {
            value["one_way_chunked_per_s"] = json!(self.per_s(true));
        }
        value
    }
}

/// Waits for a queue: looks often, and now and then lets others have the core.
#[derive(Default)]
struct Patience(u32);

impl Patience {
    #[inline]
    fn wait(&mut self) {
        self.0 += 1;
        if self.0 < LOOKS_MAX {
            std::hint::spin_loop();
        } else {
            self.0 = 0;
            thread::yield_now();
        }
    }
}

/// Stays on a core, if the machine has so many.
fn pin(core: usize) {
    let asked = RealTime {
        priority: None,
        cpu: Some(core),
        lock_memory: false,
        prefault_stack_bytes: 0,
    };
    // Refused where the process may not use that core: then the system chooses.
    drop(asked.apply());
}

/// Sends a message there and back, again and again.
fn round_trips<P: Put, T: Take>(there: (P, T), back: (P, T), times: &mut Durations) {
    let ((mut put_there, mut take_there), (mut put_back, mut take_back)) = (there, back);
    let over = &AtomicBool::new(false);
    // Each end moves to the stack of its thread, or they would share a cache line.
    thread::scope(|scope| {
        scope.spawn(move || {
            pin(1);
            let mut patience = Patience::default();
            while !over.load(Ordering::Relaxed) {
                match take_there.take() {
                    // There is room: one message is on its way at a time.
                    Some(message) => {
                        let _ = put_back.put(message);
                    }
                    None => patience.wait(),
                }
            }
        });
        scope.spawn(move || {
            pin(0);
            let until = Instant::now() + SLICE;
            let mut patience = Patience::default();
            let mut before = Instant::now();
            while before < until {
                for trip in 0..u64::from(TRIPS) {
                    // As above.
                    let _ = put_there.put([trip; 8]);
                    loop {
                        match take_back.take() {
                            Some(message) => break check(&message, trip),
                            None => patience.wait(),
                        }
                    }
                }
                let now = Instant::now();
                times.record_ns((now - before).as_nanos() as u64);
                before = now;
            }
            over.store(true, Ordering::Relaxed);
        });
    });
}

/// Sends messages one way as fast as they go; gives back how many a second arrive.
fn one_way<P: Put, T: Take>((mut put, mut take): (P, T), chunked: bool) -> f64 {
    let over = &AtomicBool::new(false);
    // Each end moves to the stack of its thread, or they would share a cache line.
    thread::scope(|scope| {
        scope.spawn(move || {
            pin(1);
            let mut patience = Patience::default();
            let mut next = 0;
            while !over.load(Ordering::Relaxed) {
                let sent = if chunked {
                    put.put_chunk(next)
                } else {
                    u64::from(put.put([next; 8]))
                };
                if sent == 0 {
                    patience.wait();
                }
                next += sent;
            }
        });
        let receiver = scope.spawn(move || {
            pin(0);
            let mut patience = Patience::default();
            let begun = Instant::now();
            let (mut received, mut looked) = (0u64, 0u64);
            // The clock is read now and then only.
            while looked % 1_024 != 0 || begun.elapsed() < SLICE {
                looked += 1;
                let taken = if chunked {
                    take.take_chunk(received)
                } else {
                    let message = take.take().inspect(|m| check(m, received));
                    u64::from(message.is_some())
                };
                if taken == 0 {
                    patience.wait();
                }
                received += taken;
            }
            let rate = received as f64 / begun.elapsed().as_secs_f64();
            over.store(true, Ordering::Relaxed);
            rate
        });
        receiver.join().unwrap_or(0.0)
    })
}

/// Measures and says what was measured.
pub fn run(args: QueueArgs) -> Result<(), Failure> {
    let mut spsc_ring = Measured::new("spsc", true);
    let mut rtrb_ring = Measured::new("rtrb", true);
    let mut array = Measured::new("array_queue", false);
    let bar = progress(args.rounds.into(), "rounds");
    for _ in 0..args.rounds {
        spsc_ring.round(|| spsc::ring::<Message>(CAPACITY));
        rtrb_ring.round(|| rtrb::RingBuffer::<Message>::new(CAPACITY));
        array.round(|| {
            let queue = Arc::new(crossbeam_queue::ArrayQueue::<Message>::new(CAPACITY));
            (queue.clone(), queue)
        });
        bar.inc(1);
    }
    bar.finish_and_clear();
    let measured = [spsc_ring, rtrb_ring, array];
    if args.json {
        let mut object = json!({});
        for queue in &measured {
            object[queue.name] = queue.json();
        }
        object["host"] = json!({
            "cpus": thread::available_parallelism().map_or(1, usize::from),
            "message_bytes": size_of::<Message>(),
            "capacity": CAPACITY,
            "chunk": CHUNK,
        });
        say!("{object}");
    } else {
        say!(
            "messages of {} bytes between two cores:",
            size_of::<Message>()
        );
        for queue in &measured {
            let trip = queue.round_trip.quantiles();
            let ns = |of_all: u64| of_all / u64::from(TRIPS);
            let million = |chunked| queue.per_s(chunked) as f64 / 1e6;
            let chunks = if queue.chunks {
                format!(", {:.0} M/s in chunks of {CHUNK}", million(true))
            } else {
                String::new()
            };
            say!(
                "{:12} round trip p50 {} ns, p99 {} ns; one way {:.0} M/s{chunks}",
                queue.name,
                ns(trip.p50_ns),
                ns(trip.p99_ns),
                million(false),
            );
        }
    }
    Ok(())
}
