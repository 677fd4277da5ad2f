//! A small floor and a chronicle written by hand, and what is asked of every page.

#![allow(clippy::unwrap_used)]

use takt_maps::{EdgeId, Floor, LoadOptions, NodeId, VehicleId, load_text};

use super::chronicle::{Chronicle, Doing, FaultLine, Hindrance, OrderEnd, Sample, ViolationLine};
use super::figures::Figures;
use crate::controller::Counts;
use crate::host::virtual_time::Outcome;

/// A corridor with two vehicles and a station at its end.
pub fn floor() -> Floor {
    let text = r#"
name = "a <small> corridor"
nodes = { west = [1.0, 1.0], middle = [4.0, 1.0], east = [7.0, 1.0] }
path = [{ through = ["west", "middle", "east"], two_way = true }]
kind = [{ name = "shuttle", footprint = { length = 0.6, width = 0.5 }, speed = 1.0 }]
vehicle = [
  { name = "S01", kind = "shuttle", start = "west" },
  { name = "S02", kind = "shuttle", start = "east" },
]
station = [{ name = "shelf", node = "east" }]
"#;
    let loaded = load_text("corridor.toml", text, &LoadOptions::default());
    loaded.map_err(|p| p.plain()).unwrap().floor
}

/// Ten seconds of two vehicles. S01 drives 4 s to a pickup, stands 3 s of 6 s on its way to the drop behind S02; S02
/// idles 5 s and has a fault for 5 s. Three orders are completed, one late; one is cancelled.
pub fn chronicle() -> Chronicle {
    let mut chronicle = Chronicle::new(2);
    let (s01, s02) = (VehicleId(0), VehicleId(1));
    for second in 0..10 {
        let span = (second * 1_000, (second + 1) * 1_000);
        let waits = (5..8).contains(&second);
        let wait = waits.then_some((Hindrance::Vehicle(s02), NodeId(2)));
        let doing = if second < 4 {
            Doing::ToPickup
        } else {
            Doing::ToDrop
        };
        chronicle.vehicle(s01, span, doing, wait);
        let fault = (second >= 5).then_some((Hindrance::Fault, NodeId(1)));
        chronicle.vehicle(s02, span, Doing::Idle, fault);
        chronicle.samples.push(Sample {
            at_ms: span.1,
            open: 2,
            late: u64::from(second == 9),
            starved_ms: Vec::new(),
        });
    }
    let order = |at_ms, lead_ms, completed, late_ms| OrderEnd {
        lead_ms,
        at_ms,
        completed,
        late_ms,
    };
    chronicle.orders = vec![
        order(2_000, 1_000, true, None),
        order(5_000, 3_000, true, None),
        order(6_000, 9_000, false, None),
        order(10_000, 8_000, true, Some(500)),
    ];
    chronicle.traversals = [(EdgeId(0), 3), (EdgeId(1), 2), (EdgeId(2), 36)].into();
    chronicle.faults = vec![FaultLine {
        name: "vehicle-silent".to_owned(),
        target: "S02".to_owned(),
        from_ms: 5_000,
        until_ms: 10_000,
        ended: "still <there>".to_owned(),
    }];
    chronicle.violations = vec![ViolationLine {
        judge: "ground".to_owned(),
        at_s: 7.5,
        what: "S01 is <where> S02 is".to_owned(),
    }];
    chronicle.until_ms = 10_000;
    chronicle
}

/// What a rehearsal would have said of it.
pub fn outcome() -> Outcome {
    Outcome {
        floor: "a <small> corridor".to_owned(),
        seed: 7,
        simulated_s: 10.0,
        vehicles: 2,
        orders_done: 3,
        orders_open: 2,
        orders_late: 2,
        orders_ended_otherwise: 1,
        orders_lost: 0,
        starvation_s: 0.0,
        contacts: 1,
        deadlocks: 0,
        longest_wait_s: 3.0,
        distance_m: 42.0,
        utilisation: 0.5,
        cycles: 1_000,
        state_hash: "00000000000000aa".to_owned(),
        counts: Counts::default(),
        faults: 0,
        lives: 1,
        contacts_by_slip: 0,
        contacts_with_obstacles: 0,
        orders_lost_by_disk: 0,
        violations: 0,
    }
}

/// Its figures, in intervals of 4 s.
pub fn figures() -> Figures {
    Figures::new(&floor(), &outcome(), &chronicle(), 4_000)
}

/// A page is well-formed, and asks nothing of the network.
pub fn assert_self_contained(page: &str) {
    let options = roxmltree::ParsingOptions {
        allow_dtd: true,
        ..Default::default()
    };
    let document = roxmltree::Document::parse_with_options(page, options).unwrap();
    for node in document.descendants().filter(|n| n.is_element()) {
        let name = node.tag_name().name();
        assert!(
            !["script", "link", "img", "iframe", "object"].contains(&name),
            "<{name}>"
        );
        for attribute in node.attributes() {
            let local = attribute.name() != "href" || !attribute.value().contains(':');
            assert!(local && attribute.name() != "src", "{attribute:?}");
        }
    }
    for outside in ["http:", "https:", "url(", "@import"] {
        assert!(!page.contains(outside), "{outside}");
    }
    let mut ids: Vec<&str> = document
        .descendants()
        .filter_map(|n| n.attribute("id"))
        .collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(all, ids.len(), "an id twice");
}
