//! What a plant model's XML says, attribute by attribute, before anything is made of it.

use crate::problem::Problem;
use crate::spec::{At, Name, Span};
use roxmltree::{Document, Node};
use std::collections::BTreeMap;

/// The major version of the format that is understood.
const MAJOR: &str = "7.";

/// Greatest number that is sensible for a position, length or speed: a thousand kilometres in millimetres.
const NUMBER_MAX: i64 = 1_000_000_000;

/// After so many problems the rest of the model is not worth reading.
const PROBLEMS_MAX: usize = 50;

/// A plant model.
pub(super) struct Model {
    pub name: Name,
    pub points: Vec<Point>,
    pub paths: Vec<Path>,
    pub vehicles: Vec<Vehicle>,
    pub types: Vec<LocationType>,
    pub locations: Vec<Location>,
    pub blocks: Vec<Block>,
    /// What was met and is not used, with its number.
    pub unused: Unused,
}

/// Kinds of things that are not used, each with its number.
#[derive(Clone, Default)]
pub(super) struct Unused(BTreeMap<String, usize>);

impl Unused {
    /// Counts one more.
    pub fn add(&mut self, what: &str) {
        match self.0.get_mut(what) {
            Some(count) => *count += 1,
            None => {
                self.0.insert(what.to_owned(), 1);
            }
        }
    }

    /// A line each, sorted.
    pub fn lines(&self) -> Vec<String> {
        let lines = self.0.iter();
        lines
            .map(|(what, count)| format!("{what}: {count}"))
            .collect()
    }
}

pub(super) struct Point {
    pub name: Name,
    pub x_mm: At<i64>,
    pub y_mm: At<i64>,
    pub park: bool,
    /// Names of paths that the point claims to leave by.
    pub outgoing: Vec<Name>,
}

pub(super) struct Path {
    pub name: Name,
    pub source: Name,
    pub destination: Name,
    pub speed_mm_s: At<i64>,
    pub reverse_speed_mm_s: At<i64>,
    pub locked: bool,
    pub span: Option<Span>,
}

pub(super) struct Vehicle {
    pub name: Name,
    pub length_mm: At<i64>,
    pub width_mm: At<i64>,
    /// The reference point seen from the middle of the bounding box, ahead and to the left.
    pub reference_mm: [i64; 2],
    pub speed_mm_s: At<i64>,
    pub reverse_speed_mm_s: At<i64>,
    /// Percent.
    pub critical: At<i64>,
    /// Percent.
    pub sufficient: At<i64>,
}

pub(super) struct LocationType {
    pub name: Name,
    pub charges: bool,
}

pub(super) struct Location {
    pub name: Name,
    pub kind: Name,
    pub locked: bool,
    pub links: Vec<Link>,
}

pub(super) struct Link {
    pub point: Name,
    /// Does the link itself allow charging?
    pub charges: bool,
}

pub(super) struct Block {
    pub name: Name,
    pub single_vehicle: bool,
    pub members: Vec<Name>,
}

impl Model {
    /// Reads the whole model; problems are added to the list, and what they are about gets a neutral value.
    pub fn read(document: &Document<'_>, problems: &mut Vec<Problem>) -> Option<Self> {
        let root = document.root_element();
        let mut reader = Reader { problems };
        if !root.has_tag_name("model") {
            let message = format!(
                "this is not a plant model: it begins with <{}>",
                root.tag_name().name()
            );
            let problem = Problem::error(message, span(root.range().start, root.range().start + 1));
            reader.problems.push(
                problem.hint("an openTCS plant model begins with <model version=\"7.0.0\" ...>"),
            );
            return None;
        }
        let version = reader.text(root, "version");
        if !version.value.starts_with(MAJOR) {
            let message = format!("version {:?} of the format is not supported", version.value);
            let hint = "open the model in the model editor of openTCS 7 and save it again";
            let problem = Problem::error(message, version.span).hint(hint);
            reader.problems.push(problem);
            return None;
        }
        let mut model = Self {
            name: reader.text(root, "name"),
            points: Vec::new(),
            paths: Vec::new(),
            vehicles: Vec::new(),
            types: Vec::new(),
            locations: Vec::new(),
            blocks: Vec::new(),
            unused: Unused::default(),
        };
        for element in root.children().filter(Node::is_element) {
            if reader.problems.len() >= PROBLEMS_MAX {
                break;
            }
            let unused = &mut model.unused;
            match element.tag_name().name() {
                "point" => model.points.push(reader.point(element, unused)),
                "path" => model.paths.push(reader.path(element, unused)),
                "vehicle" => model.vehicles.push(reader.vehicle(element, unused)),
                "locationType" => model.types.push(reader.location_type(element, unused)),
                "location" => model.locations.push(reader.location(element, unused)),
                "block" => model.blocks.push(reader.block(element, unused)),
                _ => unused_child(element, unused),
            }
        }
        Some(model)
    }
}

