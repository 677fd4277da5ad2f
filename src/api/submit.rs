//! A new order as it arrives: checked as a whole, names resolved, times made the controller's.

use takt_maps::suggest::did_you_mean;
use takt_maps::{BufferId, BufferRole, OrderId, StationId};
use takt_scheduler::orders::{OrderSpec, Origin, PRIORITY_MAX, Stop};
use tonic::Status;

use super::status::FieldProblems;
use super::v1::SubmitOrderRequest;
use super::view::Frame;

/// Longest client id, in characters.
const CLIENT_ID_MAX: usize = 128;
/// Furthest that a time may be ahead; further is a mistake in the unit.
const AHEAD_MAX_MS: i64 = 366 * 86_400_000;

/// Checks a request and puts it into the controller's words.
///
/// `known` says whether the client id is in use: a repetition may come after its own deadline.
///
/// # Errors
/// INVALID_ARGUMENT with all that is wrong.
pub(super) fn spec(
    request: &SubmitOrderRequest,
    frame: &Frame,
    known: impl FnOnce() -> bool,
) -> Result<OrderSpec, Status> {
    let mut problems = FieldProblems::default();
    client_id(&request.client_id, &mut problems);
    let pickup = station(
        "pickup_station",
        &request.pickup_station,
        frame,
        &mut problems,
    );
    let drop = station("drop_station", &request.drop_station, frame, &mut problems);
    if pickup.is_some() && pickup == drop {
        problems.add(
            "drop_station",
            "is the pickup station; a transport goes from one to another",
        );
    }
    let pickup_buffer = buffer(
        "pickup_buffer",
        &request.pickup_buffer,
        pickup,
        frame,
        &mut problems,
    );
    let drop_buffer = buffer(
        "drop_buffer",
        &request.drop_buffer,
        drop,
        frame,
        &mut problems,
    );
    fits(
        request.quantity,
        pickup_buffer,
        drop_buffer,
        frame,
        &mut problems,
    );
    let priority = u8::try_from(request.priority)
        .ok()
        .filter(|&p| p <= PRIORITY_MAX);
    if priority.is_none() {
        problems.add(
            "priority",
            format!(
                "is {}; it goes from 0 (normal) to {PRIORITY_MAX} (rush)",
                request.priority
            ),
        );
    }
    times(request, frame, known, &mut problems);
    problems.check()?;
    let (Some(pickup), Some(drop), Some(priority)) = (pickup, drop, priority) else {
        unreachable!("each that is missing has added a problem");
    };
    Ok(OrderSpec {
        pickup: Stop {
            station: pickup,
            buffer: pickup_buffer,
        },
        drop: Stop {
            station: drop,
            buffer: drop_buffer,
        },
        quantity: request.quantity,
        priority,
        release_ms: frame.controller_ms(request.release_time_ms),
        deadline_ms: (request.deadline_ms != 0).then(|| frame.controller_ms(request.deadline_ms)),
        depends_on: (request.depends_on != 0).then_some(OrderId(request.depends_on)),
        origin: Origin::Client,
    })
}

fn client_id(client_id: &str, problems: &mut FieldProblems) {
    let length = client_id.chars().count();
    if length > CLIENT_ID_MAX {
        problems.add(
            "client_id",
            format!("has {length} characters; at most {CLIENT_ID_MAX} are allowed"),
        );
    }
    if client_id.chars().any(char::is_control) {
        problems.add(
            "client_id",
            "has control characters (line breaks, tabs); they are not allowed",
        );
    }
}

fn station(
    field: &str,
    name: &str,
    frame: &Frame,
    problems: &mut FieldProblems,
) -> Option<StationId> {
    let stations = &frame.floor.stations;
    if name.is_empty() {
        problems.add(field, "is missing: the name of a station");
        return None;
    }
    let found = stations
        .iter()
        .position(|s| s.name == name)
        .map(StationId::from_index);
    if found.is_none() {
        problems.add(
            field,
            unknown("station", name, stations.iter().map(|s| s.name.as_str())),
        );
    }
    found
}

fn buffer(
    field: &str,
    name: &str,
    station: Option<StationId>,
    frame: &Frame,
    problems: &mut FieldProblems,
) -> Option<BufferId> {
    if name.is_empty() {
        return None;
    }
    let buffers = &frame.floor.buffers;
    let Some(found) = buffers
        .iter()
        .position(|b| b.name == name)
        .map(BufferId::from_index)
    else {
        // What is at the station is what can be meant.
        let here = buffers
            .iter()
            .filter(|b| station.is_none_or(|s| s == b.station));
        problems.add(
            field,
            unknown("buffer", name, here.map(|b| b.name.as_str())),
        );
        return None;
    };
    let at = buffers[found.index()].station;
    if let Some(station) = station.filter(|&s| s != at) {
        let name_of = |id: StationId| &frame.floor.stations[id.index()].name;
        problems.add(
            field,
            format!(
                "{name:?} is at station {:?}, not at {:?}",
                name_of(at),
                name_of(station)
            ),
        );
    }
    Some(found)
}

