//! Process image: the registers that a device and Takt exchange, as one fixed-size value.
//!
//! Each device has two: the inputs that Takt reads and the outputs that it writes. An image knows nothing of names;
//! [`Programs`](crate::handshake::Programs) resolves them once, at load.

use serde::{Deserialize, Serialize};
use takt_maps::{IMAGE_WORDS, PointAddress};

/// Up to [`IMAGE_WORDS`] registers of one direction; words that the device does not have stay 0.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Image {
    words: [u16; IMAGE_WORDS],
}

impl Image {
    /// All zeros.
    pub const ZERO: Image = Image {
        words: [0; IMAGE_WORDS],
    };

    /// The image of registers as read from a device; registers beyond [`IMAGE_WORDS`] are left out.
    pub fn from_words(registers: &[u16]) -> Self {
        let mut image = Self::ZERO;
        for (word, register) in image.words.iter_mut().zip(registers) {
            *word = *register;
        }
        image
    }

    /// The first `words` registers; the others are 0.
    pub fn first(&self, words: usize) -> Self {
        Self::from_words(&self.words[..words.min(IMAGE_WORDS)])
    }

    /// All words, in register order.
    pub fn words(&self) -> &[u16; IMAGE_WORDS] {
        &self.words
    }

    /// The value at an address: 0 or 1 for a bit, the whole word otherwise.
    ///
    /// An address outside the image reads 0, as an unmapped point of a PLC does.
    pub fn get(&self, address: PointAddress) -> u16 {
        match address {
            PointAddress::Bit(word, bit) if bit < 16 => (self.word(word) >> bit) & 1,
            PointAddress::Bit(..) => 0,
            PointAddress::Word(word) => self.word(word),
        }
    }

    /// Sets the value at an address; for a bit, every value but 0 sets it.
    ///
    /// Nothing else changes, and an address outside the image changes nothing.
    pub fn set(&mut self, address: PointAddress, value: u16) {
        match address {
            PointAddress::Bit(word, bit) if bit < 16 => {
                if let Some(w) = self.words.get_mut(usize::from(word)) {
                    *w = (*w & !(1 << bit)) | (u16::from(value != 0) << bit);
                }
            }
            PointAddress::Bit(..) => {}
            PointAddress::Word(word) => {
                if let Some(w) = self.words.get_mut(usize::from(word)) {
                    *w = value;
                }
            }
        }
    }

    fn word(&self, word: u8) -> u16 {
        self.words.get(usize::from(word)).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn address() -> impl Strategy<Value = PointAddress> {
        prop_oneof![
            (0u8..10, 0u8..18).prop_map(|(w, b)| PointAddress::Bit(w, b)),
            (0u8..10).prop_map(PointAddress::Word),
        ]
    }

    /// The bits of the image that an address covers, by brute force.
    fn covers(address: PointAddress, word: usize, bit: usize) -> bool {
        match address {
            PointAddress::Bit(w, b) => usize::from(w) == word && usize::from(b) == bit,
            PointAddress::Word(w) => usize::from(w) == word,
        }
    }

    proptest! {
        #[test]
        fn set_changes_what_it_covers_and_nothing_else(
            registers in any::<[u16; IMAGE_WORDS]>(),
            address in address(),
            value in any::<u16>(),
        ) {
            let before = Image::from_words(&registers);
            let mut after = before;
            after.set(address, value);
            let inside = match address {
                PointAddress::Bit(w, b) => usize::from(w) < IMAGE_WORDS && b < 16,
                PointAddress::Word(w) => usize::from(w) < IMAGE_WORDS,
            };
            let expected = match address {
                PointAddress::Bit(..) => u16::from(value != 0),
                PointAddress::Word(_) => value,
            };
            prop_assert_eq!(after.get(address), if inside { expected } else { 0 });
            for word in 0..IMAGE_WORDS {
                for bit in 0..16 {
                    if !covers(address, word, bit) {
                        let point = PointAddress::Bit(word as u8, bit as u8);
                        prop_assert_eq!(after.get(point), before.get(point));
                    }
                }
            }
        }
    }

    #[test]
    fn bit_1_of_word_0_is_the_second_least_significant() {
        let mut image = Image::ZERO;
        image.set(PointAddress::Bit(0, 1), 1);
        assert_eq!(image.words()[0], 0b10);
    }

    #[test]
    fn registers_beyond_the_image_are_left_out() {
        let image = Image::from_words(&[7; IMAGE_WORDS + 3]);
        assert_eq!(image.words(), &[7; IMAGE_WORDS]);
        assert_eq!(
            Image::from_words(&[1, 2]).words(),
            &[1, 2, 0, 0, 0, 0, 0, 0]
        );
    }
}
