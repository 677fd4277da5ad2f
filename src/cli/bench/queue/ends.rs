//! The two ends of each queue that is measured, behind the same words.

use std::sync::Arc;

use takt_rt::queue::spsc;

use super::{CHUNK, Message};

/// The end that puts messages in.
pub(super) trait Put: Send {
    /// Puts one in, if there is room.
    fn put(&mut self, message: Message) -> bool;
    /// Puts in up to a chunk of those numbered from `first` on; gives back how many. By default one.
    fn put_chunk(&mut self, first: u64) -> u64 {
        u64::from(self.put([first; 8]))
    }
}

/// The end that takes them out.
pub(super) trait Take: Send {
    /// Takes one.
    fn take(&mut self) -> Option<Message>;
    /// Takes up to a chunk, which must be numbered from `first` on; gives back how many. By default one.
    fn take_chunk(&mut self, first: u64) -> u64 {
        u64::from(self.take().inspect(|m| check(m, first)).is_some())
    }
}

/// Panics if a message is lost or out of order.
pub(super) fn check(message: &Message, number: u64) {
    assert_eq!(message[0], number, "none is lost, and the order is kept");
}

impl Put for spsc::Producer<Message> {
    fn put(&mut self, message: Message) -> bool {
        self.push(message).is_ok()
    }
    fn put_chunk(&mut self, first: u64) -> u64 {
        let mut messages = (first..first + CHUNK as u64).map(|number| [number; 8]);
        self.push_batch(&mut messages) as u64
    }
}

impl Take for spsc::Consumer<Message> {
    fn take(&mut self) -> Option<Message> {
        self.pop()
    }
    fn take_chunk(&mut self, first: u64) -> u64 {
        let mut number = first;
        self.pop_batch(CHUNK, |message| {
            check(&message, number);
            number += 1;
        });
        number - first
    }
}

impl Put for rtrb::Producer<Message> {
    fn put(&mut self, message: Message) -> bool {
        self.push(message).is_ok()
    }
    fn put_chunk(&mut self, first: u64) -> u64 {
        let messages = (first..first + CHUNK as u64).map(|number| [number; 8]);
        let chunk = match self.write_chunk_uninit(CHUNK) {
            Err(rtrb::chunks::ChunkError::TooFewSlots(room)) => self.write_chunk_uninit(room),
            chunk => chunk,
        };
        chunk.map_or(0, |chunk| chunk.fill_from_iter(messages) as u64)
    }
}

impl Take for rtrb::Consumer<Message> {
    fn take(&mut self) -> Option<Message> {
        self.pop().ok()
    }
    fn take_chunk(&mut self, first: u64) -> u64 {
        let chunk = match self.read_chunk(CHUNK) {
            Err(rtrb::chunks::ChunkError::TooFewSlots(there)) => self.read_chunk(there),
            chunk => chunk,
        };
        let mut number = first;
        for message in chunk.into_iter().flatten() {
            check(&message, number);
            number += 1;
        }
        number - first
    }
}

impl Put for Arc<crossbeam_queue::ArrayQueue<Message>> {
    fn put(&mut self, message: Message) -> bool {
        self.push(message).is_ok()
    }
}

impl Take for Arc<crossbeam_queue::ArrayQueue<Message>> {
    fn take(&mut self) -> Option<Message> {
        self.pop()
    }
}