fn span(start: usize, end: usize) -> Option<Span> {
    // The text is shorter than 4 GiB.
    Some(Span {
        start: start as u32,
        end: end as u32,
    })
}

fn is_charging(operation: &str) -> bool {
    operation.to_ascii_lowercase().contains("charge")
}

/// Counts an element that nothing is made of.
fn unused_child(element: Node<'_, '_>, unused: &mut Unused) {
    let name = element.tag_name().name();
    if name == "layer" || name.ends_with("Layout") {
        unused.add("layout (how the model editor draws it)");
    } else {
        let name: String = name.chars().take(40).collect();
        unused.add(&format!("<{name}>"));
    }
}

struct Reader<'a> {
    problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    /// An attribute that must be there.
    fn text(&mut self, element: Node<'_, '_>, key: &str) -> Name {
        if let Some(attribute) = element.attribute_node(key) {
            let range = attribute.range_value();
            return At {
                value: attribute.value().to_owned(),
                span: span(range.start, range.end),
            };
        }
        let tag = element.tag_name().name();
        let start = element.range().start;
        // The tag's name as the place: the element itself may be long.
        let place = span(start, start + 1 + tag.len());
        let message = format!("<{tag}> lacks its attribute \"{key}\"");
        self.problems.push(Problem::error(message, place));
        At {
            value: String::new(),
            span: place,
        }
    }

    /// A whole number that must be there.
    fn number(&mut self, element: Node<'_, '_>, key: &str) -> At<i64> {
        let before = self.problems.len();
        let text = self.text(element, key);
        let parsed = text.value.trim().parse::<i64>().ok();
        let value = parsed.filter(|v| v.unsigned_abs() <= NUMBER_MAX.unsigned_abs());
        // A missing attribute has been reported already.
        if value.is_none() && self.problems.len() == before {
            let shown: String = text.value.chars().take(40).collect();
            let message = format!("{key} is \"{shown}\", not a whole number within ±{NUMBER_MAX}");
            self.problems.push(Problem::error(message, text.span));
        }
        let value = value.unwrap_or(0);
        At {
            value,
            span: text.span,
        }
    }

    /// A number that must not be negative.
    fn positive(&mut self, element: Node<'_, '_>, key: &str) -> At<i64> {
        let number = self.number(element, key);
        if number.value < 0 {
            let message = format!("{key} is {}, less than 0", number.value);
            self.problems.push(Problem::error(message, number.span));
        }
        number
    }

    fn point(&mut self, element: Node<'_, '_>, unused: &mut Unused) -> Point {
        let park = self.text(element, "type");
        let mut outgoing = Vec::new();
        for child in element.children().filter(Node::is_element) {
            match child.tag_name().name() {
                "outgoingPath" => outgoing.push(self.text(child, "name")),
                "maxVehicleBoundingBox" => unused.add("<maxVehicleBoundingBox> of a point"),
                _ => unused_child(child, unused),
            }
        }
        if element
            .attribute("positionZ")
            .is_some_and(|z| z.trim() != "0")
        {
            unused.add("positionZ of a point (all are on one level)");
        }
        let angle = element.attribute("vehicleOrientationAngle");
        if angle.is_some_and(|a| a != "NaN") {
            unused.add("vehicleOrientationAngle of a point (vehicles face along the path)");
        }
        Point {
            name: self.text(element, "name"),
            x_mm: self.number(element, "positionX"),
            y_mm: self.number(element, "positionY"),
            park: park.value == "PARK_POSITION",
            outgoing,
        }
    }

    fn path(&mut self, element: Node<'_, '_>, unused: &mut Unused) -> Path {
        for child in element.children().filter(Node::is_element) {
            match child.tag_name().name() {
                "pathLayout" if child.children().any(|c| c.has_tag_name("controlPoint")) => {
                    unused.add("curve of a path (edges are straight)");
                }
                _ => unused_child(child, unused),
            }
        }
        let range = element.range();
        Path {
            name: self.text(element, "name"),
            source: self.text(element, "sourcePoint"),
            destination: self.text(element, "destinationPoint"),
            speed_mm_s: self.positive(element, "maxVelocity"),
            reverse_speed_mm_s: self.positive(element, "maxReverseVelocity"),
            locked: element.attribute("locked") == Some("true"),
            span: span(range.start, range.end),
        }
    }

    fn vehicle(&mut self, element: Node<'_, '_>, unused: &mut Unused) -> Vehicle {
        for child in element.children().filter(Node::is_element) {
            if !child.has_tag_name("boundingBox") {
                unused_child(child, unused);
            }
        }
        if element.has_attribute("envelopeKey") {
            unused.add("envelopeKey of a vehicle (its bounding box is its footprint)");
        }
        let found = element.children().find(|c| c.has_tag_name("boundingBox"));
        // Without a box, the missing attributes of the vehicle itself say what is wrong.
        let sized = found.unwrap_or(element);
        Vehicle {
            name: self.text(element, "name"),
            length_mm: self.positive(sized, "length"),
            width_mm: self.positive(sized, "width"),
            reference_mm: [
                self.number(sized, "referenceOffsetX").value,
                self.number(sized, "referenceOffsetY").value,
            ],
            speed_mm_s: self.positive(element, "maxVelocity"),
            reverse_speed_mm_s: self.positive(element, "maxReverseVelocity"),
            critical: self.positive(element, "energyLevelCritical"),
            sufficient: self.positive(element, "energyLevelSufficientlyRecharged"),
        }
    }

    fn location_type(&mut self, element: Node<'_, '_>, unused: &mut Unused) -> LocationType {
        let mut charges = false;
        for child in element.children().filter(Node::is_element) {
            if child.has_tag_name("allowedOperation") {
                charges |= is_charging(&self.text(child, "name").value);
            } else {
                unused_child(child, unused);
            }
        }
        LocationType {
            name: self.text(element, "name"),
            charges,
        }
    }

    fn location(&mut self, element: Node<'_, '_>, unused: &mut Unused) -> Location {
        let mut links = Vec::new();
        for child in element.children().filter(Node::is_element) {
            if !child.has_tag_name("link") {
                unused_child(child, unused);
                continue;
            }
            let mut allowed = child
                .children()
                .filter(|c| c.has_tag_name("allowedOperation"));
            links.push(Link {
                point: self.text(child, "point"),
                charges: allowed.any(|o| o.attribute("name").is_some_and(is_charging)),
            });
        }
        Location {
            name: self.text(element, "name"),
            kind: self.text(element, "type"),
            locked: element.attribute("locked") == Some("true"),
            links,
        }
    }

    fn block(&mut self, element: Node<'_, '_>, unused: &mut Unused) -> Block {
        let kind = self.text(element, "type");
        let mut members = Vec::new();
        for child in element.children().filter(Node::is_element) {
            if child.has_tag_name("member") {
                members.push(self.text(child, "name"));
            } else {
                unused_child(child, unused);
            }
        }
        Block {
            name: self.text(element, "name"),
            single_vehicle: kind.value == "SINGLE_VEHICLE_ONLY",
            members,
        }
    }
}
