//! The queues between two real threads, at full speed, with real timing: what loom's small models cannot show.
#![cfg(not(loom))]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::sync::Arc;
use std::thread;
use takt_rt::queue::{latest, spsc};

/// A value wide enough to be seen torn, and counted, so that one lost or dropped twice shows.
struct Parcel {
    words: [u64; 6],
    _counted: Arc<()>,
}

impl Parcel {
    fn new(number: u64, counted: &Arc<()>) -> Self {
        Self {
            words: std::array::from_fn(|i| number.wrapping_mul(i as u64 + 1)),
            _counted: Arc::clone(counted),
        }
    }

    fn number(&self) -> u64 {
        let number = self.words[0];
        for (i, word) in self.words.iter().enumerate() {
            assert_eq!(*word, number.wrapping_mul(i as u64 + 1), "torn");
        }
        number
    }
}

/// Sends `count` parcels through a ring, singly and in batches by turns; all arrive, whole and in order.
fn transfer(capacity: usize, count: u64) {
    let counted = Arc::new(());
    let (mut producer, mut consumer) = spsc::ring::<Parcel>(capacity);
    let sender = {
        let counted = Arc::clone(&counted);
        thread::spawn(move || {
            let mut parcels = (0..count).map(|number| Parcel::new(number, &counted));
            let mut sent = 0;
            let mut waiting: Option<Parcel> = None;
            while sent < count {
                let before = sent;
                if let Some(parcel) = waiting.take().or_else(|| parcels.next()) {
                    match producer.push(parcel) {
                        Ok(()) => sent += 1,
                        Err(spsc::Full(parcel)) => waiting = Some(parcel),
                    }
                }
                if waiting.is_none() {
                    sent += producer.push_batch(&mut parcels.by_ref().take(5)) as u64;
                    assert!(producer.len_max() <= producer.capacity());
                }
                // On a full ring of one CPU the other side needs it. `take` loses nothing: it stops before taking.
                if sent == before {
                    thread::yield_now();
                }
            }
        })
    };
    let mut received = 0;
    while received < count {
        let before = received;
        if let Some(parcel) = consumer.pop() {
            assert_eq!(parcel.number(), received);
            received += 1;
        }
        let batch_max = consumer.capacity() / 2 + 1;
        assert!(consumer.len_min() <= consumer.capacity());
        consumer.pop_batch(batch_max, |parcel| {
            assert_eq!(parcel.number(), received);
            received += 1;
        });
        if received == before {
            thread::yield_now();
        }
    }
    sender.join().unwrap();
    assert!(consumer.pop().is_none());
    drop(consumer);
    assert_eq!(
        Arc::strong_count(&counted),
        1,
        "every parcel was dropped once"
    );
}

#[test]
fn a_ring_of_one_transfers_all_in_order() {
    transfer(1, 50_000);
}

#[test]
fn a_small_ring_transfers_all_in_order() {
    transfer(8, 500_000);
}

#[test]
fn a_large_ring_transfers_all_in_order() {
    transfer(4096, 2_000_000);
}

#[test]
fn the_latest_value_is_whole_and_never_goes_back() {
    const WRITES: u64 = 1_000_000;
    let counted = Arc::new(());
    let (mut writer, mut reader) = latest::cell(Arc::new(Parcel::new(0, &counted)));
    let writing = {
        let counted = Arc::clone(&counted);
        thread::spawn(move || {
            for number in 1..=WRITES {
                writer.write(Arc::new(Parcel::new(number, &counted)));
            }
        })
    };
    let mut last = 0;
    let mut refreshed = 0u64;
    while last < WRITES {
        if reader.refresh() {
            let number = reader.with(|parcel| parcel.number());
            assert!(number > last, "{number} after {last}");
            last = number;
            refreshed += 1;
        } else {
            reader.with(|parcel| assert_eq!(parcel.number(), last));
            thread::yield_now();
        }
    }
    writing.join().unwrap();
    assert!(refreshed >= 1 && !reader.refresh());
    drop(reader);
    assert_eq!(Arc::strong_count(&counted), 1);
}
