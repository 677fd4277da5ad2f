//! A [`Disk`] in memory that fails as real ones do.

use super::disk::{Disk, check_file_name};
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Granularity at which a crash loses data.
const SECTOR: usize = 512;

/// A disk in memory. Clones are handles to the same disk, as file descriptors are: keep one to reopen what a "process"
/// left behind when it was dropped.
///
/// Dropping a handle loses nothing, like `kill -9`. [`crash`](MemoryDisk::crash) is a power cut: it keeps what was
/// synced and, of the rest, an arbitrary part, torn at sectors and with holes, chosen by a seed. A power cut in the
/// middle of a series of calls is arranged beforehand with [`cut_power_after`](MemoryDisk::cut_power_after).
#[derive(Clone, Debug, Default)]
pub struct MemoryDisk {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    files: BTreeMap<String, MemoryFile>,
    /// Changing calls until the power goes; `None`: it stays on.
    calls_left: Option<u64>,
    /// The power is off: every call fails.
    off: bool,
    /// Bytes that all files together may have; `None`: no limit.
    capacity: Option<usize>,
    /// The next sync fails and loses what it should have made durable.
    next_sync_fails: bool,
    /// Syncs say that they are done, and are not.
    lies: bool,
    /// Changing calls so far.
    calls: u64,
}

#[derive(Debug, Default)]
struct MemoryFile {
    /// What a reader sees.
    data: Vec<u8>,
    /// `data[.. synced]` is durable, unless a truncation has not reached the disk.
    synced: usize,
    /// The durable content before the first truncation that is not synced.
    before_truncation: Option<Vec<u8>>,
    /// A crash finds the name.
    name_synced: bool,
}

/// What an armed power cut does to the call that it meets.
#[derive(PartialEq, Eq)]
enum Power {
    On,
    /// The call takes effect, as far as it can, but the caller never learns.
    GoesNow,
}

impl MemoryDisk {
    /// An empty disk.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets `calls` changing calls (append, sync, rename, remove, truncate) succeed. The power goes in the middle of the
    /// next one, which fails, as does every call after it until [`crash`](MemoryDisk::crash).
    pub fn cut_power_after(&self, calls: u64) {
        self.lock().calls_left = Some(calls);
    }

    /// Number of changing calls so far, failed ones included.
    pub fn calls(&self) -> u64 {
        self.lock().calls
    }

    /// Makes the next sync fail; what it should have made durable is dropped from then on, as Linux does.
    pub fn fail_next_sync(&self) {
        self.lock().next_sync_fails = true;
    }

    /// Lets syncs say from now on that they are done, and do nothing; or makes them honest again.
    pub fn set_lying(&self, lies: bool) {
        self.lock().lies = lies;
    }

    /// Do syncs say that they are done, and do nothing?
    pub fn is_lying(&self) -> bool {
        self.lock().lies
    }

    /// A disk of its own with the same files, all of them durable.
    pub fn copy(&self) -> Self {
        let durable = |file: &MemoryFile| MemoryFile {
            data: file.data.clone(),
            synced: file.data.len(),
            before_truncation: None,
            name_synced: true,
        };
        let files = self
            .lock()
            .files
            .iter()
            .map(|(name, file)| (name.clone(), durable(file)))
            .collect();
        let copy = Self::new();
        copy.lock().files = files;
        copy
    }

    /// Bytes that all files have together.
    pub fn used(&self) -> usize {
        self.lock().files.values().map(|file| file.data.len()).sum()
    }

    /// Bytes of memory that all files together take.
    pub fn reserved(&self) -> usize {
        let of = |file: &MemoryFile| {
            let before = file.before_truncation.as_ref().map_or(0, Vec::capacity);
            file.data.capacity() + before
        };
        self.lock().files.values().map(of).sum()
    }

    /// Lets all files together have so many bytes from now on; `None`: no limit.
    pub fn set_capacity(&self, bytes: Option<usize>) {
        self.lock().capacity = bytes;
    }

    /// Power cut and power on: what the disk holds afterwards is one of the states that the rules of [`Disk`] permit,
    /// chosen by `seed`.
    pub fn crash(&self, seed: u64) {
        let mut state = self.lock();
        let mut random = SplitMix(seed);
        state.files.retain(|_, file| {
            if !file.name_synced && random.below(2) == 0 {
                return false;
            }
            file.crash(&mut random);
            true
        });
        state.off = false;
        state.calls_left = None;
        state.next_sync_fails = false;
        state.lies = false;
    }

    /// Flips bits of one byte, as a failing medium does; `false` when the file does not reach that far.
    pub fn corrupt(&self, file: &str, offset: usize, xor: u8) -> bool {
        let mut state = self.lock();
        let Some(byte) = state
            .files
            .get_mut(file)
            .and_then(|file| file.data.get_mut(offset))
        else {
            return false;
        };
        *byte ^= xor;
        true
    }

