//! Exports of recordings, read back with the library that others read them with.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Seek, SeekFrom, Write};

use serde_json::Value;
use takt::host::store;
use takt::host::store::stat::{FileEnd, stat};
use takt::replay::export::{ExportError, Exported, export, vehicle_topic};
use takt::replay::{ReplayOptions, Report};
use takt_maps::VehicleId;
use takt_rt::host::Disk;

use crate::busy::Busy;

/// A minute of a busy floor, ended in order.
fn minute() -> Busy {
    let mut busy = Busy::new(3);
    busy.run(60_000);
    busy.rehearsal.end().unwrap();
    busy
}

fn exported(busy: &Busy, options: &ReplayOptions) -> (Vec<u8>, Report, Exported) {
    let mut bytes = Vec::new();
    let to = Cursor::new(&mut bytes);
    let (report, exported) = export(&busy.floor, &busy.disk, options, to, |_| ()).unwrap();
    (bytes, report, exported)
}

/// All messages: topic, time, content.
fn messages(bytes: &[u8]) -> Vec<(String, u64, Value)> {
    let stream = mcap::MessageStream::new(bytes).unwrap();
    let read = stream.map(|message| {
        let message = message.unwrap();
        let schema = message
            .channel
            .schema
            .as_ref()
            .expect("each channel has one");
        assert_eq!(schema.encoding, "jsonschema");
        let schema: Value = serde_json::from_slice(&schema.data).unwrap();
        let content: Value = serde_json::from_slice(&message.data).unwrap();
        // What a schema asks for is there, and nothing else.
        let asked = schema["properties"].as_object().unwrap();
        let given = content.as_object().unwrap();
        assert!(asked.keys().eq(given.keys()), "{schema} {content}");
        assert_eq!(message.log_time, message.publish_time);
        (message.channel.topic.clone(), message.log_time, content)
    });
    read.collect()
}

#[test]
fn a_minute_comes_out_as_it_was() {
    let busy = minute();
    let (bytes, report, exported) = self::exported(&busy, &ReplayOptions::default());
    assert!(report.is_complete() && report.difference().is_none() && report.proves_something());
    let messages = messages(&bytes);

    // As many as it says, in the file's own summary too, and in the order of their times.
    assert_eq!(messages.len() as u64, exported.messages);
    let mut counted: BTreeMap<String, u64> = BTreeMap::new();
    for (topic, ..) in &messages {
        *counted.entry(topic.clone()).or_default() += 1;
    }
    let written = exported.topics.iter().filter(|(_, n)| **n > 0);
    assert!(written.eq(counted.iter()));
    let summary = mcap::Summary::read(&bytes).unwrap().expect("there is one");
    assert_eq!(summary.stats.unwrap().message_count, exported.messages);
    assert!(messages.is_sorted_by_key(|(_, at, _)| at));
    let began = 1_767_225_600_000_000_000;
    assert!(messages.first().unwrap().1 >= began);
    let last = messages.last().unwrap().1;
    assert_eq!(last, began + 60_000_000_000);

    // Orders end as people were shown, and say who submitted them.
    let mut states: BTreeMap<u64, String> = BTreeMap::new();
    let mut persons = 0;
    for (_, _, order) in messages.iter().filter(|(topic, ..)| topic == "/orders") {
        let id = order["order"].as_u64().unwrap();
        let was = states.insert(id, order["state"].as_str().unwrap().to_owned());
        assert_eq!(was.as_deref(), order["was"].as_str(), "{order}");
        persons += u64::from(order["person"] == "a test");
    }
    assert!(persons >= busy.acknowledged.len() as u64 && persons > 10);
    let model = busy.rehearsal.model();
    let shown = model.orders.iter().map(|(id, order)| {
        (
            id.0,
            takt::follower::model::state_word(order.state).to_owned(),
        )
    });
    assert_eq!(states, shown.collect());

    // Vehicles are where they were last seen, and drove there.
    for (i, view) in model.vehicles.iter().enumerate() {
        let topic = vehicle_topic(&busy.floor, VehicleId::from_index(i));
        let of = || messages.iter().filter(|(t, ..)| *t == topic);
        assert!(of().count() >= 50, "{topic}");
        let last = &of().next_back().unwrap().2;
        let pose = view.pose.unwrap();
        assert_eq!(last["x_m"], f64::from(pose.x_mm) / 1_000.0);
        assert_eq!(last["heading_rad"], f64::from(pose.heading_mrad) / 1_000.0);
        assert_eq!(last["loaded"], view.loaded);
    }
    assert_eq!(counted["/state_hash"], 60);
    assert!(
        counted["/tf"] > 5_000 && counted["/scene/vehicles"] > 1 && counted["/scene/floor"] == 1
    );
    // Alarms come and go in turns.
    let mut active = BTreeMap::new();
    for (_, _, alarm) in messages.iter().filter(|(topic, ..)| topic == "/alarms") {
        let key = (alarm["kind"].to_string(), alarm["about"].to_string());
        let now = alarm["active"].as_bool().unwrap();
        assert_ne!(active.insert(key, now).unwrap_or(false), now, "{alarm}");
    }
    // The last stock of each buffer.
    let mut stock = BTreeMap::new();
    for (_, _, s) in messages.iter().filter(|(topic, ..)| topic == "/stock") {
        stock.insert(
            s["buffer"].as_str().unwrap().to_owned(),
            s["pieces"].as_u64().unwrap(),
        );
    }
    for (buffer, pieces) in busy.floor.buffers.iter().zip(&model.stock) {
        assert_eq!(stock[&buffer.name], u64::from(*pieces), "{}", buffer.name);
    }
}

