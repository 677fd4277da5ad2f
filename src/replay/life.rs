//! One life, lived again record by record.

use std::sync::Arc;

use takt_maps::Floor;
use takt_plc_bridge::handshake::HandshakeError;

use super::outputs::Kept as Outputs;
use super::{Difference, LifeReport, ReplayOptions, difference_of_hashes};
use crate::controller::{Controller, CycleFacts, Delta, Input};
use crate::host::store::Rebuild;
use crate::host::store::record::{Begin, Kept, Record, Replay};
use crate::journal::Contents;

/// A life under way.
pub(super) struct Life {
    controller: Controller,
    out: Outputs,
    report: LifeReport,
    /// Stop after this cycle.
    until: u64,
    /// No more records are taken.
    over: bool,
    next_sequence: Option<u64>,
    begun_ms: u64,
}

impl Life {
    /// The controller at its beginning.
    pub(super) fn new(
        floor: &Arc<Floor>,
        begin: &Begin,
        checkpoint: &[Kept],
        epoch: u32,
        options: &ReplayOptions,
    ) -> Result<Self, HandshakeError> {
        let (_, restored) = Rebuild::new(floor, checkpoint, begin.utc_ms).finish();
        let controller = Controller::new(floor.clone(), begin.epoch, restored)?;
        Ok(Self {
            begun_ms: controller.now_ms(),
            controller,
            out: Outputs::new(floor, begin.seed, options.rerun_workers),
            report: LifeReport {
                epoch,
                ..LifeReport::default()
            },
            until: options.until.unwrap_or(u64::MAX),
            over: false,
            next_sequence: None,
        })
    }

    /// Number of the record that the next log has to begin with; `None` before the first.
    pub(super) fn next_sequence(&self) -> Option<u64> {
        self.next_sequence
    }

    /// Is there nothing more to do?
    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// The recording cannot be followed any further.
    pub(super) fn stop(&mut self, why: String) {
        self.report.stopped = why;
        self.over = true;
    }

    /// Lives through one log.
    pub(super) fn take(&mut self, log: Contents<Record>) {
        self.next_sequence = Some(log.next_sequence);
        for (i, record) in log.records.into_iter().enumerate() {
            if log.breaks.contains(&i) {
                let why = "the recording is damaged here";
                self.stop(format!("{why}: after cycle {}", self.report.last_cycle));
            }
            if self.over {
                return;
            }
            self.record(record);
        }
    }

    fn record(&mut self, record: Record) {
        match record {
            Record::Replay(bytes) => match postcard::from_bytes::<Replay<'_>>(&bytes) {
                Ok(Replay::Cycle {
                    cycle,
                    facts,
                    inputs,
                }) => self.cycle(cycle, facts, inputs.into_owned()),
                Ok(Replay::Hash { cycle, hash }) => {
                    self.idle_until(cycle);
                    if self.over {
                        return;
                    }
                    match self.out.hash.take_if(|(at, _)| *at == cycle) {
                        Some((_, replayed)) => {
                            self.report.checkpoints += 1;
                            self.found(difference_of_hashes(cycle, &hash, &replayed));
                        }
                        None => self.found(Some(Difference {
                            cycle,
                            field: "state hash".to_owned(),
                            recorded: format!("{:016x}", hash.total()),
                            replayed: "none in this cycle".to_owned(),
                        })),
                    }
                }
                Err(error) => self.stop(format!(
                    "after cycle {}: a record cannot be understood: {error}",
                    self.report.last_cycle
                )),
            },
            Record::Change(recorded) => {
                let replayed = self.out.changes.pop_front();
                self.report.changes += 1;
                if replayed != Some(recorded) {
                    self.found(Some(self.difference_of_changes(Some(recorded), replayed)));
                }
            }
            Record::End { cycle } => {
                self.idle_until(cycle);
                self.report.ended = !self.over;
            }
            Record::Begin(_) | Record::Client(_) | Record::Asked { .. } => {}
        }
    }

    /// A cycle that took something in.
    fn cycle(&mut self, cycle: u64, facts: CycleFacts, inputs: Vec<Input>) {
        // Those before it had nothing to take in, or were missed.
        self.idle_until(cycle.saturating_sub(facts.missed + 1));
        if cycle > self.until {
            self.over = true;
        }
        if cycle <= self.report.last_cycle && self.report.cycles > 0 {
            self.stop(format!("cycle {cycle} is recorded twice"));
        }
        if self.over {
            return;
        }
        if let Some(left) = self.out.changes.pop_front() {
            return self.found(Some(self.difference_of_changes(None, Some(left))));
        }
        for input in &inputs {
            let (what, counter) = match input {
                Input::Motion(_) => ("plan", &mut self.report.plans),
                _ => ("assignment", &mut self.report.assignments),
            };
            if let Some(same) = self.out.same_answer(input) {
                *counter += 1;
                if !same {
                    return self.found(Some(Difference {
                        cycle,
                        field: what.to_owned(),
                        recorded: summary(input),
                        replayed: "another one".to_owned(),
                    }));
                }
            }
        }
        self.report.inputs += inputs.len() as u64;
        self.step(cycle, facts, inputs);
    }

    /// Steps through cycles without inputs, up to this one or the end that was asked for.
    fn idle_until(&mut self, cycle: u64) {
        while !self.over && self.report.last_cycle < cycle {
            if self.report.last_cycle >= self.until {
                self.over = true;
                return;
            }
            self.step(
                self.report.last_cycle + 1,
                CycleFacts::default(),
                Vec::new(),
            );
        }
    }

    fn step(&mut self, cycle: u64, facts: CycleFacts, inputs: Vec<Input>) {
        self.controller
            .step(cycle, facts.inputs().chain(inputs), &mut self.out);
        self.report.last_cycle = cycle;
        self.report.cycles += 1;
    }

    /// Notes the first difference; nothing behind it means anything.
    fn found(&mut self, difference: Option<Difference>) {
        if difference.is_some() {
            self.report.difference = difference;
            self.over = true;
        }
    }

    fn difference_of_changes(
        &self,
        recorded: Option<Delta>,
        replayed: Option<Delta>,
    ) -> Difference {
        let said = |delta: Option<Delta>| delta.map_or("none".to_owned(), |d| format!("{d:?}"));
        Difference {
            cycle: self.report.last_cycle,
            field: "change".to_owned(),
            recorded: said(recorded),
            replayed: said(replayed),
        }
    }

    /// What was covered and found.
    pub(super) fn finish(mut self) -> LifeReport {
        self.report.covered_ms = self.controller.now_ms() - self.begun_ms;
        self.report.state_hash = format!("{:016x}", self.controller.state_hash().total());
        self.report.orders_open = self.controller.orders_open() as u64;
        self.report
    }
}

/// A worker's answer in a few words.
fn summary(input: &Input) -> String {
    match input {
        Input::Motion(p) => format!(
            "asked in cycle {}: {} moves, work {}",
            p.stamp,
            p.moves.len(),
            p.work
        ),
        Input::Dispatch(p) => format!(
            "asked in cycle {}: {} assignments",
            p.stamp,
            p.assignments.len()
        ),
        _ => String::new(),
    }
}
