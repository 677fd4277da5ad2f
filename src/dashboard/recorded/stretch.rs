//! A stretch of a film: a whole picture, and what changed in those behind it, compressed.

use std::io;
use std::sync::Arc;

use takt_maps::Floor;

use super::change::Change;
use super::picture::Picture;

/// Weakest, which is fast, and leaves a fifth.
const COMPRESSION: i32 = 1;

/// Some pictures of one life, one after the other.
pub(super) struct Stretch {
    /// Position of the first picture, in milliseconds from the recording's beginning.
    pub(super) from_ms: u64,
    /// Which life, counted from 0.
    pub(super) life: u32,
    /// Size once decompressed.
    raw_bytes: usize,
    /// Compressed: for each picture its distance from the first in milliseconds, and what changed.
    bytes: Box<[u8]>,
}

impl Stretch {
    /// Of pictures that were written one behind the other.
    pub(super) fn close(from_ms: u64, life: u32, raw: &[u8]) -> io::Result<Self> {
        Ok(Self {
            from_ms,
            life,
            raw_bytes: raw.len(),
            bytes: zstd::bulk::compress(raw, COMPRESSION)?.into_boxed_slice(),
        })
    }

    /// Bytes that it takes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Its pictures, before the first of them.
    pub(super) fn open(&self, floor: &Arc<Floor>) -> io::Result<Projector> {
        Ok(Projector {
            raw: zstd::bulk::decompress(&self.bytes, self.raw_bytes)?,
            read: 0,
            from_ms: self.from_ms,
            at_ms: self.from_ms,
            picture: Picture::blank(floor),
        })
    }
}

/// Goes through the pictures of a stretch.
pub(super) struct Projector {
    raw: Vec<u8>,
    /// Bytes of it that were gone through.
    read: usize,
    from_ms: u64,
    /// Position of `picture`.
    at_ms: u64,
    picture: Picture,
}

impl Projector {
    /// Position of the picture, in milliseconds from the recording's beginning.
    pub(super) fn at_ms(&self) -> u64 {
        self.at_ms
    }

    /// The picture that it has come to.
    pub(super) fn picture(&self) -> &Picture {
        &self.picture
    }

    /// Distance of the next picture from the first, and what changed in it; with the bytes behind it.
    fn peek(&self) -> io::Result<Option<(u64, &[u8])>> {
        let rest = &self.raw[self.read..];
        if rest.is_empty() {
            return Ok(None);
        }
        let (after_ms, rest) = postcard::take_from_bytes::<u64>(rest).map_err(io::Error::other)?;
        Ok(Some((self.from_ms + after_ms, rest)))
    }

    /// Goes to the next picture, if there is one.
    pub(super) fn next(&mut self) -> io::Result<bool> {
        let Some((at_ms, rest)) = self.peek()? else {
            return Ok(false);
        };
        let (change, rest) = postcard::take_from_bytes::<Change>(rest).map_err(io::Error::other)?;
        let left = rest.len();
        change.apply(&mut self.picture);
        self.at_ms = at_ms;
        self.read = self.raw.len() - left;
        Ok(true)
    }

    /// Goes on to the last picture that is not behind a position.
    pub(super) fn go_on_to(&mut self, at_ms: u64) -> io::Result<()> {
        while self.peek()?.is_some_and(|(next_ms, _)| next_ms <= at_ms) {
            self.next()?;
        }
        Ok(())
    }
}
