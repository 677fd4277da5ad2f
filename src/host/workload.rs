//! From what the workload generator wants to an order.

use takt_maps::{BufferId, Floor};
use takt_scheduler::orders::{OrderSpec, Origin, PRIORITY_MAX, Stop};
use takt_sim::workload::Request;

use crate::follower::model::ReadModel;

/// The order for a request; `None` if the buffer that it would fill has no room beside what is already on its way.
pub fn spec(model: &ReadModel, request: &Request, now_ms: u64) -> Option<OrderSpec> {
    let floor = &model.floor;
    has_room(model, request).then(|| order(floor, request, now_ms))
}

fn has_room(model: &ReadModel, request: &Request) -> bool {
    let Some(drop) = request.drop_buffer else {
        return true;
    };
    let buffer = &model.floor.buffers[drop.index()];
    let on_the_way: u32 = model
        .orders
        .values()
        .filter(|o| !o.state.is_final() && o.spec.drop.buffer == Some(drop))
        .map(|o| o.spec.quantity.max(buffer.lot))
        .sum();
    model.stock[drop.index()] + on_the_way + buffer.lot <= buffer.capacity
}

/// The order that a request asks for.
pub fn order(floor: &Floor, request: &Request, now_ms: u64) -> OrderSpec {
    let lot = |b: Option<BufferId>| b.map(|b| floor.buffers[b.index()].lot);
    OrderSpec {
        pickup: Stop {
            station: request.pickup,
            buffer: request.pickup_buffer,
        },
        drop: Stop {
            station: request.drop,
            buffer: request.drop_buffer,
        },
        quantity: lot(request.pickup_buffer).unwrap_or(0),
        priority: if request.rush { PRIORITY_MAX } else { 0 },
        release_ms: now_ms,
        deadline_ms: request.deadline_ms,
        depends_on: None,
        origin: Origin::Workload,
    }
}
