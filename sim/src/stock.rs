//! Pieces in buffers and on vehicles, and the books that show that none is lost.

use takt_maps::{BufferId, BufferRole, Floor, MaterialId, StationId};

/// What a vehicle carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Cargo {
    /// The material; `None` for a load that came from no buffer.
    pub material: Option<MaterialId>,
    /// Pieces of it.
    pub pieces: u32,
}

/// One buffer's books, in pieces. All but `stock` only grow.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Entry {
    /// There now; a source that never empties keeps what it had at the start.
    pub stock: u64,
    /// There at the start.
    pub initial: u64,
    /// Brought by vehicles.
    pub delivered: u64,
    /// Taken away by vehicles.
    pub picked: u64,
    /// Made by a line.
    pub produced: u64,
    /// Used up by a line.
    pub consumed: u64,
    /// Made up by a source that never empties, as it was taken.
    pub supplied: u64,
}

impl Entry {
    /// Do the books agree with what is there?
    pub fn balanced(&self) -> bool {
        self.initial + self.delivered + self.produced + self.supplied
            == self.stock + self.picked + self.consumed
    }
}

/// All buffers.
#[derive(Clone, Debug)]
pub struct Stock {
    entries: Vec<Entry>,
    overflows: u64,
    misplaced: u64,
    lost_by_fault: u64,
}

impl Stock {
    /// The stock at the start.
    pub fn new(floor: &Floor) -> Self {
        let entry = |initial: u32| Entry {
            stock: initial.into(),
            initial: initial.into(),
            ..Entry::default()
        };
        Self {
            entries: floor.buffers.iter().map(|b| entry(b.initial)).collect(),
            overflows: 0,
            misplaced: 0,
            lost_by_fault: 0,
        }
    }

    /// A vehicle takes a lot from a buffer, or what is left of it; `None`: nothing is there.
    pub fn pick(&mut self, floor: &Floor, id: BufferId) -> Option<Cargo> {
        let buffer = &floor.buffers[id.index()];
        let entry = &mut self.entries[id.index()];
        let lot = u64::from(buffer.lot.max(1));
        let pieces = if buffer.role == (BufferRole::Source { finite: false }) {
            entry.supplied += lot;
            lot
        } else {
            let pieces = entry.stock.min(lot);
            entry.stock -= pieces;
            pieces
        };
        entry.picked += pieces;
        (pieces > 0).then_some(Cargo {
            material: Some(buffer.material),
            pieces: pieces as u32,
        })
    }

    /// A vehicle brings its cargo to a buffer; what does not belong there is counted as misplaced.
    pub fn deliver(&mut self, floor: &Floor, id: BufferId, cargo: Cargo) {
        let buffer = &floor.buffers[id.index()];
        if cargo.material != Some(buffer.material) {
            self.misplace(cargo);
            return;
        }
        let entry = &mut self.entries[id.index()];
        entry.delivered += u64::from(cargo.pieces);
        entry.stock += u64::from(cargo.pieces);
        let limited = matches!(
            buffer.role,
            BufferRole::Consume { .. } | BufferRole::Produce { .. }
        );
        if limited && entry.stock > u64::from(buffer.capacity) {
            self.overflows += 1;
        }
    }

    /// A vehicle hands its cargo over to no buffer.
    pub fn misplace(&mut self, cargo: Cargo) {
        self.misplaced += u64::from(cargo.pieces);
    }

    /// A vehicle's cargo falls off and is carried away.
    pub fn lose(&mut self, cargo: Cargo) {
        self.lost_by_fault += u64::from(cargo.pieces);
    }

    /// Are so many pieces there?
    pub fn has(&self, id: BufferId, pieces: u32) -> bool {
        self.entries[id.index()].stock >= u64::from(pieces)
    }

    /// Is there room for so many pieces?
    pub fn has_room(&self, floor: &Floor, id: BufferId, pieces: u32) -> bool {
        let buffer = &floor.buffers[id.index()];
        buffer.role == BufferRole::Sink
            || self.entries[id.index()].stock + u64::from(pieces) <= u64::from(buffer.capacity)
    }

    /// A line uses pieces up.
    ///
    /// # Panics
    /// If they are not there.
    pub fn consume(&mut self, id: BufferId, pieces: u32) {
        assert!(self.has(id, pieces), "a line takes only what is there");
        let entry = &mut self.entries[id.index()];
        entry.stock -= u64::from(pieces);
        entry.consumed += u64::from(pieces);
    }

    /// A line leaves pieces.
    pub fn produce(&mut self, id: BufferId, pieces: u32) {
        let entry = &mut self.entries[id.index()];
        entry.stock += u64::from(pieces);
        entry.produced += u64::from(pieces);
    }

    /// Pieces in a buffer.
    pub fn level(&self, id: BufferId) -> u64 {
        self.entries[id.index()].stock
    }

    /// The books, indexed by [`BufferId`].
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Deliveries that left more in a buffer than fits.
    pub fn overflows(&self) -> u64 {
        self.overflows
    }

    /// Pieces that vehicles handed over where they do not belong.
    pub fn misplaced(&self) -> u64 {
        self.misplaced
    }

    /// Pieces that fell off vehicles and were carried away.
    pub fn lost_by_fault(&self) -> u64 {
        self.lost_by_fault
    }

    /// Is every piece that was ever there or made still somewhere, given what vehicles carry?
    pub fn conserved(&self, on_board: impl Iterator<Item = Cargo>) -> bool {
        let (picked, delivered) = self
            .entries
            .iter()
            .fold((0, 0), |(p, d), e| (p + e.picked, d + e.delivered));
        let carried: u64 = on_board.map(|c| u64::from(c.pieces)).sum();
        let gone = self.misplaced + self.lost_by_fault;
        self.entries.iter().all(Entry::balanced) && picked == delivered + carried + gone
    }
}

/// The buffer that a transfer at a station is about: by its number there (1 for the first, 0 for none).
pub fn numbered(floor: &Floor, station: StationId, number: u16) -> Option<BufferId> {
    let nth = usize::from(number).checked_sub(1)?;
    at(floor, station).nth(nth)
}

/// The buffer that a vehicle takes from where nobody says which: the only one there that gives.
pub fn only_giver(floor: &Floor, station: StationId) -> Option<BufferId> {
    let gives = |b: &BufferId| {
        matches!(
            floor.buffers[b.index()].role,
            BufferRole::Source { .. } | BufferRole::Produce { .. }
        )
    };
    let mut givers = at(floor, station).filter(gives);
    givers.next().filter(|_| givers.next().is_none())
}

/// The buffer that a vehicle brings a material to where nobody says which: the first there that takes it.
pub fn taker(floor: &Floor, station: StationId, material: Option<MaterialId>) -> Option<BufferId> {
    at(floor, station).find(|b| {
        let buffer = &floor.buffers[b.index()];
        Some(buffer.material) == material
            && matches!(buffer.role, BufferRole::Consume { .. } | BufferRole::Sink)
    })
}

/// The buffers at a station, in the order of the floor file.
fn at(floor: &Floor, station: StationId) -> impl Iterator<Item = BufferId> + '_ {
    (0..floor.buffers.len())
        .map(BufferId::from_index)
        .filter(move |b| floor.buffers[b.index()].station == station)
}
