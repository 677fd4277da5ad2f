//! The file: topics, their channels, and messages in the order of their times.

use std::collections::BTreeMap;
use std::io::{Seek, Write};

use mcap::records::{MessageHeader, Metadata};
use mcap::{Compression, McapError, WriteOptions, Writer};
use serde::Serialize;
use takt_maps::{Floor, VehicleId};

use super::{Exported, schemas, vehicle_topic};

/// What a message is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Topic {
    Life,
    Orders,
    Requests,
    Stock,
    Pauses,
    Alarms,
    Doors,
    Devices,
    Locating,
    StateHash,
    Transforms,
    SceneFloor,
    SceneVehicles,
    Vehicle(VehicleId),
}

impl Topic {
    const PLAIN: [(Topic, &str, &str); 13] = [
        (Topic::Life, "/life", "takt.Life"),
        (Topic::Orders, "/orders", "takt.Order"),
        (Topic::Requests, "/requests", "takt.Request"),
        (Topic::Stock, "/stock", "takt.Stock"),
        (Topic::Pauses, "/pauses", "takt.Pause"),
        (Topic::Alarms, "/alarms", "takt.Alarm"),
        (Topic::Doors, "/doors", "takt.Door"),
        (Topic::Devices, "/devices", "takt.Device"),
        (Topic::Locating, "/locating", "takt.Locating"),
        (Topic::StateHash, "/state_hash", "takt.StateHash"),
        (Topic::Transforms, "/tf", "foxglove.FrameTransform"),
        (Topic::SceneFloor, "/scene/floor", "foxglove.SceneUpdate"),
        (
            Topic::SceneVehicles,
            "/scene/vehicles",
            "foxglove.SceneUpdate",
        ),
    ];
}

struct Channel {
    id: u16,
    name: String,
    messages: u32,
}

pub(super) struct Channels<W: Write + Seek> {
    writer: Writer<W>,
    channels: BTreeMap<Topic, Channel>,
    /// Of the messages that are written now.
    now_ns: u64,
    first_ns: Option<u64>,
    /// Encoding of the message at hand.
    json: Vec<u8>,
}

impl<W: Write + Seek> Channels<W> {
    pub(super) fn new(floor: &Floor, to: W) -> Result<Self, McapError> {
        let mut writer = WriteOptions::new()
            .library(concat!("takt ", env!("CARGO_PKG_VERSION")))
            .compression(Some(Compression::Zstd))
            // More threads would cut chunks differently on each machine, and take cores from a controller beside us.
            .compression_threads(0)
            .create(to)?;
        let mut ids = BTreeMap::new();
        for (name, schema) in schemas::all() {
            let id = writer.add_schema(name, "jsonschema", schema.to_string().as_bytes())?;
            ids.insert(name, id);
        }
        let plain = Topic::PLAIN
            .iter()
            .map(|&(topic, name, schema)| (topic, name.to_owned(), schema));
        let vehicles = (0..floor.vehicles.len()).map(|i| {
            let vehicle = VehicleId::from_index(i);
            let name = vehicle_topic(floor, vehicle);
            (Topic::Vehicle(vehicle), name, "takt.Vehicle")
        });
        let mut channels = BTreeMap::new();
        for (topic, name, schema) in plain.chain(vehicles) {
            let schema = ids.get(schema).copied().unwrap_or(0);
            let id = writer.add_channel(schema, &name, "json", &BTreeMap::new())?;
            let messages = 0;
            channels.insert(topic, Channel { id, name, messages });
        }
        Ok(Self {
            writer,
            channels,
            now_ns: 0,
            first_ns: None,
            json: Vec::new(),
        })
    }

    /// Sets the time of the messages that follow. It never goes back: where a life begins before the end of the one
    /// before it, since the wall clock was set back between them, its messages wait there.
    pub(super) fn at(&mut self, utc_ns: u64) {
        self.now_ns = self.now_ns.max(utc_ns);
    }

    pub(super) fn now_ns(&self) -> u64 {
        self.now_ns
    }

    pub(super) fn metadata(&mut self, metadata: &Metadata) -> Result<(), McapError> {
        self.writer.write_metadata(metadata)
    }

    pub(super) fn write(
        &mut self,
        topic: Topic,
        message: &impl Serialize,
    ) -> Result<(), McapError> {
        let Some(channel) = self.channels.get_mut(&topic) else {
            // There is one for each topic.
            return Ok(());
        };
        self.json.clear();
        serde_json::to_writer(&mut self.json, message)
            .map_err(|error| McapError::Io(error.into()))?;
        let header = MessageHeader {
            channel_id: channel.id,
            sequence: channel.messages,
            log_time: self.now_ns,
            publish_time: self.now_ns,
        };
        channel.messages += 1;
        self.first_ns.get_or_insert(self.now_ns);
        self.writer.write_to_known_channel(&header, &self.json)
    }

    pub(super) fn finish(mut self) -> Result<Exported, McapError> {
        self.writer.finish()?;
        let counted = self.channels.into_values();
        let topics: BTreeMap<String, u64> = counted
            .map(|channel| (channel.name, u64::from(channel.messages)))
            .collect();
        self.writer.into_inner().flush()?;
        Ok(Exported {
            messages: topics.values().sum(),
            topics,
            first_utc_ns: self.first_ns.unwrap_or(0),
            last_utc_ns: self.now_ns,
        })
    }
}
