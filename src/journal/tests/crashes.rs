//! Power cuts and kills at every point: everything committed is read back, in order, nothing is invented, and no epoch
//! comes twice.

use super::*;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Append(u8),
    Commit,
    /// Rotate, and keep only the records whose place is a multiple of this.
    Rotate(usize),
    /// The process dies; the disk stays.
    Kill,
    /// The power goes now; the seed chooses what is left.
    PowerCut(u64),
    /// The power goes in the middle of the call after so many.
    PowerCutAfter(u64, u64),
}

/// What a journal must hold.
struct Model {
    disk: MemoryDisk,
    /// Committed, so every recovery must return these first.
    durable: Vec<Record>,
    /// Appended, not committed.
    pending: Vec<Record>,
    /// What else a recovery may return instead of `durable`: outcomes of a commit or rotation that failed.
    perhaps: Vec<Vec<Record>>,
    /// The greatest epoch that was returned.
    epoch: u32,
    /// Chooses what the next crash leaves.
    seed: u64,
    next_id: u64,
}

impl Model {
    fn new() -> Self {
        Self {
            disk: MemoryDisk::new(),
            durable: Vec::new(),
            pending: Vec::new(),
            perhaps: Vec::new(),
            epoch: 0,
            seed: 0,
            next_id: 0,
        }
    }

    /// Opens, again and again if the power goes meanwhile, and compares.
    fn reopen(&mut self) -> Journal<MemoryDisk, Record> {
        let mut attempts = 0;
        let begun = loop {
            match try_start(&self.disk) {
                Ok(begun) => break begun,
                Err(JournalError::Disk { .. }) => self.power_cut(),
                Err(error) => panic!("{error}"),
            }
            attempts += 1;
            assert!(attempts < 3, "one power cut is armed at a time");
        };
        assert!(begun.epoch > self.epoch, "an epoch came twice");
        self.epoch = begun.epoch;
        let possible = self.perhaps.contains(&begun.records);
        assert!(
            possible || begun.records == self.durable,
            "{:?}",
            begun.records
        );
        for warning in &begun.warnings {
            let torn = matches!(warning, Warning::TornTail { .. });
            // A log whose header was on its way when the power went; no checkpoint is before it.
            let unborn = matches!(warning, Warning::Unreadable { file, bytes }
                if file.starts_with("log") && *bytes <= format::HEADER as u64);
            assert!(torn || unborn, "{warning}");
        }
        self.durable = begun.records;
        self.pending.clear();
        self.perhaps.clear();
        begun.journal
    }

    fn power_cut(&mut self) {
        self.disk.crash(self.seed);
        self.seed = self.seed.wrapping_add(1);
    }

    /// Runs one step on the journal; `None` when the process is gone afterwards.
    fn step(&mut self, journal: &mut Journal<MemoryDisk, Record>, step: &Step) -> Option<()> {
        match step {
            Step::Append(count) => {
                for _ in 0..*count {
                    let record = record(self.next_id);
                    journal.append(&record).unwrap();
                    self.pending.push(record);
                    self.next_id += 1;
                }
            }
            Step::Commit => {
                let committed = [&self.durable[..], &self.pending].concat();
                match journal.commit() {
                    Ok(()) => {
                        self.durable = committed;
                        self.pending.clear();
                    }
                    Err(_) => {
                        self.perhaps = vec![committed];
                        self.power_cut();
                        return None;
                    }
                }
            }
            Step::Rotate(every) => {
                let all = [&self.durable[..], &self.pending].concat();
                let kept: Vec<Record> = all.iter().step_by(*every).cloned().collect();
                match journal.rotate(&kept) {
                    Ok(()) => {
                        self.durable = kept;
                        self.pending.clear();
                    }
                    Err(_) => {
                        self.perhaps = vec![all, kept];
                        self.power_cut();
                        return None;
                    }
                }
            }
            Step::Kill => return None,
            Step::PowerCut(seed) => {
                self.seed = *seed;
                self.power_cut();
                return None;
            }
            Step::PowerCutAfter(calls, seed) => {
                self.seed = *seed;
                self.disk.cut_power_after(*calls);
            }
        }
        Some(())
    }

    /// Runs all steps, opening anew whenever the process is gone, and once more at the end.
    fn run(&mut self, steps: &[Step]) {
        let mut journal = self.reopen();
        for step in steps {
            if self.step(&mut journal, step).is_none() {
                drop(journal);
                journal = self.reopen();
            }
        }
        drop(journal);
        self.reopen();
    }
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0u8..5).prop_map(Step::Append),
        4 => Just(Step::Commit),
        1 => (1usize..4).prop_map(Step::Rotate),
        1 => Just(Step::Kill),
        1 => any::<u64>().prop_map(Step::PowerCut),
        2 => (0u64..9, any::<u64>()).prop_map(|(calls, seed)| Step::PowerCutAfter(calls, seed)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn nothing_committed_is_lost_and_nothing_is_invented(steps in prop::collection::vec(step(), 0..60)) {
        Model::new().run(&steps);
    }
}

#[test]
fn a_power_cut_in_each_call_of_a_life_loses_nothing() {
    let life = [
        Step::Append(4),
        Step::Commit,
        Step::Append(3),
        Step::Commit,
        Step::Kill,
        Step::Append(5),
        Step::Rotate(2),
        Step::Append(2),
        Step::Commit,
        Step::PowerCut(5),
        Step::Append(1),
        Step::Rotate(3),
    ];
    let undisturbed = {
        let mut model = Model::new();
        model.run(&life);
        model.disk.calls()
    };
    assert!(undisturbed > 20, "{undisturbed} calls say little");
    for calls in 0..undisturbed {
        for seed in 0..40 {
            let mut model = Model::new();
            model.seed = seed;
            model.disk.cut_power_after(calls);
            model.run(&life);
        }
    }
}

#[test]
fn an_interrupted_commit_is_reported_and_left_as_it_is() {
    let mut torn = 0;
    for seed in 0..50 {
        let disk = filled(&[3]);
        let mut journal = start(&disk).journal;
        let log = files::log_name(journal.log_number());
        let whole = journal.log_bytes();
        for id in 3..10 {
            journal.append(&record(id)).unwrap();
        }
        disk.cut_power_after(1);
        assert!(journal.commit().is_err(), "the sync meets the power cut");
        disk.crash(seed);
        let left = disk.read(&log).unwrap();
        let begun = start(&disk);
        if begun.records == records(0..3) && left.len() as u64 > whole {
            torn += 1;
            let expected = Warning::TornTail {
                file: log.clone(),
                bytes: left.len() as u64 - whole,
                offset: whole,
            };
            assert_eq!(begun.warnings, [expected]);
        } else {
            assert!(begun.warnings.is_empty());
        }
        assert_eq!(disk.read(&log).unwrap(), left);
        let again = start(&disk);
        assert_eq!((again.records, again.warnings), (begun.records, vec![]));
    }
    assert!(torn > 10, "{torn} torn tails say little");
}