    /// A panic elsewhere leaves the map whole, so a poisoned lock is as good as any.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// To be called first by everything that changes something.
    fn begin_change(&mut self, file: &str) -> io::Result<Power> {
        check_file_name(file)?;
        self.begin()?;
        self.calls += 1;
        match &mut self.calls_left {
            None => Ok(Power::On),
            Some(0) => {
                self.off = true;
                Ok(Power::GoesNow)
            }
            Some(left) => {
                *left -= 1;
                Ok(Power::On)
            }
        }
    }

    /// To be called first by everything else.
    fn begin(&self) -> io::Result<()> {
        match self.off {
            true => Err(power_cut()),
            false => Ok(()),
        }
    }

    fn file(&mut self, name: &str) -> io::Result<&mut MemoryFile> {
        self.files.get_mut(name).ok_or_else(|| not_found(name))
    }
}

impl MemoryFile {
    /// Reduces the file to what a crash might leave.
    fn crash(&mut self, random: &mut SplitMix) {
        let before = self.before_truncation.take();
        if let Some(before) = &before
            && random.below(3) == 0
        {
            // Neither the truncation nor anything after it has reached the disk.
            self.data.clone_from(before);
        } else {
            let unsynced = self.data.len() - self.synced;
            self.data
                .truncate(self.synced + random.below(unsynced as u64 + 1) as usize);
            // The length is on the disk before the data are: sectors may be missing and read as zeros.
            let mut from = self.synced;
            while from < self.data.len() {
                let to = ((from / SECTOR + 1) * SECTOR).min(self.data.len());
                if random.below(4) == 0 {
                    self.data[from..to].fill(0);
                }
                from = to;
            }
            // What was written since may be there with the truncation undone behind it.
            if let Some(rest) = before.as_ref().and_then(|b| b.get(self.data.len()..))
                && random.below(2) == 0
            {
                self.data.extend_from_slice(rest);
            }
        }
        self.synced = self.data.len();
        self.name_synced = true;
    }
}

impl Disk for MemoryDisk {
    fn append(&mut self, file: &str, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.lock();
        let power = state.begin_change(file)?;
        // As much as there is room for is written, as a real disk does.
        let used: usize = state.files.values().map(|file| file.data.len()).sum();
        let room = state
            .capacity
            .map_or(usize::MAX, |c| c.saturating_sub(used));
        let entry = state.files.entry(file.to_owned()).or_default();
        entry
            .data
            .extend_from_slice(&bytes[..bytes.len().min(room)]);
        if room < bytes.len() {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        done(power)
    }

    fn sync(&mut self, file: &str) -> io::Result<()> {
        let mut state = self.lock();
        if state.begin_change(file)? == Power::GoesNow {
            // Had it been done, nothing would be left to lose; not done is the other state that a crash may find,
            // and any part of the way is what `crash` makes of it.
            return Err(power_cut());
        }
        let fails = std::mem::take(&mut state.next_sync_fails);
        let lies = state.lies;
        let entry = state.file(file)?;
        if fails {
            entry.data.truncate(entry.synced);
            return Err(io::Error::other("write error reported by the disk"));
        }
        if lies {
            return Ok(());
        }
        entry.synced = entry.data.len();
        entry.before_truncation = None;
        entry.name_synced = true;
        Ok(())
    }

    fn read(&self, file: &str) -> io::Result<Vec<u8>> {
        check_file_name(file)?;
        let mut state = self.lock();
        state.begin()?;
        Ok(state.file(file)?.data.clone())
    }

    fn size(&self, file: &str) -> io::Result<u64> {
        check_file_name(file)?;
        let mut state = self.lock();
        state.begin()?;
        Ok(state.file(file)?.data.len() as u64)
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let state = self.lock();
        state.begin()?;
        Ok(state.files.keys().cloned().collect())
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        check_file_name(to)?;
        let mut state = self.lock();
        let power = state.begin_change(from)?;
        state.file(from)?;
        // The power cut comes before it or after it, since renames are atomic; the parity of the call decides.
        if power == Power::GoesNow && state.calls.is_multiple_of(2) {
            return Err(power_cut());
        }
        if let Some(mut moved) = state.files.remove(from) {
            moved.name_synced = true;
            state.files.insert(to.to_owned(), moved);
        }
        done(power)
    }

    fn remove(&mut self, file: &str) -> io::Result<()> {
        let mut state = self.lock();
        let power = state.begin_change(file)?;
        state.file(file)?;
        if power == Power::GoesNow && state.calls.is_multiple_of(2) {
            return Err(power_cut());
        }
        state.files.remove(file);
        done(power)
    }

    fn truncate(&mut self, file: &str, length: u64) -> io::Result<()> {
        let mut state = self.lock();
        let power = state.begin_change(file)?;
        let entry = state.file(file)?;
        let length = usize::try_from(length)
            .ok()
            .filter(|length| *length <= entry.data.len())
            .ok_or_else(|| {
                io::Error::new(io::ErrorKind::InvalidInput, "longer than the file is")
            })?;
        if length < entry.synced {
            let synced = &entry.data[..entry.synced];
            entry
                .before_truncation
                .get_or_insert_with(|| synced.to_vec());
            entry.synced = length;
        }
        entry.data.truncate(length);
        done(power)
    }
}

/// The outcome of a call that has taken effect.
fn done(power: Power) -> io::Result<()> {
    match power {
        Power::On => Ok(()),
        Power::GoesNow => Err(power_cut()),
    }
}

fn power_cut() -> io::Error {
    io::Error::other("the power is off")
}

fn not_found(file: &str) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("{file}: no such file"))
}

