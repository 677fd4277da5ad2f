//! The order that a person fills in: all that is wrong with it is said at once, beside the fields.

use serde::Deserialize;
use takt_maps::{BufferId, BufferRole, Floor, StationId};
use takt_scheduler::orders::{OrderSpec, Origin, PRIORITY_MAX, Stop};

use super::refusal::FieldProblem;

/// Longest client id, in characters.
const CLIENT_ID_MAX: usize = 128;
/// Furthest deadline ahead; further is a slip of the finger.
const AHEAD_MAX_MS: u64 = 7 * 86_400_000;

/// Body of `POST /api/orders`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct OrderForm {
    /// Who asks; empty: the dashboard.
    pub(super) person: String,
    /// Made by the page once for each order, so that a repetition is not a second order.
    pub(super) client_id: String,
    /// Name of the station where the load is taken.
    pickup_station: String,
    /// Name of the buffer that it comes from; empty: no stock is counted.
    pickup_buffer: String,
    /// Name of the station where it is handed over.
    drop_station: String,
    /// Name of the buffer that it goes to; empty: no stock is counted.
    drop_buffer: String,
    /// Pieces; 0: one load, as the buffers count it.
    quantity: u32,
    /// 0 (normal) to 9 (rush).
    priority: u8,
    /// Controller milliseconds; 0: none. Absolute, so that a repetition says the same.
    deadline_ms: u64,
}

/// The order in the controller's words; `None` if `problems` got what is wrong with it.
pub(super) fn spec(
    form: &OrderForm,
    floor: &Floor,
    now_ms: u64,
    problems: &mut Vec<FieldProblem>,
) -> Option<OrderSpec> {
    let before = problems.len();
    let mut check = Check { floor, problems };
    let id = &form.client_id;
    if id.chars().count() > CLIENT_ID_MAX || id.chars().any(char::is_control) {
        let problem = format!("has more than {CLIENT_ID_MAX} characters, or control characters");
        check.add("client_id", "characters", problem);
    }
    let pickup = check.station("pickup_station", &form.pickup_station);
    let drop = check.station("drop_station", &form.drop_station);
    if pickup.is_some() && pickup == drop {
        let problem = "is the pickup station; a transport goes from one to another";
        check.add("drop_station", "same_station", problem);
    }
    let from = check.buffer("pickup_buffer", &form.pickup_buffer, pickup);
    let to = check.buffer("drop_buffer", &form.drop_buffer, drop);
    check.fits(form.quantity, from, to);
    if form.priority > PRIORITY_MAX {
        let problem = format!("goes from 0 (normal) to {PRIORITY_MAX} (rush)");
        check.add("priority", "out_of_range", problem);
    }
    if form.deadline_ms > now_ms.saturating_add(AHEAD_MAX_MS) {
        check.add("deadline_ms", "too_far", "is more than a week ahead");
    }
    let (Some(pickup), Some(drop)) = (pickup, drop) else {
        return None;
    };
    (problems.len() == before).then_some(OrderSpec {
        pickup: Stop {
            station: pickup,
            buffer: from,
        },
        drop: Stop {
            station: drop,
            buffer: to,
        },
        quantity: form.quantity,
        priority: form.priority,
        release_ms: 0,
        deadline_ms: (form.deadline_ms != 0).then_some(form.deadline_ms),
        depends_on: None,
        origin: Origin::Client,
    })
}

struct Check<'a> {
    floor: &'a Floor,
    problems: &'a mut Vec<FieldProblem>,
}

impl Check<'_> {
    fn add(&mut self, field: &'static str, code: &'static str, problem: impl Into<String>) {
        self.problems.push(FieldProblem {
            field,
            code,
            problem: problem.into(),
        });
    }

    fn station(&mut self, field: &'static str, name: &str) -> Option<StationId> {
        let found = self.floor.stations.iter().position(|s| s.name == name);
        if name.is_empty() {
            self.add(field, "missing", "is missing: the name of a station");
        } else if found.is_none() {
            self.add(field, "unknown", "names no station of this floor");
        }
        found.map(StationId::from_index)
    }

    fn buffer(
        &mut self,
        field: &'static str,
        name: &str,
        station: Option<StationId>,
    ) -> Option<BufferId> {
        if name.is_empty() {
            return None;
        }
        let buffers = &self.floor.buffers;
        let found = buffers.iter().position(|b| b.name == name);
        match found {
            None => self.add(field, "unknown", "names no buffer of this floor"),
            Some(i) if station.is_some_and(|s| s != buffers[i].station) => {
                self.add(field, "elsewhere", "is at another station");
            }
            Some(_) => {}
        }
        found.map(BufferId::from_index)
    }

    /// Does what is taken fit what is given?
    fn fits(&mut self, quantity: u32, from: Option<BufferId>, to: Option<BufferId>) {
        let buffers = &self.floor.buffers;
        let Some(to) = to.map(|id| &buffers[id.index()]) else {
            return;
        };
        let mixed = from.is_some_and(|id| buffers[id.index()].material != to.material);
        let (capacity, sink) = (to.capacity, to.role == BufferRole::Sink);
        if mixed {
            let problem = "takes another material than the pickup buffer holds";
            self.add("drop_buffer", "other_material", problem);
        }
        if quantity > capacity && !sink {
            let problem = format!("is {quantity}, but {capacity} is the most that fits");
            self.add("quantity", "too_many", problem);
        }
    }
}
