//! What plant models become, and what is said of broken ones.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;

fn load(text: &str) -> Result<(FloorSpec, Vec<String>), Problems> {
    let options = LoadOptions {
        cell_m: 1.0,
        vehicles: None,
        seed: 1,
    };
    parse(text, &options, "plant.xml")
}

fn point(name: &str, x: i64, y: i64, kind: &str) -> String {
    format!(
        r#"<point name="{name}" positionX="{x}" positionY="{y}" positionZ="0" type="{kind}_POSITION">
<maxVehicleBoundingBox length="1" width="1" height="1" referenceOffsetX="0" referenceOffsetY="0"/></point>
"#
    )
}

fn path(from: &str, to: &str, ahead: u32, back: u32, locked: bool) -> String {
    format!(
        r#"<path name="{from} --- {to}" sourcePoint="{from}" destinationPoint="{to}" length="9" maxVelocity="{ahead}" maxReverseVelocity="{back}" locked="{locked}"/>
"#
    )
}

const VEHICLE: &str = r#"<vehicle name="V1" energyLevelCritical="30" energyLevelGood="90" energyLevelFullyRecharged="95" energyLevelSufficientlyRecharged="45" maxVelocity="1200" maxReverseVelocity="0">
<boundingBox length="1500" width="600" height="500" referenceOffsetX="100" referenceOffsetY="0"/></vehicle>
"#;

fn model(body: &str) -> String {
    format!("<?xml version=\"1.0\"?>\n<model version=\"7.0.0\" name=\"plant\">\n{body}</model>\n")
}

/// A triangle `a`, `b`, `c`; `c` is for parking.
fn triangle() -> String {
    point("a", 0, 0, "HALT") + &point("b", 9_000, 0, "HALT") + &point("c", 9_000, -9_000, "PARK")
}

#[test]
fn points_paths_and_vehicles_in_metres() {
    let body = triangle()
        + &path("a", "b", 1_000, 0, false)
        + &path("b", "c", 800, 500, false)
        + &path("c", "a", 1_000, 0, false)
        + &path("a", "c", 700, 0, false)
        + VEHICLE;
    let (spec, unused) = load(&model(&body)).unwrap();
    assert_eq!(spec.name.value, "plant");
    assert_eq!(spec.nodes[2].at.value, [9.0, -9.0]);
    let paths: Vec<(&str, &str, bool, f64)> = spec
        .paths
        .iter()
        .map(|p| {
            let [from, to] = p.through.as_slice() else {
                panic!("two points");
            };
            (
                from.value.as_str(),
                to.value.as_str(),
                p.two_way,
                p.speed.unwrap().value,
            )
        })
        .collect();
    assert_eq!(
        paths,
        [
            ("a", "b", false, 1.0),
            ("b", "c", true, 0.5),
            ("c", "a", true, 0.7)
        ],
        "two paths with opposite directions are one way for both"
    );
    assert_eq!(spec.kinds.len(), 1);
    let kind = &spec.kinds[0];
    // The reference point is 0.1 m ahead of the middle.
    assert_eq!(kind.footprint.value[0], [-0.85, -0.3]);
    assert_eq!(kind.footprint.value[2], [0.65, 0.3]);
    assert_eq!(
        (kind.speed.value, kind.reverse, &kind.battery),
        (1.2, false, &None)
    );
    assert_eq!(spec.vehicles[0].start.value, "c", "the park position");
    assert_eq!(spec.parking.len(), 1);
    assert_eq!(unused, ["<maxVehicleBoundingBox> of a point: 3"]);
}

