//! The judge of memory: what is kept keeps to its bounds, and the heap does not grow with time.

use takt_rt::alloc;

use crate::follower::model::{ALARMS_MAX, ENDED_MAX, SAMPLES_MAX};
use crate::host::virtual_time::{Disks, Rehearsal};

/// By how much the heap of a run may grow after its beginning, bytes: what fills up within minutes, and then stays.
const GROWTH_MAX: i64 = 1 << 20;
/// The same for each order that has ended, bytes: it is shown for some time, and the judges remember it.
const GROWTH_PER_ORDER_MAX: i64 = 2 << 10;

/// Remembers what the heap was in the beginning.
#[derive(Debug, Default)]
pub(super) struct Memory {
    in_the_beginning: Option<i64>,
}

impl Memory {
    /// What has grown beyond its bound, if anything. The first call says what the heap is in the beginning.
    ///
    /// Of the heap everything counts that the calling thread holds, except the disks, which may grow; it is only known
    /// where [`alloc::Watched`] is installed.
    pub(super) fn grows(&mut self, rehearsal: &Rehearsal, disks: &Disks) -> Option<String> {
        let model = rehearsal.model();
        let open = rehearsal.controller().orders_open();
        let bounded = [
            ("orders shown", model.orders.len(), ENDED_MAX + open + 64),
            ("alarms", model.alarms.len(), ALARMS_MAX),
            ("samples", model.samples.len(), SAMPLES_MAX),
            ("requests under way", rehearsal.requests_under_way(), 1_024),
        ];
        if let Some((what, has, most)) = bounded.into_iter().find(|(_, has, most)| has > most) {
            return Some(format!("{has} {what}, of at most {most}"));
        }
        let on_disks = disks.store.reserved() + disks.witness.reserved();
        let held = alloc::held() - on_disks as i64;
        let grown = held - *self.in_the_beginning.get_or_insert(held);
        let orders = model.kpis.orders_done as i64;
        let most = GROWTH_MAX + GROWTH_PER_ORDER_MAX * orders;
        (grown > most).then(|| {
            format!("the heap has grown by {grown} bytes, of at most {most} after {orders} orders")
        })
    }
}
