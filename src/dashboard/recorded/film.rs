//! The pictures of a recording, kept small: stretches that begin with a whole picture and go on with what changed.
//!
//! It never takes more memory than it was given: when it would, every second picture goes, and from then on only half as
//! many are taken.

use std::io;
use std::sync::Arc;

use takt_maps::Floor;

use super::change::Change;
use super::picture::{Look, Picture};
use super::stretch::Stretch;

/// Most pictures in a stretch; to show any of them, all before it in its stretch are gone through.
const PICTURES_MAX: u32 = 240;
/// Largest stretch before it is compressed, in bytes.
const STRETCH_BYTES_MAX: usize = 8 << 20;
/// A stretch that is being written.
struct Open {
    from_ms: u64,
    life: u32,
    raw: Vec<u8>,
    pictures: u32,
}

/// All pictures of a recording.
pub(super) struct Film {
    floor: Arc<Floor>,
    stretches: Vec<Stretch>,
    open: Option<Open>,
    /// The picture that was added last, in its stretch.
    last: Picture,
    /// Bytes of the stretches.
    bytes: usize,
    /// As many as they may have.
    bytes_max: usize,
    /// Time between pictures, in milliseconds.
    step_ms: u64,
    pictures: u64,
}

impl Film {
    /// None yet; one is to come every `step_ms`.
    pub(super) fn new(floor: &Arc<Floor>, step_ms: u64, bytes_max: usize) -> Self {
        Self {
            floor: floor.clone(),
            stretches: Vec::new(),
            open: None,
            last: Picture::blank(floor),
            bytes: 0,
            bytes_max,
            step_ms,
            pictures: 0,
        }
    }

    /// Time between pictures, in milliseconds; it may have grown.
    pub(super) fn step_ms(&self) -> u64 {
        self.step_ms
    }

    /// Pictures kept; those that would show nothing new are not.
    pub(super) fn pictures(&self) -> u64 {
        self.pictures
    }

    /// Bytes that they take.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds the picture at a position, which is behind all others.
    pub(super) fn push(&mut self, at_ms: u64, life: u32, look: Look<'_>) -> io::Result<()> {
        self.add(at_ms, life, look)?;
        self.keep_small()
    }

    /// No more pictures come. Only now can all of them be shown.
    pub(super) fn end(&mut self) -> io::Result<()> {
        self.seal()?;
        self.keep_small()
    }

    /// Leaves pictures out until the rest have room; the first of each life always stays.
    fn keep_small(&mut self) -> io::Result<()> {
        let mut pictures = u64::MAX;
        while self.bytes > self.bytes_max && self.pictures < pictures {
            pictures = self.pictures;
            self.thin_out()?;
        }
        Ok(())
    }

    fn add(&mut self, at_ms: u64, life: u32, look: Look<'_>) -> io::Result<()> {
        let full = |open: &Open| {
            open.life != life
                || open.pictures >= PICTURES_MAX
                || open.raw.len() >= STRETCH_BYTES_MAX
        };
        if self.open.as_ref().is_some_and(full) {
            self.seal()?;
        }
        let first = self.open.is_none();
        let open = self.open.get_or_insert_with(|| {
            self.last = Picture::blank(&self.floor);
            Open {
                from_ms: at_ms,
                life,
                raw: Vec::new(),
                pictures: 0,
            }
        });
        let change = Change::between(&self.last, look);
        if change.is_none() && !first {
            return Ok(());
        }
        let entry = (at_ms - open.from_ms, change);
        postcard::to_io(&entry, &mut open.raw).map_err(io::Error::other)?;
        open.pictures += 1;
        self.pictures += 1;
        entry.1.apply(&mut self.last);
        Ok(())
    }

    /// Ends the stretch at hand.
    fn seal(&mut self) -> io::Result<()> {
        if let Some(open) = self.open.take() {
            let stretch = Stretch::close(open.from_ms, open.life, &open.raw)?;
            self.bytes += stretch.bytes();
            self.stretches.push(stretch);
        }
        Ok(())
    }

    /// Leaves every second picture of each life out, and says that they come half as often.
    fn thin_out(&mut self) -> io::Result<()> {
        self.seal()?;
        let mut thin = Self::new(&self.floor, self.step_ms * 2, self.bytes_max);
        let mut life = None;
        let mut nth = 0u64;
        for stretch in std::mem::take(&mut self.stretches) {
            if life != Some(stretch.life) {
                (life, nth) = (Some(stretch.life), 0);
            }
            let mut projector = stretch.open(&self.floor)?;
            while projector.next()? {
                if nth.is_multiple_of(2) {
                    thin.add(projector.at_ms(), stretch.life, projector.picture().look())?;
                }
                nth += 1;
            }
        }
        thin.seal()?;
        *self = thin;
        Ok(())
    }

    /// The number of the stretch that shows a position; the first if it is before all; `None` of an empty film.
    pub(super) fn number_at(&self, at_ms: u64) -> Option<usize> {
        let behind = self.stretches.partition_point(|s| s.from_ms <= at_ms);
        (!self.stretches.is_empty()).then(|| behind.saturating_sub(1))
    }

    /// A stretch by its number.
    pub(super) fn stretch(&self, number: usize) -> &Stretch {
        &self.stretches[number]
    }

    /// The floor that is on the pictures.
    pub(super) fn floor(&self) -> &Arc<Floor> {
        &self.floor
    }
}
