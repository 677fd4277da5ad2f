//! A device's port: its process image, inputs on change, outputs on change.

use super::{Block, Due, Heard, Port};
use crate::image::Image;
use crate::link::outbox::{Outbox, Pending, Stamped};
use crate::messages::FromField;
use crate::vehicle_profile::ReportError;
use std::future::Future;
use std::time::Duration;
use takt_maps::{Device, DeviceId, IMAGE_WORDS};
use tokio::time::Instant;

/// Both images are repeated after so long, changed or not.
const REFRESH: Duration = Duration::from_secs(1);

/// Reads the input block, and writes the output block when it changes.
#[derive(Debug)]
pub(crate) struct DevicePort {
    device: DeviceId,
    read_at: u16,
    read_words: u16,
    write_at: u16,
    write_words: usize,
    outbox: Outbox<Image>,
    /// The inputs last passed on, on this connection.
    told: Option<(Image, Instant)>,
    /// The outputs last confirmed, on this connection.
    written: Option<(Image, Instant)>,
    writing: Option<Stamped<Image>>,
}

impl DevicePort {
    pub(crate) fn new(id: DeviceId, device: &Device, outbox: Outbox<Image>) -> Self {
        Self {
            device: id,
            read_at: device.read_at,
            read_words: u16::from(device.read_words).min(IMAGE_WORDS as u16),
            write_at: device.write_at,
            write_words: usize::from(device.write_words).min(IMAGE_WORDS),
            outbox,
            told: None,
            written: None,
            writing: None,
        }
    }
}

impl Port for DevicePort {
    fn read_block(&self) -> Option<(u16, u16)> {
        (self.read_words > 0).then_some((self.read_at, self.read_words))
    }

    fn connected(&mut self) {
        self.told = None;
        self.written = None;
    }

    fn received(&mut self, registers: &[u16], now: Instant) -> Result<Heard, ReportError> {
        let image = Image::from_words(registers);
        if is_current(&self.told, &image, now) {
            return Ok(Heard::News(None));
        }
        self.told = Some((image, now));
        let device = self.device;
        Ok(Heard::News(Some(FromField::Device { device, image })))
    }

    fn due(&mut self, now: Instant, now_ms: u64) -> Due {
        if self.write_words == 0 {
            return Due::Nothing;
        }
        match self.outbox.take(now_ms) {
            Pending::Nothing => Due::Nothing,
            Pending::Dropped => Due::Dropped,
            Pending::Ready { command, .. } if is_current(&self.written, &command.value, now) => {
                // The device has these very outputs: the refreshed command is carried out.
                self.outbox.written(&command);
                Due::Nothing
            }
            Pending::Ready { command, .. } => {
                self.writing = Some(command);
                let words = &command.value.words()[..self.write_words];
                Due::Write(Block::new(self.write_at, words))
            }
        }
    }

    fn written(&mut self, now: Instant) {
        if let Some(command) = self.writing.take() {
            self.outbox.written(&command);
            self.written = Some((command.value, now));
        }
    }

    fn wake(&mut self) -> impl Future<Output = ()> + Send {
        self.outbox.changed()
    }

    fn unwritten(&mut self, now_ms: u64) -> bool {
        self.write_words > 0
            && matches!(self.outbox.take(now_ms), Pending::Ready { fresh: true, .. })
    }
}

/// Does the other side have this image, told less than [`REFRESH`] ago?
pub(crate) fn is_current(last: &Option<(Image, Instant)>, image: &Image, now: Instant) -> bool {
    last.as_ref()
        .is_some_and(|(known, at)| known == image && now.duration_since(*at) < REFRESH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::outbox::{OutboxSender, outbox};

    fn port(read_words: u8, write_words: u8) -> (OutboxSender<Image>, DevicePort) {
        let device = Device {
            name: "S1".into(),
            address: None,
            read_at: 10,
            read_words,
            write_at: 20,
            write_words,
            inputs: vec![],
            outputs: vec![],
        };
        let (sender, outbox) = outbox();
        (sender, DevicePort::new(DeviceId(4), &device, outbox))
    }

    #[test]
    fn inputs_are_passed_on_when_they_change_and_once_a_second() {
        let (_sender, mut port) = port(2, 2);
        let start = Instant::now();
        let mut says = |ms, registers: [u16; 2]| {
            let now = start + Duration::from_millis(ms);
            match port.received(&registers, now).unwrap() {
                Heard::News(said) => said.is_some(),
                Heard::Repeated => panic!("an answer is a sign of life"),
            }
        };
        assert!(says(0, [1, 2]));
        assert!(!says(50, [1, 2]));
        assert!(says(100, [1, 3]));
        assert!(!says(1_099, [1, 3]));
        assert!(says(1_100, [1, 3]));
        port.connected();
        let now = start + Duration::from_millis(1_150);
        let heard = port.received(&[1, 3], now).unwrap();
        assert!(matches!(heard, Heard::News(Some(_))), "a new connection");
    }

    #[test]
    fn outputs_are_written_when_they_change_and_once_a_second() {
        let (sender, mut port) = port(2, 3);
        let start = Instant::now();
        let due = |port: &mut DevicePort, ms: u64| match port
            .due(start + Duration::from_millis(ms), ms)
        {
            Due::Write(block) => {
                assert_eq!(block.at, 20);
                port.written(start + Duration::from_millis(ms));
                Some(block.words().to_vec())
            }
            _ => None,
        };
        assert_eq!(due(&mut port, 0), None);
        sender.put(Image::from_words(&[1, 2, 3, 4]), 10_000);
        assert_eq!(due(&mut port, 0), Some(vec![1, 2, 3]));
        assert_eq!(due(&mut port, 50), None);
        sender.put(Image::from_words(&[1, 2, 4]), 10_000);
        assert_eq!(due(&mut port, 100), Some(vec![1, 2, 4]));
        assert_eq!(due(&mut port, 1_099), None);
        assert_eq!(due(&mut port, 1_100), Some(vec![1, 2, 4]));
        port.connected();
        assert_eq!(
            due(&mut port, 1_150),
            Some(vec![1, 2, 4]),
            "the device may have been restarted"
        );
    }

    #[test]
    fn device_without_inputs_or_outputs_is_not_asked_for_them() {
        let (sender, mut port) = port(0, 0);
        assert_eq!(port.read_block(), None);
        sender.put(Image::ZERO, 1_000);
        assert!(matches!(port.due(Instant::now(), 0), Due::Nothing));
        assert!(!port.unwritten(0));
    }
}
