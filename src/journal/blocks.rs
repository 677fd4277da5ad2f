//! The way through a file, from one whole block to the next.

use super::error::Warning;
use super::format::{BLOCK_HEADER, Block, HEADER, Header, MARKER};

/// A walk over the blocks of a file.
///
/// At most one block is ever on its way to the disk, and it is the last one. So what is no whole block is an interrupted
/// write when nothing whole follows, and damage when something does.
pub(super) struct Blocks<'a> {
    file: &'a str,
    bytes: &'a [u8],
    offset: usize,
    /// Of the last block, or of the file.
    pub(super) epoch: u32,
    /// Number of the record that comes next.
    pub(super) next_sequence: u64,
    /// The last block has no records: it closes a checkpoint.
    pub(super) closed: bool,
    /// What was not whole.
    pub(super) warnings: Vec<Warning>,
}

/// A whole block.
pub(super) struct Whole<'a> {
    /// Where it begins.
    pub(super) offset: u64,
    pub(super) block: Block,
    pub(super) payload: &'a [u8],
    /// Something before it, and behind the block before, is missing.
    pub(super) after_damage: bool,
}

impl<'a> Blocks<'a> {
    /// From the beginning of a file that has this header.
    pub(super) fn new(file: &'a str, bytes: &'a [u8], header: &Header) -> Self {
        Self {
            file,
            bytes,
            offset: HEADER,
            epoch: header.epoch,
            next_sequence: header.first_sequence,
            closed: false,
            warnings: Vec::new(),
        }
    }

    /// The next whole block; what lies before it, or before the end, is told as a warning.
    pub(super) fn next_whole(&mut self) -> Option<Whole<'a>> {
        if self.offset >= self.bytes.len() {
            return None;
        }
        let Some((found, block, payload)) = self.find() else {
            self.closed = false;
            self.warnings.push(Warning::TornTail {
                file: self.file.to_owned(),
                offset: self.offset as u64,
                bytes: (self.bytes.len() - self.offset) as u64,
            });
            self.offset = self.bytes.len();
            return None;
        };
        let after_damage = found > self.offset || block.first_sequence > self.next_sequence;
        if after_damage {
            self.warnings.push(Warning::Damaged {
                file: self.file.to_owned(),
                offset: self.offset as u64,
                bytes: (found - self.offset) as u64,
                first_lost: self.next_sequence,
                records_lost: block.first_sequence - self.next_sequence,
            });
        }
        self.epoch = block.epoch;
        self.closed = block.count == 0;
        self.next_sequence = block.first_sequence + u64::from(block.count);
        self.offset = found + BLOCK_HEADER + payload.len();
        Some(Whole {
            offset: found as u64,
            block,
            payload,
            after_damage,
        })
    }

    /// The first whole block from here on that continues what was read so far.
    fn find(&self) -> Option<(usize, Block, &'a [u8])> {
        let mut at = self.offset;
        loop {
            if let Some((block, payload)) = Block::decode(self.bytes, at)
                && block.epoch >= self.epoch
                && block.first_sequence >= self.next_sequence
                && block
                    .first_sequence
                    .checked_add(u64::from(block.count))
                    .is_some()
            {
                return Some((at, block, payload));
            }
            at += 1;
            at += self
                .bytes
                .get(at..)?
                .windows(MARKER.len())
                .position(|window| window == MARKER)?;
        }
    }
}
