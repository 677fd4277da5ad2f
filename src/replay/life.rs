//! One life, lived again record by record.

use std::sync::Arc;

use takt_maps::Floor;
use takt_plc_bridge::handshake::HandshakeError;

use super::outputs::Kept as Outputs;
use super::watch::{Viewer, Watch};
use super::{Difference, LifeReport, ReplayOptions, difference_of_hashes};
use crate::controller::{Controller, CycleFacts, Delta, Input};
use crate::host::store::Rebuild;
use crate::host::store::record::{Begin, Kept, Record, Replay};
use crate::journal::Contents;

/// A life under way.
pub(super) struct Life<'w> {
    controller: Controller,
    out: Outputs,
    viewer: Option<Viewer<'w>>,
    report: LifeReport,
    /// Stop after this cycle.
    until: u64,
    /// No more records are taken.
    over: bool,
    next_sequence: Option<u64>,
    begun_ms: u64,
}

impl<'w> Life<'w> {
    /// The controller at its beginning.
    pub(super) fn new(
        floor: &Arc<Floor>,
        begin: &Begin,
        checkpoint: &[Kept],
        epoch: u32,
        options: &ReplayOptions,
        watch: &'w mut dyn Watch,
    ) -> Result<Self, HandshakeError> {
        let (follower, restored) = Rebuild::new(floor, checkpoint, begin.utc_ms).finish();
        let controller = Controller::new(floor.clone(), begin.epoch, restored)?;
        let mut out = Outputs::new(floor, begin.seed, options.rerun_workers);
        let begun_utc_ms = (follower.model.started_utc_ms).saturating_add(controller.now_ms());
        let cycle_ns = u64::from(floor.control.cycle_us) * 1_000;
        let mut viewer = Viewer::new(watch, begun_utc_ms.saturating_mul(1_000_000), cycle_ns);
        let mut over = false;
        if let Some(viewer) = &mut viewer {
            out.watched = Some(Vec::new());
            over = viewer
                .begin(epoch, &begin.build, begin.seed, &follower)
                .is_break();
        }
        Ok(Self {
            begun_ms: controller.now_ms(),
            controller,
            out,
            viewer,
            report: LifeReport {
                epoch,
                ..LifeReport::default()
            },
            until: options.until.unwrap_or(u64::MAX),
            over,
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

    /// Lives through one log; `progress` is told how far it is in it, from 0 to 1.
    pub(super) fn take(&mut self, log: Contents<Record>, mut progress: impl FnMut(f64)) {
        self.next_sequence = Some(log.next_sequence);
        let all = log.records.len();
        for (i, record) in log.records.into_iter().enumerate() {
            if i % 1_024 == 0 {
                progress(i as f64 / all as f64);
            }
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
                if let Some(viewer) = &mut self.viewer {
                    viewer.changed(&recorded);
                }
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
            Record::Client(client) => {
                if let Some(viewer) = &mut self.viewer {
                    viewer.client(client);
                }
            }
            Record::Asked { person, request } => {
                if let Some(viewer) = &mut self.viewer {
                    viewer.asked(person, request);
                }
            }
            Record::Begin(_) => {}
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
        self.show(cycle);
        self.controller
            .step(cycle, facts.inputs().chain(inputs), &mut self.out);
        if let (Some(viewer), Some(watched)) = (&mut self.viewer, &mut self.out.watched) {
            viewer.put_out(watched);
        }
        self.report.last_cycle = cycle;
        self.report.cycles += 1;
    }

    /// Shows the cycle before this one to whoever watches: only now is everything known about it.
    fn show(&mut self, cycle: u64) {
        if let Some(viewer) = &mut self.viewer
            && viewer.next(cycle).is_break()
        {
            self.over = true;
        }
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
        self.show(self.report.last_cycle);
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