/// Does what is taken fit what is given?
fn fits(
    quantity: u32,
    pickup: Option<BufferId>,
    drop: Option<BufferId>,
    frame: &Frame,
    problems: &mut FieldProblems,
) {
    let Some(to) = drop.map(|id| &frame.floor.buffers[id.index()]) else {
        return;
    };
    let material = |id: takt_maps::MaterialId| &frame.floor.materials[id.index()].name;
    if let Some(from) = pickup.map(|id| &frame.floor.buffers[id.index()])
        && from.material != to.material
    {
        let (gives, takes) = (material(from.material), material(to.material));
        problems.add(
            "drop_buffer",
            format!("takes {takes:?}, but the pickup buffer holds {gives:?}"),
        );
    }
    if quantity > to.capacity && to.role != BufferRole::Sink {
        problems.add(
            "quantity",
            format!(
                "is {quantity}, but {:?} holds {} at most",
                to.name, to.capacity
            ),
        );
    }
}

fn times(
    request: &SubmitOrderRequest,
    frame: &Frame,
    known: impl FnOnce() -> bool,
    problems: &mut FieldProblems,
) {
    let now = frame.utc_ms(frame.now_ms);
    let (release, deadline) = (request.release_time_ms, request.deadline_ms);
    const UNIT: &str = "times are milliseconds since 1970 (UTC)";
    for (field, at) in [("release_time_ms", release), ("deadline_ms", deadline)] {
        if at < 0 {
            problems.add(field, format!("is negative; {UNIT}, 0 for none"));
        } else if at.saturating_sub(now) > AHEAD_MAX_MS {
            problems.add(field, format!("is more than a year ahead; {UNIT}"));
        }
    }
    if deadline <= 0 {
        return;
    }
    if deadline <= now && !known() {
        let ago_s = (now - deadline) / 1_000;
        problems.add("deadline_ms", format!("is {ago_s} s in the past; {UNIT}"));
    } else if deadline <= release {
        problems.add("deadline_ms", "is not after release_time_ms");
    }
}

/// "There is no such thing", with what may be meant.
pub(super) fn unknown<'a>(what: &str, name: &str, names: impl Iterator<Item = &'a str>) -> String {
    let hint = did_you_mean(name, names).map_or_else(String::new, |hint| format!("; {hint}"));
    format!("there is no {what} {}{hint}", quoted(name))
}

/// What a caller sent, fit for a message: whoever sends a book gets its first line back.
pub(super) fn quoted(text: &str) -> String {
    const SHOWN: usize = 64;
    let mut shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    format!("{shown:?}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use proptest::prelude::*;
    use takt_maps::floor::Station;
    use takt_maps::{Floor, NodeId};
    use takt_scheduler::orders::OrderBook;
    use tonic::Code;
    use tonic_types::StatusExt;

    use super::*;

    const ZERO: i64 = 1_800_000_000_000;
    const NOW_MS: u64 = 3_600_000;

    fn frame() -> Frame {
        let station = |name: &str| Station {
            name: name.to_owned(),
            node: NodeId(0),
            device: None,
        };
        let stations = vec![station("store"), station("line-1"), station("line-2")];
        let floor = Arc::new(Floor {
            stations,
            ..Floor::default()
        });
        Frame {
            floor,
            now_ms: NOW_MS,
            zero_utc_ms: ZERO as u64,
        }
    }

    fn name() -> impl Strategy<Value = String> {
        prop_oneof![
            Just("store".to_owned()),
            Just("line-1".to_owned()),
            ".{0,80}"
        ]
    }

    fn time() -> impl Strategy<Value = i64> {
        let near = ZERO - 10_000..ZERO + 2 * NOW_MS as i64;
        prop_oneof![Just(0), near, any::<i64>()]
    }

    proptest! {
        /// What passes here is never a wrong field to the order book; what does not says why, in few words.
        #[test]
        fn requests_are_right_or_their_fields_are_named(
            ends in [name(), name()],
            client_id in ".{0,140}",
            priority in 0..12_u32,
            times in [time(), time()],
            known: bool,
        ) {
            let [pickup_station, drop_station] = ends;
            let [release_time_ms, deadline_ms] = times;
            let request = SubmitOrderRequest {
                client_id, pickup_station, drop_station, priority, release_time_ms, deadline_ms, ..Default::default()
            };
            match spec(&request, &frame(), || known) {
                Ok(spec) => {
                    prop_assert_eq!(OrderBook::new(1).check(&spec), Ok(()));
                    prop_assert_eq!(&frame().floor.stations[spec.drop.station.index()].name, &request.drop_station);
                    prop_assert_eq!(spec.deadline_ms.is_some(), request.deadline_ms != 0);
                    prop_assert!(known || spec.deadline_ms.is_none_or(|at| at > NOW_MS));
                    if let Some(at) = spec.deadline_ms.filter(|&at| at > 0) {
                        prop_assert_eq!(frame().utc_ms(at), request.deadline_ms);
                    }
                }
                Err(status) => {
                    prop_assert_eq!(status.code(), Code::InvalidArgument);
                    prop_assert!(status.message().len() < 2_000);
                    prop_assert!(!status.get_error_details().bad_request().unwrap().field_violations.is_empty());
                }
            }
        }
    }

    #[test]
    fn times_become_the_controllers() {
        let request = SubmitOrderRequest {
            pickup_station: "store".to_owned(),
            drop_station: "line-1".to_owned(),
            release_time_ms: ZERO - 5,
            deadline_ms: ZERO + NOW_MS as i64 + 1,
            ..Default::default()
        };
        let spec = spec(&request, &frame(), || false).unwrap();
        assert_eq!((spec.release_ms, spec.deadline_ms), (0, Some(NOW_MS + 1)));
    }
}
