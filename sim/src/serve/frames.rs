//! Modbus TCP frames: cut from a stream of bytes by the length in their header, and answered by a unit. Written from
//! the specification for wires in memory; over sockets the server library does the same.

use super::unit::Unit;
use crate::floor::SimFloor;
use tokio_modbus::ExceptionCode;

/// The longest frame that the specification allows, bytes.
pub const FRAME_MAX: usize = 260;

/// Transaction id, protocol id, length, unit id.
const HEADER: usize = 7;
/// Bytes before those that the header's length counts.
const UNCOUNTED: usize = 6;
/// Most registers in one write, by the Modbus specification.
const WRITE_MAX: usize = 123;

const READ_HOLDING: u8 = 3;
const READ_INPUTS: u8 = 4;
const WRITE_ONE: u8 = 6;
const WRITE_MANY: u8 = 16;

/// One frame: a request or an answer.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    bytes: [u8; FRAME_MAX],
    len: usize,
}

impl Frame {
    /// The frame at the beginning of `bytes`, if all of it is there. It is as long as its header says, up to
    /// [`FRAME_MAX`].
    pub fn cut(bytes: &[u8]) -> Option<Self> {
        let counted = usize::from(word(bytes, 4)?);
        let len = (UNCOUNTED + counted).min(FRAME_MAX);
        let mut frame = Self::empty();
        frame.put(bytes.get(..len)?);
        Some(frame)
    }

    /// Its bytes, header and all.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    fn empty() -> Self {
        Self {
            bytes: [0; FRAME_MAX],
            len: 0,
        }
    }

    fn put(&mut self, bytes: &[u8]) {
        self.bytes[self.len..self.len + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }

    fn put_words(&mut self, words: &[u16]) {
        words.iter().for_each(|word| self.put(&word.to_be_bytes()));
    }
}

impl Unit {
    /// The answer to a request; `None` if it is no Modbus.
    pub fn answer_frame(&mut self, sim: &mut SimFloor, request: &Frame) -> Option<Frame> {
        let asked = request.bytes();
        let (header, pdu) = asked.split_at_checked(HEADER)?;
        if header[2..4] != [0, 0] {
            return None;
        }
        let &function = pdu.first()?;
        let mut answer = Frame::empty();
        answer.put(header);
        if let Err(exception) = self.carry_out(sim, header[6], pdu, &mut answer) {
            answer.len = HEADER;
            answer.put(&[function | 0x80, exception.into()]);
        }
        let counted = (answer.len - UNCOUNTED) as u16;
        answer.bytes[4..6].copy_from_slice(&counted.to_be_bytes());
        if self.answering.wrong_unit {
            answer.bytes[6] = answer.bytes[6].wrapping_add(1);
        }
        Some(answer)
    }

    /// Carries a request out, and appends what is to be said to it.
    fn carry_out(
        &mut self,
        sim: &mut SimFloor,
        unit: u8,
        pdu: &[u8],
        answer: &mut Frame,
    ) -> Result<(), ExceptionCode> {
        self.hears(unit)?;
        let broken = ExceptionCode::IllegalDataValue;
        let function = pdu[0];
        let number = |at| word(pdu, at).ok_or(broken);
        match function {
            READ_INPUTS | READ_HOLDING => {
                let (address, count) = (number(1)?, number(3)?);
                let words = if function == READ_INPUTS {
                    self.read_inputs(sim, address, count)?
                } else {
                    self.read_holding(address, count)?
                };
                answer.put(&[function, (words.len() * 2) as u8]);
                answer.put_words(words);
            }
            WRITE_ONE => {
                let (address, value) = (number(1)?, number(3)?);
                self.write(sim, address, &[value])?;
                answer.put(&pdu[..5]);
            }
            WRITE_MANY => {
                let (address, count) = (number(1)?, usize::from(number(3)?));
                let data = pdu.get(6..).ok_or(broken)?;
                if count > WRITE_MAX || data.len() != count * 2 {
                    return Err(broken);
                }
                let mut words = [0; WRITE_MAX];
                for (to, from) in words.iter_mut().zip(data.chunks_exact(2)) {
                    *to = u16::from_be_bytes([from[0], from[1]]);
                }
                self.write(sim, address, &words[..count])?;
                answer.put(&pdu[..5]);
            }
            _ => return Err(ExceptionCode::IllegalFunction),
        }
        Ok(())
    }
}

