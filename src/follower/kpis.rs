//! Key figures: counted as deltas pass.

use std::collections::VecDeque;

use takt_maps::{BufferId, BufferRole};
use takt_scheduler::orders::OrderState;

use super::model::*;

/// The span that throughput is measured over.
const THROUGHPUT_MS: u64 = 600_000;

/// What is counted beside the figures themselves.
#[derive(Clone, Debug)]
pub(super) struct Meter {
    /// When each consumed buffer ran empty; `None` while it holds something.
    empty_since: Vec<Option<u64>>,
    /// Which buffers a line takes from.
    consumed: Vec<bool>,
    starved_ms: u64,
    starved_at_sample: u64,
    /// When orders were completed, of late.
    completed: VecDeque<u64>,
    late_done: u64,
    working_ms: u64,
    total_ms: u64,
    last_ms: u64,
    next_sample_ms: u64,
    began_ms: Option<u64>,
}

impl Meter {
    pub(super) fn new(model: &ReadModel) -> Self {
        let buffers = &model.floor.buffers;
        Self {
            empty_since: vec![None; buffers.len()],
            consumed: buffers
                .iter()
                .map(|b| matches!(b.role, BufferRole::Consume { .. }))
                .collect(),
            starved_ms: 0,
            starved_at_sample: 0,
            completed: VecDeque::new(),
            late_done: 0,
            working_ms: 0,
            total_ms: 0,
            last_ms: 0,
            next_sample_ms: 0,
            began_ms: None,
        }
    }

    /// A buffer's level changed: it may have run empty, or be filled again.
    pub(super) fn stock(&mut self, model: &mut ReadModel, buffer: BufferId, pieces: u32) {
        let i = buffer.index();
        model.stock[i] = pieces;
        if !self.consumed[i] {
            return;
        }
        match (pieces, self.empty_since[i]) {
            (0, None) => self.empty_since[i] = Some(model.now_ms),
            (1.., Some(since)) => {
                self.starved_ms += model.now_ms.saturating_sub(since);
                self.empty_since[i] = None;
            }
            _ => {}
        }
    }

    /// An order ended.
    pub(super) fn ended(
        &mut self,
        model: &mut ReadModel,
        state: OrderState,
        late: bool,
        at_ms: u64,
    ) {
        if state == OrderState::Completed {
            model.kpis.orders_done += 1;
            self.late_done += u64::from(late);
            self.completed.push_back(at_ms);
        } else {
            model.kpis.orders_ended_otherwise += 1;
        }
    }

    /// Time went on.
    pub(super) fn tick(&mut self, model: &mut ReadModel, now_ms: u64) {
        let began = *self.began_ms.get_or_insert(now_ms);
        let passed = if self.last_ms == 0 {
            0
        } else {
            now_ms - self.last_ms.min(now_ms)
        };
        self.last_ms = now_ms;
        model.now_ms = now_ms;
        while self
            .completed
            .front()
            .is_some_and(|&at| at + THROUGHPUT_MS < now_ms)
        {
            self.completed.pop_front();
        }
        let working = model.vehicles.iter().filter(|v| works(v.mission)).count() as u64;
        self.working_ms += working * passed;
        self.total_ms += model.vehicles.len() as u64 * passed;
        let open_late = model
            .orders
            .values()
            .filter(|o| !o.state.is_final() && o.late(now_ms))
            .count() as u64;
        let running: u64 = self
            .empty_since
            .iter()
            .flatten()
            .map(|&since| now_ms.saturating_sub(since))
            .sum();
        model.kpis.orders_late = self.late_done + open_late;
        model.kpis.starvation_ms = self.starved_ms + running;
        model.kpis.utilisation_permille = (self.working_ms * 1_000)
            .checked_div(self.total_ms)
            .unwrap_or(0) as u16;
        model.kpis.distance_mm = model.vehicles.iter().map(|v| v.distance_mm).sum();
        if now_ms < self.next_sample_ms {
            return;
        }
        self.next_sample_ms = now_ms + SAMPLE_MS;
        let span = (now_ms - began).clamp(1, THROUGHPUT_MS);
        model.samples.push_back(Sample {
            at_ms: now_ms,
            throughput_per_h: (self.completed.len() as u64 * 3_600_000 / span.max(60_000)) as u32,
            starvation_ms: (model.kpis.starvation_ms - self.starved_at_sample) as u32,
            utilisation_permille: (working * 1_000)
                .checked_div(model.vehicles.len() as u64)
                .unwrap_or(0) as u16,
            execution_p99_us: model.kpis.execution_us[1],
            open: model.kpis.orders_open as u32,
            late: open_late as u32,
        });
        self.starved_at_sample = model.kpis.starvation_ms;
        if model.samples.len() > SAMPLES_MAX {
            model.samples.pop_front();
        }
    }
}

/// Does a vehicle with this mission work on an order?
fn works(mission: MissionView) -> bool {
    matches!(
        mission,
        MissionView::ToPickup(_)
            | MissionView::Loading(_)
            | MissionView::ToDrop(_)
            | MissionView::Unloading(_)
    )
}
