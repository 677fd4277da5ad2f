//! JSON schemas of all messages.

use serde_json::{Map, Value, json};

/// Each schema by its name. Those of Foxglove say of its formats what is used here; its panels know them by name.
pub(super) fn all() -> Vec<(&'static str, Value)> {
    let mut schemas = takt();
    schemas.push(("foxglove.FrameTransform", frame_transform()));
    schemas.push(("foxglove.SceneUpdate", scene_update()));
    schemas
}

/// An object with these properties, all of them there.
fn object(title: &str, says: &str, properties: &[(&str, Value)]) -> Value {
    let names: Vec<&str> = properties.iter().map(|(name, _)| *name).collect();
    let fields: Map<String, Value> = properties
        .iter()
        .map(|(name, schema)| ((*name).to_owned(), schema.clone()))
        .collect();
    json!({ "title": title, "description": says, "type": "object", "properties": fields, "required": names })
}

fn of_type(kind: &str, says: &str) -> Value {
    json!({ "type": kind, "description": says })
}

/// One that may be null.
fn maybe(kind: &str, says: &str) -> Value {
    json!({ "type": [kind, "null"], "description": says })
}

fn takt() -> Vec<(&'static str, Value)> {
    let number = |says| of_type("number", says);
    let integer = |says| of_type("integer", says);
    let text = |says| of_type("string", says);
    let yes = |says| of_type("boolean", says);
    let of = |name: &'static str, says, properties: &[(&str, Value)]| {
        (name, object(name, says, properties))
    };
    let hash = "hash of this part of the state, 16 hexadecimal digits";
    vec![
        of(
            "takt.Vehicle",
            "a vehicle as it says that it is",
            &[
                (
                    "x_m",
                    maybe(
                        "number",
                        "metres east of the origin; null: it does not know",
                    ),
                ),
                (
                    "y_m",
                    maybe(
                        "number",
                        "metres north of the origin; null: it does not know",
                    ),
                ),
                (
                    "heading_rad",
                    maybe("number", "counter-clockwise from east"),
                ),
                ("speed_m_s", number("speed over ground")),
                ("battery", number("state of charge, 0 to 1")),
                ("loaded", yes("has it a load on board?")),
                ("mission", text("what it is for")),
                ("order", maybe("integer", "for which order")),
                (
                    "wait",
                    text("why it stands although it has somewhere to go"),
                ),
                ("waits_for", maybe("string", "for which vehicle")),
                ("mode", text("who drives")),
                ("activity", text("what it does")),
                ("fault", integer("its own fault code; 0: none")),
                ("linked", yes("is its link alive?")),
                (
                    "distance_m",
                    number("way driven since the life's beginning"),
                ),
            ],
        ),
        of(
            "takt.Order",
            "an order that has come into a state",
            &[
                ("order", integer("its id")),
                ("state", text("the state")),
                (
                    "was",
                    maybe("string", "the state before; null: it is new here"),
                ),
                ("vehicle", maybe("string", "the vehicle that has it")),
                ("from", text("station where the load is taken")),
                ("to", text("station where it is handed over")),
                ("priority", integer("0 (normal) to 9 (rush)")),
                ("quantity", integer("pieces; 0: one load")),
                (
                    "release_ms",
                    integer("not to be begun before; controller milliseconds"),
                ),
                (
                    "deadline_ms",
                    maybe("integer", "to be completed by; controller milliseconds"),
                ),
                (
                    "depends_on",
                    maybe("integer", "not to be begun before this order is completed"),
                ),
                ("origin", text("client, call_off, collection or workload")),
                (
                    "person",
                    maybe("string", "who submitted it; told with the first state"),
                ),
                (
                    "client_id",
                    maybe("string", "the client's own id; told with the first state"),
                ),
                (
                    "reason",
                    maybe("string", "why, where it is not the normal way"),
                ),
                ("restored", yes("it was open when the life began")),
            ],
        ),
        of(
            "takt.Request",
            "something that a person or program asked for, and was granted",
            &[
                ("person", text("who")),
                ("request", text("for what")),
                ("order", maybe("integer", "about which order")),
                ("vehicle", maybe("string", "about which vehicle")),
            ],
        ),
        of(
            "takt.Stock",
            "a buffer that holds another number of pieces",
            &[
                ("buffer", maybe("string", "its name")),
                ("station", maybe("string", "where it is")),
                ("material", maybe("string", "what it holds")),
                ("pieces", integer("how many")),
                ("capacity", maybe("integer", "how many fit")),
            ],
        ),
        of(
            "takt.Pause",
            "a vehicle or the floor was paused or resumed",
            &[
                ("vehicle", maybe("string", "which; null: the whole floor")),
                ("paused", yes("paused?")),
            ],
        ),
        of(
            "takt.Alarm",
            "an alarm that comes or goes",
            &[
                ("kind", text("what it is about")),
                ("about", text("about whom")),
                ("active", yes("does it come? Otherwise it goes")),
                (
                    "priority",
                    maybe("string", "low, medium or high; null when it goes"),
                ),
            ],
        ),
        of(
            "takt.Door",
            "a door that changed",
            &[
                ("door", maybe("string", "its name")),
                ("state", text("closed, moving, open or fault")),
            ],
        ),
        of(
            "takt.Device",
            "a device whose link came up or went down",
            &[("device", text("its name")), ("up", yes("alive?"))],
        ),
        of(
            "takt.Locating",
            "vehicles that have not said yet where they are",
            &[(
                "missing",
                integer("how many; nothing is granted before it is 0"),
            )],
        ),
        of(
            "takt.StateHash",
            "hash of the controller's state",
            &[
                ("cycle", integer("at the end of this cycle")),
                ("hash", text("all parts in one, 16 hexadecimal digits")),
                ("clock", text(hash)),
                ("orders", text(hash)),
                ("stock", text(hash)),
                ("traffic", text(hash)),
                ("vehicles", text(hash)),
                ("devices", text(hash)),
            ],
        ),
        of(
            "takt.Life",
            "a controller begins its life",
            &[
                ("floor", text("name of the floor")),
                ("epoch", integer("number of the life")),
                ("build", text("of the program that recorded it")),
                ("seed", integer("of planner and dispatcher")),
                ("vehicles", integer("on the floor")),
                ("orders_open", integer("at its beginning")),
            ],
        ),
    ]
}