#[test]
fn the_same_recording_gives_the_same_bytes_and_a_part_is_a_part() {
    let busy = minute();
    let (whole, ..) = exported(&busy, &ReplayOptions::default());
    assert_eq!(whole, exported(&busy, &ReplayOptions::default()).0);
    let half = ReplayOptions {
        until: Some(3_000),
        ..ReplayOptions::default()
    };
    let (part, report, _) = exported(&busy, &half);
    assert_eq!(report.lives[0].last_cycle, 3_000);
    let (whole, part) = (messages(&whole), messages(&part));
    assert!(part.len() > 1_000 && whole.len() > part.len());
    assert_eq!(whole[..part.len()], part[..]);
}

#[test]
fn lives_follow_each_other_and_damage_ends_one() {
    let mut busy = Busy::new(4);
    busy.run(20_000);
    busy.restart();
    busy.run(20_000);
    busy.rehearsal.end().unwrap();
    let (bytes, report, _) = exported(&busy, &ReplayOptions::default());
    assert!(report.is_complete(), "{report:?}");
    let whole = messages(&bytes);
    assert!(whole.is_sorted_by_key(|(_, at, _)| at));
    let lives: Vec<_> = whole
        .iter()
        .filter(|(topic, ..)| topic == "/life")
        .collect();
    assert_eq!(lives.len(), 2);
    assert_eq!(
        (&lives[0].2["epoch"], &lives[1].2["epoch"]),
        (&1.into(), &2.into())
    );
    let restored = whole
        .iter()
        .filter(|(topic, _, o)| topic == "/orders" && o["restored"] == true);
    let open = &lives[1].2["orders_open"];
    assert_eq!(restored.count() as u64, open.as_u64().unwrap());

    let second = ReplayOptions {
        epoch: Some(2),
        ..ReplayOptions::default()
    };
    let only = messages(&exported(&busy, &second).0);
    assert!(whole.ends_with(&only));

    let log = takt::journal::log_file(1);
    let middle = busy.disk.size(&log).unwrap() as usize / 2;
    assert!(busy.disk.corrupt(&log, middle, 1));
    let (bytes, report, _) = exported(&busy, &ReplayOptions::default());
    assert!(report.lives[0].stopped.contains("damaged"), "{report:?}");
    assert!(messages(&bytes).len() < whole.len());
    assert!(!store::verify(&busy.disk, |_| ()).unwrap().is_clean());
}

/// A file on a disk with room for so many bytes.
struct Full {
    file: Cursor<Vec<u8>>,
    room: usize,
}

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.file.position() as usize + bytes.len() > self.room {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Full {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

#[test]
fn a_full_disk_ends_an_export_wherever_it_comes() {
    let mut busy = Busy::new(11);
    busy.run(10_000);
    busy.rehearsal.end().unwrap();
    let to = |room: usize| {
        let file = Cursor::new(Vec::new());
        let to = Full { file, room };
        export(
            &busy.floor,
            &busy.disk,
            &ReplayOptions::default(),
            to,
            |_| (),
        )
    };
    let length = exported(&busy, &ReplayOptions::default()).0.len();
    assert!(to(length).is_ok());
    for room in (0..length).step_by(1 + length / 40) {
        assert!(
            matches!(to(room), Err(ExportError::Write(_))),
            "{room} of {length}"
        );
    }
}

#[test]
fn a_store_tells_what_it_holds_without_its_floor() {
    let mut busy = Busy::new(6);
    busy.run(20_000);
    busy.restart();
    busy.run(30_000);
    busy.rehearsal.end().unwrap();
    let found = stat(&busy.disk, |_| ()).unwrap();
    assert_eq!(found.problems, Vec::<String>::new());
    assert_eq!(found.floor.as_deref(), Some(&busy.floor.name[..]));
    assert_eq!(
        found.floor_digest,
        Some(format!("{:016x}", busy.floor.digest))
    );
    assert_eq!(
        found.orders_open,
        Some(busy.rehearsal.controller().orders_open() as u64)
    );
    let lives: Vec<_> = found
        .lives
        .iter()
        .map(|l| (l.epoch, l.cycles, l.ended))
        .collect();
    // The first was killed: what its last cycles saw may not have become durable.
    assert_eq!((lives[0].0, lives[0].2), (1, false));
    assert!((1_980..=2_000).contains(&lives[0].1.unwrap()), "{lives:?}");
    assert_eq!(lives[1], (2, Some(3_000), true));
    let ends: Vec<FileEnd> = found.files.iter().map(|f| f.end).collect();
    assert_eq!(
        ends,
        [
            FileEnd::Whole,
            FileEnd::Open,
            FileEnd::Whole,
            FileEnd::Ended
        ]
    );
    for log in found.files.iter().skip(1).step_by(2) {
        let read: u64 = log.records.values().sum();
        assert_eq!(
            read,
            log.last_record.unwrap() + 1 - log.first_record.unwrap()
        );
        assert!(log.records["change"] > 10 && log.records["replay"] > 1_000);
    }
    let all: u64 = busy
        .disk
        .list()
        .unwrap()
        .iter()
        .map(|f| busy.disk.size(f).unwrap())
        .sum();
    assert_eq!(found.bytes, all);
    assert!(store::verify(&busy.disk, |_| ()).unwrap().is_clean());
}
