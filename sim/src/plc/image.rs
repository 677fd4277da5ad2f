//! Named points in a process image: a block of 16-bit registers.

use takt_maps::{DevicePoint, IMAGE_WORDS, PointAddress};

/// A block of registers.
pub type Image = [u16; IMAGE_WORDS];

/// Where a point is in an image, if the device has it; one that it does not have reads 0 and ignores writes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Point(Option<PointAddress>);

impl Point {
    /// The point called `name`.
    pub fn find(points: &[DevicePoint], name: &str) -> Self {
        Self(points.iter().find(|p| p.name == name).map(|p| p.address))
    }

    /// Does the device have it?
    pub fn exists(self) -> bool {
        self.0.is_some()
    }

    /// Its value: 0 or 1 for a bit.
    pub fn get(self, image: &Image) -> u16 {
        match self.0 {
            None => 0,
            Some(PointAddress::Bit(word, bit)) => image
                .get(usize::from(word))
                .map_or(0, |w| w >> (bit & 15) & 1),
            Some(PointAddress::Word(word)) => image.get(usize::from(word)).copied().unwrap_or(0),
        }
    }

    /// Is its value other than 0?
    pub fn is_set(self, image: &Image) -> bool {
        self.get(image) != 0
    }

    /// Sets its value; for a bit anything but 0 is 1.
    pub fn set(self, image: &mut Image, value: u16) {
        match self.0 {
            None => {}
            Some(PointAddress::Bit(word, bit)) => {
                if let Some(w) = image.get_mut(usize::from(word)) {
                    let mask = 1 << (bit & 15);
                    *w = if value != 0 { *w | mask } else { *w & !mask };
                }
            }
            Some(PointAddress::Word(word)) => {
                if let Some(w) = image.get_mut(usize::from(word)) {
                    *w = value;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_and_words_share_an_image_and_unknown_points_are_silent() {
        let point = |name: &str, address| DevicePoint {
            name: name.into(),
            address,
        };
        let points = [
            point("bit", PointAddress::Bit(0, 15)),
            point("word", PointAddress::Word(1)),
            point("outside", PointAddress::Word(200)),
        ];
        let mut image = [0; IMAGE_WORDS];
        Point::find(&points, "bit").set(&mut image, 7);
        Point::find(&points, "word").set(&mut image, 513);
        Point::find(&points, "outside").set(&mut image, 1);
        Point::find(&points, "missing").set(&mut image, 1);
        assert_eq!(image[..3], [0x8000, 513, 0]);
        assert_eq!(Point::find(&points, "bit").get(&image), 1);
        assert!(!Point::find(&points, "missing").is_set(&image));
        Point::find(&points, "bit").set(&mut image, 0);
        assert_eq!(image[0], 0);
    }
}