/// SplitMix64 (Steele, Lea and Flood, 2014): small, and good enough to choose crash states.
struct SplitMix(u64);

impl SplitMix {
    /// A number in `0 .. bound`; the bias of the remainder does not matter here.
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_crash_keeps_what_was_synced_and_any_part_of_the_rest() {
        let mut lengths = BTreeSet::new();
        let mut holes = 0;
        for seed in 0..200 {
            let mut disk = MemoryDisk::new();
            disk.append("a", &[1; 700]).unwrap();
            disk.sync("a").unwrap();
            disk.append("a", &[2; 1500]).unwrap();
            let left_behind = disk.clone();
            drop(disk);
            assert_eq!(left_behind.read("a").unwrap().len(), 2200, "no crash yet");
            left_behind.crash(seed);
            let data = left_behind.read("a").unwrap();
            assert_eq!(data[..700], [1; 700]);
            assert!(data[700..].iter().all(|byte| matches!(byte, 0 | 2)));
            holes += usize::from(data[700..].contains(&0));
            lengths.insert(data.len());
        }
        assert!(
            lengths.len() > 100 && holes > 50,
            "{lengths:?}, {holes} holes"
        );
    }

    #[test]
    fn an_unsynced_file_may_be_gone_and_an_unsynced_truncation_undone() {
        let mut seen = BTreeSet::new();
        for seed in 0..100 {
            let mut disk = MemoryDisk::new();
            disk.append("new", b"x").unwrap();
            disk.append("cut", b"abcdef").unwrap();
            disk.sync("cut").unwrap();
            disk.truncate("cut", 2).unwrap();
            disk.append("cut", b"Z").unwrap();
            disk.crash(seed);
            let cut = disk.read("cut").unwrap();
            assert!(
                [
                    &b"abcdef"[..],
                    b"ab",
                    b"abZ",
                    b"ab\0",
                    b"abZdef",
                    b"ab\0def"
                ]
                .contains(&&cut[..]),
                "{cut:?}"
            );
            seen.insert((disk.list().unwrap().len(), cut));
        }
        assert!(seen.len() >= 10, "{seen:?}");
    }

    #[test]
    fn the_power_goes_in_the_middle_of_a_call() {
        let mut disk = MemoryDisk::new();
        disk.append("a", b"1").unwrap();
        disk.sync("a").unwrap();
        disk.cut_power_after(1);
        disk.append("a", b"2").unwrap();
        assert!(disk.sync("a").is_err());
        assert!(disk.read("a").is_err());
        assert!(disk.append("a", b"3").is_err());
        disk.crash(3);
        assert!([&b"1"[..], b"12", b"1\0"].contains(&&disk.read("a").unwrap()[..]));
        disk.append("a", b"4").unwrap();
    }

    #[test]
    fn a_lying_disk_loses_what_it_said_it_had() {
        let mut disk = MemoryDisk::new();
        disk.append("a", b"1").unwrap();
        disk.sync("a").unwrap();
        disk.set_lying(true);
        disk.append("a", &[2; 4_000]).unwrap();
        disk.sync("a").unwrap();
        assert_eq!(disk.used(), 4_001);
        disk.crash(1);
        assert_ne!(disk.read("a").unwrap()[1..], [2; 4_000]);
        disk.append("a", b"3").unwrap();
        disk.sync("a").unwrap();
        let before = disk.read("a").unwrap();
        disk.crash(2);
        assert_eq!(disk.read("a").unwrap(), before, "a crash makes it honest");
    }

    #[test]
    fn a_failed_sync_drops_the_data() {
        let mut disk = MemoryDisk::new();
        disk.append("a", b"1").unwrap();
        disk.sync("a").unwrap();
        disk.append("a", b"2").unwrap();
        disk.fail_next_sync();
        assert!(disk.sync("a").is_err());
        disk.sync("a").unwrap();
        assert_eq!(disk.read("a").unwrap(), b"1");
    }
}