fn time(title: &str) -> Value {
    let part = json!({ "type": "integer" });
    json!({ "title": title, "type": "object", "properties": { "sec": part, "nsec": part } })
}

fn numbers(title: &str, names: &[&str]) -> Value {
    let number = json!({ "type": "number" });
    let fields: Map<String, Value> = names
        .iter()
        .map(|name| ((*name).to_owned(), number.clone()))
        .collect();
    json!({ "title": title, "type": "object", "properties": fields })
}

fn vector() -> Value {
    numbers("foxglove.Vector3", &["x", "y", "z"])
}

fn quaternion() -> Value {
    numbers("foxglove.Quaternion", &["x", "y", "z", "w"])
}

fn colour() -> Value {
    numbers("foxglove.Color", &["r", "g", "b", "a"])
}

fn pose() -> Value {
    json!({
        "title": "foxglove.Pose",
        "type": "object",
        "properties": { "position": vector(), "orientation": quaternion() },
    })
}

fn frame_transform() -> Value {
    object(
        "foxglove.FrameTransform",
        "where a vehicle is",
        &[
            ("timestamp", time("time")),
            ("parent_frame_id", of_type("string", "the floor")),
            ("child_frame_id", of_type("string", "the vehicle")),
            ("translation", vector()),
            ("rotation", quaternion()),
        ],
    )
}

fn list(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

fn primitive(title: &str, properties: Value) -> Value {
    json!({ "title": title, "type": "object", "properties": properties })
}

fn scene_update() -> Value {
    let text = json!({ "type": "string" });
    let number = json!({ "type": "number" });
    let integer = json!({ "type": "integer" });
    let yes = json!({ "type": "boolean" });
    let unused = list(json!({ "type": "object" }));
    let cube = primitive(
        "foxglove.CubePrimitive",
        json!({ "pose": pose(), "size": vector(), "color": colour() }),
    );
    let line = primitive(
        "foxglove.LinePrimitive",
        json!({
            "type": integer, "pose": pose(), "thickness": number, "scale_invariant": yes,
            "points": list(vector()), "color": colour(), "colors": list(colour()), "indices": list(integer.clone()),
        }),
    );
    let label = primitive(
        "foxglove.TextPrimitive",
        json!({
            "pose": pose(), "billboard": yes, "font_size": number, "scale_invariant": yes, "color": colour(), "text": text,
        }),
    );
    let entity = primitive(
        "foxglove.SceneEntity",
        json!({
            "timestamp": time("time"), "frame_id": text, "id": text, "lifetime": time("duration"), "frame_locked": yes,
            "metadata": unused, "arrows": unused, "cubes": list(cube), "spheres": unused, "cylinders": unused,
            "lines": list(line), "triangles": unused, "texts": list(label), "models": unused,
        }),
    );
    object(
        "foxglove.SceneUpdate",
        "what the 3D panel shows",
        &[("deletions", unused.clone()), ("entities", list(entity))],
    )
}