/// The number of two bytes at `at`.
fn word(bytes: &[u8], at: usize) -> Option<u16> {
    let two = bytes.get(at..at + 2)?;
    Some(u16::from_be_bytes([two[0], two[1]]))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::super::unit::Answering;
    use super::*;
    use crate::testing;
    use std::sync::Arc;
    use takt_maps::VehicleId;

    /// What a vehicle answers to a request to `unit` with this function and data.
    fn asked(vehicle: &mut Unit, sim: &mut SimFloor, unit: u8, pdu: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0x12, 0x34, 0, 0, 0, pdu.len() as u8 + 1, unit];
        bytes.extend_from_slice(pdu);
        let request = Frame::cut(&bytes).expect("it is whole");
        let answer = vehicle.answer_frame(sim, &request).expect("it is Modbus");
        assert_eq!(answer.bytes()[..4], [0x12, 0x34, 0, 0]);
        let counted = usize::from(word(answer.bytes(), 4).unwrap());
        assert_eq!(counted + UNCOUNTED, answer.bytes().len());
        answer.bytes()[UNCOUNTED..].to_vec()
    }

    fn vehicle() -> (SimFloor, Unit) {
        let sim = SimFloor::new(Arc::new(testing::floor()), 1);
        (sim, Unit::vehicle(VehicleId(0)))
    }

    #[test]
    fn a_frame_is_cut_by_its_length_and_not_before_it_is_whole() {
        let bytes = [0, 1, 0, 0, 0, 6, 1, 4, 0, 0, 0, 24, 0, 2];
        for len in 0..12 {
            assert!(Frame::cut(&bytes[..len]).is_none());
        }
        assert_eq!(Frame::cut(&bytes).unwrap().bytes(), &bytes[..12]);
        let endless = [0xFF; 300];
        assert_eq!(Frame::cut(&endless).unwrap().bytes().len(), FRAME_MAX);
    }

    #[test]
    fn registers_are_read_and_written_as_specified() {
        let (mut sim, mut unit) = vehicle();
        let told = asked(&mut unit, &mut sim, 1, &[4, 0, 0, 0, 3]);
        assert_eq!(told, [1, 4, 6, 0, 1, 0, 0, 0, 1]);
        sim.step(10);
        let told = asked(&mut unit, &mut sim, 1, &[4, 0, 1, 0, 1]);
        assert_eq!(told, [1, 4, 2, 0, 1]);
        let told = asked(&mut unit, &mut sim, 1, &[16, 0, 1, 0, 2, 4, 0, 7, 1, 8]);
        assert_eq!(told, [1, 16, 0, 1, 0, 2]);
        let told = asked(&mut unit, &mut sim, 1, &[6, 0, 3, 0, 9]);
        assert_eq!(told, [1, 6, 0, 3, 0, 9]);
        let told = asked(&mut unit, &mut sim, 1, &[3, 0, 1, 0, 3]);
        assert_eq!(told, [1, 3, 6, 0, 7, 1, 8, 0, 9]);
    }

    #[test]
    fn what_cannot_be_carried_out_is_refused() {
        let (mut sim, mut unit) = vehicle();
        for (to, pdu, exception) in [
            (1, &[4, 0, 20, 0, 5][..], 2),
            (1, &[4, 0, 0, 0, 0], 3),
            (1, &[4, 0, 0], 3),
            (1, &[1, 0, 0, 0, 1], 1),
            (1, &[16, 0, 1, 0, 2, 4, 0, 7], 3),
            (7, &[4, 0, 0, 0, 1], 11),
        ] {
            let told = asked(&mut unit, &mut sim, to, pdu);
            assert_eq!(told, [to, pdu[0] | 0x80, exception], "{pdu:?}");
        }
    }

    #[test]
    fn a_server_may_refuse_stand_still_or_answer_as_another() {
        let (mut sim, mut unit) = vehicle();
        let heartbeat = [4, 0, 1, 0, 1];
        assert_eq!(asked(&mut unit, &mut sim, 1, &heartbeat)[4], 0);
        sim.step(10);
        let frozen = Answering {
            frozen: true,
            ..Answering::default()
        };
        unit.set_answering(frozen);
        assert_eq!(asked(&mut unit, &mut sim, 1, &heartbeat)[4], 0);
        let told = asked(&mut unit, &mut sim, 1, &[6, 0, 3, 0, 9]);
        assert_eq!(told, [1, 6, 0, 3, 0, 9], "confirmed");
        let told = asked(&mut unit, &mut sim, 1, &[3, 0, 3, 0, 1]);
        assert_eq!(told, [1, 3, 2, 0, 0], "and ignored");
        unit.set_answering(Answering {
            exceptions: true,
            ..frozen
        });
        assert_eq!(asked(&mut unit, &mut sim, 1, &heartbeat), [1, 0x84, 4]);
        unit.set_answering(Answering {
            wrong_unit: true,
            ..Answering::default()
        });
        assert_eq!(asked(&mut unit, &mut sim, 1, &heartbeat), [2, 4, 2, 0, 1]);
    }
}