#[test]
fn locations_become_stations_and_chargers_and_blocks_zones() {
    let body = triangle()
        + &path("a", "b", 1_000, 1_000, false)
        + &path("b", "c", 1_000, 1_000, false)
        + VEHICLE
        + r#"<locationType name="T"><allowedOperation name="Load"/></locationType>
<locationType name="C"><allowedOperation name="CHARGE"/></locationType>
<location name="dock" positionX="0" positionY="0" positionZ="0" locked="false" type="T"><link point="a"/><link point="b"/></location>
<location name="power" positionX="0" positionY="0" positionZ="0" locked="false" type="C"><link point="c"/></location>
<location name="island" positionX="0" positionY="0" positionZ="0" locked="false" type="T"/>
<location name="shut" positionX="0" positionY="0" positionZ="0" locked="true" type="T"><link point="b"/></location>
<block name="one" type="SINGLE_VEHICLE_ONLY"><member name="b"/><member name="dock"/><member name="b --- c"/></block>
<block name="flow" type="SAME_DIRECTION_ONLY"><member name="a"/></block>
"#;
    let (spec, unused) = load(&model(&body)).unwrap();
    let stations: Vec<_> = spec
        .stations
        .iter()
        .map(|s| (&*s.name.value, &*s.node.value))
        .collect();
    assert_eq!(stations, [("dock", "a")]);
    assert_eq!(
        (&*spec.chargers[0].name.value, &*spec.chargers[0].node.value),
        ("power", "c")
    );
    let battery = spec.kinds[0].battery.as_ref().unwrap();
    assert_eq!(
        (battery.low.unwrap().value, battery.enough.unwrap().value),
        (0.3, 0.45)
    );
    assert_eq!(spec.zones.len(), 1);
    assert_eq!(
        (spec.zones[0].capacity.value, &*spec.zones[0].nodes[0].value),
        (1, "b")
    );
    let [[from, to]] = spec.zones[0].edges.as_slice() else {
        panic!("one path");
    };
    assert_eq!((&*from.value, &*to.value), ("b", "c"));
    for expected in [
        "block of type SAME_DIRECTION_ONLY: 1",
        "further link of a location (the first counts): 1",
        "location in a block: 1",
        "location without a link to a point (left out): 1",
        "locked location (left out): 1",
    ] {
        assert!(
            unused.iter().any(|line| line == expected),
            "{expected} in {unused:?}"
        );
    }
}

#[test]
fn vehicles_that_differ_are_kinds_of_their_own() {
    let other = VEHICLE.replace("V1", "V2").replace("1500", "1400");
    let same = VEHICLE.replace("V1", "V3");
    let body = triangle()
        + &path("a", "b", 1_000, 1_000, false)
        + &path("b", "c", 1_000, 1_000, false)
        + VEHICLE
        + &other
        + &same;
    let (spec, _) = load(&model(&body)).unwrap();
    let kinds: Vec<&str> = spec.vehicles.iter().map(|v| &*v.kind.value).collect();
    assert_eq!(kinds, ["agv-1", "agv-2", "agv-1"]);
    let fourth = body + &VEHICLE.replace("V1", "V4");
    let said = load(&model(&fourth)).unwrap_err().plain();
    assert!(
        said.contains("no free point to start from for the vehicle \"V4\""),
        "{said}"
    );
}

