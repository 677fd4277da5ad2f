//! Power cuts and kills at every point: everything committed is read back, in order, nothing is invented, and no epoch
//! comes twice.

use super::*;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Append(u8),
    Commit,
    /// Keep only the records whose place is a multiple of this.
    Checkpoint(usize),
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
    /// What else a recovery may return instead of `durable`: the outcome of a commit or checkpoint that failed.
    perhaps: Option<Vec<Record>>,
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
            perhaps: None,
            epoch: 0,
            seed: 0,
            next_id: 0,
        }
    }

    /// Opens, again and again if the power goes meanwhile, and compares.
    fn reopen(&mut self) -> Journal<MemoryDisk, Record> {
        let mut attempts = 0;
        let (journal, recovered) = loop {
            match Journal::open(self.disk.clone(), FILE, IDENTITY) {
                Ok(opened) => break opened,
                Err(JournalError::Disk { .. }) => self.power_cut(),
                Err(error) => panic!("{error}"),
            }
            attempts += 1;
            assert!(attempts < 3, "one power cut is armed at a time");
        };
        assert!(recovered.epoch > self.epoch, "an epoch came twice");
        self.epoch = recovered.epoch;
        if self.perhaps.as_ref() != Some(&recovered.records) {
            assert_eq!(recovered.records, self.durable);
        }
        for warning in &recovered.warnings {
            assert!(matches!(warning, Warning::TornTail { .. }), "{warning}");
        }
        self.durable = recovered.records;
        self.pending.clear();
        self.perhaps = None;
        journal
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
                        self.perhaps = Some(committed);
                        self.power_cut();
                        return None;
                    }
                }
            }
            Step::Checkpoint(every) => {
                let all = [&self.durable[..], &self.pending].concat();
                let kept: Vec<Record> = all.into_iter().step_by(*every).collect();
                match journal.checkpoint(&kept) {
                    Ok(()) => {
                        self.durable = kept;
                        self.pending.clear();
                    }
                    Err(_) => {
                        self.perhaps = Some(kept);
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
        1 => (1usize..4).prop_map(Step::Checkpoint),
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
        Step::Checkpoint(2),
        Step::Append(2),
        Step::Commit,
        Step::PowerCut(5),
        Step::Append(1),
        Step::Checkpoint(3),
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
fn an_interrupted_commit_is_reported_and_kept_aside() {
    let mut torn = 0;
    for seed in 0..50 {
        let disk = filled(&[3]);
        let (mut journal, _) = open(&disk);
        let whole = journal.size_bytes();
        for id in 3..10 {
            journal.append(&record(id)).unwrap();
        }
        disk.cut_power_after(1);
        assert!(journal.commit().is_err(), "the sync meets the power cut");
        disk.crash(seed);
        let left = disk.read(FILE).unwrap();
        let (_, recovered) = open(&disk);
        if recovered.records == records(0..3) && left.len() as u64 > whole {
            torn += 1;
            let bytes = left.len() as u64 - whole;
            let offset = whole;
            assert_eq!(recovered.warnings, [Warning::TornTail { offset, bytes }]);
            let aside = disk.read("journal.cut-3").unwrap();
            assert_eq!(aside, left[whole as usize..]);
        } else {
            assert!(recovered.warnings.is_empty());
        }
        let (_, again) = open(&disk);
        assert_eq!((again.records, again.warnings), (recovered.records, vec![]));
    }
    assert!(torn > 10, "{torn} torn tails say little");
}
