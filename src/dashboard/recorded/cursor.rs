//! Looking at a film here and there.

use std::io;

use super::film::Film;
use super::picture::Picture;
use super::stretch::Projector;

/// Looks at a film, now here and now there.
#[derive(Default)]
pub(super) struct Cursor {
    /// Number of the stretch, and where in it.
    at: Option<(usize, Projector)>,
}

/// A picture of a film.
pub(super) struct Shown<'a> {
    /// Its position, in milliseconds from the recording's beginning.
    pub at_ms: u64,
    /// Which life it belongs to, counted from 0.
    pub life: u32,
    /// What is on it.
    pub picture: &'a Picture,
}

impl Cursor {
    /// The last picture that is not behind a position; `None` of an empty film.
    pub(super) fn look(&mut self, film: &Film, at_ms: u64) -> io::Result<Option<Shown<'_>>> {
        let Some(wanted) = film.number_at(at_ms) else {
            return Ok(None);
        };
        let ahead = |(number, projector): &(usize, Projector)| {
            *number == wanted && projector.at_ms() <= at_ms
        };
        if !self.at.as_ref().is_some_and(ahead) {
            let mut projector = film.stretch(wanted).open(film.floor())?;
            projector.next()?;
            self.at = Some((wanted, projector));
        }
        let Some((_, projector)) = &mut self.at else {
            return Ok(None);
        };
        projector.go_on_to(at_ms)?;
        Ok(Some(Shown {
            at_ms: projector.at_ms(),
            life: film.stretch(wanted).life,
            picture: projector.picture(),
        }))
    }
}