#[test]
fn problems_say_where_they_are() {
    let cases = [
        ("".to_owned(), "plant.xml:1:1: error: this is not XML"),
        ("<model".to_owned(), "plant.xml:1:"),
        (
            "<model version=\"7.0.0\" name=\"x\">\n <point\n".to_owned(),
            "error: this is not XML",
        ),
        (
            "<svg/>".to_owned(),
            "plant.xml:1:1: error: this is not a plant model: it begins with <svg>",
        ),
        (
            "<model version=\"6.1.0\" name=\"x\"/>".to_owned(),
            "plant.xml:1:17: error: version \"6.1.0\" of the format is not supported",
        ),
        (
            model("<point name=\"a\" positionX=\"1.5\" positionY=\"0\" type=\"HALT_POSITION\"/>"),
            "plant.xml:3:28: error: positionX is \"1.5\", not a whole number",
        ),
        (
            model("<point name=\"a\" positionX=\"1\" type=\"HALT_POSITION\"/>"),
            "plant.xml:3:1: error: <point> lacks its attribute \"positionY\"",
        ),
        (
            model(&(triangle() + &path("a", "z", 1, 0, false))),
            "error: the path \"a --- z\" names the point \"z\", which is not there",
        ),
        (
            model(&(triangle() + &path("a", "a", 1, 0, false))),
            "error: the path \"a --- a\" begins and ends at the same point",
        ),
        (
            model(&triangle().replace("</point>", "<outgoingPath name=\"p\"/></point>")),
            "error: the point \"a\" names the outgoing path \"p\", which is not there",
        ),
        (
            model("<location name=\"l\" type=\"t\" locked=\"false\"/>"),
            "plant.xml:3:26: error: the location \"l\" names the type \"t\", which is not there",
        ),
        (
            model("<block name=\"b\" type=\"SINGLE_VEHICLE_ONLY\"><member name=\"m\"/></block>"),
            "error: the block \"b\" names \"m\", which is not there",
        ),
    ];
    for (text, expected) in cases {
        match load(&text) {
            Ok(_) => panic!("{text:?} loads"),
            Err(problems) => {
                let said = problems.plain();
                assert!(said.contains(expected), "{text:?}: {said}");
            }
        }
    }
}

#[test]
fn cut_and_mangled_models_are_refused_or_read_but_never_break() {
    let body = triangle() + &path("a", "b", 1_000, 1_000, false) + VEHICLE;
    let text = model(&body);
    for end in (0..text.len()).filter(|&i| text.is_char_boundary(i)) {
        if let Ok((spec, _)) = load(&text[..end]) {
            assert_eq!(
                spec.nodes.len(),
                3,
                "only the end of the text may be missing"
            );
        }
    }
    for (i, _) in text.char_indices().step_by(3) {
        let mangled = format!("{}{}{}", &text[..i], '9', &text[i + 1..]);
        // Whatever it says: it must say it.
        if let Err(problems) = load(&mangled) {
            assert!(!problems.is_empty());
        }
    }
}

#[test]
fn models_of_opentcs_itself_load() {
    let Ok(data) = std::env::var("TAKT_DATA") else {
        eprintln!("skipped: TAKT_DATA is not set");
        return;
    };
    let folder = std::path::Path::new(&data).join("floors/opentcs");
    let text = std::fs::read_to_string(folder.join("Demo-01.xml")).unwrap();
    let (spec, unused) = load(&text).unwrap_or_else(|e| panic!("{}", e.plain()));
    assert_eq!((spec.nodes.len(), spec.vehicles.len()), (59, 4));
    assert_eq!((spec.stations.len(), spec.chargers.len()), (11, 4));
    let starts: Vec<&str> = spec.vehicles.iter().map(|v| &*v.start.value).collect();
    assert_eq!(
        starts,
        ["Point-0002", "Point-0004", "Point-0006", "Point-0010"]
    );
    assert_eq!(spec.workload.random_open.unwrap().value, 4);
    assert!(
        unused.iter().any(|l| l.starts_with("curve of a path")),
        "{unused:?}"
    );

    // Paths of a block exclude each other, and nothing else.
    let (floor, _) = crate::compile(&spec, Vec::new()).unwrap();
    let sizes: Vec<usize> = floor.zones.iter().map(|z| z.places.len()).collect();
    assert_eq!(sizes, [2, 3]);
    for zone in &floor.zones {
        let [a, b] = [zone.places[0], zone.places[1]];
        let class = floor.kinds[0].class(false);
        assert!(floor.conflicts.conflict((class, a), (class, b)));
    }

    let text = std::fs::read_to_string(folder.join("PlantModelV7.sample.xml")).unwrap();
    let (spec, unused) = load(&text).unwrap_or_else(|e| panic!("{}", e.plain()));
    assert_eq!((spec.nodes.len(), spec.stations.len()), (15, 1));
    assert!(
        unused.iter().any(|l| l == "locked path (left out): 1"),
        "{unused:?}"
    );
}
